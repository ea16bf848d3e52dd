//! The records of one poll: each becomes what the worker sees of it at once, in buffers that are used again.

use std::ffi::c_void;
use std::ops::Range;

use connect_plugin_abi as abi;

use crate::raw;
use crate::record::{Offset, SourcePartition, SourceRecord};
use crate::schema::{Schema, SchemaParts};
use crate::text::Text;
use crate::value::{Fields, SchemaAndValue, Value};

/// Where a poll puts its records.
#[derive(Default)]
pub struct SourceBatch {
    /// What the worker sees; the pointers lead into the other members.
    views: Vec<abi::CpRecord>,
    records: Vec<SourceRecord>,
    texts: Vec<Text>,
    values: Arena<abi::CpValue>,
    headers: Arena<abi::CpHeader>,
}

// SAFETY: the pointers lead into what the batch owns, on the heap, and nothing of that changes before clear.
unsafe impl Send for SourceBatch {}
// SAFETY: a shared batch only tells its length.
unsafe impl Sync for SourceBatch {}

impl std::fmt::Debug for SourceBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SourceBatch({} records)", self.len())
    }
}

impl Extend<SourceRecord> for SourceBatch {
    fn extend<I: IntoIterator<Item = SourceRecord>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.push(record));
    }
}

impl SourceBatch {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// Adds a record.
    pub fn push(&mut self, record: SourceRecord) {
        let view = self.view(&record);
        self.views.push(view);
        // What the view points to lives on the heap, so the record may move.
        self.records.push(record);
    }

    /// For many records whose values are parts of one text, such as the lines of a chunk of a file: nothing is copied
    /// or counted for each of them.
    pub fn parts<'b>(&'b mut self, topic: &Text, text: &'b Text, partition: SourcePartition) -> Parts<'b> {
        let view = abi::CpRecord { topic: abi::CpStr::new(topic), source_partition: partition.0, ..EMPTY };
        self.texts.push(topic.clone());
        self.texts.push(text.clone());
        Parts { batch: self, text, view }
    }

    pub(crate) fn views(&self) -> &[abi::CpRecord] {
        &self.views
    }

    /// Forgets all records; the worker is done with them.
    pub(crate) fn clear(&mut self) {
        self.views.clear();
        self.records.clear();
        self.texts.clear();
        self.values.clear();
        self.headers.clear();
    }

    fn view(&mut self, record: &SourceRecord) -> abi::CpRecord {
        abi::CpRecord {
            topic: abi::CpStr::new(&record.topic),
            kafka_partition: record.kafka_partition.unwrap_or(abi::NO_PARTITION),
            timestamp_type: timestamp_type(record.timestamp),
            timestamp: record.timestamp.unwrap_or(0),
            key: self.typed(&record.key),
            value: self.typed(&record.value),
            headers: if record.headers.is_empty() { std::ptr::null() } else { self.headers(record) },
            header_count: record.headers.len(),
            cookie: record.cookie,
            source_partition: record.partition.0,
            source_offset: self.offset(&record.offset),
            ..EMPTY
        }
    }

    fn headers(&mut self, record: &SourceRecord) -> *const abi::CpHeader {
        let empty = abi::CpHeader { key: abi::CpStr::EMPTY, value: abi::CpValue::NULL };
        let room = self.headers.room(record.headers.len(), empty);
        for (i, (key, value)) in record.headers.iter().enumerate() {
            let value = self.typed(value);
            self.headers.set(room, i, abi::CpHeader { key: abi::CpStr::new(key), value });
        }
        self.headers.at(room)
    }

    #[inline]
    fn offset(&mut self, offset: &Offset) -> abi::CpValue {
        match offset {
            Offset::None => abi::CpValue::NULL,
            Offset::At(name, number) => {
                let name = raw::pointing(abi::STRING, 0, name.as_ptr().cast(), name.len());
                let pair = self.values.pair(name, raw::number(abi::INT64, 0, *number as u64));
                raw::pointing(abi::MAP, 0, pair.cast(), 1)
            }
            Offset::Fields(fields) => self.fields(fields),
        }
    }

    fn fields(&mut self, fields: &Fields) -> abi::CpValue {
        let room = self.values.room(2 * fields.len(), abi::CpValue::NULL);
        for (i, (name, value)) in fields.iter().enumerate() {
            let name = raw::pointing(abi::STRING, 0, name.as_ptr().cast(), name.len());
            self.values.set(room, 2 * i, name);
            let value = self.value(value, 0, None);
            self.values.set(room, 2 * i + 1, value);
        }
        raw::pointing(abi::MAP, 0, self.values.at(room).cast(), fields.len())
    }

