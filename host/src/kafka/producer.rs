//! A producer whose delivery reports come back to the task that owns it, in batches.

use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::marker::PhantomData;
use std::time::Duration;

use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaRespErr as Code;

use super::native::{self, Event, Native, Owner, Role};
use super::{Conf, KafkaError, meet, stats};
use crate::metrics::ClientCounts;

/// One record to produce. Everything is copied before [`Producer::send`] returns.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Partition, or none: the configured partitioner decides.
    pub partition: Option<i32>,
    /// Key; none is null.
    pub key: Option<&'a [u8]>,
    /// Value; none is null.
    pub value: Option<&'a [u8]>,
    /// Milliseconds since 1970-01-01 UTC; none is now.
    pub timestamp: Option<i64>,
    /// Headers in order.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
    /// Comes back in [`Delivery::id`].
    pub id: u64,
}

/// What became of one record.
#[derive(Debug)]
pub struct Delivery {
    /// The record's id.
    pub id: u64,
    /// Partition it went to.
    pub partition: i32,
    /// Its offset, or -1.
    pub offset: i64,
    /// Its timestamp in milliseconds, or -1; only asked for when wanted.
    pub timestamp: i64,
    /// Why it was not written; boxed, since there are many deliveries and few errors.
    pub error: Option<Box<KafkaError>>,
}

/// Records of one topic without timestamp and headers: librdkafka takes them in one call, which saves the clock and
/// the locks for each.
pub struct Run<'a> {
    topic: &'a str,
    messages: Vec<sys::rd_kafka_message_t>,
    _records: PhantomData<&'a [u8]>,
}

// SAFETY: the messages only refer to shared byte slices that live for 'a.
unsafe impl Send for Run<'_> {}

impl<'a> Run<'a> {
    /// For at most about `capacity` records of `topic`.
    pub fn new(topic: &'a str, capacity: usize) -> Run<'a> {
        Run { topic, messages: Vec::with_capacity(capacity), _records: PhantomData }
    }

    /// The topic.
    pub fn topic(&self) -> &'a str {
        self.topic
    }

    /// Whether nothing is left to send.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Adds a record; `id` comes back in its [`Delivery`].
    pub fn push(&mut self, partition: Option<i32>, key: Option<&'a [u8]>, value: Option<&'a [u8]>, id: u64) {
        let (key, key_len) = parts(key);
        let (payload, len) = parts(value);
        self.messages.push(sys::rd_kafka_message_t {
            err: Code::RD_KAFKA_RESP_ERR_NO_ERROR,
            rkt: std::ptr::null_mut(),
            partition: partition.unwrap_or(super::PARTITION_ANY),
            payload,
            len,
            key,
            key_len,
            offset: 0,
            _private: id as usize as *mut c_void,
        });
    }

    /// The ids of what is left to send.
    pub fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.messages.iter().map(|message| message._private as usize as u64)
    }
}

/// Whether a record was taken.
#[derive(Debug)]
pub enum Sent {
    /// It is in the queue; a [`Delivery`] follows.
    Queued,
    /// The queue is full: serve the deliveries and try again.
    Full,
}

/// An idempotent (unless configured otherwise) producer.
pub struct Producer {
    native: Native,
    topics: HashMap<String, *mut sys::rd_kafka_topic_t>,
    last: Option<(String, *mut sys::rd_kafka_topic_t)>,
    want_timestamps: bool,
    stats: Option<ClientCounts>,
}

// SAFETY: topic handles belong to the client and may be used from any thread.
unsafe impl Send for Producer {}

impl Producer {
    /// Makes a producer; it connects in the background.
    pub fn new(conf: &Conf, owner: Owner) -> Result<Producer, KafkaError> {
        let events = sys::RD_KAFKA_EVENT_DR | sys::RD_KAFKA_EVENT_ERROR | sys::RD_KAFKA_EVENT_STATS;
        let native = Native::new(Role::Producer, conf, events, owner)?;
        Ok(Producer { native, topics: HashMap::new(), last: None, want_timestamps: false, stats: None })
    }

    /// The same, once it has met a broker, for at most `timeout`; on a thread that may wait. By itself an idempotent client of
    /// librdkafka asks for its producer id half a second after it was made, and for a topic again after a second.
    pub fn met(conf: &Conf, owner: Owner, timeout: Duration) -> Result<Producer, KafkaError> {
        let producer = Producer::new(conf, owner)?;
        // Where no broker answers, the records wait for one.
        let _ = meet::meet(&producer.native, timeout);
        Ok(producer)
    }

    /// Whether deliveries tell timestamps, which costs a lookup for each.
    pub fn want_timestamps(&mut self, wanted: bool) {
        self.want_timestamps = wanted;
    }

    /// The client behind, to wait for its events.
    pub fn native(&self) -> &Native {
        &self.native
    }

