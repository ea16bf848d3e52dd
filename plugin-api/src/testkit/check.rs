//! The acceptance suite: what every source and every sink has to bear.

use std::time::Duration;

use connect_plugin_abi as abi;

use super::connector::{ConnectorHandle, check_definitions};
use super::host::Failure;
use super::lent::{Seen, SinkInput};
use super::plugin::{Class, Plugin};
use super::sink::SinkHandle;
use super::source::SourceHandle;
use crate::config::Config;
use crate::sink::{PartitionOffset, TopicPartition};
use crate::text::Text;
use crate::value::{Fields, SchemaAndValue, Value};

/// How long a poll that finds nothing is left waiting before it is stopped.
const A_WHILE: Duration = Duration::from_millis(50);

/// What the suite must know of a source.
pub struct SourceCase<'a> {
    /// The class.
    pub class: &'a str,
    /// A config that works.
    pub config: Config,
    /// Gives the source that many more records to find; does nothing for one that makes its own.
    pub feed: Box<dyn FnMut(usize) + 'a>,
    /// How many records the suite looks at.
    pub count: usize,
}

/// What the suite must know of a sink.
pub struct SinkCase<'a> {
    /// The class.
    pub class: &'a str,
    /// A config that works.
    pub config: Config,
    /// A value that the sink takes, by the offset of its record.
    pub value: Box<dyn Fn(i64) -> SchemaAndValue + 'a>,
}

/// Checks a source.
///
/// # Panics
/// With what was violated.
pub fn accept_source(plugin: &Plugin, mut case: SourceCase<'_>) {
    let class = plugin.class(case.class);
    let task_config = check_connector(&class, &case.config);
    stop_early(&class, &task_config);
    missing_config(&class, &task_config, |config| {
        let task = SourceHandle::create(&class, 0, &[]);
        let started = task.start(config);
        ok(task.stop(), "stop after a failed start");
        task.destroy();
        started
    });
    resume(&class, &task_config, &mut case);
}

fn ok<T>(result: Result<T, Failure>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(failure) => panic!("{what}: {}\n{}", failure.message, failure.trace),
    }
}

/// Checks the connector's own functions; answers the config of its first task.
fn check_connector(class: &Class, config: &Config) -> Config {
    let required = check_definitions(class);
    let idle = ConnectorHandle::create(class);
    let empty = Config::default();
    ok(idle.validate(&empty), "validate of an empty config");
    let findings = ok(idle.validate(config), "validate of a config that works");
    let wrong: Vec<_> = findings.iter().filter(|value| !value.errors.is_empty()).collect();
    assert!(wrong.is_empty(), "validate finds faults in a config that works: {wrong:?}");
    if !required.is_empty() {
        let failure = idle.start(&empty).err();
        let failure = failure.unwrap_or_else(|| panic!("it starts without {required:?}"));
        assert_eq!(failure.kind, abi::ERR_CONFIG, "start without {required:?}: {}", failure.message);
        for key in &required {
            assert!(failure.message.contains(key), "{key} is not named in: {}", failure.message);
        }
    }
    idle.destroy();
    let connector = ConnectorHandle::create(class);
    ok(connector.start(config), "start of the connector");
    for max in [1, 3] {
        let configs = ok(connector.task_configs(max), "task_configs");
        assert!(configs.len() <= max as usize, "{} tasks, where {max} were allowed", configs.len());
    }
    ok(connector.exactly_once_support(config), "exactly_once_support");
    let configs = ok(connector.task_configs(1), "task_configs");
    ok(connector.stop(), "stop of the connector");
    connector.destroy();
    configs.into_iter().next().unwrap_or_else(|| panic!("task_configs gave none"))
}

/// A task without one of the required keys fails with the kind CONFIG, or has taken the key over in its connector.
fn missing_config(class: &Class, config: &Config, start: impl Fn(&Config) -> Result<(), Failure>) {
    for key in check_definitions(class) {
        if config.given(&key).is_none() {
            continue;
        }
        let without: Config = config.iter().filter(|(k, _)| *k != key).collect();
        let failure = start(&without).err();
        let failure = failure.unwrap_or_else(|| panic!("a task starts without {key}"));
        assert_eq!(failure.kind, abi::ERR_CONFIG, "start without {key}: {}", failure.message);
    }
}

/// Stops at every early moment.
fn stop_early(class: &Class, config: &Config) {
    let created = SourceHandle::create(class, 0, &[]);
    ok(created.stop(), "stop right after create");
    created.destroy();
    SourceHandle::create(class, 0, &[]).destroy();
    let started = SourceHandle::create(class, 0, &[]);
    ok(started.start(config), "start");
    ok(started.stop(), "stop right after start");
    started.destroy();
    let cancelled = SourceHandle::create(class, 0, &[]);
    ok(cancelled.start(config), "start");
    cancelled.cancel();
    ok(cancelled.stop(), "stop after cancel");
    cancelled.destroy();
}

/// Polls until there are `count` records.
fn collect(task: &SourceHandle, count: usize) -> Vec<Seen> {
    let mut all = Vec::new();
    while all.len() < count {
        let records = ok(task.poll(), "poll");
        ok(task.ack(&records), "acks");
        all.extend(records);
    }
    ok(task.commit(), "commit");
    all
}

