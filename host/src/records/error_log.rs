//! What the log tells of a record that could not be processed, in Kafka Connect's words: `errors.log.*`.

use std::fmt;

use super::convert::registry::{Role, resolve};
use super::java_text;
use super::pipeline::sink::TimestampType;
use super::stage::Stage;
use super::value::Value;

/// Classes that Kafka Connect names for the stages that are not a converter's.
const PUT: &str = "org.apache.kafka.connect.sink.SinkTask";
const PRODUCE: &str = "org.apache.kafka.connect.runtime.WorkerSourceTask";

/// Where a record comes from: all that is told of it. Keys, values and headers are not, since they may be secret.
#[derive(Debug, Clone, PartialEq)]
pub enum Original<'a> {
    /// A sink's, as it was read from Kafka.
    Consumed {
        /// The topic.
        topic: &'a str,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
        /// Milliseconds since the epoch and what they mean; none: the record has no timestamp, or it is not at hand.
        timestamp: Option<(i64, TimestampType)>,
    },
    /// A source's, as its task gave it.
    Polled {
        /// The source partition.
        partition: &'a Value<'a>,
        /// The source offset.
        offset: &'a Value<'a>,
        /// Where it was to be written; none: that is not at hand.
        target: Option<Target<'a>>,
    },
}

/// Where a source's record was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition, if the task chose one.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch, if the task said so.
    pub timestamp: Option<i64>,
}

/// A value as Java's `toString()` shows it.
fn java(value: &Value<'_>) -> String {
    let mut text = Vec::new();
    match java_text::push_value(&mut text, None, value) {
        Ok(()) => java_text::from_utf8(&text).into_owned(),
        Err(_) => "not shown".to_owned(),
    }
}

fn or_null(number: Option<impl fmt::Display>) -> String {
    number.map_or_else(|| "null".to_owned(), |number| number.to_string())
}

impl fmt::Display for Original<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Original::Consumed { topic, partition, offset, timestamp } => {
                write!(
                    f,
                    ", where consumed record is {{topic='{topic}', partition={partition}, offset={offset}"
                )?;
                let (timestamp, kind) = timestamp.unwrap_or_default();
                match kind {
                    TimestampType::None => {}
                    TimestampType::Create => write!(f, ", timestamp={timestamp}, timestampType=CreateTime")?,
                    TimestampType::LogAppend => {
                        write!(f, ", timestamp={timestamp}, timestampType=LogAppendTime")?;
                    }
                }
                f.write_str("}")
            }
            Original::Polled { partition, offset, target } => {
                let (partition, offset) = (java(partition), java(offset));
                write!(
                    f,
                    ", where source record is = SourceRecord{{sourcePartition={partition}, sourceOffset={offset}}}"
                )?;
                let Some(Target { topic, partition, timestamp }) = target else { return Ok(()) };
                let (partition, timestamp) = (or_null(*partition), or_null(*timestamp));
                write!(
                    f,
                    " ConnectRecord{{topic='{topic}', kafkaPartition={partition}, timestamp={timestamp}}}"
                )
            }
        }
    }
}

/// The lines of one task.
#[derive(Debug, Clone)]
pub struct ErrorLog {
    task: String,
    key: String,
    value: String,
    header: String,
    coordinates: bool,
}

impl ErrorLog {
    /// Lines of the task `task` (such as `name-0`), whose converters `converter` names by class or alias, with the
    /// coordinates of records if these are wanted.
    pub fn new(task: String, converter: impl Fn(Role) -> String, coordinates: bool) -> Self {
        let class = |role| {
            let named = converter(role);
            resolve(&named).map_or(named, str::to_owned)
        };
        let (key, value, header) = (class(Role::Key), class(Role::Value), class(Role::Header));
        ErrorLog { task, key, value, header, coordinates }
    }

    /// The line about one record. `original` ([`Original`] as text) is asked only if it is to be told.
    pub fn line(&self, stage: Stage, original: impl FnOnce() -> String, why: &str) -> String {
        let class = match stage {
            Stage::KeyConverter => &self.key,
            Stage::ValueConverter => &self.value,
            Stage::HeaderConverter => &self.header,
            Stage::TaskPut => PUT,
            Stage::KafkaProduce => PRODUCE,
        };
        let original = if self.coordinates { original() } else { String::new() };
        let task = &self.task;
        format!(
            "Error encountered in task {task}. Executing stage '{stage}' with class '{class}'{original}. {why}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(coordinates: bool) -> ErrorLog {
        let class = |role| match role {
            Role::Key => "String".to_owned(),
            Role::Value => "org.apache.kafka.connect.json.JsonConverter".to_owned(),
            Role::Header => "a.Strange".to_owned(),
        };
        ErrorLog::new("lines-0".to_owned(), class, coordinates)
    }

    #[test]
    fn stages_are_told_with_their_classes() {
        let table = [
            (Stage::KeyConverter, "org.apache.kafka.connect.storage.StringConverter"),
            (Stage::ValueConverter, "org.apache.kafka.connect.json.JsonConverter"),
            (Stage::HeaderConverter, "a.Strange"),
            (Stage::TaskPut, PUT),
            (Stage::KafkaProduce, PRODUCE),
        ];
        for (stage, class) in table {
            let line = log(false).line(stage, || panic!("it is not wanted"), "why");
            let told = format!("Executing stage '{}' with class '{class}'. why", stage.name());
            assert_eq!(line, format!("Error encountered in task lines-0. {told}"));
        }
    }

    #[test]
    fn a_consumed_record_is_told_by_its_coordinates() {
        let line = |timestamp| {
            let original = Original::Consumed { topic: "t", partition: 1, offset: 42, timestamp };
            log(true).line(Stage::ValueConverter, || original.to_string(), "why")
        };
        let begin = "Error encountered in task lines-0. Executing stage 'VALUE_CONVERTER' with class \
                     'org.apache.kafka.connect.json.JsonConverter', where consumed record is {topic='t', partition=1, \
                     offset=42";
        let table = [
            (None, "}. why"),
            (Some((5, TimestampType::None)), "}. why"),
            (Some((5, TimestampType::Create)), ", timestamp=5, timestampType=CreateTime}. why"),
            (Some((5, TimestampType::LogAppend)), ", timestamp=5, timestampType=LogAppendTime}. why"),
        ];
        for (timestamp, end) in table {
            assert_eq!(line(timestamp), format!("{begin}{end}"));
        }
    }

    #[test]
    fn a_polled_record_is_told_by_where_it_is_from_and_goes_to() {
        let map = |key, value| Value::Map(vec![(Value::str(key), value)]);
        let (partition, offset) = (map("file", Value::str("in")), map("position", Value::Int64(7)));
        let line = |target| {
            let original = Original::Polled { partition: &partition, offset: &offset, target };
            log(true).line(Stage::KafkaProduce, || original.to_string(), "why")
        };
        let from = "SourceRecord{sourcePartition={file=in}, sourceOffset={position=7}}";
        assert!(line(None).ends_with(&format!("', where source record is = {from}. why")), "{}", line(None));
        let target = Target { topic: "t", partition: None, timestamp: Some(3) };
        let told = format!("{from} ConnectRecord{{topic='t', kafkaPartition=null, timestamp=3}}. why");
        assert!(line(Some(target)).ends_with(&told), "{}", line(Some(target)));
    }
}
