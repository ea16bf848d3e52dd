//! Headers as Kafka 4.1.1 reads and writes them; the table was taken from its SimpleHeaderConverter.

use proptest::prelude::*;

use super::*;
use crate::records::schema::{DATE, Field, TIME, TIMESTAMP};

/// The schema in short: `ARRAY<INT8>`, `INT32#Date`, `-` for none.
fn kind(schema: Option<&Schema>) -> String {
    let Some(schema) = schema else { return "-".to_owned() };
    let mut text = schema.kind.name().to_owned();
    if let Some(name) = &schema.name {
        text += &format!("#{}", name.rsplit('.').next().unwrap());
    }
    match schema.kind {
        Type::Array => text += &format!("<{}>", kind(schema.value.as_deref())),
        Type::Map => text += &format!("<{},{}>", kind(schema.key.as_deref()), kind(schema.value.as_deref())),
        _ => {}
    }
    text
}

fn written(schema: Option<&Arc<Schema>>, value: &Value<'_>) -> String {
    let mut scratch = Vec::new();
    let payload = SimpleHeaderConverter::new().from_connect("t", "h", schema, value, &mut scratch).unwrap();
    String::from_utf8(payload.resolve(&scratch).unwrap().to_vec()).unwrap()
}

#[test]
fn texts_are_read_as_kafka_reads_them() {
    let converter = SimpleHeaderConverter::new();
    for line in include_str!("table.txt").lines() {
        let [text, schema, value] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let read = converter.to_connect("t", "h", Some(text.as_bytes())).unwrap();
        assert_eq!(kind(read.schema.as_deref()), schema, "{text:?}");
        let shown = match &read.value {
            Value::Null => "null".to_owned(),
            value => written(read.schema.as_ref(), value),
        };
        assert_eq!(shown, value, "{text:?}");
    }
}

#[test]
fn null_and_empty_differ() {
    let converter = SimpleHeaderConverter::new();
    assert_eq!(converter.to_connect("t", "h", None).unwrap(), SchemaAndValue::NULL);
    let empty = converter.to_connect("t", "h", Some(b"")).unwrap();
    assert_eq!(empty, SchemaAndValue::new(Schema::shared(Type::String, false).clone(), Value::str("")));
}

#[test]
fn values_are_written_as_kafka_writes_them() {
    let named = |kind, name| Arc::new(Schema::of(kind).named(name, Some(1)));
    let cases = [
        (None, Value::str("a\"b"), "a\"b"),
        (None, Value::Float64(1e10), "1.0E10"),
        (None, Value::bytes(b"abc"), "YWJj"),
        (None, Value::Array(vec![Value::str("a\"\\"), Value::Int8(1), Value::Null]), r#"["a\"\\",1,null]"#),
        (None, Value::Map(vec![(Value::str("k"), Value::bytes(b"abc"))]), r#"{"k":"YWJj"}"#),
        (Some(named(Type::Int32, DATE)), Value::Int32(18_263), "2020-01-02"),
        (Some(named(Type::Int32, TIME)), Value::Int32(37_845_123), "10:30:45.123Z"),
        (Some(named(Type::Int64, TIMESTAMP)), Value::Int64(1_577_961_045_123), "2020-01-02T10:30:45.123Z"),
        (Some(Arc::new(Schema::decimal(1))), Value::bytes(&[15]), "1.5"),
    ];
    for (schema, value, text) in &cases {
        assert_eq!(written(schema.as_ref(), value), *text);
    }
    let field = Field { name: "f".to_owned(), schema: named(Type::Int32, DATE) };
    let schema = Arc::new(Schema::structure(vec![field]));
    assert_eq!(written(Some(&schema), &Value::Struct(vec![Value::Int32(18_263)])), r#"{"f":2020-01-02}"#);
    let number = Arc::new(Schema::of(Type::Int32).optional().with_default(Value::Int32(5)));
    let schema = Arc::new(Schema::structure(vec![Field { name: "f".to_owned(), schema: number }]));
    assert_eq!(written(Some(&schema), &Value::Struct(vec![Value::Null])), r#"{"f":5}"#);
}

proptest! {
    #[test]
    fn any_text_is_read_as_something(text in "[\\[\\]{}:,\"\\\\ 0-9eE+.aTZ-]{0,40}|\\PC{0,40}") {
        prop_assert!(SimpleHeaderConverter::new().to_connect("t", "h", Some(text.as_bytes())).is_ok());
    }

    #[test]
    fn any_bytes_are_read_as_something(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        prop_assert!(SimpleHeaderConverter::new().to_connect("t", "h", Some(&bytes)).is_ok());
    }
}

#[test]
fn deep_nesting_is_plain_text() {
    let text = "[".repeat(100_000);
    let read = SimpleHeaderConverter::new().to_connect("t", "h", Some(text.as_bytes())).unwrap();
    assert_eq!(read.value, Value::str(&text));
}
