//! Records with every type of the data model, from Datagen through JsonConverter into a real topic: all of them, once
//! each over clean stops in mid-flow, and each field with the schema and the form that Kafka Connect gives it.

use crate::MINUTE;
use connect_tests::configs::connector;
use connect_tests::{Kafka, Record, With, WorkerSpec, wait_for};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const RECORDS: u64 = 3_000;

/// The schema of a field that has no more than a type.
fn plain(name: &str, kind: &str, optional: bool) -> Value {
    json!({"type": kind, "optional": optional, "field": name})
}

fn logical(name: &str, kind: &str, class: &str) -> Value {
    let name_of_class = format!("org.apache.kafka.connect.data.{class}");
    json!({"type": kind, "optional": false, "name": name_of_class, "version": 1, "field": name})
}

/// The whole schema of a record, as Kafka's JsonConverter writes it.
fn schema() -> Value {
    let point = json!({
        "type": "struct",
        "fields": [plain("x", "double", false), plain("y", "double", false), plain("label", "string", true)],
        "optional": false,
        "name": "org.connecthost.samples.Point",
    });
    let (mut nested, mut decimal) = (point.clone(), logical("decimal", "bytes", "Decimal"));
    nested["field"] = "nested".into();
    decimal["parameters"] = json!({"scale": "2"});
    let inner = |kind: &str, optional: bool| json!({"type": kind, "optional": optional});
    json!({
        "type": "struct",
        "fields": [
            plain("number", "int64", false),
            plain("boolean", "boolean", false),
            plain("int8", "int8", false),
            plain("int16", "int16", false),
            plain("int32", "int32", false),
            plain("int64", "int64", false),
            plain("float32", "float", false),
            plain("float64", "double", false),
            plain("string", "string", false),
            plain("bytes", "bytes", false),
            plain("optional", "string", true),
            plain("nothing", "int32", true),
            {"type": "int32", "optional": true, "default": 42, "field": "defaulted"},
            {"type": "array", "items": inner("int32", false), "optional": false, "field": "array"},
            {"type": "map", "keys": inner("string", false), "values": inner("int64", true), "optional": false,
             "field": "map"},
            {"type": "map", "keys": inner("int32", false), "values": inner("boolean", false), "optional": false,
             "field": "map_by_number"},
            nested,
            {"type": "array", "items": point, "optional": false, "field": "points"},
            logical("date", "int32", "Date"),
            logical("time", "int32", "Time"),
            logical("timestamp", "int64", "Timestamp"),
            decimal,
        ],
        "optional": false,
        "name": "org.connecthost.samples.Datagen",
        "version": 1,
    })
}

fn whole(value: &Value, min: i64, max: i64) -> bool {
    value.as_i64().is_some_and(|number| (min..=max).contains(&number))
}

/// Canonical base64 with padding.
fn base64(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let digits = text.trim_end_matches('=');
    let known = digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    known && text.len() % 4 == 0 && text.len() - digits.len() <= 2
}

fn null_or(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    value.is_null() || fits(value)
}

fn each(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(fits))
}

fn point(value: &Value) -> bool {
    let keys = value.as_object().map(|fields| fields.keys().map(String::as_str).collect::<Vec<_>>());
    keys.is_some_and(|keys| keys == ["x", "y", "label"])
        && value["x"].is_number()
        && value["y"].is_number()
        && null_or(&value["label"], Value::is_string)
}

/// Whether a field of a payload has the form of its type.
fn fits(name: &str, value: &Value) -> bool {
    let int32 = |value: &Value| whole(value, i32::MIN.into(), i32::MAX.into());
    match name {
        "number" => whole(value, 0, RECORDS as i64 - 1),
        "boolean" => value.is_boolean(),
        "int8" => whole(value, -128, 127),
        "int16" => whole(value, -32_768, 32_767),
        // With a default instead of null.
        "int32" | "defaulted" => int32(value),
        "int64" => value.is_i64(),
        "float32" | "float64" => value.is_number(),
        "string" => value.is_string(),
        "bytes" | "decimal" => base64(value),
        "optional" => null_or(value, Value::is_string),
        "nothing" => value.is_null(),
        "array" => each(value, int32),
        "map" => value.as_object().is_some_and(|map| map.values().all(|v| null_or(v, Value::is_i64))),
        "map_by_number" => each(value, |pair| int32(&pair[0]) && pair[1].is_boolean() && pair[2].is_null()),
        "nested" => point(value),
        "points" => each(value, point),
        "date" => whole(value, 0, 36_524),
        "time" => whole(value, 0, 86_399_999),
        "timestamp" => whole(value, 0, 36_525 * 86_400_000 - 1),
        _ => false,
    }
}

fn envelope(record: &Record) -> Map<String, Value> {
    let parsed: Value = serde_json::from_str(&record.text()).expect("JSON");
    parsed.as_object().expect("an envelope").clone()
}

/// What the values of all records must have shown of a field.
fn variety(payloads: &[Value], name: &str) -> usize {
    payloads.iter().map(|payload| payload[name].to_string()).collect::<BTreeSet<_>>().len()
}

#[test]
fn every_type_arrives_in_its_form_and_every_record_once() {
    let topic = "datagen-types";
    let kafka = Kafka::shared();
    kafka.topics().create(topic, 1, 1, &[]);
    let source = connector("datagen", "Datagen").with("tasks.max", 3).with("topic", topic);
    let source =
        source.with("records", RECORDS).with("throughput", 1_500).with("headers", true).with("seed", 7);
    let source = source.with("value.converter", "org.apache.kafka.connect.json.JsonConverter");
    let mut worker = WorkerSpec::connect_host(kafka.bootstrap()).drains().connector(source).start();
    for part in [RECORDS / 4, RECORDS / 2] {
        wait_for("a part of the records", MINUTE, || kafka.topics().count(topic) >= part);
        assert!(worker.terminate().success(), "a clean stop");
        worker.restart();
    }
    wait_for("all records", MINUTE, || kafka.topics().count(topic) >= RECORDS);
    let records = kafka.topics().read(topic);
    assert!(worker.terminate().success(), "a clean stop");
    assert_eq!(kafka.topics().count(topic), RECORDS, "each record once");
    let (schema, mut payloads) = (schema(), Vec::new());
    for record in &records {
        let envelope = envelope(record);
        assert!(envelope.keys().eq(["schema", "payload"]), "{envelope:?}");
        assert_eq!(envelope["schema"], schema);
        let payload = envelope["payload"].as_object().expect("a struct");
        let names = schema["fields"].as_array().expect("a list").iter().map(|field| &field["field"]);
        assert!(payload.keys().eq(names), "{payload:?}");
        for (name, value) in payload {
            assert!(fits(name, value), "{name} is {value}");
        }
        let number = payload["number"].as_i64().expect("a number");
        assert_eq!(record.key.as_deref(), Some(number.to_string().as_bytes()));
        let parity = if number % 2 == 0 { "even" } else { "odd" };
        let header = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
        assert_eq!(record.headers, [header("number", &number.to_string()), header("parity", parity)]);
        payloads.push(Value::Object(payload.clone()));
    }
    assert_eq!(variety(&payloads, "number"), RECORDS as usize, "each number once");
    for (name, least) in
        [("int8", 250), ("int64", 2_000), ("optional", 500), ("bytes", 2_000), ("points", 1_000)]
    {
        assert!(variety(&payloads, name) >= least, "{name} shows little of its type");
    }
}
