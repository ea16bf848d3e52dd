//! A sink task in the hands of the worker.

use std::sync::Arc;

use connect_plugin_abi as abi;

use super::host::{Failure, Seat, topic_partition};
use super::lent::{LentConfig, LentRecords, SinkInput};
use super::plugin::Class;
use super::task::{Ended, Task};
use crate::config::Config;
use crate::raw;
use crate::sink::{PartitionOffset, TopicPartition};

/// A sink task; to be stopped and destroyed by its user.
pub struct SinkHandle {
    task: Task,
    ops: &'static abi::CpSinkTaskOps,
}

impl SinkHandle {
    /// Creates task `number`.
    pub fn create(class: &Class, number: i32) -> Self {
        let ops = class.sink();
        assert_eq!(ops.size, size_of::<abi::CpSinkTaskOps>() as u64, "size of the table");
        SinkHandle { task: Task::create(class, number, Seat::take(&[]), ops.create), ops }
    }

    /// What the task did at the host.
    pub fn seat(&self) -> Arc<Seat> {
        self.task.seat.clone()
    }

    /// Starts it.
    ///
    /// # Errors
    /// As the task says.
    pub fn start(&self, config: &Config) -> Result<(), Failure> {
        let start = self.task.slot("start", self.ops.start);
        let lent = LentConfig::new(config);
        let view = lent.view();
        // SAFETY: the config lives until the call has ended.
        self.task.run("start", |err| unsafe { start(self.task.pointer, &raw const view, err) })
    }

    fn partitions(
        &self,
        name: &str,
        slot: Option<abi::PartitionsFn>,
        list: &[TopicPartition],
    ) -> Result<(), Failure> {
        let Some(call) = slot else { return Ok(()) };
        let list: Vec<_> = list.iter().map(TopicPartition::raw).collect();
        // SAFETY: the list lives until the call has ended.
        self.task.run(name, |err| unsafe { call(self.task.pointer, list.as_ptr(), list.len(), err) })
    }

    /// Gives it partitions.
    ///
    /// # Errors
    /// As the task says.
    pub fn open(&self, partitions: &[TopicPartition]) -> Result<(), Failure> {
        self.partitions("open", self.ops.open, partitions)
    }

    /// Takes partitions from it.
    ///
    /// # Errors
    /// As the task says.
    pub fn close(&self, partitions: &[TopicPartition]) -> Result<(), Failure> {
        self.partitions("close", self.ops.close, partitions)
    }

    /// Puts records; answers what the task answers to each.
    ///
    /// # Errors
    /// As the task says.
    pub fn put(&self, inputs: &[SinkInput]) -> Result<Vec<u32>, Failure> {
        let put = self.task.slot("put", self.ops.put);
        let lent = LentRecords::new(inputs);
        let mut answers = vec![abi::PUT_OK; inputs.len()];
        let (records, count, place) = (lent.records.as_ptr(), inputs.len(), answers.as_mut_ptr());
        self.task.seat.notes().explained.clear();
        // SAFETY: records and answers stay where they are until the call has ended.
        self.task.run("put", |err| unsafe { put(self.task.pointer, records, count, place, err) })?;
        let known = |answer: &u32| *answer <= abi::PUT_BAD;
        assert!(answers.iter().all(known), "put answered {answers:?}");
        Ok(answers)
    }

    /// Begins a put and leaves it where it waits, if it does, for a stop to come. True if it waited.
    ///
    /// # Errors
    /// As the task says.
    pub fn put_and_stop(&self, inputs: &[SinkInput]) -> Result<bool, Failure> {
        let put = self.task.slot("put", self.ops.put);
        let lent = LentRecords::new(inputs);
        let mut answers = vec![abi::PUT_OK; inputs.len()];
        let (records, count, place) = (lent.records.as_ptr(), inputs.len(), answers.as_mut_ptr());
        // SAFETY: records and answers stay where they are until stop has answered.
        let ended =
            self.task.once("put", |err| unsafe { put(self.task.pointer, records, count, place, err) });
        self.cancel();
        self.stop()?;
        match ended {
            Ended::Failed(failure) => Err(failure),
            ended => Ok(ended == Ended::Pending),
        }
    }

    /// Has it make everything below `offsets` durable, as the worker does: by pre_commit if there is one, else by
    /// flush. Answers what may be committed.
    ///
    /// # Errors
    /// As the task says.
    pub fn pre_commit(&self, offsets: &[PartitionOffset]) -> Result<Vec<PartitionOffset>, Failure> {
        let list: Vec<_> = offsets.iter().map(PartitionOffset::raw).collect();
        let Some(call) = self.ops.pre_commit else {
            self.flush(offsets)?;
            return Ok(offsets.to_vec());
        };
        let out = std::cell::Cell::new(abi::CpPartitionOffsets { items: std::ptr::null(), count: 0 });
        let (items, count) = (list.as_ptr(), list.len());
        // SAFETY: the list lives until the call has ended; out is a place for the answer.
        let call = |err| unsafe { call(self.task.pointer, items, count, out.as_ptr(), err) };
        self.task.run("pre_commit", call)?;
        let out = out.get();
        // SAFETY: what the task hands out is valid until its next call.
        let allowed = unsafe { raw::slice(out.items, out.count) }.iter().map(|o| PartitionOffset {
            // SAFETY: as above.
            partition: unsafe { topic_partition(&o.partition) },
            offset: o.offset,
        });
        Ok(allowed.collect())
    }

    /// Has it make everything below `offsets` durable.
    ///
    /// # Errors
    /// As the task says.
    pub fn flush(&self, offsets: &[PartitionOffset]) -> Result<(), Failure> {
        let Some(call) = self.ops.flush else { return Ok(()) };
        let list: Vec<_> = offsets.iter().map(PartitionOffset::raw).collect();
        // SAFETY: the list lives until the call has ended.
        self.task.run("flush", |err| unsafe { call(self.task.pointer, list.as_ptr(), list.len(), err) })
    }

    /// Asks a call in progress to return soon.
    pub fn cancel(&self) {
        if let Some(cancel) = self.ops.cancel {
            // SAFETY: cancel is legal at any time before destroy.
            unsafe { cancel(self.task.pointer) }
        }
    }

    /// Stops it.
    ///
    /// # Errors
    /// As the task says.
    pub fn stop(&self) -> Result<(), Failure> {
        let stop = self.task.slot("stop", self.ops.stop);
        // SAFETY: the pointer is from create.
        self.task.run("stop", |err| unsafe { stop(self.task.pointer, err) })
    }

    /// Ends it.
    pub fn destroy(self) {
        self.task.destroy(self.ops.destroy);
    }
}
