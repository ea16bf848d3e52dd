//! A sink task behind the boundary.

use std::ptr;
use std::sync::Arc;

use connect_plugin_abi as abi;

use super::call::CallError;
use super::catalog::Class;
use super::instance::{Identity, Instance};
use super::load::TaskTables;
use super::object::{TaskObject, missing};
use super::pool::Pool;
use super::put::{Lent, PutAnswer};
use super::views;
use crate::records::sink_ledger::TopicPartition;

/// Partitions as the plugin sees them, with their topics.
struct LentPartitions {
    views: Vec<abi::CpPartitionOffset>,
    plain: Vec<abi::CpTopicPartition>,
    _topics: Vec<TopicPartition>,
}

// SAFETY: the views point into the heap buffers of `_topics`, which neither move nor change.
unsafe impl Send for LentPartitions {}
// SAFETY: as above.
unsafe impl Sync for LentPartitions {}

impl LentPartitions {
    fn new(offsets: impl IntoIterator<Item = (TopicPartition, i64)>) -> LentPartitions {
        let (topics, offsets): (Vec<TopicPartition>, Vec<i64>) = offsets.into_iter().unzip();
        let plain: Vec<_> = topics
            .iter()
            .map(|at| abi::CpTopicPartition {
                topic: abi::CpStr::new(&at.topic),
                partition: at.partition,
                reserved: 0,
            })
            .collect();
        let views = plain
            .iter()
            .zip(offsets)
            .map(|(partition, offset)| abi::CpPartitionOffset { partition: *partition, offset })
            .collect();
        LentPartitions { views, plain, _topics: topics }
    }
}

/// A sink task. Calls do not overlap: each waits for the one before, also when that was abandoned.
pub struct SinkTask {
    object: TaskObject,
    ops: &'static abi::CpSinkTaskOps,
}

impl SinkTask {
    /// Makes one.
    pub async fn create(pool: &Pool, class: &Class, identity: Identity) -> Result<SinkTask, CallError> {
        let TaskTables::Sink(ops) = class.tables.task else { return Err(missing("create")) };
        Ok(SinkTask { object: TaskObject::create(pool, class, identity, None).await?, ops })
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

    /// Tells it that partitions are its own now.
    pub async fn open(&self, partitions: Vec<TopicPartition>) -> Result<(), CallError> {
        self.instance().assign(partitions.iter().cloned());
        let Some(function) = self.ops.open else { return Ok(()) };
        self.partitions("open", function, partitions).await
    }

    /// Tells it that partitions are not its own any more.
    pub async fn close(&self, partitions: Vec<TopicPartition>) -> Result<(), CallError> {
        self.instance().unassign(&partitions);
        let Some(function) = self.ops.close else { return Ok(()) };
        self.partitions("close", function, partitions).await
    }

    async fn partitions(
        &self,
        name: &'static str,
        function: abi::PartitionsFn,
        partitions: Vec<TopicPartition>,
    ) -> Result<(), CallError> {
        let lent = Arc::new(LentPartitions::new(partitions.into_iter().map(|at| (at, 0))));
        self.object
            .callee
            .call(name, lent, move |object, lent, slot| {
                // SAFETY: partitions and object live during the call.
                unsafe { function(object.0, lent.plain.as_ptr(), lent.plain.len(), slot) }
            })
            .await
    }

    /// Puts records. The answers are in the order of the records. Dropping the future leaves the records with the
    /// plugin until its call returns.
    pub async fn put<K: Send + Sync + 'static>(
        &self,
        lent: Arc<Lent<K>>,
    ) -> Result<Vec<PutAnswer>, CallError> {
        let Some(function) = self.ops.put else { return Err(missing("put")) };
        self.object
            .callee
            .call("put", lent.clone(), move |object, lent: &Lent<K>, slot| {
                let (views, answers) = (lent.views(), lent.answer_place());
                // SAFETY: records, answers and object live until the call has answered, and nobody else touches the
                // answers meanwhile.
                unsafe { function(object.0, views.as_ptr(), views.len(), answers, slot) }
            })
            .await?;
        lent.answers()
    }

    /// Makes what was put durable; the offsets that the plugin agrees to commit, as it says them.
    pub async fn pre_commit(
        &self,
        offsets: Vec<(TopicPartition, i64)>,
    ) -> Result<Vec<(TopicPartition, i64)>, CallError> {
        let lent = Arc::new(LentPartitions::new(offsets.iter().cloned()));
        let Some(function) = self.ops.pre_commit else {
            let Some(function) = self.ops.flush else { return Ok(offsets) };
            self.object
                .callee
                .call("flush", lent, move |object, lent, slot| {
                    // SAFETY: offsets and object live during the call.
                    unsafe { function(object.0, lent.views.as_ptr(), lent.views.len(), slot) }
                })
                .await?;
            return Ok(offsets);
        };
        let read = Arc::new(std::sync::Mutex::new(None));
        let told = read.clone();
        self.object
            .callee
            .call("pre_commit", lent, move |object, lent, slot| {
                let mut out = abi::CpPartitionOffsets { items: ptr::null(), count: 0 };
                // SAFETY: offsets, places and object live during the call; the result is read before the next call.
                unsafe {
                    let status = function(object.0, lent.views.as_ptr(), lent.views.len(), &mut out, slot);
                    if status == abi::READY
                        && let Ok(mut told) = told.lock()
                    {
                        *told = Some(partition_offsets(&out));
                    }
                    status
                }
            })
            .await?;
        let answer = read.lock().ok().and_then(|mut answer| answer.take());
        answer.unwrap_or(Ok(Vec::new())).map_err(|bad| CallError::contract("pre_commit", bad))
    }
}

/// # Safety
/// The list and all it points to live during the call.
unsafe fn partition_offsets(
    list: &abi::CpPartitionOffsets,
) -> Result<Vec<(TopicPartition, i64)>, views::Bad> {
    // SAFETY: the caller's promise.
    unsafe {
        views::slice(list.items, list.count)?
            .iter()
            .map(|item| {
                Ok((
                    TopicPartition::new(views::text(item.partition.topic)?, item.partition.partition),
                    item.offset,
                ))
            })
            .collect()
    }
}
