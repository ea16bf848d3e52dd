//! Sinks slower than `max.poll.interval.ms` keep their membership and repeat nothing; stops in mid-flow are clean, or
//! at least on time.

use crate::MINUTE;
use connect_tests::configs::{faulty_sink, verifiable_sink, verifiable_source};
use connect_tests::{Kafka, Rng, With, Worker, WorkerSpec, faulty, let_run, sequence, size, wait_for};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The least that brokers allow for sessions, and clients for polls.
const INTERVAL_MS: u32 = 6000;

/// `count` numbered records in a topic of one partition.
fn write_numbered(topic: &str, count: u32) {
    let topics = Kafka::shared().topics();
    topics.create(topic, 1, 1, &[]);
    let texts: Vec<String> = (0..count).map(|number| format!("0:{number}")).collect();
    topics.write(topic, texts.iter().map(|text| (Some(&b"0"[..]), text.as_bytes())));
}

/// What the sink has found, by its own report.
fn report(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default()
}

#[test]
fn puts_longer_than_the_poll_interval_cost_no_membership() {
    let name = "slow";
    let batches = size(3, 20);
    write_numbered(name, 100 * batches as u32);
    let topics = Kafka::shared().topics();
    let spec = WorkerSpec::connect_host(Kafka::shared().bootstrap()).set("offset.flush.interval.ms", 1000);
    // A put in progress at the end is waited for.
    let spec = spec.set("task.shutdown.graceful.timeout.ms", 20_000);
    let found = spec.dir().join("report");
    let sink = verifiable_sink("slow-sink", name, &found).with("put.delay.ms", INTERVAL_MS + 1500);
    let sink = sink.with("consumer.override.max.poll.interval.ms", INTERVAL_MS);
    let sink = sink.with("consumer.override.session.timeout.ms", INTERVAL_MS);
    let sink = sink.with("consumer.override.heartbeat.interval.ms", 1000);
    let mut worker = spec.connector(sink.with("consumer.override.max.poll.records", 100)).start();
    wait_for("the sink to join", MINUTE, || !topics.members("connect-slow-sink").is_empty());
    let members = topics.members("connect-slow-sink");
    assert_eq!(members.len(), 1);
    let puts = || worker.metric("kafka_connect_sink_task_sink_record_send_total", &["slow-sink"]);
    wait_for("all records", MINUTE * 4, || {
        assert_eq!(topics.members("connect-slow-sink"), members, "membership");
        puts() == Some(100.0 * batches as f64)
    });
    let records = 100 * batches as i64;
    wait_for("the last commit", MINUTE, || topics.committed("connect-slow-sink", name) == [Some(records)]);
    assert!(worker.terminate().success());
    let seen = report(&found);
    assert_eq!(seen["received"], records, "{seen}");
    for none in ["repeats", "gaps", "out_of_order"] {
        assert_eq!(seen[none], 0, "{seen}");
    }
    let log = worker.process().log();
    assert!(!log.contains("max.poll.interval.ms"), "the client missed no poll:\n{log}");
}

/// Terminates the worker, which has to be gone within `bound`.
fn terminate_within(worker: &mut Worker, bound: Duration) {
    let asked = Instant::now();
    assert!(worker.terminate().success());
    let taken = asked.elapsed();
    assert!(taken < bound, "stopping took {taken:?}, not {bound:?}");
}

#[test]
fn a_stop_in_mid_flow_waits_for_the_put_and_repeats_nothing() {
    let name = "stopped-sink";
    let mut rng = Rng::for_test(name);
    let count = 400 * size(10, 50) as u32;
    write_numbered(name, count);
    let spec = WorkerSpec::connect_host(Kafka::shared().bootstrap()).set("offset.flush.interval.ms", 2000);
    let spec = spec.set("task.shutdown.graceful.timeout.ms", 4000);
    let found = spec.dir().join("report");
    let sink = verifiable_sink(name, name, &found).with("put.delay.ms", 200);
    let mut worker = spec.connector(sink.with("consumer.override.max.poll.records", 100)).start();
    for _ in 0..size(4, 20) {
        let_run(rng.time(Duration::from_millis(300), Duration::from_millis(1500)));
        terminate_within(&mut worker, Duration::from_secs(7));
        worker.restart();
    }
    let (topics, group) = (Kafka::shared().topics(), format!("connect-{name}"));
    wait_for("the rest", MINUTE, || topics.committed(&group, name) == [Some(count.into())]);
    terminate_within(&mut worker, Duration::from_secs(7));
    let seen = report(&found);
    assert_eq!(seen["received"], count, "{seen}");
    assert_eq!((&seen["repeats"], &seen["gaps"]), (&0.into(), &0.into()), "{seen}");
}

#[test]
fn a_put_longer_than_the_bound_is_left_behind_and_comes_again() {
    let (name, count) = ("left-behind", 1000);
    write_numbered(name, count as u32);
    let spec = WorkerSpec::connect_host(Kafka::shared().bootstrap()).plugins([faulty::plugin("hang")]);
    let spec = spec.set("offset.flush.interval.ms", 300).set("task.shutdown.graceful.timeout.ms", 1000);
    let [out, calls, release] = ["out", "calls", "release"].map(|file| spec.dir().join(file));
    let sink = faulty_sink(name, "hang", name).with("file", out.display()).with("report", calls.display());
    // Two puts go well, the third hangs.
    let sink = sink.with("fault", "put").with("after", 2).with("release", release.display());
    let sink = sink.with("consumer.override.max.poll.records", 100);
    let mut worker = spec.connector(sink.with("consumer.override.group.instance.id", name)).start();
    wait_for("the third put", MINUTE, || fs::read_to_string(&calls).is_ok_and(|text| text.contains("hangs")));
    terminate_within(&mut worker, Duration::from_secs(5));
    let log = worker.process().log();
    assert!(log.contains("waiting for the put of task 0 of connector left-behind"), "{log}");
    let (topics, group) = (Kafka::shared().topics(), format!("connect-{name}"));
    let committed = topics.committed(&group, name)[0].unwrap_or(0);
    fs::write(&release, "").expect("the release");
    worker.restart();
    wait_for("the rest", MINUTE, || topics.committed(&group, name) == [Some(count)]);
    assert!(worker.terminate().success());
    let (found, _) = sequence::of_lines(&fs::read_to_string(&out).expect("the sink's file"), 0);
    let shape = sequence::shape(&found["0"]);
    assert_eq!((&shape.gaps[..], shape.last), (&[][..], count - 1));
    // What the first life has put and could not commit, and nothing else.
    let again: Vec<i64> = shape.repeats.iter().map(|repeat| repeat.number).collect();
    assert_eq!(again, [committed]);
}

#[test]
fn a_source_that_is_stopped_in_mid_flow_repeats_nothing() {
    let name = "stopped-source";
    let mut rng = Rng::for_test(name);
    let topics = Kafka::shared().topics();
    topics.create(name, 2, 1, &[]);
    let source = verifiable_source(name, name, 10_000).with("tasks.max", 2);
    let mut worker = WorkerSpec::connect_host(Kafka::shared().bootstrap()).connector(source).start();
    for _ in 0..size(3, 25) {
        let before = topics.count(name);
        wait_for("records", MINUTE, || topics.count(name) > before);
        let_run(rng.time(Duration::ZERO, Duration::from_millis(1000)));
        terminate_within(&mut worker, Duration::from_secs(7));
        worker.restart();
    }
    terminate_within(&mut worker, Duration::from_secs(7));
    sequence::assert_exactly_once("the topic", &sequence::of_topic(&topics.read(name)));
}
