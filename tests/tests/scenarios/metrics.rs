//! /metrics of a real worker: text that Prometheus reads, counts that are those of the records moved, and the age of
//! each task's last progress.

use crate::MINUTE;
use connect_tests::configs::{faulty_sink, faulty_source};
use connect_tests::{With, Worker, WorkerSpec, faulty, let_run, wait_for};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

/// Labels by name.
type Labels = BTreeMap<String, String>;

/// A page as Prometheus reads it: each family's type, and each series' value.
#[derive(Debug, Default)]
pub(crate) struct Page {
    types: BTreeMap<String, String>,
    helps: BTreeSet<String>,
    series: BTreeMap<(String, Labels), f64>,
}

fn name_ok(name: &str, colon: bool) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colon && c == ':');
    !name.is_empty() && name.chars().all(good) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// The labels between braces, and what follows them.
fn labels(mut text: &str) -> Option<(Labels, &str)> {
    let mut found = Labels::new();
    loop {
        if let Some(rest) = text.strip_prefix('}') {
            return Some((found, rest));
        }
        let (name, rest) = text.split_once("=\"")?;
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    c @ ('\\' | '"') => value.push(c),
                    _ => return None,
                },
                (_, c) => value.push(c),
            }
        };
        if !name_ok(name, false) || found.insert(name.to_owned(), value).is_some() {
            return None;
        }
        text = &rest[end + 1..];
        text = text.strip_prefix(',').unwrap_or(text);
    }
}

fn series(line: &str) -> Option<((String, Labels), f64)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let value = rest.strip_prefix(' ')?;
    let value = if value == "+Inf" { f64::INFINITY } else { value.parse().ok()? };
    name_ok(name, true).then_some(((name.to_owned(), labels), value))
}

impl Page {
    /// Reads a page, in the order that Prometheus demands: help and type before the series, each once.
    fn read(text: &str) -> Page {
        let mut page = Page::default();
        let mut family = String::new();
        assert!(text.ends_with('\n'), "the last line ends");
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split(' ').next().unwrap_or_default().to_owned();
                assert!(page.helps.insert(family.clone()), "help twice: {line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                assert_eq!(name, family, "{line}");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(page.types.insert(name.to_owned(), kind.to_owned()), None, "type twice: {line}");
            } else if !line.is_empty() {
                let (key, value) = series(line).unwrap_or_else(|| panic!("not a series: {line}"));
                let own = key
                    .0
                    .strip_prefix(&family)
                    .is_some_and(|rest| rest.is_empty() || ["_bucket", "_sum", "_count"].contains(&rest));
                assert!(own, "{line} under {family}");
                assert_eq!(page.series.insert(key, value), None, "twice: {line}");
            }
        }
        page
    }

    pub(crate) fn of(worker: &Worker) -> Page {
        let answer = worker.rest().get("/metrics").expect(200);
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("text/plain"), "{kind}");
        Page::read(&answer.body)
    }

    /// The values of the series with these labels among their own.
    pub(crate) fn values(&self, name: &str, wanted: &[(&str, &str)]) -> Vec<f64> {
        let has = |labels: &Labels| wanted.iter().all(|(k, v)| labels.get(*k).map(String::as_str) == Some(v));
        self.series.iter().filter(|((n, l), _)| n == name && has(l)).map(|(_, value)| *value).collect()
    }

    /// The value of the one series with these labels among its own.
    fn value(&self, name: &str, wanted: &[(&str, &str)]) -> f64 {
        let found = self.values(name, wanted);
        assert_eq!(found.len(), 1, "{name} with {wanted:?}: {found:?}");
        found[0]
    }

    fn task(&self, name: &str, connector: &str) -> f64 {
        self.value(name, &[("connector", connector), ("task", "0")])
    }
}

#[test]
fn the_counts_are_those_of_the_records_moved() {
    let count = 3000;
    let spec = WorkerSpec::with_dev_broker().plugins([faulty::plugin("numbers")]);
    let out = spec.dir().join("out");
    let source = faulty_source("source", "numbers", "t").with("records", count).with("interval.ms", 1);
    let sink = faulty_sink("sink", "numbers", "t").with("file", out.display());
    let mut worker = spec.connector(source).connector(sink).set("offset.flush.interval.ms", 200).start();
    wait_for("all records", MINUTE, || {
        fs::read_to_string(&out).is_ok_and(|text| text.lines().count() == count)
    });
    // Commits come after that, and the page is a moment behind them.
    let commits = "kafka_connect_sink_task_sink_record_active_count";
    wait_for("the commit", MINUTE, || worker.metric(commits, &["\"sink\""]) == Some(0.0));
    let page = Page::of(&worker);
    let all = count as f64;
    for (name, connector) in [
        ("kafka_connect_source_task_source_record_poll_total", "source"),
        ("kafka_connect_source_task_source_record_write_total", "source"),
        ("kafka_connect_sink_task_sink_record_read_total", "sink"),
        ("kafka_connect_sink_task_sink_record_send_total", "sink"),
        ("kafka_connect_connector_task_converted_records_total", "source"),
        ("kafka_connect_connector_task_converted_records_total", "sink"),
    ] {
        assert_eq!(page.task(name, connector), all, "{name} of {connector}");
        assert_eq!(page.types[name], "counter");
    }
    assert_eq!(page.task("kafka_connect_source_task_source_record_active_count", "source"), 0.0);
    assert!(page.task("kafka_connect_sink_task_offset_commit_completion_total", "sink") > 0.0);
    assert_eq!(page.task("kafka_connect_connector_task_offset_commit_failure_percentage", "sink"), 0.0);
    assert_eq!(page.value("kafka_connect_worker_connector_count", &[]), 2.0);
    assert_eq!(page.value("kafka_connect_worker_task_count", &[]), 2.0);
    assert_eq!(page.value("kafka_connect_worker_task_startup_success_total", &[]), 2.0);
    assert_eq!(page.value("kafka_connect_worker_task_startup_failure_total", &[]), 0.0);
    for connector in ["source", "sink"] {
        let running = [("connector", connector), ("task", "0"), ("status", "running")];
        assert_eq!(page.value("kafka_connect_connector_task_status", &running), 1.0);
        assert_eq!(page.value("kafka_connect_connector_status", &[("connector", connector)]), 1.0);
    }
    check_histograms(&page);
    assert!(worker.terminate().success());
}

