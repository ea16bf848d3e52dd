//! Records on their way from a source, where they come from, and what became of them.

use std::sync::Arc;

use connect_plugin_abi as abi;

use crate::text::Text;
use crate::value::{Fields, SchemaAndValue, Value};

/// A source partition that the worker knows, by number; from a source context's `register_partition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourcePartition(pub(crate) u64);

impl SourcePartition {
    /// The worker's number of it, above 0.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Where to go on after a record. Making one with a single whole number costs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Offset {
    /// The record moves nothing.
    #[default]
    None,
    /// One number under a name, such as `position`.
    At(&'static str, i64),
    /// Anything else.
    Fields(Arc<Fields>),
}

impl Offset {
    /// One number under a name.
    pub const fn at(name: &'static str, number: i64) -> Offset {
        Offset::At(name, number)
    }
}

impl From<Fields> for Offset {
    fn from(fields: Fields) -> Self {
        Offset::Fields(Arc::new(fields))
    }
}

/// A record from a source.
#[derive(Clone, Debug)]
pub struct SourceRecord {
    /// Topic to write to.
    pub topic: Text,
    /// Kafka partition; `None` leaves it to the worker's partitioner.
    pub kafka_partition: Option<i32>,
    /// Milliseconds since 1970-01-01 UTC; `None` leaves it to the producer.
    pub timestamp: Option<i64>,
    /// Key.
    pub key: SchemaAndValue,
    /// Value.
    pub value: SchemaAndValue,
    /// Headers, in their order.
    pub headers: Vec<(Text, SchemaAndValue)>,
    /// Anything; comes back in [`Ack`].
    pub cookie: u64,
    /// Where it comes from.
    pub partition: SourcePartition,
    /// Where to go on after it.
    pub offset: Offset,
}

impl SourceRecord {
    /// A record with a value, and nothing else set.
    pub fn new(
        partition: SourcePartition,
        offset: impl Into<Offset>,
        topic: impl Into<Text>,
        value: impl Into<SchemaAndValue>,
    ) -> Self {
        SourceRecord {
            topic: topic.into(),
            kafka_partition: None,
            timestamp: None,
            key: SchemaAndValue::NULL,
            value: value.into(),
            headers: Vec::new(),
            cookie: 0,
            partition,
            offset: offset.into(),
        }
    }

    /// Sets the key.
    #[must_use]
    pub fn key(mut self, key: impl Into<SchemaAndValue>) -> Self {
        self.key = key.into();
        self
    }

    /// Sets the timestamp, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn timestamp(mut self, milliseconds: i64) -> Self {
        self.timestamp = Some(milliseconds);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, key: impl Into<Text>, value: impl Into<SchemaAndValue>) -> Self {
        self.headers.push((key.into(), value.into()));
        self
    }
}

/// What became of one record of a source.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Ack(pub(crate) abi::CpAck);

impl Ack {
    /// The record's cookie.
    pub fn cookie(&self) -> u64 {
        self.0.cookie
    }

    /// Where it was written: Kafka partition and offset; `None` if the worker dropped it (error tolerance).
    pub fn written(&self) -> Option<(i32, i64)> {
        (self.0.status == abi::ACK_WRITTEN).then_some((self.0.partition, self.0.offset))
    }

    /// Its timestamp in Kafka, in milliseconds since 1970-01-01 UTC.
    pub fn timestamp(&self) -> Option<i64> {
        (self.0.status == abi::ACK_WRITTEN && self.0.timestamp >= 0).then_some(self.0.timestamp)
    }
}

/// A change that a user asks for in the stored offsets of a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetChange {
    /// Which source partition; a sink is given `kafka_topic` and `kafka_partition`.
    pub partition: Fields,
    /// Its new offset; `None` forgets it.
    pub offset: Option<Fields>,
}

impl From<(&'static str, i64)> for Offset {
    fn from((name, number): (&'static str, i64)) -> Self {
        Offset::At(name, number)
    }
}

impl From<Offset> for Option<Fields> {
    fn from(offset: Offset) -> Self {
        match offset {
            Offset::None => None,
            Offset::At(name, number) => Some(Fields::from([(name, Value::Int64(number))])),
            Offset::Fields(fields) => Some(fields.as_ref().clone()),
        }
    }
}
