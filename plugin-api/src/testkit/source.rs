//! A source task in the hands of the worker.

use std::sync::Arc;
use std::time::Duration;

use connect_plugin_abi as abi;

use super::host::{Failure, Seat};
use super::lent::{LentConfig, Seen, seen};
use super::plugin::Class;
use super::task::{LIMIT, Task};
use crate::config::Config;
use crate::raw;
use crate::value::Fields;

/// A source task; to be stopped and destroyed by its user.
pub struct SourceHandle {
    task: Task,
    ops: &'static abi::CpSourceTaskOps,
}

impl SourceHandle {
    /// Creates task `number`; `stored` are the offsets that the worker has: pairs of partition and offset.
    pub fn create(class: &Class, number: i32, stored: &[(Fields, Fields)]) -> Self {
        let ops = class.source();
        assert_eq!(ops.size, size_of::<abi::CpSourceTaskOps>() as u64, "size of the table");
        SourceHandle { task: Task::create(class, number, Seat::take(stored), ops.create), ops }
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

    /// Polls once to its end; the records are checked, and looked at twice to see that they stay.
    ///
    /// # Errors
    /// As the task says.
    pub fn poll(&self) -> Result<Vec<Seen>, Failure> {
        let polled = self.poll_within(LIMIT);
        polled.unwrap_or_else(|| panic!("{}: poll found nothing within {LIMIT:?}", self.task.class.name))
    }

    /// As [`poll`](Self::poll); `None` if it still waits after `limit`.
    pub fn poll_within(&self, limit: Duration) -> Option<Result<Vec<Seen>, Failure>> {
        let poll = self.task.slot("poll", self.ops.poll);
        let empty = abi::CpBatch { records: std::ptr::null(), count: 0, reserved: [0; 2] };
        let batch = std::cell::Cell::new(empty);
        // SAFETY: batch is a place for the answer.
        let call = |err| unsafe { poll(self.task.pointer, batch.as_ptr(), err) };
        if let Err(failure) = self.task.within(limit, "poll", call)? {
            return Some(Err(failure));
        }
        let batch = batch.get();
        assert_eq!(batch.reserved, [0; 2], "reserved members of a batch");
        // SAFETY: the records are valid until the next call of this task.
        let look = || unsafe {
            let records = raw::slice(batch.records, batch.count);
            records.iter().map(|record| seen(record, &self.task.seat)).collect::<Vec<_>>()
        };
        let first = look();
        std::thread::yield_now();
        let again = look();
        // A NaN is no violation.
        assert!(format!("{first:?}") == format!("{again:?}"), "records changed before the next call");
        Some(Ok(first))
    }

    /// Acknowledges records as written, if the task wants it.
    ///
    /// # Errors
    /// As the task says.
    pub fn ack(&self, records: &[Seen]) -> Result<(), Failure> {
        let ended = self.tell(records, LIMIT);
        ended.unwrap_or_else(|| panic!("{}: acks still wait after {LIMIT:?}", self.task.class.name))
    }

    /// As [`ack`](Self::ack), given up after `limit`; whether the call has ended well.
    pub fn ack_within(&self, records: &[Seen], limit: Duration) -> bool {
        self.tell(records, limit).is_some_and(|ended| ended.is_ok())
    }

    fn tell(&self, records: &[Seen], limit: Duration) -> Option<Result<(), Failure>> {
        let Some(acks) = self.ops.acks else { return Some(Ok(())) };
        let ack = |(i, record): (usize, &Seen)| abi::CpAck {
            cookie: record.cookie,
            offset: i as i64,
            timestamp: record.timestamp.unwrap_or(-1),
            partition: 0,
            status: abi::ACK_WRITTEN,
        };
        let list: Vec<_> = records.iter().enumerate().map(ack).collect();
        // SAFETY: the list lives until the call has ended.
        let call = |err| unsafe { acks(self.task.pointer, list.as_ptr(), list.len(), err) };
        self.task.within(limit, "acks", call)
    }

    /// Tells it that offsets were stored.
    ///
    /// # Errors
    /// As the task says.
    pub fn commit(&self) -> Result<(), Failure> {
        let Some(commit) = self.ops.commit else { return Ok(()) };
        // SAFETY: the pointer is from create.
        self.task.run("commit", |err| unsafe { commit(self.task.pointer, err) })
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

    /// The task's own pointer, for calls that no worker makes. The seat stays taken.
    pub fn into_pointer(self) -> *mut std::ffi::c_void {
        self.task.pointer
    }

    /// Ends it.
    pub fn destroy(self) {
        self.task.destroy(self.ops.destroy);
    }
}
