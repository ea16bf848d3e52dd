//! From a source's records to what the producer sends.

use std::ops::Range;
use std::sync::Arc;

use super::Failure;
use crate::records::convert::{ConvertError, Converter, HeaderConverter, Payload};
use crate::records::schema::Schema;
use crate::records::stage::Stage;
use crate::records::value::Value;

/// A record as a source task gave it. Its headers are a range of the batch's headers.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRecord<'a> {
    /// The topic to write to.
    pub topic: &'a str,
    /// The partition to write to; `None` leaves the choice to the producer.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch; `None` is the time of sending.
    pub timestamp: Option<i64>,
    /// The key's schema.
    pub key_schema: Option<&'a Arc<Schema>>,
    /// The key.
    pub key: Value<'a>,
    /// The value's schema.
    pub value_schema: Option<&'a Arc<Schema>>,
    /// The value.
    pub value: Value<'a>,
    /// Which of the batch's headers are this record's.
    pub headers: Range<usize>,
}

/// A header as a source task gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceHeader<'a> {
    /// The header's key.
    pub key: &'a str,
    /// The schema of its value.
    pub schema: Option<&'a Arc<Schema>>,
    /// Its value.
    pub value: Value<'a>,
}

/// The records of one poll.
#[derive(Debug, Clone, Copy, Default)]
pub struct SourceBatch<'a> {
    /// The records, in order.
    pub records: &'a [SourceRecord<'a>],
    /// The headers of all of them.
    pub headers: &'a [SourceHeader<'a>],
}

/// Where the bytes of one key, value or header are.
#[derive(Debug, Clone, Copy)]
enum Place {
    Null,
    /// The value's own string or bytes.
    Own,
    /// A range of the scratch buffer.
    Scratch(usize, usize),
}

#[derive(Debug)]
struct Converted {
    key: Place,
    value: Place,
    headers: Range<usize>,
}

/// Room for the outcome of a batch, to be used again for the next one.
#[derive(Debug, Default)]
pub struct SourceBuffers {
    scratch: Vec<u8>,
    records: Vec<Result<Converted, Box<Failure>>>,
    headers: Vec<Place>,
}

impl SourceBuffers {
    /// Buffers that hold nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn clear(&mut self) {
        const KEPT: usize = 8 << 20;
        self.records.clear();
        self.headers.clear();
        self.scratch.clear();
        self.scratch.shrink_to(KEPT);
    }
}

/// The converters of a source task.
#[derive(Clone)]
pub struct SourcePipeline {
    key: Arc<dyn Converter>,
    value: Arc<dyn Converter>,
    header: Arc<dyn HeaderConverter>,
}

impl SourcePipeline {
    /// A pipeline of these converters.
    pub fn new(key: Arc<dyn Converter>, value: Arc<dyn Converter>, header: Arc<dyn HeaderConverter>) -> Self {
        SourcePipeline { key, value, header }
    }

    /// Converts a batch; in each record the headers first, then the key, then the value, as in Kafka.
    pub fn convert<'b>(&self, batch: SourceBatch<'b>, buffers: &'b mut SourceBuffers) -> SourceOutcome<'b> {
        buffers.clear();
        buffers.records.reserve(batch.records.len());
        for record in batch.records {
            let converted = self.convert_one(&batch, record, buffers);
            buffers.records.push(converted);
        }
        SourceOutcome { batch, buffers }
    }

    fn convert_one(
        &self,
        batch: &SourceBatch<'_>,
        record: &SourceRecord<'_>,
        buffers: &mut SourceBuffers,
    ) -> Result<Converted, Box<Failure>> {
        let SourceBuffers { scratch, headers, .. } = buffers;
        let start = headers.len();
        for header in batch.headers.get(record.headers.clone()).unwrap_or_default() {
            let payload =
                self.header.from_connect(record.topic, header.key, header.schema, &header.value, scratch);
            headers
                .push(place(payload, &header.value, scratch).map_err(Failure::at(Stage::HeaderConverter))?);
        }
        let payload = self.key.from_connect(record.topic, record.key_schema, &record.key, scratch);
        let key = place(payload, &record.key, scratch).map_err(Failure::at(Stage::KeyConverter))?;
        let payload = self.value.from_connect(record.topic, record.value_schema, &record.value, scratch);
        let value = place(payload, &record.value, scratch).map_err(Failure::at(Stage::ValueConverter))?;
        Ok(Converted { key, value, headers: start..headers.len() })
    }
}

