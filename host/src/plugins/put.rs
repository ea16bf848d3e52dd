//! Records on their way into a sink's put: views, answers, and everything that the views point to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use connect_plugin_abi as abi;

use super::call::CallError;
use super::instance::Instance;
use super::lend::Lender;
use super::views::Bad;
use crate::records::pipeline::sink::TimestampType;
use crate::records::value::SchemaAndValue;

/// What a plugin answers for a record of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutAnswer {
    /// Done.
    Ok,
    /// Put it and all later ones of its partition again.
    Retry,
    /// It cannot be handled.
    Bad,
}

/// A record for a put. Borrowed parts are not copied.
pub struct PutRecord<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Timestamp in milliseconds, unless the type is none.
    pub timestamp: Option<i64>,
    /// Who set it.
    pub timestamp_type: TimestampType,
    /// Key.
    pub key: SchemaAndValue<'a>,
    /// Value.
    pub value: SchemaAndValue<'a>,
}

/// What views borrow: the caller's messages, and values that had to be made.
struct Kept<K> {
    messages: Box<K>,
    lender: Lender,
    headers: Vec<Box<[abi::CpHeader]>>,
}

/// Records lent to a plugin. `K` holds the messages that they borrow from.
pub struct Lent<K> {
    views: Vec<abi::CpRecord>,
    answers: Box<[AtomicU32]>,
    kept: Arc<Kept<K>>,
}

// SAFETY: the views point into `kept`, which is shared and never changed; answers are atomic.
unsafe impl<K: Send + Sync> Send for Lent<K> {}
// SAFETY: as above.
unsafe impl<K: Send + Sync> Sync for Lent<K> {}

/// Collects views; what it is given lives for `'a`, as long as the messages.
pub struct Builder<'a, 'b> {
    views: &'b mut Vec<abi::CpRecord>,
    lender: &'b mut Lender,
    headers: &'b mut Vec<Box<[abi::CpHeader]>>,
    instance: &'b Instance,
    _messages: std::marker::PhantomData<&'a ()>,
}

impl<'a> Builder<'a, '_> {
    /// Adds a record with its headers.
    pub fn push(
        &mut self,
        record: PutRecord<'a>,
        headers: impl IntoIterator<Item = (&'a str, SchemaAndValue<'a>)>,
    ) -> Result<(), Bad> {
        let mut lent = Vec::new();
        for (key, value) in headers {
            lent.push(abi::CpHeader { key: abi::CpStr::new(key), value: self.value(value)? });
        }
        let (mut header_ptr, header_count) = (std::ptr::null(), lent.len());
        if header_count > 0 {
            let lent = lent.into_boxed_slice();
            header_ptr = lent.as_ptr();
            self.headers.push(lent);
        }
        let timestamp_type = match record.timestamp_type {
            TimestampType::None => abi::TIMESTAMP_NONE,
            TimestampType::Create => abi::TIMESTAMP_CREATE,
            TimestampType::LogAppend => abi::TIMESTAMP_LOG_APPEND,
        };
        let topic = abi::CpStr::new(record.topic);
        let (key, value) = (self.value(record.key)?, self.value(record.value)?);
        self.views.push(abi::CpRecord {
            topic,
            kafka_partition: record.partition,
            timestamp_type,
            timestamp: record.timestamp.unwrap_or_default(),
            key,
            value,
            headers: header_ptr,
            header_count,
            cookie: 0,
            source_partition: 0,
            source_offset: abi::CpValue::NULL,
            kafka_offset: record.offset,
            original_topic: topic,
            original_partition: record.partition,
            reserved0: 0,
            original_offset: record.offset,
            reserved: [0; 4],
        });
        Ok(())
    }

    fn value(&mut self, value: SchemaAndValue<'a>) -> Result<abi::CpValue, Bad> {
        let schema = match value.schema {
            None => abi::SCHEMA_NONE,
            Some(schema) => match super::schemas::primitive_id(&schema) {
                Some(id) => id,
                None => self.instance.with_schemas_mut(|schemas| schemas.register(schema))?,
            },
        };
        Ok(abi::CpValue { schema, ..self.lender.value(value.value) })
    }
}

impl<K> Lent<K> {
    /// Builds views of messages. What `build` adds may borrow from the messages only, or be owned.
    pub fn build<R>(
        messages: K,
        instance: &Instance,
        build: impl for<'a> FnOnce(&'a K, &mut Builder<'a, '_>) -> R,
    ) -> (Lent<K>, R) {
        let (mut views, mut lender, mut headers) = (Vec::new(), Lender::default(), Vec::new());
        // The messages get their final address before anything borrows from them.
        let messages = Box::new(messages);
        let mut builder = Builder {
            views: &mut views,
            lender: &mut lender,
            headers: &mut headers,
            instance,
            _messages: std::marker::PhantomData,
        };
        let result = build(&messages, &mut builder);
        let kept = Arc::new(Kept { messages, lender, headers });
        (Lent::new(views, kept), result)
    }

    fn new(views: Vec<abi::CpRecord>, kept: Arc<Kept<K>>) -> Lent<K> {
        let answers = views.iter().map(|_| AtomicU32::new(abi::PUT_OK)).collect();
        Lent { views, answers, kept }
    }

    /// The same records at these places only, in their order, with fresh answers.
    pub fn subset(&self, places: &[usize]) -> Lent<K> {
        let views = places.iter().filter_map(|place| self.views.get(*place).copied()).collect();
        Lent::new(views, self.kept.clone())
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// The messages that the records borrow from.
    pub fn messages(&self) -> &K {
        let _ = (&self.kept.lender, &self.kept.headers);
        &self.kept.messages
    }

    pub(super) fn views(&self) -> &[abi::CpRecord] {
        &self.views
    }

    /// Where the plugin writes its answers: AtomicU32 is laid out as u32.
    pub(super) fn answer_place(&self) -> *mut u32 {
        self.answers.as_ptr().cast::<u32>().cast_mut()
    }

    pub(super) fn answers(&self) -> Result<Vec<PutAnswer>, CallError> {
        let read = |answer: &AtomicU32| match answer.load(Ordering::Acquire) {
            abi::PUT_OK => Ok(PutAnswer::Ok),
            abi::PUT_RETRY => Ok(PutAnswer::Retry),
            abi::PUT_BAD => Ok(PutAnswer::Bad),
            other => {
                Err(CallError::Contract { call: "put", what: format!("it answered {other} for a record") })
            }
        };
        self.answers.iter().map(read).collect()
    }
}
