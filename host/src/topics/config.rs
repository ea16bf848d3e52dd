//! Records of the config topic: keys such as `connector-NAME`, values as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Node;

use super::json::{self, Bytes, Object, Skipped};
use crate::herder::{ConfigRecord, SessionKey, TargetState};

const TARGET: &str = "target-state-";
const CONNECTOR: &str = "connector-";
const TASK: &str = "task-";
const COMMIT: &str = "commit-";
const RESTART: &str = "restart-connector-";
const TASK_COUNT: &str = "tasks-fencing-";
const SESSION_KEY: &str = "session-key";
const LOGGER: &str = "logger-cluster-";

type Properties = std::collections::BTreeMap<String, String>;

/// The key and the value of a record. Properties stand in the order of their names; Kafka Connect has no order.
pub fn write(record: &ConfigRecord) -> Bytes {
    let object = Object::new();
    let (key, value) = match record {
        ConfigRecord::Connector { name, config } => {
            (format!("{CONNECTOR}{name}"), config.as_ref().map(properties))
        }
        ConfigRecord::Target { name, state } => (format!("{TARGET}{name}"), state.map(target)),
        ConfigRecord::TaskConfig { name, task, config } => {
            (format!("{TASK}{name}-{task}"), Some(properties(config)))
        }
        ConfigRecord::TaskCommit { name, tasks } => {
            (format!("{COMMIT}{name}"), Some(object.plain("tasks", tasks)))
        }
        ConfigRecord::TaskCount { name, tasks } => {
            (format!("{TASK_COUNT}{name}"), Some(object.plain("task-count", tasks)))
        }
        ConfigRecord::SessionKey(SessionKey { key, algorithm, created }) => {
            let object = object.text("key", &STANDARD.encode(key)).text("algorithm", algorithm);
            (SESSION_KEY.into(), Some(object.plain("creation-timestamp", created)))
        }
        ConfigRecord::Restart { name, include_tasks, only_failed } => {
            let object = object.plain("include-tasks", include_tasks).plain("only-failed", only_failed);
            (format!("{RESTART}{name}"), Some(object))
        }
        ConfigRecord::LoggerLevel { namespace, level } => {
            (format!("{LOGGER}{namespace}"), Some(object.text("level", level)))
        }
    };
    (key.into_bytes(), value.map(Object::end))
}

fn properties(config: &Properties) -> Object {
    let inner = config.iter().fold(Object::new(), |inner, (key, value)| inner.text(key, value));
    Object::new().object("properties", inner)
}

/// Workers before 3.5 know no `STOPPED`, and read `state` only.
fn target(state: TargetState) -> Object {
    let (old, name) = match state {
        TargetState::Started => ("STARTED", "STARTED"),
        TargetState::Paused => ("PAUSED", "PAUSED"),
        TargetState::Stopped => ("PAUSED", "STOPPED"),
    };
    Object::new().text("state", old).text("state.v2", name)
}

/// Reads a record. A property that is null is left out.
///
/// # Errors
/// Why the record says nothing, which is worth a line in the log and no more. After [`Skipped::NotJson`] alone the record does
/// not count as read.
pub fn read(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<ConfigRecord, Skipped> {
    let value = json::tree(value)?;
    let key = key.and_then(|key| std::str::from_utf8(key).ok()).ok_or(Skipped::Key)?;
    let rest = |prefix: &str| key.strip_prefix(prefix).map(str::to_owned);
    if let Some(name) = rest(TARGET) {
        return Ok(ConfigRecord::Target { name, state: value.map(read_target).transpose()? });
    }
    if let Some(name) = rest(CONNECTOR) {
        return Ok(ConfigRecord::Connector { name, config: value.map(read_properties).transpose()? });
    }
    if let Some(rest) = rest(TASK) {
        let (name, task) = json::task_of(&rest).ok_or(Skipped::Key)?;
        let config = read_properties(value.ok_or(Skipped::NoValue)?)?;
        return Ok(ConfigRecord::TaskConfig { name, task, config });
    }
    if let Some(name) = rest(COMMIT) {
        let tasks = json::count(&json::fields(value)?, "tasks");
        let tasks = tasks.ok_or(Skipped::Shape("a whole number as tasks"))?;
        return Ok(ConfigRecord::TaskCommit { name, tasks });
    }
    if let Some(name) = rest(RESTART) {
        let fields = json::fields(value)?;
        let flag = |key: &str| fields.get(key).and_then(Node::as_bool).unwrap_or(false);
        let (include_tasks, only_failed) = (flag("include-tasks"), flag("only-failed"));
        return Ok(ConfigRecord::Restart { name, include_tasks, only_failed });
    }
    if let Some(name) = rest(TASK_COUNT) {
        let tasks = json::count(&json::fields(value)?, "task-count");
        let tasks = tasks.ok_or(Skipped::Shape("a whole number as task-count"))?;
        return Ok(ConfigRecord::TaskCount { name, tasks });
    }
    if key == SESSION_KEY {
        return read_session_key(value).map(ConfigRecord::SessionKey);
    }
    if let Some(namespace) = rest(LOGGER) {
        let fields = json::fields(value)?;
        let level = json::text(&fields, "level").ok_or(Skipped::Shape("a text as level"))?.to_owned();
        return Ok(ConfigRecord::LoggerLevel { namespace, level });
    }
    Err(Skipped::Key)
}

fn read_properties(value: Node) -> Result<Properties, Skipped> {
    let mut fields = json::fields(Some(value))?;
    let Some(Node::Object(given)) = fields.remove("properties") else {
        return Err(Skipped::Shape("an object as properties"));
    };
    let mut config = Properties::new();
    for (key, value) in given {
        match value {
            Node::String(value) => {
                config.insert(key, value);
            }
            Node::Null => {}
            _ => return Err(Skipped::Shape("texts as properties")),
        }
    }
    Ok(config)
}

fn read_target(value: Node) -> Result<TargetState, Skipped> {
    let fields = json::fields(Some(value))?;
    let state = json::text(&fields, "state.v2").or_else(|| json::text(&fields, "state"));
    match state {
        Some("STARTED") => Ok(TargetState::Started),
        Some("PAUSED") => Ok(TargetState::Paused),
        Some("STOPPED") => Ok(TargetState::Stopped),
        _ => Err(Skipped::Shape("STARTED, PAUSED or STOPPED as state.v2 or state")),
    }
}

fn read_session_key(value: Option<Node>) -> Result<SessionKey, Skipped> {
    let fields = json::fields(value)?;
    let key = json::text(&fields, "key").and_then(|key| STANDARD.decode(key).ok());
    let key = key.ok_or(Skipped::Shape("base64 as key"))?;
    let algorithm = json::text(&fields, "algorithm").ok_or(Skipped::Shape("a text as algorithm"))?;
    let created = json::integer(&fields, "creation-timestamp");
    let created = created.ok_or(Skipped::Shape("a whole number as creation-timestamp"))?;
    Ok(SessionKey { key, algorithm: algorithm.to_owned(), created })
}

#[cfg(test)]
mod tests;
