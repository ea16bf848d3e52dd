//! The broker is killed and comes back while records flow: nothing is missing, nothing comes twice into the topic, and
//! tasks keep running.

use crate::MINUTE;
use connect_tests::configs::{file_sink, verifiable_source};
use connect_tests::sequence::{self, shape};
use connect_tests::{Kafka, Rng, With, Worker, WorkerSpec, let_run, size, wait_for};
use rustix::process::Signal;
use std::fs;
use std::time::{Duration, Instant};

const WIDTH: usize = 40;

/// For this long all of both connectors is RUNNING whenever it is looked at.
fn assert_running(worker: &Worker, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for name in ["steady", "copy"] {
            let status = worker.status(name);
            let tasks = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
            let all = tasks.iter().chain([&status["connector"]]).all(|part| part["state"] == "RUNNING");
            assert!(all && !tasks.is_empty(), "{status}");
        }
        let_run(Duration::from_millis(100));
    }
}

/// The worker is told to stop while the broker is away and offsets cannot be stored; they are once it is back.
fn stop_without_broker(kafka: &Kafka, worker: &mut Worker, topic: &str) {
    let topics = kafka.topics();
    let before = topics.count(topic);
    wait_for("records of this worker", MINUTE, || topics.count(topic) > before + 500);
    kafka.kill9(1);
    let failures = |worker: &mut Worker| worker.process().log().matches("offsets were not stored").count();
    let failed = failures(worker);
    wait_for("offsets not to be stored", MINUTE, || failures(worker) >= failed + 2);
    let stops = |worker: &mut Worker| worker.process().log().matches("the worker stops").count();
    let stopped = stops(worker);
    worker.process().signal(Signal::TERM);
    wait_for("the stop to begin", MINUTE, || stops(worker) > stopped);
    kafka.restart();
    assert!(worker.process().wait(MINUTE).success());
}

#[test]
fn a_killed_broker_costs_nothing_and_repeats_nothing() {
    let (topic, mut rng) = ("flow", Rng::for_test("broker"));
    let kafka = Kafka::start();
    let topics = kafka.topics();
    topics.create(topic, 2, 1, &[]);
    // The offsets are in a topic too, so that nothing of the worker's own is spared.
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).drains().set("offset.flush.interval.ms", 500);
    let spec = spec.set("offset.flush.timeout.ms", 1000);
    let spec = spec.unset("offset.storage.file.filename").set("offset.storage.topic", "offsets");
    let spec = spec.set("offset.storage.replication.factor", 1).set("offset.storage.partitions", 2);
    let copy = spec.dir().join("copy");
    let source = verifiable_source("steady", topic, 1000).with("payload.bytes", WIDTH).with("tasks.max", 2);
    let mut worker = spec.connector(source).connector(file_sink("copy", topic, &copy)).start();
    for _ in 0..size(2, 15) {
        let flowed = topics.count(topic);
        wait_for("records", MINUTE, || topics.count(topic) > flowed + 500);
        let_run(rng.time(Duration::ZERO, Duration::from_millis(1500)));
        kafka.kill9(1);
        assert_running(&worker, rng.time(Duration::from_millis(100), Duration::from_secs(4)));
        kafka.restart();
    }
    let flowed = topics.count(topic);
    wait_for("records after the last restart", MINUTE, || topics.count(topic) > flowed + 2000);
    assert_running(&worker, Duration::ZERO);
    worker.stop("steady");
    let found = sequence::of_topic(&topics.read(topic));
    sequence::assert_exactly_once("the topic", &found);
    // A sink that had no answer for its session may have to wait until its own ghost has left the group.
    wait_for("the end of the topic in the file", 3 * MINUTE, || {
        let text = fs::read_to_string(&copy).unwrap_or_default();
        let (copied, _) = sequence::of_lines(&text, WIDTH);
        found.iter().all(|(id, all)| copied.get(id).is_some_and(|copy| shape(copy).last == shape(all).last))
    });
    let (copied, torn) = sequence::of_lines(&fs::read_to_string(&copy).expect("the copy"), WIDTH);
    assert!(torn.is_empty(), "{torn:?}");
    for (id, copy) in &copied {
        let shape = shape(copy);
        assert_eq!(shape.gaps, [], "source {id} in the file");
        eprintln!("source {id}: in the file came again {:?}", shape.repeats);
    }
    assert!(worker.terminate().success());
    worker.restart();
    stop_without_broker(&kafka, &mut worker, topic);
    worker.restart();
    let before = topics.count(topic);
    wait_for("records of the next worker", MINUTE, || topics.count(topic) > before + 500);
    assert!(worker.terminate().success());
    sequence::assert_exactly_once("the topic in the end", &sequence::of_topic(&topics.read(topic)));
}
