//! The sink tasks: one that panics, async and blocking, and one that writes down the size of each put.

use std::fs::File;
use std::io::Write;

use connect_plugin::{
    Batch, BlockingSinkTask, Config, ConfigDef, ConfigKey, Connector, ConnectorContext, PartitionOffset,
    Result, ResultExt, SinkConnector, SinkContext, SinkTask, TopicPartition,
};

use crate::Trap;

/// Panics in the call that its config names.
pub struct PanicsSinkTask {
    trap: Trap,
}

impl PanicsSinkTask {
    fn new(config: &Config) -> Self {
        let trap = Trap::of(config);
        trap.check("start");
        PanicsSinkTask { trap }
    }
}

impl Drop for PanicsSinkTask {
    fn drop(&mut self) {
        self.trap.check("drop");
    }
}

impl SinkTask for PanicsSinkTask {
    async fn start(_: SinkContext, config: Config) -> Result<Self> {
        Ok(PanicsSinkTask::new(&config))
    }

    async fn open(&mut self, _: &[TopicPartition]) -> Result<()> {
        self.trap.check("open");
        Ok(())
    }

    async fn put(&mut self, _: Batch<'_>) -> Result<()> {
        tokio::task::yield_now().await;
        self.trap.check("put");
        Ok(())
    }

    async fn flush(&mut self, _: &[PartitionOffset]) -> Result<()> {
        self.trap.check("flush");
        Ok(())
    }

    async fn close(&mut self, _: &[TopicPartition]) -> Result<()> {
        self.trap.check("close");
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        self.trap.check("stop");
        Ok(())
    }
}

impl BlockingSinkTask for PanicsSinkTask {
    fn start(_: SinkContext, config: Config) -> Result<Self> {
        Ok(PanicsSinkTask::new(&config))
    }

    fn open(&mut self, _: &[TopicPartition]) -> Result<()> {
        self.trap.check("open");
        Ok(())
    }

    fn put(&mut self, _: Batch<'_>) -> Result<()> {
        self.trap.check("put");
        Ok(())
    }

    fn flush(&mut self, _: &[PartitionOffset]) -> Result<()> {
        self.trap.check("flush");
        Ok(())
    }

    fn close(&mut self, _: &[TopicPartition]) -> Result<()> {
        self.trap.check("close");
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        self.trap.check("stop");
        Ok(())
    }
}

/// Writes the number of records of each put into the file `report`, one a line.
pub struct Sizes;

impl Connector for Sizes {
    fn config_def() -> ConfigDef {
        ConfigDef::new().key(ConfigKey::string("report").doc("Where the sizes go"))
    }

    fn create(_: ConnectorContext) -> Self {
        Sizes
    }
}

impl SinkConnector for Sizes {
    type Task = SizesTask;
}

/// See [`Sizes`].
pub struct SizesTask(File);

impl SinkTask for SizesTask {
    async fn start(_: SinkContext, config: Config) -> Result<Self> {
        let path = config.string("report")?;
        let file = File::options().create(true).append(true).open(path);
        Ok(SizesTask(file.context(|| format!("cannot append to {path}"))?))
    }

    async fn put(&mut self, batch: Batch<'_>) -> Result<()> {
        writeln!(self.0, "{}", batch.records().len()).context(|| "cannot write".into())
    }
}