    /// Hands a record to librdkafka, which copies it.
    ///
    /// # Errors
    /// What is wrong with this record or the client (too large, unknown partition, fatal error).
    pub fn send(&mut self, record: &Outgoing<'_>) -> Result<Sent, KafkaError> {
        let topic = self.topic(record.topic)?;
        let code = if record.timestamp.is_none() && record.headers.is_empty() {
            self.send_plain(topic, record)
        } else {
            self.send_full(topic, record)?
        };
        match code {
            Code::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(Sent::Queued),
            Code::RD_KAFKA_RESP_ERR__QUEUE_FULL => Ok(Sent::Full),
            code => Err(KafkaError::new(format!("produce to topic {}", record.topic), code)),
        }
    }

    /// Hands a run to librdkafka, which copies what it takes. What is left in the run afterwards found the queue full;
    /// records that were refused are told by id.
    pub fn send_run(
        &mut self,
        run: &mut Run<'_>,
        refused: &mut Vec<(u64, KafkaError)>,
    ) -> Result<(), KafkaError> {
        let topic = self.topic(run.topic)?;
        let flags = sys::RD_KAFKA_MSG_F_COPY | sys::RD_KAFKA_MSG_F_PARTITION;
        let count = i32::try_from(run.messages.len()).unwrap_or(i32::MAX);
        // SAFETY: the topic handle is this client's; the messages' bytes live as long as the run and are copied during
        // the call; the opaque is a number that is never dereferenced.
        let taken = unsafe {
            sys::rd_kafka_produce_batch(topic, super::PARTITION_ANY, flags, run.messages.as_mut_ptr(), count)
        };
        if usize::try_from(taken).is_ok_and(|taken| taken == run.messages.len()) {
            run.messages.clear();
            return Ok(());
        }
        run.messages.retain(|message| match message.err {
            Code::RD_KAFKA_RESP_ERR_NO_ERROR => false,
            Code::RD_KAFKA_RESP_ERR__QUEUE_FULL => true,
            code => {
                let error = KafkaError::new(format!("produce to topic {}", run.topic), code);
                refused.push((message._private as usize as u64, error));
                false
            }
        });
        Ok(())
    }

    fn send_plain(&self, topic: *mut sys::rd_kafka_topic_t, record: &Outgoing<'_>) -> Code {
        let (key, key_len) = parts(record.key);
        let (value, value_len) = parts(record.value);
        let partition = record.partition.unwrap_or(super::PARTITION_ANY);
        // SAFETY: the topic handle is this client's; MSG_F_COPY copies value and key during the call; the opaque is a
        // number that is never dereferenced.
        unsafe {
            let flags = sys::RD_KAFKA_MSG_F_COPY;
            let id = record.id as usize as *mut c_void;
            if sys::rd_kafka_produce(topic, partition, flags, value, value_len, key, key_len, id) == 0 {
                return Code::RD_KAFKA_RESP_ERR_NO_ERROR;
            }
            sys::rd_kafka_last_error()
        }
    }

    fn send_full(
        &self,
        topic: *mut sys::rd_kafka_topic_t,
        record: &Outgoing<'_>,
    ) -> Result<Code, KafkaError> {
        use sys::rd_kafka_vtype_t::*;
        let mut fields = Vec::with_capacity(7 + record.headers.len());
        let (key, key_len) = parts(record.key);
        let (value, value_len) = parts(record.value);
        fields.push(field(RD_KAFKA_VTYPE_RKT, |u| u.rkt = topic));
        fields.push(field(RD_KAFKA_VTYPE_PARTITION, |u| {
            u.i32_ = record.partition.unwrap_or(super::PARTITION_ANY);
        }));
        fields.push(field(RD_KAFKA_VTYPE_MSGFLAGS, |u| u.i = sys::RD_KAFKA_MSG_F_COPY));
        fields.push(field(RD_KAFKA_VTYPE_KEY, |u| u.mem = Memory { ptr: key, size: key_len }));
        fields.push(field(RD_KAFKA_VTYPE_VALUE, |u| u.mem = Memory { ptr: value, size: value_len }));
        fields.push(field(RD_KAFKA_VTYPE_OPAQUE, |u| u.ptr = record.id as usize as *mut c_void));
        if let Some(timestamp) = record.timestamp {
            fields.push(field(RD_KAFKA_VTYPE_TIMESTAMP, |u| u.i64_ = timestamp));
        }
        let mut names = Vec::with_capacity(record.headers.len());
        for (name, _) in record.headers {
            names.push(CString::new(*name).map_err(|_| {
                KafkaError::local(
                    format!("produce to topic {}", record.topic),
                    "a header's key contains a zero byte",
                )
            })?);
        }
        for (name, (_, value)) in names.iter().zip(record.headers) {
            let (ptr, len) = parts(*value);
            let size = isize::try_from(len).unwrap_or(isize::MAX);
            fields.push(field(RD_KAFKA_VTYPE_HEADER, |u| {
                u.header = Header { name: name.as_ptr(), val: ptr, size };
            }));
        }
        // SAFETY: the fields and all they point to live during the call, which copies them.
        unsafe {
            let error = sys::rd_kafka_produceva(self.native.ptr(), fields.as_ptr(), fields.len());
            if error.is_null() {
                return Ok(Code::RD_KAFKA_RESP_ERR_NO_ERROR);
            }
            let code = sys::rd_kafka_error_code(error);
            sys::rd_kafka_error_destroy(error);
            Ok(code)
        }
    }

