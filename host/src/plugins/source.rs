//! A source task behind the boundary.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use connect_plugin_abi as abi;
use tokio::sync::OwnedMutexGuard;

use super::call::{CallError, Callee};
use super::catalog::Class;
use super::instance::{Identity, Instance, OffsetReader};
use super::load::TaskTables;
use super::object::{TaskObject, missing};
use super::offsets;
use super::pool::Pool;
use super::views::{self, Bad};
use crate::records::pipeline::source::{SourceHeader, SourceRecord};
use crate::records::schema::Schema;

/// What became of a record, for the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The record's cookie.
    pub cookie: u64,
    /// Partition, offset and timestamp in Kafka; none: it was dropped.
    pub written: Option<(i32, i64, i64)>,
}

/// A source task. Calls do not overlap: each waits for the one before, also when that was abandoned.
pub struct SourceTask {
    object: TaskObject,
    ops: &'static abi::CpSourceTaskOps,
}

impl SourceTask {
    /// Makes one.
    pub async fn create(
        pool: &Pool,
        class: &Class,
        identity: Identity,
        offsets: Arc<dyn OffsetReader>,
    ) -> Result<SourceTask, CallError> {
        let TaskTables::Source(ops) = class.tables.task else { return Err(missing("create")) };
        Ok(SourceTask { object: TaskObject::create(pool, class, identity, Some(offsets)).await?, ops })
    }

    /// The plugin's task.
    pub fn object(&self) -> &TaskObject {
        &self.object
    }

    /// What the host remembers of it.
    pub fn instance(&self) -> &Arc<Instance> {
        self.object.instance()
    }

    /// Gives the task up to be ended.
    pub fn into_object(self) -> TaskObject {
        self.object
    }

    /// Polls until there is a batch. No other call can begin while the batch lives. The future is independent of
    /// `self`; dropping it abandons the poll, and what it would have given comes again after a restart of the task,
    /// so it is dropped only when the task ends.
    pub fn poll(&self) -> impl Future<Output = Result<Batch, CallError>> + Send + 'static {
        let (callee, ops) = (self.object.callee.clone(), self.ops);
        async move {
            let Some(function) = ops.poll else { return Err(missing("poll")) };
            loop {
                let out = Arc::new(std::sync::Mutex::new(RawBatch(std::ptr::null(), 0)));
                let (told, seen) = (out.clone(), callee.instance.wakes());
                let call = callee.held("poll", move |object, slot| {
                    let mut batch = abi::CpBatch { records: std::ptr::null(), count: 0, reserved: [0; 2] };
                    // SAFETY: place and object live during the call.
                    let status = unsafe { function(object.0, &mut batch, slot) };
                    if let Ok(mut told) = told.lock() {
                        *told = RawBatch(batch.records, batch.count);
                    }
                    status
                });
                let (status, gate) = call.await?;
                if status == abi::PENDING {
                    drop(gate);
                    callee.instance.woken(seen).await;
                    continue;
                }
                let raw = out.lock().map_or(RawBatch(std::ptr::null(), 0), |raw| *raw);
                return Batch::new(raw, gate, &callee);
            }
        }
    }

    /// Whether the plugin wants acknowledgements.
    pub fn wants_acks(&self) -> bool {
        self.ops.acks.is_some()
    }

    /// Tells what became of records.
    pub fn acks(&self, acks: Vec<Ack>) -> impl Future<Output = Result<(), CallError>> + Send + 'static {
        let (callee, function) = (self.object.callee.clone(), self.ops.acks);
        async move {
            let Some(function) = function else { return Ok(()) };
            let lent: Arc<Vec<abi::CpAck>> = Arc::new(acks.into_iter().map(ack_view).collect());
            callee
                .call("acks", lent, move |object, lent: &Vec<abi::CpAck>, slot| {
                    // SAFETY: acks and object live during the call.
                    unsafe { function(object.0, lent.as_ptr(), lent.len(), slot) }
                })
                .await
        }
    }

    /// Tells that offsets were stored.
    pub fn commit(&self) -> impl Future<Output = Result<(), CallError>> + Send + 'static {
        let (callee, function) = (self.object.callee.clone(), self.ops.commit);
        async move {
            let Some(function) = function else { return Ok(()) };
            let call = callee.call("commit", Arc::new(()), move |object, (), slot| {
                // SAFETY: the object lives during the call.
                unsafe { function(object.0, slot) }
            });
            call.await
        }
    }
}

fn ack_view(ack: Ack) -> abi::CpAck {
    let status = if ack.written.is_some() { abi::ACK_WRITTEN } else { abi::ACK_DROPPED };
    let (partition, offset, timestamp) = ack.written.unwrap_or_default();
    abi::CpAck { cookie: ack.cookie, offset, timestamp, partition, status }
}

#[derive(Clone, Copy)]
struct RawBatch(*const abi::CpRecord, usize);

// SAFETY: only carried from the plugin's thread to the task that waits for it.
unsafe impl Send for RawBatch {}

/// The records of a poll. While it lives the plugin is not called, so they stay valid.
pub struct Batch {
    raw: RawBatch,
    schemas: Arc<Vec<Arc<Schema>>>,
    partitions: u64,
    _gate: OwnedMutexGuard<()>,
    _callee: Arc<Callee>,
}

