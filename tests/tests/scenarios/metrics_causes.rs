//! What is 0 while all goes well, driven by a real cause each: commits and starts that fail, puts that are made again,
//! tasks that have not come up or are on their way back, records on their way.

use crate::MINUTE;
use crate::metrics::Page;
use crate::metrics_table::Must::{Be, Exceed, Reach};
use crate::metrics_table::{Must, Table, check};
use connect_tests::configs::{faulty_sink, faulty_source};
use connect_tests::{Props, With, WorkerSpec, faulty, wait_until};
use std::collections::BTreeSet;
use std::fs;

pub(crate) const TASKS: &Table = &[
    // Its offsets have no folder.
    ("connector_task_offset_commit_failure_percentage", "lingering", Reach(1.0)),
    ("source_task_source_record_active_count", "lingering", Exceed(0.0)),
    ("connector_task_offset_commit_failure_percentage", "undecided", Reach(1.0)),
    ("sink_task_offset_commit_completion_total", "undecided", Be(0.0)),
    ("sink_task_sink_record_active_count", "slow", Exceed(0.0)),
    ("task_error_total_retries", "again", Exceed(0.0)),
    ("task_error_total_record_failures", "again", Exceed(0.0)),
    ("task_error_total_record_errors", "again", Be(0.0)),
    ("task_error_total_records_skipped", "again", Be(0.0)),
    ("worker_connector_unassigned_task_count", "starting", Be(1.0)),
    ("worker_connector_restarting_task_count", "restarting", Be(1.0)),
    ("worker_connector_running_task_count", "restarting", Be(0.0)),
];

/// One of these connectors cannot start.
pub(crate) const WORKER: &[(&str, Must)] = &[
    ("worker_connector_startup_failure_percentage", Reach(0.5)),
    ("worker_connector_startup_failure_total", Be(1.0)),
];

/// Of a topic of the embedded broker.
const PARTITIONS: [&str; 4] = ["0", "1", "2", "3"];

/// Of the consumer whose puts are slow.
pub(crate) const CLIENTS: &[(&str, Must)] = &[
    ("consumer_fetch_manager_records_lag", Exceed(0.0)),
    ("consumer_fetch_manager_records_lag_max", Exceed(0.0)),
];

fn wrong_values(page: &Page) -> Vec<String> {
    let of_tasks = TASKS.iter().filter_map(|(name, connector, must)| {
        check(page, &format!("kafka_connect_{name}"), &[("connector", connector)], *must)
    });
    let of_worker =
        WORKER.iter().filter_map(|(name, must)| check(page, &format!("kafka_connect_{name}"), &[], *must));
    let of_clients = CLIENTS.iter().filter_map(|(name, must)| {
        let client = ("clientid", "connector-consumer-slow-0");
        let of = |labels: &[_]| check(page, &format!("kafka_{name}"), labels, *must);
        if !name.ends_with("records_lag") {
            return of(&[client]);
        }
        // The partition that was fetched first has thousands of records, which are put before those of any other.
        let mut wrong: Vec<String> =
            PARTITIONS.iter().filter_map(|partition| of(&[client, ("partition", partition)])).collect();
        if wrong.len() == PARTITIONS.len() { wrong.pop() } else { None }
    });
    of_tasks.chain(of_worker).chain(of_clients).collect()
}

#[test]
fn what_goes_wrong_has_the_value_that_was_driven() {
    let plugins = ["numbers", "errors", "answers", "hang_blocking"];
    let spec = WorkerSpec::with_dev_broker().plugins(plugins.map(faulty::plugin));
    let (offsets, release) = (spec.dir().join("offsets-folder"), spec.dir().join("release"));
    fs::create_dir(&offsets).expect("a folder for the offsets");
    let hangs = |config: Props, call: &str| config.with("fault", call).with("release", release.display());
    let undecided =
        faulty_sink("undecided", "errors", "t").with("fault", "pre_commit").with("kind", "retriable");
    let slow = hangs(faulty_sink("slow", "hang_blocking", "t"), "put").with("delay.ms", 100);
    let lingering = faulty_source("lingering", "numbers", "t").with("interval.ms", 5);
    let worker = spec
        .connector(lingering.with("producer.override.linger.ms", 500))
        .connector(undecided)
        .connector(slow.with("consumer.override.max.poll.records", 10))
        .connector(faulty_sink("again", "answers", "t").with("fault", "retry_always"))
        .connector(hangs(faulty_source("starting", "hang_blocking", "other"), "start"))
        .connector(hangs(faulty_source("restarting", "hang_blocking", "other"), "stop"))
        .set("offset.storage.file.filename", offsets.join("offsets").display())
        .set("offset.flush.interval.ms", 200)
        // Nothing is left alone while it hangs.
        .set("task.shutdown.graceful.timeout.ms", MINUTE.as_millis());
    let mut worker = worker.start();
    let unable = faulty_source("unable", "errors", "other").with("fault", "connector.start");
    worker.create("unable", &unable).expect(201);
    worker.wait_state("restarting", "RUNNING", 1);
    worker.wait_state("lingering", "RUNNING", 1);
    worker.rest().call("POST", "/connectors/restarting/restart?includeTasks=true").expect(202);
    fs::remove_dir_all(&offsets).expect("the folder of the offsets can be removed");
    // One may pass before another comes: a failed start counts for as long as the window of its percentage.
    let series = |text: &str| text.split(" is ").next().unwrap_or_default().to_owned();
    let mut open = wrong_values(&Page::of(&worker));
    wait_until("the values of all families", MINUTE, || {
        let before: BTreeSet<String> = open.iter().map(|text| series(text)).collect();
        open = wrong_values(&Page::of(&worker));
        open.retain(|text| before.contains(&series(text)));
        if open.is_empty() { Ok(()) } else { Err(open.join("\n")) }
    });
    fs::create_dir(&offsets).expect("the folder of the offsets again");
    fs::write(&release, "").expect("a file");
    worker.wait_state("restarting", "RUNNING", 1);
    worker.wait_state("starting", "RUNNING", 1);
    assert!(worker.terminate().success());
}
