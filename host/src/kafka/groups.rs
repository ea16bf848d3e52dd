//! The offsets of a consumer group, asked for and changed from outside of the group.
//!
//! Each call makes a client that lives for it, and blocks its thread until the answer or `timeout`.

use std::ffi::CString;
use std::time::Duration;

use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaRespErr as Code;

use super::admin;
use super::list::{self, List, TopicPartition};
use super::native::{Event, Native, Owner, Role, text};
use super::{Conf, KafkaError};

/// A group, and how to reach its coordinator.
#[derive(Clone)]
pub struct Group {
    /// Settings of an admin client.
    pub conf: Conf,
    /// For the client's log lines.
    pub owner: Owner,
    /// `group.id`.
    pub name: String,
    /// How long a call may take.
    pub timeout: Duration,
}

/// What a group answers for a partition.
type Item = (TopicPartition, i64, Code);

/// Whether a change was refused because consumers are in the group.
pub fn has_members(error: &KafkaError) -> bool {
    [
        Code::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        Code::RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP,
        Code::RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC,
    ]
    .iter()
    .any(|code| *code as i32 == error.code)
}

impl Group {
    /// The committed offsets of all partitions that have one; none for a group that is not there.
    ///
    /// # Errors
    /// What the broker or the client said.
    pub fn committed(&self) -> Result<Vec<(TopicPartition, i64)>, KafkaError> {
        let (what, native, name) = self.begin("list offsets")?;
        // SAFETY: the name is copied; no list stands for all partitions.
        let mut request =
            unsafe { sys::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), std::ptr::null()) };
        let op = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
        let kind = sys::RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT;
        // SAFETY: one live request is handed over, and copied; it is ours to free.
        let answer = self.ask(&native, &what, op, kind, |options, queue| unsafe {
            sys::rd_kafka_ListConsumerGroupOffsets(native.ptr(), &mut request, 1, options, queue);
            sys::rd_kafka_ListConsumerGroupOffsets_destroy(request);
        })?;
        // SAFETY: the event is of this kind; what it lends is copied while it lives.
        let items = unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_ListConsumerGroupOffsets_result(answer.ptr());
            first(&what, sys::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &mut count), count)
        }?;
        whole(&what, &items)?;
        Ok(items
            .into_iter()
            .filter(|(_, offset, _)| *offset >= 0)
            .map(|(at, offset, _)| (at, offset))
            .collect())
    }

    /// Commits offsets for the group, which must have no members.
    ///
    /// # Errors
    /// What the broker or the client said of the group, or of the first partition that it refused.
    pub fn alter(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), KafkaError> {
        let (what, native, name) = self.begin("alter offsets")?;
        let list = List::new(offsets.iter().map(|(at, offset)| (at, *offset)))?;
        // SAFETY: name and list are copied.
        let mut request = unsafe { sys::rd_kafka_AlterConsumerGroupOffsets_new(name.as_ptr(), list.ptr()) };
        let op = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS;
        let kind = sys::RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT;
        // SAFETY: one live request is handed over, and copied; it is ours to free.
        let answer = self.ask(&native, &what, op, kind, |options, queue| unsafe {
            sys::rd_kafka_AlterConsumerGroupOffsets(native.ptr(), &mut request, 1, options, queue);
            sys::rd_kafka_AlterConsumerGroupOffsets_destroy(request);
        })?;
        // SAFETY: the event is of this kind; what it lends is copied while it lives.
        let items = unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_AlterConsumerGroupOffsets_result(answer.ptr());
            first(&what, sys::rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &mut count), count)
        }?;
        whole(&what, &items)
    }

    /// Forgets the offsets of these partitions, if there are any.
    ///
    /// # Errors
    /// As for [`Group::alter`].
    pub fn forget(&self, partitions: &[TopicPartition]) -> Result<(), KafkaError> {
        let (what, native, name) = self.begin("delete offsets")?;
        let list = List::new(partitions.iter().map(|at| (at, -1)))?;
        // SAFETY: name and list are copied.
        let mut request = unsafe { sys::rd_kafka_DeleteConsumerGroupOffsets_new(name.as_ptr(), list.ptr()) };
        let op = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS;
        let kind = sys::RD_KAFKA_EVENT_DELETECONSUMERGROUPOFFSETS_RESULT;
        // SAFETY: one live request is handed over, and copied; it is ours to free.
        let answer = self.ask(&native, &what, op, kind, |options, queue| unsafe {
            sys::rd_kafka_DeleteConsumerGroupOffsets(native.ptr(), &mut request, 1, options, queue);
            sys::rd_kafka_DeleteConsumerGroupOffsets_destroy(request);
        });
        let Some(answer) = unless_missing(answer)? else { return Ok(()) };
        // SAFETY: the event is of this kind; what it lends is copied while it lives.
        let items = unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_DeleteConsumerGroupOffsets_result(answer.ptr());
            first(&what, sys::rd_kafka_DeleteConsumerGroupOffsets_result_groups(result, &mut count), count)
        };
        unless_missing(items)?.map_or(Ok(()), |items| whole(&what, &items))
    }

    /// Deletes the group and all its offsets; one that is not there is no error.
    ///
    /// # Errors
    /// What the broker or the client said, as that the group has members.
    pub fn delete(&self) -> Result<(), KafkaError> {
        let (what, native, name) = self.begin("delete")?;
        // SAFETY: the name is copied.
        let mut request = unsafe { sys::rd_kafka_DeleteGroup_new(name.as_ptr()) };
        let op = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DELETEGROUPS;
        let kind = sys::RD_KAFKA_EVENT_DELETEGROUPS_RESULT;
        // SAFETY: one live request is handed over, and copied; it is ours to free.
        let answer = self.ask(&native, &what, op, kind, |options, queue| unsafe {
            sys::rd_kafka_DeleteGroups(native.ptr(), &mut request, 1, options, queue);
            sys::rd_kafka_DeleteGroup_destroy(request);
        });
        let Some(answer) = unless_missing(answer)? else { return Ok(()) };
        // SAFETY: the event is of this kind; what it lends is copied while it lives.
        let deleted = unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_DeleteGroups_result(answer.ptr());
            first(&what, sys::rd_kafka_DeleteGroups_result_groups(result, &mut count), count)
        };
        unless_missing(deleted).map(|_| ())
    }

    /// What is done, for errors, a client, and the group's name for it.
    fn begin(&self, what: &str) -> Result<(String, Native, CString), KafkaError> {
        let what = format!("{what} of group {}", self.name);
        let name = CString::new(self.name.as_str())
            .map_err(|_| KafkaError::local(what.as_str(), "zero byte in the name"))?;
        Ok((what, Native::new(Role::Producer, &self.conf, 0, self.owner.clone())?, name))
    }

    /// Lets `send` send a request, and waits for the answer of that kind.
    fn ask(
        &self,
        native: &Native,
        what: &str,
        op: sys::rd_kafka_admin_op_t,
        kind: i32,
        send: impl FnOnce(*mut sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
    ) -> Result<Event, KafkaError> {
        admin::ask(native, what, op, kind, self.timeout, send)
    }
}

