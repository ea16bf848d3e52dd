//! The config topic of a Kafka Connect 4.1.1 worker, byte for byte, and records of every form.

use proptest::prelude::*;

use super::*;

/// `KEY<tab>VALUE` a line, as the worker wrote them.
const GOLDEN: &str = include_str!("../testdata/config.txt");

/// The properties in the order of their names.
fn sorted(value: &str) -> String {
    let mut node: Node = serde_json::from_str(value).unwrap();
    let Some(Node::Object(given)) = node.get_mut("properties") else { return value.to_owned() };
    let mut object = Object::new();
    let mut entries: Vec<_> = given.iter().collect();
    entries.sort_by_key(|(key, _)| key.as_str());
    for (key, value) in entries {
        object = object.text(key, value.as_str().unwrap());
    }
    String::from_utf8(Object::new().object("properties", object).end()).unwrap()
}

#[test]
fn what_kafka_connect_wrote_is_read_and_written_again() {
    let mut kinds = std::collections::HashSet::new();
    for line in GOLDEN.lines() {
        let (key, value) = line.split_once('\t').unwrap();
        let value = Some(value).filter(|value| *value != "<null>");
        let record = read(Some(key.as_bytes()), value.map(str::as_bytes));
        let record = record.unwrap_or_else(|skipped| panic!("{line}: {skipped}"));
        let (key_again, value_again) = write(&record);
        assert_eq!(String::from_utf8(key_again).unwrap(), key);
        assert_eq!(value_again.map(|bytes| String::from_utf8(bytes).unwrap()), value.map(sorted), "{key}");
        kinds.insert(std::mem::discriminant(&record));
    }
    assert_eq!(kinds.len(), 7, "a kind of record is missing");
}

#[test]
fn texts_are_escaped_as_in_java() {
    let line = GOLDEN.lines().find(|line| line.starts_with("connector-a-1 é\t")).unwrap();
    let value = line.split_once('\t').unwrap().1;
    let Ok(ConfigRecord::Connector { config: Some(config), .. }) =
        read(Some(b"connector-a"), Some(value.as_bytes()))
    else {
        panic!("no connector");
    };
    assert_eq!(config["note"], "tab\t quote\" slash/ back\\ é \u{2028} 😀 \u{1} \u{7f} <&>");
}

