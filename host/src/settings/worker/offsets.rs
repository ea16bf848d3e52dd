//! Where a standalone worker keeps the offsets of source connectors: a file as in Kafka, or a compacted
//! topic.

use std::path::PathBuf;

use crate::settings::definitions::value::{invalid, missing};
use crate::settings::definitions::{Parsed, Validation};
use crate::settings::{Problem, Props, with_prefix};

/// Where the offsets of source connectors are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OffsetStoreConfig {
    /// A file in the format of Kafka's standalone mode.
    File(PathBuf),
    /// A compacted topic in the format of Kafka's distributed mode, made if it is missing.
    Topic {
        /// Its name.
        name: String,
        /// Partitions with which it is made; -1 is the broker's default.
        partitions: i32,
        /// Replication factor with which it is made; -1 is the broker's default.
        replication_factor: i16,
        /// Other topic settings with which it is made, by the broker's names.
        settings: Props,
    },
}

const FILE: &str = "offset.storage.file.filename";
const TOPIC: &str = "offset.storage.topic";
const PARTITIONS: &str = "offset.storage.partitions";
const REPLICATION_FACTOR: &str = "offset.storage.replication.factor";
const CLEANUP: &str = "offset.storage.cleanup.policy";

/// Reads the `offset.storage.*` keys; none if neither file nor topic is given, which is a problem then.
pub(super) fn store(
    validation: &Validation,
    props: &Props,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<OffsetStoreConfig> {
    let text = |key: &str| validation.value(key).and_then(Parsed::as_str).filter(|text| !text.is_empty());
    let Some(name) = text(TOPIC) else {
        for key in
            props.keys().filter(|key| key.starts_with("offset.storage.") && *key != FILE && *key != TOPIC)
        {
            warnings.push(Problem::new(key.as_str(), format!("has no effect without {TOPIC}")));
        }
        let Some(file) = text(FILE) else {
            let remedy = format!("Give the name of a file, or that of a topic with {TOPIC}.");
            problems.push(Problem::new(FILE, format!("{} {remedy}", missing(FILE))));
            return None;
        };
        return Some(OffsetStoreConfig::File(PathBuf::from(file)));
    };
    if text(FILE).is_some() {
        warnings.push(Problem::new(FILE, format!("has no effect next to {TOPIC}")));
    }
    let mut count = |key: &str, what: &str| {
        let value = validation.value(key).and_then(Parsed::as_i64)?;
        if value < 1 && value != -1 {
            problems.push(Problem::new(key, invalid(key, &value.to_string(), what)));
        }
        Some(value)
    };
    let partitions =
        count(PARTITIONS, "Number of partitions must be positive, or -1 to use the broker's default");
    let replication_factor = count(
        REPLICATION_FACTOR,
        "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 \
         to use the broker's default",
    );
    let mut settings = with_prefix(props, "offset.storage.");
    for taken in ["topic", "partitions", "replication.factor", "file.filename"] {
        settings.remove(taken);
    }
    if settings.remove("cleanup.policy").is_some_and(|policy| policy.trim() != "compact") {
        warnings.push(Problem::new(CLEANUP, "has no effect: the topic of offsets must be compacted"));
    }
    Some(OffsetStoreConfig::Topic {
        name: name.to_owned(),
        partitions: i32::try_from(partitions?).ok()?,
        replication_factor: i16::try_from(replication_factor?).ok()?,
        settings,
    })
}