fn place(
    payload: Result<Payload<'_>, ConvertError>,
    value: &Value<'_>,
    scratch: &mut Vec<u8>,
) -> Result<Place, ConvertError> {
    Ok(match payload? {
        Payload::Null => Place::Null,
        Payload::Scratch(range) => Place::Scratch(range.start, range.end),
        Payload::Borrowed(bytes) if value.raw().is_some_and(|own| std::ptr::eq(own, bytes)) => Place::Own,
        // A part of the value, say one field: remembering where it is would tie the buffers to the batch.
        Payload::Borrowed(bytes) => {
            let start = scratch.len();
            scratch.extend_from_slice(bytes);
            Place::Scratch(start, scratch.len())
        }
    })
}

/// A converted batch; it borrows the batch and the buffers.
#[derive(Debug)]
pub struct SourceOutcome<'b> {
    batch: SourceBatch<'b>,
    buffers: &'b SourceBuffers,
}

/// A record ready to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'b> {
    /// The topic.
    pub topic: &'b str,
    /// The partition; `None` leaves the choice to the producer.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch; `None` is the time of sending.
    pub timestamp: Option<i64>,
    /// The bytes of the key.
    pub key: Option<&'b [u8]>,
    /// The bytes of the value; `None` is a tombstone.
    pub value: Option<&'b [u8]>,
    headers: &'b [SourceHeader<'b>],
    places: &'b [Place],
    scratch: &'b [u8],
}

impl<'b> Outgoing<'b> {
    /// The headers in order, each with its key and the bytes of its value.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&'b str, Option<&'b [u8]>)> + use<'b> {
        let scratch = self.scratch;
        let pairs = self.headers.iter().zip(self.places);
        pairs.map(move |(header, place)| (header.key, bytes(*place, &header.value, scratch)))
    }

    /// Bytes of key, value and headers together, as far as limits on memory are concerned.
    pub fn size(&self) -> usize {
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let headers: usize = self.headers().map(|(key, value)| key.len() + length(value)).sum();
        length(self.key) + length(self.value) + headers
    }
}

fn bytes<'b>(place: Place, value: &'b Value<'b>, scratch: &'b [u8]) -> Option<&'b [u8]> {
    match place {
        Place::Null => None,
        Place::Own => value.raw(),
        Place::Scratch(start, end) => scratch.get(start..end),
    }
}

impl<'b> SourceOutcome<'b> {
    /// The number of records, those that failed included.
    pub fn len(&self) -> usize {
        self.buffers.records.len()
    }

    /// Whether the batch had no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The outcome of the record `at` of the batch; `None` beyond its end.
    pub fn get(&self, at: usize) -> Option<Result<Outgoing<'b>, &'b Failure>> {
        let buffers = self.buffers;
        let (record, converted) = (self.batch.records.get(at)?, buffers.records.get(at)?);
        let scratch = buffers.scratch.as_slice();
        Some(match converted {
            Err(failure) => Err(failure),
            Ok(converted) => Ok(Outgoing {
                topic: record.topic,
                partition: record.partition,
                timestamp: record.timestamp,
                key: bytes(converted.key, &record.key, scratch),
                value: bytes(converted.value, &record.value, scratch),
                headers: self.batch.headers.get(record.headers.clone()).unwrap_or_default(),
                places: buffers.headers.get(converted.headers.clone()).unwrap_or_default(),
                scratch,
            }),
        })
    }

    /// Every record's outcome, in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<Outgoing<'b>, &'b Failure>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}
