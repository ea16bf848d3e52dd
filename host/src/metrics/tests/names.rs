//! Every name of every rule file is there and alive; the document and the dashboard know the page.

use std::collections::BTreeSet;

use super::*;
use crate::settings::worker::MetricNames;

/// A page on which everything has happened at least once.
fn full(names: MetricNames) -> Parsed {
    let info = WorkerInfo {
        version: "0.1.0".to_owned(),
        commit: "c0ffee".to_owned(),
        client_id: "me".to_owned(),
        names,
    };
    let metrics = Metrics::new(info);
    metrics.plugins_left_out(2);
    for ok in [true, false] {
        metrics.connector_startup(ok);
        metrics.task_startup(ok);
    }
    let tasks = [metrics.task("a", 0, Kind::Source), metrics.task("b", 0, Kind::Sink)];
    std::thread::sleep(20 * MS);
    for task in &tasks {
        live(task);
    }
    let states = ["RUNNING", "PAUSED", "FAILED", "UNASSIGNED", "DESTROYED", "RESTARTING"];
    let connectors = vec![connector("a", Kind::Source, &states), connector("b", Kind::Sink, &states)];
    parse(&metrics.render(&Snapshot { connectors, plugin_metrics: Vec::new() }))
}

/// A life with all its pleasures and troubles.
fn live(task: &TaskMetrics) {
    task.state(TaskState::Paused);
    std::thread::sleep(20 * MS);
    task.state(TaskState::Running);
    task.polled(5, 2 * MS);
    task.read(5);
    task.converted(5, MS);
    task.in_flight(3);
    task.written(2);
    task.put(2, 3 * MS);
    task.latency(4 * MS);
    task.partitions(1);
    task.offset_commit(true, 6 * MS);
    task.offset_commit(false, 7 * MS);
    task.offset_commit_skipped();
    task.errors(ErrorCount {
        failures: 1,
        errors: 2,
        skipped: 3,
        retries: 4,
        logged: 5,
        dead_letters: 6,
        dead_letter_failures: 7,
    });
    task.client(ClientCounts {
        client_id: "client".to_owned(),
        requests: 1,
        bytes_out: 2,
        responses: 3,
        bytes_in: 4,
        connections: 5,
        request_latency_ms: Some(6.0),
        topics: vec![TopicCounts {
            topic: "t".to_owned(),
            records: 7,
            bytes: 8,
            batch_bytes: Some(9.0),
            lags: vec![(0, 10), (1, 11)],
        }],
    });
    std::thread::sleep(2 * MS);
}

fn listed(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

/// The name has a series, and each of them a value that is neither unknown nor none.
fn check_live(parsed: &Parsed, name: &str) {
    let values: Vec<f64> =
        parsed.values.iter().filter(|((known, _), _)| known == name).map(|(_, value)| *value).collect();
    assert!(!values.is_empty(), "{name} is not there");
    assert!(values.iter().all(|value| *value != 0.0 && !value.is_nan()), "{name} is not alive: {values:?}");
}

#[test]
fn every_series_of_strimzi_that_has_a_meaning_is_there() {
    let parsed = full(MetricNames::Strimzi);
    for line in listed(include_str!("strimzi.txt")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert_eq!(parsed.types.get(name).map(String::as_str), Some(kind), "{name}");
        check_live(&parsed, name);
    }
}

#[test]
fn every_series_of_the_other_rules_that_has_a_meaning_is_there() {
    for (names, list) in [
        (MetricNames::JmxExporter, include_str!("jmx_exporter.txt")),
        (MetricNames::Confluent, include_str!("confluent.txt")),
    ] {
        let parsed = full(names);
        listed(list).for_each(|name| check_live(&parsed, name));
    }
    let parsed = full(MetricNames::JmxExporter);
    let task = [("connector", "a"), ("task", "2"), ("status", "failed")];
    assert_eq!(parsed.get("kafka_connect_connector_status", &task), Some(1.0));
    assert!(!parsed.label("clientId").is_empty() && parsed.label("clientid").is_empty());
    let parsed = full(MetricNames::Confluent);
    let worker = "kafka_connect_connect_worker_metrics_task_count";
    assert_eq!(parsed.get(worker, &[("connector", "aggregate")]), Some(12.0));
    let class = [("connector", "a"), ("connector_class", "FileStreamSource")];
    assert_eq!(parsed.get("kafka_connect_connector_metrics", &class), Some(1.0));
    let client = [("client_type", "consumer"), ("client_id", "client")];
    assert_eq!(parsed.get("kafka_consumer_consumer_metrics_incoming_byte_total", &client), Some(4.0));
}

/// Rows of the document, as the page would have them.
fn rows(parsed: &Parsed) -> BTreeSet<String> {
    let row = |(name, kind): (&String, &String)| {
        let own = |series: &str| match kind.as_str() {
            "histogram" => series.strip_suffix("_bucket") == Some(name.as_str()),
            _ => series == name,
        };
        let all =
            parsed.values.keys().filter(|(series, _)| own(series)).flat_map(|(_, labels)| labels.keys());
        let labels: BTreeSet<String> = all.map(|label| format!("`{label}`")).collect();
        let labels: Vec<String> = labels.into_iter().collect();
        let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        format!("| `{name}` | {kind} | {labels} | {} |", parsed.helps[name])
    };
    parsed.types.iter().map(row).collect()
}

#[test]
fn the_document_lists_the_page() {
    let document = include_str!("../../../../docs/metrics.md");
    let told: BTreeSet<String> =
        document.lines().filter(|line| line.starts_with("| `kafka_")).map(str::to_owned).collect();
    let there = rows(&full(MetricNames::Strimzi));
    let missing: Vec<&str> = there.difference(&told).map(String::as_str).collect();
    let surplus: Vec<&str> = told.difference(&there).map(String::as_str).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "docs/metrics.md lacks\n{}\nand has in vain\n{}",
        missing.join("\n"),
        surplus.join("\n")
    );
}

#[test]
fn the_dashboard_asks_for_what_is_on_the_page() {
    let text = include_str!("../../../../docs/grafana/connect-host.json");
    let dashboard: serde_json::Value = serde_json::from_str(text).unwrap();
    let parsed = full(MetricNames::Strimzi);
    let (mut asked, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "two panels have the id {}", panel["id"]);
        assert!(!panel["title"].as_str().unwrap().is_empty());
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap();
            let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            asked.extend(query.split(word).filter(|word| word.starts_with("kafka_")).map(str::to_owned));
        }
    }
    for name in &asked {
        assert!(parsed.values.keys().any(|(known, _)| known == name), "nothing on the page is called {name}");
    }
    assert!(asked.len() > 25, "the dashboard shows too little: {asked:?}");
}
