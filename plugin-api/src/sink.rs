//! Sink tasks: from Kafka to somewhere.

use std::future::{Future, poll_fn, ready};
use std::ops::Deref;
use std::task::Poll;
use std::time::Duration;

use connect_plugin_abi as abi;

use crate::config::Config;
use crate::context::Context;
use crate::error::{PluginError, Result};
use crate::sink_record::SinkRecord;
use crate::text::Text;

pub use crate::sink_record::Batch;

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// Topic.
    pub topic: Text,
    /// Partition.
    pub partition: i32,
}

impl TopicPartition {
    /// Partition `partition` of `topic`.
    pub fn new(topic: impl Into<Text>, partition: i32) -> Self {
        TopicPartition { topic: topic.into(), partition }
    }

    pub(crate) fn raw(&self) -> abi::CpTopicPartition {
        abi::CpTopicPartition { topic: abi::CpStr::new(&self.topic), partition: self.partition, reserved: 0 }
    }
}

/// The next offset to read of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOffset {
    /// Which partition.
    pub partition: TopicPartition,
    /// Next offset to read.
    pub offset: i64,
}

impl PartitionOffset {
    pub(crate) fn raw(&self) -> abi::CpPartitionOffset {
        abi::CpPartitionOffset { partition: self.partition.raw(), offset: self.offset }
    }
}

/// A task that writes, in `async` functions; told in the order of its life. The functions never overlap, but run on
/// changing threads. They return or await promptly: code that blocks belongs into a
/// [`BlockingSinkTask`](crate::BlockingSinkTask).
///
/// A call that is still waiting when the worker stops the task is dropped where it waits, as by `select!`: its records
/// are put again after the next start.
pub trait SinkTask: Sized + Send + 'static {
    #[doc(hidden)]
    const BLOCKING: bool = false;

    /// Starts the task. Other functions come only if this succeeds.
    ///
    /// # Errors
    /// The task fails.
    fn start(context: SinkContext, config: Config) -> impl Future<Output = Result<Self>> + Send;

    /// Partitions were given to the task.
    ///
    /// # Errors
    /// The task fails.
    fn open(&mut self, partitions: &[TopicPartition]) -> impl Future<Output = Result<()>> + Send {
        let _ = partitions;
        ready(Ok(()))
    }

    /// Takes records; they need not be durable before [`flush`](Self::flush). A record that is to be put again, or
    /// that can never be handled, is told by [`Batch::retry`] and [`Batch::bad`].
    ///
    /// # Errors
    /// The task fails; with the kind `Retriable` the worker puts all of them again later.
    fn put(&mut self, batch: Batch<'_>) -> impl Future<Output = Result<()>> + Send;

    /// Makes everything below these offsets durable: the worker commits them thereafter.
    ///
    /// # Errors
    /// Nothing is committed.
    fn flush(&mut self, offsets: &[PartitionOffset]) -> impl Future<Output = Result<()>> + Send {
        let _ = offsets;
        ready(Ok(()))
    }

    /// Says which offsets may be committed, at most those given. For tasks that know better than a
    /// [`flush`](Self::flush), which this calls otherwise.
    ///
    /// # Errors
    /// Nothing is committed.
    fn pre_commit(
        &mut self,
        offsets: &[PartitionOffset],
    ) -> impl Future<Output = Result<Vec<PartitionOffset>>> + Send {
        async {
            self.flush(offsets).await?;
            Ok(offsets.to_vec())
        }
    }

    /// Partitions were taken from the task; their offsets were flushed before.
    ///
    /// # Errors
    /// The task fails.
    fn close(&mut self, partitions: &[TopicPartition]) -> impl Future<Output = Result<()>> + Send {
        let _ = partitions;
        ready(Ok(()))
    }

    /// Stops; the task is dropped thereafter.
    ///
    /// # Errors
    /// Logged by the worker.
    fn stop(&mut self) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
}

/// What the worker offers a sink task. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct SinkContext(pub(crate) Context);

