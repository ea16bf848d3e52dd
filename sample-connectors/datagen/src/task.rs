//! A task: makes the records of its source partitions, in the order of their numbers.

use std::time::{Duration, Instant};

use connect_plugin::{
    Config, Offset, Pace, PluginError, Result, SchemaAndValue, SourceBatch, SourceContext, SourcePartition,
    SourceRecord, SourceTask, Text, info,
};

use crate::connector::{
    HEADERS, KEY_TYPE, RECORDS, SEED, SOURCE_PARTITIONS, TASK_PARTITIONS, THROUGHPUT, TOPIC,
};
use crate::lane::{Lane, NUMBER};
use crate::maker::Maker;

/// Most records of a poll.
const BATCH: usize = 500;

/// What the keys of records are.
#[derive(Clone, Copy, Debug)]
enum KeyType {
    None,
    Int64,
    String,
}

/// Makes the records of some source partitions.
pub struct DatagenTask {
    topic: Text,
    key: KeyType,
    headers: bool,
    /// The number that is no longer made.
    end: i64,
    pace: Pace,
    started: Instant,
    maker: Maker,
    lanes: Vec<(SourcePartition, Lane)>,
}

impl SourceTask for DatagenTask {
    async fn start(context: SourceContext, config: Config) -> Result<Self> {
        let seed: i64 = config.parse(SEED)?;
        let mut lanes = Vec::new();
        for lane in own_lanes(&config)? {
            lanes.push((context.register_partition(lane.fields(seed))?, lane));
        }
        let known: Vec<SourcePartition> = lanes.iter().map(|(partition, _)| *partition).collect();
        let stored = context.read_offsets(&known).await?;
        for ((_, lane), offset) in lanes.iter_mut().zip(&stored) {
            if let Some(offset) = offset {
                lane.resume(offset)?;
            }
        }
        let records: i64 = config.parse(RECORDS)?;
        let end = if records < 0 { i64::MAX } else { records };
        match lanes.iter().filter_map(|(_, lane)| lane.peek(end)).min() {
            Some(next) => info!(context, "makes records from number {next} on"),
            None => info!(context, "all records were made before"),
        }
        Ok(DatagenTask {
            topic: Text::copy_from(config.string(TOPIC)?),
            key: match config.string(KEY_TYPE)? {
                "none" => KeyType::None,
                "int64" => KeyType::Int64,
                _ => KeyType::String,
            },
            headers: config.boolean(HEADERS)?,
            end,
            pace: Pace::new(config.parse(THROUGHPUT)?),
            started: Instant::now(),
            maker: Maker::new(&context, seed)?,
            lanes,
        })
    }

    async fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
        if self.next().is_none() {
            // All is made. The worker drops this call when it stops the task.
            std::future::pending::<()>().await;
        }
        let count = loop {
            match self.pace.due(self.started.elapsed(), BATCH) {
                Ok(count) => break count,
                Err(wait) => tokio::time::sleep(wait.max(Duration::from_millis(1))).await,
            }
        };
        for _ in 0..count {
            let Some((at, number)) = self.next() else { break };
            let record = self.record(self.lanes[at].0, number);
            batch.push(record);
            self.lanes[at].1.advance();
        }
        Ok(())
    }
}

impl DatagenTask {
    /// The smallest number that is not yet made, and whose it is.
    fn next(&self) -> Option<(usize, i64)> {
        let open = self.lanes.iter().enumerate();
        open.filter_map(|(at, (_, lane))| Some((at, lane.peek(self.end)?))).min_by_key(|(_, number)| *number)
    }

    fn record(&self, partition: SourcePartition, number: i64) -> SourceRecord {
        let offset = Offset::at(NUMBER, number);
        let key: SchemaAndValue = match self.key {
            KeyType::None => SchemaAndValue::NULL,
            KeyType::Int64 => number.into(),
            KeyType::String => number.to_string().into(),
        };
        let record =
            SourceRecord::new(partition, offset, self.topic.clone(), self.maker.make(number)).key(key);
        if !self.headers {
            return record;
        }
        let parity = if number % 2 == 0 { "even" } else { "odd" };
        record.header("number", number).header("parity", parity)
    }
}

/// The source partitions of this task.
fn own_lanes(config: &Config) -> Result<Vec<Lane>> {
    let partitions: i32 = config.parse(SOURCE_PARTITIONS)?;
    let lane = |text: &str| {
        let partition = text.parse::<i32>().ok().filter(|partition| (0..partitions).contains(partition));
        let wrong =
            || PluginError::config(TASK_PARTITIONS, format!("{text} is none of {partitions} partitions"));
        Ok(Lane::new(partition.ok_or_else(wrong)?, partitions))
    };
    config.list(TASK_PARTITIONS).into_iter().map(lane).collect()
}
