//! The sink: checks the numbers of each source for gaps, repeats and order.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use connect_plugin::{
    Batch, Config, ConfigDef, ConfigKey, Connector, ConnectorContext, Importance, PartitionOffset,
    PluginError, Result, ResultExt, SinkConnector, SinkContext, SinkRecord, SinkTask, ValueRef, info, warn,
};

use crate::numbers::{Arrival, Numbers};
use crate::report::{self, REPORT_FILE};

const PUT_DELAY: &str = "put.delay.ms";
const FAIL_ON_GAP: &str = "fail.on.gap";

/// Checks numbered records.
pub struct VerifiableSink;

impl Connector for VerifiableSink {
    fn config_def() -> ConfigDef {
        ConfigDef::new()
            .key(ConfigKey::string(REPORT_FILE).default_null().importance(Importance::High).doc(
                "Where each task says in JSON what it has found, one line for each source; read again at its start",
            ))
            .key(
                ConfigKey::long(PUT_DELAY)
                    .default(0)
                    .at_least(0)
                    .importance(Importance::Low)
                    .doc("How long each put takes, in milliseconds"),
            )
            .key(
                ConfigKey::boolean(FAIL_ON_GAP)
                    .default(false)
                    .importance(Importance::Low)
                    .doc("Whether a gap fails the task"),
            )
    }

    fn create(_: ConnectorContext) -> Self {
        VerifiableSink
    }

    fn task_configs(&mut self, config: &Config, max_tasks: u32) -> Result<Vec<Config>> {
        Ok((0..max_tasks).map(|_| config.clone()).collect())
    }
}

impl SinkConnector for VerifiableSink {
    type Task = VerifiableSinkTask;
}

/// Checks the records of some partitions.
pub struct VerifiableSinkTask {
    context: SinkContext,
    delay: Duration,
    fail_on_gap: bool,
    report_file: Option<PathBuf>,
    sources: BTreeMap<String, Numbers>,
}

impl SinkTask for VerifiableSinkTask {
    async fn start(context: SinkContext, config: Config) -> Result<Self> {
        let report_file = report::path(&context, &config);
        let mut sources = BTreeMap::new();
        if let Some(path) = &report_file {
            let known: Vec<Numbers> =
                report::read(path).context(|| format!("cannot go on from {}", path.display()))?;
            sources.extend(known.into_iter().map(|numbers| (numbers.id.clone(), numbers)));
        }
        let delay = Duration::from_millis(config.parse(PUT_DELAY)?);
        Ok(VerifiableSinkTask {
            fail_on_gap: config.boolean(FAIL_ON_GAP)?,
            context,
            delay,
            report_file,
            sources,
        })
    }

    async fn put(&mut self, mut batch: Batch<'_>) -> Result<()> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        for record in batch.records() {
            let Some((id, number)) = numbered(record) else {
                batch.bad(record, "not a record of a verifiable source");
                continue;
            };
            self.take(&id, number, record)?;
        }
        Ok(())
    }

    async fn flush(&mut self, _: &[PartitionOffset]) -> Result<()> {
        self.write_report()
    }

    async fn stop(&mut self) -> Result<()> {
        self.write_report()
    }
}

impl VerifiableSinkTask {
    fn take(&mut self, id: &str, number: i64, record: &SinkRecord) -> Result<()> {
        let numbers = match self.sources.get_mut(id) {
            Some(numbers) => numbers,
            None => self.sources.entry(id.to_owned()).or_insert_with(|| Numbers::beginning(id, number)),
        };
        let last = numbers.last;
        if numbers.take(number) == Arrival::Gap {
            let words = format!("gap in source {id}: {number} came after {last}, in {record:?}");
            if self.fail_on_gap {
                return Err(PluginError::failed(words));
            }
            warn!(self.context, "{words}");
        }
        Ok(())
    }

    fn write_report(&self) -> Result<()> {
        for n in self.sources.values() {
            let (id, received, repeats) = (&n.id, n.received, n.repeats);
            let (gaps, late, last) = (n.gaps, n.out_of_order, n.last);
            info!(
                self.context,
                "source {id}: received {received} up to {last}, repeats {repeats}, gaps {gaps}, out of order {late}"
            );
        }
        let Some(path) = &self.report_file else { return Ok(()) };
        report::write(path, self.sources.values()).context(|| format!("cannot write {}", path.display()))
    }
}

/// Id and number of a record in one of the source's formats; numbers are not negative.
fn numbered(record: &SinkRecord) -> Option<(String, i64)> {
    let text = match record.value() {
        ValueRef::String(text) => Some(text),
        ValueRef::Bytes(bytes) => Some(std::str::from_utf8(bytes).ok()?),
        _ => None,
    };
    let (id, number) = match text.map(|text| text.split_once(':').ok_or(text)) {
        None => (id_of(record.key())?, record.value().as_i64()?),
        Some(Ok((id, rest))) => (id.to_owned(), rest.split(':').next()?.parse().ok()?),
        // A number that went through a converter for text.
        Some(Err(text)) => (id_of(record.key())?, text.parse().ok()?),
    };
    (number >= 0).then_some((id, number))
}

fn id_of(key: ValueRef<'_>) -> Option<String> {
    match key {
        ValueRef::String(id) => Some(id.to_owned()),
        ValueRef::Bytes(id) => Some(std::str::from_utf8(id).ok()?.to_owned()),
        key => key.as_i64().map(|id| id.to_string()),
    }
}
