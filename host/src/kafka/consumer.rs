//! A consumer as a stream of events: messages, partitions given and taken, commits done.

use std::ffi::CStr;
use std::time::Duration;

use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaRespErr as Code;

use super::list::{self, List, TopicPartition};
use super::message::Message;
use super::native::{Event, Native, Owner, Role};
use super::stats;
use super::{Conf, KafkaError};
use crate::metrics::ClientCounts;

/// What a consumer tells.
pub enum Told {
    /// A message.
    Message(Message),
    /// The end of a partition was reached, at this offset (only with `enable.partition.eof`).
    End(TopicPartition, i64),
    /// These partitions are offered; answer with [`Consumer::take`].
    Assigned(Vec<TopicPartition>),
    /// These partitions are to be given up; answer with [`Consumer::give_up`]. `lost`: they are already another's.
    Revoked {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// Offsets cannot be committed any more.
        lost: bool,
    },
    /// A commit is done: offsets or the error.
    Committed(Result<Vec<(TopicPartition, i64)>, KafkaError>),
    /// What the client has counted (only where [`super::stats::wanted`]).
    Stats(ClientCounts),
    /// Something went wrong that may pass.
    Trouble(KafkaError),
}

/// A consumer in a group, or one that reads given partitions.
pub struct Consumer {
    native: Native,
}

impl Consumer {
    /// Makes a consumer; it connects in the background.
    pub fn new(conf: &Conf, owner: Owner) -> Result<Consumer, KafkaError> {
        let events = sys::RD_KAFKA_EVENT_FETCH
            | sys::RD_KAFKA_EVENT_REBALANCE
            | sys::RD_KAFKA_EVENT_OFFSET_COMMIT
            | sys::RD_KAFKA_EVENT_STATS
            | sys::RD_KAFKA_EVENT_ERROR;
        Ok(Consumer { native: Native::new(Role::Consumer, conf, events, owner)? })
    }

    /// The client behind, to wait for its events.
    pub fn native(&self) -> &Native {
        &self.native
    }

    /// Joins the group for these topics; a new call replaces the list.
    pub fn subscribe(&self, topics: &[String]) -> Result<(), KafkaError> {
        let items: Vec<TopicPartition> = topics
            .iter()
            .map(|topic| TopicPartition { topic: topic.as_str().into(), partition: super::PARTITION_ANY })
            .collect();
        let list = List::new(items.iter().map(|item| (item, 0)))?;
        // SAFETY: live client and list, which is copied.
        check(format!("subscribe to {topics:?}"), unsafe {
            sys::rd_kafka_subscribe(self.native.ptr(), list.ptr())
        })
    }

    /// The next thing told, waiting up to `timeout` on this thread (zero: not at all). Counts as a poll for
    /// `max.poll.interval.ms`.
    pub fn next(&self, timeout: Duration) -> Option<Told> {
        loop {
            if let Some(error) = self.native.refusal() {
                return Some(Told::Trouble(error));
            }
            let event = self.native.next_event(timeout)?;
            if let Some(told) = self.meaning(event) {
                return Some(told);
            }
        }
    }

