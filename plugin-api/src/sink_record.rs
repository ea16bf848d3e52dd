//! Records as a sink sees them: views of what the worker lends, nothing copied.

use std::marker::PhantomData;

use connect_plugin_abi as abi;

use crate::raw;
use crate::text::Text;
use crate::value::Value;

/// A record on its way to a sink; lives as long as the put that lends it.
#[repr(transparent)]
pub struct SinkRecord(abi::CpRecord);

// SAFETY: a record is immutable while it is lent, and so is all it points to; any thread may read it.
unsafe impl Send for SinkRecord {}
// SAFETY: as above.
unsafe impl Sync for SinkRecord {}

impl SinkRecord {
    /// Topic.
    pub fn topic(&self) -> &str {
        // SAFETY: the worker lends valid UTF-8 that lives as long as the record.
        unsafe { raw::str(self.0.topic) }
    }

    /// Partition.
    pub fn partition(&self) -> i32 {
        self.0.kafka_partition
    }

    /// Offset.
    pub fn offset(&self) -> i64 {
        self.0.kafka_offset
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn timestamp(&self) -> Option<i64> {
        (self.0.timestamp_type != abi::TIMESTAMP_NONE).then_some(self.0.timestamp)
    }

    /// Key.
    pub fn key(&self) -> ValueRef<'_> {
        // SAFETY: the worker's values are as the contract says and live as long as the record.
        unsafe { ValueRef::new(&self.0.key) }
    }

    /// Number of the key's schema, 0 for none; a context's `schema` tells more.
    pub fn key_schema(&self) -> u32 {
        self.0.key.schema
    }

    /// Value.
    pub fn value(&self) -> ValueRef<'_> {
        // SAFETY: as in key.
        unsafe { ValueRef::new(&self.0.value) }
    }

    /// Number of the value's schema, 0 for none; a context's `schema` tells more.
    pub fn value_schema(&self) -> u32 {
        self.0.value.schema
    }

    /// Headers, in their order.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&str, ValueRef<'_>)> {
        // SAFETY: as in key.
        let headers = unsafe { raw::slice(self.0.headers, self.0.header_count) };
        // SAFETY: as in key and topic.
        headers.iter().map(|header| unsafe { (raw::str(header.key), ValueRef::new(&header.value)) })
    }

    /// Topic, partition and offset from before any transformation (KIP-793).
    pub fn original(&self) -> (&str, i32, i64) {
        // SAFETY: as in topic.
        (unsafe { raw::str(self.0.original_topic) }, self.0.original_partition, self.0.original_offset)
    }
}

impl std::fmt::Debug for SinkRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SinkRecord({}-{}@{})", self.topic(), self.partition(), self.offset())
    }
}

