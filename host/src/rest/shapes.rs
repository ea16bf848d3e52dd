//! The shapes of all bodies that answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{About, LoggerLevel};
use crate::herder::{
    ConnectorHealth, ConnectorInfo, ConnectorStatus, Expansion, OffsetEntry, PartHealth, PluginInfo,
    PluginKind, Status, TaskId, TaskInfo, TaskStatus,
};
use crate::settings::Props;

pub(super) fn about(about: &About) -> Value {
    json!({
        "version": about.version,
        "commit": about.commit,
        "kafka_cluster_id": about.kafka_cluster_id,
    })
}

pub(super) fn health(status: &str, message: &str) -> Value {
    json!({"status": status, "message": message})
}

pub(super) fn config(config: &Props) -> Value {
    config.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>().into()
}

pub(super) fn connector_info(info: &ConnectorInfo) -> Value {
    json!({
        "name": info.name,
        "config": config(&info.config),
        "tasks": info.tasks.iter().map(task_id).collect::<Vec<_>>(),
        "type": kind(info.kind),
    })
}

pub(super) fn connector_status(status: &ConnectorStatus) -> Value {
    json!({
        "name": status.name,
        "connector": Value::Object(state(&status.connector)),
        "tasks": status.tasks.iter().map(task_status).collect::<Vec<_>>(),
        "type": kind(status.kind),
    })
}

/// What is worst of it all is the verdict.
pub(super) fn connector_health(all: &ConnectorHealth) -> Value {
    let part = |part: &PartHealth| {
        json!({
            "state": part.status.state.name(),
            "verdict": part.health.name(),
            "reason": part.reason,
            "stalled_ms": part.stalled_for,
            "restarts": {
                "attempts": part.status.restarts.total,
                "next_in_ms": part.status.restarts.next_in,
            },
        })
    };
    let task = |(number, health): &(u32, PartHealth)| {
        let mut shape = part(health);
        shape["id"] = (*number).into();
        shape
    };
    json!({
        "name": all.name,
        "verdict": all.health.name(),
        "connector": part(&all.connector),
        "tasks": all.tasks.iter().map(task).collect::<Vec<_>>(),
    })
}

pub(super) fn task_status(status: &TaskStatus) -> Value {
    let mut shape = Map::new();
    shape.insert("id".to_owned(), status.task.into());
    shape.extend(state(&status.status));
    shape.into()
}

pub(super) fn task_infos(tasks: &[TaskInfo]) -> Value {
    tasks.iter().map(|task| json!({"id": task_id(&task.id), "config": config(&task.config)})).collect()
}

/// Only what was asked for is in it.
pub(super) fn expanded(connectors: &BTreeMap<String, Expansion>) -> Value {
    let shape = |expansion: &Expansion| {
        let mut shape = Map::new();
        if let Some(status) = &expansion.status {
            shape.insert("status".to_owned(), connector_status(status));
        }
        if let Some(info) = &expansion.info {
            shape.insert("info".to_owned(), connector_info(info));
        }
        Value::from(shape)
    };
    connectors.iter().map(|(name, expansion)| (name.clone(), shape(expansion))).collect::<Map<_, _>>().into()
}

/// A version that is not told is left out.
pub(super) fn plugins(plugins: &[PluginInfo]) -> Value {
    let shape = |plugin: &PluginInfo| match &plugin.version {
        Some(version) => json!({"class": plugin.class, "type": plugin.kind.name(), "version": version}),
        None => json!({"class": plugin.class, "type": plugin.kind.name()}),
    };
    plugins.iter().map(shape).collect()
}

pub(super) fn offsets(offsets: &[OffsetEntry]) -> Value {
    let shape = |entry: &OffsetEntry| json!({"partition": entry.partition, "offset": entry.offset});
    json!({"offsets": offsets.iter().map(shape).collect::<Vec<_>>()})
}

pub(super) fn logger(logger: &LoggerLevel) -> Value {
    json!({"level": logger.level, "last_modified": logger.last_modified})
}

pub(super) fn loggers(loggers: &BTreeMap<String, LoggerLevel>) -> Value {
    loggers.iter().map(|(name, level)| (name.clone(), logger(level))).collect::<Map<_, _>>().into()
}

pub(super) fn message(message: &str) -> Value {
    json!({"message": message})
}

pub(super) fn topics(connector: &str, topics: &[String]) -> Value {
    json!({connector: {"topics": topics}})
}

fn task_id(id: &TaskId) -> Value {
    json!({"connector": id.connector, "task": id.task})
}

fn state(status: &Status) -> Map<String, Value> {
    let mut shape = Map::new();
    shape.insert("state".to_owned(), status.state.name().into());
    shape.insert("worker_id".to_owned(), status.worker_id.as_str().into());
    shape.insert("version".to_owned(), status.version.clone().into());
    if let Some(trace) = status.trace.as_ref().filter(|trace| !trace.is_empty()) {
        shape.insert("trace".to_owned(), trace.as_str().into());
    }
    shape
}

fn kind(kind: Option<PluginKind>) -> &'static str {
    kind.map_or("unknown", PluginKind::name)
}

#[cfg(test)]
mod tests;
