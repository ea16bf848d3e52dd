//! What plugins do wrong while they run: each fails its own task or connector with a trace that names the problem, what
//! is legal works, and neighbours do not notice.

use crate::MINUTE;
use connect_tests::configs::{faulty_sink, faulty_source};
use connect_tests::table::Kind::{Sink, Source};
use connect_tests::table::Outcome::{Breaks, Fails, Waits, Warns, Works};
use connect_tests::table::{self, check};
use connect_tests::{Props, With, Worker, wait_for};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn errors_and_impossible_answers_of_sources() {
    check(&[
        ("create_fails", Source, "", Fails("create failed: create has failed on purpose")),
        ("errors", Source, "fault=start", Fails("start failed: failed on purpose")),
        ("errors", Source, "fault=poll after=3", Fails("poll failed: failed on purpose")),
        ("errors", Source, "fault=poll kind=retriable times=3", Warns("poll is tried again")),
        ("errors", Source, "fault=poll kind=config", Fails("poll failed: failed on purpose")),
        ("errors", Source, "fault=poll kind=data", Fails("poll failed: failed on purpose")),
        ("errors", Source, "fault=poll kind=unsupported", Fails("poll failed: failed on purpose")),
        ("errors", Source, "fault=poll kind=panic", Fails("failed on purpose")),
        ("errors", Source, "fault=poll kind=silent", Fails("without set_error")),
        ("errors", Source, "fault=poll kind=unknown", Fails("failed on purpose")),
        ("errors", Source, "fault=poll kind=twice", Fails("the second error")),
        ("errors", Source, "fault=poll kind=trace", Fails("at line 1\nat line 2")),
        ("errors", Source, "fault=poll kind=utf8", Fails("poll failed: ")),
        ("errors", Source, "fault=poll kind=long", Fails("poll failed: ")),
        ("errors", Source, "fault=poll kind=null", Fails("poll failed: ")),
        ("errors", Source, "fault=acks", Fails("acks failed: failed on purpose")),
        ("errors", Source, "fault=commit", Fails("commit failed: failed on purpose")),
        ("status", Source, "fault=start", Fails("start broke the plugin contract: it answered 77")),
        ("status", Source, "fault=poll", Fails("poll broke the plugin contract: it answered 77")),
        ("status", Source, "fault=poll status=-2", Fails("it answered -2")),
        ("status", Source, "fault=acks", Fails("it answered 77")),
        ("status", Source, "fault=commit", Fails("it answered 77")),
        ("pending", Source, "fault=start delay.ms=20 times=3", Works),
        ("pending", Source, "fault=poll delay.ms=0 times=20", Works),
        ("pending", Source, "fault=acks delay.ms=20 times=3", Works),
        ("pending", Source, "fault=commit delay.ms=20 times=3", Works),
        ("pending", Source, "fault=poll", Waits),
        ("blocking", Source, "", Works),
        ("freed_views", Source, "", Works),
        ("null_optional", Source, "", Works),
    ]);
}

