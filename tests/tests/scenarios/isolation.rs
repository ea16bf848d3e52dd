//! Plugins that hang cost their own tasks only: REST answers, neighbours flow, deleting works, the worker ends on time.

use crate::{MINUTE, count_lines};
use connect_tests::configs::{faulty_sink, faulty_source};
use connect_tests::{Props, Rest, With, Worker, WorkerSpec, faulty, wait_for};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const GRACE: Duration = Duration::from_secs(2);

/// Twice as many as the worker has threads for calls that promised to be prompt.
fn twice_the_pool() -> usize {
    2 * std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8)
}

/// Half of 20 requests are answered within 100 ms, and none waits for what hangs for ever: a busy machine may hold one up
/// for a while.
pub fn assert_quick(rest: &Rest) {
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let asked = Instant::now();
            rest.get("/connectors").expect(200);
            asked.elapsed()
        })
        .collect();
    times.sort();
    eprintln!("GET /connectors: median {:?}, longest {:?}", times[10], times[19]);
    assert!(times[10] < Duration::from_millis(100) && times[19] < Duration::from_secs(10), "{times:?}");
}

/// A worker with a healthy flow of about 1,000 records a second into the file that is returned.
fn healthy(plugin: &str) -> (Worker, PathBuf) {
    let spec = WorkerSpec::with_dev_broker().plugins(["numbers", plugin].map(faulty::plugin));
    let spec = spec.set("task.shutdown.graceful.timeout.ms", GRACE.as_millis());
    let out = spec.dir().join("out");
    let source = faulty_source("healthy-source", "numbers", "healthy");
    let sink = faulty_sink("healthy-sink", "numbers", "healthy").with("file", out.display());
    let worker = spec.connector(source).connector(sink).start();
    wait_for("the healthy flow", MINUTE, || count_lines(&out) > 0);
    (worker, out)
}

fn assert_flows(out: &Path) {
    let before = count_lines(out);
    wait_for("the neighbours' flow", Duration::from_secs(15), || count_lines(out) > before + 2000);
}

fn create(worker: &Worker, config: Props) {
    let name = config["name"].clone();
    worker.create(&name, &config).expect(201);
}

/// Creates `count` hanging tasks of each kind and waits until all of them hang in their call.
fn hang(worker: &Worker, count: usize) {
    let calls = worker.dir().join("calls");
    let hanging = |config: Props, call: &str| config.with("fault", call).with("report", calls.display());
    for call in ["poll", "start"] {
        let source = faulty_source(&format!("hang-{call}"), "hang", "nothing").with("tasks", count);
        create(worker, hanging(source, call).with("tasks.max", count));
    }
    for number in 0..count {
        // A connector each: a task without records would have nothing to put.
        let sink = faulty_sink(&format!("hang-put-{number}"), "hang", "healthy");
        create(worker, hanging(sink, "put"));
    }
    wait_for("all tasks to hang", MINUTE, || count_lines(&calls) >= 3 * count);
}

/// Stops the worker, which still has hanging calls.
fn assert_ends_in_time(mut worker: Worker) {
    let asked = Instant::now();
    assert_eq!(worker.terminate().code(), Some(0));
    let taken = asked.elapsed();
    assert!(taken < GRACE + Duration::from_secs(3), "ending took {taken:?}");
}

#[test]
fn hanging_tasks_hold_nobody_up() {
    let (worker, out) = healthy("hang");
    let count = twice_the_pool();
    hang(&worker, count);
    assert_quick(worker.rest());
    assert_flows(&out);
    let asked = Instant::now();
    worker.rest().delete("/connectors/hang-poll").expect(204);
    worker.rest().delete("/connectors/hang-put-0").expect(204);
    assert!(asked.elapsed() < Duration::from_secs(5), "deleting took {:?}", asked.elapsed());
    let left = |call: &str, name: &str| format!("waiting for the {call} of task 0 of connector {name} ");
    let mut worker = worker;
    for told in [left("poll", "hang-poll"), left("put", "hang-put-0")] {
        wait_for(&told, MINUTE, || worker.process().log().contains(&told));
    }
    let listed = worker.rest().get("/connectors").json();
    let listed = listed.as_array().expect("a list");
    assert_eq!(
        listed.len(),
        2 + count,
        "healthy-source, healthy-sink, hang-start, hang-put-1 ...: {listed:?}"
    );
    // The name is free again, in spite of threads that are still inside the old one.
    create(&worker, faulty_source("hang-poll", "hang", "again"));
    worker.wait_state("hang-poll", "RUNNING", 1);
    let polled = ["connector=\"hang-poll\""];
    wait_for("records of the new one", MINUTE, || {
        worker.metric("kafka_connect_source_task_source_record_write_total", &polled) > Some(100.0)
    });
    assert_quick(worker.rest());
    assert_flows(&out);
    assert_ends_in_time(worker);
}

#[test]
fn hanging_connectors_hold_nobody_up() {
    let (worker, out) = healthy("hang");
    let count = twice_the_pool();
    let hanging = |number: usize, call: &str| {
        let config = faulty_source(&format!("{call}-{number}"), "hang", "nothing");
        config.with("fault", call).with("report", worker.dir().join("calls").display())
    };
    for number in 0..count {
        create(&worker, hanging(number, "connector.start"));
        create(&worker, hanging(number, "connector.task_configs"));
    }
    // Nobody can tell whether these configs are good; whoever asked may give up waiting.
    let impatient = Rest::with_timeout(worker.rest().base(), Duration::from_millis(500));
    let calls = ["connector.validate", "connector.exactly_once_support"];
    let asking: Vec<_> = (0..count)
        .flat_map(|number| calls.map(|call| hanging(number, call).with("exactly.once.support", "required")))
        .map(|config| {
            let impatient = impatient.clone();
            let body = serde_json::json!({"name": config["name"], "config": config});
            std::thread::spawn(move || impatient.try_request("POST", "/connectors", Some(&body)))
        })
        .collect();
    for asked in asking {
        let answer = asked.join().expect("the thread that asks");
        assert!(answer.is_err(), "an answer to what hangs: {answer:?}");
    }
    wait_for("all to hang", MINUTE, || count_lines(&worker.dir().join("calls")) >= 4 * count);
    assert_quick(worker.rest());
    assert_flows(&out);
    worker.rest().delete("/connectors/connector.start-0").expect(204);
    assert_quick(worker.rest());
    assert_ends_in_time(worker);
}

/// Calls of a class that is declared blocking get threads of their own from the start.
#[test]
fn declared_blocking_calls_hold_nobody_up() {
    let (worker, out) = healthy("hang_blocking");
    let count = 2 * twice_the_pool();
    let release = worker.dir().join("release");
    let source = faulty_source("patient", "hang_blocking", "patient").with("tasks", count);
    let source = source.with("fault", "poll").with("report", worker.dir().join("calls").display());
    create(&worker, source.with("tasks.max", count).with("release", release.display()));
    wait_for("all tasks to block", MINUTE, || count_lines(&worker.dir().join("calls")) >= count);
    assert_quick(worker.rest());
    assert_flows(&out);
    fs::write(&release, "").expect("the release");
    let written = |task: usize| {
        let labels = ["connector=\"patient\"", &format!("task=\"{task}\"")];
        worker.metric("kafka_connect_source_task_source_record_write_total", &labels)
    };
    wait_for("all tasks to go on", MINUTE, || (0..count).all(|task| written(task) > Some(0.0)));
    assert_ends_in_time(worker);
}
