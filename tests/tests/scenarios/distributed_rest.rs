//! Every command through every worker of a group: whoever is asked, the one that it concerns does it.

use crate::MINUTE;
use crate::distributed::{ask, create, sources, start, wait_more, wait_spread};
use connect_tests::{Kafka, With, wait_for};
use serde_json::json;

#[test]
fn every_worker_takes_every_command() {
    const NAME: &str = "commanded";
    let workers = [start(NAME), start(NAME)];
    let path = |rest: &str| format!("/connectors/{NAME}{rest}");
    let spread = |tasks: usize| {
        for worker in &workers {
            wait_spread(worker, NAME, tasks, &[(&workers[0], tasks / 2), (&workers[1], tasks / 2)]);
        }
    };
    create(&workers[1], &sources(NAME));
    spread(4);
    for worker in &workers {
        for (command, status, state, tasks) in
            [("/pause", 202, "PAUSED", 4), ("/resume", 202, "RUNNING", 4), ("/stop", 204, "STOPPED", 0)]
        {
            ask(worker, "PUT", &path(command), status);
            workers.iter().for_each(|seen_by| drop(seen_by.wait_state(NAME, state, tasks)));
        }
        ask(worker, "PUT", &path("/resume"), 202);
        spread(4);
        // One of the two runs the connector, and each of them two of the tasks.
        ask(worker, "POST", &path("/restart"), 204);
        for task in 0..4 {
            ask(worker, "POST", &path(&format!("/tasks/{task}/restart")), 204);
        }
        ask(worker, "POST", &path("/restart?includeTasks=true"), 202);
        spread(4);
        wait_more(NAME);
    }
    for (worker, tasks) in [(&workers[0], 2), (&workers[1], 4)] {
        worker.rest().put(&path("/config"), &json!(sources(NAME).with("tasks.max", tasks))).expect(200);
        spread(tasks);
        wait_more(NAME);
    }
    workers[1].rest().call("PATCH", &path("/config")).expect(500);
    ask(&workers[1], "DELETE", &path(""), 204);
    for worker in &workers {
        wait_for("the connector to be gone", MINUTE, || worker.rest().get(&path("/status")).status == 404);
        assert_eq!(worker.rest().get("/connectors").expect(200).json(), json!([]));
    }
    // What a leader cleared away does not come back.
    let statuses = Kafka::shared().topics().read(&format!("{NAME}-statuss"));
    let mut left = std::collections::BTreeMap::new();
    for record in &statuses {
        left.insert(record.key.clone(), record.value.is_some());
    }
    assert!(left.values().all(|there| !there), "{left:?}");
}