    /// The handle of a topic, made at its first use; records mostly go to the topic of the one before.
    fn topic(&mut self, name: &str) -> Result<*mut sys::rd_kafka_topic_t, KafkaError> {
        if let Some((last, handle)) = &self.last
            && last == name
        {
            return Ok(*handle);
        }
        let handle = match self.topics.get(name) {
            Some(handle) => *handle,
            None => {
                let what = || format!("use topic {name:?}");
                let c_name =
                    CString::new(name).map_err(|_| KafkaError::local(what(), "zero byte in the name"))?;
                // SAFETY: a valid string; a null conf takes the client's defaults.
                let handle = unsafe {
                    sys::rd_kafka_topic_new(self.native.ptr(), c_name.as_ptr(), std::ptr::null_mut())
                };
                if handle.is_null() {
                    // SAFETY: reads the thread's last error.
                    return Err(KafkaError::new(what(), unsafe { sys::rd_kafka_last_error() }));
                }
                self.topics.insert(name.to_owned(), handle);
                handle
            }
        };
        self.last = Some((name.to_owned(), handle));
        Ok(handle)
    }

    /// Takes the deliveries that are there into `out`, at most about `limit`, waiting up to `timeout` on this thread
    /// for the first. Returns how many there were.
    pub fn deliveries(&mut self, limit: usize, timeout: Duration, out: &mut Vec<Delivery>) -> usize {
        let before = out.len();
        let mut wait = timeout;
        while out.len() - before < limit {
            let Some(event) = self.native.next_event(wait) else { break };
            wait = Duration::ZERO;
            match event.kind() {
                sys::RD_KAFKA_EVENT_DR => self.reports(&event, out),
                sys::RD_KAFKA_EVENT_ERROR => {
                    let (Owner { connector, task, .. }, text) = (self.native.owner(), event.error_text());
                    if self.native.is_news(&format!("producer: {text}")) {
                        tracing::warn!(connector, task, "producer: {text}");
                    }
                }
                sys::RD_KAFKA_EVENT_STATS => self.stats = stats::of(&event),
                _ => {}
            }
        }
        out.len() - before
    }

    /// The statistics that came with the last deliveries, if some did; each is given out once.
    pub fn take_stats(&mut self) -> Option<ClientCounts> {
        self.stats.take()
    }

    fn reports(&self, event: &Event, out: &mut Vec<Delivery>) {
        loop {
            // SAFETY: the message lives as long as the event.
            let message = unsafe { sys::rd_kafka_event_message_next(event.ptr()).as_ref() };
            let Some(message) = message else { return };
            let error = (message.err != Code::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| {
                // SAFETY: the handle and its name live as long as the event.
                let topic = unsafe { native::text(sys::rd_kafka_topic_name(message.rkt)) };
                Box::new(KafkaError::new(format!("produce to topic {topic}"), message.err))
            });
            let timestamp = if self.want_timestamps {
                let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
                // SAFETY: as above.
                unsafe { sys::rd_kafka_message_timestamp(message, &mut kind) }
            } else {
                -1
            };
            out.push(Delivery {
                id: message._private as usize as u64,
                partition: message.partition,
                offset: message.offset,
                timestamp,
                error,
            });
        }
    }

    /// Drops everything that was not written yet; each such record comes back as a failed [`Delivery`].
    pub fn purge(&self) {
        // SAFETY: a plain call on a live client.
        unsafe {
            sys::rd_kafka_purge(
                self.native.ptr(),
                sys::RD_KAFKA_PURGE_F_QUEUE | sys::RD_KAFKA_PURGE_F_INFLIGHT,
            )
        };
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // Destroying waits for queued messages to be written unless they are dropped first; whoever wanted them
        // written has drained before.
        self.purge();
        for handle in self.topics.values() {
            // SAFETY: each handle was made once by topic_new, and the client still lives.
            unsafe { sys::rd_kafka_topic_destroy(*handle) };
        }
    }
}

type Memory = sys::bindings::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1;
type Header = sys::bindings::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_2;
type Union = sys::bindings::rd_kafka_vu_s__bindgen_ty_1;

/// One field of `rd_kafka_produceva`.
fn field(vtype: sys::rd_kafka_vtype_t, set: impl FnOnce(&mut Union)) -> sys::rd_kafka_vu_t {
    let mut u = Union { _pad: [0; 64] };
    set(&mut u);
    sys::rd_kafka_vu_t { vtype, u }
}

/// Pointer and length; null for none, so that librdkafka writes null and not empty.
fn parts(data: Option<&[u8]>) -> (*mut c_void, usize) {
    match data {
        None => (std::ptr::null_mut(), 0),
        // An empty slice's pointer is dangling but not null, and is not read.
        Some(data) => (data.as_ptr().cast_mut().cast(), data.len()),
    }
}
