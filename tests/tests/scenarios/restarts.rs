//! Failed connectors and tasks that come back by themselves, as `errors.restart.*` says.

use crate::MINUTE;
use connect_tests::configs::faulty_source;
use connect_tests::{Props, With, Worker, table, wait_for, wait_until};
use std::fs;
use std::path::Path;

const OF_TASK: &str = "kafka_connect_connector_task_restart_attempts_total";
const OF_CONNECTOR: &str = "kafka_connect_connector_restart_attempts_total";
const PENDING: &str = "kafka_connect_connector_restart_pending";
const TASK_PENDING: &str = "kafka_connect_connector_task_restart_pending";

/// A source that fails in a call until the file is there, and is restarted after short pauses.
fn failing(name: &str, call: &str, until: &Path, attempts: i32) -> Props {
    faulty_source(name, "errors", "back")
        .with("records", table::RECORDS)
        .with("fault", call)
        .with("until", until.display())
        .with("errors.restart.max.attempts", attempts)
        .with("errors.restart.backoff.ms", 100)
        .with("errors.restart.backoff.max.ms", 300)
}

fn metric(worker: &Worker, family: &str, name: &str) -> f64 {
    worker.metric(family, &[&format!("connector=\"{name}\"")]).unwrap_or_default()
}

fn written(worker: &Worker, name: &str) -> f64 {
    metric(worker, "kafka_connect_source_task_source_record_write_total", name)
}

#[test]
fn a_failed_task_comes_back_by_itself() {
    let mut worker = table::start(table::spec(["errors"]));
    let healed = worker.dir().join("healed");
    worker.create("again", &failing("again", "poll", &healed, -1)).expect(201);
    let trace = wait_until("a trace that tells the next attempt", MINUTE, || {
        let status = worker.status("again");
        let trace = status["tasks"][0]["trace"].as_str().unwrap_or_default().to_owned();
        if trace.contains("Restart attempt") { Ok(trace) } else { Err(status) }
    });
    assert!(trace.contains("poll failed: failed on purpose"), "{trace}");
    wait_for("a planned restart", MINUTE, || metric(&worker, TASK_PENDING, "again") == 1.0);
    wait_for("three attempts", MINUTE, || metric(&worker, OF_TASK, "again") >= 3.0);
    assert_eq!(metric(&worker, OF_CONNECTOR, "again"), 0.0, "the connector itself has not failed");
    fs::write(&healed, "").expect("a file");
    worker.wait_state("again", "RUNNING", 1);
    wait_for("its records", MINUTE, || written(&worker, "again") >= f64::from(table::RECORDS));
    let log = worker.process().log();
    for words in ["restart attempt 1 follows in", "the task is restarted, attempt 3"] {
        assert!(log.lines().any(|line| line.contains("again") && line.contains(words)), "{words}");
    }
    table::assert_well(worker);
}

#[test]
fn a_connector_that_cannot_start_is_tried_so_often_and_no_more() {
    let worker = table::start(table::spec(["errors"]));
    let (never, soon) = (worker.dir().join("never"), worker.dir().join("soon"));
    worker.create("twice", &failing("twice", "connector.start", &never, 2)).expect(201);
    worker.create("on", &failing("on", "connector.start", &soon, -1)).expect(201);
    wait_for("the last attempt", MINUTE, || {
        let status = worker.status("twice");
        let trace = status["connector"]["trace"].as_str().unwrap_or_default().to_owned();
        trace.contains("No restart follows by itself: 2 attempts were made.")
    });
    wait_for("the count of attempts", MINUTE, || metric(&worker, OF_CONNECTOR, "twice") == 2.0);
    assert_eq!(metric(&worker, PENDING, "twice"), 0.0);
    wait_for("a planned restart", MINUTE, || metric(&worker, PENDING, "on") == 1.0);
    wait_for("some attempts without end", MINUTE, || metric(&worker, OF_CONNECTOR, "on") >= 3.0);
    fs::write(&soon, "").expect("a file");
    worker.wait_state("on", "RUNNING", 1);
    let starts = |outcome: &str| {
        worker.metric(&format!("kafka_connect_worker_connector_startup_{outcome}"), &[]).unwrap_or_default()
    };
    let (failed, share) = (starts("failure_total"), starts("failure_percentage"));
    assert!(failed >= 6.0 && share > 0.0 && share < 1.0, "{failed} starts failed, a share of {share}");
    wait_for("its records", MINUTE, || written(&worker, "on") >= f64::from(table::RECORDS));
    table::assert_well(worker);
}
