//! The source: each task numbers its records from 0 on, at a limited rate.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use connect_plugin::{
    Ack, Config, ConfigDef, ConfigKey, Connector, ConnectorContext, ExactlyOnce, Importance, Offset, Pace,
    PluginError, Result, ResultExt, SourceBatch, SourceConnector, SourceContext, SourcePartition,
    SourceRecord, SourceTask, Text, Validator, info,
};
use serde::Serialize;

use crate::report::{self, REPORT_FILE};

const TOPIC: &str = "topic";
const THROUGHPUT: &str = "throughput";
const FORMAT: &str = "format";
const PAYLOAD_BYTES: &str = "payload.bytes";
/// Of a task's config: its number.
const ID: &str = "id";
/// Of the source offset: the number of the record.
const SEQNO: &str = "seqno";
/// Most records of a poll.
const BATCH: usize = 1000;

/// Makes numbered records.
pub struct VerifiableSource;

impl Connector for VerifiableSource {
    fn config_def() -> ConfigDef {
        ConfigDef::new()
            .key(
                ConfigKey::string(TOPIC)
                    .non_empty()
                    .importance(Importance::High)
                    .doc("The topic to publish data to"),
            )
            .key(
                ConfigKey::long(THROUGHPUT)
                    .default(-1)
                    .validator(Validator::Range { min: Some(-1.0), max: None })
                    .importance(Importance::High)
                    .doc("Records a second of each task; -1 for no limit"),
            )
            .key(
                ConfigKey::string(FORMAT)
                    .default("string")
                    .validator(Validator::OneOf(vec!["string".into(), "number".into()]))
                    .recommended(["string", "number"])
                    .doc("string: key \"<id>\", value \"<id>:<seqno>\"; number: key INT32 id, value INT64 seqno"),
            )
            .key(
                ConfigKey::int(PAYLOAD_BYTES)
                    .default(0)
                    .at_least(0)
                    .importance(Importance::Low)
                    .doc("Bytes to which the value is filled up; for the format string"),
            )
            .key(
                ConfigKey::string(REPORT_FILE)
                    .default_null()
                    .importance(Importance::Low)
                    .doc("Where each task says in JSON how many records it has sent and how many of them arrived"),
            )
            .key(ConfigKey::int(ID).default(0).internal().doc("The task's number; set by the connector"))
    }

    fn create(_: ConnectorContext) -> Self {
        VerifiableSource
    }

    fn task_configs(&mut self, config: &Config, max_tasks: u32) -> Result<Vec<Config>> {
        let with_id = |id: u32| {
            let mut config = config.clone();
            config.set(ID, id.to_string());
            config
        };
        Ok((0..max_tasks).map(with_id).collect())
    }

    fn exactly_once_support(&mut self, _: &Config) -> Result<ExactlyOnce> {
        Ok(ExactlyOnce::Supported)
    }
}

impl SourceConnector for VerifiableSource {
    type Task = VerifiableSourceTask;
}

/// What became of the records of one task.
#[derive(Debug, Default, Serialize)]
struct Report {
    id: i32,
    /// Records handed out since the start.
    sent: u64,
    /// Records that Kafka has acknowledged since the start.
    acked: u64,
    /// Records that the worker has dropped since the start.
    dropped: u64,
    /// The largest number that Kafka has acknowledged; -1 if none.
    last_acked: i64,
}

/// Makes the records of one id.
pub struct VerifiableSourceTask {
    context: SourceContext,
    topic: Text,
    partition: SourcePartition,
    numbers: bool,
    payload_bytes: usize,
    pace: Pace,
    started: Instant,
    next: i64,
    report: Report,
    report_file: Option<PathBuf>,
}

impl SourceTask for VerifiableSourceTask {
    const WANTS_ACKS: bool = true;
    const WANTS_COMMIT: bool = true;

    async fn start(context: SourceContext, config: Config) -> Result<Self> {
        let id = config.parse::<i32>(ID)?;
        let topic = Text::copy_from(config.string(TOPIC)?);
        let numbers = config.string(FORMAT)? == "number";
        let payload_bytes = config.parse::<u32>(PAYLOAD_BYTES)? as usize;
        let pace = Pace::new(config.parse(THROUGHPUT)?);
        let partition = context.register_partition([(ID, id)])?;
        let next = match context.read_offset(partition).await? {
            None => 0,
            Some(offset) => {
                let last = offset.get(SEQNO).and_then(|seqno| seqno.as_i64());
                last.ok_or_else(|| PluginError::failed("the stored offset has no number seqno"))? + 1
            }
        };
        info!(context, "task {id} goes on with number {next}");
        Ok(VerifiableSourceTask {
            report_file: report::path(&context, &config),
            report: Report { id, last_acked: -1, ..Report::default() },
            started: Instant::now(),
            context,
            topic,
            partition,
            numbers,
            payload_bytes,
            pace,
            next,
        })
    }

    async fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
        let count = loop {
            match self.pace.due(self.started.elapsed(), BATCH) {
                Ok(count) => break count,
                Err(wait) => tokio::time::sleep(wait.max(Duration::from_millis(1))).await,
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64);
        batch.extend((self.next..self.next + count as i64).map(|seqno| self.record(seqno).timestamp(now)));
        self.next += count as i64;
        self.report.sent += count as u64;
        Ok(())
    }

    async fn acks(&mut self, acks: &[Ack]) -> Result<()> {
        for ack in acks {
            match ack.written() {
                Some(_) => {
                    self.report.acked += 1;
                    self.report.last_acked = self.report.last_acked.max(ack.cookie() as i64);
                }
                None => self.report.dropped += 1,
            }
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<()> {
        self.write_report()
    }

    async fn stop(&mut self) -> Result<()> {
        self.write_report()
    }
}

impl VerifiableSourceTask {
    fn record(&self, seqno: i64) -> SourceRecord {
        let (id, offset) = (self.report.id, Offset::at(SEQNO, seqno));
        let record = if self.numbers {
            SourceRecord::new(self.partition, offset, self.topic.clone(), seqno).key(id)
        } else {
            let mut text = format!("{id}:{seqno}");
            if text.len() < self.payload_bytes {
                text.push(':');
                let fill = self.payload_bytes - text.len();
                text.extend(std::iter::repeat_n('x', fill));
            }
            SourceRecord::new(self.partition, offset, self.topic.clone(), text).key(id.to_string())
        };
        SourceRecord { cookie: seqno as u64, ..record }
    }

    fn write_report(&self) -> Result<()> {
        let Report { id, sent, acked, dropped, last_acked } = &self.report;
        info!(
            self.context,
            "task {id}: sent {sent}, acknowledged {acked} up to {last_acked}, dropped {dropped}"
        );
        let Some(path) = &self.report_file else { return Ok(()) };
        report::write(path, [&self.report]).context(|| format!("cannot write {}", path.display()))
    }
}
