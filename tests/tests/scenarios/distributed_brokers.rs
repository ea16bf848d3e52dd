//! Groups of workers while brokers go and come back: the coordinator moves, tasks stay, and all goes on flowing. And a
//! config topic that a broker has lost the end of.

use crate::MINUTE;
use crate::distributed::{create, stop, wait_healthy};
use connect_tests::configs::{file_sink, verifiable_source};
use connect_tests::sequence::{self, Sequences, shape};
use connect_tests::{Kafka, Topics, With, Worker, WorkerSpec, let_run, size, wait_for, wait_until};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

/// Bytes of a line.
const WIDTH: usize = 40;
/// How long a broker sleeps on once it has something to learn.
const NAP: Duration = Duration::from_secs(3);
/// Three brokers at a time are enough for a machine of tests.
const FRUGAL: &str = "-Xms64m -Xmx256m -XX:TieredStopAtLevel=1";

/// The partition of `__consumer_offsets` whose leader coordinates this group: Java's hash of the name.
fn coordinating(group: &str, partitions: i32) -> i32 {
    let hash =
        group.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    (hash & i32::MAX) % partitions
}

/// The broker that coordinates the group, once there is one.
fn coordinator(topics: &Topics, group: &str) -> i32 {
    let partition = coordinating(group, topics.partitions("__consumer_offsets"));
    wait_until("a coordinator", MINUTE, || {
        let leader = topics.leader("__consumer_offsets", partition);
        if leader > 0 { Ok(leader) } else { Err("nobody leads its partition") }
    })
}

fn copied(file: &Path) -> Sequences {
    sequence::of_lines(&fs::read_to_string(file).unwrap_or_default(), WIDTH).0
}

/// Waits until numbers that came into the topic after this call have reached the file, of every source; nothing has
/// failed meanwhile.
fn wait_flow(workers: &[Worker], topics: &Topics, topic: &str, copy: &Path) {
    let written = |topics: &Topics| (0..3).filter_map(|one| topics.end_offset(topic, one).ok()).sum::<i64>();
    let last = |found: &Sequences| found.values().map(|one| shape(one).last).min().unwrap_or(-1);
    let (before, copied_before) = (written(topics), last(&copied(copy)));
    wait_until("more records, and their copies", MINUTE * 2, || {
        for worker in workers {
            let answer = worker.rest().get("/connectors?expand=status");
            assert!(!answer.body.contains("FAILED"), "{answer:?}");
        }
        let (now, copied_now) = (written(topics), last(&copied(copy)));
        if now > before + 600 && copied_now > copied_before + 200 {
            Ok(())
        } else {
            Err(format!("{before} to {now} written, {copied_before} to {copied_now} copied"))
        }
    });
}

/// Starts the first worker of a cluster while a broker sleeps, which is to lead some partitions of the topics that the worker
/// makes, and has not heard of them when it answers again.
fn start_beside_a_sleeper(kafka: &Kafka, spec: WorkerSpec, made: &str) -> Worker {
    let (_, others) = kafka.bootstrap().split_once(',').expect("several brokers");
    kafka.freeze(1);
    let mut worker = spec.spawn();
    let topics = Topics::at(others);
    wait_for("the worker's first topic", MINUTE, || topics.partitions(made) > 0);
    let_run(NAP);
    kafka.thaw(1);
    worker.wait_ready();
    worker
}

