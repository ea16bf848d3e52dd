//! The sink: each record's value as a line at the end of a file, or on standard output.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::Path;

use connect_plugin::{
    Batch, Blocking, BlockingSinkTask, Config, ConfigDef, ConfigKey, Connector, ConnectorContext, Importance,
    OffsetChange, PartitionOffset, Result, ResultExt, Schema, SinkConnector, SinkContext, SinkRecord,
    ValueRef, warn,
};

use crate::render::render;
use crate::source::FILE;

/// A write takes whole lines of about so many bytes.
const WRITE_BYTES: usize = 1 << 20;

/// Writes records to the end of a file, or to standard output.
pub struct FileStreamSink;

impl Connector for FileStreamSink {
    fn config_def() -> ConfigDef {
        ConfigDef::new().key(
            ConfigKey::string(FILE)
                .default_null()
                .importance(Importance::High)
                .doc("Destination filename. If not specified, the standard output will be used"),
        )
    }

    fn create(_: ConnectorContext) -> Self {
        FileStreamSink
    }

    fn task_configs(&mut self, config: &Config, max_tasks: u32) -> Result<Vec<Config>> {
        Ok((0..max_tasks).map(|_| config.clone()).collect())
    }

    fn alter_offsets(&mut self, _: &Config, _: &[OffsetChange]) -> Result<bool> {
        Ok(true) // nothing is kept but the offsets of the consumer group
    }
}

impl SinkConnector for FileStreamSink {
    type Task = Blocking<FileSink>;
}

/// Appends lines. Every put hands whole lines to the operating system before it answers, so a killed worker loses
/// none; they are not forced onto the disk (no fsync), so a crash of the machine may.
pub struct FileSink {
    context: SinkContext,
    out: File,
    name: String,
    buffer: Vec<u8>,
    schemas: BTreeMap<u32, Option<Schema>>,
}

impl BlockingSinkTask for FileSink {
    fn start(context: SinkContext, config: Config) -> Result<Self> {
        let file = config.get(FILE).filter(|file| !file.is_empty());
        let out = match file {
            Some(path) => open(Path::new(path), &context).context(|| format!("cannot append to {path}"))?,
            None => File::from(
                io::stdout().as_fd().try_clone_to_owned().context(|| "cannot use standard output".into())?,
            ),
        };
        let name = file.unwrap_or("standard output").to_owned();
        Ok(FileSink { context, out, name, buffer: Vec::new(), schemas: BTreeMap::new() })
    }

    fn put(&mut self, batch: Batch<'_>) -> Result<()> {
        for record in &batch {
            match record.value() {
                ValueRef::String(line) => self.buffer.extend_from_slice(line.as_bytes()),
                value => self.render(record, value),
            }
            self.buffer.push(b'\n');
            if self.buffer.len() >= WRITE_BYTES {
                self.write()?;
            }
        }
        self.write()
    }

    fn flush(&mut self, _: &[PartitionOffset]) -> Result<()> {
        self.write()
    }
}

impl FileSink {
    fn render(&mut self, record: &SinkRecord, value: ValueRef<'_>) {
        let (id, context) = (record.value_schema(), &self.context);
        let schema = self.schemas.entry(id).or_insert_with(|| context.schema(id));
        render(value, schema.as_ref().and_then(Schema::parts), &mut self.buffer);
    }

    fn write(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.out.write_all(&self.buffer).context(|| format!("cannot write to {}", self.name))?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// Opens the file for appending. A last line without an end is what a killed worker may have left of a write: it is
/// ended, so that the next line, which repeats it, stays whole.
fn open(path: &Path, context: &SinkContext) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if file.metadata()?.is_file() && last_byte(path)?.is_some_and(|byte| byte != b'\n') {
        warn!(context, "the last line of {} has no end; ending it", path.display());
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn last_byte(path: &Path) -> io::Result<Option<u8>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(Some(byte[0]))
}
