//! A plugin in Rust that panics, in each call, `drop` included: the task or connector fails with the message and the
//! place, the worker and its neighbours go on.

use crate::MINUTE;
use connect_tests::configs::connector;
use connect_tests::{Props, With, Worker, faulty, table, wait_for, wait_until};

/// A worker with the plugin, records in topic `records`, and a healthy flow.
fn start() -> Worker {
    let spec = table::spec([]).plugins([faulty::rust_plugin()]);
    table::start(spec)
}

/// A connector of this class that panics in `call`.
fn config(class: &str, call: &str) -> Props {
    let name = format!("{class}-{call}");
    let config = connector(&name, &format!("org.connecthost.faulty.{class}")).with("panic.in", call);
    if class.ends_with("Sink") { config.with("topics", "records") } else { config.with("topic", "panics") }
}

fn create(worker: &Worker, class: &str, call: &str) -> String {
    let config = config(class, call);
    worker.create(&config["name"], &config).expect(201);
    config["name"].clone()
}

/// The task fails, and its trace has the message and where the plugin panicked.
fn assert_task_fails(worker: &Worker, name: &str, call: &str) {
    let trace = worker.wait_task_failed(name, 0);
    let told = format!("the plugin panicked: {call} panics on purpose");
    assert!(trace.contains(&told) && trace.contains("tests/faulty-rust/src/lib.rs"), "{name}: {trace}");
}

fn wait_told(worker: &mut Worker, name: &str, words: &str) {
    wait_for(&format!("{name}: {words}"), MINUTE, || {
        let log = worker.process().log();
        log.lines().any(|line| line.contains(name) && line.contains(words))
    });
}

#[test]
fn in_calls_of_tasks() {
    let mut worker = start();
    for class in ["PanicsSource", "PanicsBlockingSource"] {
        let calls = ["start", "poll", "acks", "commit"].map(|call| (create(&worker, class, call), call));
        for (name, call) in calls {
            assert_task_fails(&worker, &name, call);
        }
    }
    for class in ["PanicsSink", "PanicsBlockingSink"] {
        let calls = ["start", "open", "put", "flush"].map(|call| (create(&worker, class, call), call));
        for (name, call) in calls {
            assert_task_fails(&worker, &name, call);
        }
    }
    // A restart begins anew, and panics anew.
    worker.rest().call("POST", "/connectors/PanicsSource-poll/tasks/0/restart").expect(204);
    wait_for("the second failure", MINUTE, || {
        let log = worker.process().log();
        let failed = |line: &&str| line.contains("PanicsSource-poll") && line.contains("the task failed");
        log.lines().filter(failed).count() == 2
    });
    table::assert_well(worker);
}

#[test]
fn in_the_last_calls_of_tasks() {
    let mut worker = start();
    let calls =
        [("Source", "stop"), ("Source", "drop"), ("Sink", "close"), ("Sink", "stop"), ("Sink", "drop")];
    for (side, call) in calls {
        for class in [format!("Panics{side}"), format!("PanicsBlocking{side}")] {
            let name = create(&worker, &class, call);
            worker.wait_state(&name, "RUNNING", 1);
            if side == "Sink" {
                let labels = [format!("connector=\"{name}\"")];
                wait_for("partitions", MINUTE, || {
                    worker.metric("kafka_connect_sink_task_partition_count", &[&labels[0]]) > Some(0.0)
                });
            }
            worker.rest().delete(&format!("/connectors/{name}")).expect(204);
            wait_told(&mut worker, &name, &format!("the plugin panicked: {call} panics on purpose"));
        }
    }
    table::assert_well(worker);
}

#[test]
fn in_calls_of_connectors() {
    let mut worker = start();
    for class in ["PanicsSource", "PanicsSink"] {
        let name = create(&worker, class, "connector.start");
        let status = wait_until("the connector to fail", MINUTE, || {
            let status = worker.status(&name);
            if status["connector"]["state"] == "FAILED" { Ok(status) } else { Err(status) }
        });
        let trace = status["connector"]["trace"].as_str().unwrap_or_default();
        assert!(trace.contains("the plugin panicked: connector.start panics on purpose"), "{trace}");

        let name = create(&worker, class, "connector.task_configs");
        wait_told(&mut worker, &name, "the plugin panicked: connector.task_configs panics on purpose");

        let validate = config(class, "connector.validate");
        let answer = worker.create(&validate["name"], &validate).expect(500);
        assert!(answer.body.contains("connector.validate panics on purpose"), "{}", answer.body);
        // The connector's name is all that create knows.
        let create = config(class, "").with("name", "connector.create");
        let answer = worker.create("connector.create", &create).expect(500);
        assert!(answer.body.contains("connector.create panics on purpose"), "{}", answer.body);
    }
    let call = "connector.exactly_once_support";
    let asked = config("PanicsSource", call).with("exactly.once.support", "required");
    let answer = worker.create(&asked["name"], &asked).expect(400);
    assert!(answer.body.contains(&format!("{call} panics on purpose")), "{}", answer.body);
    let definitions = config("PanicsInDefinitionsSource", "");
    let answer = worker.create(&definitions["name"], &definitions).expect(500);
    assert!(answer.body.contains("config_def panics on purpose"), "{}", answer.body);
    let path = "/connector-plugins/org.connecthost.faulty.PanicsInDefinitionsSource/config";
    worker.rest().get(path).expect(500);
    for call in ["connector.stop", "connector.drop"] {
        let name = create(&worker, "PanicsSource", call);
        worker.wait_state(&name, "RUNNING", 1);
        worker.rest().delete(&format!("/connectors/{name}")).expect(204);
        wait_told(&mut worker, &name, &format!("the plugin panicked: {call} panics on purpose"));
    }
    table::assert_well(worker);
}

/// Payloads that panic when they are dropped, and threads of the plugin's own.
#[test]
fn in_odd_places() {
    let mut worker = start();
    for call in ["payload.start", "payload.poll"] {
        let name = create(&worker, "PanicsSource", call);
        let trace = worker.wait_task_failed(&name, 0);
        assert!(trace.contains("the plugin panicked: no message"), "{trace}");
    }
    let name = create(&worker, "PanicsSink", "payload.put");
    assert!(worker.wait_task_failed(&name, 0).contains("the plugin panicked"), "a sink");
    let name = create(&worker, "PanicsSource", "thread.start");
    worker.wait_state(&name, "RUNNING", 1);
    wait_for("the log to tell of the thread", MINUTE, || {
        worker.process().log().contains("a thread of start panics on purpose")
    });
    table::assert_well(worker);
}
