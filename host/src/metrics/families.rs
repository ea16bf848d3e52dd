//! Which series there are, by Strimzi's names, and what each means.
//!
//! What Strimzi's rules drop, or map onto one another, has the name that its group and attribute give; what
//! Connect does not measure (`_seconds` histograms, age of the last progress, libraries left out) is named
//! after its group.

use super::page::{Labels, Page};
use super::tally::Tally;
use super::{ConnectorSnapshot, Own, PluginSeries, RestartSnapshot, Snapshot, Startups, WorkerInfo};
use crate::settings::connector::Kind;

/// The states that tasks are counted by.
const TASK_STATES: [&str; 6] = ["running", "paused", "failed", "unassigned", "destroyed", "restarting"];

/// The worker's own series.
pub(super) fn worker(
    page: &mut Page,
    info: &WorkerInfo,
    started_at: f64,
    own: &Own,
    snapshot: &Snapshot,
    now: u64,
) {
    let client = Some(("clientid", info.client_id.as_str())).filter(|(_, id)| !id.is_empty());
    let mut labels: Vec<_> = client.into_iter().collect();
    let name = "kafka_connect_start_time_seconds";
    page.gauge(name, "When the worker started, in seconds since the Unix epoch", &labels, started_at);
    labels.push(("version", &info.version));
    page.gauge("kafka_connect_version_info", "The version of the worker; the value is 1", &labels, 1.0);
    labels.pop();
    labels.push(("commit_id", &info.commit));
    let help = "The commit that the worker was built from; the value is 1";
    page.gauge("kafka_connect_commit_id_info", help, &labels, 1.0);

    let mut gauge = |name: &str, help: &str, value: usize| {
        page.gauge(&format!("kafka_connect_worker_{name}"), help, &[], value as f64);
    };
    let tasks = snapshot.connectors.iter().map(|connector| connector.tasks.len()).sum();
    gauge("connector_count", "Connectors on this worker", snapshot.connectors.len());
    gauge("task_count", "Tasks on this worker", tasks);
    gauge("plugins_left_out", "Libraries on the plugin path that cannot be used", own.plugins_left_out);
    startups(page, "connector", &own.connectors, now);
    startups(page, "task", &own.tasks, now);
}

fn startups(page: &mut Page, what: &str, startups: &Startups, now: u64) {
    let Startups { succeeded, failed, share } = startups;
    let name = |attribute: &str| format!("kafka_connect_worker_{what}_startup_{attribute}");
    let mut total = |attribute: &str, help: &str, value: u64| {
        page.counter(&name(attribute), &format!("{help} of {what}s on this worker"), &[], value as f64);
    };
    total("attempts_total", "Starts, successful or not,", succeeded + failed);
    total("success_total", "Successful starts", *succeeded);
    total("failure_total", "Failed starts", *failed);
    let mut part = |attribute: &str, help: &str, value: f64| {
        page.gauge(
            &name(attribute),
            &format!("Share, 0 to 1, of the starts of {what}s that {help}"),
            &[],
            value,
        );
    };
    part("success_percentage", "succeeded lately", share.share(now));
    part("failure_percentage", "failed lately", share.rest(now));
}

/// The series of a connector that come from its state and those of its tasks.
pub(super) fn connector(page: &mut Page, connector: &ConnectorSnapshot) {
    let name = connector.name.as_str();
    let mut told = |label: &'static str, help: &str, value: &str| {
        let labels = [("connector", name), (label, value)];
        page.gauge(
            &format!("kafka_connect_connector_{label}"),
            &format!("{help}; the value is 1"),
            &labels,
            1.0,
        );
    };
    told("status", "State of the connector", &connector.state.to_lowercase());
    told("connector_class", "Class of the connector", &connector.class);
    told("connector_type", "Source or sink", connector.kind.name());
    told("connector_version", "Version of the connector", &connector.version);
    restarts(page, "connector", &[("connector", name)], connector.restarts);
    if connector.tasks.is_empty() {
        return;
    }
    let states: Vec<_> = connector.tasks.iter().map(|task| task.state.to_lowercase()).collect();
    for (snapshot, state) in connector.tasks.iter().zip(&states) {
        let task = snapshot.task.to_string();
        let labels = [("connector", name), ("task", &task), ("status", state)];
        let help = "State of the task; the value is 1";
        page.gauge("kafka_connect_connector_task_status", help, &labels, 1.0);
        restarts(page, "connector_task", &labels[..2], snapshot.restarts);
    }
    let mut count = |what: &str, value: usize| {
        let family = format!("kafka_connect_worker_connector_{what}_task_count");
        let help = format!("Tasks of the connector on this worker: {what}");
        page.gauge(&family, &help, &[("connector", name)], value as f64);
    };
    count("total", states.len());
    for wanted in TASK_STATES {
        count(wanted, states.iter().filter(|state| *state == wanted).count());
    }
}

