//! What a group of workers withstands: a broker that goes and comes back, a worker that sleeps past its session, a topic
//! that is gone.

use crate::MINUTE;
use crate::distributed::{create, sources, spec, start, stop, wait_healthy, wait_more, wait_spread};
use connect_tests::configs::{file_sink, verifiable_source};
use connect_tests::sequence::{self, shape};
use connect_tests::{Kafka, With, Worker, WorkerSpec, let_run, wait_for, wait_until};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// Bytes of a line.
const WIDTH: usize = 40;

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

/// Waits until both workers run some of the four tasks: the sink's task counts as well where work is spread.
fn wait_shared(seen_by: &Worker, workers: [&Worker; 2], name: &str) {
    wait_until("both workers to run tasks", MINUTE, || {
        let answer = seen_by.rest().get(&format!("/connectors/{name}/status"));
        let tasks = answer.json()["tasks"].as_array().cloned().unwrap_or_default();
        let running = |on: &Worker| {
            tasks
                .iter()
                .filter(|task| task["state"] == "RUNNING" && task["worker_id"] == on.worker_id())
                .count()
        };
        let [one, two] = workers.map(running);
        if one.min(two) > 0 && one + two == 4 { Ok(()) } else { Err(answer.body) }
    });
}

/// A worker is stopped for longer than its session, and goes on when others run what it ran.
#[test]
fn a_worker_that_slept_past_its_session_does_no_harm() {
    const NAME: &str = "slept";
    let (topics, file) = (Kafka::shared().topics(), format!("{NAME}-copy"));
    let (one, mut two) = (start(NAME), start(NAME));
    let copy = one.dir().join("copy");
    create(&one, &sources(NAME).with("payload.bytes", WIDTH));
    create(&one, &file_sink(&file, NAME, &copy).with("tasks.max", 1));
    wait_shared(&one, [&one, &two], NAME);
    wait_for("lines in the copy", MINUTE, || fs::metadata(&copy).is_ok_and(|copy| copy.len() > 1_000));
    for _ in 0..2 {
        two.process().signal(Signal::STOP);
        wait_spread(&one, NAME, 4, &[(&one, 4)]);
        wait_more(NAME);
        two.process().signal(Signal::CONT);
        wait_shared(&one, [&one, &two], NAME);
        wait_more(NAME);
    }
    stop(&one, NAME);
    let found = sequence::of_topic(&topics.read(NAME));
    for (id, sequence) in &found {
        // What the sleeper had handed to its producer may come late, amid what others wrote.
        let numbers: BTreeSet<i64> = sequence.iter().map(|record| record.number).collect();
        let last = numbers.last().copied().unwrap_or(-1);
        assert_eq!(numbers.len() as i64, last + 1, "source {id}: missing");
        let repeated = sequence.len() - numbers.len();
        eprintln!("source {id}: {repeated} of {} records came again", sequence.len());
    }
    wait_until("the end of the topic in the file", MINUTE, || {
        let (copied, _) = sequence::of_lines(&fs::read_to_string(&copy).unwrap_or_default(), WIDTH);
        let ends = |id: &String| Some((shape(copied.get(id)?).last, shape(&found[id]).last));
        let all: Vec<_> = found.keys().map(ends).collect();
        if all.iter().all(|ends| ends.is_some_and(|(copy, topic)| copy == topic)) {
            Ok(())
        } else {
            Err(format!("{all:?}"))
        }
    });
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
