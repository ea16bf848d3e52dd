//! Records of the status topic: keys such as `status-task-NAME-N`, values as JSON.

use serde_json::{Map, Value as Node};

use super::json::{self, Bytes, Object, Skipped};
use crate::herder::{PartStatus, State, StatusRecord, TaskId, TopicUse};

const CONNECTOR: &str = "status-connector-";
const TASK: &str = "status-task-";
const TOPIC: &str = "status-topic-";
const SEPARATOR: &str = ":connector-";

const STATES: [State; 6] =
    [State::Unassigned, State::Running, State::Paused, State::Failed, State::Restarting, State::Stopped];

/// The key of a record.
pub fn key(record: &StatusRecord) -> Vec<u8> {
    let key = match record {
        StatusRecord::Connector { name, .. } => format!("{CONNECTOR}{name}"),
        StatusRecord::Task { id, .. } => format!("{TASK}{}-{}", id.connector, id.task),
        StatusRecord::Topic { topic, connector, .. } => format!("{TOPIC}{topic}{SEPARATOR}{connector}"),
    };
    key.into_bytes()
}

/// The key and the value of a record.
pub fn write(record: &StatusRecord) -> Bytes {
    let value = match record {
        StatusRecord::Connector { status, .. } | StatusRecord::Task { status, .. } => {
            status.as_ref().map(part)
        }
        StatusRecord::Topic { topic, connector, found } => {
            found.as_ref().map(|found| use_of(topic, connector, found))
        }
    };
    (key(record), value.map(Object::end))
}

fn part(status: &PartStatus) -> Object {
    Object::new()
        .text("state", status.state.name())
        .optional("trace", status.trace.as_deref())
        .text("worker_id", &status.worker_id)
        .plain("generation", status.generation)
        .optional("version", status.version.as_deref())
}

fn use_of(topic: &str, connector: &str, found: &TopicUse) -> Object {
    let inner = Object::new().text("name", topic).text("connector", connector);
    let inner = inner.plain("task", found.task).plain("discoverTimestamp", found.discovered);
    Object::new().object("topic", inner)
}

/// Reads a record. The state DESTROYED, which nobody writes, is a tombstone.
///
/// # Errors
/// Why the record says nothing, which is worth a line in the log and no more.
pub fn read(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<StatusRecord, Skipped> {
    let key = key.and_then(|key| std::str::from_utf8(key).ok()).ok_or(Skipped::Key)?;
    if let Some(name) = key.strip_prefix(CONNECTOR) {
        let status = value.map(read_part).transpose()?.flatten();
        return Ok(StatusRecord::Connector { name: name.to_owned(), status });
    }
    if let Some(rest) = key.strip_prefix(TASK) {
        let (connector, task) = json::task_of(rest).ok_or(Skipped::Key)?;
        let status = value.map(read_part).transpose()?.flatten();
        return Ok(StatusRecord::Task { id: TaskId { connector, task }, status });
    }
    let rest = key.strip_prefix(TOPIC).ok_or(Skipped::Key)?;
    let end = rest.find(':').ok_or(Skipped::Key)?;
    // What stands between the names is as long as it should be, and not looked at.
    let connector = rest.get(end + SEPARATOR.len()..).unwrap_or_default();
    let topic = rest.get(..end).unwrap_or_default();
    if topic.is_empty() || connector.is_empty() {
        return Err(Skipped::Key);
    }
    let found = value.map(read_use).transpose()?;
    Ok(StatusRecord::Topic { topic: topic.to_owned(), connector: connector.to_owned(), found })
}

fn fields(value: &[u8]) -> Result<Map<String, Node>, Skipped> {
    json::fields(json::tree(Some(value))?)
}

fn read_part(value: &[u8]) -> Result<Option<PartStatus>, Skipped> {
    let fields = fields(value)?;
    let optional = |key: &str| match fields.get(key) {
        None | Some(Node::Null) => Ok(None),
        Some(Node::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Skipped::Shape("texts as trace, worker_id and version")),
    };
    let name = json::text(&fields, "state");
    if name == Some("DESTROYED") {
        return Ok(None);
    }
    let state = STATES.into_iter().find(|state| Some(state.name()) == name);
    let generation = json::integer(&fields, "generation").and_then(|number| i32::try_from(number).ok());
    Ok(Some(PartStatus {
        state: state.ok_or(Skipped::Shape("a known state"))?,
        trace: optional("trace")?,
        worker_id: optional("worker_id")?.unwrap_or_default(),
        generation: generation.ok_or(Skipped::Shape("a whole number as generation"))?,
        version: optional("version")?,
    }))
}

fn read_use(value: &[u8]) -> Result<TopicUse, Skipped> {
    let mut fields = fields(value)?;
    let Some(Node::Object(inner)) = fields.remove("topic") else {
        return Err(Skipped::Shape("an object as topic"));
    };
    let numbers = json::count(&inner, "task").zip(json::integer(&inner, "discoverTimestamp"));
    let (task, discovered) = numbers.ok_or(Skipped::Shape("whole numbers as task and discoverTimestamp"))?;
    Ok(TopicUse { task, discovered })
}

#[cfg(test)]
mod tests;
