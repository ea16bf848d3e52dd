//! Sinks slower than `max.poll.interval.ms` keep their membership and repeat nothing; stops in mid-flow are clean, or
//! at least on time.

use connect_tests::configs::{faulty_sink, verifiable_sink, verifiable_source};
use connect_tests::sequence::{self, Numbered, shape};
use connect_tests::{Kafka, Props, Rng, With, WorkerSpec, faulty, let_run, size, wait_for};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// The least that brokers allow for sessions, and clients for polls.
const INTERVAL_MS: u32 = 6000;

/// `count` numbered records in a topic of one partition.
fn fill(topic: &str, count: u32) {
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
    fill(name, 100 * batches as u32);
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

/// Stops a sink in mid-flow at random moments, and starts it again; what it has found in the end.
fn stopped(name: &'static str, config: impl Fn(Props) -> Props) -> Value {
    let mut rng = Rng::for_test(name);
    let count = 4000;
    fill(name, count);
    let spec = WorkerSpec::connect_host(Kafka::shared().bootstrap());
    let spec = spec.set("task.shutdown.graceful.timeout.ms", 3000);
    let found = spec.dir().join("report");
    let sink = config(verifiable_sink(&format!("{name}-sink"), name, &found));
    let mut worker = spec.connector(sink.with("consumer.override.max.poll.records", 100)).start();
    for _ in 0..size(4, 20) {
        let_run(rng.time(Duration::from_millis(300), Duration::from_millis(1500)));
        let asked = Instant::now();
        assert!(worker.terminate().success());
        assert!(asked.elapsed() < Duration::from_secs(6), "stopping took {:?}", asked.elapsed());
        worker.restart();
    }
    let (topics, group) = (Kafka::shared().topics(), format!("connect-{name}-sink"));
    wait_for("the rest", MINUTE, || {
        let_run(Duration::from_millis(200));
        worker.metric("kafka_connect_sink_task_sink_record_active_count", &["-sink"]);
        topics.committed(&group, name) == [Some(count.into())] || {
            // Commits come once a minute; a stop commits at once.
            assert!(worker.terminate().success());
            worker.restart();
            false
        }
    });
    report(&found)
}

#[test]
fn a_stop_in_mid_flow_waits_for_the_put_and_repeats_nothing() {
    let seen = stopped("stopped", |sink| sink.with("put.delay.ms", 200));
    assert_eq!((&seen["received"], &seen["repeats"], &seen["gaps"]), (&4000.into(), &0.into(), &0.into()));
}
