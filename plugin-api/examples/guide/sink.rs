//! A sink that appends strings to a file, one a line, in functions that may block.

use std::fs::File;
use std::io::{ErrorKind, Write};

use connect_plugin::{
    Batch, Blocking, BlockingSinkTask, Config, ConfigDef, ConfigKey, Connector, ConnectorContext, Importance,
    PartitionOffset, PluginError, Result, ResultExt, SinkConnector, SinkContext,
};

/// Appends lines to a file.
pub struct Lines;

impl Connector for Lines {
    fn config_def() -> ConfigDef {
        let path = ConfigKey::string("path").non_empty().importance(Importance::High);
        ConfigDef::new().key(path.doc("The file to append to; tasks may share it"))
    }

    fn create(_: ConnectorContext) -> Self {
        Lines
    }

    fn task_configs(&mut self, config: &Config, max_tasks: u32) -> Result<Vec<Config>> {
        // Sinks share their partitions among as many tasks as there may be.
        Ok((0..max_tasks).map(|_| config.clone()).collect())
    }
}

impl SinkConnector for Lines {
    type Task = Blocking<LinesTask>;
}

/// Appends lines to a file.
pub struct LinesTask {
    file: File,
    lines: Vec<u8>,
}

impl BlockingSinkTask for LinesTask {
    fn start(_: SinkContext, config: Config) -> Result<Self> {
        let path = config.string("path")?;
        let file = File::options().create(true).append(true).open(path);
        Ok(LinesTask { file: file.context(|| format!("cannot open {path}"))?, lines: Vec::new() })
    }

    fn put(&mut self, mut batch: Batch<'_>) -> Result<()> {
        self.lines.clear();
        for record in batch.records() {
            match record.value().as_str() {
                Some(line) => writeln!(self.lines, "{line}")?,
                None => batch.bad(record, "not a string"),
            }
        }
        match self.file.write_all(&self.lines) {
            // The worker puts the whole batch again, after a pause.
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                Err(PluginError::retriable("the disk is full").caused_by(error))
            }
            written => Ok(written?),
        }
    }

    fn flush(&mut self, _: &[PartitionOffset]) -> Result<()> {
        Ok(self.file.sync_data()?)
    }
}
