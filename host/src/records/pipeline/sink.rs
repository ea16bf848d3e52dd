//! From the consumer's messages to what a sink task is given.

use std::ops::Range;
use std::sync::Arc;

use super::Failure;
use crate::records::convert::{Converter, HeaderConverter};
use crate::records::stage::Stage;
use crate::records::value::SchemaAndValue;

/// What a message's timestamp means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampType {
    /// There is no timestamp.
    #[default]
    None,
    /// The producer's.
    Create,
    /// The broker's.
    LogAppend,
}

/// A message as the consumer read it. Its headers are a range of the batch's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Milliseconds since the epoch, unless the type is none.
    pub timestamp: Option<i64>,
    /// What the timestamp means.
    pub timestamp_type: TimestampType,
    /// The bytes of the key.
    pub key: Option<&'a [u8]>,
    /// The bytes of the value.
    pub value: Option<&'a [u8]>,
    /// Which of the batch's headers are this message's.
    pub headers: Range<usize>,
}

/// A header as the consumer read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawHeader<'a> {
    /// The header's key.
    pub key: &'a str,
    /// The bytes of its value.
    pub value: Option<&'a [u8]>,
}

/// The messages of one delivery.
#[derive(Debug, Clone, Copy, Default)]
pub struct SinkBatch<'b, 'a> {
    /// The messages, in the order in which they were read.
    pub messages: &'b [RawMessage<'a>],
    /// The headers of all of them.
    pub headers: &'b [RawHeader<'a>],
}

/// A record for a sink task; topic, partition, offset and timestamp are those of the message it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkRecord<'a> {
    /// The key.
    pub key: SchemaAndValue<'a>,
    /// The value.
    pub value: SchemaAndValue<'a>,
    /// Which of the outcome's headers are this record's.
    pub headers: Range<usize>,
}

/// A converted header.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkHeader<'a> {
    /// The header's key.
    pub key: &'a str,
    /// Its value.
    pub value: SchemaAndValue<'a>,
}

/// A converted batch: the messages' outcomes in their order. It borrows from the messages' bytes, not from
/// the batch.
#[derive(Debug, Default)]
pub struct SinkOutcome<'a> {
    /// For each message its record or why it has none.
    pub records: Vec<Result<SinkRecord<'a>, Box<Failure>>>,
    /// The headers of all records.
    pub headers: Vec<SinkHeader<'a>>,
}

impl SinkOutcome<'_> {
    /// The same room, emptied, for a batch of any other lifetime.
    pub fn recycle<'b>(self) -> SinkOutcome<'b> {
        SinkOutcome { records: room_of(self.records), headers: room_of(self.headers) }
    }
}

/// The room of an empty vector for elements of another lifetime. Collecting in place keeps the allocation.
fn room_of<T, U>(mut used: Vec<T>) -> Vec<U> {
    used.clear();
    used.into_iter().map_while(|_| None).collect()
}

/// The converters of a sink task.
#[derive(Clone)]
pub struct SinkPipeline {
    key: Arc<dyn Converter>,
    value: Arc<dyn Converter>,
    header: Arc<dyn HeaderConverter>,
}

impl SinkPipeline {
    /// A pipeline of these converters.
    pub fn new(key: Arc<dyn Converter>, value: Arc<dyn Converter>, header: Arc<dyn HeaderConverter>) -> Self {
        SinkPipeline { key, value, header }
    }

    /// Converts a batch; in each message the key first, then the value, then the headers, as in Kafka. `room`
    /// is what [`SinkOutcome::recycle`] gave for an earlier batch, or the default.
    pub fn convert<'a>(&self, batch: SinkBatch<'_, 'a>, room: SinkOutcome<'a>) -> SinkOutcome<'a> {
        let SinkOutcome { mut records, mut headers } = room;
        records.clear();
        headers.clear();
        records.extend(batch.messages.iter().map(|message| self.convert_one(&batch, message, &mut headers)));
        SinkOutcome { records, headers }
    }

    fn convert_one<'a>(
        &self,
        batch: &SinkBatch<'_, 'a>,
        message: &RawMessage<'a>,
        headers: &mut Vec<SinkHeader<'a>>,
    ) -> Result<SinkRecord<'a>, Box<Failure>> {
        let topic = message.topic;
        let key = self.key.to_connect(topic, message.key).map_err(Failure::at(Stage::KeyConverter))?;
        let value =
            self.value.to_connect(topic, message.value).map_err(Failure::at(Stage::ValueConverter))?;
        let start = headers.len();
        for header in batch.headers.get(message.headers.clone()).unwrap_or_default() {
            match self.header.to_connect(topic, header.key, header.value) {
                Ok(value) => headers.push(SinkHeader { key: header.key, value }),
                Err(error) => {
                    headers.truncate(start);
                    return Err(Failure::at(Stage::HeaderConverter)(error));
                }
            }
        }
        Ok(SinkRecord { key, value, headers: start..headers.len() })
    }
}
