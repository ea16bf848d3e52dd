//! Groups of topics to make: which one a topic is of, and what is wrong with them.

use super::*;
use crate::settings::connector::{ConnectorConfig, Kind, validate};

fn props(entries: &[(&str, &str)]) -> Props {
    let mut props: Props =
        entries.iter().map(|(key, value)| (format!("{PREFIX}{key}"), (*value).to_owned())).collect();
    props.insert("connector.class".to_owned(), "C".to_owned());
    props.insert("name".to_owned(), "n".to_owned());
    props
}

const DEFAULTS: [(&str, &str); 2] = [("default.partitions", "3"), ("default.replication.factor", "-1")];

#[test]
fn a_topic_is_of_the_first_group_that_includes_and_does_not_exclude_it() {
    let mut given = DEFAULTS.to_vec();
    given.extend([
        ("groups", "compacted, audit,default"),
        ("compacted.include", "state\\..*, table-[0-9]+"),
        ("compacted.exclude", "state\\.log.*"),
        ("compacted.cleanup.policy", "compact"),
        ("compacted.partitions", " 1 "),
        ("audit.include", "state.*"),
        ("audit.replication.factor", "2"),
        ("default.retention.ms", "5"),
    ]);
    let config = ConnectorConfig::parse("n", Kind::Source, &props(&given)).unwrap();
    let creation = config.topic_creation.unwrap();
    let group = |topic: &str| creation.of(topic).group.clone();
    let table = [
        ("state.a", "compacted"),
        ("table-12", "compacted"),
        ("a-table-12", "default"),
        ("state.log.1", "audit"),
        ("stat", "default"),
    ];
    for (topic, expected) in table {
        assert_eq!(group(topic), expected, "{topic}");
    }
    let settings = |group: &str, partitions, replication_factor, key: &str, value: &str| TopicSettings {
        group: group.to_owned(),
        partitions,
        replication_factor,
        configs: vec![(key.to_owned(), value.to_owned())],
    };
    assert_eq!(creation.of("table-1"), &settings("compacted", 1, -1, "cleanup.policy", "compact"));
    assert_eq!(creation.of("x"), &settings("default", 3, -1, "retention.ms", "5"));
    assert_eq!((creation.of("states").partitions, creation.of("states").replication_factor), (3, 2));
    assert_eq!(config.warnings.iter().map(|w| w.key.as_str()).collect::<Vec<_>>(), [GROUPS]);
}

#[test]
fn without_keys_nothing_is_made_and_nothing_is_shown() {
    assert!(TopicCreation::read(&props(&[])).is_none());
    assert!(TopicCreation::read(&props(&[("groups", " ")])).is_none());
    let shown = validate(Kind::Source, &props(&[])).definitions().len();
    assert_eq!(validate(Kind::Source, &props(&[("groups", "")])).definitions().len(), shown);
    let mut one = DEFAULTS.to_vec();
    one.push(("groups", "a"));
    let validation = validate(Kind::Source, &props(&one));
    assert_eq!(validation.definitions().len(), shown + 8);
    let groups = validation.definitions().groups();
    assert!(groups.ends_with(&["Topic Creation: default".to_owned(), "Topic Creation: a".to_owned()]));
    assert_eq!(validation.value("topic.creation.a.partitions"), Some(&Parsed::Integer(3)));
}

#[test]
fn faults_are_named_in_kafkas_words() {
    let partitions = "topic.creation.default.partitions";
    let replicas = "topic.creation.default.replication.factor";
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [String]);
    let table: &[Case<'_>] = &[
        (
            &[("groups", "a")],
            &[
                format!(
                    "{replicas}: Missing required configuration \"{replicas}\" which has no default value."
                ),
                format!(
                    "{partitions}: Missing required configuration \"{partitions}\" which has no default value."
                ),
            ],
        ),
        (
            &[("default.partitions", "0"), ("default.replication.factor", "x")],
            &[
                format!(
                    "{replicas}: Invalid value x for configuration {replicas}: Not a number of type SHORT"
                ),
                format!(
                    "{partitions}: Invalid value 0 for configuration {partitions}: Number of partitions must be \
                     positive, or -1 to use the broker's default"
                ),
            ],
        ),
    ];
    for (given, expected) in table {
        let problems = validate(Kind::Source, &props(given)).problems();
        assert_eq!(problems.iter().map(Problem::to_string).collect::<Vec<_>>(), *expected);
    }
    let mut given = DEFAULTS.to_vec();
    given.extend([("groups", "a"), ("a.include", "x,(")]);
    let problems = validate(Kind::Source, &props(&given)).problems();
    assert!(problems[0].to_string().contains("[x, (] for configuration"), "{problems:?}");
    assert!(problems[0].message.contains("Syntax error in regular expression"), "{problems:?}");
}

#[test]
fn keys_without_effect_are_named() {
    let mut given = DEFAULTS.to_vec();
    given.extend([("groups", "a"), ("b.partitions", "1"), ("default.include", "x"), ("a.b.c", "1")]);
    let keys: Vec<String> = warnings(&props(&given)).into_iter().map(|warning| warning.key).collect();
    assert_eq!(keys, ["topic.creation.b.partitions", "topic.creation.default.include"]);
}
