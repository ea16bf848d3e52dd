//! What is known, in the shapes that requests ask for.

use std::collections::BTreeMap;

use super::assign::Item;
use super::lifecycle::{Generation, Run};
use super::messages::{TaskId, TaskTarget};
use super::{
    ConnectorInfo, ConnectorStatus, Expansion, Herder, PluginInfo, Restarts, State, Status, TargetState,
    TaskInfo, TaskStatus,
};

impl Herder {
    /// The plugin of a connector, if its class is known.
    pub(super) fn plugin(&self, name: &str) -> Option<&PluginInfo> {
        self.catalog.connector_of(&self.cluster.connector(name)?.config).ok()
    }

    fn task_ids(&self, name: &str) -> Vec<TaskId> {
        let count = self.cluster.connector(name).map_or(0, |stored| stored.tasks.len());
        (0..u32::try_from(count).unwrap_or(u32::MAX))
            .map(|task| TaskId { connector: name.to_owned(), task })
            .collect()
    }

    pub(super) fn info(&self, name: &str) -> Option<ConnectorInfo> {
        let stored = self.cluster.connector(name)?;
        Some(ConnectorInfo {
            name: name.to_owned(),
            config: stored.config.clone(),
            tasks: self.task_ids(name),
            kind: self.plugin(name).map(|plugin| plugin.kind),
        })
    }

    pub(super) fn task_infos(&self, name: &str) -> Option<Vec<TaskInfo>> {
        let stored = self.cluster.connector(name)?;
        let ids = self.task_ids(name).into_iter();
        Some(ids.zip(&stored.tasks).map(|(id, config)| TaskInfo { id, config: config.clone() }).collect())
    }

    pub(super) fn status(&self, name: &str) -> Option<ConnectorStatus> {
        let generation = self.connector_generation(name)?;
        let rest = match self.cluster.target(name) {
            TargetState::Started => State::Unassigned,
            TargetState::Paused => State::Paused,
            TargetState::Stopped => State::Stopped,
        };
        let run = self.connectors.get(name).map(|connector| &connector.run);
        let item = Item::Connector(name.to_owned());
        let connector = match self.is_ours(&item) {
            true => self.seen(name, run, generation, rest),
            false => self.said(&item)?,
        };
        Some(ConnectorStatus {
            name: name.to_owned(),
            connector,
            tasks: self.task_ids(name).iter().filter_map(|id| self.task_status(id)).collect(),
            kind: self.plugin(name).map(|plugin| plugin.kind),
        })
    }

    pub(super) fn task_status(&self, id: &TaskId) -> Option<TaskStatus> {
        let generation = self.task_generation(id)?;
        let item = Item::Task(id.clone());
        let status = match self.is_ours(&item) {
            true => self.seen(&id.connector, self.tasks.get(id), generation, State::Unassigned),
            false => self.said(&item)?,
        };
        Some(TaskStatus { task: id.task, status })
    }

    /// Whether this worker knows best how it is; in a group only what it runs itself.
    fn is_ours(&self, item: &Item) -> bool {
        self.group.as_ref().is_none_or(|group| group.reports.is_ours(item))
    }

    /// What the worker that runs it said of it.
    fn said(&self, item: &Item) -> Option<Status> {
        let said = self.statuses.of(item)?;
        Some(Status {
            state: said.state,
            worker_id: said.worker_id.clone(),
            version: said.version.clone(),
            trace: said.trace.clone(),
            restarts: Restarts::default(),
        })
    }

    /// The state of a connector or task: what went wrong in this generation, else what its life says, else `rest`.
    fn seen(&self, name: &str, run: Option<&Run>, generation: Generation, rest: State) -> Status {
        let failure = run.and_then(|run| run.failed(generation));
        let life = run.and_then(|run| run.life.as_ref()).and_then(|life| life.seen);
        let state = match (failure, life) {
            (Some(_), _) => State::Failed,
            _ if run.is_some_and(|run| run.restarting) => State::Restarting,
            (None, Some(TaskTarget::Running)) => State::Running,
            (None, Some(TaskTarget::Paused)) => State::Paused,
            (None, None) => rest,
        };
        Status {
            state,
            worker_id: self.worker_id.clone(),
            version: self.plugin(name).and_then(|plugin| plugin.version.clone()),
            trace: failure.map(|trace| match run.and_then(|run| self.prospect(name, run)) {
                Some(prospect) => format!("{trace}\n\n{prospect}"),
                None => trace.to_owned(),
            }),
            restarts: self.restarts_of(run),
        }
    }

    /// The connectors that are known, with what is asked for of each. As in Kafka, those of which no worker has said
    /// anything yet are left out where their states are asked for.
    pub fn expanded(&self, status: bool, info: bool) -> BTreeMap<String, Expansion> {
        let expand = |name: &str| {
            let status = if status { Some(self.status(name)?) } else { None };
            let info = if info { self.info(name) } else { None };
            Some((name.to_owned(), Expansion { status, info }))
        };
        self.cluster.names().filter_map(expand).collect()
    }
}
