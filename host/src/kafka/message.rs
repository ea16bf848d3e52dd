//! A consumed message, owned until it is dropped; its bytes stay in librdkafka's buffers.

use std::ptr::NonNull;

use rdkafka_sys as sys;

use super::native::{Event, text};

/// Who set a message's timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampType {
    /// Nobody.
    None,
    /// The producer.
    Create,
    /// The broker.
    LogAppend,
}

/// A message. It must not outlive its consumer; [`super::consumer::Consumer`] is kept alive by whoever holds some.
pub struct Message {
    event: Event,
    message: NonNull<sys::rd_kafka_message_t>,
}

// SAFETY: the message belongs to the event, which we own; nothing in it is tied to a thread.
unsafe impl Send for Message {}
// SAFETY: shared use only reads.
unsafe impl Sync for Message {}

impl Message {
    /// The message of a fetch event, or the event back when it has none.
    pub(super) fn of(event: Event) -> Option<Message> {
        // SAFETY: the event is alive; its message lives as long as it.
        let message = NonNull::new(unsafe { sys::rd_kafka_event_message_next(event.ptr()) }.cast_mut())?;
        Some(Message { event, message })
    }

    fn raw(&self) -> &sys::rd_kafka_message_t {
        let _ = &self.event;
        // SAFETY: it lives as long as the event that we own.
        unsafe { self.message.as_ref() }
    }

    pub(super) fn error(&self) -> sys::RDKafkaRespErr {
        self.raw().err
    }

    /// Pointer that is the same for all messages of one topic while any of them lives.
    pub fn topic_id(&self) -> usize {
        self.raw().rkt as usize
    }

    /// Copies the topic's name.
    pub fn topic(&self) -> String {
        let rkt = self.raw().rkt;
        if rkt.is_null() {
            return String::new();
        }
        // SAFETY: the handle lives as long as the message.
        unsafe { text(sys::rd_kafka_topic_name(rkt)) }
    }

    /// Partition.
    pub fn partition(&self) -> i32 {
        self.raw().partition
    }

    /// Offset.
    pub fn offset(&self) -> i64 {
        self.raw().offset
    }

    /// Key; none for null.
    pub fn key(&self) -> Option<&[u8]> {
        // SAFETY: pointer and length of the message, alive with it.
        unsafe { bytes(self.raw().key, self.raw().key_len) }
    }

    /// Value; none for null.
    pub fn value(&self) -> Option<&[u8]> {
        // SAFETY: as above.
        unsafe { bytes(self.raw().payload, self.raw().len) }
    }

    /// Bytes of key and value.
    pub fn size(&self) -> usize {
        self.raw().key_len + self.raw().len
    }

    /// Timestamp in milliseconds and who set it.
    pub fn timestamp(&self) -> (i64, TimestampType) {
        use sys::rd_kafka_timestamp_type_t::*;
        let mut kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive.
        let timestamp = unsafe { sys::rd_kafka_message_timestamp(self.message.as_ptr(), &mut kind) };
        let kind = match kind {
            RD_KAFKA_TIMESTAMP_CREATE_TIME => TimestampType::Create,
            RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => TimestampType::LogAppend,
            _ => TimestampType::None,
        };
        (timestamp, kind)
    }

    /// Calls `each` with every header in order. A key that is not UTF-8 is read with replacement characters, as
    /// Java does.
    pub fn headers<'a>(&'a self, mut each: impl FnMut(std::borrow::Cow<'a, str>, Option<&'a [u8]>)) {
        let mut headers = std::ptr::null_mut();
        // SAFETY: the message is alive, and so are the headers it lends.
        let code = unsafe { sys::rd_kafka_message_headers(self.message.as_ptr(), &mut headers) };
        if code != sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return;
        }
        for index in 0.. {
            let (mut name, mut value, mut size) = (std::ptr::null(), std::ptr::null(), 0);
            // SAFETY: out-pointers are valid; beyond the last header it answers an error.
            let code =
                unsafe { sys::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut size) };
            if code != sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                return;
            }
            // SAFETY: name is terminated and value has size bytes, alive with the message.
            unsafe { each(std::ffi::CStr::from_ptr(name).to_string_lossy(), bytes(value.cast_mut(), size)) }
        }
    }
}

/// # Safety
/// `ptr` is null or leads to `len` bytes that live for `'a`.
unsafe fn bytes<'a>(ptr: *mut std::ffi::c_void, len: usize) -> Option<&'a [u8]> {
    if ptr.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Some(unsafe { std::slice::from_raw_parts(ptr.cast::<u8>(), len) })
}
