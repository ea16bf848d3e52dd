//! What /metrics shows besides the tasks' own numbers: connectors, their states, and the plugins' metrics.

use std::sync::{Arc, Mutex, PoisonError};

use super::context::Context;
use crate::herder::{ConnectorStatus, Expansion, PluginKind, Response, Restarts};
use crate::kafka::stats::{Stats, TopicStats};
use crate::metrics::{
    ClientCounts, ConnectorSnapshot, PluginSeries, RestartSnapshot, Snapshot, TaskSnapshot, TopicCounts,
};
use crate::plugins::registry;
use crate::settings::connector::Kind;

/// The last that the loop has put up; a scrape reads it without asking the loop.
#[derive(Default)]
pub struct Board(Mutex<Vec<ConnectorSnapshot>>);

impl Board {
    /// Replaces what is up by the answer to [`crate::herder::Request::Expand`].
    pub fn put_up(&self, response: Response) {
        let Response::Expanded(connectors) = response else { return };
        let snapshots = connectors.into_iter().filter_map(|(name, it)| snapshot(name, it)).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = snapshots;
    }

    fn read(&self) -> Vec<ConnectorSnapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
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

/// What the client of a task of this kind has counted, as it is shown.
pub fn client_counts(kind: Kind, stats: Stats) -> ClientCounts {
    let topic = |TopicStats { topic, batch_bytes, partitions }| {
        let (mut counts, out) =
            (TopicCounts { topic, batch_bytes, ..TopicCounts::default() }, kind == Kind::Source);
        for it in partitions {
            counts.records += if out { it.records_out } else { it.records_in };
            counts.bytes += if out { it.bytes_out } else { it.bytes_in };
            counts.lags.extend(it.lag.filter(|_| !out).map(|lag| (it.partition, lag)));
        }
        counts
    };
    ClientCounts {
        client_id: stats.client_id,
        requests: stats.requests,
        bytes_out: stats.bytes_out,
        responses: stats.responses,
        bytes_in: stats.bytes_in,
        connections: stats.connections,
        request_latency_ms: stats.request_latency_ms,
        topics: stats.topics.into_iter().map(topic).collect(),
    }
}
