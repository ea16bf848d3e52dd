//! What a sink task reads, and how much of it a put has.

use crate::{MINUTE, count_lines, fill, numbers};
use connect_tests::configs::file_sink;
use connect_tests::{Kafka, With, WorkerSpec, wait_for};

#[test]
fn a_topic_that_comes_later_is_read_if_the_pattern_fits() {
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap());
    let out = spec.dir().join("out");
    fill("regex-a", numbers(0..10));
    fill("other-regex-a", numbers(0..10));
    let mut sink = file_sink("regex-sink", "unused", &out).with("topics.regex", "regex-[a-z]");
    sink.remove("topics");
    let mut worker = spec.connector(sink).start();
    wait_for("the records of the first topic", MINUTE, || count_lines(&out) == 10);
    fill("regex-b", numbers(0..5));
    wait_for("the records of the later topic", MINUTE, || count_lines(&out) == 15);
    assert!(worker.terminate().success());
    assert_eq!(count_lines(&out), 15, "nothing of topics that the pattern does not match as a whole");
}

#[test]
fn a_topic_that_is_made_after_its_sink_is_read() {
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap());
    let out = spec.dir().join("out");
    let sink = file_sink("early", "late-topic", &out);
    let sink = sink.with("consumer.override.allow.auto.create.topics", "false");
    let mut worker = spec.set("connector.client.config.override.policy", "All").connector(sink).start();
    wait_for("the sink to miss its topic", MINUTE, || worker.process().log().contains("late-topic"));
    fill("late-topic", numbers(0..10));
    wait_for("its records", MINUTE, || count_lines(&out) == 10);
    assert!(worker.terminate().success());
}

#[test]
fn a_put_has_as_many_records_as_allowed() {
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap());
    let [much, little] = ["much", "little"].map(|file| spec.dir().join(file));
    fill("batches", numbers(0..20_000));
    let small =
        file_sink("batch-small", "batches", &little).with("consumer.override.max.poll.records", "100");
    let spec = spec.set("connector.client.config.override.policy", "All");
    let mut worker = spec.connector(file_sink("batch-large", "batches", &much)).connector(small).start();
    wait_for("all records in both files", MINUTE, || {
        count_lines(&much) == 20_000 && count_lines(&little) == 20_000
    });
    let largest = |connector: &str| {
        let label = format!("connector=\"{connector}\"");
        worker.metric("kafka_connect_connector_task_batch_size_max", &[&label]).expect("the metric is there")
    };
    assert!(largest("batch-small") <= 100.0, "{}", largest("batch-small"));
    assert!((101.0..=4096.0).contains(&largest("batch-large")), "{}", largest("batch-large"));
    assert!(worker.terminate().success());
}

#[test]
fn put_is_not_called_for_nothing() {
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).set("offset.flush.interval.ms", 200);
    let out = spec.dir().join("out");
    fill("no-json", numbers(0..100));
    let sink = file_sink("drops-all", "no-json", &out).with("errors.tolerance", "all");
    let sink = sink.with("value.converter", "JsonConverter");
    let mut worker = spec.connector(sink).start();
    let topics = kafka.topics();
    wait_for("the dropped records' offset", MINUTE, || {
        topics.committed("connect-drops-all", "no-json") == [Some(100)]
    });
    let label = ["connector=\"drops-all\""];
    assert_eq!(worker.metric("kafka_connect_sink_task_put_seconds_count", &label), Some(0.0));
    assert_eq!(worker.metric("kafka_connect_task_error_total_records_skipped", &label), Some(100.0));
    assert!(worker.terminate().success());
    assert_eq!(count_lines(&out), 0);
}