/// What a stored offset is after these records.
fn stored_after(records: &[Seen]) -> Vec<(Fields, Fields)> {
    let mut stored: Vec<(Fields, Fields)> = Vec::new();
    for record in records {
        let Some(offset) = &record.offset else { continue };
        match stored.iter_mut().find(|(partition, _)| *partition == record.partition) {
            Some((_, known)) => known.clone_from(offset),
            None => stored.push((record.partition.clone(), offset.clone())),
        }
    }
    stored
}

/// Goes on from stored offsets, without repeats and without loss, and is stopped while it waits.
fn resume(class: &Class, config: &Config, case: &mut SourceCase<'_>) {
    (case.feed)(case.count);
    let first = SourceHandle::create(class, 0, &[]);
    ok(first.start(config), "start");
    let all = collect(&first, case.count);
    // A source that makes its own records answers, another one waits.
    if let Some(more) = first.poll_within(A_WHILE) {
        ok(more, "poll");
    }
    first.cancel();
    ok(first.stop(), "stop while poll waits");
    first.destroy();
    for part in [1, case.count / 3, case.count / 2] {
        let (before, after) = all.split_at(part.clamp(1, all.len() - 1));
        let stored = stored_after(before);
        if stored.is_empty() {
            return; // it stores none
        }
        let task = SourceHandle::create(class, 0, &stored);
        ok(task.start(config), "start from a stored offset");
        let rest = collect(&task, after.len());
        for (i, (expected, found)) in after.iter().zip(&rest).enumerate() {
            let same = expected.value == found.value && expected.offset == found.offset;
            assert!(same, "record {i} after the stored offset {stored:?} is {found:?}, not {expected:?}");
        }
        ok(task.stop(), "stop");
        task.destroy();
    }
    let late = SourceHandle::create(class, 0, &stored_after(&all[..case.count]));
    ok(late.start(config), "start at the end");
    (case.feed)(1);
    let next = collect(&late, 1);
    assert_ne!(next[0].offset, all[case.count - 1].offset, "the record at the stored offset came again");
    ok(late.stop(), "stop");
    late.destroy();
}

/// Checks a sink.
///
/// # Panics
/// With what was violated.
pub fn accept_sink(plugin: &Plugin, case: SinkCase<'_>) {
    let class = plugin.class(case.class);
    let config = check_connector(&class, &case.config);
    missing_config(&class, &config, |config| {
        let task = SinkHandle::create(&class, 0);
        let started = task.start(config);
        ok(task.stop(), "stop after a failed start");
        task.destroy();
        started
    });
    let created = SinkHandle::create(&class, 0);
    ok(created.stop(), "stop right after create");
    created.destroy();
    SinkHandle::create(&class, 0).destroy();
    shapes(&class, &config);
    many(&class, &config, &case);
    let task = started(&class, &config);
    let input = SinkInput::new("topic", 0, 0, (case.value)(0));
    ok(task.put_and_stop(&[input]), "stop while put may wait");
    task.destroy();
}

fn started(class: &Class, config: &Config) -> SinkHandle {
    let task = SinkHandle::create(class, 0);
    ok(task.start(config), "start");
    ok(task.open(&[TopicPartition::new("topic", 0), TopicPartition::new("topic", 1)]), "open");
    task
}

/// Every shape of a record is taken or refused, but never ends in a panic.
fn shapes(class: &Class, config: &Config) {
    let long = Text::from("x".repeat(1 << 20));
    let values: [SchemaAndValue; 12] = [
        SchemaAndValue::NULL,
        "".into(),
        "text, häßlich\n".into(),
        SchemaAndValue::schemaless("schemaless"),
        bytes::Bytes::from_static(b"\x00\xff").into(),
        SchemaAndValue::new(crate::Schema::STRING.optional(), Value::Null),
        true.into(),
        i64::MIN.into(),
        (-1i8).into(),
        f64::NAN.into(),
        1.5f32.into(),
        long.into(),
    ];
    for value in values {
        let mut input = SinkInput::new("topic", 0, 0, value.clone());
        input.key = value.clone();
        input.headers = vec![("".into(), value.clone()), ("h".into(), SchemaAndValue::NULL)];
        let task = started(class, config);
        ok(task.put(&[]).map(drop), "put of nothing");
        // Refusing is the sink's right; a panic is not, and fails in put.
        let _ = task.put(&[input]);
        ok(task.stop(), "stop");
        task.destroy();
    }
}

/// Many records, then offsets, then the end of the partitions.
fn many(class: &Class, config: &Config, case: &SinkCase<'_>) {
    let task = started(class, config);
    let input = |offset| SinkInput::new("topic", 0, offset, (case.value)(offset));
    let inputs: Vec<_> = (0..10_000).map(input).collect();
    let answers = ok(task.put(&inputs), "put of 10,000 records");
    assert!(answers.iter().all(|answer| *answer == abi::PUT_OK), "a good record was not taken");
    let partition = TopicPartition::new("topic", 0);
    let given = [PartitionOffset { partition: partition.clone(), offset: 10_000 }];
    ok(task.flush(&given), "flush");
    let allowed = ok(task.pre_commit(&given), "pre_commit");
    for offset in &allowed {
        let within = offset.partition == partition && (0..=10_000).contains(&offset.offset);
        assert!(within, "pre_commit allows {offset:?}, and was given 10000");
    }
    ok(task.pre_commit(&[]), "pre_commit of nothing");
    ok(task.close(&[partition, TopicPartition::new("topic", 1)]), "close");
    ok(task.stop(), "stop");
    task.destroy();
}
