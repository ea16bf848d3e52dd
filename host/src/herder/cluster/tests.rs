//! The fold: tables of what the config topic says, and that a compacted topic says the same.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn config(text: &str) -> Props {
    Props::from([("n".to_owned(), text.to_owned())])
}

/// Reads `+c v`, `-c`, `t c-0 v`, `commit c 2`, `target c Paused`, `-target c`, `key k`, `?`, and `skip 3` offsets.
fn fold(lines: &str) -> ClusterConfig {
    let (mut cluster, mut offset) = (ClusterConfig::default(), 0);
    for line in lines.split(',').map(str::trim) {
        let words: Vec<&str> = line.split(' ').collect();
        let name = |at: usize| words[at].to_owned();
        let record = match words[0] {
            "skip" => {
                offset += words[1].parse::<i64>().unwrap();
                continue;
            }
            "?" => None,
            "t" => {
                let (connector, task) = words[1].rsplit_once('-').unwrap();
                let (name, task) = (connector.to_owned(), task.parse().unwrap());
                Some(ConfigRecord::TaskConfig { name, task, config: config(words[2]) })
            }
            "commit" => Some(ConfigRecord::TaskCommit { name: name(1), tasks: words[2].parse().unwrap() }),
            "target" => {
                let state = TargetState::from_initial_state(words[2]);
                Some(ConfigRecord::Target { name: name(1), state })
            }
            "-target" => Some(ConfigRecord::Target { name: name(1), state: None }),
            "key" => {
                let key = SessionKey { key: words[1].into(), algorithm: "HmacSHA256".into(), created: 1 };
                Some(ConfigRecord::SessionKey(key))
            }
            word => match word.split_at(1) {
                ("+", connector) => {
                    Some(ConfigRecord::Connector { name: connector.into(), config: Some(config(words[1])) })
                }
                ("-", connector) => Some(ConfigRecord::Connector { name: connector.into(), config: None }),
                _ => panic!("no record: {line}"),
            },
        };
        offset += 1;
        cluster.fold(offset, record.as_ref());
    }
    cluster
}

