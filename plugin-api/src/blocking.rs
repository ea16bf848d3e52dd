//! Tasks in plain functions that may block: each of their calls in progress holds a thread of the worker.

use std::future::{Future, ready};

use crate::batch::SourceBatch;
use crate::config::Config;
use crate::error::Result;
use crate::record::Ack;
use crate::sink::{Batch, PartitionOffset, SinkContext, SinkTask, TopicPartition};
use crate::source::{SourceContext, SourceTask};

/// Makes a task of a blocking one: `type Task = Blocking<MyTask>;`.
#[derive(Debug)]
pub struct Blocking<T>(T);

/// A source task in plain functions; as [`SourceTask`], where each is described.
#[allow(missing_docs, clippy::missing_errors_doc)] // one text would drift away from the other
pub trait BlockingSourceTask: Sized + Send + 'static {
    /// Whether [`acks`](Self::acks) is wanted.
    const WANTS_ACKS: bool = false;
    /// Whether [`commit`](Self::commit) is wanted.
    const WANTS_COMMIT: bool = false;

    fn start(context: SourceContext, config: Config) -> Result<Self>;

    /// May wait for records; returns soon once the context's cancel token is set. An empty batch is asked again at
    /// once.
    fn poll(&mut self, batch: &mut SourceBatch) -> Result<()>;

    fn acks(&mut self, acks: &[Ack]) -> Result<()> {
        let _ = acks;
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A sink task in plain functions; as [`SinkTask`], where each is described.
#[allow(missing_docs, clippy::missing_errors_doc)] // one text would drift away from the other
pub trait BlockingSinkTask: Sized + Send + 'static {
    fn start(context: SinkContext, config: Config) -> Result<Self>;

    fn open(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let _ = partitions;
        Ok(())
    }

    fn put(&mut self, batch: Batch<'_>) -> Result<()>;

    fn flush(&mut self, offsets: &[PartitionOffset]) -> Result<()> {
        let _ = offsets;
        Ok(())
    }

    fn pre_commit(&mut self, offsets: &[PartitionOffset]) -> Result<Vec<PartitionOffset>> {
        self.flush(offsets)?;
        Ok(offsets.to_vec())
    }

    fn close(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let _ = partitions;
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

// Each call runs in the first poll of its future, on the thread that the worker gives it, and never waits.
impl<T: BlockingSourceTask> SourceTask for Blocking<T> {
    const WANTS_ACKS: bool = T::WANTS_ACKS;
    const WANTS_COMMIT: bool = T::WANTS_COMMIT;
    const BLOCKING: bool = true;

    async fn start(context: SourceContext, config: Config) -> Result<Self> {
        T::start(context, config).map(Blocking)
    }

    fn poll(&mut self, batch: &mut SourceBatch) -> impl Future<Output = Result<()>> + Send {
        ready(self.0.poll(batch))
    }

    fn acks(&mut self, acks: &[Ack]) -> impl Future<Output = Result<()>> + Send {
        ready(self.0.acks(acks))
    }

    async fn commit(&mut self) -> Result<()> {
        self.0.commit()
    }

    async fn stop(&mut self) -> Result<()> {
        self.0.stop()
    }
}

impl<T: BlockingSinkTask> SinkTask for Blocking<T> {
    const BLOCKING: bool = true;

    async fn start(context: SinkContext, config: Config) -> Result<Self> {
        T::start(context, config).map(Blocking)
    }

    fn open(&mut self, partitions: &[TopicPartition]) -> impl Future<Output = Result<()>> + Send {
        ready(self.0.open(partitions))
    }

    fn put(&mut self, batch: Batch<'_>) -> impl Future<Output = Result<()>> + Send {
        ready(self.0.put(batch))
    }

    fn flush(&mut self, offsets: &[PartitionOffset]) -> impl Future<Output = Result<()>> + Send {
        ready(self.0.flush(offsets))
    }

    fn pre_commit(
        &mut self,
        offsets: &[PartitionOffset],
    ) -> impl Future<Output = Result<Vec<PartitionOffset>>> + Send {
        ready(self.0.pre_commit(offsets))
    }

    fn close(&mut self, partitions: &[TopicPartition]) -> impl Future<Output = Result<()>> + Send {
        ready(self.0.close(partitions))
    }

    async fn stop(&mut self) -> Result<()> {
        self.0.stop()
    }
}