    fn typed(&mut self, data: &SchemaAndValue) -> abi::CpValue {
        self.value(&data.value, data.schema.id(), data.schema.parts())
    }

    fn value(&mut self, value: &Value, schema: u32, parts: Option<&SchemaParts>) -> abi::CpValue {
        match value {
            Value::Null => raw::number(abi::NULL, schema, 0),
            Value::Boolean(b) => raw::number(abi::BOOLEAN, schema, u64::from(*b)),
            Value::Int8(n) => raw::number(abi::INT8, schema, *n as u64),
            Value::Int16(n) => raw::number(abi::INT16, schema, *n as u64),
            Value::Int32(n) => raw::number(abi::INT32, schema, *n as u64),
            Value::Int64(n) => raw::number(abi::INT64, schema, *n as u64),
            Value::Float32(n) => raw::number(abi::FLOAT32, schema, n.to_bits().into()),
            Value::Float64(n) => raw::number(abi::FLOAT64, schema, n.to_bits()),
            Value::String(text) => raw::pointing(abi::STRING, schema, text.as_ptr().cast(), text.len()),
            Value::Bytes(bytes) => raw::pointing(abi::BYTES, schema, bytes.as_ptr().cast(), bytes.len()),
            Value::Array(items) => {
                let element = parts.map(|p| &p.value);
                let at = self.nested(items.len(), |i| (&items[i], element));
                raw::pointing(abi::ARRAY, schema, at, items.len())
            }
            Value::Struct(items) => {
                let field = |i: usize| parts.and_then(|p| p.fields.get(i)).map(|field| &field.schema);
                let at = self.nested(items.len(), |i| (&items[i], field(i)));
                raw::pointing(abi::STRUCT, schema, at, items.len())
            }
            Value::Map(pairs) => {
                let part = |i: usize| match (&pairs[i / 2], i % 2) {
                    ((key, _), 0) => (key, parts.map(|p| &p.key)),
                    ((_, value), _) => (value, parts.map(|p| &p.value)),
                };
                let at = self.nested(2 * pairs.len(), part);
                raw::pointing(abi::MAP, schema, at, pairs.len())
            }
        }
    }

    fn nested<'v>(
        &mut self,
        count: usize,
        part: impl Fn(usize) -> (&'v Value, Option<&'v Schema>),
    ) -> *const c_void {
        let room = self.values.room(count, abi::CpValue::NULL);
        for i in 0..count {
            let view = match part(i) {
                (value, Some(schema)) => self.value(value, schema.id(), schema.parts()),
                (value, None) => self.value(value, 0, None),
            };
            self.values.set(room, i, view);
        }
        self.values.at(room).cast()
    }
}

const EMPTY: abi::CpRecord = abi::CpRecord {
    topic: abi::CpStr::EMPTY,
    kafka_partition: abi::NO_PARTITION,
    timestamp_type: abi::TIMESTAMP_NONE,
    timestamp: 0,
    key: abi::CpValue::NULL,
    value: abi::CpValue::NULL,
    headers: std::ptr::null(),
    header_count: 0,
    cookie: 0,
    source_partition: 0,
    source_offset: abi::CpValue::NULL,
    kafka_offset: 0,
    original_topic: abi::CpStr::EMPTY,
    original_partition: 0,
    reserved0: 0,
    original_offset: 0,
    reserved: [0; 4],
};

fn timestamp_type(timestamp: Option<i64>) -> u32 {
    match timestamp {
        Some(_) => abi::TIMESTAMP_CREATE,
        None => abi::TIMESTAMP_NONE,
    }
}

/// Adds records whose values are parts of one text; see [`SourceBatch::parts`].
#[derive(Debug)]
pub struct Parts<'b> {
    batch: &'b mut SourceBatch,
    text: &'b Text,
    view: abi::CpRecord,
}

impl Parts<'_> {
    /// The timestamp of records pushed from now on, in milliseconds since 1970-01-01 UTC.
    pub fn timestamp(&mut self, timestamp: Option<i64>) {
        self.view.timestamp_type = timestamp_type(timestamp);
        self.view.timestamp = timestamp.unwrap_or(0);
    }

    /// How many records the batch has by now.
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether the batch has no record yet.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Adds the part in `range` (bytes) as a record; false, and nothing added, outside of the text or within a
    /// character.
    #[inline]
    pub fn push(&mut self, range: Range<usize>, offset: &Offset) -> bool {
        let Some(part) = self.text.get(range) else { return false };
        let source_offset = self.batch.offset(offset);
        // The batch has a share of the text, so the part stays.
        let value = raw::pointing(abi::STRING, abi::STRING, part.as_ptr().cast(), part.len());
        self.batch.views.push(abi::CpRecord { value, source_offset, ..self.view });
        true
    }
}

