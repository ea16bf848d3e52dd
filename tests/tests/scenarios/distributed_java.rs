//! In place of Apache Kafka Connect and beside it: workers of both kinds go by the same topics, and form groups together.

use crate::MINUTE;
use crate::distributed::{create, spec, stop, wait_healthy};
use connect_tests::configs::{file_sink, file_source};
use connect_tests::worker::SHIPPED_JVM;
use connect_tests::{Kafka, Props, With, Worker, WorkerSpec, wait_until};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A worker that keeps offsets quickly, whatever it is written in.
fn native(group: &str) -> WorkerSpec {
    spec(group).set("offset.flush.interval.ms", 200)
}

fn java(group: &str) -> WorkerSpec {
    native(group).in_java(&SHIPPED_JVM)
}

fn begin(spec: WorkerSpec) -> Worker {
    let worker = spec.start();
    wait_healthy(&worker);
    worker
}

/// A file that is copied through a topic into another.
struct Copied {
    name: String,
    input: PathBuf,
    output: PathBuf,
    lines: usize,
}

impl Copied {
    fn new(name: &str, folder: &Path) -> Copied {
        Kafka::shared().topics().create(name, 1, 1, &[]);
        let (input, output) = (folder.join(format!("{name}-in")), folder.join(format!("{name}-out")));
        Copied { name: name.to_owned(), input, output, lines: 0 }
    }

    fn source(&self) -> Props {
        let class = "org.apache.kafka.connect.file.FileStreamSourceConnector";
        file_source(&format!("{}-source", self.name), &self.input, &self.name).with("connector.class", class)
    }

    fn sink(&self) -> Props {
        let class = "org.apache.kafka.connect.file.FileStreamSinkConnector";
        file_sink(&format!("{}-sink", self.name), &self.name, &self.output).with("connector.class", class)
    }

    fn create(&mut self, by: &Worker) {
        self.feed(100);
        create(by, &self.source());
        create(by, &self.sink());
    }

    fn feed(&mut self, lines: usize) {
        let mut file = fs::File::options().create(true).append(true).open(&self.input).expect("the input");
        let text: String = (self.lines..self.lines + lines).map(|line| format!("line {line}\n")).collect();
        file.write_all(text.as_bytes()).expect("lines written");
        self.lines += lines;
    }

    /// Waits until all lines have come, each of them at least once; `once`: and no more.
    fn arrived(&self, once: bool) {
        let whole = fs::read_to_string(&self.input).expect("the input");
        let wanted: BTreeSet<&str> = whole.lines().collect();
        wait_until(&format!("all lines of {}", self.name), MINUTE, || {
            let text = fs::read_to_string(&self.output).unwrap_or_default();
            let found: BTreeSet<&str> = text.lines().collect();
            if found == wanted { Ok(()) } else { Err(format!("{} of {} lines", found.len(), wanted.len())) }
        });
        let text = fs::read_to_string(&self.output).expect("the output");
        assert!(!once || text == whole, "{}: {} lines of {}", self.name, text.lines().count(), self.lines);
    }
}

/// A group of Kafka Connect is stopped, carried on here, and given back.
#[test]
fn a_group_of_kafka_connect_is_taken_over_and_given_back() {
    const NAME: &str = "java-replaced";
    let mut original = begin(java(NAME));
    let folder = original.dir().path().to_owned();
    let (mut first, mut second) = (Copied::new("java-first", &folder), Copied::new("java-second", &folder));
    first.create(&original);
    first.arrived(true);
    let idle = Copied::new("java-idle", &folder);
    create(&original, &idle.source().with("connector.class", "FileStreamSource"));
    original.wait_state("java-idle-source", "RUNNING", 1);
    original.rest().call("PUT", "/connectors/java-idle-source/pause").expect(202);
    original.wait_state("java-idle-source", "PAUSED", 1);
    let config = original.rest().get("/connectors/java-first-source/config").expect(200).json();
    original.terminate();

    first.feed(50);
    let mut ours = begin(native(NAME));
    assert_eq!(ours.rest().get("/connectors/java-first-source/config").expect(200).json(), config);
    ours.wait_state("java-first-source", "RUNNING", 1);
    ours.wait_state("java-first-sink", "RUNNING", 1);
    ours.wait_state("java-idle-source", "PAUSED", 1);
    first.feed(50);
    first.arrived(true);
    second.create(&ours);
    second.arrived(true);
    stop(&ours, "java-idle-source");
    assert!(ours.terminate().success(), "{}", ours.process().log_end(20));

    first.feed(50);
    original.restart();
    wait_healthy(&original);
    for name in ["java-first-source", "java-first-sink", "java-second-source", "java-second-sink"] {
        original.wait_state(name, "RUNNING", 1);
    }
    original.wait_state("java-idle-source", "STOPPED", 0);
    second.feed(50);
    first.arrived(true);
    second.arrived(true);
    original.terminate();
}

/// One worker of each kind in one group. Each makes connectors, and each is stopped once.
fn together(name: &str, protocol: &str) {
    let mut theirs = begin(java(name).set("connect.protocol", protocol));
    let mut ours = begin(native(name).set("connect.protocol", protocol));
    let folder = theirs.dir().path().to_owned();
    let mut copied = [1, 2].map(|nth| Copied::new(&format!("{name}-{nth}"), &folder));
    // The first is made through the leader, the second through the other one.
    copied[0].create(&theirs);
    copied[1].create(&ours);
    let shared = |worker: &Worker| {
        wait_until("both workers to have a part of the work", MINUTE, || {
            let answer = worker.rest().get("/connectors?expand=status").body;
            let running = answer.matches("\"RUNNING\"").count();
            let both = [&theirs, &ours].iter().all(|one| answer.matches(&one.worker_id()).count() == 4);
            if running == 8 && both { Ok(()) } else { Err(answer) }
        });
    };
    shared(&theirs);
    shared(&ours);
    for one in &mut copied {
        one.feed(100);
        one.arrived(true);
    }
    assert!(ours.terminate().success(), "{}", ours.process().log_end(20));
    for one in &mut copied {
        one.feed(100);
        one.arrived(false);
    }
    ours.restart();
    wait_healthy(&ours);
    theirs.terminate();
    for one in &mut copied {
        one.feed(100);
        one.arrived(false);
    }
    assert!(ours.terminate().success(), "{}", ours.process().log_end(20));
}

#[test]
fn workers_of_both_kinds_form_a_group_that_signs() {
    together("java-sessioned", "sessioned");
}

#[test]
fn workers_of_both_kinds_form_a_group_that_does_not_sign() {
    together("java-compatible", "compatible");
}
