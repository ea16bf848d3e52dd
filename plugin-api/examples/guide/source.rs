//! A source that ticks at some places, each with a count of its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connect_plugin::{
    Config, ConfigDef, ConfigKey, ConfigValue, Connector, ConnectorContext, Importance, Metric, Offset,
    Result, Schema, SchemaAndValue, SchemaParts, SourceBatch, SourceConnector, SourceContext,
    SourcePartition, SourceRecord, SourceTask, Text, Value, info,
};

/// Ticks.
pub struct Ticks;

impl Connector for Ticks {
    fn config_def() -> ConfigDef {
        ConfigDef::new()
            .key(
                ConfigKey::string("topic").non_empty().importance(Importance::High).doc("Where the ticks go"),
            )
            .key(ConfigKey::list("places").non_empty().importance(Importance::High).doc("Where it ticks"))
            .key(ConfigKey::int("interval.ms").default(1000).at_least(1).doc("Time between two ticks"))
    }

    fn create(_: ConnectorContext) -> Self {
        Ticks
    }

    fn validate(&mut self, config: &Config) -> Result<Vec<ConfigValue>> {
        let mut places = config.list("places");
        places.sort_unstable();
        let twice = places.windows(2).find(|pair| pair[0] == pair[1]);
        Ok(twice
            .map(|pair| ConfigValue::error("places", format!("{} is there twice", pair[0])))
            .into_iter()
            .collect())
    }

    fn task_configs(&mut self, config: &Config, max_tasks: u32) -> Result<Vec<Config>> {
        let places = config.list("places");
        let each = places.len().div_ceil(max_tasks as usize).max(1);
        let task = |own: &[&str]| {
            let mut task = config.clone();
            task.set("places", own.join(","));
            task
        };
        Ok(places.chunks(each).map(task).collect())
    }
}

impl SourceConnector for Ticks {
    type Task = TicksTask;
}

/// Ticks at the places of one task.
pub struct TicksTask {
    topic: Text,
    interval: Duration,
    schema: Schema,
    ticks: Metric,
    clocks: Vec<Clock>,
}

/// One place, as a source partition, and the tick that comes next.
struct Clock {
    place: Text,
    partition: SourcePartition,
    next: i64,
}

impl SourceTask for TicksTask {
    async fn start(context: SourceContext, config: Config) -> Result<Self> {
        let topic = Text::copy_from(config.string("topic")?);
        let interval = Duration::from_millis(config.parse("interval.ms")?);
        config.string("places")?; // names the key if it is missing
        let mut clocks = Vec::new();
        for place in config.list("places") {
            let place = Text::copy_from(place);
            let partition = context.register_partition([("place", place.clone())])?;
            let stored = context.read_offset(partition).await?;
            let next = stored.and_then(|offset| offset.get("tick")?.as_i64()).map_or(0, |last| last + 1);
            info!(context, "{place} goes on with tick {next}");
            clocks.push(Clock { place, partition, next });
        }
        let tick = SchemaParts::structure().name("com.example.Tick").field("place", Schema::STRING);
        let schema = context.register_schema(tick.field("tick", Schema::INT64))?;
        let ticks = context.counter("ticks", "Ticks made")?;
        Ok(TicksTask { topic, interval, schema, ticks, clocks })
    }

    async fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
        // Where a call waits, it may be dropped: nothing has been taken from anywhere yet.
        tokio::time::sleep(self.interval).await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
        for clock in &mut self.clocks {
            let fields = Value::Struct(vec![clock.place.clone().into(), clock.next.into()]);
            let value = SchemaAndValue::new(self.schema.clone(), fields);
            let offset = Offset::at("tick", clock.next);
            let record = SourceRecord::new(clock.partition, offset, self.topic.clone(), value);
            batch.push(record.key(clock.place.clone()).timestamp(now));
            clock.next += 1;
        }
        self.ticks.add(self.clocks.len() as f64);
        Ok(())
    }
}
