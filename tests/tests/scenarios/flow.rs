//! A file through a real topic into another file: identical, followed as it grows, and without a repeat over clean
//! stops, whatever keeps the offsets: our file, our topic, or the file of Apache Kafka Connect.

use crate::MINUTE;
use connect_tests::configs::{c_sink, file_sink, file_source};
use connect_tests::worker::SHIPPED_JVM;
use connect_tests::{Kafka, Rng, With, Worker, WorkerSpec, size, wait_for, wait_until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Lines of random length, some empty, some beyond ASCII.
fn text(rng: &mut Rng, lines: usize) -> String {
    let words = ["", "a", "line", "ü", "\u{1F600}", "tab\tand \\ \"quotes\"", "a rather long word", "x y"];
    let mut text = String::new();
    for line in 0..lines {
        if !rng.one_in(20) {
            text.push_str(&line.to_string());
            (0..rng.range(0, 12)).for_each(|_| text.push_str(rng.pick::<&str>(&words)));
        }
        text.push('\n');
    }
    text
}

fn append(path: &Path, text: &str) {
    let file = File::options().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the file takes more");
}

fn wait_same(what: &str, wanted: &Path, found: &Path) {
    wait_until(what, MINUTE * 2, || {
        let (wanted, found) = (fs::read(wanted).unwrap_or_default(), fs::read(found).unwrap_or_default());
        if wanted == found { Ok(()) } else { Err(format!("{} of {} bytes", found.len(), wanted.len())) }
    });
}

fn stop_and_start(worker: &mut Worker) {
    assert!(worker.terminate().success(), "a clean stop");
    worker.restart();
}

#[test]
fn a_file_arrives_identical_and_clean_stops_repeat_nothing() {
    let (name, mut rng) = ("flow-file", Rng::for_test("flow-file"));
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).drains();
    let [input, rust, c] = ["input", "rust", "c"].map(|file| spec.dir().join(file));
    append(&input, &text(&mut rng, size(30_000, 1_000_000)));
    let spec = spec.connector(file_source("flow-source", &input, name));
    let spec = spec.connector(file_sink("flow-sink", name, &rust)).connector(c_sink("flow-c", name, &c));
    let mut worker = spec.start();
    wait_same("the file at the other end", &input, &rust);
    wait_same("the file at the end in C", &input, &c);
    stop_and_start(&mut worker);
    for piece in ["one more line\n", "half a ", "line\nand two\n", "\n"] {
        append(&input, piece);
        if piece.ends_with('\n') {
            wait_same("growth at the other end", &input, &rust);
        }
    }
    append(&input, &text(&mut rng, 5_000));
    // In mid-flow: how much went through before is chance.
    stop_and_start(&mut worker);
    wait_same("the rest after a stop", &input, &rust);
    wait_same("the rest in C", &input, &c);
    stop_and_start(&mut worker);
    append(&input, "the last line\n");
    wait_same("the last line", &input, &rust);
    wait_same("the last line in C", &input, &c);
    assert!(worker.terminate().success());
    let lines = fs::read_to_string(&input).expect("the input").lines().count() as u64;
    assert_eq!(kafka.topics().count(name), lines, "each line once in the topic");
}

/// What each key of a compacted topic stands for.
fn compacted(kafka: &Kafka, topic: &str) -> BTreeMap<String, Value> {
    let records = kafka.topics().read(topic);
    let parsed = records.iter().map(|record| {
        let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
        (key, serde_json::from_str(&record.text()).unwrap_or_else(|e| panic!("{}: {e}", record.text())))
    });
    parsed.collect()
}

#[test]
fn offsets_in_a_topic_have_the_format_of_kafka_connect_and_are_read_again() {
    let (name, store) = ("flow-topic", "flow-offsets");
    let mut rng = Rng::for_test(name);
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).drains().unset("offset.storage.file.filename");
    let spec = spec.set("offset.storage.topic", store).set("offset.storage.replication.factor", 1);
    let input = spec.dir().join("input");
    append(&input, &text(&mut rng, 2_000));
    let mut worker = spec.connector(file_source("flow-stored", &input, name)).start();
    let topics = kafka.topics();
    let arrived = |lines: u64| wait_for("all lines in the topic", MINUTE, || topics.count(name) >= lines);
    arrived(2_000);
    assert!(worker.terminate().success());
    let key = json!(["flow-stored", {"filename": input.display().to_string()}]).to_string();
    let position = json!({"position": fs::metadata(&input).expect("the input").len()});
    assert_eq!(compacted(kafka, store), BTreeMap::from([(key.clone(), position)]));
    assert_eq!(topics.partitions(store), 25, "Kafka Connect's default");
    assert_eq!(topics.setting(store, "cleanup.policy"), "compact");
    worker.restart();
    append(&input, "after the restart\n");
    arrived(2_001);
    assert!(worker.terminate().success());
    assert_eq!(topics.count(name), 2_001, "nothing comes again");
    let position = json!({"position": fs::metadata(&input).expect("the input").len()});
    assert_eq!(compacted(kafka, store), BTreeMap::from([(key, position)]));
    assert!(!worker.dir().join("offsets").exists(), "no file beside the topic");
}

/// A worker reads on from the offset file that the other one has written, in both directions.
#[test]
fn the_offset_file_is_that_of_apache_kafka_connect() {
    let name = "flow-java";
    let mut rng = Rng::for_test(name);
    let kafka = Kafka::shared();
    let java = WorkerSpec::kafka_connect(kafka.bootstrap(), &SHIPPED_JVM);
    let (input, offsets) = (java.dir().join("input"), java.dir().join("offsets"));
    let source = || {
        let source = file_source("flow-shared", &input, name);
        source.with("connector.class", "org.apache.kafka.connect.file.FileStreamSourceConnector")
    };
    let host = WorkerSpec::connect_host(kafka.bootstrap()).drains().connector(source());
    let host = host.set("offset.storage.file.filename", offsets.display());
    let topics = kafka.topics();
    let mut written = 0;
    let mut feed = |lines: usize| {
        // ASCII alone: Java counts characters and skips bytes.
        append(&input, &text(&mut rng, lines).replace(|c: char| !c.is_ascii(), "?"));
        written += lines as u64;
        written
    };
    let arrived = |lines: u64| {
        wait_for("all lines in the topic", MINUTE, || topics.count(name) >= lines);
        assert_eq!(topics.count(name), lines);
    };
    let lines = feed(1_500);
    let mut java = java.connector(source()).start();
    arrived(lines);
    assert_eq!(java.terminate().code(), Some(143), "Java ends by the signal");
    let lines = feed(1_000);
    let mut native = host.start();
    arrived(lines);
    assert!(native.terminate().success());
    let lines = feed(500);
    java.restart();
    arrived(lines);
    java.terminate();
    let found: Vec<String> = topics.read(name).iter().map(|record| record.text()).collect();
    let text = fs::read_to_string(&input).expect("the input");
    assert!(found.iter().eq(text.lines()), "the lines in their order");
}
