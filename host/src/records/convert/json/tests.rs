//! JsonConverter against what Kafka 4.1.1 writes (`golden.txt`) and against itself.

use proptest::prelude::*;

use super::*;
use crate::records::schema::{DATE, Field, TIME, TIMESTAMP};

fn json(settings: &[(&str, &str)]) -> JsonConverter {
    let props = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    JsonConverter::configure(&props, Role::Value).unwrap()
}

fn written(
    converter: &JsonConverter,
    schema: Option<&Arc<Schema>>,
    value: &Value<'_>,
) -> Result<String, ConvertError> {
    let mut scratch = b"before".to_vec();
    let payload = converter.from_connect("t", schema, value, &mut scratch)?;
    Ok(String::from_utf8(payload.resolve(&scratch).unwrap().to_vec()).unwrap())
}

fn read<'a>(converter: &JsonConverter, text: &'a str) -> Result<SchemaAndValue<'a>, ConvertError> {
    converter.to_connect("t", Some(text.as_bytes()))
}

fn field(name: &str, schema: Schema) -> Field {
    Field { name: name.to_owned(), schema: Arc::new(schema) }
}

fn every_type() -> (Arc<Schema>, Value<'static>) {
    let of = Schema::of;
    let shared = |kind, optional| Schema::shared(kind, optional).clone();
    let inner = Schema::structure(vec![field("x", of(Type::Int8))]).named("Inner", None);
    let mut parameters = of(Type::String);
    parameters.parameters = vec![("k".into(), "v".into()), ("k2".into(), "v2".into())];
    let mut schema = Schema::structure(vec![
        field("i8", of(Type::Int8)),
        field("i16", of(Type::Int16)),
        field("i32", of(Type::Int32)),
        field("i64", of(Type::Int64)),
        field("f32", of(Type::Float32)),
        field("f64", of(Type::Float64)),
        field("b", of(Type::Boolean)),
        field("s", of(Type::String)),
        field("by", of(Type::Bytes)),
        field("opt", of(Type::String).optional()),
        field("def", of(Type::Int32).with_default(Value::Int32(7))),
        field("arr", Schema::array(shared(Type::Int32, true)).optional()),
        field("map", Schema::map(shared(Type::String, false), Arc::new(inner))),
        field("imap", Schema::map(shared(Type::Int32, false), shared(Type::String, false))),
        field("dec", Schema::decimal(2)),
        field("date", of(Type::Int32).named(DATE, Some(1))),
        field("time", of(Type::Int32).named(TIME, Some(1))),
        field("ts", of(Type::Int64).named(TIMESTAMP, Some(1)).optional()),
        field("par", parameters),
    ])
    .named("Rec", Some(3));
    schema.doc = Some("do\"c".to_owned());
    let value = Value::Struct(vec![
        Value::Int8(-1),
        Value::Int16(300),
        Value::Int32(70_000),
        Value::Int64(i64::MIN),
        Value::Float32(0.1),
        Value::Float64(1e10),
        Value::Boolean(true),
        Value::str("a\"\\\u{1}\u{1f}\u{7f}\n/é😀"),
        Value::bytes(&[0, 1, 255]),
        Value::Null,
        Value::Null,
        Value::Array(vec![Value::Int32(1), Value::Null]),
        Value::Map(vec![(Value::str("k"), Value::Struct(vec![Value::Int8(1)]))]),
        Value::Map(vec![(Value::Int32(5), Value::str("five"))]),
        Value::bytes(&[0xfb, 0x2e]),
        Value::Int32(18_263),
        Value::Int32(37_845_123),
        Value::Int64(1_577_961_045_123),
        Value::str("p"),
    ]);
    (Arc::new(schema), value)
}

#[test]
fn every_type_is_written_as_kafka_writes_it() {
    let mut golden = include_str!("golden.txt").lines();
    let (schema, value) = every_type();
    for format in ["BASE64", "numeric"] {
        for enable in ["true", "FALSE"] {
            let converter = json(&[("schemas.enable", enable), ("decimal.format", format)]);
            let expected = golden.next().unwrap();
            // Twice: the second time the schema comes from the cache.
            for _ in 0..2 {
                assert_eq!(written(&converter, Some(&schema), &value).unwrap(), expected);
            }
        }
    }
    let decimal = |scale, optional| Schema { optional, ..Schema::decimal(scale) };
    let with_default = decimal(-3, true).with_default(Value::bytes(&[10]));
    let mixed =
        vec![Value::Int64(1), Value::str("x"), Value::Null, Value::Float64(1.5), Value::Boolean(true)];
    let cases = [
        (None, Value::Array(mixed)),
        (None, Value::Map(vec![(Value::str("k"), Value::Int32(1))])),
        (None, Value::Map(vec![(Value::Int32(1), Value::str("k"))])),
        (Some(Schema::of(Type::String).optional()), Value::Null),
        (Some(Schema::of(Type::String).with_default(Value::str("d"))), Value::Null),
        (Some(Schema::of(Type::Float64)), Value::Float64(f64::NAN)),
        (Some(Schema::of(Type::Float32)), Value::Float32(f32::NEG_INFINITY)),
        (Some(Schema::of(Type::Float64)), Value::Float64(1e-7)),
        (Some(decimal(7, false)), Value::bytes(&[1])),
        (Some(with_default), Value::Null),
    ];
    for (schema, value) in cases {
        let schema = schema.map(Arc::new);
        assert_eq!(written(&json(&[]), schema.as_ref(), &value).unwrap(), golden.next().unwrap());
    }
    let numeric = json(&[("decimal.format", "NUMERIC")]);
    for (scale, unscaled) in [(7, 1), (-3, 10)] {
        let text =
            written(&numeric, Some(&Arc::new(decimal(scale, false))), &Value::bytes(&[unscaled])).unwrap();
        assert_eq!(text, golden.next().unwrap());
    }
    assert_eq!(golden.next(), None);
}

