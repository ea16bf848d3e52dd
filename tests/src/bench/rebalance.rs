//! What a change of the group costs: three workers run 30 tasks, a fourth joins, and is killed. Pauses are those that a reader
//! of the topic sees, by the broker's clock.

use crate::systems::System;
use connect_tests::configs::verifiable_source;
use connect_tests::moves::{homes, longest_pause, wait_even};
use connect_tests::process::memory_kb;
use connect_tests::worker::SHIPPED_JVM;
use connect_tests::{Kafka, RunDir, With, Worker, WorkerSpec, let_run, paths, sequence, wait_until};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Tasks of the one connector.
pub const TASKS: usize = 30;
/// Workers before the fourth joins.
const WORKERS: usize = 3;
/// Records a second of each task.
const RATE: u32 = 50;
/// How long all stands between two events.
const QUIET: Duration = Duration::from_secs(5);
const BOUND: Duration = Duration::from_secs(180);

/// What happens to the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A fourth worker is started.
    Join,
    /// It is killed by SIGKILL.
    Kill,
}

impl Change {
    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Change::Join => "rebalance-join",
            Change::Kill => "rebalance-kill",
        }
    }
}

/// What one change cost.
#[derive(Debug, Clone)]
pub struct Cost {
    /// The change.
    pub change: Change,
    /// Of which system.
    pub system: System,
    /// In which round, from 1.
    pub round: u32,
    /// From the change (the start of a process, or its end) until the last task that moved sends again.
    pub seconds: f64,
    /// Tasks that moved.
    pub moved: usize,
    /// The longest pause of one that moved, in seconds.
    pub moved_s: f64,
    /// The longest pause of one that stayed, in seconds.
    pub stayed_s: f64,
    /// Resident memory of a worker before the change, the mean of three, in kB.
    pub rss_kb: u64,
}

/// The connector for Kafka Connect: compiled, in a folder for its plugin path.
///
/// # Panics
/// Without a JDK.
pub fn java_connector(dir: &RunDir) -> PathBuf {
    let (plugins, classes) = (dir.join("plugins"), dir.join("classes"));
    let (home, services) = (plugins.join("verifiable"), classes.join("META-INF/services"));
    for folder in [&home, &services] {
        std::fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    }
    let service = services.join("org.apache.kafka.connect.source.SourceConnector");
    std::fs::write(&service, "VerifiableSource\n").unwrap_or_else(|e| panic!("{}: {e}", service.display()));
    let run = |command: &mut Command| {
        let status = command.status();
        assert!(
            status.as_ref().is_ok_and(|status| status.success()),
            "{command:?}: {status:?}; it needs a JDK"
        );
    };
    let source = paths::repo().join("tests/java/VerifiableSource.java");
    let jars = format!("{}/libs/*", paths::kafka_jars().display());
    run(Command::new("javac").args(["-cp", &jars, "-d"]).arg(&classes).arg(source));
    run(Command::new("jar").arg("cf").arg(home.join("verifiable.jar")).arg("-C").arg(&classes).arg("."));
    plugins
}

fn spec(system: System, bootstrap: &str, group: &str, java_plugins: &Path) -> WorkerSpec {
    let spec = WorkerSpec::distributed(bootstrap, group).unset("heartbeat.interval.ms");
    match system {
        System::KafkaConnect => spec.in_java(&SHIPPED_JVM).plugins([java_plugins]),
        _ => spec,
    }
}

fn wait_member(worker: &Worker) {
    wait_until("the worker to be a member", BOUND, || {
        let answer = worker.rest().try_request("GET", "/health", None)?;
        if answer.status == 200 { Ok(()) } else { Err(answer.body) }
    });
}

/// A group and its one connector.
struct Group<'a> {
    kafka: &'a Kafka,
    name: String,
    workers: Vec<Worker>,
}

/// What was so before a change.
struct Before {
    homes: BTreeMap<String, String>,
    at: i64,
}

impl Group<'_> {
    fn before(&self) -> Before {
        let_run(QUIET);
        Before { homes: homes(&self.workers[0].status(&self.name)), at: sequence::now() }
    }

    fn settle(&self) -> BTreeMap<String, String> {
        wait_even(&self.workers[0], &self.name, &self.workers, TASKS, BOUND);
        let_run(QUIET);
        homes(&self.workers[0].status(&self.name))
    }

    /// Of the records that came until now.
    fn cost(
        &self,
        change: Change,
        of: (System, u32),
        before: &Before,
        after: &BTreeMap<String, String>,
    ) -> Cost {
        let found = sequence::of_topic(&self.kafka.topics().read(&self.name));
        assert_eq!(found.len(), TASKS, "tasks with records");
        let pauses = |moved: bool| {
            let ids = found.iter().filter(move |(id, _)| (before.homes[*id] != after[*id]) == moved);
            ids.map(|(_, records)| longest_pause(records, before.at)).collect::<Vec<_>>()
        };
        let (moved, stayed) = (pauses(true), pauses(false));
        let longest =
            |pauses: &[(i64, i64)]| pauses.iter().map(|pause| pause.0).max().unwrap_or(0) as f64 / 1e3;
        let last = moved.iter().map(|pause| pause.1).max().unwrap_or(before.at);
        let rss = self.workers[..WORKERS].iter().map(|worker| memory_kb(worker.id(), "VmRSS")).sum::<u64>();
        Cost {
            change,
            system: of.0,
            round: of.1,
            seconds: (last - before.at) as f64 / 1e3,
            moved: moved.len(),
            moved_s: longest(&moved),
            stayed_s: longest(&stayed),
            rss_kb: rss / WORKERS as u64,
        }
    }
}

/// Both changes, one after the other.
pub fn round(kafka: &Kafka, system: System, round: u32, java_plugins: &Path) -> [Cost; 2] {
    let name = format!("bench-rebalance-{}-{round}", system.name());
    kafka.topics().create(&name, 1, 1, &[("message.timestamp.type", "LogAppendTime")]);
    let start = || spec(system, kafka.bootstrap(), &name, java_plugins).spawn();
    let workers: Vec<Worker> = (0..WORKERS).map(|_| start()).collect();
    workers.iter().for_each(wait_member);
    let mut group = Group { kafka, name: name.clone(), workers };
    let config = verifiable_source(&name, &name, RATE).with("tasks.max", TASKS);
    wait_until("the connector to be created", BOUND, || {
        let answer = group.workers[0].create(&name, &config);
        if answer.status == 201 { Ok(()) } else { Err(answer.body) }
    });
    group.settle();
    let before = group.before();
    group.workers.push(start());
    let after = group.settle();
    let joined = group.cost(Change::Join, (system, round), &before, &after);
    let before = group.before();
    group.workers[WORKERS].kill9();
    group.workers.truncate(WORKERS);
    let after = group.settle();
    let killed = group.cost(Change::Kill, (system, round), &before, &after);
    drop(group);
    kafka.topics().delete(&name);
    [joined, killed]
}