#[test]
fn task_counts_are_written_under_the_fencing_key() {
    let record = ConfigRecord::TaskCount { name: "a-b".into(), tasks: 3 };
    let (key, value) = write(&record);
    assert_eq!(
        (key.as_slice(), value.as_deref()),
        (&b"tasks-fencing-a-b"[..], Some(&br#"{"task-count":3}"#[..]))
    );
    assert!(read(Some(&key), value.as_deref()) == Ok(record));
}

#[test]
fn keys_go_by_their_prefixes_in_order() {
    let task = |key: &str| match read(Some(key.as_bytes()), Some(br#"{"properties":{"a":null,"b":"1"}}"#)) {
        Ok(ConfigRecord::TaskConfig { name, task, config }) => {
            assert_eq!(config.into_iter().collect::<Vec<_>>(), [("b".to_owned(), "1".to_owned())]);
            Some((name, task))
        }
        _ => None,
    };
    assert_eq!(task("task-a-0"), Some(("a".into(), 0)));
    assert_eq!(task("task-a-b--12"), Some(("a-b-".into(), 12)));
    assert_eq!(task("task-a-1-"), Some(("a".into(), 1)));
    for odd in ["task-1", "task-a-", "task-a-x", "task-a-2147483648", "tasks-a-1"] {
        assert_eq!(task(odd), None, "{odd}");
    }
    let target = read(Some(b"target-state-connector-a"), None);
    assert!(target == Ok(ConfigRecord::Target { name: "connector-a".into(), state: None }));
    let deleted = ConfigRecord::Connector { name: "a".into(), config: None };
    for tombstone in [None, Some(&b"null"[..]), Some(b"")] {
        assert!(read(Some(b"connector-a"), tombstone) == Ok(deleted.clone()));
    }
}

#[test]
fn old_and_odd_target_states_are_read() {
    let state = |value: &str| match read(Some(b"target-state-a"), Some(value.as_bytes())) {
        Ok(ConfigRecord::Target { state, .. }) => state,
        _ => None,
    };
    assert_eq!(state(r#"{"state":"PAUSED"}"#), Some(TargetState::Paused));
    assert_eq!(state(r#"{"state":"PAUSED","state.v2":"STOPPED"}"#), Some(TargetState::Stopped));
    assert_eq!(state(r#"{"state":"PAUSED","state.v2":1}"#), Some(TargetState::Paused));
    assert_eq!(state(r#"{"state":"STOPPED "}"#), None);
    assert_eq!(state(r#"{}"#), None);
}

#[test]
fn what_cannot_be_meant_is_skipped_with_a_reason() {
    let cases: [(&str, Option<&str>, Skipped); 16] = [
        ("connector-a", Some("{"), Skipped::NotJson),
        ("nonsense", Some("{"), Skipped::NotJson),
        ("nonsense", Some("{}"), Skipped::Key),
        ("session-key-", Some("{}"), Skipped::Key),
        ("connector-a", Some("1"), Skipped::Shape("an object")),
        ("connector-a", Some(r#"{"properties":[]}"#), Skipped::Shape("an object as properties")),
        ("connector-a", Some(r#"{"properties":{"a":1}}"#), Skipped::Shape("texts as properties")),
        ("task-a-0", None, Skipped::NoValue),
        ("commit-a", None, Skipped::NoValue),
        ("commit-a", Some(r#"{"tasks":1.0}"#), Skipped::Shape("a whole number as tasks")),
        ("commit-a", Some(r#"{"tasks":-1}"#), Skipped::Shape("a whole number as tasks")),
        ("commit-a", Some(r#"{"tasks":"1"}"#), Skipped::Shape("a whole number as tasks")),
        ("tasks-fencing-a", Some(r#"{"tasks":1}"#), Skipped::Shape("a whole number as task-count")),
        ("session-key", Some(r#"{"key":"*"}"#), Skipped::Shape("base64 as key")),
        ("logger-cluster-a", Some(r#"{"level":1}"#), Skipped::Shape("a text as level")),
        ("restart-connector-a", None, Skipped::NoValue),
    ];
    for (key, value, reason) in cases {
        let skipped = read(Some(key.as_bytes()), value.map(str::as_bytes)).err();
        assert_eq!(skipped, Some(reason), "{key} {value:?}");
    }
    let created = r#"{"key":"YQ==","algorithm":"HmacSHA256","creation-timestamp":1.5}"#;
    assert!(read(Some(b"session-key"), Some(created.as_bytes())).is_err());
    let restart = read(Some(b"restart-connector-a"), Some(br#"{"include-tasks":"yes","only-failed":true}"#));
    let expected = ConfigRecord::Restart { name: "a".into(), include_tasks: false, only_failed: true };
    assert!(restart == Ok(expected));
}

fn any_properties() -> impl Strategy<Value = Properties> {
    prop::collection::btree_map("\\PC{0,10}", "[\\x00-\\x7f]{0,5}\\PC{0,10}", 0..4)
}

fn any_record() -> impl Strategy<Value = Shown> {
    let states = prop::sample::select(vec![TargetState::Started, TargetState::Paused, TargetState::Stopped]);
    let (name, count) = ("\\PC{0,12}", 0..i32::MAX as u32);
    prop_oneof![
        (name, prop::option::of(any_properties()))
            .prop_map(|(name, config)| Shown(ConfigRecord::Connector { name, config })),
        (name, prop::option::of(states))
            .prop_map(|(name, state)| Shown(ConfigRecord::Target { name, state })),
        (name, count.clone(), any_properties())
            .prop_map(|(name, task, config)| Shown(ConfigRecord::TaskConfig { name, task, config })),
        (name, count.clone()).prop_map(|(name, tasks)| Shown(ConfigRecord::TaskCommit { name, tasks })),
        (name, count).prop_map(|(name, tasks)| Shown(ConfigRecord::TaskCount { name, tasks })),
        (prop::collection::vec(any::<u8>(), 0..40), name, any::<i64>()).prop_map(
            |(key, algorithm, created)| Shown(ConfigRecord::SessionKey(SessionKey {
                key,
                algorithm,
                created
            }))
        ),
        (name, any::<bool>(), any::<bool>()).prop_map(|(name, include_tasks, only_failed)| {
            Shown(ConfigRecord::Restart { name, include_tasks, only_failed })
        }),
        (name, name).prop_map(|(namespace, level)| Shown(ConfigRecord::LoggerLevel { namespace, level })),
    ]
}

/// For proptest, which shows what failed.
#[derive(Clone)]
struct Shown(ConfigRecord);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (key, value) = write(&self.0);
        write!(f, "{:?} {:?}", String::from_utf8_lossy(&key), value.map(String::from_utf8))
    }
}

proptest! {
    #[test]
    fn any_record_is_read_back(record in any_record()) {
        let (key, value) = write(&record.0);
        let again = read(Some(&key), value.as_deref());
        prop_assert!(again == Ok(record.0));
    }

    #[test]
    fn no_bytes_panic(
        prefix in prop::sample::select(vec![
            "", TARGET, CONNECTOR, TASK, COMMIT, RESTART, TASK_COUNT, SESSION_KEY, LOGGER,
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..20),
        value in prop::option::of(prop::collection::vec(any::<u8>(), 0..60)),
    ) {
        let _ = read(Some(&[prefix.as_bytes(), &rest].concat()), value.as_deref());
    }
}
