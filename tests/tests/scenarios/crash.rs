//! kill -9 of the worker at random moments under steady flow: nothing is missing, and what comes twice was under way
//! within one flush interval.

use crate::{MINUTE, count_lines};
use connect_tests::configs::{c_sink, file_sink, file_source, verifiable_source};
use connect_tests::sequence::{self, Lives, Numbered, Sequences, shape};
use connect_tests::{Kafka, Rng, Worker, WorkerSpec, let_run, size, wait_for};
use connect_tests::{Topics, With};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const FLUSH: Duration = Duration::from_millis(1000);
/// For the flush itself, acknowledgements under way, and a machine with other things to do.
const MARGIN: Duration = Duration::from_millis(1000);
const RATE: u32 = 1000;
/// Bytes of a line.
const WIDTH: usize = 40;

/// Makes the topic. Its broker notes when it has a record: from then on the record may be acknowledged, and stored with
/// the next flush.
fn create(topic: &str, partitions: i32) {
    let settings = [("message.timestamp.type", "LogAppendTime")];
    Kafka::shared().topics().create(topic, partitions, 1, &settings);
}

/// Flushes every [`FLUSH`].
fn spec(kafka: &Kafka) -> WorkerSpec {
    WorkerSpec::connect_host(kafka.bootstrap()).drains().set("offset.flush.interval.ms", FLUSH.as_millis())
}

/// Each step back begins with a record that may come again after the kill that it follows.
fn assert_bounded(id: &str, sequence: &[Numbered], lives: &Lives, when: impl Fn(&Numbered) -> (usize, i64)) {
    let shape = shape(sequence);
    assert_eq!(shape.gaps, [], "source {id}: missing");
    assert!(shape.repeats.len() <= lives.count(), "source {id}: {:?}", shape.repeats);
    for repeat in &shape.repeats {
        let (life, made) = when(&sequence[repeat.index]);
        let early = lives.oldest_repeat(life).saturating_sub(made);
        assert!(
            early <= 0,
            "source {id}, life {life}: {repeat:?} is {early} ms older than the bound: {lives:?}"
        );
        eprintln!("source {id}, life {life}: {} records came again from {} on", repeat.count, repeat.number);
    }
}

/// When a record first lay in the topic.
fn made_at(topic: &Sequences, id: &str, number: i64) -> i64 {
    let sequence = &topic[id];
    sequence.iter().find(|record| record.number == number).map_or(i64::MAX, |record| record.time)
}

/// Two numbered sources under kills at random moments; the offsets are in a file, or in this topic.
fn sources_are_killed(name: &'static str, offsets: Option<&str>) {
    let mut rng = Rng::for_test(name);
    let (kafka, source) = (Kafka::shared(), format!("{name}-source"));
    create(name, 2);
    let mut spec = spec(kafka);
    if let Some(topic) = offsets {
        spec = spec.unset("offset.storage.file.filename").set("offset.storage.topic", topic);
        spec = spec.set("offset.storage.replication.factor", 1).set("offset.storage.partitions", 2);
    }
    let mut worker = spec.connector(verifiable_source(&source, name, RATE).with("tasks.max", 2)).start();
    let mut lives = Lives::new(FLUSH, MARGIN);
    for _ in 0..size(3, 25) {
        let began = sequence::now();
        let_run(rng.time(Duration::from_millis(200), FLUSH * 4));
        worker.kill9();
        lives.end(began);
        worker.restart();
    }
    let topics = kafka.topics();
    let before = topics.count(name);
    wait_for("records after the last kill", MINUTE, || topics.count(name) > before + 1000);
    assert!(worker.terminate().success());
    let found = sequence::of_topic(&topics.read(name));
    assert_eq!(found.len(), 2, "two tasks");
    for (id, sequence) in &found {
        let lives = lives.as_seen_by(sequence);
        assert_bounded(id, sequence, &lives, |again| {
            (lives.at(again.time), made_at(&found, id, again.number))
        });
    }
}

#[test]
fn a_source_loses_nothing_and_repeats_one_flush_interval() {
    sources_are_killed("killed-source", None);
}

#[test]
fn neither_does_one_whose_offsets_are_in_a_topic() {
    sources_are_killed("killed-source-2", Some("killed-offsets"));
}

struct Sink {
    name: &'static str,
    file: PathBuf,
    /// The file's lines at the end of each life.
    lines: Vec<usize>,
}

/// One life: a kill at a random moment after something has arrived everywhere.
fn live(worker: &mut Worker, sinks: &mut [Sink], lives: &mut Lives, rng: &mut Rng) {
    for sink in sinks.iter() {
        let before = sink.lines.last().copied().unwrap_or(0);
        wait_for("something new in each file", MINUTE, || count_lines(&sink.file) > before);
    }
    let began = sequence::now();
    let_run(rng.time(Duration::ZERO, FLUSH * 3));
    worker.kill9();
    lives.end(began);
    for sink in sinks.iter_mut() {
        sink.lines.push(count_lines(&sink.file));
    }
}

