//! Calls that wait, errors and answers.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use connect_plugin::testkit::{
    ConnectorHandle, Plugin, SinkCase, SinkHandle, SinkInput, SourceCase, SourceHandle, accept_sink,
    accept_source,
};
use connect_plugin::*;

use crate::plugin::{CONNECT_PLUGIN_MANIFEST, DROPPED_CALLS, DROPPED_HALVES, connect_plugin_entry};

fn plugin() -> Plugin {
    Plugin::load(connect_plugin_entry, CONNECT_PLUGIN_MANIFEST)
}

fn source(mode: &str) -> SourceHandle {
    let task = SourceHandle::create(&plugin().class("test.Source"), 0, &[]);
    task.start(&Config::from([("mode", mode), ("needed", "x")])).unwrap();
    task
}

fn sink() -> SinkHandle {
    let task = SinkHandle::create(&plugin().class("test.Sink"), 0);
    task.start(&Config::default()).unwrap();
    task
}

#[test]
fn both_are_accepted() {
    let config = Config::from([("needed", "x")]);
    accept_source(&plugin(), SourceCase { class: "test.Source", config, feed: Box::new(|_| {}), count: 50 });
    let value = Box::new(|n: i64| n.into());
    accept_sink(&plugin(), SinkCase { class: "test.Sink", config: Config::default(), value });
}

#[test]
fn the_manifest_lists_classes_and_aliases() {
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "{{\"abi\":\"0.1\",\"classes\":[{{\"class\":\"test.Source\",\"kind\":\"source\",\"version\":\"{version}\",\
         \"aliases\":[\"S\",\"Src\"]}},{{\"class\":\"test.Sink\",\"kind\":\"sink\",\"version\":\"{version}\"}}]}}"
    );
    assert_eq!(CONNECT_PLUGIN_MANIFEST, expected);
}

#[test]
fn acks_and_commits_reach_the_task() {
    let task = source("count");
    let records = task.poll().unwrap();
    assert_eq!(records.len(), 10);
    assert_eq!((records[3].cookie, records[3].value.clone()), (3, (Value::Int64(3), Schema::INT64.id())));
    task.ack(&records).unwrap();
    task.commit().unwrap();
    assert!(task.seat().logs().iter().any(|line| line.ends_with("acked 10")), "{:?}", task.seat().logs());
    task.stop().unwrap();
    task.destroy();
}

#[test]
fn a_stop_drops_the_poll_that_waits() {
    let task = source("forever");
    assert!(task.poll_within(Duration::from_millis(20)).is_none());
    assert_eq!(DROPPED_CALLS.load(Ordering::SeqCst), 0);
    task.stop().unwrap();
    assert_eq!(DROPPED_CALLS.load(Ordering::SeqCst), 1);
    task.destroy();
    let task = source("forever");
    assert!(task.poll_within(Duration::from_millis(20)).is_none());
    task.destroy();
    assert_eq!(DROPPED_CALLS.load(Ordering::SeqCst), 2);
}

#[test]
fn cancel_ends_a_wait() {
    let task = source("cancel");
    assert!(task.poll_within(Duration::from_millis(10)).is_none());
    let begin = Instant::now();
    task.cancel();
    assert_eq!(task.poll().unwrap(), []);
    assert!(begin.elapsed() < Duration::from_secs(10));
    task.stop().unwrap();
    task.destroy();
}

#[test]
fn errors_keep_their_kind_and_causes() {
    let task = source("retriable");
    let failure = task.poll().unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (2, "not yet"));
    assert_eq!(task.poll().unwrap()[0].value.0, Value::Int64(1), "the same call was repeated");
    task.destroy();
    let task = source("io");
    let failure = task.poll().unwrap_err();
    assert!(failure.message.starts_with("cannot read the file: No such file"), "{failure:?}");
    assert!(failure.trace.contains("Caused by: "), "{failure:?}");
    task.destroy();
    let task = SourceHandle::create(&plugin().class("test.Source"), 0, &[]);
    let failure = task.start(&Config::default()).unwrap_err();
    assert_eq!(failure.kind, 3);
    assert!(failure.message.contains("Missing required configuration \"needed\""), "{failure:?}");
    task.destroy();
}

#[test]
fn put_answers_record_by_record() {
    let task = sink();
    let input = |offset, value: SchemaAndValue| SinkInput::new("t", 0, offset, value);
    let inputs = [
        input(0, "ok".into()),
        input(1, SchemaAndValue::NULL),
        input(2, 5i32.into()),
        input(3, "again".into()),
    ];
    assert_eq!(task.put(&inputs).unwrap(), [0, 2, 0, 1]);
    let why = task.seat().explained();
    assert_eq!((why[&1].as_str(), why[&3].as_str()), ("no value", "busy"));
    assert_eq!(task.put(&[input(4, "report".into()), input(5, "pause".into())]).unwrap(), [0, 0]);
    assert_eq!(task.seat().reported(), [(TopicPartition::new("t", 0), 4, "broken".to_owned())]);
    let requests = task.seat().requests();
    assert_eq!((requests[0].as_str(), requests.len()), ("pause t-0", 4), "{requests:?}");
    assert_eq!(requests[2..], ["timeout 2000", "commit"]);
    task.stop().unwrap();
    task.destroy();
}

#[test]
fn a_connector_answers() {
    let connector = ConnectorHandle::create(&plugin().class("test.Source"));
    let config = Config::from([("needed", "x"), ("other", "y")]);
    connector.start(&config).unwrap();
    let configs = connector.task_configs(5).unwrap();
    assert_eq!(configs.len(), 1);
    assert_eq!(configs[0].iter().collect::<Vec<_>>(), [("needed", "x"), ("other", "y")]);
    assert_eq!(connector.exactly_once_support(&config).unwrap(), ExactlyOnce::Supported);
    connector.stop().unwrap();
    connector.destroy();
}

#[test]
fn a_poll_that_acks_interrupt_begins_again_and_loses_nothing() {
    let task = source("half");
    assert!(task.poll_within(Duration::from_millis(10)).is_none());
    task.commit().unwrap();
    assert_eq!(DROPPED_HALVES.load(Ordering::SeqCst), 1);
    // The commit has woken the worker, and what was in the batch is handed out.
    let records = task.poll().unwrap();
    assert_eq!((records.len(), &records[0].value.0), (1, &Value::Int64(0)));
    assert!(task.poll_within(Duration::from_millis(10)).is_none());
    task.ack(&records).unwrap();
    assert_eq!(task.poll().unwrap()[0].value.0, Value::Int64(1));
    task.stop().unwrap();
    task.destroy();
}

#[test]
fn acks_and_polls_that_both_wait_come_to_their_ends() {
    let task = source("slow-acks");
    let mut all = task.poll().unwrap();
    for _ in 0..5 {
        assert!(task.poll_within(Duration::from_millis(3)).is_none());
        assert!(!task.ack_within(&all[..10], Duration::from_millis(3)), "the acks wait");
        assert!(task.poll_within(Duration::from_millis(3)).is_none(), "poll waits for them");
        all.extend(task.poll().unwrap());
    }
    task.commit().unwrap();
    assert_eq!(all.len(), 60);
    for (n, record) in all.iter().enumerate() {
        assert_eq!(record.value.0, Value::Int64(n as i64));
    }
    assert!(task.seat().logs().iter().any(|line| line.ends_with("acked 50")), "{:?}", task.seat().logs());
    task.stop().unwrap();
    task.destroy();
}
