//! What /metrics shows besides the tasks' own numbers: connectors, their states, and the plugins' metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::context::Context;
use crate::herder::{ConnectorStatus, Expansion, PluginKind, Restarts};
use crate::metrics::{ConnectorSnapshot, PluginSeries, RestartSnapshot, Snapshot, TaskSnapshot};
use crate::plugins::registry;
use crate::rest::Stage;
use crate::settings::connector::Kind;

/// The last that the loop has put up; a scrape reads it without asking the loop.
#[derive(Default)]
pub struct Board {
    connectors: Mutex<Vec<ConnectorSnapshot>>,
    stage: Mutex<Option<Stage>>,
}

impl Board {
    /// Replaces what is up by these connectors, with info and status. `own`: only what this worker runs, by its
    /// id; none: it runs all there is.
    pub fn put_up(&self, connectors: BTreeMap<String, Expansion>, own: Option<&str>) {
        let own = |(name, mut it): (String, Expansion)| {
            if let (Some(own), Some(status)) = (own, &mut it.status) {
                status.tasks.retain(|task| task.status.worker_id == own);
                if status.connector.worker_id != own && status.tasks.is_empty() {
                    return None;
                }
            }
            snapshot(name, it)
        };
        let snapshots = connectors.into_iter().filter_map(own).collect();
        *self.connectors.lock().unwrap_or_else(PoisonError::into_inner) = snapshots;
    }

    fn read(&self) -> Vec<ConnectorSnapshot> {
        self.connectors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces what the worker is busy with, or was last.
    pub fn busy_with(&self, stage: Option<Stage>) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// What the worker is busy with, or was last; requests that time out name it.
    pub fn stage(&self) -> Option<Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn snapshot(name: String, expansion: Expansion) -> Option<ConnectorSnapshot> {
    let (info, ConnectorStatus { connector, tasks, .. }) = (expansion.info?, expansion.status?);
    Some(ConnectorSnapshot {
        name,
        class: info.config.get("connector.class").cloned().unwrap_or_default(),
        kind: if info.kind == Some(PluginKind::Sink) { Kind::Sink } else { Kind::Source },
        version: connector.version.unwrap_or_default(),
        state: connector.state.name(),
        restarts: restarts(connector.restarts),
        tasks: tasks
            .into_iter()
            .map(|task| TaskSnapshot {
                task: task.task,
                state: task.status.state.name(),
                restarts: restarts(task.status.restarts),
            })
            .collect(),
    })
}

fn restarts(restarts: Restarts) -> RestartSnapshot {
    RestartSnapshot { attempts: restarts.total, pending: restarts.next_in.is_some() }
}

/// The page of /metrics.
pub fn page(context: &Arc<Context>, board: &Board) -> String {
    let plugin_metrics = registry::all()
        .into_iter()
        .flat_map(|instance| {
            let identity = instance.identity.clone();
            instance.metrics().into_iter().map(move |metric| PluginSeries {
                connector: identity.connector.to_string(),
                task: identity.task,
                name: metric.name,
                help: metric.help,
                counter: metric.counter,
                value: metric.value,
            })
        })
        .collect();
    context.metrics.render(&Snapshot { connectors: board.read(), plugin_metrics })
}
