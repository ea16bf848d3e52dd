//! Offsets on request: read at any time, modified only while the connector is stopped and nothing of it runs.
//!
//! While offsets are being modified, no change of their connector is begun: it cannot be resumed under the hands of
//! whoever writes them.

use std::collections::BTreeSet;

use super::messages::{Action, RequestId};
use super::requests::Checking;
use super::writes::Job;
use super::{ApiError, Herder, OffsetEntry, OffsetsChange, PluginInfo, Response, TargetState, texts};
use crate::settings::Props;

/// A change of offsets that is being carried out.
pub(super) struct Modifying {
    pub(super) name: String,
    pub(super) reset: bool,
}

impl Herder {
    pub(super) fn read_offsets(&mut self, id: RequestId, name: String) -> Result<(), ApiError> {
        let (plugin, config) = self.whose_offsets(&name)?;
        self.checking.insert(id, Checking::Offsets);
        self.out.push(Action::ReadOffsets { request: id, name, plugin, config });
        Ok(())
    }

    pub(super) fn offsets_read(&mut self, id: RequestId, outcome: Result<Vec<OffsetEntry>, ApiError>) {
        if self.checking.remove(&id).is_some() {
            self.answer(id, outcome.map(Response::Offsets));
        }
    }

    /// Plans a change; an empty one is refused whosever it is.
    pub(super) fn alter_offsets(
        &mut self,
        id: RequestId,
        name: String,
        change: OffsetsChange,
    ) -> Result<(), ApiError> {
        if matches!(&change, OffsetsChange::Alter(entries) if entries.is_empty()) {
            return Err(texts::no_offsets());
        }
        self.enqueue(id, Job::Offsets { request: id, name, change });
        Ok(())
    }

    /// The change has its turn.
    pub(super) fn modify_offsets(
        &mut self,
        request: RequestId,
        name: String,
        change: OffsetsChange,
    ) -> Result<(), ApiError> {
        let (plugin, config) = self.whose_offsets(&name)?;
        let has_tasks = self.cluster.connector(&name).is_some_and(|stored| !stored.tasks.is_empty());
        if has_tasks || self.cluster.target(&name) != TargetState::Stopped {
            return Err(texts::not_stopped(&name));
        }
        let reset = change == OffsetsChange::Reset;
        self.modifying.insert(request, Modifying { name: name.clone(), reset });
        self.out.push(Action::ModifyOffsets { request, name, plugin, config, change });
        Ok(())
    }

    pub(super) fn offsets_modified(&mut self, id: RequestId, outcome: Result<bool, ApiError>) {
        let Some(modifying) = self.modifying.remove(&id) else { return };
        let message = |handled| Response::Message(texts::offsets_modified(modifying.reset, handled));
        self.answer(id, outcome.map(message));
    }

    fn whose_offsets(&self, name: &str) -> Result<(PluginInfo, Props), ApiError> {
        let stored = self.cluster.connector(name).ok_or_else(|| texts::connector_not_found(name))?;
        Ok((self.known_plugin_of(&stored.config)?, stored.config.clone()))
    }

    /// Takes the first job whose turn it is. Those of one connector keep their order; all of them wait while its
    /// offsets are modified, and a change of its offsets waits until everything of it has ended that shall end, here and
    /// at all other members of the group.
    pub(super) fn next_job(&mut self) -> Option<Job> {
        let mut held: BTreeSet<&str> = self.modifying.values().map(|open| open.name.as_str()).collect();
        let at = self.jobs.iter().position(|job| {
            let Some(name) = job.name() else { return true };
            let waits = matches!(job, Job::Offsets { .. })
                && self.cluster.target(name) == TargetState::Stopped
                && self.cluster.connector(name).is_some_and(|stored| stored.tasks.is_empty())
                && (self.lives(name) || self.may_run_elsewhere(name));
            if waits {
                held.insert(name);
            }
            !held.contains(name)
        })?;
        self.jobs.remove(at)
    }

    /// Whether anything of the connector runs here.
    fn lives(&self, name: &str) -> bool {
        self.connectors.get(name).is_some_and(|connector| connector.run.life.is_some())
            || self.runs_of(name).any(|(_, run)| run.life.is_some())
    }
}
