//! Scenarios: real workers, real libraries and, where it matters, real Kafka, seen from outside. One program, so that all
//! share a broker and use the time in which others wait.

mod broker;
mod brokers;
mod client_security;
mod client_tokens;
mod clients;
mod command_line;
mod consuming;
mod crash;
mod datagen;
mod distributed;
mod distributed_bounce;
mod distributed_brokers;
mod distributed_faults;
mod distributed_forward;
mod distributed_hangs;
mod distributed_hundreds;
mod distributed_java;
mod distributed_missing;
mod distributed_moves;
mod distributed_rest;
mod distributed_security;
mod distributed_sleep;
mod distributed_versions;
mod distributed_writes;
mod error_log;
mod faults_garbage;
mod faults_load;
mod faults_run;
mod flow;
mod group;
mod guide;
mod health;
mod http_auth;
mod http_front;
mod http_tls;
mod internal_stores;
mod internal_topics;
mod isolation;
mod layout;
mod metrics;
mod metrics_causes;
mod metrics_table;
mod offsets_rest;
mod panics;
mod rest;
mod rest_compat;
mod restarts;
mod secrets;
mod slow_sink;
mod topic_creation;
mod valgrind;
mod versions;

use connect_tests::Kafka;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// The bound of most waits: far more than they take.
const MINUTE: Duration = Duration::from_secs(60);

/// Writes these values to a topic of one partition on the shared broker, which is made if it is missing.
fn fill(topic: &str, values: impl IntoIterator<Item = String>) {
    let topics = Kafka::shared().topics();
    topics.create(topic, 1, 1, &[]);
    let values: Vec<String> = values.into_iter().collect();
    topics.write(topic, values.iter().map(|value| (None, value.as_bytes())));
}

/// Numbers as texts.
fn numbers(range: Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| number.to_string())
}

/// The lines of a file; none, when there is no file.
fn lines(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// How many lines a file has.
fn count_lines(file: &Path) -> usize {
    fs::read_to_string(file).map_or(0, |text| text.lines().count())
}
