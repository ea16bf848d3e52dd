//! The status topic of a Kafka Connect 4.1.1 worker, byte for byte, and records of every form.

use proptest::prelude::*;

use super::*;

/// `KEY<tab>VALUE` a line, as the worker wrote them.
const GOLDEN: &str = include_str!("../testdata/status.txt");

#[test]
fn what_kafka_connect_wrote_is_read_and_written_again() {
    let mut kinds = [0; 3];
    for line in GOLDEN.lines() {
        let (key, value) = line.split_once('\t').unwrap();
        let value = Some(value).filter(|value| *value != "<null>");
        let record = read(Some(key.as_bytes()), value.map(str::as_bytes));
        let record = record.unwrap_or_else(|skipped| panic!("{line}: {skipped}"));
        let (key_again, value_again) = write(&record);
        assert_eq!(String::from_utf8(key_again).unwrap(), key);
        assert_eq!(value_again.map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(), value, "{key}");
        kinds[match record {
            StatusRecord::Connector { .. } => 0,
            StatusRecord::Task { .. } => 1,
            StatusRecord::Topic { .. } => 2,
        }] += 1;
    }
    assert!(kinds.iter().all(|count| *count > 0), "a kind of record is missing");
}

#[test]
fn older_workers_tell_no_version() {
    let old = br#"{"state":"PAUSED","trace":null,"worker_id":"w:8083","generation":3}"#;
    let Ok(StatusRecord::Task { id, status: Some(status) }) = read(Some(b"status-task-a-b-4"), Some(old))
    else {
        panic!("no task");
    };
    assert_eq!((id.connector.as_str(), id.task), ("a-b", 4));
    assert_eq!((status.state, status.generation, status.version), (State::Paused, 3, None));
}

#[test]
fn topics_end_at_the_first_colon() {
    let read = |key: &str| match read(Some(key.as_bytes()), None) {
        Ok(StatusRecord::Topic { topic, connector, found: None }) => Some((topic, connector)),
        _ => None,
    };
    assert_eq!(read("status-topic-t:connector-a:b"), Some(("t".into(), "a:b".into())));
    assert_eq!(read("status-topic-t:CONNECTOR_a"), Some(("t".into(), "a".into())));
    for odd in ["status-topic-t", "status-topic-:connector-a", "status-topic-t:connector-", "status-topic-t:"]
    {
        assert_eq!(read(odd), None, "{odd}");
    }
}

#[test]
fn what_cannot_be_meant_is_skipped_with_a_reason() {
    let cases: [(&str, &str, Skipped); 9] = [
        ("status-worker-a", "{}", Skipped::Key),
        ("status-task-a", "{}", Skipped::Key),
        ("status-connector-a", "{", Skipped::NotJson),
        ("status-connector-a", "null", Skipped::NoValue),
        ("status-connector-a", "[]", Skipped::Shape("an object")),
        ("status-connector-a", r#"{"state":"running","generation":1}"#, Skipped::Shape("a known state")),
        (
            "status-connector-a",
            r#"{"state":"RUNNING","generation":1.0}"#,
            Skipped::Shape("a whole number as generation"),
        ),
        ("status-topic-t:connector-a", "{}", Skipped::Shape("an object as topic")),
        (
            "status-topic-t:connector-a",
            r#"{"topic":{"task":"0"}}"#,
            Skipped::Shape("whole numbers as task and discoverTimestamp"),
        ),
    ];
    for (key, value, reason) in cases {
        assert_eq!(read(Some(key.as_bytes()), Some(value.as_bytes())).err(), Some(reason), "{key} {value}");
    }
    let gone = read(Some(b"status-connector-a"), Some(br#"{"state":"DESTROYED"}"#));
    assert_eq!(gone, Ok(StatusRecord::Connector { name: "a".into(), status: None }));
}

fn any_status() -> impl Strategy<Value = PartStatus> {
    let text = || prop::option::of("[\\x00-\\x7f]{0,5}\\PC{0,10}");
    (prop::sample::select(STATES.to_vec()), text(), "\\PC{0,10}", any::<i32>(), text()).prop_map(
        |(state, trace, worker_id, generation, version)| PartStatus {
            state,
            trace,
            worker_id,
            generation,
            version,
        },
    )
}

fn any_record() -> impl Strategy<Value = StatusRecord> {
    let count = 0..i32::MAX as u32;
    let found = (count.clone(), any::<i64>()).prop_map(|(task, discovered)| TopicUse { task, discovered });
    prop_oneof![
        ("\\PC{0,12}", prop::option::of(any_status()))
            .prop_map(|(name, status)| StatusRecord::Connector { name, status }),
        ("\\PC{0,12}", count, prop::option::of(any_status())).prop_map(|(connector, task, status)| {
            StatusRecord::Task { id: TaskId { connector, task }, status }
        }),
        ("[a-zA-Z0-9._-]{1,12}", "\\PC{1,12}", prop::option::of(found))
            .prop_map(|(topic, connector, found)| StatusRecord::Topic { topic, connector, found }),
    ]
}

proptest! {
    #[test]
    fn any_record_is_read_back(record in any_record()) {
        let (key, value) = write(&record);
        prop_assert_eq!(read(Some(&key), value.as_deref()), Ok(record));
    }

    #[test]
    fn no_bytes_panic(
        prefix in prop::sample::select(vec!["", CONNECTOR, TASK, TOPIC]),
        rest in prop::collection::vec(any::<u8>(), 0..20),
        value in prop::option::of(prop::collection::vec(any::<u8>(), 0..60)),
    ) {
        let _ = read(Some(&[prefix.as_bytes(), &rest].concat()), value.as_deref());
    }
}
