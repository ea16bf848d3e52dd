//! Every family that docs/metrics.md lists, with who drives it and the value that this gives: on one page of one worker
//! where all goes well, in `metrics_causes`, or in the test beside. All but [`NEVER`] are driven to something else than 0.

use crate::metrics::Page;
use crate::{MINUTE, count_lines, metrics_causes};
use connect_tests::configs::{faulty_sink, faulty_source, file_sink, file_source};
use connect_tests::{With, Worker, WorkerSpec, faulty, wait_for, wait_until};
use std::collections::BTreeSet;

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Must {
    Be(f64),
    Exceed(f64),
    /// More than nothing, and no more than this.
    Reach(f64),
}
use Must::{Be, Exceed, Reach};

/// Families of tasks without `kafka_connect_`, the connector, and the value.
pub(crate) type Table = [(&'static str, &'static str, Must)];

/// Records that the source makes.
const ALL: f64 = 300.0;

const TASKS: &Table = &[
    ("connector_connector_class", "sink", Be(1.0)),
    ("connector_connector_type", "sink", Be(1.0)),
    ("connector_connector_version", "sink", Be(1.0)),
    ("connector_status", "sink", Be(1.0)),
    ("connector_task_status", "sink", Be(1.0)),
    ("connector_restart_pending", "sink", Be(0.0)),
    ("connector_task_restart_pending", "failing", Be(0.0)),
    ("connector_task_batch_size_avg", "source", Reach(ALL)),
    ("connector_task_batch_size_max", "source", Reach(ALL)),
    ("connector_task_batch_size_avg", "sink", Reach(ALL)),
    ("connector_task_batch_size_max", "sink", Reach(ALL)),
    ("connector_task_converted_records_total", "source", Be(ALL)),
    ("connector_task_converted_records_total", "sink", Be(ALL)),
    ("connector_task_offset_commit_avg_time_ms", "source", Exceed(0.0)),
    ("connector_task_offset_commit_max_time_ms", "source", Exceed(0.0)),
    ("connector_task_offset_commit_avg_time_ms", "sink", Exceed(0.0)),
    ("connector_task_offset_commit_max_time_ms", "sink", Exceed(0.0)),
    ("connector_task_offset_commit_success_percentage", "source", Be(1.0)),
    ("connector_task_offset_commit_success_percentage", "sink", Be(1.0)),
    ("connector_task_offset_commit_failure_percentage", "sink", Be(0.0)),
    ("connector_task_running_ratio", "source", Reach(1.0)),
    ("connector_task_pause_ratio", "source", Be(0.0)),
    ("connector_task_pause_ratio", "paused", Reach(1.0)),
    ("sink_task_offset_commit_completion_rate", "sink", Exceed(0.0)),
    ("sink_task_offset_commit_completion_total", "sink", Exceed(0.0)),
    ("sink_task_offset_commit_seq_no", "sink", Exceed(0.0)),
    ("sink_task_offset_commit_skip_rate", "sink", Be(0.0)),
    ("sink_task_offset_commit_skip_total", "sink", Be(0.0)),
    ("sink_task_partition_count", "sink", Exceed(0.0)),
    ("sink_task_put_batch_avg_time_ms", "sink", Exceed(0.0)),
    ("sink_task_put_batch_max_time_ms", "sink", Exceed(0.0)),
    ("sink_task_sink_record_active_count", "sink", Be(0.0)),
    ("sink_task_sink_record_active_count_avg", "sink", Reach(ALL)),
    ("sink_task_sink_record_active_count_max", "sink", Reach(ALL)),
    ("sink_task_sink_record_read_rate", "sink", Reach(ALL)),
    ("sink_task_sink_record_read_total", "sink", Be(ALL)),
    ("sink_task_sink_record_send_rate", "sink", Reach(ALL)),
    ("sink_task_sink_record_send_total", "sink", Be(ALL)),
    ("sink_task_sink_record_send_total", "wrong", Be(0.0)),
    ("source_task_poll_batch_avg_time_ms", "source", Exceed(0.0)),
    ("source_task_poll_batch_max_time_ms", "source", Exceed(0.0)),
    ("source_task_source_record_active_count", "source", Be(0.0)),
    ("source_task_source_record_active_count_avg", "source", Reach(ALL)),
    ("source_task_source_record_active_count_max", "source", Reach(ALL)),
    ("source_task_source_record_poll_rate", "source", Reach(ALL)),
    ("source_task_source_record_poll_total", "source", Be(ALL)),
    ("source_task_source_record_write_rate", "source", Reach(ALL)),
    ("source_task_source_record_write_total", "source", Be(ALL)),
    ("task_error_deadletterqueue_produce_failures", "wrong", Be(0.0)),
    ("task_error_deadletterqueue_produce_requests", "wrong", Be(0.0)),
    ("task_error_last_error_timestamp", "wrong", Exceed(1e12)),
    ("task_error_total_errors_logged", "wrong", Be(ALL)),
    ("task_error_total_record_errors", "wrong", Be(ALL)),
    ("task_error_total_record_failures", "wrong", Be(ALL)),
    ("task_error_total_records_skipped", "wrong", Be(ALL)),
    ("task_error_total_retries", "wrong", Be(0.0)),
    ("worker_connector_destroyed_task_count", "source", Be(0.0)),
    ("worker_connector_failed_task_count", "failing", Be(1.0)),
    ("worker_connector_paused_task_count", "paused", Be(1.0)),
    ("worker_connector_restarting_task_count", "source", Be(0.0)),
    ("worker_connector_running_task_count", "source", Be(1.0)),
    ("worker_connector_running_task_count", "failing", Be(0.0)),
    ("worker_connector_total_task_count", "source", Be(1.0)),
    ("worker_connector_unassigned_task_count", "source", Be(0.0)),
];

