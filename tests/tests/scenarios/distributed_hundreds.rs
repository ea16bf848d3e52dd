//! Hundreds of connectors on a group of workers: each worker knows all of them, and answers from memory.

use crate::MINUTE;
use crate::distributed::{create, start};
use connect_tests::configs::verifiable_source;
use connect_tests::{Kafka, Worker, wait_until};
use serde_json::Value;
use std::time::{Duration, Instant};

const NAME: &str = "hundreds";
const ALL: usize = 500;

/// Why the worker does not show all connectors in full with their tasks.
fn whole(worker: &Worker) -> Result<(), String> {
    let answer = worker.rest().get("/connectors?expand=status&expand=info").expect(200).json();
    let all = answer.as_object().ok_or("not an object")?;
    let settled = |one: &&Value| {
        let (status, info) = (&one["status"], &one["info"]);
        let runs = |part: &Value| part["state"] == "RUNNING";
        runs(&status["connector"]) && runs(&status["tasks"][0]) && info["tasks"][0]["task"] == 0
    };
    match all.values().filter(settled).count() {
        ALL => Ok(()),
        some => Err(format!("{some} of {}", all.len())),
    }
}

#[test]
fn hundreds_of_connectors_are_told_in_a_moment_by_any_worker() {
    Kafka::shared().topics().create(NAME, 4, 1, &[]);
    let workers = [start(NAME), start(NAME), start(NAME)];
    let began = Instant::now();
    for number in 0..ALL {
        create(&workers[number % 3], &verifiable_source(&format!("{NAME}-{number}"), NAME, 1));
    }
    eprintln!("{ALL} connectors are created after {:?}", began.elapsed());
    for worker in &workers {
        wait_until("all connectors on this worker", MINUTE, || whole(worker));
    }
    eprintln!("all of them have settled after {:?}", began.elapsed());
    for worker in &workers {
        let mut times: Vec<Duration> = (0..21)
            .map(|_| {
                let asked = Instant::now();
                let answer = worker.rest().get("/connectors?expand=status&expand=info").expect(200);
                assert!(answer.body.len() > 100 * ALL);
                asked.elapsed()
            })
            .collect();
        times.sort();
        eprintln!("all connectors with status and info: median {:?}, longest {:?}", times[10], times[20]);
        assert!(times[10] < Duration::from_millis(100), "{times:?}");
    }
}
