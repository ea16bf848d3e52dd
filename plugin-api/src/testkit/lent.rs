//! What the fake host lends and what it is shown: configs, sink records, and checked copies of source records.

use connect_plugin_abi as abi;

use super::host::{Seat, text};
use crate::batch::SourceBatch;
use crate::config::Config;
use crate::context::primitive;
use crate::raw;
use crate::record::{Offset, SourcePartition, SourceRecord};
use crate::sink_record::ValueRef;
use crate::text::Text;
use crate::value::{Fields, SchemaAndValue, Value};

/// Views of a config; valid as long as both live.
pub(super) struct LentConfig {
    pairs: Vec<abi::CpParam>,
}

impl LentConfig {
    pub(super) fn new(config: &Config) -> Self {
        let pair = |(key, value)| abi::CpParam { key: abi::CpStr::new(key), value: abi::CpStr::new(value) };
        LentConfig { pairs: config.iter().map(pair).collect() }
    }

    pub(super) fn view(&self) -> abi::CpConfig {
        abi::CpConfig { entries: self.pairs.as_ptr(), count: self.pairs.len() }
    }
}

/// Fields that are lent as a map.
#[derive(Debug)]
pub(super) struct LentFields {
    _fields: Box<Fields>,
    pairs: Vec<abi::CpValue>,
}

impl LentFields {
    pub(super) fn new(fields: &Fields) -> Self {
        let fields = Box::new(fields.clone());
        let mut pairs = Vec::new();
        for (name, value) in fields.iter() {
            pairs.push(raw::pointing(abi::STRING, 0, name.as_ptr().cast(), name.len()));
            pairs.push(primitive(value).unwrap_or(abi::CpValue::NULL));
        }
        LentFields { _fields: fields, pairs }
    }

    pub(super) fn value(&self) -> abi::CpValue {
        raw::pointing(abi::MAP, 0, self.pairs.as_ptr().cast(), self.pairs.len() / 2)
    }
}

/// A checked copy of a map from texts to primitives, or of null.
///
/// # Safety
/// `value` is as the contract says.
pub(super) unsafe fn fields(value: &abi::CpValue, what: &str) -> Option<Fields> {
    assert!(matches!(value.tag, abi::MAP | abi::NULL), "{what} is of type {}, not a map", value.tag);
    // SAFETY: the caller's promise.
    let Value::Map(pairs) = (unsafe { checked(value, 0) }) else { return None };
    let pair = |(key, value): (Value, Value)| {
        let Value::String(key) = key else { panic!("{what} has a key that is no text: {key:?}") };
        let nested = matches!(value, Value::Array(_) | Value::Map(_) | Value::Struct(_));
        assert!(!nested, "{what} has a nested value under {key}");
        (key, value)
    };
    Some(pairs.into_iter().map(pair).collect())
}

/// A copy of a value of the plugin, checked as the worker checks it.
///
/// # Safety
/// `value` is as the contract says.
pub(super) unsafe fn checked(value: &abi::CpValue, depth: usize) -> Value {
    assert!(depth <= abi::MAX_DEPTH, "a value is nested deeper than {} levels", abi::MAX_DEPTH);
    assert!(value.tag <= abi::STRUCT, "a value of unknown type {}", value.tag);
    let len = value.bits as usize;
    if value.tag >= abi::STRING {
        assert!(len <= abi::MAX_LEN, "a value of length {len}");
        assert!(len == 0 || !value.ptr.is_null(), "a null pointer with length {len}");
    }
    if value.tag == abi::STRING {
        // SAFETY: the caller's promise.
        return Value::String(unsafe { text(abi::CpStr { ptr: value.ptr.cast(), len }) }.into());
    }
    let count = if value.tag == abi::MAP { 2 * len } else { len };
    if value.tag >= abi::ARRAY {
        // SAFETY: the caller's promise.
        let items = unsafe { raw::slice(value.ptr.cast::<abi::CpValue>(), count) };
        // SAFETY: as above, for each element.
        let mut items = items.iter().map(|item| unsafe { checked(item, depth + 1) });
        return match value.tag {
            abi::ARRAY => Value::Array(items.collect()),
            abi::STRUCT => Value::Struct(items.collect()),
            _ => Value::Map(std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect()),
        };
    }
    // SAFETY: the caller's promise; only numbers and bytes are left.
    unsafe { ValueRef::new(value) }.to_owned()
}

