//! A table of connectors with one fault each, all in one worker beside a healthy flow, and what shall become of each.

use crate::configs::{faulty_sink, faulty_source};
use crate::{Props, With, Worker, WorkerSpec, faulty, wait_for};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long all rows of a table may take together.
const LIMIT: Duration = Duration::from_secs(60);

/// How many records each row has.
pub const RECORDS: u32 = 200;

const WRITTEN: &str = "kafka_connect_source_task_source_record_write_total";

/// Source or sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its good parts send [`RECORDS`] records.
    Source,
    /// Its good parts read the topic `records`, which has as many.
    Sink,
}

/// What becomes of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its task fails, and these words are in the trace.
    Fails(&'static str),
    /// The connector itself fails, and these words are in the trace.
    Breaks(&'static str),
    /// It is not created: status and words of the answer.
    Refused(u16, &'static str),
    /// It runs, and all records pass.
    Works,
    /// It runs, records pass, and these words are in a line of the log that names it.
    Warns(&'static str),
    /// It runs, and nothing passes.
    Waits,
    /// The connector runs without tasks, as it is asked for them again later; these words are in a line of the log that
    /// names it.
    AskedAgain(&'static str),
}

/// A row: the faulty plugin, its kind, settings as `key=value` with blanks between, and the outcome.
pub type Row = (&'static str, Kind, &'static str, Outcome);

/// The connector's name in a row.
pub fn name(row: &Row) -> String {
    let (plugin, kind, settings, _) = row;
    let words = settings.split(' ').filter_map(|setting| setting.split_once('=')).map(|(_, value)| value);
    let words: Vec<&str> = words.collect();
    format!("{plugin}-{}-{kind:?}", words.join("-"))
}

fn config(row: &Row) -> Props {
    let name = name(row);
    let config = match row.1 {
        Kind::Source => faulty_source(&name, row.0, "records-of-sources").with("records", RECORDS),
        Kind::Sink => faulty_sink(&name, row.0, "records"),
    };
    let settings = row.2.split(' ').filter_map(|setting| setting.split_once('='));
    settings.fold(config, |config, (key, value)| config.with(key, value))
}

/// A worker with these faulty plugins, to be started by [`start`].
pub fn spec<'a>(plugins: impl IntoIterator<Item = &'a str>) -> WorkerSpec {
    let names: BTreeSet<&str> = plugins.into_iter().chain(["numbers"]).collect();
    let spec = WorkerSpec::with_dev_broker().plugins(names.into_iter().map(faulty::plugin));
    spec.set("offset.flush.interval.ms", 200).set("task.shutdown.graceful.timeout.ms", 2000)
}

/// Starts the worker with [`RECORDS`] records in its topic `records`, and a healthy flow into its file `out`.
///
/// # Panics
/// When it does not come that far.
pub fn start(spec: WorkerSpec) -> Worker {
    let feed = faulty_source("feed", "numbers", "records").with("records", RECORDS).with("batch", 100);
    let (out, healthy) = (spec.dir().join("out"), faulty_source("healthy", "numbers", "healthy"));
    let sink = faulty_sink("healthy-sink", "numbers", "healthy").with("file", out.display());
    let worker = spec.connector(feed).connector(healthy).connector(sink).start();
    let fed = || worker.metric(WRITTEN, &["connector=\"feed\""]) == Some(RECORDS.into());
    wait_for("the records for sinks", LIMIT, fed);
    worker
}

/// Asserts that the healthy flow goes on, and that the worker ends as it should.
///
/// # Panics
/// When it does not.
pub fn assert_well(mut worker: Worker) {
    let out = worker.dir().join("out");
    let lines = || std::fs::read_to_string(&out).map_or(0, |text| text.lines().count());
    let before = lines();
    wait_for("the neighbours' flow", LIMIT, || lines() > before + 1000);
    assert_eq!(worker.terminate().code(), Some(0));
    let log = worker.process().log();
    assert!(!log.contains("a bug of the worker"), "{log}");
}

/// Creates all connectors of the table in one worker and waits for their outcomes, and that all is well then.
///
/// # Panics
/// Naming every row that ended otherwise.
pub fn check(table: &[Row]) {
    let mut worker = start(spec(table.iter().map(|row| row.0)));
    let mut wrong = Vec::new();
    let mut created = Vec::new();
    for row in table {
        let answer = worker.create(&name(row), &config(row));
        match row.3 {
            Outcome::Refused(status, words) if answer.status == status && answer.body.contains(words) => {}
            Outcome::Refused(..) => wrong.push(format!("{row:?}: {} {}", answer.status, answer.body)),
            _ if answer.status == 201 => created.push(row),
            _ => wrong.push(format!("{row:?}: {} {}", answer.status, answer.body)),
        }
    }
    let end = Instant::now() + LIMIT;
    let mut open = created;
    let mut last = Vec::new();
    while !open.is_empty() && Instant::now() < end {
        last.clear();
        open.retain(|row| {
            look(&mut worker, row).map_err(|seen| last.push(format!("{row:?}: {seen}"))).is_err()
        });
        crate::let_run(Duration::from_millis(50));
    }
    if !open.is_empty() {
        wrong.append(&mut last);
    }
    assert!(wrong.is_empty(), "{} of {} rows went wrong:\n{}", wrong.len(), table.len(), wrong.join("\n"));
    assert_well(worker);
}

/// Whether a row has its outcome by now, or what is there instead.
fn look(worker: &mut Worker, row: &Row) -> Result<(), String> {
    let name = name(row);
    let status = worker.status(&name);
    let (connector, task) = (&status["connector"], &status["tasks"][0]);
    let failed = |part: &Value, words: &str| {
        part["state"] == "FAILED" && part["trace"].as_str().is_some_and(|trace| trace.contains(words))
    };
    let runs = connector["state"] == "RUNNING" && task["state"] == "RUNNING";
    let passed = passed(worker, row, &name);
    let good = match row.3 {
        Outcome::Fails(words) => failed(task, words),
        Outcome::Breaks(words) => failed(connector, words),
        Outcome::Works => runs && passed >= f64::from(RECORDS),
        Outcome::Warns(words) => runs && passed >= f64::from(RECORDS) && told(worker, &name, words),
        Outcome::AskedAgain(words) => {
            let without_tasks = connector["state"] == "RUNNING" && task.is_null();
            without_tasks && told(worker, &name, words)
        }
        Outcome::Waits => runs && passed == 0.0,
        Outcome::Refused(..) => false,
    };
    if good { Ok(()) } else { Err(format!("{passed} records passed, status {status}")) }
}

/// Whether a line of the log has these words and names the connector.
fn told(worker: &mut Worker, name: &str, words: &str) -> bool {
    worker.process().log().lines().any(|line| line.contains(words) && line.contains(name))
}

/// How many records have passed the task so far.
fn passed(worker: &Worker, row: &Row, name: &str) -> f64 {
    let metric = match row.1 {
        Kind::Source => WRITTEN,
        Kind::Sink => "kafka_connect_sink_task_sink_record_send_total",
    };
    worker.metric(metric, &[&format!("connector=\"{name}\"")]).unwrap_or(0.0)
}
