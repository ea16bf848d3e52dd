//! The source connector: configs and offsets as Kafka's FileStreamSourceConnector has them.

use connect_plugin::{
    Config, ConfigDef, ConfigKey, Connector, ConnectorContext, ExactlyOnce, Importance, OffsetChange,
    PluginError, Result, SourceConnector, Value, info,
};

use crate::task::FileSource;

/// Config: the file.
pub const FILE: &str = "file";
/// Config: the topic.
pub const TOPIC: &str = "topic";
/// Config: most records of a poll.
pub const BATCH_SIZE: &str = "batch.size";
/// Of the source partition: the file.
pub const FILENAME: &str = "filename";
/// Of the source offset: bytes from the beginning of the file.
pub const POSITION: &str = "position";

/// Reads lines of a file, or of standard input.
pub struct FileStreamSource {
    context: ConnectorContext,
}

impl Connector for FileStreamSource {
    fn config_def() -> ConfigDef {
        ConfigDef::new()
            .key(
                ConfigKey::string(FILE)
                    .default_null()
                    .importance(Importance::High)
                    .doc("Source filename. If not specified, the standard input will be used"),
            )
            .key(
                ConfigKey::string(TOPIC)
                    .non_empty()
                    .importance(Importance::High)
                    .doc("The topic to publish data to"),
            )
            .key(ConfigKey::int(BATCH_SIZE).default(2000).importance(Importance::Low).doc(
                "The maximum number of records the source task can read from the file each time it is polled",
            ))
    }

    fn create(context: ConnectorContext) -> Self {
        FileStreamSource { context }
    }

    fn start(&mut self, config: &Config) -> Result<()> {
        let file = file_of(config).unwrap_or("standard input");
        info!(self.context, "starting file source connector reading from {file}");
        Ok(())
    }

    fn exactly_once_support(&mut self, config: &Config) -> Result<ExactlyOnce> {
        Ok(match file_of(config) {
            Some(_) => ExactlyOnce::Supported,
            None => ExactlyOnce::Unsupported, // nothing can be read again
        })
    }

    fn alter_offsets(&mut self, config: &Config, changes: &[OffsetChange]) -> Result<bool> {
        if file_of(config).is_none() {
            return Err(PluginError::failed(
                "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is \
                 used for input and offsets are not tracked.",
            ));
        }
        changes.iter().try_for_each(check)?;
        Ok(true)
    }
}

impl SourceConnector for FileStreamSource {
    type Task = FileSource;
}

fn file_of(config: &Config) -> Option<&str> {
    config.get(FILE).filter(|file| !file.is_empty())
}

/// Forgetting is allowed for anything, so that garbage can be cleaned up.
fn check(change: &OffsetChange) -> Result<()> {
    let Some(offset) = &change.offset else { return Ok(()) };
    let problem = match offset.get(POSITION) {
        None => "Offset objects should either be null or contain the key 'position'",
        Some(Value::Int8(_) | Value::Int16(_) | Value::Int32(_) | Value::Int64(_)) => {
            if offset.get(POSITION).and_then(Value::as_i64).is_some_and(|position| position < 0) {
                "The value for the 'position' key in the offset should be a non-negative value"
            } else if change.partition.get(FILENAME).is_none() {
                "Partition objects should contain the key 'filename'"
            } else {
                return Ok(());
            }
        }
        Some(_) => "The value for the 'position' key in the offset is expected to be a Long value",
    };
    Err(PluginError::failed(problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_plugin::Fields;

    #[test]
    fn changes_of_offsets_are_checked_as_by_kafka() {
        let file = || Fields::from([(FILENAME, "f")]);
        let change = |partition: Fields, offset: Option<Fields>| check(&OffsetChange { partition, offset });
        assert!(change(file(), Some(Fields::from([(POSITION, 5i64)]))).is_ok());
        assert!(change(file(), Some(Fields::from([(POSITION, 5i32)]))).is_ok());
        assert!(change(Fields::default(), None).is_ok());
        for (partition, offset, words) in [
            (file(), Fields::default(), "contain the key 'position'"),
            (file(), Fields::from([(POSITION, "5")]), "expected to be a Long"),
            (file(), Fields::from([(POSITION, -1i64)]), "non-negative"),
            (Fields::default(), Fields::from([(POSITION, 1i64)]), "contain the key 'filename'"),
        ] {
            let error = change(partition, Some(offset)).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
