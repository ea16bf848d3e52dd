//! The worker under valgrind: what plugins hand out is never touched after the next call has freed it, and what the
//! worker lends lives as long as it promised.

use crate::lines;
use connect_tests::configs::{c_sink, faulty_sink, faulty_source};
use connect_tests::{With, WorkerSpec, faulty, size, wait_for};
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Valgrind's exit code when it has found something, one that the worker never has.
const FOUND: i32 = 99;

#[test]
fn no_memory_is_touched_that_is_not_there() {
    let there = Command::new("valgrind").arg("--version").output();
    assert!(there.is_ok_and(|output| output.status.success()), "install valgrind: it runs the worker here");
    let count = size(500, 20_000);
    let spec = WorkerSpec::with_dev_broker().plugins([faulty::plugin("freed_views")]);
    let [found, c, freed] = ["valgrind", "c", "freed"].map(|file| spec.dir().join(file));
    let log = format!("--log-file={}", found.display());
    let exit = format!("--error-exitcode={FOUND}");
    let spec = spec.run_by("valgrind", &[exit.into(), "--num-callers=30".into(), log.into()]);
    let spec = spec.set("offset.flush.interval.ms", 300).set("task.shutdown.graceful.timeout.ms", 20_000);
    // Here all is slower than the sessions of the embedded broker allow for.
    let spec = spec.set("consumer.session.timeout.ms", 45_000).set("consumer.heartbeat.interval.ms", 3000);
    // Freed at the next call: records, headers, offsets, task configs, offsets to commit.
    let source = faulty_source("source", "freed_views", "t").with("records", count).with("batch", 50);
    let sink = faulty_sink("freed-sink", "freed_views", "t").with("file", freed.display());
    let spec = spec.connector(source).connector(sink.with("consumer.override.max.poll.records", 70));
    let mut worker = spec.connector(c_sink("c-sink", "t", &c)).start();
    wait_for("all records in both files", Duration::from_secs(120), || {
        lines(&c).len() >= count && lines(&freed).len() >= count
    });
    // Once more from the stored offset, which is lent to the plugin; there is nothing left to send.
    worker.rest().call("POST", "/connectors/source/restart?includeTasks=true").expect(202);
    worker.wait_state("source", "RUNNING", 1);
    worker.rest().delete("/connectors/c-sink").expect(204);
    let ended = worker.terminate();
    let report = fs::read_to_string(&found).unwrap_or_default();
    assert!(ended.success(), "{ended}: valgrind says\n{report}");
    assert!(report.contains("ERROR SUMMARY: 0 errors"), "{report}");
    for file in [&c, &freed] {
        let mut numbers: Vec<i64> = lines(file).iter().map(|line| line.parse().expect("a number")).collect();
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(0..count as i64), "{}: {} lines", file.display(), numbers.len());
    }
}