/// Room for things that lie side by side and do not move until all are forgotten.
struct Arena<T> {
    chunks: Vec<Vec<T>>,
    current: usize,
}

/// A place in an arena: chunk, and index in it.
#[derive(Clone, Copy)]
struct Room(usize, usize);

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { chunks: Vec::new(), current: 0 }
    }
}

impl<T: Copy> Arena<T> {
    const CHUNK: usize = 4096;

    fn clear(&mut self) {
        self.chunks.iter_mut().for_each(Vec::clear);
        self.current = 0;
    }

    /// A chunk with `count` places left; chunks never grow, as that would move them.
    #[inline]
    fn with_room(&mut self, count: usize) -> &mut Vec<T> {
        let fits = |chunk: &Vec<T>| chunk.capacity() - chunk.len() >= count;
        if !self.chunks.get(self.current).is_some_and(fits) {
            self.next_chunk(count);
        }
        &mut self.chunks[self.current]
    }

    #[cold]
    fn next_chunk(&mut self, count: usize) {
        let later = self.current + 1..self.chunks.len();
        let fitting = later.into_iter().find(|i| self.chunks[*i].capacity() >= count);
        self.current = fitting.unwrap_or_else(|| {
            self.chunks.push(Vec::with_capacity(count.max(Self::CHUNK)));
            self.chunks.len() - 1
        });
    }

    #[inline]
    fn pair(&mut self, first: T, second: T) -> *const T {
        let chunk = self.with_room(2);
        let start = chunk.len();
        chunk.push(first);
        chunk.push(second);
        chunk[start..].as_ptr()
    }

    fn room(&mut self, count: usize, fill: T) -> Room {
        let chunk = self.with_room(count);
        let start = chunk.len();
        chunk.resize(start + count, fill);
        Room(self.current, start)
    }

    fn set(&mut self, room: Room, index: usize, value: T) {
        self.chunks[room.0][room.1 + index] = value;
    }

    fn at(&self, room: Room) -> *const T {
        self.chunks[room.0][room.1..].as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink_record::ValueRef;

    #[test]
    fn nested_values_headers_and_offsets_come_through() {
        let array = Schema::registered(300, SchemaParts::array(Schema::INT32));
        let parts = SchemaParts::structure().field("a", array).field("b", Schema::STRING.optional());
        let schema = Schema::registered(301, parts);
        let value = Value::Struct(vec![Value::Array(vec![1.into(), 2.into()]), Value::Null]);
        let record = |n: i64| {
            SourceRecord::new(
                SourcePartition(7),
                Fields::from([("x", Value::from(n)), ("y", "z".into())]),
                "topic",
                SchemaAndValue::new(schema.clone(), value.clone()),
            )
            .header("h", 5i8)
            .header("i", SchemaAndValue::schemaless(Value::Map(vec![("k".into(), 2.5f64.into())])))
        };
        let mut batch = SourceBatch::default();
        for _ in 0..2 {
            batch.clear();
            batch.extend((0..5000).map(record));
            for (n, view) in batch.views().iter().enumerate() {
                // SAFETY: the views are valid until the next change of the batch.
                let (seen, offset) =
                    unsafe { (ValueRef::new(&view.value), raw::to_fields(&view.source_offset)) };
                assert_eq!(seen.to_owned(), value);
                assert_eq!(offset.unwrap().get("x"), Some(&Value::Int64(n as i64)));
                // SAFETY: as above.
                let headers = unsafe { raw::slice(view.headers, view.header_count) };
                assert_eq!(headers[0].value.schema, abi::INT8);
                // SAFETY: as above.
                let map = unsafe { ValueRef::new(&headers[1].value) }.to_owned();
                assert_eq!(map, Value::Map(vec![("k".into(), 2.5f64.into())]));
            }
        }
    }

    #[test]
    fn parts_share_their_text() {
        let mut batch = SourceBatch::default();
        {
            let text = Text::from(String::from("one\ntwö\n"));
            let mut parts = batch.parts(&"topic".into(), &text, SourcePartition(1));
            parts.timestamp(Some(5));
            assert!(parts.push(0..3, &Offset::at("position", 4)));
            assert!(parts.push(4..8, &Offset::at("position", 9)));
            assert!(!parts.push(4..7, &Offset::None), "within a character");
            assert!(!parts.push(4..70, &Offset::None), "outside");
        }
        // SAFETY: the views are valid until the next change of the batch.
        let values = batch.views().iter().map(|view| unsafe { ValueRef::new(&view.value) }.as_str());
        assert_eq!(values.collect::<Vec<_>>(), [Some("one"), Some("twö")]);
    }
}