/// `c=v Started [0 1]`, for each connector.
fn tell(cluster: &ClusterConfig) -> String {
    let one = |name: &str| {
        let stored = cluster.connector(name).unwrap();
        let tasks: Vec<&str> = stored.tasks.iter().map(|task| task["n"].as_str()).collect();
        let mark = if stored.inconsistent { " inconsistent" } else { "" };
        format!("{name}={} {:?} [{}]{mark}", stored.config["n"], cluster.target(name), tasks.join(" "))
    };
    cluster.names().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn records_add_up_as_the_table_says() {
    let table = [
        ("+c 1", "c=1 Started []"),
        ("+c 1, +c 2", "c=2 Started []"),
        ("target c Paused, +c 1", "c=1 Paused []"),
        ("+c 1, target c Stopped, -target c", "c=1 Started []"),
        ("+c 1, target c Stopped, -c, +c 2", "c=2 Stopped []"),
        ("+c 1, -c", ""),
        // Task configs count from the commit on.
        ("+c 1, t c-0 a, t c-1 b", "c=1 Started []"),
        ("+c 1, t c-0 a, t c-1 b, commit c 2", "c=1 Started [a b]"),
        ("+c 1, t c-0 a, commit c 1, t c-0 x, t c-1 y", "c=1 Started [a]"),
        ("+c 1, t c-0 a, commit c 1, commit c 0", "c=1 Started []"),
        // More configs than the commit says are left over; fewer are not a whole.
        ("+c 1, t c-0 a, t c-1 b, commit c 1", "c=1 Started [a]"),
        ("+c 1, t c-0 a, commit c 2", "c=1 Started [] inconsistent"),
        ("+c 1, t c-1 b, commit c 1", "c=1 Started [] inconsistent"),
        ("+c 1, t c-0 a, commit c 1, commit c 2", "c=1 Started [] inconsistent"),
        // The same commit once more says the same, unless the connector is another one since.
        ("+c 1, t c-0 a, commit c 1, commit c 1", "c=1 Started [a]"),
        ("+c 1, t c-0 a, commit c 1, +c 1, commit c 1", "c=1 Started [] inconsistent"),
        ("+c 1, t c-0 a, commit c 2, t c-0 a, t c-1 b, commit c 2", "c=1 Started [a b]"),
        // Tasks of a life before this one don't come back.
        ("+c 1, t c-0 a, commit c 1, -c, +c 2", "c=2 Started []"),
        ("t c-0 a, commit c 1, +c 2", "c=2 Started []"),
        ("+c 1, t c-0 a, -c, +c 2, commit c 1", "c=2 Started [] inconsistent"),
        ("t c-0 a, +c 2, commit c 1", "c=2 Started [a]"),
        // Nothing of these stays.
        ("+c 1, ?, key k", "c=1 Started []"),
    ];
    for (records, state) in table {
        assert_eq!(tell(&fold(records)), state, "{records}");
    }
}

#[test]
fn what_is_written_again_for_later_readers_stops_nobody() {
    let before = fold("+c 1, t c-0 a, commit c 1");
    let again = fold("+c 1, t c-0 a, commit c 1, t c-0 a, commit c 1");
    let version = |cluster: &ClusterConfig| cluster.connector("c").unwrap().tasks_version;
    assert_eq!((version(&before), version(&again)), (3, 3));
    // The connector's config is another one since: the tasks are made anew.
    let other = fold("+c 1, t c-0 a, commit c 1, +c 2, t c-0 a, commit c 1");
    assert_eq!(version(&other), 6);
}

#[test]
fn what_is_not_the_same_for_all_readers_is_not_settled() {
    let table = [
        ("+c 1, t c-0 a, commit c 1", true),
        ("+c 1", false),
        ("+c 1, commit c 0", false),
        ("+c 1, t c-0 a, commit c 2", false),
        ("+c 1, t c-0 b, commit c 1", false),
        ("+c 1, t c-0 a, commit c 1, t c-0 b", false),
        ("+c 1, t c-0 a, commit c 1, +c 2", false),
        ("+c 1, t c-0 a, commit c 1, +c 1", false),
        ("+c 1, t c-0 a, commit c 1, +c 1, t c-0 a, commit c 1", true),
    ];
    for (records, settled) in table {
        assert_eq!(fold(records).is_settled("c", &[config("a")]), settled, "{records}");
    }
    assert!(fold("+c 1, commit c 0").is_settled("c", &[]));
}

#[test]
fn offsets_and_keys_are_kept_and_items_are_listed() {
    let cluster = fold("+c 1, t c-0 a, skip 7, commit c 1, ?, key one, key two, +d 1");
    assert_eq!(cluster.offset(), 14);
    assert_eq!(cluster.session_key().unwrap().key, b"two");
    let items: Vec<String> = cluster.items().iter().map(Item::to_string).collect();
    assert_eq!(items, ["c", "d", "c-0"]);
    assert_eq!(ClusterConfig::default().offset(), -1);
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Key {
    Connector(String),
    Target(String),
    Task(String, u32),
    Commit(String),
    Other,
}

fn key(record: &ConfigRecord) -> Key {
    match record {
        ConfigRecord::Connector { name, .. } => Key::Connector(name.clone()),
        ConfigRecord::Target { name, .. } => Key::Target(name.clone()),
        ConfigRecord::TaskConfig { name, task, .. } => Key::Task(name.clone(), *task),
        ConfigRecord::TaskCommit { name, .. } => Key::Commit(name.clone()),
        _ => Key::Other,
    }
}

/// What is left of the log once it was compacted up to a point, with or without tombstones.
fn compact(log: &[(i64, ConfigRecord)], end: usize, bury: bool) -> Vec<(i64, ConfigRecord)> {
    let (old, fresh) = log.split_at(end);
    let mut seen = BTreeSet::new();
    let mut kept: Vec<_> = old.iter().rev().filter(|(_, record)| seen.insert(key(record))).cloned().collect();
    kept.reverse();
    let tombstone = |record: &ConfigRecord| {
        matches!(
            record,
            ConfigRecord::Connector { config: None, .. } | ConfigRecord::Target { state: None, .. }
        )
    };
    kept.retain(|(_, record)| !(bury && tombstone(record)));
    kept.extend_from_slice(fresh);
    kept
}

fn record((what, name, task, value): (u8, &str, u32, u8)) -> ConfigRecord {
    let name = name.to_owned();
    match what {
        0 => ConfigRecord::Connector { name, config: None },
        1 | 2 => ConfigRecord::Connector { name, config: Some(config(&value.to_string())) },
        3 => ConfigRecord::Target { name, state: None },
        4 => ConfigRecord::Target { name, state: Some(TargetState::Paused) },
        5..=7 => ConfigRecord::TaskConfig { name, task, config: config(&value.to_string()) },
        _ => ConfigRecord::TaskCommit { name, tasks: task },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever leaders write: connectors are the same for all readers, and tasks are once they are settled.
    #[test]
    fn a_compacted_store_says_the_same(
        records in prop::collection::vec((0..10_u8, prop::sample::select(vec!["a", "b"]), 0..3_u32, 0..2_u8), 0..40),
        end in any::<prop::sample::Index>(),
        bury in any::<bool>(),
        midway in any::<prop::sample::Index>(),
    ) {
        let log: Vec<(i64, ConfigRecord)> = (1..).zip(records.into_iter().map(record)).collect();
        let read = |log: &[(i64, ConfigRecord)]| {
            let mut cluster = ClusterConfig::default();
            log.iter().for_each(|(offset, record)| cluster.fold(*offset, Some(record)));
            cluster
        };
        let end = end.index(log.len() + 1);
        let (live, cold) = (read(&log), read(&compact(&log, end, bury)));
        // One who is overtaken by the compaction. Deletions stay for as long as readers may lag behind.
        let (before, mut overtaken) = (midway.index(log.len() + 1), compact(&log, end, false));
        overtaken.retain(|(offset, _)| usize::try_from(*offset).unwrap() > before);
        overtaken.splice(..0, log[..before].iter().cloned());
        for late in [cold, read(&overtaken)] {
            prop_assert!(live.names().eq(late.names()));
            for name in live.names() {
                let (here, there) = (live.connector(name).unwrap(), late.connector(name).unwrap());
                prop_assert!(here.config == there.config && live.target(name) == late.target(name));
                if live.is_settled(name, &here.tasks) {
                    prop_assert!(here.tasks == there.tasks, "tasks of {name}");
                    prop_assert!(late.is_settled(name, &here.tasks));
                }
            }
        }
    }
}
