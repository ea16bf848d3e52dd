//! What a group was left with and this program does not have: features are refused by name, a class that is missing keeps
//! its connector, which goes on where the class is.

use crate::MINUTE;
use crate::distributed::{spec, start, wait_healthy, wait_more};
use crate::distributed_versions::write;
use connect_tests::configs::{faulty_source, file_sink, verifiable_source};
use connect_tests::{Kafka, Props, With, Worker, faulty, wait_until};
use serde_json::{Value, json};

/// What Kafka Connect has and this version has not, and what is said of it.
fn refused(name: &str) -> Vec<(Props, &'static str)> {
    let source = verifiable_source(&format!("{name}-transforms"), name, 10);
    let cast = source
        .with("transforms", "a")
        .with("transforms.a.type", "org.apache.kafka.connect.transforms.Cast$Value");
    let sink = file_sink(&format!("{name}-dlq"), name, "/dev/null".as_ref());
    let required =
        verifiable_source(&format!("{name}-required"), name, 10).with("exactly.once.support", "required");
    vec![
        (
            cast,
            "transforms: transformations are not supported by this version; remove transforms and transforms.*",
        ),
        (
            sink.with("errors.deadletterqueue.topic.name", "dead").with("errors.tolerance", "all"),
            "errors.deadletterqueue.topic.name: dead letter queues are not supported by this version",
        ),
        (required, "This worker does not have exactly-once source support enabled."),
    ]
}

/// A connector with one task, as a worker of Kafka Connect leaves it in the config topic.
fn left(config: &Props) -> Vec<(String, Value)> {
    let name = &config["name"];
    let properties = json!({"properties": config});
    vec![
        (format!("connector-{name}"), properties.clone()),
        (format!("task-{name}-0"), properties),
        (format!("commit-{name}"), json!({"tasks": 1})),
    ]
}

/// Its task has failed, and says so; where its class is missing the connector has, too.
fn wait_broken(worker: &Worker, name: &str, connector: &str, words: &str) {
    wait_until(&format!("{name}: {words}"), MINUTE, || {
        let answer = worker.rest().get(&format!("/connectors/{name}/status"));
        let status = if answer.status == 200 { answer.json() } else { Value::Null };
        let says = |part: &Value| part["trace"].as_str().is_some_and(|trace| trace.contains(words));
        let (whole, task) = (&status["connector"], &status["tasks"][0]);
        let failed = whole["state"] == connector && task["state"] == "FAILED";
        let told = says(task) && (connector == "RUNNING" || says(whole));
        if failed && told { Ok(()) } else { Err(answer.body) }
    });
}

#[test]
fn what_is_not_supported_is_refused_in_a_group_too() {
    const NAME: &str = "unsupported";
    let worker = start(NAME);
    for (config, words) in refused(NAME) {
        let answer = worker.create(&config["name"], &config).expect(400);
        assert!(answer.body.contains(words), "{answer:?}");
    }
    assert_eq!(worker.rest().get("/connectors").expect(200).json(), json!([]));
}

/// As after a move from Kafka Connect: configs that were good there are kept as they are, and their tasks fail by name.
#[test]
fn what_kafka_connect_left_is_kept_and_its_tasks_fail_by_name() {
    const NAME: &str = "left-by-kafka";
    let topics = Kafka::shared().topics();
    let configs = format!("{NAME}-configs");
    topics.create(&configs, 1, 1, &[("cleanup.policy", "compact")]);
    topics.create(NAME, 1, 1, &[]);
    let strange = faulty_source("strange", "numbers", NAME).with("records", 1_000_000).with("interval.ms", 1);
    let (healthy, refused) = (verifiable_source(NAME, NAME, 200), refused(NAME));
    let all: Vec<&Props> = refused.iter().map(|(config, _)| config).chain([&strange, &healthy]).collect();
    write(&topics, &configs, &all.iter().flat_map(|config| left(config)).collect::<Vec<_>>());
    let mut worker = start(NAME);
    for (config, words) in &refused {
        wait_broken(&worker, &config["name"], "RUNNING", words);
    }
    wait_broken(&worker, "strange", "FAILED", &strange["connector.class"]);
    worker.wait_state(NAME, "RUNNING", 1);
    wait_more(NAME);
    for config in all {
        let path = format!("/connectors/{}/config", config["name"]);
        assert_eq!(worker.rest().get(&path).expect(200).json(), json!(config));
    }
    // One that has the class comes, and the other one goes.
    let other = spec(NAME).plugins([faulty::plugin("numbers")]).start();
    wait_healthy(&other);
    assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
    other.wait_state("strange", "RUNNING", 1);
    wait_more(NAME);
}
