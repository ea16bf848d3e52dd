//! The bounce test of Kafka's own suite: every worker of a group in turn is stopped in order, or killed, while numbers flow
//! from three tasks of a source through a topic to three of a sink.

use crate::MINUTE;
use crate::distributed::{create, spec, stop, wait_healthy, wait_more};
use connect_tests::configs::{file_sink, verifiable_source};
use connect_tests::sequence::{self, Sequences, shape};
use connect_tests::{Kafka, With, Worker, size, wait_until};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Bytes of a line.
const WIDTH: usize = 40;
const RATE: u32 = 100;

/// Waits until all parts of both connectors run on workers that live.
fn wait_running(workers: &[Worker]) {
    let ids: Vec<String> = workers.iter().map(Worker::worker_id).collect();
    wait_until("everything to run", MINUTE, || {
        let answer = workers[0].rest().get("/connectors?expand=status");
        let known = ids.iter().map(|id| answer.body.matches(id.as_str()).count()).sum::<usize>();
        let running = answer.body.matches("\"RUNNING\"").count();
        assert!(!answer.body.contains("FAILED"), "{answer:?}");
        if (running, known) == (8, 8) { Ok(()) } else { Err(answer.body) }
    });
}

fn copied(file: &Path) -> (Sequences, usize) {
    let text = fs::read_to_string(file).unwrap_or_default();
    let (found, torn) = sequence::of_lines(&text, WIDTH);
    (found, torn.len())
}

fn bounce(name: &str, end: impl Fn(&mut Worker)) -> (Sequences, Sequences, usize) {
    let topics = Kafka::shared().topics();
    topics.create(name, 3, 1, &[]);
    let mut workers: Vec<Worker> = (0..3).map(|_| spec(name).start()).collect();
    workers.iter().for_each(wait_healthy);
    let copy = workers[0].dir().join("copy");
    let source = verifiable_source(&format!("{name}-source"), name, RATE).with("payload.bytes", WIDTH);
    create(&workers[0], &source.with("tasks.max", 3));
    let sink = file_sink(&format!("{name}-sink"), name, &copy).with("tasks.max", 3);
    // Consumers that were killed are missed as soon as their workers.
    create(&workers[0], &sink.with("consumer.override.session.timeout.ms", 10_000));
    wait_running(&workers);
    for _ in 0..size(1, 3) {
        for nth in 0..workers.len() {
            wait_more(name);
            end(&mut workers[nth]);
            wait_more(name);
            workers[nth].restart();
            wait_healthy(&workers[nth]);
            wait_running(&workers);
        }
    }
    stop(&workers[0], &format!("{name}-source"));
    let written = sequence::of_topic(&topics.read(name));
    assert_eq!(written.len(), 3, "three tasks");
    for (id, sequence) in &written {
        assert_eq!(shape(sequence).gaps, [], "source {id}: missing in the topic");
    }
    wait_until("all that was written in the file", MINUTE * 2, || {
        let (found, _) = copied(&copy);
        let missing: usize = written.iter().map(|(id, all)| missing(found.get(id), all)).sum();
        if missing == 0 { Ok(()) } else { Err(format!("{missing} records are missing")) }
    });
    let (found, torn) = copied(&copy);
    for worker in &mut workers {
        assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
    }
    (written, found, torn)
}

fn missing(found: Option<&Vec<sequence::Numbered>>, all: &[sequence::Numbered]) -> usize {
    let found: BTreeSet<i64> = found.into_iter().flatten().map(|one| one.number).collect();
    all.iter().filter(|one| !found.contains(&one.number)).count()
}

#[test]
fn workers_stopped_in_turn_miss_and_repeat_nothing() {
    let (written, found, torn) = bounce("bounced", |worker| {
        assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
    });
    sequence::assert_exactly_once("the topic", &written);
    assert_eq!(torn, 0, "torn lines");
    for (id, sequence) in &found {
        assert_eq!(sequence.len(), written[id].len(), "source {id}: lines that came again");
    }
}

#[test]
fn workers_killed_in_turn_miss_nothing() {
    let (written, found, torn) = bounce("bounced-hard", Worker::kill9);
    let count = |all: &Sequences| all.values().map(Vec::len).sum::<usize>();
    eprintln!("{} records written, {} copied, {torn} lines torn", count(&written), count(&found));
}
