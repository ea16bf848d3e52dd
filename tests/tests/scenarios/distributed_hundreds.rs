//! Hundreds of connectors on a group of workers: each worker knows all of them, and answers from memory.

use crate::MINUTE;
use crate::distributed::start;
use connect_tests::configs::verifiable_source;
use connect_tests::{Kafka, Worker, size, wait_until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const NAME: &str = "hundreds";
const ALL: usize = 500;

/// How many of them run; the others are paused, and have no tasks, as in Kafka Connect.
fn running() -> usize {
    size(100, ALL)
}

fn runs(name: &str) -> bool {
    let number = name.strip_prefix(&format!("{NAME}-")).and_then(|number| number.parse().ok());
    number.is_some_and(|number: usize| number < running())
}

/// Why the worker does not show all connectors in full with their tasks.
fn whole(worker: &Worker) -> Result<(), String> {
    let answer = worker.rest().get("/connectors?expand=status&expand=info").expect(200).json();
    let all = answer.as_object().ok_or("not an object")?;
    let settled = |(name, one): &(&String, &Value)| {
        let (connector, tasks, known) =
            (&one["status"]["connector"], &one["status"]["tasks"], &one["info"]["tasks"]);
        match runs(name) {
            true => {
                connector["state"] == "RUNNING" && tasks[0]["state"] == "RUNNING" && known[0]["task"] == 0
            }
            false => connector["state"] == "PAUSED" && *known == json!([]),
        }
    };
    match all.iter().filter(settled).count() {
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
        let name = format!("{NAME}-{number}");
        let state = if runs(&name) { "RUNNING" } else { "PAUSED" };
        let body = json!({"name": name, "config": verifiable_source(&name, NAME, 1), "initial_state": state});
        wait_until("the connector to be created", MINUTE, || {
            let answer = workers[number % 3].rest().post("/connectors", &body);
            match answer.status {
                201 => Ok(()),
                409 => Err(answer.body),
                _ => panic!("{answer:?}"),
            }
        });
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