/// Families of the worker.
const WORKER: &[(&str, Must)] = &[
    ("commit_id_info", Be(1.0)),
    ("version_info", Be(1.0)),
    ("start_time_seconds", Exceed(1e9)),
    ("worker_connector_count", Be(6.0)),
    ("worker_task_count", Be(6.0)),
    ("worker_plugins_left_out", Be(1.0)),
    ("worker_connector_startup_attempts_total", Be(6.0)),
    ("worker_connector_startup_failure_percentage", Be(0.0)),
    ("worker_connector_startup_failure_total", Be(0.0)),
    ("worker_connector_startup_success_percentage", Be(1.0)),
    ("worker_connector_startup_success_total", Be(6.0)),
    ("worker_task_startup_attempts_total", Be(6.0)),
    ("worker_task_startup_failure_percentage", Be(1.0 / 6.0)),
    ("worker_task_startup_failure_total", Be(1.0)),
    ("worker_task_startup_success_percentage", Be(5.0 / 6.0)),
    ("worker_task_startup_success_total", Be(5.0)),
];

/// Families of clients without `kafka_`.
const CLIENTS: &[(&str, Must)] = &[
    ("consumer_connection_count", Exceed(0.0)),
    ("consumer_fetch_manager_bytes_consumed_total", Exceed(ALL)),
    ("consumer_fetch_manager_records_consumed_total", Be(ALL)),
    ("consumer_fetch_manager_records_lag", Be(0.0)),
    ("consumer_fetch_manager_records_lag_max", Be(0.0)),
    ("consumer_incoming_byte_total", Exceed(ALL)),
    ("consumer_outgoing_byte_total", Exceed(0.0)),
    ("consumer_request_latency_avg", Exceed(0.0)),
    ("consumer_request_total", Exceed(0.0)),
    ("consumer_response_total", Exceed(0.0)),
    ("producer_batch_size_avg", Exceed(0.0)),
    ("producer_connection_count", Exceed(0.0)),
    ("producer_incoming_byte_total", Exceed(0.0)),
    ("producer_outgoing_byte_total", Exceed(ALL)),
    ("producer_record_send_total", Be(ALL)),
    ("producer_request_latency_avg", Exceed(0.0)),
    ("producer_request_total", Exceed(0.0)),
    ("producer_response_total", Exceed(0.0)),
    ("producer_topic_byte_total", Exceed(ALL)),
    ("producer_topic_record_send_total", Be(ALL)),
];

