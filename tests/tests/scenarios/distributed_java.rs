//! In place of Apache Kafka Connect and beside it: workers of both kinds go by the same topics, and form groups together.

use crate::MINUTE;
use crate::distributed::{ask, create, spec, stop, wait_healthy};
use connect_tests::configs::{file_sink, file_source};
use connect_tests::worker::SHIPPED_JVM;
use connect_tests::{Kafka, Props, With, Worker, WorkerSpec, wait_for, wait_until};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
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

/// A source that is paused, or stopped, and whose file has lines that nobody may read meanwhile.
struct Idle {
    copied: Copied,
    state: &'static str,
}

impl Idle {
    fn create(name: &str, state: &'static str, by: &Worker, folder: &Path) -> Idle {
        let copied = Copied::new(name, folder);
        create(by, &copied.source());
        by.wait_state(&copied.source()["name"], "RUNNING", 1);
        let path = format!("/connectors/{name}-source");
        match state {
            "PAUSED" => ask(by, "PUT", &format!("{path}/pause"), 202),
            _ => ask(by, "PUT", &format!("{path}/stop"), 204),
        }
        let mut idle = Idle { copied, state };
        idle.rests(by);
        idle.copied.feed(10);
        idle
    }

    fn rests(&self, seen_by: &Worker) {
        let tasks = usize::from(self.state == "PAUSED");
        seen_by.wait_state(&self.copied.source()["name"], self.state, tasks);
    }

    /// Nothing was read so far, all of it is once it may run.
    fn resumes(&self, by: &Worker) {
        let (name, topics) = (&self.copied.name, Kafka::shared().topics());
        assert_eq!(topics.count(name), 0, "{name} was {}", self.state);
        ask(by, "PUT", &format!("/connectors/{name}-source/resume"), 202);
        wait_for(&format!("the lines of {name}"), MINUTE, || topics.count(name) == self.copied.lines as u64);
    }
}

/// The worker answers the configs of all connectors as they were written.
fn assert_configs(worker: &Worker, written: &[Props]) {
    wait_until("the configs as they were written", MINUTE, || {
        let answer = worker.rest().get("/connectors?expand=info");
        if answer.status != 200 {
            return Err(answer.body);
        }
        let all = answer.json();
        let found = all.as_object().expect("an object").iter();
        let found: BTreeMap<&str, _> =
            found.map(|(name, one)| (&**name, one["info"]["config"].clone())).collect();
        let wanted = written.iter().map(|config| (&*config["name"], json!(config))).collect();
        if found == wanted { Ok(()) } else { Err(answer.body) }
    });
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
    let mut idle = vec![
        Idle::create("java-paused", "PAUSED", &original, &folder),
        Idle::create("java-stopped", "STOPPED", &original, &folder),
    ];
    // Short names of classes stay short.
    let short = file_source("java-short", &folder.join("java-short-in"), "java-short").with("tasks.max", 2);
    create(&original, &short);
    original.wait_state("java-short", "RUNNING", 1);
    let mut written = vec![first.source(), first.sink(), short];
    written.extend(idle.iter().map(|one| one.copied.source()));
    assert_configs(&original, &written);
    original.terminate();

    first.feed(50);
    let mut ours = begin(native(NAME));
    assert_configs(&ours, &written);
    for name in ["java-first-source", "java-first-sink", "java-short"] {
        ours.wait_state(name, "RUNNING", 1);
    }
    idle.iter().for_each(|one| one.rests(&ours));
    first.feed(50);
    first.arrived(true);
    second.create(&ours);
    second.arrived(true);
    idle.push(Idle::create("ours-paused", "PAUSED", &ours, &folder));
    idle.push(Idle::create("ours-stopped", "STOPPED", &ours, &folder));
    stop(&ours, "java-short");
    written.extend([second.source(), second.sink(), idle[2].copied.source(), idle[3].copied.source()]);
    // A config that is changed here is the changed one there.
    written[0].insert("batch.size".into(), "100".into());
    ours.rest().put("/connectors/java-first-source/config", &json!(written[0])).expect(200);
    ours.wait_state("java-first-source", "RUNNING", 1);
    assert_configs(&ours, &written);
    assert!(ours.terminate().success(), "{}", ours.process().log_end(20));

    first.feed(50);
    original.restart();
    wait_healthy(&original);
    for name in ["java-first-source", "java-first-sink", "java-second-source", "java-second-sink"] {
        original.wait_state(name, "RUNNING", 1);
    }
    original.wait_state("java-short", "STOPPED", 0);
    idle.iter().for_each(|one| one.rests(&original));
    assert_configs(&original, &written);
    second.feed(50);
    first.arrived(true);
    second.arrived(true);
    idle.iter().for_each(|one| one.resumes(&original));
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
    let idle = Idle::create(&format!("{name}-idle"), "PAUSED", &ours, &folder);
    let mut written = vec![idle.copied.source()];
    written.extend(copied.iter().flat_map(|one| [one.source(), one.sink()]));
    let same = |worker: &Worker| {
        idle.rests(worker);
        assert_configs(worker, &written);
    };
    let shared = |worker: &Worker| {
        wait_until("both workers to have a part of the work", MINUTE, || {
            let answer = worker.rest().get("/connectors?expand=status").body;
            let running = answer.matches("\"RUNNING\"").count();
            // Five connectors and five tasks, of which nobody has less than two.
            let both = [&theirs, &ours].iter().all(|one| answer.matches(&one.worker_id()).count() >= 4);
            if running == 8 && both { Ok(()) } else { Err(answer) }
        });
        same(worker);
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
    same(&theirs);
    ours.restart();
    wait_healthy(&ours);
    same(&ours);
    theirs.terminate();
    for one in &mut copied {
        one.feed(100);
        one.arrived(false);
    }
    same(&ours);
    idle.resumes(&ours);
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
