//! Both classes through the acceptance suite, and what they find out.

use std::time::{Duration, Instant};

use connect_plugin::testkit::{
    Plugin, SinkCase, SinkHandle, SinkInput, SourceCase, SourceHandle, accept_sink, accept_source,
};
use connect_plugin::{Config, SchemaAndValue, Value};
use connect_plugin::{PartitionOffset, TopicPartition};

const SOURCE: &str = "org.apache.kafka.connect.tools.VerifiableSourceConnector";
const SINK: &str = "org.apache.kafka.connect.tools.VerifiableSinkConnector";

fn plugin() -> Plugin {
    Plugin::load(connect_verifiable::connect_plugin_entry, connect_verifiable::CONNECT_PLUGIN_MANIFEST)
}

#[test]
fn the_source_is_accepted_in_both_formats() {
    for format in ["string", "number"] {
        let config = Config::from([("topic", "t"), ("throughput", "2000"), ("format", format)]);
        accept_source(&plugin(), SourceCase { class: SOURCE, config, feed: Box::new(|_| {}), count: 500 });
    }
}

#[test]
fn the_sink_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report");
    let config = Config::from([("report.file", file.to_str().unwrap()), ("put.delay.ms", "5")]);
    let value = Box::new(|offset| format!("0:{offset}").into());
    accept_sink(&plugin(), SinkCase { class: SINK, config, value });
}

#[test]
fn values_are_filled_up_and_the_rate_is_kept() {
    let class = plugin().class(SOURCE);
    let task = SourceHandle::create(&class, 0, &[]);
    let config = Config::from([("topic", "t"), ("throughput", "500"), ("payload.bytes", "40"), ("id", "3")]);
    task.start(&config).unwrap();
    let (start, mut seen) = (Instant::now(), Vec::new());
    while seen.len() < 250 {
        seen.extend(task.poll().unwrap());
    }
    assert!(start.elapsed() >= Duration::from_millis(480), "{:?}", start.elapsed());
    let Value::String(text) = &seen[7].value.0 else { panic!("{:?}", seen[7]) };
    assert!(text.starts_with("3:7:xxx") && text.len() == 40, "{text}");
    assert_eq!(seen[7].offset.as_ref().unwrap().get("seqno"), Some(&Value::Int64(7)));
    assert_eq!(seen[7].partition.get("id"), Some(&Value::Int32(3)));
    task.stop().unwrap();
    task.destroy();
}

fn numbered(id: i32, number: i64) -> SinkInput {
    SinkInput::new("t", 0, number, SchemaAndValue::from(format!("{id}:{number}:xxx")))
}

#[test]
fn the_report_tells_gaps_and_repeats_and_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report");
    let config = Config::from([("report.file", file.to_str().unwrap())]);
    let class = plugin().class(SINK);
    for numbers in [0..10, 8..20, 25..30] {
        let task = SinkHandle::create(&class, 0);
        task.start(&config).unwrap();
        let inputs: Vec<_> = numbers.flat_map(|n| [numbered(1, n), numbered(2, 2 * n)]).collect();
        task.put(&inputs).unwrap();
        let given = [PartitionOffset { partition: TopicPartition::new("t", 0), offset: 99 }];
        assert_eq!(task.pre_commit(&given).unwrap(), given);
        task.stop().unwrap();
        task.destroy();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let first = text.lines().next().unwrap();
    let expected = r#"{"id":"1","received":27,"repeats":2,"gaps":5,"out_of_order":0,"first":0,"last":29"#;
    assert!(first.starts_with(expected), "{first}");
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn a_gap_fails_the_task_if_asked_and_strangers_are_bad_records() {
    let class = plugin().class(SINK);
    let task = SinkHandle::create(&class, 0);
    task.start(&Config::from([("fail.on.gap", "true")])).unwrap();
    let strange = SinkInput::new("t", 0, 1, "hello");
    assert_eq!(task.put(&[numbered(1, 0), strange]).unwrap(), [0, 2]);
    assert_eq!(task.seat().explained()[&1], "not a record of a verifiable source");
    let failure = task.put(&[numbered(1, 2)]).unwrap_err();
    assert!(failure.message.contains("gap in source 1: 2 came after 0"), "{failure:?}");
    task.stop().unwrap();
    task.destroy();
}
