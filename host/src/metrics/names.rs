//! What series are called under other rules for the JMX exporter than Strimzi's.
//!
//! The page is filled under Strimzi's names. Series that Kafka Connect has not are called the same everywhere.

use std::borrow::Cow;

use super::page::Labels;
use crate::settings::worker::MetricNames;

/// A name and labels.
pub(super) type Named<'a> = (Cow<'a, str>, Vec<(&'static str, &'a str)>);

/// The groups of a task's attributes, by the beginning of Strimzi's names.
const TASK_GROUPS: [&str; 4] = ["connector_task_", "source_task_", "sink_task_", "task_error_"];
/// Attributes of a connector that are text.
const TEXTS: [&str; 4] = ["status", "connector_class", "connector_type", "connector_version"];
/// What is on the page beside Kafka Connect's own metrics.
const OURS: [&str; 5] = [
    "worker_plugins_left_out",
    "connector_task_last_progress_age_seconds",
    "connector_task_converted_records_total",
    "_seconds",
    "plugins_",
];

/// What the series that Strimzi calls `name` is called by these rules; `None` where they leave it out.
pub(super) fn rename<'a>(names: MetricNames, name: &'a str, labels: &Labels<'a>) -> Option<Named<'a>> {
    let same = || Some((Cow::Borrowed(name), labels.to_vec()));
    let Some(rest) = name.strip_prefix("kafka_connect_") else {
        return Some(client(names, name, labels));
    };
    match names {
        MetricNames::Strimzi => same(),
        MetricNames::JmxExporter => jmx_exporter(name, rest, labels),
        MetricNames::Confluent if is_ours(rest) => same(),
        MetricNames::Confluent => confluent(rest, labels),
    }
}

/// The groups of clients, by the beginning of Strimzi's names; the more special first.
const CLIENT_GROUPS: [(&str, &str, &str); 4] = [
    ("kafka_producer_topic_", "kafka_producer_producer_topic_metrics_", "producer"),
    ("kafka_producer_", "kafka_producer_producer_metrics_", "producer"),
    ("kafka_consumer_fetch_manager_", "kafka_consumer_consumer_fetch_manager_metrics_", "consumer"),
    ("kafka_consumer_", "kafka_consumer_consumer_metrics_", "consumer"),
];

/// The series of Kafka clients.
fn client<'a>(names: MetricNames, name: &'a str, labels: &Labels<'a>) -> Named<'a> {
    let key = match names {
        MetricNames::Strimzi => "clientid",
        MetricNames::JmxExporter => "clientId",
        MetricNames::Confluent => "client_id",
    };
    let mut labels: Vec<(&'static str, &'a str)> = labels.to_vec();
    for label in labels.iter_mut().filter(|label| label.0 == "clientid") {
        label.0 = key;
    }
    let group = CLIENT_GROUPS.iter().find_map(|group| Some((name.strip_prefix(group.0)?, group)));
    match group {
        Some((attribute, (_, whole, kind))) if names == MetricNames::Confluent => {
            labels.insert(0, ("client_type", *kind));
            (format!("{whole}{attribute}").into(), labels)
        }
        _ => (name.into(), labels),
    }
}

fn is_ours(rest: &str) -> bool {
    let start = rest == "start_time_seconds";
    !start && OURS.iter().any(|ours| rest.starts_with(ours) || rest.ends_with(ours))
}

/// The exporter's own example: labels keep Java's case, and `connector_status` tells the states of tasks.
fn jmx_exporter<'a>(name: &'a str, rest: &str, labels: &Labels<'a>) -> Option<Named<'a>> {
    let name = match rest {
        "connector_task_status" => "kafka_connect_connector_status",
        _ if is_text(rest) => return None,
        _ => name,
    };
    let label =
        |&(key, value): &(&'static str, &'a str)| (if key == "clientid" { "clientId" } else { key }, value);
    Some((Cow::Borrowed(name), labels.iter().map(label).collect()))
}

fn is_text(rest: &str) -> bool {
    rest.strip_prefix("connector_").is_some_and(|attribute| TEXTS.contains(&attribute))
}