#[test]
fn every_type_is_read_back() {
    let (schema, value) = every_type();
    let Value::Struct(mut expected) = value.clone() else { unreachable!() };
    expected[10] = Value::Int32(7);
    for format in ["BASE64", "NUMERIC"] {
        let converter = json(&[("decimal.format", format)]);
        let text = written(&converter, Some(&schema), &value).unwrap();
        let mut schemas = Vec::new();
        // The first time by the tree, then by the front of the last envelope, then after another schema
        // again.
        for _ in 0..3 {
            let back = read(&converter, &text).unwrap();
            assert_eq!(back.value, Value::Struct(expected.clone()));
            assert_eq!(back.schema.as_ref(), Some(&schema));
            schemas.extend(back.schema);
            if schemas.len() == 2 {
                read(&converter, r#"{"schema":{"type":"int8"},"payload":1}"#).unwrap();
            }
        }
        assert!(schemas.iter().all(|schema| Arc::ptr_eq(schema, &schemas[0])));
    }
}

#[test]
fn nulls_are_told_apart() {
    let (with, without) = (json(&[]), json(&[("schemas.enable", "false")]));
    let optional = Some(Schema::shared(Type::String, true));
    let required = Some(Schema::shared(Type::String, false));
    for converter in [&with, &without] {
        assert_eq!(converter.from_connect("t", None, &Value::Null, &mut Vec::new()), Ok(Payload::Null));
        assert_eq!(converter.to_connect("t", None), Ok(SchemaAndValue::NULL));
        let error = written(converter, required, &Value::Null).unwrap_err();
        assert!(error.to_string().starts_with("Conversion error: null value for field that is required"));
    }
    assert_eq!(written(&without, optional, &Value::Null).unwrap(), "null");
    assert_eq!(read(&without, "null").unwrap(), SchemaAndValue::NULL);
    let key = Arc::new(Schema::of(Type::String).optional().with_default(Value::str("d")));
    let map = Arc::new(Schema::map(key, Schema::shared(Type::Int8, false).clone()));
    let entry = Value::Map(vec![(Value::Null, Value::Int8(1))]);
    assert_eq!(written(&without, Some(&map), &entry).unwrap(), r#"{"d":1}"#);
    let keep = json(&[("replace.null.with.default", "false"), ("schemas.enable", "false")]);
    assert_eq!(written(&keep, Some(&map), &entry).unwrap(), r#"{"null":1}"#);
    let keep = json(&[("replace.null.with.default", "false")]);
    let default = Arc::new(Schema::of(Type::Int8).optional().with_default(Value::Int8(3)));
    let text = written(&keep, Some(&default), &Value::Null).unwrap();
    assert!(text.ends_with(r#""payload":null}"#));
    assert!(read(&keep, &text).unwrap().value.is_null());
    assert_eq!(read(&with, &text).unwrap().value, Value::Int8(3));
}

#[test]
fn schemaless_data_is_read_by_its_own_types() {
    let converter = json(&[("schemas.enable", "false")]);
    let back =
        read(&converter, r#"{"a":[1,1.0,1e2,"x",true,null],"b":00012,"c":18446744073709551617}"#).unwrap();
    let array = vec![
        Value::Int64(1),
        Value::Float64(1.0),
        Value::Float64(100.0),
        Value::str("x"),
        Value::Boolean(true),
        Value::Null,
    ];
    let expected = vec![
        (Value::str("a"), Value::Array(array)),
        (Value::str("b"), Value::Int64(12)),
        (Value::str("c"), Value::Int64(1)),
    ];
    assert_eq!(back, SchemaAndValue::schemaless(Value::Map(expected)));
    assert_eq!(read(&converter, " ").unwrap(), SchemaAndValue::NULL);
}

#[test]
fn strings_are_read_without_a_copy_once_the_schema_is_known() {
    let converter = json(&[]);
    let text = r#"{"schema":{"type":"string","optional":false},"payload":"hello"}"#;
    assert_eq!(read(&converter, text).unwrap().value, Value::str("hello"));
    let again = read(&converter, text).unwrap();
    assert!(matches!(again.value, Value::String(Cow::Borrowed("hello"))));
    let cases =
        [(r#""a\"b"}"#, Value::str("a\"b")), ("\"\" } \n", Value::str("")), (r#""😀"}"#, Value::str("😀"))];
    for (rest, value) in cases {
        let text = format!(r#"{{"schema":{{"type":"string","optional":false}},"payload":{rest}"#);
        assert_eq!(read(&converter, &text).unwrap().value, value);
    }
    let extra = r#"{"schema":{"type":"string","optional":false},"payload":"a","more":"b"}"#;
    assert_eq!(read(&converter, extra).unwrap_err().to_string(), NOT_AN_ENVELOPE);
}

#[test]
fn what_is_no_envelope_or_does_not_fit_is_refused_in_kafkas_words() {
    let cases = [
        ("", NOT_AN_ENVELOPE),
        ("1", NOT_AN_ENVELOPE),
        (r#"{"schema":null}"#, NOT_AN_ENVELOPE),
        (r#"{"schema":null,"payload":1,"x":2}"#, NOT_AN_ENVELOPE),
        (r#"{"schema":null,"x":2}"#, NOT_AN_ENVELOPE),
        ("{", "Converting byte[] to Kafka Connect data failed due to serialization error"),
        (r#"{"schema":{},"payload":1}"#, "Schema must contain 'type' field"),
        (r#"{"schema":{"type":"nope"},"payload":1}"#, "Unknown schema type: nope"),
        (r#"{"schema":{"type":"array"},"payload":[]}"#, "Array schema did not specify the element type"),
        (
            r#"{"schema":{"type":"struct"},"payload":{}}"#,
            "Struct schema's \"fields\" argument is not an array.",
        ),
        (r#"{"schema":{"type":"int32"},"payload":null}"#, "Invalid null value for required INT32 field"),
        (
            r#"{"schema":{"type":"int32"},"payload":"x"}"#,
            "Invalid type for INT32, found a JSON value of type STRING",
        ),
        (r#"{"schema":{"type":"bytes"},"payload":"??"}"#, "Invalid bytes field"),
        (
            r#"{"schema":{"type":"int32","name":"org.apache.kafka.connect.data.Date"},"payload":"x"}"#,
            "Invalid type for Date, underlying representation should be integer but was STRING",
        ),
        (
            r#"{"schema":{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}},"payload":[[1]]}"#,
            "Found invalid map entry, expected length 2 but found :1",
        ),
    ];
    for (text, message) in cases {
        let error = read(&json(&[]), text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
    let int = Some(Schema::shared(Type::Int32, false));
    assert_eq!(
        written(&json(&[]), int, &Value::Int64(1)).unwrap_err().to_string(),
        "Invalid type for INT32: INT64"
    );
    assert_eq!(read(&json(&[]), r#"{"schema":null,"payload":[1]}"#).unwrap().schema, None);
    let narrowed = read(&json(&[]), r#"{"schema":{"type":"int8"},"payload":300}"#).unwrap();
    assert_eq!(narrowed.value, Value::Int8(44));
    let nan = read(&json(&[]), r#"{"schema":{"type":"double"},"payload":"NaN"}"#).unwrap();
    assert!(matches!(nan.value, Value::Float64(n) if n.is_nan()));
}

proptest! {
    #[test]
    fn any_string_goes_there_and_back(
        texts in prop::collection::vec("\\PC{0,40}|[\\x00-\\x7f]{0,120}", 1..5), optional in any::<bool>()
    ) {
        let schema = Some(Schema::shared(Type::String, optional));
        let converter = json(&[]);
        for text in &texts {
            let bytes = written(&converter, schema, &Value::str(text)).unwrap();
            prop_assert_eq!(read(&converter, &bytes).unwrap().value, Value::str(text));
        }
    }

    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..80), tail in "[\"\\\\{}\\[\\],:a0 ]{0,20}"
    ) {
        for enable in ["true", "false"] {
            let converter = json(&[("schemas.enable", enable)]);
            let _ = converter.to_connect("t", Some(&bytes));
            read(&converter, r#"{"schema":{"type":"string"},"payload":"x"}"#).unwrap();
            let _ = read(&converter, &format!(r#"{{"schema":{{"type":"string"}},"payload":{tail}"#));
            let _ = read(&converter, &tail);
        }
    }
}

#[test]
fn text_behind_the_document_and_deep_nesting_are_refused() {
    let plain = json(&[("schemas.enable", "false")]);
    assert!(read(&plain, "1 2").is_err());
    assert!(read(&plain, "{} x").is_err());
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&plain, &nested(100)).is_ok());
    assert!(read(&plain, &nested(129)).is_err());
}
