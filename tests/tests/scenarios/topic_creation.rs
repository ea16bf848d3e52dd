//! Topics that sources have made for them, as `topic.creation.*` says.

use crate::MINUTE;
use connect_tests::configs::verifiable_source;
use connect_tests::{Kafka, Props, With, Worker, WorkerSpec, wait_for};
use serde_json::Value;

/// A source with a default group and one for names that begin with `state`.
fn source(name: &str, topic: &str) -> Props {
    verifiable_source(name, topic, 100)
        .with("topic.creation.default.partitions", 2)
        .with("topic.creation.default.replication.factor", -1)
        .with("topic.creation.groups", "state")
        .with("topic.creation.state.include", "state.*")
        .with("topic.creation.state.exclude", "state-log")
        .with("topic.creation.state.partitions", 3)
        .with("topic.creation.state.cleanup.policy", "compact")
        .with("topic.creation.state.retention.ms", 12_345_678)
}

fn written(worker: &Worker, name: &str) -> f64 {
    let family = "kafka_connect_source_task_source_record_write_total";
    worker.metric(family, &[&format!("connector=\"{name}\"")]).unwrap_or_default()
}

#[test]
fn topics_are_made_as_their_group_says() {
    let kafka = Kafka::shared();
    let topics = kafka.topics();
    topics.create("state-old", 1, 1, &[]);
    let mut worker = WorkerSpec::connect_host(kafka.bootstrap()).start();
    let expected = [("state-new", 3), ("state-log", 2), ("state-old", 1)];
    for (topic, _) in expected {
        worker.create(topic, &source(topic, topic)).expect(201);
    }
    for (topic, partitions) in expected {
        wait_for(&format!("records in {topic}"), MINUTE, || written(&worker, topic) > 10.0);
        assert_eq!(topics.partitions(topic), partitions, "{topic}");
    }
    let of_new = |name: &str| topics.setting("state-new", name);
    assert_eq!((of_new("cleanup.policy"), of_new("retention.ms")), ("compact".into(), "12345678".into()));
    assert_eq!(topics.setting("state-log", "cleanup.policy"), "delete");
    assert_eq!(topics.setting("state-old", "cleanup.policy"), "delete", "what is there stays as it is");

    let many = source("many", "many-replicas").with("topic.creation.default.replication.factor", 9);
    worker.create("many", &many).expect(201);
    let trace = worker.wait_task_failed("many", 0);
    for words in ["Task failed to create new topic many-replicas", "eplication factor"] {
        assert!(trace.contains(words), "{trace}");
    }
    assert_eq!(topics.partitions("many-replicas"), 0);
    assert!(worker.terminate().success());
}

#[test]
fn a_worker_may_forbid_it_and_wrong_values_are_named() {
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).set("topic.creation.enable", false);
    let mut worker = spec.connector(source("left", "state-left")).start();
    wait_for("records", MINUTE, || written(&worker, "left") > 10.0);
    assert_eq!(kafka.topics().partitions("state-left"), 1, "as the broker makes it by itself");
    assert!(worker.process().log().contains("the worker's topic.creation.enable is false"));

    let key = "topic.creation.default.partitions";
    let wrong = source("wrong", "wrong").with(key, 0);
    let answer =
        worker.rest().put("/connector-plugins/VerifiableSource/config/validate", &serde_json::json!(wrong));
    let report = answer.expect(200).json();
    let entry = |name: &str| -> Value {
        let all = report["configs"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| one["value"]["name"] == name).unwrap_or_default()
    };
    let told = entry(key)["value"]["errors"][0].as_str().unwrap_or_default().to_owned();
    assert!(told.contains("Number of partitions must be positive"), "{report}");
    assert_eq!(entry("topic.creation.state.include")["definition"]["group"], "Topic Creation: state");
    assert_eq!(entry("topic.creation.state.replication.factor")["value"]["value"], "-1");
    let refused = worker.create("wrong", &wrong).expect(400);
    assert!(refused.body.contains(key), "{}", refused.body);
    assert!(worker.terminate().success());
}

#[test]
fn the_embedded_broker_makes_what_it_can() {
    let mut worker = WorkerSpec::with_dev_broker().start();
    worker.create("made", &source("made", "made")).expect(201);
    wait_for("records", MINUTE, || written(&worker, "made") > 10.0);
    let log = worker.process().log();
    assert!(log.contains("topic made was made, as group default says"), "{log}");
    worker.create("configs", &source("configs", "state-configs")).expect(201);
    let trace = worker.wait_task_failed("configs", 0);
    assert!(trace.contains("the embedded broker has no topic configs; remove cleanup.policy"), "{trace}");
    assert!(worker.terminate().success());
}
