//! What the log tells of records that cannot be processed.

use crate::MINUTE;
use connect_tests::configs::{faulty_source, file_sink, file_source};
use connect_tests::{Props, With, Worker, WorkerSpec, faulty, wait_for};

const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";
const INTEGER: &str = "org.apache.kafka.connect.converters.IntegerConverter";

fn told(worker: &mut Worker, words: &str) -> bool {
    worker.process().log().contains(words)
}

/// Three numbered records as texts.
fn source(name: &str, topic: &str) -> Props {
    faulty_source(name, "numbers", topic).with("records", 3)
}

#[test]
fn failed_records_are_logged_with_their_coordinates() {
    let spec = WorkerSpec::with_dev_broker().plugins([faulty::plugin("numbers")]);
    let out = spec.dir().join("out");
    let mut worker = spec.start();
    let logged = |config: Props, include: bool| {
        config.with("errors.log.enable", true).with("errors.log.include.messages", include)
    };
    let tolerant = |config: Props| config.with("errors.tolerance", "all");
    worker.create("good", &source("good", "t")).expect(201);
    let sink = |name: &str| file_sink(name, "t", &out).with("value.converter", JSON);
    let polled = |name: &str| source(name, "u").with("value.converter", INTEGER);
    let configs = [
        tolerant(logged(sink("sink"), true)),
        tolerant(logged(sink("quiet-sink"), false)),
        tolerant(logged(polled("source"), true)),
        tolerant(logged(polled("quiet-source"), false)),
        tolerant(polled("silent-source")),
        logged(polled("failing"), true),
    ];
    for config in &configs {
        worker.create(&config["name"], config).expect(201);
    }
    let begin = |task: &str, class: &str| {
        format!("Error encountered in task {task}-0. Executing stage 'VALUE_CONVERTER' with class '{class}'")
    };
    for offset in 0..3 {
        let place = format!(
            ", where source record is = SourceRecord{{sourcePartition={{source=source/0}}, \
             sourceOffset={{n={offset}}}}} ConnectRecord{{topic='u', kafkaPartition=null, timestamp=null}}. "
        );
        let line = begin("source", INTEGER) + &place;
        wait_for(&line, MINUTE, || told(&mut worker, &line));
    }
    let consumed = begin("sink", JSON) + ", where consumed record is {topic='t', partition=";
    wait_for("the records of the sink", MINUTE, || {
        let log = worker.process().log();
        let lines = log.lines().filter(|line| line.contains(&consumed));
        lines.filter(|line| line.contains(", timestampType=CreateTime}. ")).count() == 3
    });
    for (task, class) in [("quiet-sink", JSON), ("quiet-source", INTEGER)] {
        let line = begin(task, class) + ". ";
        wait_for(&line, MINUTE, || told(&mut worker, &line));
        assert!(!told(&mut worker, &(begin(task, class) + ", where")));
    }
    let trace = worker.wait_task_failed("failing", 0);
    assert!(trace.contains("Tolerance exceeded in error handler, stage VALUE_CONVERTER"), "{trace}");
    let line = begin("failing", INTEGER) + ", where source record is";
    assert!(told(&mut worker, &line), "what fails a task is logged, too");
    let counted = |task: &str| {
        worker.metric("kafka_connect_task_error_total_errors_logged", &[&format!("connector=\"{task}\"")])
    };
    wait_for("counts", MINUTE, || {
        [counted("source"), counted("sink"), counted("silent-source")] == [Some(3.0), Some(3.0), Some(0.0)]
    });
    assert!(!told(&mut worker, "in task silent-source-0"));
}

#[test]
fn no_content_of_a_record_is_logged() {
    const SECRET: &str = "geheim";
    let spec = WorkerSpec::with_dev_broker();
    let (input, out) = (spec.dir().join("input"), spec.dir().join("out"));
    std::fs::write(&input, format!("{SECRET}\n")).expect("the input");
    let mut worker = spec.start();
    let logged = |config: Props| {
        let config = config.with("errors.tolerance", "all").with("errors.log.enable", true);
        config.with("errors.log.include.messages", true)
    };
    worker.create("lines", &file_source("lines", &input, "t")).expect(201);
    let source = logged(file_source("source", &input, "u").with("value.converter", INTEGER));
    worker.create("source", &source).expect(201);
    worker.create("sink", &logged(file_sink("sink", "t", &out).with("value.converter", JSON))).expect(201);
    for task in ["source-0", "sink-0"] {
        wait_for(task, MINUTE, || told(&mut worker, &format!("Error encountered in task {task}.")));
    }
    assert!(!told(&mut worker, SECRET), "{}", worker.process().log());
}
