//! Source tasks: from somewhere to Kafka.

use std::future::{Future, ready};
use std::ops::Deref;
use std::time::Duration;

use crate::batch::SourceBatch;
use crate::config::Config;
use crate::context::Context;
use crate::error::Result;
use crate::offsets;
use crate::record::{Ack, SourcePartition};
use crate::value::Fields;

/// A task that reads, in `async` functions; told in the order of its life. The functions never overlap, but run on
/// changing threads. They return or await promptly: code that blocks belongs into a
/// [`BlockingSourceTask`](crate::BlockingSourceTask).
///
/// A call that is still waiting when the worker stops the task is dropped where it waits, as by `select!`, and so is a
/// poll that waits while there is something for [`acks`](Self::acks) or [`commit`](Self::commit); poll is called again
/// thereafter, and what it had put into its batch stays. So whatever poll has taken from its source must be in the batch,
/// or in the task itself, before it waits.
pub trait SourceTask: Sized + Send + 'static {
    /// Whether [`acks`](Self::acks) is wanted. If not, the worker keeps nothing for each record.
    const WANTS_ACKS: bool = false;

    /// Whether [`commit`](Self::commit) is wanted.
    const WANTS_COMMIT: bool = false;

    #[doc(hidden)]
    const BLOCKING: bool = false;

    /// Starts the task: opens what it reads from, finds where to go on. Other functions come only if this succeeds.
    ///
    /// # Errors
    /// The task fails.
    fn start(context: SourceContext, config: Config) -> impl Future<Output = Result<Self>> + Send;

    /// Puts the next records into `batch`, which is empty; waits until there are some. Their order within a source
    /// partition is the order of their offsets.
    ///
    /// # Errors
    /// The task fails, or polls again later if the kind is `Retriable`; what is in the batch then is dropped.
    fn poll(&mut self, batch: &mut SourceBatch) -> impl Future<Output = Result<()>> + Send;

    /// What became of records, in the order of their acknowledgements; only with [`WANTS_ACKS`](Self::WANTS_ACKS).
    ///
    /// # Errors
    /// The task fails.
    fn acks(&mut self, acks: &[Ack]) -> impl Future<Output = Result<()>> + Send {
        let _ = acks;
        ready(Ok(()))
    }

    /// Offsets were stored; only with [`WANTS_COMMIT`](Self::WANTS_COMMIT).
    ///
    /// # Errors
    /// Logged by the worker.
    fn commit(&mut self) -> impl Future<Output = Result<()>> + Send {
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

/// What the worker offers a source task. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct SourceContext(pub(crate) Context);

impl SourceContext {
    /// Makes a source partition known to the worker: pairs of names and primitives. An equal one gives the same number.
    ///
    /// # Errors
    /// If the worker refuses it.
    pub fn register_partition(&self, partition: impl Into<Fields>) -> Result<SourcePartition> {
        offsets::register(&self.0, &partition.into())
    }

    /// The stored offsets of source partitions, in their order; `None` where there is none. To be awaited directly in
    /// a function of the task, not in a spawned one: the worker's answer wakes the task itself.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn read_offsets(&self, partitions: &[SourcePartition]) -> Result<Vec<Option<Fields>>> {
        offsets::read(&self.0, partitions).await
    }

    /// The stored offset of one source partition; see [`read_offsets`](Self::read_offsets).
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn read_offset(&self, partition: SourcePartition) -> Result<Option<Fields>> {
        Ok(self.read_offsets(&[partition]).await?.pop().flatten())
    }

    /// As [`read_offsets`](Self::read_offsets), for blocking tasks: blocks this thread.
    ///
    /// # Errors
    /// If they cannot be read, or not within `timeout`.
    pub fn read_offsets_blocking(
        &self,
        partitions: &[SourcePartition],
        timeout: Duration,
    ) -> Result<Vec<Option<Fields>>> {
        offsets::read_blocking(&self.0, partitions, timeout)
    }
}

impl Deref for SourceContext {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.0
    }
}
