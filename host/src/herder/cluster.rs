//! The state that the records of the config store add up to.
//!
//! Configs of tasks count only from the commit that follows them: a leader may die between the two. All workers fold the
//! same records and must come to the same state, also those that find the store compacted: then the newest record of
//! each key is left, at its own place.

use std::collections::BTreeMap;

use super::assign::{Item, Share};
use super::messages::TaskId;
use super::records::{ConfigRecord, SessionKey, TargetState};
use crate::settings::Props;

/// A connector as the records tell it.
#[derive(Clone, Default)]
pub struct Stored {
    /// Its config.
    pub config: Props,
    /// Offset of its config; a connector started from an older one is out of date.
    pub config_version: u64,
    /// Its tasks' configs; none while they are inconsistent.
    pub tasks: Vec<Props>,
    /// Offset of the commit that made these tasks; a task started from older ones is out of date.
    pub tasks_version: u64,
    /// The connector config that the tasks were made from.
    pub applied: Option<Props>,
    /// The newest commit told of more tasks than there were configs for: they have to be written anew.
    pub inconsistent: bool,
    /// Offset of the newest commit, also of one that changed nothing.
    committed: u64,
}

impl Stored {
    /// Whether these task configs, made from the present config, are what is stored.
    fn says(&self, tasks: &[Props]) -> bool {
        !self.inconsistent && self.tasks == tasks && self.applied.as_ref() == Some(&self.config)
    }
}

/// The sum of all config records read so far.
#[derive(Clone)]
pub struct ClusterConfig {
    connectors: BTreeMap<String, Stored>,
    targets: BTreeMap<String, TargetState>,
    /// Task configs that no commit has followed yet, by connector.
    deferred: BTreeMap<String, BTreeMap<u32, Props>>,
    session_key: Option<SessionKey>,
    offset: i64,
}

impl Default for ClusterConfig {
    fn default() -> ClusterConfig {
        let (connectors, targets, deferred) = Default::default();
        ClusterConfig { connectors, targets, deferred, session_key: None, offset: -1 }
    }
}

impl ClusterConfig {
    /// The connector of that name.
    pub fn connector(&self, name: &str) -> Option<&Stored> {
        self.connectors.get(name)
    }

    /// Names of all connectors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.connectors.keys().map(String::as_str)
    }

    /// What the connector shall be doing; one that nothing is known of is started.
    pub fn target(&self, name: &str) -> TargetState {
        self.targets.get(name).copied().unwrap_or_default()
    }

    /// How far the store was read: the offset of the last record and 1; -1 before the first.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The newest key of the group.
    pub fn session_key(&self) -> Option<&SessionKey> {
        self.session_key.as_ref()
    }

    /// All connectors and tasks that there are.
    pub fn items(&self) -> Share {
        let items = self.connectors.iter().flat_map(|(name, stored)| {
            let task = |task: u32| Item::Task(TaskId { connector: name.clone(), task });
            let tasks = (0..u32::try_from(stored.tasks.len()).unwrap_or(u32::MAX)).map(task);
            std::iter::once(Item::Connector(name.clone())).chain(tasks)
        });
        items.collect()
    }

    /// Whether nothing needs to be written for a connector to have these tasks, for all who will ever read the store.
    ///
    /// Configs without a commit behind them, or a commit older than its connector's config, look different to one who
    /// finds the store compacted. Then the same configs are written again.
    pub fn is_settled(&self, name: &str, tasks: &[Props]) -> bool {
        let whole = |stored: &Stored| stored.says(tasks) && stored.committed >= stored.config_version;
        self.connector(name).is_some_and(whole) && !self.deferred.contains_key(name)
    }

    /// Whether the tasks that are stored look the same to all who will ever read the store.
    pub fn is_clean(&self, name: &str) -> bool {
        self.connector(name).is_some_and(|stored| self.is_settled(name, &stored.tasks))
    }

    /// Takes in what was read up to an offset (that of the record and 1; it only grows). A record that nobody knows
    /// moves the offset alone.
    ///
    /// Records of connectors that aren't there are kept only where they may come first.
    pub fn fold(&mut self, offset: i64, record: Option<&ConfigRecord>) {
        self.offset = offset;
        let version = u64::try_from(offset).unwrap_or_default();
        match record {
            Some(ConfigRecord::Connector { name, config: Some(config) }) => {
                let stored = self.connectors.entry(name.clone()).or_default();
                stored.config = config.clone();
                stored.config_version = version;
            }
            Some(ConfigRecord::Connector { name, config: None }) => self.forget(name),
            Some(ConfigRecord::Target { name, state: Some(state) }) => {
                self.targets.insert(name.clone(), *state);
            }
            Some(ConfigRecord::Target { name, state: None }) => drop(self.targets.remove(name)),
            Some(ConfigRecord::TaskConfig { name, task, config }) => {
                self.deferred.entry(name.clone()).or_default().insert(*task, config.clone());
            }
            Some(ConfigRecord::TaskCommit { name, tasks }) => self.commit(version, name, *tasks),
            Some(ConfigRecord::SessionKey(key)) => self.session_key = Some(key.clone()),
            // Wishes that are good once, or of no use yet.
            Some(
                ConfigRecord::Restart { .. }
                | ConfigRecord::LoggerLevel { .. }
                | ConfigRecord::TaskCount { .. },
            )
            | None => {}
        }
    }

    /// The target state stays: it has a record of its own.
    fn forget(&mut self, name: &str) {
        self.connectors.remove(name);
        self.deferred.remove(name);
    }

    /// Task configs beyond the number, left over by compaction, are passed over.
    fn commit(&mut self, version: u64, name: &str, tasks: u32) {
        let Some(stored) = self.connectors.get_mut(name) else { return self.forget(name) };
        let deferred = self.deferred.remove(name);
        // The same commit once more, as a producer's retry makes it. Who finds the store compacted sees only one.
        let whole = !stored.inconsistent && stored.committed >= stored.config_version;
        if deferred.is_none() && whole && u32::try_from(stored.tasks.len()) == Ok(tasks) {
            stored.committed = version;
            return;
        }
        let mut deferred = deferred.unwrap_or_default();
        let configs: Vec<Props> = (0..tasks).map_while(|task| deferred.remove(&task)).collect();
        stored.committed = version;
        if u32::try_from(configs.len()) != Ok(tasks) {
            stored.inconsistent = true;
            stored.tasks = Vec::new();
        } else if stored.says(&configs) {
            // Written again for readers to come: nobody has to stop for it.
            return;
        } else {
            stored.inconsistent = false;
            stored.tasks = configs;
            stored.applied = Some(stored.config.clone());
        }
        stored.tasks_version = version;
    }
}

#[cfg(test)]
mod tests;