impl SinkContext {
    fn partitions(
        &self,
        call: unsafe extern "C" fn(u64, *const abi::CpTopicPartition, usize) -> i32,
        partitions: &[TopicPartition],
    ) -> Result<()> {
        let raw: Vec<_> = partitions.iter().map(TopicPartition::raw).collect();
        // SAFETY: raw and the texts it points to live during the call; the worker copies them.
        done(unsafe { call(self.0.token(), raw.as_ptr(), raw.len()) })
    }

    /// Asks the worker to put no more records of these partitions.
    ///
    /// # Errors
    /// If one of them is not assigned to the task.
    pub fn pause(&self, partitions: &[TopicPartition]) -> Result<()> {
        self.partitions(self.0.host()?.pause, partitions)
    }

    /// Takes a [`pause`](Self::pause) back.
    ///
    /// # Errors
    /// If one of them is not assigned to the task.
    pub fn resume(&self, partitions: &[TopicPartition]) -> Result<()> {
        self.partitions(self.0.host()?.resume, partitions)
    }

    /// Asks the worker to go on at these offsets.
    ///
    /// # Errors
    /// If one of the partitions is not assigned to the task.
    pub fn seek(&self, offsets: &[PartitionOffset]) -> Result<()> {
        let raw: Vec<_> = offsets.iter().map(PartitionOffset::raw).collect();
        // SAFETY: raw and the texts it points to live during the call; the worker copies them.
        done(unsafe { (self.0.host()?.seek)(self.0.token(), raw.as_ptr(), raw.len()) })
    }

    /// Asks the worker to commit soon.
    ///
    /// # Errors
    /// If the task is gone.
    pub fn request_commit(&self) -> Result<()> {
        // SAFETY: legal from any thread at any time.
        done(unsafe { (self.0.host()?.request_commit)(self.0.token()) })
    }

    /// After how long a put that failed with the kind `Retriable` is repeated.
    ///
    /// # Errors
    /// If the task is gone.
    pub fn set_timeout(&self, timeout: Duration) -> Result<()> {
        let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        // SAFETY: legal from any thread at any time.
        done(unsafe { (self.0.host()?.set_timeout)(self.0.token(), milliseconds) })
    }

    /// Reports a record that put has accepted already as one that cannot be handled. No offset passes it until the
    /// report is through.
    ///
    /// # Errors
    /// If its partition is not assigned to the task.
    pub fn report_bad(&self, record: &SinkRecord, message: &str) -> Result<Report> {
        let (topic, partition, offset) = record.original();
        let place = abi::CpTopicPartition { topic: abi::CpStr::new(topic), partition, reserved: 0 };
        let (text, mut ticket) = (abi::CpStr::new(message), 0);
        let host = self.0.host()?;
        // SAFETY: the texts live during the call and ticket is a place for the answer.
        done(unsafe { (host.report_bad)(self.0.token(), &raw const place, offset, text, &raw mut ticket) })?;
        Ok(Report { context: self.0.clone(), ticket })
    }
}

fn done(answer: i32) -> Result<()> {
    match answer {
        abi::READY => Ok(()),
        _ => Err(PluginError::failed("the worker refused: a partition is not assigned, or the task is gone")),
    }
}

/// A report of a bad record on its way.
#[derive(Debug)]
pub struct Report {
    context: Context,
    ticket: u64,
}

impl Report {
    fn look(&self) -> Result<bool> {
        // SAFETY: legal from any thread at any time.
        match unsafe { (self.context.host()?.report_done)(self.context.token(), self.ticket) } {
            abi::READY => Ok(true),
            abi::PENDING => Ok(false),
            _ => Err(PluginError::failed("a report of a bad record failed")),
        }
    }

    /// Whether it is through.
    ///
    /// # Errors
    /// If it failed: the record is not in the dead letter queue.
    pub fn is_done(&self) -> Result<bool> {
        self.look()
    }

    /// Waits until it is through. To be awaited directly in a function of the task: the worker's answer wakes the task
    /// itself.
    ///
    /// # Errors
    /// If it failed.
    pub async fn done(&self) -> Result<()> {
        poll_fn(|_| match self.look() {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }
}

impl Deref for SinkContext {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.0
    }
}