/// None where the group is not there.
fn unless_missing<T>(outcome: Result<T, KafkaError>) -> Result<Option<T>, KafkaError> {
    match outcome {
        Err(error) if error.code == Code::RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND as i32 => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// The answer for the only group that was asked about, or its error.
///
/// # Safety
/// `groups` leads to `count` live results.
unsafe fn first(
    what: &str,
    groups: *mut *const sys::rd_kafka_group_result_t,
    count: usize,
) -> Result<Vec<Item>, KafkaError> {
    if groups.is_null() || count == 0 {
        return Err(KafkaError::local(what, "the answer names no group"));
    }
    // SAFETY: the caller's promise; the error and the list live as long as the result.
    unsafe {
        let group = *groups;
        let error = sys::rd_kafka_group_result_error(group);
        if !error.is_null() && sys::rd_kafka_error_code(error) != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
            let code = sys::rd_kafka_error_code(error);
            let text = text(sys::rd_kafka_error_string(error));
            return Err(KafkaError { text, ..KafkaError::new(what, code) });
        }
        Ok(list::read(sys::rd_kafka_group_result_partitions(group)))
    }
}

/// The error of the first partition that has one.
fn whole(what: &str, items: &[Item]) -> Result<(), KafkaError> {
    match items.iter().find(|(_, _, code)| *code != Code::RD_KAFKA_RESP_ERR_NO_ERROR) {
        Some((at, _, code)) => Err(KafkaError::new(format!("{what}, partition {at}"), *code)),
        None => Ok(()),
    }
}
