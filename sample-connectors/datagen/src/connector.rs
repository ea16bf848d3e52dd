//! The connector: its config, and which task makes what.

use connect_plugin::{
    Config, ConfigDef, ConfigKey, Connector, ConnectorContext, ExactlyOnce, Importance, OffsetChange, Result,
    SourceConnector, Validator,
};

use crate::lane::Lane;
use crate::task::DatagenTask;

pub const TOPIC: &str = "topic";
pub const SEED: &str = "seed";
pub const RECORDS: &str = "records";
pub const THROUGHPUT: &str = "throughput";
pub const KEY_TYPE: &str = "key.type";
pub const HEADERS: &str = "headers";
pub const SOURCE_PARTITIONS: &str = "source.partitions";
/// Of a task's config: the source partitions that are its own.
pub const TASK_PARTITIONS: &str = "task.partitions";

const KEY_TYPES: [&str; 3] = ["string", "int64", "none"];

/// Makes records from a seed.
#[derive(Debug)]
pub struct Datagen;

impl Connector for Datagen {
    fn config_def() -> ConfigDef {
        let range = |min, max| Validator::Range { min: Some(min), max };
        ConfigDef::new()
            .key(ConfigKey::string(TOPIC).non_empty().importance(Importance::High).doc("The topic to write to"))
            .key(
                ConfigKey::long(SEED)
                    .default(0)
                    .doc("What all records follow from: the same seed gives the same records"),
            )
            .key(
                ConfigKey::long(RECORDS)
                    .default(-1)
                    .validator(range(-1.0, None))
                    .importance(Importance::High)
                    .doc("How many records all tasks make together; -1 for no end"),
            )
            .key(
                ConfigKey::long(THROUGHPUT)
                    .default(-1)
                    .validator(range(-1.0, None))
                    .importance(Importance::High)
                    .doc("Records a second of each task; -1 for no limit"),
            )
            .key(
                ConfigKey::string(KEY_TYPE)
                    .default(KEY_TYPES[0])
                    .validator(Validator::OneOf(KEY_TYPES.map(str::to_owned).into()))
                    .recommended(KEY_TYPES)
                    .doc("Type of the records' keys, which hold the record's number; none for records without keys"),
            )
            .key(
                ConfigKey::boolean(HEADERS)
                    .default(false)
                    .importance(Importance::Low)
                    .doc("Whether records have two headers: number, an int64, and parity, a string"),
            )
            .key(
                ConfigKey::int(SOURCE_PARTITIONS)
                    .default(8)
                    .validator(range(1.0, Some(1000.0)))
                    .importance(Importance::Low)
                    .doc(
                        "How many source partitions the records are dealt out to in turn, and so how many tasks there \
                         can be. With another number, as with another seed, the connector begins anew",
                    ),
            )
            .key(ConfigKey::list(TASK_PARTITIONS).default("0").internal().doc(
                "The source partitions of a task; set by the connector",
            ))
    }

    fn create(_: ConnectorContext) -> Self {
        Datagen
    }

    fn task_configs(&mut self, config: &Config, max_tasks: u32) -> Result<Vec<Config>> {
        let partitions: u32 = config.parse(SOURCE_PARTITIONS)?;
        let tasks = max_tasks.min(partitions);
        let of_task = |task: u32| {
            let own: Vec<String> =
                (task..partitions).step_by(tasks as usize).map(|p| p.to_string()).collect();
            let mut config = config.clone();
            config.set(TASK_PARTITIONS, own.join(","));
            config
        };
        Ok((0..tasks).map(of_task).collect())
    }

    fn exactly_once_support(&mut self, _: &Config) -> Result<ExactlyOnce> {
        Ok(ExactlyOnce::Supported)
    }

    fn alter_offsets(&mut self, _: &Config, changes: &[OffsetChange]) -> Result<bool> {
        for change in changes {
            let mut lane = Lane::named(&change.partition)?;
            if let Some(offset) = &change.offset {
                lane.resume(offset)?;
            }
        }
        Ok(false)
    }
}

impl SourceConnector for Datagen {
    type Task = DatagenTask;
}