    fn meaning(&self, event: Event) -> Option<Told> {
        match event.kind() {
            sys::RD_KAFKA_EVENT_FETCH => {
                let message = Message::of(event)?;
                match message.error() {
                    Code::RD_KAFKA_RESP_ERR_NO_ERROR => Some(Told::Message(message)),
                    code => {
                        Some(Told::Trouble(KafkaError::new(format!("read topic {}", message.topic()), code)))
                    }
                }
            }
            sys::RD_KAFKA_EVENT_REBALANCE => {
                // SAFETY: the list belongs to the event, alive here.
                let items = unsafe { list::read(sys::rd_kafka_event_topic_partition_list(event.ptr())) };
                let partitions = items.into_iter().map(|(at, _, _)| at).collect();
                if event.error() == Code::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
                    return Some(Told::Assigned(partitions));
                }
                // SAFETY: live client.
                let lost = unsafe { sys::rd_kafka_assignment_lost(self.native.ptr()) } != 0;
                Some(Told::Revoked { partitions, lost })
            }
            sys::RD_KAFKA_EVENT_STATS => stats::of(&event).map(Told::Stats),
            sys::RD_KAFKA_EVENT_OFFSET_COMMIT => Some(Told::Committed(committed(&event))),
            sys::RD_KAFKA_EVENT_ERROR if event.error() == Code::RD_KAFKA_RESP_ERR__PARTITION_EOF => {
                event.topic_partition().map(|(at, offset)| Told::End(at, offset))
            }
            sys::RD_KAFKA_EVENT_ERROR => {
                let about = event.topic_partition();
                let what = about.map_or("consume".into(), |(at, _)| format!("consume {at}"));
                let error =
                    KafkaError { text: event.error_text(), ..KafkaError::new(what.clone(), event.error()) };
                if !error.is_refusal() {
                    return Some(Told::Trouble(error));
                }
                // librdkafka says so too of a connection that ended while it logged in.
                let passing = || KafkaError::new(what, Code::RD_KAFKA_RESP_ERR__TRANSPORT);
                let refusal = self.native.refusal();
                Some(Told::Trouble(refusal.unwrap_or_else(|| KafkaError { text: error.text, ..passing() })))
            }
            _ => None,
        }
    }

    fn cooperative(&self) -> bool {
        // SAFETY: librdkafka returns a static string or null.
        unsafe {
            let protocol = sys::rd_kafka_rebalance_protocol(self.native.ptr());
            !protocol.is_null() && CStr::from_ptr(protocol).to_bytes() == b"COOPERATIVE"
        }
    }

    /// Accepts offered partitions, each at its committed offset.
    pub fn take(&self, partitions: &[TopicPartition]) -> Result<(), KafkaError> {
        let list = List::new(partitions.iter().map(|at| (at, i64::from(sys::RD_KAFKA_OFFSET_INVALID))))?;
        self.assign_call("take partitions", Some(&list))
    }

    /// Gives partitions up.
    pub fn give_up(&self, partitions: &[TopicPartition]) -> Result<(), KafkaError> {
        if !self.cooperative() {
            // SAFETY: null ends the whole assignment.
            return check("give up partitions", unsafe {
                sys::rd_kafka_assign(self.native.ptr(), std::ptr::null())
            });
        }
        let list = List::new(partitions.iter().map(|at| (at, 0)))?;
        // SAFETY: live client and list.
        fail("give up partitions", unsafe {
            sys::rd_kafka_incremental_unassign(self.native.ptr(), list.ptr())
        })
    }

    fn assign_call(&self, what: &str, list: Option<&List>) -> Result<(), KafkaError> {
        let ptr = list.map_or(std::ptr::null_mut(), List::ptr);
        // SAFETY: live client and list.
        unsafe {
            if self.cooperative() {
                fail(what, sys::rd_kafka_incremental_assign(self.native.ptr(), ptr))
            } else {
                check(what, sys::rd_kafka_assign(self.native.ptr(), ptr))
            }
        }
    }

    /// Reads these partitions from these offsets, without a group.
    pub fn assign(&self, partitions: &[(TopicPartition, i64)]) -> Result<(), KafkaError> {
        let list = List::new(partitions.iter().map(|(at, offset)| (at, *offset)))?;
        // SAFETY: live client and list.
        check("assign partitions", unsafe { sys::rd_kafka_assign(self.native.ptr(), list.ptr()) })
    }

    /// Commits offsets in the background; [`Told::Committed`] follows.
    pub fn commit(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), KafkaError> {
        let list = List::new(offsets.iter().map(|(at, offset)| (at, *offset)))?;
        // SAFETY: live client, list (copied) and queue; no callback, so the result becomes an event in the queue.
        check("commit offsets", unsafe {
            let queue = self.native.queue();
            sys::rd_kafka_commit_queue(self.native.ptr(), list.ptr(), queue, None, std::ptr::null_mut())
        })
    }

    /// Commits offsets and waits for the answer, on this thread.
    pub fn commit_now(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), KafkaError> {
        let list = List::new(offsets.iter().map(|(at, offset)| (at, *offset)))?;
        // SAFETY: live client and list.
        check("commit offsets", unsafe { sys::rd_kafka_commit(self.native.ptr(), list.ptr(), 0) })?;
        match list.items().into_iter().find(|(_, _, code)| *code != Code::RD_KAFKA_RESP_ERR_NO_ERROR) {
            Some((at, _, code)) => Err(KafkaError::new(format!("commit the offset of {at}"), code)),
            None => Ok(()),
        }
    }

    /// Stops fetching; what was fetched already may be dropped and fetched again after [`Consumer::resume`].
    pub fn pause(&self, partitions: &[TopicPartition]) -> Result<(), KafkaError> {
        let list = List::new(partitions.iter().map(|at| (at, 0)))?;
        // SAFETY: live client and list.
        check("pause partitions", unsafe { sys::rd_kafka_pause_partitions(self.native.ptr(), list.ptr()) })
    }

    /// Fetches again.
    pub fn resume(&self, partitions: &[TopicPartition]) -> Result<(), KafkaError> {
        let list = List::new(partitions.iter().map(|at| (at, 0)))?;
        // SAFETY: live client and list.
        check("resume partitions", unsafe { sys::rd_kafka_resume_partitions(self.native.ptr(), list.ptr()) })
    }

    /// Goes on reading at these offsets, waiting up to `timeout` on this thread.
    pub fn seek(&self, offsets: &[(TopicPartition, i64)], timeout: Duration) -> Result<(), KafkaError> {
        let list = List::new(offsets.iter().map(|(at, offset)| (at, *offset)))?;
        let wait = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: live client and list.
        fail("seek", unsafe { sys::rd_kafka_seek_partitions(self.native.ptr(), list.ptr(), wait) })?;
        match list.items().into_iter().find(|(_, _, code)| *code != Code::RD_KAFKA_RESP_ERR_NO_ERROR) {
            Some((at, offset, code)) => Err(KafkaError::new(format!("seek {at} to {offset}"), code)),
            None => Ok(()),
        }
    }

    /// Leaves the group, on this thread, within librdkafka's session bounds. Offsets were committed before.
    pub fn close(&self) -> Result<(), KafkaError> {
        // SAFETY: live client; with no rebalance callback librdkafka gives the partitions up itself.
        check("leave the group", unsafe { sys::rd_kafka_consumer_close(self.native.ptr()) })
    }
}

