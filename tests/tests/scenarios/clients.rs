//! Settings of the Kafka clients, on the worker and on connectors: honoured, named in a warning where they have no
//! counterpart, refused where doing without them would change what the client does.

use crate::{MINUTE, fill, lines, numbers};
use connect_tests::configs::{
    connector, faulty_sink, faulty_source, file_sink, verifiable_sink, verifiable_source,
};
use connect_tests::process::cpu_seconds;
use connect_tests::{Kafka, Props, With, Worker, WorkerSpec, faulty, let_run, wait_for, wait_until};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How the first batch of a topic is compressed: what its attributes say on the broker's disk.
fn codec(topic: &str) -> u8 {
    wait_until(&format!("a batch of {topic} on disk"), MINUTE, || {
        let segment = Kafka::shared().data(1).join(format!("{topic}-0/00000000000000000000.log"));
        // Base offset, length, leader epoch, magic, checksum; then two bytes of attributes.
        let attributes = fs::read(&segment).ok().and_then(|bytes| bytes.get(22).copied());
        attributes.map(|low| low & 7).ok_or_else(|| format!("{} is empty", segment.display()))
    })
}

#[test]
fn settings_of_the_worker_reach_all_and_those_of_a_connector_win() {
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).set("producer.compression.type", "lz4");
    let source = |name: &str| verifiable_source(name, name, 1000).with("payload.bytes", 200);
    let own = "producer.override.compression.type";
    let spec = spec.connector(source("codec-worker")).connector(source("codec-gzip").with(own, "gzip"));
    let mut worker = spec.connector(source("codec-none").with(own, "none")).start();
    let (none, gzip, lz4) = (0, 1, 3);
    assert_eq!(["codec-worker", "codec-gzip", "codec-none"].map(codec), [lz4, gzip, none]);
    assert!(worker.terminate().success());
}

#[test]
fn a_sink_sees_no_larger_puts_than_it_wants() {
    fill("sizes", numbers(0..1000));
    let spec = WorkerSpec::connect_host(Kafka::shared().bootstrap()).plugins([faulty::rust_plugin()]);
    let sizes = spec.dir().join("sizes");
    let sink = connector("sizes", "org.connecthost.faulty.SizesSink").with("report", sizes.display());
    let sink = sink.with("topics", "sizes").with("consumer.override.max.poll.records", 37);
    let _worker = spec.connector(sink).start();
    let puts = || lines(&sizes).iter().filter_map(|line| line.parse().ok()).collect::<Vec<u32>>();
    wait_for("all records", MINUTE, || puts().iter().sum::<u32>() >= 1000);
    assert!(puts().iter().all(|size| (1..=37).contains(size)), "{:?}", puts());
    assert_eq!(puts().iter().sum::<u32>(), 1000);
}

#[test]
fn consumers_start_where_they_are_told_and_have_the_names_they_are_given() {
    let (name, topics) = ("named", Kafka::shared().topics());
    fill(name, numbers(0..100));
    let spec = WorkerSpec::connect_host(Kafka::shared().bootstrap());
    let spec = spec.set("consumer.group.id", "of-the-worker").set("offset.flush.interval.ms", 200);
    let [all, new] = ["all", "new"].map(|file| spec.dir().join(file));
    let late = file_sink("late", name, &new).with("consumer.override.auto.offset.reset", "latest");
    let late = late.with("consumer.override.group.id", "of-the-connector");
    let mut worker = spec.connector(file_sink("early", name, &all)).connector(late).start();
    wait_for("the old records", MINUTE, || lines(&all).len() == 100);
    wait_for("the members", MINUTE, || topics.members("of-the-connector").len() == 1);
    assert!(topics.members("of-the-connector")[0].starts_with("connector-consumer-late-0"));
    assert!(topics.members("of-the-worker")[0].starts_with("connector-consumer-early-0"));
    let assigned = || worker.metric("kafka_connect_sink_task_partition_count", &["connector=\"late\""]);
    wait_for("the partition", MINUTE, || assigned() == Some(1.0));
    let mut next = 100;
    // Only once the consumer has asked where the end is, later records are new to it.
    wait_for("a new record", MINUTE, || {
        fill(name, numbers(next..next + 1));
        next += 1;
        !lines(&new).is_empty()
    });
    assert!(lines(&new)[0].parse::<u32>().is_ok_and(|first| first >= 100), "{:?}", lines(&new));
    assert!(worker.terminate().success());
    assert!(topics.committed("of-the-connector", name)[0] > Some(100));
    assert_eq!(topics.committed("connect-late", name), [None]);
}

