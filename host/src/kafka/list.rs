//! librdkafka's list of topic partitions.

use std::ffi::CString;
use std::ptr::NonNull;

use rdkafka_sys as sys;

use super::KafkaError;
use super::native::text;
pub use crate::records::sink_ledger::TopicPartition;

/// An owned list.
pub(super) struct List(NonNull<sys::rd_kafka_topic_partition_list_t>);

impl List {
    /// Copies `items`: partition and offset.
    pub(super) fn new<'a>(
        items: impl IntoIterator<Item = (&'a TopicPartition, i64)>,
    ) -> Result<List, KafkaError> {
        // SAFETY: plain allocation; librdkafka aborts when memory is gone, it never returns null.
        let list =
            List(NonNull::new(unsafe { sys::rd_kafka_topic_partition_list_new(8) }).ok_or_else(no_memory)?);
        for (at, offset) in items {
            let topic = CString::new(&*at.topic).map_err(|_| {
                KafkaError::local(format!("use topic {:?}", at.topic), "zero byte in the name")
            })?;
            // SAFETY: the list is ours and the name is copied.
            unsafe {
                let item = sys::rd_kafka_topic_partition_list_add(list.ptr(), topic.as_ptr(), at.partition);
                (*item).offset = offset;
            }
        }
        Ok(list)
    }

    pub(super) fn ptr(&self) -> *mut sys::rd_kafka_topic_partition_list_t {
        self.0.as_ptr()
    }

    pub(super) fn items(&self) -> Vec<(TopicPartition, i64, sys::RDKafkaRespErr)> {
        // SAFETY: the list is alive.
        unsafe { read(self.ptr()) }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the list is ours.
        unsafe { sys::rd_kafka_topic_partition_list_destroy(self.ptr()) }
    }
}

fn no_memory() -> KafkaError {
    KafkaError::local("list of partitions", "out of memory")
}

/// Copies a list: partition, offset, error of each item.
///
/// # Safety
/// `list` is null or a live list.
pub(super) unsafe fn read(
    list: *const sys::rd_kafka_topic_partition_list_t,
) -> Vec<(TopicPartition, i64, sys::RDKafkaRespErr)> {
    // SAFETY: the caller's promise; elems has cnt items.
    unsafe {
        let Some(list) = list.as_ref() else { return Vec::new() };
        (0..usize::try_from(list.cnt).unwrap_or(0)).filter_map(|index| item(list.elems.add(index))).collect()
    }
}

/// Copies one item: partition, offset, error.
///
/// # Safety
/// `item` is null or a live item.
pub(super) unsafe fn item(
    item: *const sys::rd_kafka_topic_partition_t,
) -> Option<(TopicPartition, i64, sys::RDKafkaRespErr)> {
    // SAFETY: the caller's promise; its topic is a terminated text.
    unsafe {
        let item = item.as_ref()?;
        let topic = text(item.topic).into();
        Some((TopicPartition { topic, partition: item.partition }, item.offset, item.err))
    }
}