/// Offsets of a commit event, or its first error.
fn committed(event: &Event) -> Result<Vec<(TopicPartition, i64)>, KafkaError> {
    check("commit offsets", event.error())?;
    // SAFETY: the list belongs to the event, alive here.
    let items = unsafe { list::read(sys::rd_kafka_event_topic_partition_list(event.ptr())) };
    let mut offsets = Vec::with_capacity(items.len());
    for (at, offset, code) in items {
        check(format!("commit the offset of {at}"), code)?;
        offsets.push((at, offset));
    }
    Ok(offsets)
}

fn check(what: impl Into<String>, code: Code) -> Result<(), KafkaError> {
    match code {
        Code::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        code => Err(KafkaError::new(what, code)),
    }
}

/// Turns an error object into ours and frees it; null is success.
///
/// # Safety
/// `error` is null or an error object that nobody else frees.
unsafe fn fail_raw(what: &str, error: *mut sys::rd_kafka_error_t) -> Result<(), KafkaError> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe {
        let result = KafkaError::new(what, sys::rd_kafka_error_code(error));
        sys::rd_kafka_error_destroy(error);
        Err(result)
    }
}

fn fail(what: &str, error: *mut sys::rd_kafka_error_t) -> Result<(), KafkaError> {
    // SAFETY: called with what librdkafka just returned, which is the caller's to free.
    unsafe { fail_raw(what, error) }
}
