//! Datagen through the acceptance suite, and what it promises beyond: the same records from the same seed, whatever
//! happens in between.

use connect_plugin::testkit::{ConnectorHandle, Plugin, Seen, SourceCase, SourceHandle, accept_source};
use connect_plugin::{Config, Connector, Fields, OffsetChange, Value};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const CLASS: &str = "org.connecthost.samples.DatagenConnector";

fn plugin() -> Plugin {
    Plugin::load(connect_datagen::connect_plugin_entry, connect_datagen::CONNECT_PLUGIN_MANIFEST)
}

fn config<'a>(more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Config {
    [("topic", "t")].into_iter().chain(more).collect()
}

/// The configs that the connector gives its tasks.
fn task_configs(plugin: &Plugin, config: &Config, max: u32) -> Vec<Config> {
    let connector = ConnectorHandle::create(&plugin.class(CLASS));
    connector.start(config).unwrap();
    let configs = connector.task_configs(max).unwrap();
    connector.stop().unwrap();
    connector.destroy();
    configs
}

/// What a task makes until it has made `count` records, from stored offsets on.
fn run(plugin: &Plugin, config: &Config, stored: &[(Fields, Fields)], count: usize) -> Vec<Seen> {
    let task = SourceHandle::create(&plugin.class(CLASS), 0, stored);
    task.start(config).unwrap();
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.extend(task.poll().unwrap());
    }
    task.stop().unwrap();
    task.destroy();
    seen
}

fn number(record: &Seen) -> i64 {
    let Value::Struct(fields) = &record.value.0 else { panic!("{record:?}") };
    fields[0].as_i64().unwrap()
}

/// The last offset of each source partition.
fn stored(records: &[Seen]) -> Vec<(Fields, Fields)> {
    let mut last: Vec<(Fields, Fields)> = Vec::new();
    for record in records {
        last.retain(|(partition, _)| *partition != record.partition);
        last.push((record.partition.clone(), record.offset.clone().unwrap()));
    }
    last
}

#[test]
fn the_source_is_accepted() {
    for more in
        [vec![], vec![("key.type", "int64"), ("headers", "true"), ("seed", "-5"), ("throughput", "3000")]]
    {
        let feed = Box::new(|_| {});
        accept_source(&plugin(), SourceCase { class: CLASS, config: config(more), feed, count: 1_200 });
    }
}

#[test]
fn records_follow_from_seed_and_number_whoever_makes_them() {
    let plugin = plugin();
    let given = config([("records", "1003"), ("seed", "42"), ("headers", "true")]);
    let alone = run(&plugin, &task_configs(&plugin, &given, 1)[0], &[], 1003);
    assert!(alone.iter().map(number).eq(0..1003), "one task makes them in order");
    let mut shared = BTreeMap::new();
    for (task, config) in task_configs(&plugin, &given, 3).iter().enumerate() {
        let own = (0..1003).filter(|n| n % 8 % 3 == task as i64).count();
        // Stopped in between, it goes on as if it had not been.
        let mut made = run(&plugin, config, &[], 1);
        made.truncate(100);
        let rest = run(&plugin, config, &stored(&made), own - 100);
        for record in made.into_iter().chain(rest) {
            assert!(shared.insert(number(&record), record).is_none(), "a record came twice");
        }
    }
    assert!(
        shared
            .into_values()
            .map(|r| (r.value, r.key, r.headers))
            .eq(alone.iter().cloned().map(|r| (r.value, r.key, r.headers)))
    );
    let other = run(&plugin, &config([("records", "1003"), ("seed", "43")]), &[], 126);
    assert!(
        other.iter().zip(alone.iter().step_by(8)).all(|(a, b)| number(a) == number(b) && a.value != b.value)
    );
}

#[test]
fn a_bounded_source_ends_and_waits() {
    let plugin = plugin();
    let configs = task_configs(&plugin, &config([("records", "10"), ("source.partitions", "2")]), 5);
    assert_eq!(configs.len(), 2, "no more tasks than source partitions");
    let task = SourceHandle::create(&plugin.class(CLASS), 0, &[]);
    task.start(&configs[1]).unwrap();
    assert_eq!(task.poll().unwrap().iter().map(number).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
    assert!(task.poll_within(Duration::from_millis(100)).is_none(), "nothing is left");
    task.stop().unwrap();
    task.destroy();
}

#[test]
fn the_rate_is_kept() {
    let (plugin, begin) = (plugin(), Instant::now());
    run(&plugin, &config([("throughput", "1000"), ("source.partitions", "1")]), &[], 300);
    assert!(begin.elapsed() >= Duration::from_millis(290), "{:?}", begin.elapsed());
}

#[test]
fn keys_and_headers_are_as_asked() {
    let plugin = plugin();
    let first = |more: [(&'static str, &'static str); 1]| run(&plugin, &config(more), &[], 1).remove(0);
    assert_eq!(first([("key.type", "string")]).key.0, Value::from("0"));
    assert_eq!(first([("key.type", "int64")]).key.0, Value::from(0_i64));
    let plain = first([("key.type", "none")]);
    assert_eq!((plain.key.0, plain.headers.len(), plain.topic.as_str()), (Value::Null, 0, "t"));
    let headers = first([("headers", "true")]).headers;
    assert_eq!(headers, [("number".into(), Value::from(0_i64)), ("parity".into(), Value::from("even"))]);
}

#[test]
fn wrong_configs_and_offsets_are_refused() {
    let plugin = plugin();
    let class = plugin.class(CLASS);
    for (key, value) in [
        ("records", "-2"),
        ("throughput", "fast"),
        ("key.type", "bytes"),
        ("headers", "maybe"),
        ("source.partitions", "0"),
        ("seed", "x"),
        ("task.partitions", "8"),
    ] {
        let task = SourceHandle::create(&class, 0, &[]);
        let failure = task.start(&config([(key, value)])).unwrap_err();
        assert!(failure.message.contains(key), "{failure:?}");
        task.stop().unwrap();
        task.destroy();
    }
    let partition = Fields::from([("seed", 0_i64), ("partition", 1), ("partitions", 8)]);
    let alter = |partition: &Fields, number: i64| {
        let change = OffsetChange { partition: partition.clone(), offset: Some([("number", number)].into()) };
        connect_datagen::Datagen.alter_offsets(&config([]), &[change])
    };
    assert_eq!(alter(&partition, 17).ok(), Some(false));
    assert!(alter(&partition, 18).unwrap_err().to_string().contains("leaves 1 when divided by 8"));
    assert!(alter(&[("x", 1)].into(), 1).is_err());
    let task = SourceHandle::create(
        &class,
        0,
        &[(Fields::from([("seed", 0_i64), ("partition", 0), ("partitions", 8)]), [("number", 3)].into())],
    );
    assert!(task.start(&config([])).unwrap_err().message.contains("number"));
    task.stop().unwrap();
    task.destroy();
}
