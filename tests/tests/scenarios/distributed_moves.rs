//! What moves and what stays: workers join groups whose tasks run, and what does not move goes on flowing.

use crate::MINUTE;
use crate::distributed::{create, spec, stop, wait_healthy, wait_spread};
use connect_tests::configs::verifiable_source;
use connect_tests::sequence::{self, Numbered};
use connect_tests::{Kafka, With, Worker, WorkerSpec, let_run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A worker with Kafka's own times.
fn patient(group: &str) -> WorkerSpec {
    spec(group).unset("heartbeat.interval.ms").unset("scheduled.rebalance.max.delay.ms")
}

fn start(group: &str) -> Worker {
    let worker = patient(group).start();
    wait_healthy(&worker);
    worker
}

/// Which worker runs each task.
fn homes(status: &Value) -> BTreeMap<String, String> {
    let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
    tasks.iter().map(|task| (task["id"].to_string(), task["worker_id"].to_string())).collect()
}

/// The longest time without a record.
fn pause(sequence: &[Numbered]) -> i64 {
    sequence.windows(2).map(|pair| pair[1].time - pair[0].time).max().unwrap_or(0)
}

/// A worker joins two that run 12 tasks. The broker stamps the records, so pauses are those that a reader sees.
#[test]
fn a_worker_joins_and_what_stays_flows_on() {
    const NAME: &str = "joined";
    let topics = Kafka::shared().topics();
    topics.create(NAME, 12, 1, &[("message.timestamp.type", "LogAppendTime")]);
    let (one, two) = (start(NAME), start(NAME));
    create(&one, &verifiable_source(NAME, NAME, 50).with("tasks.max", 12));
    wait_spread(&one, NAME, 12, &[(&one, 6), (&two, 6)]);
    let_run(Duration::from_secs(2));
    let before = homes(&one.status(NAME));
    let three = start(NAME);
    let joined = Instant::now();
    wait_spread(&one, NAME, 12, &[(&one, 4), (&two, 4), (&three, 4)]);
    eprintln!("balanced {:?} after the worker was a member", joined.elapsed());
    let_run(Duration::from_secs(1));
    let after = homes(&one.status(NAME));
    stop(&one, NAME);
    let found = sequence::of_topic(&topics.read(NAME));
    assert_eq!(found.len(), 12);
    sequence::assert_exactly_once(NAME, &found);
    let longest = |moved: bool| {
        let ids = found.iter().filter(|(id, _)| (before[*id] != after[*id]) == moved);
        ids.map(|(_, sequence)| pause(sequence)).max().unwrap_or(0)
    };
    assert_eq!(before.iter().filter(|(id, home)| after[*id] != **home).count(), 4, "tasks that moved");
    let (moved, stayed) = (longest(true), longest(false));
    eprintln!("the longest pause of a task that moved: {moved} ms; of one that stayed: {stayed} ms");
    // Java's workers learn of the second round with a heartbeat each, three seconds apart. A machine that is too busy for
    // those that stayed says nothing about those that moved.
    assert!(moved < 2_000 || stayed > 500, "{moved} ms");
}

/// With Kafka's delay of five minutes: what a worker leaves in order is free at once.
#[test]
fn what_is_left_in_order_moves_at_once() {
    const NAME: &str = "left";
    let topics = Kafka::shared().topics();
    topics.create(NAME, 4, 1, &[("message.timestamp.type", "LogAppendTime")]);
    let (one, mut two) = (start(NAME), start(NAME));
    create(&two, &verifiable_source(NAME, NAME, 100).with("tasks.max", 4));
    wait_spread(&one, NAME, 4, &[(&one, 2), (&two, 2)]);
    let_run(Duration::from_secs(1));
    assert!(two.terminate().success(), "{}", two.process().log_end(20));
    wait_spread(&one, NAME, 4, &[(&one, 4)]);
    // Those who come back are given their part again.
    two.restart();
    wait_healthy(&two);
    wait_spread(&one, NAME, 4, &[(&one, 2), (&two, 2)]);
    let mut one = one;
    assert!(one.terminate().success(), "{}", one.process().log_end(20));
    wait_spread(&two, NAME, 4, &[(&two, 4)]);
    let_run(Duration::from_secs(1));
    stop(&two, NAME);
    let found = sequence::of_topic(&topics.read(NAME));
    sequence::assert_exactly_once(NAME, &found);
    eprintln!("the longest pause: {:?} ms", found.values().map(|one| pause(one)).max());
}

/// A delay that ends: what a killed worker ran stays down for it, and then is run by the others.
#[test]
fn what_a_killed_worker_ran_waits_for_the_delay() {
    const NAME: &str = "delayed";
    const DELAY: Duration = Duration::from_secs(5);
    let with_delay = || {
        let worker = spec(NAME).set("scheduled.rebalance.max.delay.ms", DELAY.as_millis()).start();
        wait_healthy(&worker);
        worker
    };
    let (one, mut two) = (with_delay(), with_delay());
    Kafka::shared().topics().create(NAME, 4, 1, &[]);
    create(&one, &verifiable_source(NAME, NAME, 100).with("tasks.max", 4));
    wait_spread(&one, NAME, 4, &[(&one, 2), (&two, 2)]);
    let killed = Instant::now();
    two.kill9();
    wait_spread(&one, NAME, 4, &[(&one, 4)]);
    assert!(killed.elapsed() >= DELAY && killed.elapsed() < MINUTE, "after {:?}", killed.elapsed());
    eprintln!("all runs again {:?} after the kill", killed.elapsed());
}