/// Waits for a warning that names this key.
fn wait_warned(worker: &mut Worker, key: &str) {
    wait_for(&format!("a warning about {key}"), MINUTE, || {
        let log = worker.process().log();
        log.lines().any(|line| line.contains(" WARN ") && line.contains(key))
    });
}

#[test]
fn what_has_no_counterpart_is_named_in_a_warning() {
    let spec = WorkerSpec::with_dev_broker().set("producer.no.such.setting", "1");
    let spec = spec.set("consumer.interceptor.classes", "com.example.Interceptor");
    let source = verifiable_source("warned", "t", 100).with("producer.override.no.such.thing", "1");
    let source = source.with("producer.override.metadata.max.idle.ms", "1000");
    let found = spec.dir().join("report");
    let sink = verifiable_sink("warned-sink", "t", &found).with("consumer.override.metric.reporters", "x.Y");
    let mut worker = spec.connector(source).connector(sink).start();
    for key in [
        "producer.no.such.setting",
        "consumer.interceptor.classes",
        "producer.override.no.such.thing",
        "producer.override.metadata.max.idle.ms",
        "consumer.override.metric.reporters",
    ] {
        wait_warned(&mut worker, key);
    }
    for name in ["warned", "warned-sink"] {
        worker.wait_state(name, "RUNNING", 1);
    }
    assert!(worker.terminate().success());
}

/// The connector is refused, or its task fails, and the key is named.
fn assert_refused(worker: &Worker, config: &Props, key: &str) {
    let name = &config["name"];
    let answer = worker.create(name, config);
    let told = if answer.status == 201 { worker.wait_task_failed(name, 0) } else { answer.body };
    // A value of the wrong type is told as by Kafka's clients, which do not know the prefix.
    let bare = key.rsplit(".override.").next().unwrap_or(key);
    assert!(told.contains(bare), "{key}: {told}");
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let worker = WorkerSpec::with_dev_broker().start();
    let source = |name: &str| verifiable_source(name, "t", 100);
    let sink = |name: &str| file_sink(name, "t", Path::new("/dev/null"));
    let rows = [
        (source("partitioner"), "producer.override.partitioner.class", "com.example.Partitioner"),
        (source("serializer"), "producer.override.value.serializer", "com.example.Serializer"),
        (source("number"), "producer.override.linger.ms", "soon"),
        (sink("commit"), "consumer.override.enable.auto.commit", "true"),
        (sink("deserializer"), "consumer.override.key.deserializer", "com.example.Deserializer"),
    ];
    for (config, key, value) in rows {
        assert_refused(&worker, &config.with(key, value), key);
    }
    // Two settings that rule each other out.
    let twice = source("idempotence").with("producer.override.enable.idempotence", "true");
    assert_refused(&worker, &twice.with("producer.override.acks", "1"), "producer.override.acks");
}

#[test]
fn the_policy_says_what_a_connector_may_override() {
    for (policy, allowed) in [("None", false), ("Principal", false), ("All", true)] {
        let spec = WorkerSpec::with_dev_broker();
        let worker = spec.set("connector.client.config.override.policy", policy).start();
        let source = verifiable_source("source", "t", 100).with("producer.override.linger.ms", "1");
        let answer = worker.create("source", &source);
        let words = format!("The '{policy}' policy does not allow 'linger.ms' to be overridden");
        let told = (answer.status, answer.body.contains(&words));
        assert_eq!(told, if allowed { (201, false) } else { (400, true) }, "{}", answer.body);
        let principal =
            verifiable_source("p", "t", 100).with("producer.override.security.protocol", "PLAINTEXT");
        let status = worker.create("p", &principal).status;
        assert_eq!(status, if policy == "None" { 400 } else { 201 }, "{policy}");
    }
}

