//! The shared keys of connectors: read, refused in Kafka's words, refused because not supported.

use super::*;
use crate::settings::definitions::value::invalid;
use crate::settings::definitions::{Definition, Importance, Type};

fn props(entries: &[(&str, &str)]) -> Props {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn parse(kind: Kind, entries: &[(&str, &str)]) -> Result<ConnectorConfig, Vec<String>> {
    let mut given = props(&[("connector.class", "C")]);
    given.extend(props(entries));
    ConnectorConfig::parse("n", kind, &given)
        .map_err(|problems| problems.iter().map(Problem::to_string).collect())
}

#[test]
fn a_source_needs_no_more_than_its_class() {
    let config = parse(Kind::Source, &[]).unwrap();
    assert_eq!(config.name, "n");
    assert!(config.sink.is_none() && config.warnings.is_empty());
    assert_eq!((config.key_converter, config.value_converter, config.header_converter), (None, None, None));
    let errors = ErrorsConfig { tolerance: Tolerance::None, log_enable: false, log_include_messages: false };
    assert_eq!(config.errors, errors);
    assert_eq!(config.raw, props(&[("connector.class", "C"), ("name", "n")]));
}

#[test]
fn every_shared_key_is_read() {
    let given = [
        ("name", "n"),
        ("tasks.max", " 4 "),
        ("tasks.max.enforce", "FALSE"),
        ("key.converter", " a.Key "),
        ("key.converter.plugin.version", "[1,2)"),
        ("value.converter", "Value"),
        ("value.converter.schemas.enable", "false"),
        ("header.converter", "Header"),
        ("config.action.reload", "none"),
        ("errors.retry.timeout", "-1"),
        ("errors.retry.delay.max.ms", "5"),
        ("errors.tolerance", "all"),
        ("errors.log.enable", "true"),
        ("errors.log.include.messages", "true"),
        ("topics", " a ,, b,a "),
        ("exactly.once.support", "required"),
        ("connection.password", "s3cret"),
    ];
    let config = parse(Kind::Sink, &given).unwrap();
    let key =
        ConverterConfig { class: "a.Key".to_owned(), version: Some("[1,2)".to_owned()), props: props(&[]) };
    assert_eq!(config.key_converter, Some(key));
    let settings = props(&[("schemas.enable", "false")]);
    let value = ConverterConfig { class: "Value".to_owned(), version: None, props: settings };
    assert_eq!(config.value_converter, Some(value));
    let errors = ErrorsConfig { tolerance: Tolerance::All, log_enable: true, log_include_messages: true };
    assert_eq!(config.errors, errors);
    let topics = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(config.sink, Some(SinkTopics { topics, topics_regex: None }));
    assert_eq!(config.warnings[0].key, "config.action.reload");
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_sink_can_name_its_topics_by_a_pattern() {
    let config = parse(Kind::Sink, &[("topics", ""), ("topics.regex", " a.* ")]).unwrap();
    assert_eq!(config.sink, Some(SinkTopics { topics: Vec::new(), topics_regex: Some("a.*".to_owned()) }));
}

#[test]
fn faults_are_named_in_kafkas_words_and_all_at_once() {
    let neither = "Must configure one of topics or topics.regex";
    let both = "topics and topics.regex are mutually exclusive options, but both are set.";
    type Case<'a> = (Kind, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)]);
    let table: &[Case<'_>] = &[
        (Kind::Sink, &[], &[("topics", neither), ("topics.regex", neither)]),
        (Kind::Sink, &[("topics", "a"), ("topics.regex", "b")], &[("topics", both), ("topics.regex", both)]),
        (
            Kind::Source,
            &[("tasks.max", "0")],
            &[("tasks.max", "Invalid value 0 for configuration tasks.max: Value must be at least 1")],
        ),
        (
            Kind::Source,
            &[("tasks.max", "abc"), ("errors.tolerance", "ALL")],
            &[
                ("tasks.max", "Invalid value abc for configuration tasks.max: Not a number of type INT"),
                ("tasks.max", "Invalid value null for configuration tasks.max: Value must be non-null"),
                (
                    "errors.tolerance",
                    "Invalid value ALL for configuration errors.tolerance: String must be one of: none, all",
                ),
            ],
        ),
        (
            Kind::Source,
            &[("name", "")],
            &[("name", "Invalid value  for configuration name: String may not be empty")],
        ),
    ];
    for (kind, given, expected) in table {
        let expected: Vec<_> = expected.iter().map(|(key, message)| format!("{key}: {message}")).collect();
        assert_eq!(parse(*kind, given).unwrap_err(), expected, "{given:?}");
    }
    let missing = ConnectorConfig::parse("n", Kind::Source, &props(&[])).unwrap_err();
    assert_eq!(
        missing,
        [Problem::new(
            "connector.class",
            r#"Missing required configuration "connector.class" which has no default value."#
        )]
    );
    let regex = parse(Kind::Sink, &[("topics.regex", "(")]).unwrap_err();
    assert!(regex[0].contains(&invalid("topics.regex", "(", "Invalid regex: ")), "{regex:?}");
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let table: &[(Kind, &str, &str)] = &[
        (Kind::Source, "transforms", "a"),
        (Kind::Sink, "predicates", "a"),
        (Kind::Sink, "errors.deadletterqueue.topic.name", "dlq"),
        (Kind::Source, "exactly.once.support", "Required"),
        (Kind::Source, "transaction.boundary", "interval"),
        (Kind::Source, "offsets.storage.topic", "t"),
    ];
    for (kind, key, value) in table {
        let mut given = vec![(*key, *value)];
        if *kind == Kind::Sink {
            given.push(("topics", "t"));
        }
        let problems = parse(*kind, &given).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(&format!("{key}: ")), "{problems:?}");
        assert_eq!(validate(*kind, &props(&given)).value("tasks.max"), Some(&Parsed::Integer(1)));
    }
}

#[test]
fn versions_are_ranges_and_belong_to_converters_of_the_connectors_own() {
    let keys = ["connector", "key.converter", "value.converter", "header.converter"];
    for key in keys.map(|key| format!("{key}.plugin.version")) {
        let problems = parse(Kind::Source, &[(key.as_str(), "[1")]).unwrap_err();
        assert_eq!(problems, [format!("{key}: {}", invalid(&key, "[1", "Unbounded range: [1"))]);
        let config = parse(Kind::Source, &[(key.as_str(), "[1,)")]).unwrap();
        let about_converter = !key.starts_with("connector");
        assert_eq!(config.warnings.iter().any(|warning| warning.key == key), about_converter, "{key}");
    }
    let own = [("key.converter", "K"), ("key.converter.plugin.version", "latest")];
    assert!(parse(Kind::Source, &own).unwrap().warnings.is_empty());
}

#[test]
fn the_same_keys_with_nothing_in_them_are_fine() {
    let given = [
        ("transforms", ""),
        ("predicates", " "),
        ("topic.creation.groups", ""),
        ("exactly.once.support", "REQUESTED"),
        ("transaction.boundary", "Poll"),
        ("errors.deadletterqueue.topic.name", "of no meaning for a source"),
    ];
    assert!(parse(Kind::Source, &given).is_ok());
    let given = [("topics", "t"), ("errors.deadletterqueue.topic.name", ""), ("topic.creation.groups", "a")];
    assert!(parse(Kind::Sink, &given).is_ok());
}

#[test]
fn misspelt_keys_are_named_and_strange_ones_are_not() {
    let own = ConfigDef::new().define(Definition::new(
        "batch.size",
        Type::Int,
        Importance::Low,
        "Lines at a time.",
    ));
    let given = props(&[
        ("task.max", "1"),
        ("batch.sise", "1"),
        ("batch.size", "1"),
        ("producer.overide.linger.ms", "1"),
        ("producer.override.linger.ms", "1"),
        ("key.converter.schema.enable", "true"),
        ("errors.tolerence", "all"),
        ("a.key.of.its.own", "s3cret"),
        ("topicss", "t"),
    ]);
    let named = |kind| -> Vec<_> { misspelt(kind, &own, &given).iter().map(Problem::to_string).collect() };
    let told =
        |key: &str, near: &str| format!("{key}: is not a known config of this connector; was {near} meant?");
    let both = [
        told("batch.sise", "batch.size"),
        told("errors.tolerence", "errors.tolerance"),
        told("producer.overide.linger.ms", "producer.override.linger.ms"),
        told("task.max", "tasks.max"),
    ];
    assert_eq!(named(Kind::Source), both);
    assert_eq!(named(Kind::Sink), [&both[..], &[told("topicss", "topics")]].concat());
}
