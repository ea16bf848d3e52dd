//! Where a worker keeps the offsets of source connectors: a file as in Kafka's standalone mode, or a compacted
//! topic; and the keys that such topics have.

use std::fmt;
use std::path::PathBuf;

use super::Mode;
use crate::settings::definitions::value::{invalid, missing};
use crate::settings::definitions::{Parsed, Validation};
use crate::settings::{Problem, Props, with_prefix};

/// A compacted topic of the worker's own, made if it is missing.
#[derive(Clone, PartialEq, Eq)]
pub struct StorageTopic {
    /// Its name.
    pub name: String,
    /// Partitions with which it is made; -1 is the broker's default.
    pub partitions: i32,
    /// Replication factor with which it is made; -1 is the broker's default.
    pub replication_factor: i16,
    /// Other topic settings with which it is made, by the broker's names.
    pub settings: Props,
}

impl fmt::Debug for StorageTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageTopic").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where the offsets of source connectors are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OffsetStoreConfig {
    /// A file in the format of Kafka's standalone mode.
    File(PathBuf),
    /// A compacted topic in the format of Kafka's distributed mode.
    Topic(StorageTopic),
}

const FILE: &str = "offset.storage.file.filename";
const TOPIC: &str = "offset.storage.topic";

/// Reads the `offset.storage.*` keys; none if neither file nor topic is given, which is a problem then. A worker of a group
/// keeps them in a topic always; that it is missing the catalogue says.
pub(super) fn store(
    mode: Mode,
    validation: &Validation,
    props: &Props,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<OffsetStoreConfig> {
    let text = |key: &str| validation.value(key).and_then(Parsed::as_str).filter(|text| !text.is_empty());
    if text(TOPIC).is_some() || mode == Mode::Distributed {
        if text(FILE).is_some() {
            warnings.push(Problem::new(FILE, format!("has no effect next to {TOPIC}")));
        }
        let topic = storage_topic("offset.storage.", None, validation, props, problems, warnings);
        return topic.map(OffsetStoreConfig::Topic);
    }
    for key in props.keys().filter(|key| key.starts_with("offset.storage.") && *key != FILE && *key != TOPIC)
    {
        warnings.push(Problem::new(key.as_str(), format!("has no effect without {TOPIC}")));
    }
    let Some(file) = text(FILE) else {
        let remedy = format!("Give the name of a file, or that of a topic with {TOPIC}.");
        problems.push(Problem::new(FILE, format!("{} {remedy}", missing(FILE))));
        return None;
    };
    Some(OffsetStoreConfig::File(PathBuf::from(file)))
}

/// Reads the keys with this prefix, such as `offset.storage.`. `partitions`: how many it has, if nobody may choose.
pub(super) fn storage_topic(
    prefix: &str,
    partitions: Option<i32>,
    validation: &Validation,
    props: &Props,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<StorageTopic> {
    let value = |key: &str| validation.value(key);
    let name = value(&format!("{prefix}topic")).and_then(Parsed::as_str).filter(|text| !text.is_empty());
    let mut count = |key: &str, what: &str| {
        let key = format!("{prefix}{key}");
        let value = value(&key).and_then(Parsed::as_i64)?;
        if value < 1 && value != -1 {
            problems.push(Problem::new(&key, invalid(&key, &value.to_string(), what)));
        }
        Some(value)
    };
    let replication_factor = count(
        "replication.factor",
        "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 \
         to use the broker's default",
    );
    let mut settings = with_prefix(props, prefix);
    let partitions = match partitions {
        Some(fixed) => {
            if settings.contains_key("partitions") {
                let why = format!("has no effect: the topic has {fixed} partition always");
                warnings.push(Problem::new(format!("{prefix}partitions"), why));
            }
            Some(fixed)
        }
        None => {
            let what = "Number of partitions must be positive, or -1 to use the broker's default";
            count("partitions", what).and_then(|given| i32::try_from(given).ok())
        }
    };
    for taken in ["topic", "partitions", "replication.factor", "file.filename"] {
        settings.remove(taken);
    }
    if settings.remove("cleanup.policy").is_some_and(|policy| policy.trim() != "compact") {
        let of = match prefix.split('.').next() {
            Some("offset") => "offsets",
            Some("config") => "configs",
            _ => "statuses",
        };
        let why = format!("has no effect: the topic of {of} must be compacted");
        warnings.push(Problem::new(format!("{prefix}cleanup.policy"), why));
    }
    Some(StorageTopic {
        name: name?.to_owned(),
        partitions: partitions?,
        replication_factor: i16::try_from(replication_factor?).ok()?,
        settings,
    })
}