/// Lends `value` to `look` as a sink sees it, without schemas.
pub fn with_value<T>(value: &Value, look: impl FnOnce(ValueRef<'_>) -> T) -> T {
    let mut batch = SourceBatch::default();
    let data = SchemaAndValue::schemaless(value.clone());
    batch.push(SourceRecord::new(SourcePartition(1), Offset::None, "", data));
    // SAFETY: the batch made the view and is not changed while it is looked at.
    look(unsafe { ValueRef::new(&batch.views()[0].value) })
}

/// A source record as the worker saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Topic.
    pub topic: String,
    /// Kafka partition, -1 for none.
    pub kafka_partition: i32,
    /// Timestamp, if there is one.
    pub timestamp: Option<i64>,
    /// Key, and the number of its schema.
    pub key: (Value, u32),
    /// Value, and the number of its schema.
    pub value: (Value, u32),
    /// Headers.
    pub headers: Vec<(String, Value)>,
    /// Cookie.
    pub cookie: u64,
    /// Source partition, as registered.
    pub partition: Fields,
    /// Source offset.
    pub offset: Option<Fields>,
}

/// A checked copy of a record of poll.
///
/// # Safety
/// `record` is as the contract says.
pub(super) unsafe fn seen(record: &abi::CpRecord, seat: &Seat) -> Seen {
    // SAFETY: the caller's promise, for this and all parts below.
    let topic = unsafe { text(record.topic) };
    assert!(!topic.is_empty(), "a record has no topic");
    assert!(record.kafka_partition >= abi::NO_PARTITION, "partition {}", record.kafka_partition);
    assert_eq!((record.reserved, record.reserved0), ([0; 4], 0), "reserved members are not zero");
    let none = abi::TIMESTAMP_NONE;
    assert!([none, abi::TIMESTAMP_CREATE].contains(&record.timestamp_type), "type of timestamp");
    let number = record.source_partition;
    let partition = number.checked_sub(1).and_then(|n| seat.notes().partitions.get(n as usize).cloned());
    let Some(partition) = partition else { panic!("source partition {number} was not registered") };
    for value in [&record.key, &record.value] {
        known_schema(value, seat);
    }
    // SAFETY: as above.
    let headers = unsafe { raw::slice(record.headers, record.header_count) };
    Seen {
        topic,
        kafka_partition: record.kafka_partition,
        timestamp: (record.timestamp_type != none).then_some(record.timestamp),
        // SAFETY: as above.
        key: (unsafe { checked(&record.key, 0) }, record.key.schema),
        // SAFETY: as above.
        value: (unsafe { checked(&record.value, 0) }, record.value.schema),
        // SAFETY: as above.
        headers: headers.iter().map(|h| unsafe { (text(h.key), checked(&h.value, 0)) }).collect(),
        cookie: record.cookie,
        partition,
        // SAFETY: as above.
        offset: unsafe { fields(&record.source_offset, "a source offset") },
    }
}

/// The schema of a value exists and is of its type.
fn known_schema(value: &abi::CpValue, seat: &Seat) {
    let id = value.schema;
    let tag = match id.checked_sub(abi::SCHEMA_FIRST_REGISTERED) {
        Some(place) => match seat.notes().schemas.get(place as usize) {
            Some((_, schema)) => schema.tag,
            None => panic!("schema {id} was not registered"),
        },
        None => id & !abi::SCHEMA_OPTIONAL,
    };
    let fits = id == abi::SCHEMA_NONE || value.tag == abi::NULL || value.tag == tag;
    assert!(fits, "a value of type {} has a schema of type {tag}", value.tag);
}

/// A record to put.
#[derive(Clone, Debug)]
pub struct SinkInput {
    /// Topic.
    pub topic: Text,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Key; a primitive.
    pub key: SchemaAndValue,
    /// Value; a primitive.
    pub value: SchemaAndValue,
    /// Headers; primitives.
    pub headers: Vec<(Text, SchemaAndValue)>,
}