/// Those of the issue are there, their buckets grow, and the last one is the count.
fn check_histograms(page: &Page) {
    for (name, connector) in [
        ("kafka_connect_source_task_poll_seconds", "source"),
        ("kafka_connect_source_task_end_to_end_latency_seconds", "source"),
        ("kafka_connect_connector_task_convert_seconds", "source"),
        ("kafka_connect_sink_task_put_seconds", "sink"),
        ("kafka_connect_sink_task_end_to_end_latency_seconds", "sink"),
        ("kafka_connect_connector_task_convert_seconds", "sink"),
    ] {
        assert_eq!(page.types[name], "histogram");
        let bucket = format!("{name}_bucket");
        let of = |labels: &Labels| labels.get("connector").map(String::as_str) == Some(connector);
        let mut buckets: Vec<(f64, f64)> = page
            .series
            .iter()
            .filter(|((name, labels), _)| *name == bucket && of(labels))
            .map(|((_, labels), value)| (labels["le"].parse().unwrap_or(f64::INFINITY), *value))
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.len() > 3 && buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{buckets:?}");
        let (last, all) = (buckets[buckets.len() - 1], page.task(&format!("{name}_count"), connector));
        assert_eq!(last, (f64::INFINITY, all), "{name}");
        assert!(all > 0.0 && page.task(&format!("{name}_sum"), connector) > 0.0, "{name} of {connector}");
    }
}

const AGE: &str = "kafka_connect_connector_task_last_progress_age_seconds";

#[test]
fn the_age_of_the_last_progress_tells_a_hanging_task_from_a_flowing_one() {
    let spec = WorkerSpec::with_dev_broker().plugins(["numbers", "hang"].map(faulty::plugin));
    let spec = spec.set("task.shutdown.graceful.timeout.ms", 500);
    let flowing = faulty_source("flowing", "numbers", "t");
    let hanging = faulty_source("hanging", "hang", "t").with("fault", "poll").with("after", 3);
    let worker = spec.connector(flowing).connector(hanging).start();
    worker.wait_state("flowing", "RUNNING", 1);
    wait_for("the hanging task to grow old", MINUTE, || {
        worker.metric(AGE, &["connector=\"hanging\""]) > Some(3.0)
    });
    let page = Page::of(&worker);
    let (flowing, hanging) = (page.task(AGE, "flowing"), page.task(AGE, "hanging"));
    assert!(flowing < 1.0 && hanging > 3.0, "{flowing} and {hanging}");
    let status = worker.status("hanging");
    assert_eq!(status["tasks"][0]["state"], "RUNNING", "which is why the age is told: {status}");
}

#[test]
fn nothing_outlives_what_it_tells_about_and_plugins_add_their_own() {
    let spec = WorkerSpec::with_dev_broker().plugins(["storm", "errors"].map(faulty::plugin));
    let worker = spec.start();
    let name = "odd \"name\" with ü";
    let storm = faulty_source(name, "storm", "t").with("fault", "metrics").with("storm.ms", 500);
    worker.create(name, &storm).expect(201);
    let dropped = faulty_source("failing", "errors", "t").with("fault", "poll");
    worker.create("failing", &dropped).expect(201);
    let metric = "kafka_connect_plugins_storm";
    wait_for("the plugin's metric", MINUTE, || {
        let page = Page::of(&worker);
        page.series.iter().any(|((n, l), v)| n == metric && l["connector"] == name && *v > 0.0)
    });
    worker.wait_task_failed("failing", 0);
    wait_for("the failure on the page", MINUTE, || {
        let page = Page::of(&worker);
        let failed = |labels: &Labels| {
            labels.get("connector").map(String::as_str) == Some("failing")
                && labels.get("status").map(String::as_str) == Some("failed")
        };
        page.series.keys().any(|(n, labels)| n == "kafka_connect_connector_task_status" && failed(labels))
    });
    for path in ["/connectors/odd%20%22name%22%20with%20%C3%BC", "/connectors/failing"] {
        worker.rest().delete(path).expect(204);
    }
    wait_for("the page to be without them", MINUTE, || {
        let page = Page::of(&worker);
        page.series.keys().all(|(_, labels)| !labels.contains_key("connector"))
    });
    let_run(Duration::from_millis(300));
    let page = Page::of(&worker);
    assert!(page.series.keys().all(|(_, labels)| !labels.contains_key("connector")), "{:?}", page.series);
    assert!(page.series.keys().any(|(name, _)| name == "kafka_connect_version_info"));
}
