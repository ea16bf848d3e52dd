//! A plugin whose behaviour is chosen by its config.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use connect_plugin::*;

/// Polls of the mode "forever" that were dropped.
pub static DROPPED_CALLS: AtomicU32 = AtomicU32::new(0);
/// Polls of the mode "half" that were dropped.
pub static DROPPED_HALVES: AtomicU32 = AtomicU32::new(0);

pub struct Source;

impl Connector for Source {
    fn config_def() -> ConfigDef {
        ConfigDef::new()
            .key(ConfigKey::string("mode").default("count").doc("What to do"))
            .key(ConfigKey::string("needed").doc("Must be there"))
    }

    fn create(_: ConnectorContext) -> Self {
        Source
    }

    fn start(&mut self, config: &Config) -> Result<()> {
        assert!(config.get("mode") != Some("panic-connector"), "connector");
        Ok(())
    }

    fn exactly_once_support(&mut self, _: &Config) -> Result<ExactlyOnce> {
        Ok(ExactlyOnce::Supported)
    }
}

impl SourceConnector for Source {
    type Task = Task;
}

pub struct Task {
    context: SourceContext,
    mode: String,
    partition: SourcePartition,
    next: i64,
    acked: u64,
}

struct CountDrop;

impl Drop for CountDrop {
    fn drop(&mut self) {
        DROPPED_CALLS.fetch_add(1, Ordering::SeqCst);
    }
}

struct CountHalf;

impl Drop for CountHalf {
    fn drop(&mut self) {
        DROPPED_HALVES.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        assert!(self.mode != "panic-drop", "drop");
    }
}

impl SourceTask for Task {
    const WANTS_ACKS: bool = true;
    const WANTS_COMMIT: bool = true;

    async fn start(context: SourceContext, config: Config) -> Result<Self> {
        let mode = config.string("mode")?.to_owned();
        assert!(mode != "panic-start", "start");
        config.string("needed")?;
        let partition = context.register_partition([("p", 1i64)])?;
        let stored = context.read_offset(partition).await?;
        let next = stored.and_then(|offset| offset.get("n")?.as_i64()).map_or(0, |n| n + 1);
        Ok(Task { context, mode, partition, next, acked: 0 })
    }

    async fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
        match self.mode.as_str() {
            "panic-poll" => panic!("poll {}", self.next),
            "panic-late" => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                panic!("late")
            }
            "retriable" if self.next == 0 => {
                self.next = 1;
                return Err(PluginError::retriable("not yet"));
            }
            "forever" => {
                let _count = CountDrop;
                std::future::pending::<()>().await;
            }
            "half" => {
                // One record is there already when the poll begins to wait.
                batch.push(SourceRecord::new(self.partition, Offset::at("n", self.next), "t", self.next));
                self.next += 1;
                let _count = CountHalf;
                tokio::time::sleep(Duration::from_secs(600)).await;
            }
            "slow-acks" => tokio::time::sleep(Duration::from_millis(30)).await,
            "cancel" => {
                let sleep = tokio::time::sleep(Duration::from_secs(600));
                let slept = self.context.cancel_token().clone().or(sleep).await;
                assert!(slept.is_none());
                return Ok(());
            }
            "io" => {
                std::fs::read("/no/such/file").context(|| "cannot read the file".into())?;
            }
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
        for _ in 0..10 {
            let record = SourceRecord::new(self.partition, Offset::at("n", self.next), "t", self.next);
            batch.push(SourceRecord { cookie: self.next as u64, ..record });
            self.next += 1;
        }
        Ok(())
    }

    async fn acks(&mut self, acks: &[Ack]) -> Result<()> {
        assert!(self.mode != "panic-acks", "acks");
        if self.mode == "slow-acks" {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        tokio::task::yield_now().await;
        self.acked += acks.iter().filter(|ack| ack.written().is_some()).count() as u64;
        Ok(())
    }

    async fn commit(&mut self) -> Result<()> {
        assert!(self.mode != "panic-commit", "commit");
        info!(self.context, "acked {}", self.acked);
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        assert!(self.mode != "panic-stop", "stop");
        Ok(())
    }
}

pub struct Sink;

impl Connector for Sink {
    fn config_def() -> ConfigDef {
        ConfigDef::new().key(ConfigKey::string("mode").default("").doc("What to do"))
    }

    fn create(_: ConnectorContext) -> Self {
        Sink
    }
}

impl SinkConnector for Sink {
    type Task = Blocking<Writer>;
}

pub struct Writer {
    context: SinkContext,
    mode: String,
}

impl BlockingSinkTask for Writer {
    fn start(context: SinkContext, config: Config) -> Result<Self> {
        Ok(Writer { context, mode: config.string("mode")?.to_owned() })
    }

    fn open(&mut self, _: &[TopicPartition]) -> Result<()> {
        assert!(self.mode != "panic-open", "open");
        Ok(())
    }

    fn close(&mut self, _: &[TopicPartition]) -> Result<()> {
        assert!(self.mode != "panic-close", "close");
        Ok(())
    }

    fn put(&mut self, mut batch: Batch<'_>) -> Result<()> {
        assert!(self.mode != "panic-put", "put");
        for record in &batch {
            match record.value() {
                ValueRef::Null => batch.bad(record, "no value"),
                ValueRef::String("again") => batch.retry(record, "busy"),
                ValueRef::String("report") => drop(self.context.report_bad(record, "broken")?),
                ValueRef::String("pause") => {
                    let here = TopicPartition::new(Text::copy_from(record.topic()), record.partition());
                    self.context.pause(std::slice::from_ref(&here))?;
                    self.context.seek(&[PartitionOffset { partition: here, offset: 4 }])?;
                    self.context.set_timeout(Duration::from_secs(2))?;
                    self.context.request_commit()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn flush(&mut self, _: &[PartitionOffset]) -> Result<()> {
        assert!(self.mode != "panic-flush", "flush");
        Ok(())
    }
}

connect_plugin::export! {
    source Source as "test.Source" ["S", "Src"];
    sink Sink as "test.Sink";
}