/// Restarts that followed failures by themselves.
fn restarts(page: &mut Page, what: &str, labels: &Labels<'_>, restarts: RestartSnapshot) {
    let name = |attribute: &str| format!("kafka_connect_{what}_{attribute}");
    let help = "Restarts that followed failures by themselves (errors.restart.*)";
    page.counter(&name("restart_attempts_total"), help, labels, restarts.attempts as f64);
    let help = "1 while it has failed and is going to be restarted, else 0";
    page.gauge(&name("restart_pending"), help, labels, f64::from(u8::from(restarts.pending)));
}

/// What plugins measure: the name is theirs, after a prefix that nothing else has.
pub(super) fn plugins(page: &mut Page, series: &[PluginSeries]) {
    for PluginSeries { connector, task, name, help, counter, value } in series {
        let task = task.map(|task| task.to_string());
        let mut labels = vec![("connector", connector.as_str())];
        labels.extend(task.iter().map(|task| ("task", task.as_str())));
        let name = format!("kafka_connect_plugins_{name}");
        if *counter {
            page.counter(&name, help, &labels, *value);
        } else {
            page.gauge(&name, help, &labels, *value);
        }
    }
}

/// The series of a task that come from its own counts.
pub(super) fn task(page: &mut Page, connector: &str, task: u32, tally: &Tally, now: u64) {
    let task = task.to_string();
    let labels = [("connector", connector), ("task", task.as_str())];
    common(page, &labels, tally, now);
    errors(page, &labels, tally);
    match tally.kind {
        Kind::Source => source(page, &labels, tally, now),
        Kind::Sink => sink(page, &labels, tally, now),
    }
}

fn common(page: &mut Page, labels: &Labels<'_>, tally: &Tally, now: u64) {
    let name = |attribute: &str| format!("kafka_connect_connector_task_{attribute}");
    let mut gauge =
        |attribute: &str, help: &str, value: f64| page.gauge(&name(attribute), help, labels, value);
    let (running, paused) = tally.ratios(now);
    gauge("running_ratio", "Share, 0 to 1, of its life that the task was running", running);
    gauge("pause_ratio", "Share, 0 to 1, of its life that the task was paused", paused);
    let (times, commits) = (&tally.commit_time_window, &tally.commit_window);
    gauge("offset_commit_max_time_ms", "Longest successful offset commit lately", times.max(now));
    gauge("offset_commit_avg_time_ms", "Mean time of successful offset commits lately", times.mean(now));
    let help = "Share, 0 to 1, of the offset commits that succeeded lately";
    gauge("offset_commit_success_percentage", help, commits.share(now));
    let help = "Share, 0 to 1, of the offset commits that failed lately";
    gauge("offset_commit_failure_percentage", help, commits.rest(now));
    gauge("batch_size_max", "Records of the largest batch lately", tally.batch_window.max(now));
    gauge("batch_size_avg", "Mean records of a batch lately", tally.batch_window.mean(now));
    let age = now.saturating_sub(tally.progress) as f64 / 1000.0;
    let help = "Seconds since a poll, conversion, write, put or commit of the task last ended well";
    gauge("last_progress_age_seconds", help, age);
    let help = "1 while the task runs and waits for something for too long (health.stall.timeout.ms), else 0";
    gauge("stalled", help, f64::from(u8::from(tally.stalled)));
    let help = "Records that were converted";
    page.counter(&name("converted_records_total"), help, labels, tally.converted as f64);
    let help = "Time to convert and transform a batch";
    page.histogram(&name("convert_seconds"), help, labels, &tally.conversions);
}

fn errors(page: &mut Page, labels: &Labels<'_>, tally: &Tally) {
    // Gauges in Strimzi's rules, though they are sums.
    let mut sum = |attribute: &str, help: &str, value: u64| {
        page.gauge(&format!("kafka_connect_task_error_{attribute}"), help, labels, value as f64);
    };
    let all = &tally.errors;
    sum("total_record_failures", "Failed attempts to process a record", all.failures);
    sum("total_record_errors", "Records that ended in an error", all.errors);
    sum("total_records_skipped", "Records skipped because of an error", all.skipped);
    sum("total_retries", "Attempts after a back-off", all.retries);
    sum("total_errors_logged", "Errors logged because of errors.log.enable", all.logged);
    let help = "Records that were to go to the dead letter queue";
    sum("deadletterqueue_produce_requests", help, all.dead_letters);
    let help = "Records that could not be written to the dead letter queue";
    sum("deadletterqueue_produce_failures", help, all.dead_letter_failures);
    let help = "When the last error happened, in milliseconds since the Unix epoch; 0 is never";
    sum("last_error_timestamp", help, tally.last_error);
}

