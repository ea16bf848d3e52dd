//! Validation of whole configs, and the shape of the answer.

use serde_json::json;

use super::*;
use crate::settings::connector::Kind;
use crate::settings::definitions::{Validator, common};

fn props(entries: &[(&str, &str)]) -> Props {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn definitions() -> ConfigDef {
    ConfigDef::new()
        .define(
            Definition::new("topic", Type::String, Importance::High, "where to")
                .required()
                .check(Validator::NonEmpty),
        )
        .define(
            Definition::new("batch.size", Type::Int, Importance::Low, "how many")
                .default("2000")
                .check(Validator::at_least(1))
                .shown("Size", 1, Width::Short, "Batch size"),
        )
        .define(Definition::new("secret", Type::Password, Importance::Medium, "pass").default("s3cret"))
}

#[test]
fn each_key_has_its_value_or_what_is_wrong_with_it() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let table: &[Case<'_>] = &[
        (&[("topic", "t")], &[]),
        (&[("topic", "t"), ("unknown", "x")], &[]),
        (&[], &[r#"topic: Missing required configuration "topic" which has no default value."#]),
        (&[("topic", "")], &["topic: Invalid value  for configuration topic: String must be non-empty"]),
        (
            &[("topic", "t"), ("batch.size", "x")],
            &[
                "batch.size: Invalid value x for configuration batch.size: Not a number of type INT",
                "batch.size: Invalid value null for configuration batch.size: Value must be non-null",
            ],
        ),
        (
            &[("topic", "t"), ("batch.size", "0")],
            &["batch.size: Invalid value 0 for configuration batch.size: Value must be at least 1"],
        ),
    ];
    for (given, expected) in table {
        let validation = Validation::new(definitions(), &props(given));
        let found: Vec<_> = validation.problems().iter().map(Problem::to_string).collect();
        assert_eq!(found, *expected, "{given:?}");
        assert_eq!(validation.error_count(), expected.len());
    }
}

#[test]
fn null_is_neither_a_value_nor_absent() {
    let nulls = ["topic", "batch.size", "secret"].map(str::to_owned).into();
    let validation = Validation::with_nulls(definitions(), &Props::new(), &nulls);
    let found: Vec<_> = validation.problems().iter().map(Problem::to_string).collect();
    assert_eq!(
        found,
        ["batch.size: Invalid value null for configuration batch.size: Value must be non-null"]
    );
    assert!(["topic", "batch.size", "secret"].iter().all(|key| validation.value(key).is_none()));
}

#[test]
fn the_answer_has_kafkas_shape() {
    let mut validation = Validation::new(definitions(), &props(&[("topic", " t "), ("batch.size", "0")]));
    validation.recommend("topic", vec!["a".to_owned(), "b".to_owned()]);
    validation.set_visible("secret", false);
    validation.add_error("other", "is not wanted");
    let answer = serde_json::to_value(validation.infos("Class")).unwrap();
    let expected = json!({
        "name": "Class", "error_count": 2, "groups": ["Size"],
        "configs": [
            {"definition": null,
             "value": {"name": "other", "value": null, "recommended_values": [], "errors": ["is not wanted"],
                       "visible": true}},
            {"definition": {"name": "topic", "type": "STRING", "required": true, "default_value": null,
                            "importance": "HIGH", "documentation": "where to", "group": null, "width": "NONE",
                            "display_name": "topic", "dependents": [], "order": -1},
             "value": {"name": "topic", "value": "t", "recommended_values": ["a", "b"], "errors": [],
                       "visible": true}},
            {"definition": {"name": "batch.size", "type": "INT", "required": false, "default_value": "2000",
                            "importance": "LOW", "documentation": "how many", "group": "Size", "width": "SHORT",
                            "display_name": "Batch size", "dependents": [], "order": 1},
             "value": {"name": "batch.size", "value": "0", "recommended_values": [],
                       "errors": ["Invalid value 0 for configuration batch.size: Value must be at least 1"],
                       "visible": true}},
            {"definition": {"name": "secret", "type": "PASSWORD", "required": false, "default_value": "[hidden]",
                            "importance": "MEDIUM", "documentation": "pass", "group": null, "width": "NONE",
                            "display_name": "secret", "dependents": [], "order": -1},
             "value": {"name": "secret", "value": "[hidden]", "recommended_values": [], "errors": [],
                       "visible": false}},
        ],
    });
    assert_eq!(answer, expected);
    let text = serde_json::to_string(&validation.infos("Class")).unwrap();
    let order = ["\"name\":\"topic\"", "\"type\"", "\"required\"", "\"default_value\"", "\"importance\""];
    let places: Vec<_> = order.iter().map(|part| text.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(!format!("{validation:?}").contains("s3cret"));
}

#[test]
fn keys_of_a_plugin_follow_those_of_the_worker() {
    let given = props(&[("connector.class", "C"), ("name", "n")]);
    let mut validation = Validation::new(common::connector(Kind::Source), &given);
    let plugin = definitions().define(
        Definition::new("name", Type::String, Importance::Low, "").check(Validator::one_of(&["other"])),
    );
    validation.append(Validation::new(plugin, &given));
    let infos = validation.infos("C");
    let names: Vec<_> = infos.configs.iter().map(|config| config.value.name.as_str()).collect();
    assert_eq!(names[..3], ["name", "connector.class", "connector.plugin.version"]);
    assert_eq!(names[names.len() - 3..], ["topic", "batch.size", "secret"]);
    assert_eq!(infos.error_count, 2);
    assert_eq!(infos.configs[0].value.errors.len(), 1);
    assert_eq!(
        infos.groups,
        [
            "Common",
            "Transforms",
            "Predicates",
            "Error Handling",
            "Topic Creation",
            "Exactly Once Support",
            "offsets.topic",
            "Size"
        ]
    );
}

#[test]
fn definitions_can_stand_under_a_prefix() {
    let mut definition = Definition::new("a", Type::String, Importance::Low, "");
    definition.dependents.push("b".to_owned());
    let prefixed = ConfigDef::new().define(definition).prefixed("value.converter.");
    let only = prefixed.iter().next().unwrap();
    assert_eq!((only.name.as_str(), only.display_name.as_str()), ("value.converter.a", "a"));
    assert_eq!(only.dependents, ["value.converter.b"]);
}

/// Name, type, default, importance, group, order, width, label of the shared keys, as Kafka Connect 4.1.1
/// shows them.
const COMMON: &[&str] = &[
    "name STRING required HIGH Common 1 MEDIUM Connector name",
    "connector.class STRING required HIGH Common 2 LONG Connector class",
    "connector.plugin.version STRING null MEDIUM Common 3 MEDIUM Connector version",
    "tasks.max INT 1 HIGH Common 4 SHORT Tasks max",
    "tasks.max.enforce BOOLEAN true LOW Common 5 SHORT Enforce tasks max",
    "key.converter CLASS null LOW Common 6 SHORT Key converter class",
    "key.converter.plugin.version STRING null LOW Common 7 SHORT Key converter version",
    "value.converter CLASS null LOW Common 8 SHORT Value converter class",
    "value.converter.plugin.version STRING null LOW Common 9 SHORT Value converter version",
    "header.converter CLASS null LOW Common 10 SHORT Header converter class",
    "header.converter.plugin.version STRING null LOW Common 11 SHORT Header converter version",
    "transforms LIST  LOW Transforms 12 LONG Transforms",
    "predicates LIST  LOW Predicates 13 LONG Predicates",
    "config.action.reload STRING restart LOW Common 14 MEDIUM Reload Action",
    "errors.retry.timeout LONG 0 MEDIUM Error Handling 1 MEDIUM Retry Timeout for Errors",
    "errors.retry.delay.max.ms LONG 60000 MEDIUM Error Handling 2 MEDIUM Maximum Delay Between Retries for Errors",
    "errors.tolerance STRING none MEDIUM Error Handling 3 SHORT Error Tolerance",
    "errors.log.enable BOOLEAN false MEDIUM Error Handling 4 SHORT Log Errors",
    "errors.log.include.messages BOOLEAN false MEDIUM Error Handling 5 SHORT Log Error Details",
];
const SOURCE: &[&str] = &[
    "topic.creation.groups LIST  LOW Topic Creation 1 LONG Topic Creation Groups",
    "exactly.once.support STRING requested MEDIUM Exactly Once Support 2 SHORT Exactly once support",
    "transaction.boundary STRING poll MEDIUM Exactly Once Support 3 SHORT Transaction Boundary",
    "transaction.boundary.interval.ms LONG null LOW Exactly Once Support 4 SHORT Transaction boundary interval",
    "offsets.storage.topic STRING null LOW offsets.topic 1 LONG Offsets topic",
];
const SINK: &[&str] = &[
    "topics LIST  HIGH Common 4 LONG Topics",
    "topics.regex STRING  HIGH Common 4 LONG Topics regex",
    "errors.deadletterqueue.topic.name STRING  MEDIUM Error Handling 6 MEDIUM Dead Letter Queue Topic Name",
    "errors.deadletterqueue.topic.replication.factor SHORT 3 MEDIUM Error Handling 7 MEDIUM Dead Letter Queue Topic \
     Replication Factor",
    "errors.deadletterqueue.context.headers.enable BOOLEAN false MEDIUM Error Handling 8 MEDIUM Enable Error Context \
     Headers",
];

#[test]
fn the_shared_keys_are_those_of_kafka() {
    for (kind, more) in [(Kind::Source, SOURCE), (Kind::Sink, SINK)] {
        let infos = serde_json::to_value(common::connector(kind).key_infos()).unwrap();
        let word =
            |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let shown: Vec<_> = infos
            .as_array()
            .unwrap()
            .iter()
            .map(|info| {
                assert!(!word(&info["documentation"]).is_empty());
                let default = if info["required"] == true {
                    "required".to_owned()
                } else {
                    word(&info["default_value"])
                };
                let parts =
                    ["importance", "group", "order", "width", "display_name"].map(|field| word(&info[field]));
                format!("{} {} {default} {}", word(&info["name"]), word(&info["type"]), parts.join(" "))
            })
            .collect();
        let expected: Vec<_> = COMMON.iter().chain(more).map(|line| (*line).to_owned()).collect();
        assert_eq!(shown, expected);
    }
}