/// Families that are 0 whatever happens: this version has what they count not, and tasks that are gone have no series.
const NEVER: &[&str] = &[
    "kafka_connect_task_error_deadletterqueue_produce_failures",
    "kafka_connect_task_error_deadletterqueue_produce_requests",
    "kafka_connect_worker_connector_destroyed_task_count",
];

/// Families that other tests drive, and the text of those tests.
const BESIDE: &[(&str, &str)] = &[
    ("kafka_connect_connector_restart_pending", include_str!("restarts.rs")),
    ("kafka_connect_connector_task_restart_pending", include_str!("restarts.rs")),
    ("kafka_connect_sink_task_offset_commit_skip_rate", include_str!("health.rs")),
    ("kafka_connect_sink_task_offset_commit_skip_total", include_str!("health.rs")),
    ("kafka_connect_connector_restart_attempts_total", include_str!("restarts.rs")),
    ("kafka_connect_connector_task_restart_attempts_total", include_str!("restarts.rs")),
    ("kafka_connect_connector_task_stalled", include_str!("health.rs")),
    ("kafka_connect_connector_task_last_progress_age_seconds", include_str!("metrics.rs")),
    ("kafka_connect_connector_task_convert_seconds", include_str!("metrics.rs")),
    ("kafka_connect_source_task_poll_seconds", include_str!("metrics.rs")),
    ("kafka_connect_source_task_end_to_end_latency_seconds", include_str!("metrics.rs")),
    ("kafka_connect_sink_task_put_seconds", include_str!("metrics.rs")),
    ("kafka_connect_sink_task_end_to_end_latency_seconds", include_str!("metrics.rs")),
];

const FLOWING: &str = "connector-producer-flowing-0";

/// All families in the tables, as the page names them, with what they must be.
fn families() -> impl Iterator<Item = (String, Must)> {
    let of_tasks =
        TASKS.iter().chain(metrics_causes::TASKS).map(|(name, _, must)| ("kafka_connect_", name, must));
    let of_worker =
        WORKER.iter().chain(metrics_causes::WORKER).map(|(name, must)| ("kafka_connect_", name, must));
    let of_clients = CLIENTS.iter().chain(metrics_causes::CLIENTS).map(|(name, must)| ("kafka_", name, must));
    of_tasks.chain(of_worker).chain(of_clients).map(|(prefix, name, must)| (format!("{prefix}{name}"), *must))
}

#[test]
fn every_family_of_the_documents_has_a_test() {
    let page = include_str!("../../../docs/metrics.md");
    let listed: BTreeSet<String> = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `kafka_")?.split('`').next()?.to_owned()))
        .map(|name| format!("kafka_{name}"))
        .collect();
    let beside = || BESIDE.iter().map(|(name, _)| (*name).to_owned());
    let driven: BTreeSet<String> = families().map(|(name, _)| name).chain(beside()).collect();
    assert_eq!(driven, listed);
    for (name, test) in BESIDE {
        assert!(test.contains(name), "{name}");
    }
    let something = |must: &Must| !matches!(must, Be(0.0));
    let alive: BTreeSet<String> =
        families().filter(|(_, must)| something(must)).map(|(name, _)| name).chain(beside()).collect();
    let never: BTreeSet<String> = NEVER.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed.difference(&alive).cloned().collect::<BTreeSet<_>>(), never);
    let told = page.split("\n\n").find(|part| part.starts_with("Always 0 ")).unwrap_or_default();
    assert!(NEVER.iter().all(|name| told.contains(name)), "{told}");
}