/// What only a real broker refuses.
#[test]
fn records_that_no_broker_takes_fail_the_task() {
    let plugins = ["garbage_batch", "numbers"].map(faulty::plugin);
    let worker = WorkerSpec::connect_host(Kafka::shared().bootstrap()).plugins(plugins).start();
    let source = |name: &str, fault: &str| {
        let config = faulty_source(name, "garbage_batch", "refused").with("fault", fault);
        worker.create(name, &config).expect(201);
    };
    source("name", "topic_name");
    source("partition", "kafka_partition_high");
    let trace = worker.wait_task_failed("name", 0);
    assert!(trace.contains("not a topic's name!"), "{trace}");
    let trace = worker.wait_task_failed("partition", 0);
    assert!(trace.contains("refused") && trace.contains("artition"), "{trace}");
    let large = verifiable_source("large", "large", 10).with("payload.bytes", 2_000_000);
    worker.create("large", &large).expect(201);
    let trace = worker.wait_task_failed("large", 0);
    assert!(trace.contains("large"), "{trace}");
}

/// Records that a sink wants again come again in their order, before any later one of their partition.
#[test]
fn retried_records_keep_their_order() {
    let name = "retried";
    fill(name, numbers(0..300));
    let plugins = ["answers", "errors"].map(faulty::plugin);
    let spec = WorkerSpec::connect_host(Kafka::shared().bootstrap()).plugins(plugins);
    let spec = spec.drains().set("offset.flush.interval.ms", 200);
    let [some, all] = ["some", "all"].map(|file| spec.dir().join(file));
    let answers = faulty_sink("answers", "answers", name).with("file", some.display());
    let answers = answers.with("fault", "retry").with("every", 50).with("times", 2);
    let errors = faulty_sink("errors", "errors", name).with("file", all.display());
    let errors = errors.with("fault", "put").with("kind", "retriable").with("times", 2).with("after", 1);
    let errors = errors.with("consumer.override.max.poll.records", 40);
    let mut worker = spec.connector(answers).connector(errors).start();
    let expected: Vec<String> = numbers(0..300).collect();
    for file in [&some, &all] {
        wait_for("all records", MINUTE, || lines(file).len() >= 300);
        assert_eq!(lines(file), expected);
    }
    assert!(worker.terminate().success());
    let topics = Kafka::shared().topics();
    assert_eq!(topics.committed("connect-answers", name), [Some(300)]);
    assert_eq!(topics.committed("connect-errors", name), [Some(300)]);
}

/// What a worker takes of a processor for some seconds, as a share of one.
fn processor(worker: &Worker) -> f64 {
    let (since, before) = (Instant::now(), cpu_seconds(worker.id()));
    let_run(Duration::from_secs(3));
    (cpu_seconds(worker.id()) - before) / since.elapsed().as_secs_f64()
}

/// Four producers with records to send, and a broker that does not answer, then none: they wait, and do not spin. Nor do the
/// clients that look after the worker's own topic.
#[test]
fn waiting_for_a_broker_costs_no_processor_time() {
    let kafka = Kafka::start();
    kafka.topics().create("waiting", 4, 1, &[]);
    let source = verifiable_source("waiting", "waiting", 200).with("tasks.max", 4);
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).set("offset.storage.topic", "waiting-offsets");
    let spec = spec.set("offset.storage.replication.factor", 1).unset("offset.storage.file.filename");
    let mut worker = spec.connector(source).start();
    wait_for("records", MINUTE, || kafka.topics().count("waiting") > 1000);
    kafka.freeze(1);
    let frozen = processor(&worker);
    kafka.thaw(1);
    let flowed = kafka.topics().count("waiting");
    wait_for("more records", MINUTE, || kafka.topics().count("waiting") > flowed + 1000);
    kafka.kill9(1);
    // By then the topic has been looked after.
    let_run(Duration::from_secs(11));
    let gone = processor(&worker);
    kafka.restart();
    eprintln!("of a processor: {frozen:.2} before a broker that stands still, {gone:.2} without one");
    assert!(frozen < 0.5 && gone < 0.25, "{frozen:.2} {gone:.2}");
    let flowed = kafka.topics().count("waiting");
    wait_for("more records", MINUTE, || kafka.topics().count("waiting") > flowed + 1000);
    assert!(worker.terminate().success());
}
