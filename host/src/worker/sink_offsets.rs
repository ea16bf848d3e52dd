//! The offsets of a sink's consumer group, in the shape that requests have them.

use serde_json::{Map, Value as Json};

use crate::herder::{ApiError, OffsetEntry};
use crate::kafka::list::TopicPartition;
use crate::records::java_text;
use crate::records::value::Value;

const TOPIC: &str = "kafka_topic";
const PARTITION: &str = "kafka_partition";
const OFFSET: &str = "kafka_offset";

/// A partition and its new offset; none: forget it.
pub type SinkOffset = (TopicPartition, Option<i64>);

/// A committed offset as it is shown.
pub fn entry(at: &TopicPartition, offset: i64) -> OffsetEntry {
    let partition = [(TOPIC.to_owned(), Json::from(&*at.topic)), (PARTITION.to_owned(), at.partition.into())];
    let offset = [(OFFSET.to_owned(), offset.into())];
    OffsetEntry {
        partition: Some(partition.into_iter().collect()),
        offset: Some(offset.into_iter().collect()),
    }
}

/// The same change as the plugin gets it.
pub fn for_plugin((at, offset): &SinkOffset) -> (Value<'static>, Value<'static>) {
    let topic = Value::String(at.topic.to_string().into());
    let partition = vec![(Value::str(TOPIC), topic), (Value::str(PARTITION), Value::Int32(at.partition))];
    let offset = offset.map(|offset| Value::Map(vec![(Value::str(OFFSET), Value::Int64(offset))]));
    (Value::Map(partition), offset.unwrap_or(Value::Null))
}

/// Reads the entries of a request; of several for one partition the last counts.
///
/// # Errors
/// What is wrong with the first bad one, in Kafka's words.
pub fn parse(entries: &[OffsetEntry]) -> Result<Vec<SinkOffset>, ApiError> {
    let mut changes: Vec<SinkOffset> = Vec::with_capacity(entries.len());
    for entry in entries {
        let (at, offset) = parse_one(entry).map_err(ApiError::BadRequest)?;
        match changes.iter_mut().find(|(known, _)| *known == at) {
            Some(known) => known.1 = offset,
            None => changes.push((at, offset)),
        }
    }
    Ok(changes)
}

fn parse_one(entry: &OffsetEntry) -> Result<SinkOffset, String> {
    let fields = entry
        .partition
        .as_ref()
        .ok_or("The partition for a sink connector offset cannot be null or missing")?;
    let (Some(topic), Some(partition)) = (fields.get(TOPIC), fields.get(PARTITION)) else {
        return Err(format!(
            "The partition for a sink connector offset must contain the keys '{TOPIC}' and '{PARTITION}'"
        ));
    };
    if topic.is_null() {
        return Err("Kafka topic names must be valid strings and may not be null".to_owned());
    }
    if partition.is_null() {
        return Err("Kafka partitions must be valid numbers and may not be null".to_owned());
    }
    let partition = text(partition).parse().map_err(|_| unfit("Kafka partition", "Partition", partition))?;
    let at = TopicPartition::new(text(topic), partition);
    Ok((at, entry.offset.as_ref().map(offset).transpose()?))
}

fn offset(fields: &Map<String, Json>) -> Result<i64, String> {
    let Some(offset) = fields.get(OFFSET) else {
        return Err(format!(
            "The offset for a sink connector should either be null or contain the key '{OFFSET}'"
        ));
    };
    text(offset).parse().map_err(|_| unfit("Kafka offset", "Offset", offset))
}

/// The text that Java makes of a value: numbers may come as such or as text.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) if number.to_string().contains(['.', 'e', 'E']) => {
            let mut text = Vec::new();
            java_text::push_f64(&mut text, number.as_f64().unwrap_or(f64::NAN));
            String::from_utf8_lossy(&text).into_owned()
        }
        Json::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn unfit(what: &str, kind: &str, value: &Json) -> String {
    format!(
        "Failed to parse the following {what} value in the provided offsets: '{}'. {kind} values for sink connectors \
         need to be integers.",
        text(value)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(partition: &str, offset: &str) -> OffsetEntry {
        let fields = |text: &str| serde_json::from_str(text).unwrap();
        OffsetEntry { partition: fields(partition), offset: fields(offset) }
    }

    #[test]
    fn entries_are_read_as_numbers_or_text() {
        let entries = [
            request(r#"{"kafka_topic":"t","kafka_partition":3}"#, r#"{"kafka_offset":"12"}"#),
            request(r#"{"kafka_topic":"t","kafka_partition":"0"}"#, "null"),
        ];
        let parsed = parse(&entries).unwrap();
        assert_eq!(parsed, [(TopicPartition::new("t", 3), Some(12)), (TopicPartition::new("t", 0), None)]);
        let again = request(r#"{"kafka_topic":"t","kafka_partition":3}"#, r#"{"kafka_offset":7}"#);
        assert_eq!(parse(&[entries[0].clone(), again]).unwrap(), [(TopicPartition::new("t", 3), Some(7))]);
        assert!(for_plugin(&parsed[1]).1.is_null());
        let shown = entry(&parsed[0].0, 12);
        assert_eq!(parse(&[shown]).unwrap(), parsed[..1]);
    }

    #[test]
    fn faults_are_told_in_kafkas_words() {
        let good = r#"{"kafka_topic":"t","kafka_partition":0}"#;
        let table = [
            ("null", "null", "cannot be null or missing"),
            (r#"{"kafka_topic":"t"}"#, "null", "the keys 'kafka_topic' and 'kafka_partition'"),
            (r#"{"kafka_partition":0}"#, "null", "the keys 'kafka_topic' and 'kafka_partition'"),
            (r#"{"kafka_topic":null,"kafka_partition":0}"#, "null", "topic names must be valid strings"),
            (r#"{"kafka_topic":"t","kafka_partition":null}"#, "null", "partitions must be valid numbers"),
            (
                r#"{"kafka_topic":"t","kafka_partition":1.0}"#,
                "null",
                "Kafka partition value in the provided offsets: '1.0'",
            ),
            (good, "{}", "should either be null or contain the key 'kafka_offset'"),
            (good, r#"{"kafka_offset":1e2}"#, "Kafka offset value in the provided offsets: '100.0'"),
            (good, r#"{"kafka_offset":{"a":[true,"b"]}}"#, "offsets: '{a=[true, b]}'"),
            (
                good,
                r#"{"kafka_offset":null}"#,
                "'null'. Offset values for sink connectors need to be integers.",
            ),
            (good, r#"{"kafka_offset":1.5}"#, "'1.5'. Offset values"),
        ];
        for (partition, offset, part) in table {
            let error = parse(&[request(partition, offset)]).unwrap_err();
            assert!(matches!(&error, ApiError::BadRequest(text) if text.contains(part)), "{error} {part}");
        }
    }
}
