//! Workers of one group on real Kafka: they share work, take it over, and keep what they know in topics.

use crate::MINUTE;
use connect_tests::configs::verifiable_source;
use connect_tests::sequence::{self, shape};
use connect_tests::{Kafka, Props, With, Worker, WorkerSpec, wait_for, wait_until};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What the broker takes to miss a worker that was killed.
const SESSION: Duration = Duration::from_secs(10);

/// A worker of a group that moves work at once, on the shared broker.
pub fn spec(group: &str) -> WorkerSpec {
    WorkerSpec::distributed(Kafka::shared().bootstrap(), group).drains().set("offset.flush.interval.ms", 500)
}

/// A worker that is a member of its group.
pub fn start(group: &str) -> Worker {
    let worker = spec(group).start();
    wait_healthy(&worker);
    worker
}

/// Waits until the worker has its share of the group's work.
pub fn wait_healthy(worker: &Worker) {
    wait_until("the worker to be a member", MINUTE, || {
        let answer = worker.rest().get("/health");
        if answer.status == 200 { Ok(()) } else { Err(answer.body) }
    });
}

/// Creates a connector. While work is being shared out a worker says so, and is asked again.
pub fn create(worker: &Worker, config: &Props) {
    wait_until("the connector to be created", MINUTE, || {
        let answer = worker.create(&config["name"], config);
        match answer.status {
            201 => Ok(()),
            409 if answer.body.contains("momentarily") || answer.body.contains("rebalance") => {
                Err(answer.body)
            }
            _ => panic!("{answer:?}"),
        }
    });
}

/// Asks until the answer has this status. While work is being shared out a worker says so, and is asked again.
pub fn ask(worker: &Worker, method: &str, path: &str, status: u16) {
    wait_until(&format!("{method} {path}"), MINUTE, || {
        let answer = worker.rest().call(method, path);
        match answer.status {
            409 => Err(answer.body),
            found if found == status => Ok(()),
            _ => panic!("{method} {path}: {answer:?}"),
        }
    });
}

/// Which of the workers leads, once one of them does: it alone takes a request that must not be sent on.
pub fn leader(workers: &[Worker]) -> usize {
    wait_until("a leader", MINUTE, || {
        let answers = workers
            .iter()
            .map(|one| one.rest().try_request("DELETE", "/connectors/none?forward=false", None));
        let answers: Vec<_> = answers.collect();
        let found =
            answers.iter().position(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 404));
        found.ok_or_else(|| format!("{answers:?}"))
    })
}

/// Stops a connector, and waits until its tasks are gone.
pub fn stop(worker: &Worker, name: &str) {
    ask(worker, "PUT", &format!("/connectors/{name}/stop"), 204);
    worker.wait_state(name, "STOPPED", 0);
}

/// How many tasks of the connector each worker runs, once all run, as this worker knows it.
pub fn wait_spread(seen_by: &Worker, name: &str, tasks: usize, expected: &[(&Worker, usize)]) {
    let wanted: BTreeMap<String, usize> =
        expected.iter().map(|(worker, count)| (worker.worker_id(), *count)).collect();
    wait_until(&format!("{wanted:?} tasks"), MINUTE, || {
        let answer = seen_by.rest().get(&format!("/connectors/{name}/status"));
        if answer.status != 200 {
            return Err(answer.body);
        }
        let status = answer.json();
        let of_tasks = status["tasks"].as_array().cloned().unwrap_or_default();
        let mut found = BTreeMap::new();
        for task in of_tasks.iter().filter(|task| task["state"] == "RUNNING") {
            *found.entry(task["worker_id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        if found == wanted && of_tasks.len() == tasks { Ok(()) } else { Err(answer.body) }
    });
}

/// Waits until some more has flowed into a topic.
pub fn wait_more(topic: &str) {
    let topics = Kafka::shared().topics();
    let before = topics.count(topic);
    wait_for("more records", MINUTE, || topics.count(topic) > before + 300);
}

/// Four sources of numbers.
pub fn sources(name: &str) -> Props {
    Kafka::shared().topics().create(name, 4, 1, &[]);
    verifiable_source(name, name, 500).with("tasks.max", 4)
}

#[test]
fn two_workers_share_work_and_one_takes_over() {
    const NAME: &str = "shared-out";
    let (one, mut other) = (start(NAME), start(NAME));
    // One of the two is not the leader, and sends its request on.
    create(&other, &sources(NAME));
    wait_spread(&one, NAME, 4, &[(&one, 2), (&other, 2)]);
    create(&one, &verifiable_source("second", "shared-out-second", 1));
    wait_for("both workers to know both", MINUTE, || {
        [&one, &other].iter().all(|worker| {
            worker.rest().get("/connectors").json().as_array().is_some_and(|all| all.len() == 2)
        })
    });
    ask(&one, "DELETE", "/connectors/second", 204);
    wait_more(NAME);
    // Killed: missed after the session.
    other.kill9();
    wait_spread(&one, NAME, 4, &[(&one, 4)]);
    wait_more(NAME);
    // It comes back, and is given its part.
    other.restart();
    wait_spread(&other, NAME, 4, &[(&one, 2), (&other, 2)]);
    wait_more(NAME);
    // Stopped in order: its part moves at once, without the session.
    let stopped = Instant::now();
    assert!(other.terminate().success(), "{}", other.process().log_end(20));
    wait_spread(&one, NAME, 4, &[(&one, 4)]);
    assert!(stopped.elapsed() < SESSION, "it took {:?}", stopped.elapsed());
    wait_more(NAME);
    stop(&one, NAME);
    let found = sequence::of_topic(&Kafka::shared().topics().read(NAME));
    for (id, sequence) in &found {
        assert_eq!(shape(sequence).gaps, [], "source {id}: missing");
    }
}

#[test]
fn configs_states_and_offsets_outlive_the_workers() {
    const NAME: &str = "outlived";
    let mut worker = start(NAME);
    create(&worker, &sources(NAME));
    worker.wait_state(NAME, "RUNNING", 4);
    wait_more(NAME);
    worker.rest().call("PUT", &format!("/connectors/{NAME}/pause")).expect(202);
    worker.wait_state(NAME, "PAUSED", 4);
    let config = worker.rest().get(&format!("/connectors/{NAME}/config")).expect(200).json();
    assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
    worker.restart();
    wait_healthy(&worker);
    assert_eq!(worker.rest().get(&format!("/connectors/{NAME}/config")).expect(200).json(), config);
    worker.wait_state(NAME, "PAUSED", 4);
    worker.rest().call("PUT", &format!("/connectors/{NAME}/resume")).expect(202);
    worker.wait_state(NAME, "RUNNING", 4);
    wait_more(NAME);
    assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
    // Nothing was lost and, as both ends were clean, nothing repeated.
    let found = sequence::of_topic(&Kafka::shared().topics().read(NAME));
    assert_eq!(found.len(), 4, "four tasks");
    sequence::assert_exactly_once(NAME, &found);
}