/// What is wrong with the value of a series, or that there is not one such series, if something is.
pub(crate) fn check(page: &Page, name: &str, labels: &[(&str, &str)], must: Must) -> Option<String> {
    let values = page.values(name, labels);
    let good = |value: f64| match must {
        Be(wanted) => (value - wanted).abs() < 1e-9,
        Exceed(least) => value > least,
        Reach(most) => value > 0.0 && value <= most,
    };
    let good = matches!(values[..], [value] if good(value));
    (!good).then(|| format!("{name} with {labels:?} is {values:?}, must {must:?}"))
}

/// Waits until all records went where they go, and librdkafka's statistics have said so.
fn settle(worker: &Worker) {
    worker.rest().call("PUT", "/connectors/paused/pause").expect(202);
    worker.wait_task_failed("failing", 0);
    let client = "clientid=\"connector-consumer-sink-0\"";
    for (name, label, wanted) in [
        ("kafka_connect_sink_task_sink_record_active_count", "\"sink\"", 0.0),
        ("kafka_connect_task_error_total_records_skipped", "\"wrong\"", ALL),
        ("kafka_connect_worker_connector_paused_task_count", "\"paused\"", 1.0),
        ("kafka_consumer_fetch_manager_records_consumed_total", client, ALL),
        ("kafka_consumer_fetch_manager_records_lag_max", client, 0.0),
        ("kafka_producer_record_send_total", "clientid=\"connector-producer-source-0\"", ALL),
    ] {
        wait_for(&format!("{name} of {label}"), MINUTE, || worker.metric(name, &[label]) == Some(wanted));
    }
}

#[test]
fn every_family_has_the_value_that_was_driven() {
    let spec =
        WorkerSpec::with_dev_broker().plugins(["numbers", "errors", "wrong_magic"].map(faulty::plugin));
    let (out, input) = (spec.dir().join("out"), spec.dir().join("input"));
    std::fs::write(&input, "one\n").expect("the input");
    let wrong = file_sink("wrong", "t", &spec.dir().join("wrong"))
        .with("value.converter", "org.apache.kafka.connect.json.JsonConverter")
        .with("errors.tolerance", "all")
        .with("errors.log.enable", true);
    let spec = spec
        .connector(faulty_source("source", "numbers", "t").with("records", ALL).with("interval.ms", 1))
        .connector(faulty_sink("sink", "numbers", "t").with("file", out.display()))
        .connector(wrong)
        .connector(file_source("paused", &input, "other"))
        .connector(faulty_source("flowing", "numbers", "flowing"))
        .connector(faulty_source("failing", "errors", "t").with("fault", "start"));
    let mut worker = spec.set("offset.flush.interval.ms", 200).start();
    wait_for("all records", MINUTE, || count_lines(&out) == ALL as usize);
    settle(&worker);
    wait_for("a mean of the flowing producer", MINUTE, || {
        worker.metric("kafka_producer_batch_size_avg", &[FLOWING]) > Some(0.0)
    });
    wait_until("the values of all families", MINUTE, || {
        let wrong = wrong_values(&Page::of(&worker));
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    });
    assert!(worker.terminate().success());
}

fn wrong_values(page: &Page) -> Vec<String> {
    let of_tasks = TASKS.iter().filter_map(|(name, connector, must)| {
        check(page, &format!("kafka_connect_{name}"), &[("connector", connector)], *must)
    });
    let of_worker =
        WORKER.iter().filter_map(|(name, must)| check(page, &format!("kafka_connect_{name}"), &[], *must));
    let of_clients = CLIENTS.iter().filter_map(|(name, must)| {
        let producer = name.starts_with("producer");
        // Means of a producer need one that has not ended.
        let flowing = producer && name.ends_with("_avg");
        let client = if flowing {
            FLOWING
        } else if producer {
            "connector-producer-source-0"
        } else {
            "connector-consumer-sink-0"
        };
        // One series for each partition; all are read to their ends.
        let labels = [("clientid", client), ("partition", "0")];
        let labels = if name.ends_with("records_lag") { &labels[..] } else { &labels[..1] };
        check(page, &format!("kafka_{name}"), labels, *must)
    });
    of_tasks.chain(of_worker).chain(of_clients).collect()
}