fn source(page: &mut Page, labels: &Labels<'_>, tally: &Tally, now: u64) {
    let name = |attribute: &str| format!("kafka_connect_source_task_{attribute}");
    let help = "Records that the source gave, before transformation";
    page.counter(&name("source_record_poll_total"), help, labels, tally.taken as f64);
    let help = "Records that Kafka acknowledged";
    page.counter(&name("source_record_write_total"), help, labels, tally.given as f64);
    let mut gauge =
        |attribute: &str, help: &str, value: f64| page.gauge(&name(attribute), help, labels, value);
    gauge(
        "source_record_poll_rate",
        "Records that the source gave a second, lately",
        tally.taken_window.rate(now),
    );
    let help = "Records that Kafka acknowledged a second, lately";
    gauge("source_record_write_rate", help, tally.given_window.rate(now));
    gauge("poll_batch_max_time_ms", "Longest poll that gave records lately", tally.call_window.max(now));
    gauge(
        "poll_batch_avg_time_ms",
        "Mean time of polls that gave records lately",
        tally.call_window.mean(now),
    );
    let help = "Records polled and neither written nor skipped";
    gauge("source_record_active_count", help, tally.active as f64);
    let help = "Most records polled and neither written nor skipped, lately";
    gauge("source_record_active_count_max", help, tally.active_window.max(now));
    let help = "Mean of the records polled and neither written nor skipped, lately";
    gauge("source_record_active_count_avg", help, tally.active_window.mean(now));
    page.histogram(&name("poll_seconds"), "Time of a poll that gave records", labels, &tally.calls);
    let help = "Oldest record of a batch, from its poll to its acknowledgement";
    page.histogram(&name("end_to_end_latency_seconds"), help, labels, &tally.latencies);
}

fn sink(page: &mut Page, labels: &Labels<'_>, tally: &Tally, now: u64) {
    let name = |attribute: &str| format!("kafka_connect_sink_task_{attribute}");
    let mut total = |attribute: &str, help: &str, value: u64| {
        page.counter(&name(attribute), help, labels, value as f64);
    };
    total("sink_record_read_total", "Records that came from Kafka", tally.taken);
    total("sink_record_send_total", "Records that the sink took, after transformation", tally.given);
    total("offset_commit_completion_total", "Offset commits that succeeded", tally.commits_completed);
    total("offset_commit_skip_total", "Answers to commits that came too late", tally.commits_skipped);
    let mut gauge =
        |attribute: &str, help: &str, value: f64| page.gauge(&name(attribute), help, labels, value);
    gauge(
        "sink_record_read_rate",
        "Records that came from Kafka a second, lately",
        tally.taken_window.rate(now),
    );
    gauge(
        "sink_record_send_rate",
        "Records that the sink took a second, lately",
        tally.given_window.rate(now),
    );
    let help = "Offset commits that succeeded a second, lately";
    gauge("offset_commit_completion_rate", help, tally.commit_window.rate(now));
    let help = "Answers to commits that came too late a second, lately";
    gauge("offset_commit_skip_rate", help, tally.skip_window.rate(now));
    gauge("offset_commit_seq_no", "Attempts to commit offsets", tally.commits as f64);
    gauge("partition_count", "Partitions assigned to the task", tally.partitions as f64);
    gauge("put_batch_max_time_ms", "Longest put lately", tally.call_window.max(now));
    gauge("put_batch_avg_time_ms", "Mean time of puts lately", tally.call_window.mean(now));
    let help = "Records read whose offsets are not committed";
    gauge("sink_record_active_count", help, tally.active as f64);
    let help = "Most records read whose offsets were not committed, lately";
    gauge("sink_record_active_count_max", help, tally.active_window.max(now));
    let help = "Mean of the records read whose offsets were not committed, lately";
    gauge("sink_record_active_count_avg", help, tally.active_window.mean(now));
    page.histogram(&name("put_seconds"), "Time of a put", labels, &tally.calls);
    let help = "Oldest record of a batch, from its timestamp to the end of its put";
    page.histogram(&name("end_to_end_latency_seconds"), help, labels, &tally.latencies);
}