impl SinkInput {
    /// A record with a value.
    pub fn new(
        topic: impl Into<Text>,
        partition: i32,
        offset: i64,
        value: impl Into<SchemaAndValue>,
    ) -> Self {
        let (topic, value) = (topic.into(), value.into());
        SinkInput { topic, partition, offset, key: SchemaAndValue::NULL, value, headers: Vec::new() }
    }
}

/// Views of records to put; valid as long as both live.
pub(super) struct LentRecords {
    pub(super) records: Vec<abi::CpRecord>,
    _headers: Vec<Vec<abi::CpHeader>>,
}

fn typed(data: &SchemaAndValue) -> abi::CpValue {
    match primitive(&data.value) {
        Ok(value) => abi::CpValue { schema: data.schema.id(), ..value },
        Err(_) => panic!("the testkit puts primitives only, not {:?}", data.value),
    }
}

impl LentRecords {
    pub(super) fn new(inputs: &[SinkInput]) -> Self {
        let header = |(key, value): &(Text, SchemaAndValue)| abi::CpHeader {
            key: abi::CpStr::new(key),
            value: typed(value),
        };
        let headers: Vec<Vec<_>> = inputs.iter().map(|i| i.headers.iter().map(header).collect()).collect();
        let record = |(input, headers): (&SinkInput, &Vec<abi::CpHeader>)| abi::CpRecord {
            topic: abi::CpStr::new(&input.topic),
            kafka_partition: input.partition,
            timestamp_type: abi::TIMESTAMP_CREATE,
            timestamp: 1_700_000_000_000 + input.offset,
            key: typed(&input.key),
            value: typed(&input.value),
            headers: headers.as_ptr(),
            header_count: headers.len(),
            cookie: 0,
            source_partition: 0,
            source_offset: abi::CpValue::NULL,
            kafka_offset: input.offset,
            original_topic: abi::CpStr::new(&input.topic),
            original_partition: input.partition,
            reserved0: 0,
            original_offset: input.offset,
            reserved: [0; 4],
        };
        let records = inputs.iter().zip(&headers).map(record).collect();
        LentRecords { records, _headers: headers }
    }
}

/// A copy of a schema that never goes, and a text that equal schemas share.
///
/// # Safety
/// `schema` is as the contract says.
pub(super) unsafe fn schema_copy(schema: &abi::CpSchema) -> (String, &'static abi::CpSchema) {
    let mut key = format!("{} {} {} {}", schema.tag, schema.flags, schema.version, schema.key_schema);
    key.push_str(&format!(" {}", schema.value_schema));
    let mut copy = |s| {
        // SAFETY: the caller's promise.
        let text = unsafe { text(s) };
        key.push_str(&format!(" {text:?}"));
        abi::CpStr::new(text.leak())
    };
    // SAFETY: the caller's promise.
    let (params, fields) = unsafe {
        (raw::slice(schema.params, schema.param_count), raw::slice(schema.fields, schema.field_count))
    };
    let (name, doc) = (copy(schema.name), copy(schema.doc));
    let param = |p: &abi::CpParam| abi::CpParam { key: copy(p.key), value: copy(p.value) };
    let params: &'static [_] = params.iter().map(param).collect::<Vec<_>>().leak();
    let mut ids = String::new();
    let field = |f: &abi::CpField| {
        ids.push_str(&format!(" {}", f.schema));
        abi::CpField { name: copy(f.name), ..*f }
    };
    let fields: &'static [_] = fields.iter().map(field).collect::<Vec<_>>().leak();
    // SAFETY: the caller's promise.
    let default: Option<Value> = unsafe { schema.default_value.as_ref().map(|value| checked(value, 0)) };
    key.push_str(&format!("{ids} {default:?}"));
    let default = default.map(|value| {
        let value: &'static Value = Box::leak(Box::new(value));
        &*Box::leak(Box::new(primitive(value).unwrap_or(abi::CpValue::NULL)))
    });
    let copy = abi::CpSchema {
        name,
        doc,
        params: params.as_ptr(),
        fields: fields.as_ptr(),
        default_value: default.map_or(std::ptr::null(), std::ptr::from_ref),
        ..*schema
    };
    (key, Box::leak(Box::new(copy)))
}