#[test]
fn errors_and_impossible_answers_of_sinks() {
    check(&[
        ("create_fails", Sink, "", Fails("create failed: create has failed on purpose")),
        ("errors", Sink, "fault=start", Fails("start failed: failed on purpose")),
        ("errors", Sink, "fault=open", Fails("open failed: failed on purpose")),
        ("errors", Sink, "fault=put", Fails("put failed: failed on purpose")),
        ("errors", Sink, "fault=put kind=retriable times=3", Warns("put is tried again")),
        ("errors", Sink, "fault=put kind=silent", Fails("without set_error")),
        ("errors", Sink, "fault=put kind=panic", Fails("failed on purpose")),
        ("errors", Sink, "fault=pre_commit", Fails("pre_commit failed: failed on purpose")),
        ("errors", Sink, "fault=pre_commit kind=retriable times=2", Warns("no offsets are committed")),
        ("status", Sink, "fault=open", Fails("open broke the plugin contract: it answered 77")),
        ("status", Sink, "fault=put", Fails("put broke the plugin contract: it answered 77")),
        ("status", Sink, "fault=pre_commit", Fails("pre_commit broke the plugin contract: it answered 77")),
        ("pending", Sink, "fault=start delay.ms=20 times=3", Works),
        ("pending", Sink, "fault=open delay.ms=20 times=3", Works),
        ("pending", Sink, "fault=put delay.ms=20 times=3", Works),
        ("pending", Sink, "fault=pre_commit delay.ms=20 times=3", Works),
        ("pending", Sink, "fault=put", Waits),
        ("answers", Sink, "fault=retry every=7", Warns("put is tried again")),
        ("answers", Sink, "fault=garbage every=7", Fails("77")),
        ("answers", Sink, "fault=bad every=7", Fails("bad on purpose")),
        (
            "answers",
            Sink,
            "fault=bad every=9 errors.tolerance=all errors.log.enable=true",
            Warns("bad on purpose"),
        ),
        ("answers", Sink, "fault=bad_silent", Fails("gave no reason")),
        ("answers", Sink, "fault=bad_utf8", Fails("Tolerance exceeded")),
        ("answers", Sink, "fault=bad_long", Fails("Tolerance exceeded")),
        ("answers", Sink, "fault=bad_index", Fails("Tolerance exceeded")),
        ("reports", Sink, "fault=wait", Fails("reported")),
        ("reports", Sink, "fault=wait errors.tolerance=all", Works),
        ("reports", Sink, "fault=never errors.tolerance=all", Works),
        ("reports", Sink, "fault=unknown errors.tolerance=all", Works),
        ("reports", Sink, "fault=twice errors.tolerance=all", Works),
        ("blocking", Sink, "delay.ms=150", Works),
        ("freed_views", Sink, "", Works),
        ("null_optional", Sink, "", Works),
    ]);
}

#[test]
fn threads_of_plugins_that_call_the_host_without_pause() {
    check(&[
        ("storm", Source, "fault=wake", Works),
        ("storm", Source, "fault=log", Warns("line after line")),
        ("storm", Source, "fault=log_garbage", Works),
        ("storm", Source, "fault=schemas", Works),
        ("storm", Source, "fault=metrics", Works),
        ("storm", Source, "fault=reconfigure", Works),
        ("storm", Source, "fault=raise", Breaks("raised from another thread")),
        ("storm", Sink, "fault=wake", Works),
        ("storm", Sink, "fault=log_garbage", Works),
        ("storm", Sink, "fault=schemas", Works),
        ("storm", Sink, "fault=reconfigure", Works),
        ("storm", Sink, "fault=raise", Breaks("raised from another thread")),
    ]);
}

fn create(worker: &Worker, config: Props) -> String {
    let name = config["name"].clone();
    worker.create(&name, &config).expect(201);
    name
}

/// What a plugin has written into its report: words and the number after them.
fn report(path: &Path) -> BTreeMap<String, i64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let parsed = text.lines().filter_map(|line| line.rsplit_once(' '));
    parsed.filter_map(|(words, number)| Some((words.to_owned(), number.parse().ok()?))).collect()
}

/// Runs one plugin until it has reported `last`; all other answers of the host are -1, but those named in `good`.
fn host_answers(plugin: &str, source: bool, last: &str, good: &[(&str, i64)]) {
    let worker = table::start(table::spec([plugin]));
    let path = worker.dir().join("report");
    let config =
        if source { faulty_source("asks", plugin, "t") } else { faulty_sink("asks", plugin, "records") };
    // A report of a record that is yet to come is tolerated as any other.
    create(&worker, config.with("report", path.display()).with("errors.tolerance", "all"));
    wait_for(last, MINUTE, || report(&path).contains_key(last));
    let found = report(&path);
    let good: BTreeMap<&str, i64> = good.iter().copied().collect();
    let wrong: Vec<_> = found
        .iter()
        .filter(|(words, answer)| **answer != good.get(words.as_str()).copied().unwrap_or(-1))
        .collect();
    assert!(wrong.is_empty(), "{plugin}: {wrong:?}");
    assert!(good.keys().all(|words| found.contains_key(*words)), "{found:?}");
    worker.wait_state("asks", "RUNNING", 1);
    table::assert_well(worker);
}

