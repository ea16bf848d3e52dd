//! Tasks that are RUNNING and do not come on: seen in the connector's health, a metric and the log, and seen to end.

use crate::MINUTE;
use crate::metrics::Page;
use connect_tests::configs::{faulty_sink, faulty_source, file_sink, verifiable_source};
use connect_tests::{Kafka, Props, With, Worker, WorkerSpec, table, wait_for, wait_until};
use serde_json::Value;
use std::fs;

const STALLED: &str = "kafka_connect_connector_task_stalled";
const WRITTEN: &str = "kafka_connect_source_task_source_record_write_total";

fn health(worker: &Worker, name: &str) -> Value {
    worker.rest().get(&format!("/v1/connectors/{name}/health")).expect(200).json()
}

fn metric(worker: &Worker, family: &str, name: &str) -> Option<f64> {
    worker.metric(family, &[&format!("connector=\"{name}\"")])
}

/// Waits until the task is stalled for that reason, which its state does not tell.
fn wait_stalled(worker: &Worker, name: &str, reason: &str) {
    let task = wait_until(&format!("{name} to be stalled"), MINUTE, || {
        let health = health(worker, name);
        let task = health["tasks"][0].clone();
        // Before it there may have been another one, such as for the group's partitions.
        let told = task["reason"].as_str().is_some_and(|told| told.contains(reason));
        if told && health["verdict"] == "STALLED" { Ok(task) } else { Err(health) }
    });
    assert_eq!((&task["state"], &task["verdict"]), (&"RUNNING".into(), &"STALLED".into()), "{task}");
    assert!(task["stalled_ms"].as_u64().is_some_and(|millis| millis >= 500), "{task}");
    assert_eq!(worker.status(name)["tasks"][0]["state"], "RUNNING");
    wait_for("the metric", MINUTE, || metric(worker, STALLED, name) == Some(1.0));
}

fn wait_well(worker: &Worker, name: &str) {
    wait_for(&format!("{name} to come on"), MINUTE, || health(worker, name)["verdict"] == "OK");
    wait_for("the metric", MINUTE, || metric(worker, STALLED, name) == Some(0.0));
}

#[test]
fn a_hanging_call_is_told_while_the_task_runs() {
    let mut worker = table::start(table::spec(["hang"]).set("health.stall.timeout.ms", 500));
    let release = worker.dir().join("release");
    let hangs = |config: Props, call: &str| config.with("fault", call).with("release", release.display());
    let calls = [
        ("poll-hangs", faulty_source("poll-hangs", "hang", "t"), "poll"),
        ("put-hangs", faulty_sink("put-hangs", "hang", "records"), "put"),
        ("commit-hangs", faulty_sink("commit-hangs", "hang", "records"), "pre_commit"),
    ];
    for (name, config, call) in calls.clone() {
        worker.create(name, &hangs(config, call)).expect(201);
    }
    for (name, _, call) in &calls {
        wait_stalled(&worker, name, &format!("the plugin's {call} has not returned"));
    }
    wait_well(&worker, "healthy");
    fs::write(&release, "").expect("a file");
    for (name, _, _) in &calls {
        wait_well(&worker, name);
    }
    let log = worker.process().log();
    for (name, _, call) in &calls {
        let reason = format!("the plugin's {call} has not returned");
        let of = |line: &&str| line.contains(name) && line.contains(&reason);
        let told = |words: &str| log.lines().filter(of).filter(|line| line.contains(words)).count();
        assert_eq!((told("does not come on"), told("comes on again")), (1, 1), "{name}: {log}");
    }
    table::assert_well(worker);
}

/// A broker that answers a commit after it was given up: the answer is counted, and changes nothing.
fn late_answers_are_skipped(worker: &Worker, kafka: &Kafka) {
    let of_sink = |family: &str| metric(worker, family, "copy").unwrap_or_default();
    let skipped = || of_sink("kafka_connect_sink_task_offset_commit_skip_total");
    let completed = || of_sink("kafka_connect_sink_task_offset_commit_completion_total");
    let given_up = || {
        let page = Page::of(worker);
        let count = |what: &str| {
            let name = format!("kafka_connect_sink_task_offset_commit_{what}");
            page.values(&name, &[("connector", "copy")]).first().copied().unwrap_or_default()
        };
        count("seq_no") - count("completion_total")
    };
    wait_for("a commit", MINUTE, || completed() > 0.0);
    let before = given_up();
    kafka.freeze(1);
    wait_for("a commit that is given up", MINUTE, || given_up() > before);
    let answered = skipped();
    kafka.thaw(1);
    wait_for("the late answer", MINUTE, || skipped() > answered);
    assert!(of_sink("kafka_connect_sink_task_offset_commit_skip_rate") > 0.0);
    let before = completed();
    wait_for("commits again", MINUTE, || completed() > before);
    assert_eq!(worker.status("copy")["tasks"][0]["state"], "RUNNING");
}

#[test]
fn a_broker_that_is_gone_is_told_while_the_task_runs() {
    let kafka = Kafka::start();
    kafka.topics().create("numbers", 1, 1, &[]);
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).set("health.stall.timeout.ms", 1000);
    let spec = spec.set("offset.flush.interval.ms", 100).set("offset.flush.timeout.ms", 300);
    let sink = file_sink("copy", "numbers", &spec.dir().join("copy"));
    let mut worker = spec.connector(verifiable_source("numbers", "numbers", 100)).connector(sink).start();
    let written = || metric(&worker, WRITTEN, "numbers").unwrap_or_default();
    wait_for("records", MINUTE, || written() > 50.0);
    wait_well(&worker, "numbers");
    late_answers_are_skipped(&worker, &kafka);
    wait_well(&worker, "numbers");
    kafka.kill9(1);
    wait_stalled(&worker, "numbers", "no broker has acknowledged the records");
    let before = written();
    kafka.restart();
    wait_for("records again", MINUTE, || written() > before);
    wait_well(&worker, "numbers");
    assert!(worker.terminate().success());
}
