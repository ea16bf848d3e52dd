//! What moves and what stays when workers come and go: which worker runs each task, and for how long a task was silent.

use crate::sequence::Numbered;
use crate::{Worker, wait_until};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Which worker runs each task, by its id, as a status tells it.
pub fn homes(status: &Value) -> BTreeMap<String, String> {
    let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
    tasks.iter().map(|task| (task["id"].to_string(), task["worker_id"].to_string())).collect()
}

/// The longest time without a record, among those that came from `since` on, and when it was over; in milliseconds since 1970.
pub fn longest_pause(sequence: &[Numbered], since: i64) -> (i64, i64) {
    let after = sequence.windows(2).filter(|pair| pair[1].time >= since);
    after.map(|pair| (pair[1].time - pair[0].time, pair[1].time)).max().unwrap_or_default()
}

/// Waits until all tasks run, and as many on each of the workers, give or take one.
///
/// # Panics
/// When they do not in time.
pub fn wait_even(seen_by: &Worker, name: &str, workers: &[Worker], tasks: usize, bound: Duration) {
    wait_until("the tasks to be spread evenly", bound, || {
        let answer = seen_by.rest().try_request("GET", &format!("/connectors/{name}/status"), None)?;
        let running = homes_of_running(&answer.json());
        let of = |worker: &Worker| {
            let id = Value::from(worker.worker_id()).to_string();
            running.iter().filter(|home| **home == id).count()
        };
        let counts: Vec<usize> = workers.iter().map(of).collect();
        let even = tasks / workers.len()..=tasks.div_ceil(workers.len());
        let all = counts.iter().sum::<usize>() == tasks && counts.iter().all(|count| even.contains(count));
        if all { Ok(()) } else { Err(format!("{counts:?}")) }
    });
}

fn homes_of_running(status: &Value) -> Vec<String> {
    let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
    tasks.iter().filter(|task| task["state"] == "RUNNING").map(|task| task["worker_id"].to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pause_is_one_that_ends_after_the_event() {
        let at = |times: &[i64]| -> Vec<Numbered> {
            let one = |(place, time): (usize, &i64)| Numbered { number: place as i64, time: *time, place };
            times.iter().enumerate().map(one).collect()
        };
        let sequence = at(&[0, 900, 1_000, 1_300, 1_350]);
        assert_eq!(longest_pause(&sequence, 0), (900, 900));
        // It may have begun before.
        assert_eq!(longest_pause(&sequence, 1_250), (300, 1_300));
        assert_eq!(longest_pause(&sequence, 1_301), (50, 1_350));
        assert_eq!(longest_pause(&sequence, 2_000), (0, 0));
        assert_eq!(longest_pause(&[], 0), (0, 0));
    }
}