#[test]
fn impossible_metrics_are_refused() {
    let good = [("good", 0), ("again", 0), ("same_id", 1), ("add_good", 0), ("made", 100)];
    host_answers("bad_metrics", true, "made", &good);
}

#[test]
fn impossible_schemas_are_refused() {
    host_answers("bad_schemas", true, "made", &[("good", 0), ("same_id", 1), ("made", 10_000)]);
}

#[test]
fn impossible_source_partitions_are_refused() {
    let good = [("good", 0), ("other_order", 0), ("same_number", 1)];
    host_answers("bad_partitions", true, "sink_function", &good);
}

#[test]
fn impossible_wishes_of_sinks_are_refused() {
    let good = [("pause_own", 0), ("resume_own", 0), ("request_commit", 0), ("report_future", 0)];
    host_answers("bad_sink_calls", false, "request_commit", &good);
}

/// Wakes and calls from other threads, from stop until long after destroy, of tasks and of the connector.
#[test]
fn calls_that_come_too_late_do_nothing() {
    let worker = table::start(table::spec(["late_wake", "late_calls"]));
    let path = |name: &str| worker.dir().join(format!("report-{name}"));
    let mut names = Vec::new();
    for plugin in ["late_wake", "late_calls"] {
        let report = |config: Props| {
            let path = path(&config["name"]);
            config.with("report", path.display())
        };
        let source = faulty_source(&format!("{plugin}-source"), plugin, "t").with("tasks", 2);
        names.push((create(&worker, report(source.with("tasks.max", 2))), 2));
        let sink = faulty_sink(&format!("{plugin}-sink"), plugin, "records");
        names.push((create(&worker, report(sink)), 1));
    }
    for (name, tasks) in &names {
        worker.wait_state(name, "RUNNING", *tasks);
        worker.rest().delete(&format!("/connectors/{name}")).expect(204);
    }
    for (name, tasks) in &names {
        // One line for each task, and one for the connector; validation has made another connector or more.
        let done = || fs::read_to_string(path(name)).unwrap_or_default();
        wait_for("the end of the calls", MINUTE, || done().matches("done").count() > *tasks);
        assert!(done().lines().all(|line| line == "done" || line == "done, 0 wrong answers"), "{}", done());
    }
    table::assert_well(worker);
}

/// Faults while a connector is deleted: told in the log, and everything ends all the same.
#[test]
fn faults_at_the_end() {
    let mut worker = table::start(table::spec(["errors", "status", "pending", "hang"]));
    let ends = |plugin: &str, call: &str| {
        let config = faulty_source(&format!("{plugin}-{call}"), plugin, "t");
        create(&worker, config.with("fault", call).with("delay.ms", 20))
    };
    let rows = [
        ("errors", "stop", "while the task was ended: stop failed: failed on purpose"),
        ("errors", "destroy", "while the task was ended: destroy failed: failed on purpose"),
        ("errors", "connector.stop", "while the connector was ended: stop failed: failed on purpose"),
        ("errors", "connector.destroy", "while the connector was ended: destroy failed: failed on purpose"),
        ("status", "stop", "stop broke the plugin contract: it answered 77"),
        ("status", "destroy", "destroy broke the plugin contract: it answered 77"),
        ("status", "connector.stop", "stop broke the plugin contract: it answered 77"),
        ("pending", "stop", ""),
        ("pending", "destroy", "destroy broke the plugin contract: it answered 1"),
        ("pending", "connector.stop", "stop broke the plugin contract: it answered 1"),
    ];
    let names: Vec<String> = rows.iter().map(|(plugin, call, _)| ends(plugin, call)).collect();
    for name in &names {
        worker.wait_state(name, "RUNNING", 1);
        worker.rest().delete(&format!("/connectors/{name}")).expect(204);
    }
    for ((_, _, words), name) in rows.iter().zip(&names) {
        wait_for(&format!("{name}: {words}"), MINUTE, || {
            let log = worker.process().log();
            words.is_empty() || log.lines().any(|line| line.contains(name) && line.contains(words))
        });
    }
    table::assert_well(worker);
}
