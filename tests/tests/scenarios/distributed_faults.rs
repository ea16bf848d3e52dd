//! What a group of workers withstands: a broker that goes and comes back, a topic that is gone.

use crate::MINUTE;
use crate::distributed::{create, spec, stop, wait_healthy, wait_spread};
use connect_tests::configs::verifiable_source;
use connect_tests::sequence::{self, shape};
use connect_tests::{Kafka, With, Worker, WorkerSpec, let_run, wait_for, wait_until};
use std::time::Duration;

#[test]
fn a_broker_that_comes_back_fails_no_task() {
    const NAME: &str = "outlasted";
    let kafka = Kafka::start();
    let topics = kafka.topics();
    topics.create(NAME, 4, 1, &[]);
    let spec = || {
        let spec = WorkerSpec::distributed(kafka.bootstrap(), NAME).drains();
        spec.set("task.shutdown.graceful.timeout.ms", 2_000).set("offset.flush.interval.ms", 500)
    };
    let mut workers = [spec().start(), spec().start()];
    workers.iter().for_each(wait_healthy);
    create(&workers[0], &verifiable_source(NAME, NAME, 200).with("tasks.max", 4));
    wait_spread(&workers[0], NAME, 4, &[(&workers[0], 2), (&workers[1], 2)]);
    let lines = |workers: &mut [Worker; 2]| workers.each_mut().map(|one| one.process().log().lines().count());
    kafka.kill9(1);
    let before = lines(&mut workers);
    // Longer than the session.
    let_run(Duration::from_secs(12));
    for (lines, before) in lines(&mut workers).iter().zip(before) {
        eprintln!("{} log lines in 12 s without a broker", lines - before);
        assert!(lines - before < 300, "{} log lines in 12 s without a broker", lines - before);
    }
    for worker in &workers {
        let answer = worker.rest().get(&format!("/connectors/{NAME}/status"));
        assert!(answer.status == 200 && !answer.body.contains("FAILED"), "{answer:?}");
    }
    kafka.restart();
    wait_until("all tasks to run again", MINUTE, || {
        let answer = workers[0].rest().get(&format!("/connectors/{NAME}/status"));
        assert!(!answer.body.contains("FAILED"), "{answer:?}");
        let running = answer.body.matches("RUNNING").count();
        if running == 5 { Ok(()) } else { Err(answer.body) }
    });
    let before = topics.count(NAME);
    wait_for("more records", MINUTE, || topics.count(NAME) > before + 500);
    stop(&workers[1], NAME);
    for (id, sequence) in &sequence::of_topic(&topics.read(NAME)) {
        assert_eq!(shape(sequence).gaps, [], "source {id}: missing");
    }
}

#[test]
fn a_worker_without_its_config_topic_ends_and_says_so() {
    const NAME: &str = "bereft";
    let mut worker = spec(NAME).start();
    wait_healthy(&worker);
    Kafka::shared().topics().create(NAME, 1, 1, &[]);
    create(&worker, &verifiable_source(NAME, NAME, 10));
    worker.wait_state(NAME, "RUNNING", 1);
    Kafka::shared().topics().delete(&format!("{NAME}-configs"));
    let end = worker.process().wait(MINUTE);
    let log = worker.process().log();
    assert!(!end.success() && log.contains("was deleted") && log.contains("config.storage.topic"), "{log}");
}
