//! Pages as a scraper reads them.

use std::time::Duration;

use super::*;

mod names;
mod parser;

use parser::{Parsed, parse};

const MS: Duration = Duration::from_millis(1);

fn worker() -> Arc<Metrics> {
    Metrics::new(WorkerInfo { version: "0.1.0".to_owned(), ..WorkerInfo::default() })
}

fn connector(name: &str, kind: Kind, states: &[&'static str]) -> ConnectorSnapshot {
    let tasks = states
        .iter()
        .zip(0..)
        .map(|(state, task)| TaskSnapshot { task, state, restarts: RestartSnapshot::default() })
        .collect();
    ConnectorSnapshot {
        name: name.to_owned(),
        class: "FileStreamSource".to_owned(),
        kind,
        version: "1.2".to_owned(),
        state: "RUNNING",
        restarts: RestartSnapshot { attempts: 3, pending: true },
        tasks,
    }
}

fn series(name: &str, task: Option<u32>, counter: bool, value: f64) -> PluginSeries {
    let (connector, help) = ("c".to_owned(), "Help with \\ and\nline".to_owned());
    PluginSeries { connector, task, name: name.to_owned(), help, counter, value }
}

fn page(metrics: &Metrics) -> Parsed {
    parse(&metrics.render(&Snapshot::default()))
}

#[test]
fn states_are_told_once_in_lower_case_and_counted() {
    let states = ["RUNNING", "FAILED", "RUNNING", "PAUSED"];
    let connectors = vec![connector("c", Kind::Source, &states), connector("idle", Kind::Sink, &[])];
    let parsed = parse(&worker().render(&Snapshot { connectors, plugin_metrics: Vec::new() }));
    let status = |task| [("connector", "c"), ("task", task), ("status", "failed")];
    let name = "kafka_connect_connector_task_status";
    assert_eq!((parsed.get(name, &status("1")), parsed.get(name, &status("0"))), (Some(1.0), None));
    let running = [("connector", "c"), ("status", "running")];
    assert_eq!(parsed.get("kafka_connect_connector_status", &running), Some(1.0));
    let count = |what: &str, connector| {
        parsed.get(&format!("kafka_connect_worker_connector_{what}_task_count"), &[("connector", connector)])
    };
    let all = ["total", "running", "failed", "paused", "unassigned"].map(|what| count(what, "c").unwrap());
    assert_eq!(all, [4.0, 2.0, 1.0, 1.0, 0.0]);
    assert_eq!(count("total", "idle"), None, "a connector without tasks here has none of these");
    assert_eq!(parsed.get("kafka_connect_worker_connector_count", &[]), Some(2.0));
    assert_eq!(parsed.get("kafka_connect_worker_task_count", &[]), Some(4.0));
}

#[test]
fn a_task_is_gone_with_its_last_holder_and_starts_again_from_zero() {
    let metrics = worker();
    let name = "kafka_connect_source_task_source_record_poll_total";
    let labels = [("connector", "c"), ("task", "2")];
    let first = metrics.task("c", 2, Kind::Source);
    first.polled(7, MS);
    let clone = first.clone();
    drop(first);
    assert_eq!(page(&metrics).get(name, &labels), Some(7.0));
    let second = metrics.task("c", 2, Kind::Source);
    clone.polled(1, MS);
    assert_eq!(
        page(&metrics).get(name, &labels),
        Some(0.0),
        "the new one counts, though the old one lingers"
    );
    drop(second);
    assert!(page(&metrics).label("connector").is_empty());
    drop(clone);
    metrics.task("other", 0, Kind::Sink);
    assert_eq!(lock(&metrics.tasks).len(), 1, "what is gone takes no memory");
}

#[test]
fn counters_only_grow() {
    let metrics = worker();
    let tasks = [metrics.task("a", 0, Kind::Source), metrics.task("b", 0, Kind::Sink)];
    let mut before = page(&metrics);
    for step in 0..20_u64 {
        metrics.task_startup(step % 3 == 0);
        for task in &tasks {
            task.polled(step % 4, MS);
            task.read(step);
            task.written(step % 2);
            task.put(step, MS * u32::try_from(step).unwrap());
            task.converted(step, MS);
            task.in_flight(20 - step);
            task.latency(MS * 400);
            task.offset_commit(step % 2 == 0, MS);
            task.offset_commit_skipped();
        }
        let after = page(&metrics);
        for (series, value) in &before.values {
            let family =
                ["_bucket", "_count", "_sum"].iter().find_map(|suffix| series.0.strip_suffix(suffix));
            let family = family.filter(|family| after.types.contains_key(*family)).unwrap_or(&series.0);
            if after.types[family] != "gauge" {
                assert!(after.values[series] >= *value, "{series:?}");
            }
        }
        before = after;
    }
    assert_eq!(before.get("kafka_connect_worker_task_startup_attempts_total", &[]), Some(20.0));
    assert_eq!(before.get("kafka_connect_worker_task_startup_success_percentage", &[]), Some(0.35));
}

#[test]
fn labels_come_back_as_they_were() {
    let names = [
        "plain",
        "a\"b",
        "a\\b",
        "a\\\\b",
        "a\\\"b",
        "a\nb",
        "a\\nb",
        "\\",
        "ende\\",
        "ümläut 💡",
        "a=\"b\",c{}",
    ];
    let metrics = worker();
    let held: Vec<_> = names.iter().map(|name| metrics.task(name, 0, Kind::Sink)).collect();
    let connectors = names.iter().map(|name| connector(name, Kind::Sink, &["RUNNING"])).collect();
    let parsed = parse(&metrics.render(&Snapshot { connectors, plugin_metrics: Vec::new() }));
    assert_eq!(parsed.label("connector"), names.into_iter().collect());
    drop(held);
}

#[test]
fn without_samples_statistics_are_not_zero_but_unknown() {
    let metrics = worker();
    let task = metrics.task("c", 0, Kind::Sink);
    let get = |name: &str| {
        page(&metrics).get(&format!("kafka_connect_{name}"), &[("connector", "c"), ("task", "0")]).unwrap()
    };
    assert!(get("sink_task_put_batch_max_time_ms").is_nan() && get("connector_task_batch_size_avg").is_nan());
    assert_eq!(get("sink_task_sink_record_read_rate"), 0.0);
    task.put(30, 8 * MS);
    task.put(0, 4 * MS);
    assert_eq!(get("sink_task_put_batch_max_time_ms"), 8.0);
    assert_eq!((get("connector_task_batch_size_max"), get("connector_task_batch_size_avg")), (30.0, 15.0));
    assert!((0.9..=1.0).contains(&get("sink_task_sink_record_send_rate")));
    let bucket = |bound| {
        let labels = [("connector", "c"), ("task", "0"), ("le", bound)];
        page(&metrics).get("kafka_connect_sink_task_put_seconds_bucket", &labels)
    };
    assert_eq!([bucket("0.001"), bucket("0.005"), bucket("+Inf")], [Some(0.0), Some(1.0), Some(2.0)]);
}

#[test]
fn what_plugins_measure_has_their_names_after_a_prefix() {
    let plugin_metrics = vec![
        series("busy_seconds_total", Some(1), true, 1.5),
        series("depth", None, false, -3.0),
        series("odd", Some(0), true, 1.0),
        series("odd", Some(1), false, 2.0),
        series("depth", None, false, -4.0),
    ];
    let parsed = parse(&worker().render(&Snapshot { connectors: Vec::new(), plugin_metrics }));
    let busy = "kafka_connect_plugins_busy_seconds_total";
    assert_eq!(parsed.get(busy, &[("connector", "c"), ("task", "1")]), Some(1.5));
    assert_eq!(parsed.types[busy], "counter");
    assert_eq!(parsed.get("kafka_connect_plugins_depth", &[("connector", "c")]), Some(-4.0));
    assert_eq!(parsed.types["kafka_connect_plugins_odd"], "gauge", "two plugins disagree");
}

#[test]
fn the_age_of_the_last_progress_grows_until_there_is_some() {
    let mut tally = tally::Tally::new(Kind::Source, 1_000);
    let age = |tally: &tally::Tally, now| {
        let mut page = Page::default();
        families::task(&mut page, "c", 0, tally, now);
        let labels = [("connector", "c"), ("task", "0")];
        parse(&page.text()).get("kafka_connect_connector_task_last_progress_age_seconds", &labels)
    };
    tally.in_flight(1_200, 5);
    assert_eq!(age(&tally, 1_500), Some(0.5));
    tally.written(2_000, 5);
    assert_eq!(age(&tally, 2_040), Some(0.04));
}

#[test]
fn the_worker_tells_its_version() {
    let info = WorkerInfo {
        version: "0.1.0".to_owned(),
        commit: "c0ffee".to_owned(),
        client_id: "me".to_owned(),
        ..WorkerInfo::default()
    };
    let parsed = page(&Metrics::new(info));
    let labels = [("clientid", "me"), ("version", "0.1.0")];
    assert_eq!(parsed.get("kafka_connect_version_info", &labels), Some(1.0));
    let labels = [("clientid", "me"), ("commit_id", "c0ffee")];
    assert_eq!(parsed.get("kafka_connect_commit_id_info", &labels), Some(1.0));
    assert!(parsed.get("kafka_connect_start_time_seconds", &[("clientid", "me")]).unwrap() > 1.6e9);
}

#[test]
fn the_counts_of_a_task_are_small() {
    assert!(size_of::<TaskMetrics>() <= 2048, "{}", size_of::<TaskMetrics>());
}