// SAFETY: shared use only reads the records, which nobody changes while the gate is held.
unsafe impl Sync for Batch {}

/// What goes with a record but not to Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Comes back in the acknowledgement.
    pub cookie: u64,
    /// Number of its source partition; 0 for none.
    pub partition: u64,
    /// Where its offset is among the offsets of its part.
    pub offset: Range<usize>,
}

/// Some records of a batch, checked.
#[derive(Default)]
pub struct Part<'a> {
    /// The records.
    pub records: Vec<SourceRecord<'a>>,
    /// The headers of all of them.
    pub headers: Vec<SourceHeader<'a>>,
    /// Where each comes from.
    pub origins: Vec<Origin>,
    /// Their offsets in the form of [`offsets`].
    pub offsets: Vec<u8>,
}

impl Batch {
    fn new(raw: RawBatch, gate: OwnedMutexGuard<()>, callee: &Arc<Callee>) -> Result<Batch, CallError> {
        // SAFETY: the header promises count records until the next call, which the gate holds back.
        unsafe { views::slice(raw.0, raw.1) }.map_err(|bad| CallError::contract("poll", bad))?;
        let instance = &callee.instance;
        let schemas = instance.with_schemas(|schemas| schemas.snapshot());
        let partitions = instance.partition_count();
        Ok(Batch { raw, schemas, partitions, _gate: gate, _callee: callee.clone() })
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.raw.1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.raw.1 == 0
    }

    /// Reads and checks records `range` of the batch, as far as there are that many.
    pub fn read(&self, range: Range<usize>) -> Result<Part<'_>, CallError> {
        // SAFETY: checked when the batch was made; valid while the gate is held.
        let records = unsafe { views::slice(self.raw.0, self.raw.1) }.unwrap_or_default();
        let records = records.get(range.start..range.end.min(records.len())).unwrap_or_default();
        let mut part = Part::default();
        part.records.reserve(records.len());
        part.origins.reserve(records.len());
        let mut topic: Option<(abi::CpStr, &str)> = None;
        for (index, record) in records.iter().enumerate() {
            // SAFETY: as above, with all that the records point to.
            let read = unsafe { self.read_one(record, &mut part, &mut topic) };
            read.map_err(|bad| {
                let bad = Bad::Other(format!("record {} with {bad}", range.start + index));
                CallError::contract("poll", bad)
            })?;
        }
        Ok(part)
    }

    /// # Safety
    /// The record and all it points to live for `'a`.
    unsafe fn read_one<'a>(
        &'a self,
        record: &abi::CpRecord,
        part: &mut Part<'a>,
        last_topic: &mut Option<(abi::CpStr, &'a str)>,
    ) -> Result<(), Bad> {
        // SAFETY: the caller's promise, as for all below.
        unsafe {
            let topic = match last_topic {
                // Records of a batch mostly name one topic by one text.
                Some((view, text)) if view.ptr == record.topic.ptr && view.len == record.topic.len => text,
                _ => {
                    let text = views::text(record.topic)?;
                    *last_topic = Some((record.topic, text));
                    text
                }
            };
            if topic.is_empty() {
                return Err(Bad::Other("no topic".into()));
            }
            if record.source_partition > self.partitions {
                let number = record.source_partition;
                return Err(Bad::Other(format!("source partition {number}, which was never registered")));
            }
            if record.source_partition == 0 && record.source_offset.tag != abi::NULL {
                return Err(Bad::Other("an offset in source partition 0, which is none".into()));
            }
            let first_header = part.headers.len();
            for header in views::slice(record.headers, record.header_count)? {
                part.headers.push(SourceHeader {
                    key: views::text(header.key)?,
                    schema: views::schema(header.value.schema, &self.schemas)?,
                    value: views::value(&header.value)?,
                });
            }
            part.records.push(SourceRecord {
                topic,
                partition: kafka_partition(record.kafka_partition)?,
                timestamp: timestamp(record)?,
                key_schema: views::schema(record.key.schema, &self.schemas)?,
                key: views::value(&record.key)?,
                value_schema: views::schema(record.value.schema, &self.schemas)?,
                value: views::value(&record.value)?,
                headers: first_header..part.headers.len(),
            });
            let first = part.offsets.len();
            offsets::encode(&record.source_offset, &mut part.offsets)?;
            part.origins.push(Origin {
                cookie: record.cookie,
                partition: record.source_partition,
                offset: first..part.offsets.len(),
            });
        }
        Ok(())
    }
}

fn kafka_partition(partition: i32) -> Result<Option<i32>, Bad> {
    match partition {
        abi::NO_PARTITION => Ok(None),
        0.. => Ok(Some(partition)),
        _ => Err(Bad::Other(format!("Kafka partition {partition}"))),
    }
}

fn timestamp(record: &abi::CpRecord) -> Result<Option<i64>, Bad> {
    match (record.timestamp_type, record.timestamp) {
        (abi::TIMESTAMP_NONE, _) | (_, -1) => Ok(None),
        (abi::TIMESTAMP_CREATE | abi::TIMESTAMP_LOG_APPEND, 0..) => Ok(Some(record.timestamp)),
        (kind, time) => Err(Bad::Other(format!("timestamp {time} of type {kind}"))),
    }
}