fn check_sink(sink: &Sink, topic: &Sequences, lives: &Lives) {
    let text = fs::read_to_string(&sink.file).expect("the sink's file");
    let (found, torn) = sequence::of_lines(&text, WIDTH);
    assert!(torn.len() <= lives.count(), "{}: torn lines {torn:?}", sink.name);
    for (id, sequence) in &found {
        assert_eq!(shape(sequence).last, shape(&topic[id]).last, "{}: the end of source {id}", sink.name);
        let lives = lives.as_seen_by(&topic[id]);
        assert_bounded(id, sequence, &lives, |again| {
            let life = sink.lines.iter().take_while(|lines| **lines <= again.place).count();
            (life, made_at(topic, id, again.number))
        });
    }
}

#[test]
fn sinks_lose_nothing_and_repeat_one_flush_interval() {
    let name = "killed-sinks";
    let mut rng = Rng::for_test(name);
    let kafka = Kafka::shared();
    create(name, 2);
    let source = verifiable_source("killed-feed", name, RATE).with("tasks.max", 2);
    let mut feed = spec(kafka).connector(source.with("payload.bytes", WIDTH)).start();
    let spec = spec(kafka);
    let (rust, c) = (spec.dir().join("rust"), spec.dir().join("c"));
    // Static members get their partitions back at once, where others wait for the session of the dead to end.
    let fixed = "consumer.override.group.instance.id";
    let spec = spec.connector(file_sink("killed-rust", name, &rust).with(fixed, "rust"));
    let mut worker = spec.connector(c_sink("killed-c", name, &c).with(fixed, "c")).start();
    let mut sinks = [("rust", rust), ("c", c)].map(|(name, file)| Sink { name, file, lines: Vec::new() });
    let mut lives = Lives::new(FLUSH, MARGIN);
    for _ in 0..size(3, 25) {
        live(&mut worker, &mut sinks, &mut lives, &mut rng);
        worker.restart();
    }
    assert!(feed.terminate().success());
    let topic = sequence::of_topic(&kafka.topics().read(name));
    sequence::assert_exactly_once("the topic", &topic);
    for sink in &sinks {
        wait_for("the end of the topic in each file", MINUTE, || {
            let (found, _) = sequence::of_lines(&fs::read_to_string(&sink.file).unwrap_or_default(), WIDTH);
            topic
                .iter()
                .all(|(id, all)| found.get(id).is_some_and(|found| shape(found).last == shape(all).last))
        });
        check_sink(sink, &topic, &lives);
    }
    assert!(worker.terminate().success());
}

/// Lines of a file at full speed, killed at random moments of the way.
#[test]
fn a_whole_file_arrives_in_spite_of_kills() {
    let (name, count) = ("killed-file", size(300_000, 5_000_000));
    let mut rng = Rng::for_test(name);
    let (kafka, topics) = (Kafka::shared(), Kafka::shared().topics());
    create(name, 1);
    let spec = spec(kafka).set("offset.flush.interval.ms", 200);
    let input = spec.dir().join("input");
    let text: String = (0..count).map(|line| format!("0:{line}\n")).collect();
    fs::write(&input, &text).expect("the input");
    let mut worker = spec.connector(file_source(name, &input, name)).start();
    let mut lives = Lives::new(Duration::from_millis(200), MARGIN);
    let kills = size(2, 10) as u64;
    for kill in 0..kills {
        let began = sequence::now();
        let part = count as u64 / kills;
        let mark = rng.range(kill * part, (kill + 1) * part);
        wait_for("the next kill", MINUTE * 5, || topics.count(name) >= mark);
        worker.kill9();
        lives.end(began);
        worker.restart();
    }
    let last = format!("0:{}", count - 1);
    wait_for("the last line", MINUTE * 5, || ends_with(&topics, name, &last));
    assert!(worker.terminate().success());
    let found = sequence::of_topic(&topics.read(name));
    let seen: BTreeSet<i64> = found["0"].iter().map(|record| record.number).collect();
    assert_eq!(seen.len(), count, "lines missing");
    let lives = lives.as_seen_by(&found["0"]);
    assert_bounded("0", &found["0"], &lives, |again| {
        (lives.at(again.time), made_at(&found, "0", again.number))
    });
}

fn ends_with(topics: &Topics, topic: &str, text: &str) -> bool {
    topics.last(topic, 0).is_some_and(|record| record.text() == text)
}