#[test]
fn a_coordinator_moves_and_no_task_fails() {
    const NAME: &str = "coordinated";
    let kafka = Kafka::start_with(3, FRUGAL);
    let topics = kafka.topics();
    topics.create(NAME, 3, 3, &[]);
    let spec = || {
        let spec = WorkerSpec::distributed(kafka.bootstrap(), NAME).set("offset.flush.interval.ms", 500);
        ["config", "offset", "status"]
            .iter()
            .fold(spec.drains(), |spec, topic| spec.set(&format!("{topic}.storage.replication.factor"), 3))
    };
    let first = start_beside_a_sleeper(&kafka, spec(), &format!("{NAME}-offsets"));
    let workers = [first, spec().start()];
    workers.iter().for_each(wait_healthy);
    let copy = workers[0].dir().join("copy");
    let source = verifiable_source(NAME, NAME, 100).with("tasks.max", 3).with("payload.bytes", WIDTH);
    create(&workers[0], &source);
    create(&workers[1], &file_sink("coordinated-copy", NAME, &copy).with("tasks.max", 3));
    workers[0].wait_state(NAME, "RUNNING", 3);
    workers[0].wait_state("coordinated-copy", "RUNNING", 3);
    wait_flow(&workers, &topics, NAME, &copy);
    for _ in 0..size(1, 6) {
        let killed = coordinator(&topics, NAME);
        kafka.kill9(killed as usize);
        wait_for("another coordinator", MINUTE * 3, || coordinator(&topics, NAME) != killed);
        wait_flow(&workers, &topics, NAME, &copy);
        kafka.restart();
        wait_flow(&workers, &topics, NAME, &copy);
    }
    stop(&workers[1], NAME);
    let written = sequence::of_topic(&topics.read(NAME));
    assert_eq!(written.len(), 3);
    wait_until("all that was written in the file", MINUTE, || {
        let found = copied(&copy);
        let ends = |found: &Sequences| found.values().map(|one| shape(one).last).collect::<Vec<_>>();
        let all = (ends(&written), ends(&found));
        if all.0 == all.1 { Ok(()) } else { Err(format!("{all:?}")) }
    });
    for (what, found) in [("in the topic", &written), ("in the file", &copied(&copy))] {
        for (id, sequence) in found {
            assert_eq!(shape(sequence).gaps, [], "source {id}: missing {what}");
        }
    }
}

/// Cuts the second half off the log of a partition, as a broker does that was not in step and leads all the same.
fn cut(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the folder of the partition") {
        let path = entry.expect("a file").path();
        match path.extension().and_then(|end| end.to_str()) {
            Some("log") => {
                let file = File::options().write(true).open(&path).expect("a segment");
                let length = file.metadata().expect("its length").len();
                file.set_len(length / 2).expect("cut");
            }
            Some("index" | "timeindex" | "snapshot") => fs::remove_file(&path).expect("removed"),
            _ => {}
        }
    }
}

/// The broker comes back without the newest configs, among them the deletion of a connector.
#[test]
fn a_config_topic_cut_short_ends_the_workers_and_nothing_comes_back_to_life() {
    const NAME: &str = "cut-short";
    let kafka = Kafka::start();
    let topics = kafka.topics();
    for topic in [NAME, "cut-short-old"] {
        topics.create(topic, 1, 1, &[]);
    }
    let spec = || WorkerSpec::distributed(kafka.bootstrap(), NAME).start();
    let mut workers = [spec(), spec()];
    workers.iter().for_each(wait_healthy);
    // First of all what is gone later on.
    create(&workers[0], &verifiable_source("deleted", "cut-short-old", 1));
    workers[0].wait_state("deleted", "RUNNING", 1);
    crate::distributed::ask(&workers[0], "DELETE", "/connectors/deleted", 204);
    create(&workers[0], &verifiable_source(NAME, NAME, 1));
    for throughput in 2..20 {
        let config = json!(verifiable_source(NAME, NAME, throughput));
        wait_for("the config to be taken", MINUTE, || {
            workers[0].rest().put(&format!("/connectors/{NAME}/config"), &config).status == 200
        });
    }
    workers[1].wait_state(NAME, "RUNNING", 1);
    kafka.kill9(1);
    let before = topics_written(&kafka, "cut-short-old-0");
    cut(&kafka.data(1).join(format!("{NAME}-configs-0")));
    kafka.restart();
    for worker in &mut workers {
        let end = worker.process().wait(MINUTE);
        let log = worker.process().log();
        assert!(!end.success() && log.contains("config.storage.topic"), "{log}");
        assert!(log.contains("no old record comes back to life"), "{log}");
    }
    assert_eq!(topics_written(&kafka, "cut-short-old-0"), before, "the deleted connector ran again");
}

/// The bytes of a partition of the one broker.
fn topics_written(kafka: &Kafka, partition: &str) -> u64 {
    let folder = fs::read_dir(kafka.data(1).join(partition)).expect("the folder of the partition");
    let files = folder.map(|entry| entry.expect("a file").path());
    let logs = files.filter(|path| path.extension().is_some_and(|end| end == "log"));
    logs.map(|path| fs::metadata(path).expect("a segment").len()).sum()
}