/// A borrowed value.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // as in Value
pub enum ValueRef<'a> {
    Null,
    Boolean(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Float32(f32),
    Float64(f64),
    String(&'a str),
    Bytes(&'a [u8]),
    Array(Values<'a>),
    Map(Values<'a>),
    Struct(Values<'a>),
}

impl<'a> ValueRef<'a> {
    /// # Safety
    /// `value` is as the contract says for as long as `'a`.
    #[inline]
    pub(crate) unsafe fn new(value: &'a abi::CpValue) -> Self {
        let (bits, len) = (value.bits, value.bits as usize);
        // SAFETY: the caller's promise: ptr has bits elements of the type that the tag tells.
        let bytes = || unsafe { raw::slice::<u8>(value.ptr.cast(), len) };
        // SAFETY: as above.
        let values = |count| Values(unsafe { raw::slice(value.ptr.cast(), count) });
        match value.tag {
            abi::BOOLEAN => ValueRef::Boolean(bits != 0),
            abi::INT8 => ValueRef::Int8(bits as i8),
            abi::INT16 => ValueRef::Int16(bits as i16),
            abi::INT32 => ValueRef::Int32(bits as i32),
            abi::INT64 => ValueRef::Int64(bits as i64),
            abi::FLOAT32 => ValueRef::Float32(f32::from_bits(bits as u32)),
            abi::FLOAT64 => ValueRef::Float64(f64::from_bits(bits)),
            // SAFETY: the worker lends valid UTF-8.
            abi::STRING => ValueRef::String(unsafe { std::str::from_utf8_unchecked(bytes()) }),
            abi::BYTES => ValueRef::Bytes(bytes()),
            abi::ARRAY => ValueRef::Array(values(len)),
            abi::MAP => ValueRef::Map(values(2 * len)),
            abi::STRUCT => ValueRef::Struct(values(len)),
            _ => ValueRef::Null,
        }
    }

    /// The text, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            ValueRef::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, if it is bytes or text.
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        match self {
            ValueRef::String(text) => Some(text.as_bytes()),
            ValueRef::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The number, if it is an integer of any width.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            ValueRef::Int8(n) => Some(n.into()),
            ValueRef::Int16(n) => Some(n.into()),
            ValueRef::Int32(n) => Some(n.into()),
            ValueRef::Int64(n) => Some(n),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        matches!(self, ValueRef::Null)
    }
}

/// The values of an array or struct in their order, or a map's keys and values in turn.
#[derive(Clone, Copy)]
pub struct Values<'a>(&'a [abi::CpValue]);

impl<'a> Values<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one at `index`.
    pub fn get(&self, index: usize) -> Option<ValueRef<'a>> {
        // SAFETY: elements of a valid value are valid for as long.
        self.0.get(index).map(|value| unsafe { ValueRef::new(value) })
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ValueRef<'a>> + use<'a> {
        // SAFETY: as in get.
        self.0.iter().map(|value| unsafe { ValueRef::new(value) })
    }
}

impl std::fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What a put is given: records, and a place for an answer to each. Without an answer a record is done.
#[derive(Debug)]
pub struct Batch<'a> {
    token: u64,
    records: &'a [SinkRecord],
    answers: *mut u32,
    lent: PhantomData<&'a mut [u32]>,
}

// SAFETY: answers is exclusive to this batch while it is lent, as a &mut [u32] would be; any thread may write it.
unsafe impl Send for Batch<'_> {}
// SAFETY: a shared batch gives no way to the answers.
unsafe impl Sync for Batch<'_> {}

impl<'a> Batch<'a> {
    /// # Safety
    /// `records` and `answers` have `count` elements, as the contract says for put, for as long as `'a`.
    pub(crate) unsafe fn new(
        token: u64,
        records: *const abi::CpRecord,
        count: usize,
        answers: *mut u32,
    ) -> Self {
        // SAFETY: the caller's promise; SinkRecord is a transparent CpRecord.
        let records = unsafe { raw::slice(records.cast::<SinkRecord>(), count) };
        Batch { token, records, answers, lent: PhantomData }
    }

    /// The records, in their order within each partition.
    pub fn records(&self) -> &'a [SinkRecord] {
        self.records
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// This record can never be handled: `errors.tolerance` decides what becomes of it.
    pub fn bad(&mut self, record: &SinkRecord, why: &str) {
        self.answer(record, abi::PUT_BAD, why);
    }

    /// This record, and all later ones of its partition, are to be put again, in their order.
    pub fn retry(&mut self, record: &SinkRecord, why: &str) {
        self.answer(record, abi::PUT_RETRY, why);
    }

    fn answer(&mut self, record: &SinkRecord, answer: u32, why: &str) {
        let distance = (std::ptr::from_ref(record) as usize).wrapping_sub(self.records.as_ptr() as usize);
        let index = distance / size_of::<SinkRecord>();
        if index >= self.records.len() {
            return; // a record of another batch
        }
        // SAFETY: index is below the count of answers, which are exclusively ours.
        unsafe { *self.answers.add(index) = answer };
        if let Some(host) = crate::host::host() {
            // SAFETY: legal inside put; the text is copied.
            unsafe { (host.explain)(self.token, index, abi::CpStr::new(why)) }
        }
    }
}

impl<'a> IntoIterator for &Batch<'a> {
    type Item = &'a SinkRecord;
    type IntoIter = std::slice::Iter<'a, SinkRecord>;
    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}

impl ValueRef<'_> {
    /// An owned copy.
    pub fn to_owned(self) -> Value {
        let all = |values: Values<'_>| values.iter().map(ValueRef::to_owned).collect::<Vec<_>>();
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Boolean(b) => Value::Boolean(b),
            ValueRef::Int8(n) => Value::Int8(n),
            ValueRef::Int16(n) => Value::Int16(n),
            ValueRef::Int32(n) => Value::Int32(n),
            ValueRef::Int64(n) => Value::Int64(n),
            ValueRef::Float32(n) => Value::Float32(n),
            ValueRef::Float64(n) => Value::Float64(n),
            ValueRef::String(text) => Value::String(Text::copy_from(text)),
            ValueRef::Bytes(bytes) => Value::Bytes(bytes::Bytes::copy_from_slice(bytes)),
            ValueRef::Array(values) => Value::Array(all(values)),
            ValueRef::Struct(values) => Value::Struct(all(values)),
            ValueRef::Map(values) => Value::Map(
                (0..values.len() / 2)
                    .filter_map(|i| Some((values.get(2 * i)?.to_owned(), values.get(2 * i + 1)?.to_owned())))
                    .collect(),
            ),
        }
    }
}
