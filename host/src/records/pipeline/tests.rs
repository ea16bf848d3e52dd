//! Batches through both pipelines with real converters.

use std::borrow::Cow;

use super::sink::{RawHeader, RawMessage, SinkBatch, SinkOutcome, SinkPipeline, TimestampType};
use super::source::{SourceBatch, SourceBuffers, SourceHeader, SourcePipeline, SourceRecord};
use super::*;
use crate::records::convert::{converter, header_converter};
use crate::records::schema::{Schema, Type};
use crate::records::value::Value;
use crate::settings::Props;

fn source(key: &str, value: &str, header: &str) -> SourcePipeline {
    let props = Props::new();
    SourcePipeline::new(
        converter(key, &props, true).unwrap(),
        converter(value, &props, false).unwrap(),
        header_converter(header, &props).unwrap(),
    )
}

fn sink(key: &str, value: &str, header: &str) -> SinkPipeline {
    let props = Props::new();
    SinkPipeline::new(
        converter(key, &props, true).unwrap(),
        converter(value, &props, false).unwrap(),
        header_converter(header, &props).unwrap(),
    )
}

fn record<'a>(key: Value<'a>, value: Value<'a>, headers: std::ops::Range<usize>) -> SourceRecord<'a> {
    let value_schema = Some(Schema::shared(Type::String, false));
    SourceRecord {
        topic: "t",
        partition: Some(3),
        timestamp: Some(7),
        key_schema: None,
        key,
        value_schema,
        value,
        headers,
    }
}

#[test]
fn source_strings_are_sent_from_where_they_lie() {
    let text = String::from("hello");
    let records = [record(Value::Null, Value::str(&text), 0..0)];
    let mut buffers = SourceBuffers::new();
    let pipeline = source("String", "String", "Simple");
    let outcome = pipeline.convert(SourceBatch { records: &records, headers: &[] }, &mut buffers);
    let sent = outcome.get(0).unwrap().unwrap();
    assert!(std::ptr::eq(sent.value.unwrap(), text.as_bytes()));
    assert_eq!((sent.topic, sent.partition, sent.timestamp, sent.key), ("t", Some(3), Some(7), None));
    assert_eq!((sent.headers().len(), sent.size()), (0, 5));
}

#[test]
fn a_source_batch_keeps_order_and_holds_failures_in_place() {
    let number = Some(Schema::shared(Type::Int32, false));
    let headers = [
        SourceHeader { key: "a", schema: number, value: Value::Int32(5) },
        SourceHeader { key: "b", schema: None, value: Value::Null },
        SourceHeader { key: "c", schema: None, value: Value::Struct(vec![]) },
    ];
    let bytes = Value::Bytes(Cow::Borrowed(b"k"));
    let records = [
        record(bytes.clone(), Value::str("x"), 0..2),
        record(Value::Int8(1), Value::str("y"), 0..0),
        record(Value::Null, Value::Int64(1), 0..1),
        record(Value::Null, Value::str("z"), 2..3),
        record(bytes, Value::str("w"), 1..2),
    ];
    let mut buffers = SourceBuffers::new();
    let pipeline = source("ByteArray", "Json", "Simple");
    for _ in 0..2 {
        let outcome = pipeline.convert(SourceBatch { records: &records, headers: &headers }, &mut buffers);
        assert_eq!(outcome.len(), 5);
        let all: Vec<_> = outcome.iter().collect();
        let first = all[0].unwrap();
        assert_eq!(first.key, Some(&b"k"[..]));
        assert_eq!(first.value, Some(&br#"{"schema":{"type":"string","optional":false},"payload":"x"}"#[..]));
        assert_eq!(first.headers().collect::<Vec<_>>(), [("a", Some(&b"5"[..])), ("b", None)]);
        let stage = |at: usize| all[at].as_ref().unwrap_err().stage;
        assert_eq!(
            [stage(1), stage(2), stage(3)],
            [Stage::KeyConverter, Stage::ValueConverter, Stage::HeaderConverter]
        );
        let last = all[4].unwrap();
        assert_eq!(last.value, Some(&br#"{"schema":{"type":"string","optional":false},"payload":"w"}"#[..]));
        assert_eq!(last.headers().collect::<Vec<_>>(), [("b", None)]);
        assert!(outcome.get(5).is_none());
    }
}

fn message<'a>(
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: std::ops::Range<usize>,
) -> RawMessage<'a> {
    RawMessage {
        topic: "t",
        partition: 0,
        offset: 1,
        timestamp: Some(5),
        timestamp_type: TimestampType::Create,
        key,
        value,
        headers,
    }
}

#[test]
fn sink_strings_are_read_where_they_lie_and_room_is_used_again() {
    let payload = br#"{"schema":{"type":"string","optional":false},"payload":"x"}"#.to_vec();
    let headers = [RawHeader { key: "h", value: Some(b"12") }, RawHeader { key: "n", value: None }];
    let pipeline = sink("String", "Json", "Simple");
    let mut room = SinkOutcome::default();
    for round in 0..3 {
        let messages = [
            message(Some(b"k"), Some(&payload), 0..2),
            message(None, Some(b"not json"), 0..1),
            message(None, None, 1..2),
        ];
        let outcome = pipeline.convert(SinkBatch { messages: &messages, headers: &headers }, room);
        let first = outcome.records[0].as_ref().unwrap();
        assert_eq!(first.key.value, Value::str("k"));
        assert!(matches!(first.value.value, Value::String(Cow::Borrowed("x"))) || round == 0);
        assert_eq!(
            outcome.headers[first.headers.clone()].iter().map(|h| h.key).collect::<Vec<_>>(),
            ["h", "n"]
        );
        assert_eq!(outcome.headers[0].value.value, Value::Int8(12));
        assert_eq!(outcome.records[1].as_ref().unwrap_err().stage, Stage::ValueConverter);
        let last = outcome.records[2].as_ref().unwrap();
        assert!(last.value.value.is_null());
        assert_eq!(last.headers, 2..3);
        room = outcome.recycle();
        assert!(room.records.is_empty() && room.records.capacity() >= 3);
    }
}