/// Confluent's monitoring stacks: the whole name of the group; texts only where a series tells nothing else.
fn confluent<'a>(rest: &'a str, labels: &Labels<'a>) -> Option<Named<'a>> {
    if rest == "connector_task_status" {
        return None;
    }
    let mut labels: Vec<(&'static str, &'a str)> = labels.to_vec();
    for (key, _) in &mut labels {
        *key = if *key == "clientid" { "client_id" } else { *key };
    }
    let name = if is_text(rest) {
        "kafka_connect_connector_metrics".into()
    } else if let Some(group) = TASK_GROUPS.iter().find(|group| rest.starts_with(**group)) {
        format!("kafka_connect_{group}metrics_{}", rest.trim_start_matches(group))
    } else if let Some(attribute) = rest.strip_prefix("worker_") {
        if labels.iter().all(|(key, _)| *key != "connector") {
            labels.push(("connector", "aggregate"));
        }
        format!("kafka_connect_connect_worker_metrics_{attribute}")
    } else {
        // The version and the start are labels of one series, whose value is 1: the start has no place there.
        let told = ["version_info", "commit_id_info"].contains(&rest);
        return told.then(|| ("kafka_connect_app_info".into(), labels));
    };
    Some((name.into(), labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strimzi's name and labels, and what each rule file makes of them.
    #[test]
    fn names_are_those_of_the_rule_files() {
        let of = |names, name, labels: &Labels<'_>| match rename(names, name, labels) {
            None => "-".to_owned(),
            Some((name, labels)) => format!(
                "{name}{:?}",
                labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
            ),
        };
        let task = [("connector", "c"), ("task", "0")];
        let status = [("connector", "c"), ("task", "0"), ("status", "running")];
        let connector = [("connector", "c")];
        let class = [("connector", "c"), ("connector_class", "C")];
        let client = [("clientid", "i"), ("version", "1")];
        let table: [(&str, &Labels<'_>, &str, &str); 8] = [
            (
                "kafka_connect_source_task_source_record_poll_total",
                &task,
                r#"kafka_connect_source_task_source_record_poll_total["connector=c", "task=0"]"#,
                r#"kafka_connect_source_task_metrics_source_record_poll_total["connector=c", "task=0"]"#,
            ),
            (
                "kafka_connect_connector_task_status",
                &status,
                r#"kafka_connect_connector_status["connector=c", "task=0", "status=running"]"#,
                "-",
            ),
            (
                "kafka_connect_connector_connector_class",
                &class,
                "-",
                r#"kafka_connect_connector_metrics["connector=c", "connector_class=C"]"#,
            ),
            (
                "kafka_connect_worker_connector_running_task_count",
                &connector,
                r#"kafka_connect_worker_connector_running_task_count["connector=c"]"#,
                r#"kafka_connect_connect_worker_metrics_connector_running_task_count["connector=c"]"#,
            ),
            (
                "kafka_connect_worker_task_count",
                &[],
                "kafka_connect_worker_task_count[]",
                r#"kafka_connect_connect_worker_metrics_task_count["connector=aggregate"]"#,
            ),
            (
                "kafka_connect_version_info",
                &client,
                r#"kafka_connect_version_info["clientId=i", "version=1"]"#,
                r#"kafka_connect_app_info["client_id=i", "version=1"]"#,
            ),
            ("kafka_connect_start_time_seconds", &[], "kafka_connect_start_time_seconds[]", "-"),
            (
                "kafka_connect_sink_task_put_seconds",
                &task,
                r#"kafka_connect_sink_task_put_seconds["connector=c", "task=0"]"#,
                r#"kafka_connect_sink_task_put_seconds["connector=c", "task=0"]"#,
            ),
        ];
        for (name, labels, example, stacks) in table {
            assert_eq!(of(MetricNames::JmxExporter, name, labels), example);
            assert_eq!(of(MetricNames::Confluent, name, labels), stacks);
            assert!(of(MetricNames::Strimzi, name, labels).starts_with(name));
        }
    }
}
