//! Plugins that hang, in each call that they have, on workers of a group: work is shared out as if they were not there, REST
//! answers, and what is healthy flows on.

use crate::distributed::{create, spec, wait_healthy, wait_more};

use crate::isolation::assert_quick;
use crate::{MINUTE, count_lines};
use connect_tests::configs::{faulty_sink, faulty_source, verifiable_source};
use connect_tests::moves::{homes, longest_pause, wait_even};
use connect_tests::sequence;
use connect_tests::{Kafka, Props, With, Worker, faulty, let_run, wait_for, wait_until};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// The first by name: what comes first moves first.
const NAME: &str = "healthy";
const TASKS: usize = 12;
/// The shortest that brokers allow, in milliseconds.
const SESSION: i64 = 6_000;
/// How long tasks may take to stop: what waited for one that hangs would stand still for as long.
const GRACE: Duration = Duration::from_secs(60);
/// For how long work that moves may stand still on a machine that is as busy as it may be, in milliseconds.
const MOVED: i64 = 15_000;

/// A connector for each call, and whether it hangs in it by itself. The others do so when they are stopped.
fn hanging(report: &Path) -> Vec<(Props, bool)> {
    let connectors = [("connector.start", true), ("connector.task_configs", true), ("connector.stop", false)];
    let of_connectors = connectors.into_iter().chain([("connector.destroy", false)]);
    let sources = [("start", true), ("poll", true), ("acks", true), ("commit", true), ("stop", false)];
    let sinks = [("start", true), ("open", true), ("put", true), ("pre_commit", true), ("close", false)];
    let source =
        |(call, itself)| (faulty_source(&format!("source-{call}"), "hang", "from-hanging"), call, itself);
    let sink = |(call, itself)| (faulty_sink(&format!("sink-{call}"), "hang", NAME), call, itself);
    let sources = of_connectors.chain(sources).chain([("destroy", false)]).map(source);
    let sinks = sinks.into_iter().chain([("stop", false), ("destroy", false)]).map(sink);
    let with_fault = |(config, call, itself): (Props, &str, bool)| {
        (config.with("fault", call).with("report", report.display()), itself)
    };
    sources.chain(sinks).map(with_fault).collect()
}

fn start() -> Worker {
    let spec = spec(NAME).plugins([faulty::plugin("hang")]).set("session.timeout.ms", SESSION);
    let worker = spec.set("task.shutdown.graceful.timeout.ms", GRACE.as_millis()).start();
    wait_healthy(&worker);
    worker
}

/// What happens to the healthy connector in a change of the group.
struct Watch {
    before: BTreeMap<String, String>,
    since: i64,
}

impl Watch {
    fn begin(seen_by: &Worker) -> Watch {
        let_run(Duration::from_secs(2));
        Watch { before: homes(&seen_by.status(NAME)), since: sequence::now() }
    }

    /// Tells, and gives, the longest pause, in milliseconds.
    fn end(&self, event: &str, seen_by: &Worker) -> i64 {
        wait_more(NAME);
        let found = sequence::of_topic(&Kafka::shared().topics().read(NAME));
        let after = homes(&seen_by.status(NAME));
        assert_eq!(found.len(), TASKS);
        let longest = |moved: bool| {
            let ids = found.iter().filter(|(id, _)| (self.before[*id] != after[*id]) == moved);
            ids.map(|(_, one)| longest_pause(one, self.since).0).max().unwrap_or(0)
        };
        let (moved, stayed) = (longest(true), longest(false));
        eprintln!("{event}: nothing for {moved} ms of what moved, for {stayed} ms of what stayed");
        moved.max(stayed)
    }
}

/// Waits until all healthy tasks run on these workers, on the last of them, too.
fn wait_running(workers: &[Worker]) {
    let last = workers[workers.len() - 1].worker_id();
    wait_until("the healthy tasks to run", MINUTE, || {
        let status = workers[0].status(NAME);
        let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
        let homes: Vec<_> =
            tasks.iter().filter(|task| task["state"] == "RUNNING").map(|task| &task["worker_id"]).collect();
        let known = |home: &&&Value| workers.iter().any(|worker| **home == worker.worker_id().as_str());
        let all = homes.iter().filter(known).count() == TASKS;
        if all && homes.iter().any(|home| *home == last.as_str()) { Ok(()) } else { Err(status) }
    });
}

#[test]
fn what_hangs_holds_up_no_rebalance() {
    Kafka::shared().topics().create(NAME, TASKS as i32, 1, &[("message.timestamp.type", "LogAppendTime")]);
    let mut workers = vec![start(), start()];
    create(&workers[0], &verifiable_source(NAME, NAME, 50).with("tasks.max", TASKS));
    wait_even(&workers[0], NAME, &workers, TASKS, MINUTE);
    let report = workers[0].dir().join("calls");
    let hanging = hanging(&report);
    for (config, _) in &hanging {
        create(&workers[1], config);
    }
    let at_once = hanging.iter().filter(|(_, itself)| *itself).count();
    wait_for("all to hang that do by themselves", MINUTE, || count_lines(&report) >= at_once);

    let watch = Watch::begin(&workers[0]);
    workers.push(start());
    let joined = Instant::now();
    wait_running(&workers);
    eprintln!("the healthy tasks run {:?} after a worker has joined", joined.elapsed());
    workers.iter().for_each(|worker| assert_quick(worker.rest()));
    assert!(watch.end("a worker has joined", &workers[0]) < MOVED);

    // Some are gone with hanging calls, and others come.
    let asked = Instant::now();
    for (config, _) in hanging.iter().step_by(2) {
        crate::distributed::ask(&workers[2], "DELETE", &format!("/connectors/{}", config["name"]), 204);
    }
    create(&workers[1], &verifiable_source("healthy-too", "from-healthy", 5));
    workers[2].wait_state("healthy-too", "RUNNING", 1);
    eprintln!("half of them are deleted and one created after {:?}", asked.elapsed());

    let watch = Watch::begin(&workers[0]);
    workers[2].kill9();
    workers.truncate(2);
    wait_running(&workers);
    workers.iter().for_each(|worker| assert_quick(worker.rest()));
    assert!(watch.end("a worker was killed", &workers[0]) < SESSION + MOVED);
}
