//! The stores of a worker on real Kafka: what its loop hears of them, and what another worker wrote.

use crate::MINUTE;
use crate::internal_topics::{conf, run};
use connect_host::herder::{ConfigRecord, Event, PartStatus, State, StatusRecord, TargetState};
use connect_host::kafka::log::{Patience, Purpose};
use connect_host::records::value::Value;
use connect_host::worker::config_store::ConfigStore;
use connect_host::worker::offset_store::OffsetStore;
use connect_host::worker::status_store::StatusStore;
use connect_tests::Kafka;
use std::sync::Arc;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinSet;

async fn next(events: &mut Receiver<Event>) -> Event {
    let event = tokio::time::timeout(MINUTE, events.recv()).await.expect("an event in time");
    event.expect("a store that lives")
}

fn target(state: TargetState) -> ConfigRecord {
    ConfigRecord::Target { name: "c".into(), state: Some(state) }
}

async fn configs(topic: &str) -> (ConfigStore, Receiver<Event>) {
    let (sender, events) = mpsc::channel(2);
    let store = ConfigStore::open(conf(Kafka::shared(), topic, Purpose::Configs, 1), sender).await;
    (store.unwrap_or_else(|error| panic!("{error}")), events)
}

#[test]
fn configs_are_told_in_order_before_they_count_as_written() {
    let topics = Kafka::shared().topics();
    run(async {
        let (one, mut heard) = configs("store-configs").await;
        one.read(1, Patience::Total(MINUTE));
        assert!(matches!(next(&mut heard).await, Event::ConfigRead { read: 1, outcome: Ok(-1) }));
        let records = vec![target(TargetState::Paused), target(TargetState::Stopped)];
        one.write(5, records.clone());
        for (at, record) in records.iter().enumerate() {
            let Event::Config { offset, record: Some(read) } = next(&mut heard).await else {
                panic!("no record");
            };
            assert!(read == *record);
            assert_eq!(offset, at as i64 + 1);
        }
        assert!(matches!(next(&mut heard).await, Event::Written { write: 5, outcome: Ok(()) }));
        // A key that nobody knows counts, a value that is not JSON does not.
        topics.write("store-configs", [(Some(&b"new-kind"[..]), &b"{}"[..]), (Some(b"commit-c"), b"{")]);
        let (other, mut heard_too) = configs("store-configs").await;
        other.read(2, Patience::Quiet(MINUTE));
        let mut offsets = Vec::new();
        let end = loop {
            match next(&mut heard_too).await {
                Event::Config { offset, record } => offsets.push((offset, record.is_some())),
                Event::ConfigRead { read: 2, outcome } => break outcome,
                _ => panic!("another event"),
            }
        };
        assert_eq!(offsets, [(1, true), (2, true), (3, false)]);
        assert_eq!(end, Ok(3));
        assert!(other.lost().is_none());
    });
}

#[test]
fn statuses_of_all_workers_are_told_and_flushed() {
    let status = |state: State, generation: i32| {
        let status = PartStatus { state, trace: None, worker_id: "w:1".into(), generation, version: None };
        StatusRecord::Connector { name: "c".into(), status: Some(status) }
    };
    run(async {
        let open = || async {
            let (sender, events) = mpsc::channel(100);
            let conf = conf(Kafka::shared(), "store-statuses", Purpose::Statuses, 5);
            let store = StatusStore::open(conf, sender).await;
            (store.unwrap_or_else(|error| panic!("{error}")), events)
        };
        let (one, _heard) = open().await;
        let (other, mut heard) = open().await;
        let said = [status(State::Running, 1), status(State::Paused, 1), status(State::Unassigned, 2)];
        for record in &said {
            one.put(record.clone(), false);
        }
        assert!(one.flush(MINUTE).await, "something was not written");
        other.read_to_end(Patience::Total(MINUTE)).await.expect("its end");
        for record in said {
            assert!(matches!(next(&mut heard).await, Event::Status(read) if read == record));
        }
    });
}

#[test]
fn what_another_worker_stored_is_known_after_a_refresh() {
    run(async {
        let open = || async {
            let opened =
                OffsetStore::open_topic(conf(Kafka::shared(), "store-offsets", Purpose::Offsets, 5)).await;
            Arc::new(opened.unwrap_or_else(|error| panic!("{error}")))
        };
        let (one, other) = (open().await, open().await);
        let partition = Arc::new(Value::Map(vec![(Value::str("file"), Value::str("a"))]));
        let at = |position: i64| Value::Map(vec![(Value::str("position"), Value::Int64(position))]);
        for position in 1..=3 {
            one.write("c", vec![(partition.clone(), at(position))]).await.expect("stored");
            assert_eq!(one.get("c", &partition), at(position), "a worker knows what it stored");
            other.refresh().await.expect("read");
            assert_eq!(other.get("c", &partition), at(position));
        }
        other.write("c", vec![(partition.clone(), Value::Null)]).await.expect("stored");
        one.refresh().await.expect("read");
        assert_eq!(one.get("c", &partition), Value::Null);
        assert!(one.of_connector("c").is_empty());
        // Whatever their order: all know the same in the end.
        let mut writes = JoinSet::new();
        for position in 1..=200 {
            let (store, change) = (one.clone(), (partition.clone(), at(position)));
            writes.spawn(async move { store.write("c", vec![change]).await });
        }
        let written = writes.join_all().await;
        assert!(written.iter().all(Result::is_ok), "{written:?}");
        other.refresh().await.expect("read");
        assert_ne!(one.get("c", &partition), Value::Null);
        assert_eq!(one.get("c", &partition), other.get("c", &partition));
    });
}
