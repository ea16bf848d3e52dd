//! What the config store says: records, and the state that they add up to.

use std::collections::BTreeMap;

use crate::settings::Props;

/// What a connector shall be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetState {
    /// Connector and tasks run.
    #[default]
    Started,
    /// The connector rests, tasks stay without moving records.
    Paused,
    /// The connector rests and has no tasks.
    Stopped,
}

impl TargetState {
    /// Reads `RUNNING`, `PAUSED` or `STOPPED`, in any letter case, as `initial_state` has it.
    pub fn from_initial_state(text: &str) -> Option<TargetState> {
        match text.to_ascii_uppercase().as_str() {
            "RUNNING" => Some(TargetState::Started),
            "PAUSED" => Some(TargetState::Paused),
            "STOPPED" => Some(TargetState::Stopped),
            _ => None,
        }
    }
}

/// One fact in the config store. Not `Debug`: configs may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum ConfigRecord {
    /// Config of a connector; none: it was deleted.
    Connector {
        /// Its name.
        name: String,
        /// Its config.
        config: Option<Props>,
    },
    /// The configs of all tasks of a connector, complete.
    Tasks {
        /// Name of the connector.
        name: String,
        /// A config for each task, from number 0.
        configs: Vec<Props>,
    },
    /// What a connector shall be doing; none: forgotten with its connector.
    Target {
        /// Name of the connector.
        name: String,
        /// The target state.
        state: Option<TargetState>,
    },
    /// A wish to restart, good once, for workers that run when it is read.
    Restart {
        /// Name of the connector.
        name: String,
        /// Its tasks too.
        include_tasks: bool,
        /// Only what failed.
        only_failed: bool,
    },
}

/// A connector as the records tell it.
#[derive(Clone, Default)]
pub struct Stored {
    /// Its config.
    pub config: Props,
    /// How often the config was written; a connector started from an older one is out of date.
    pub config_version: u64,
    /// Its tasks' configs.
    pub tasks: Vec<Props>,
    /// How often the tasks were written; a task started from older ones is out of date.
    pub tasks_version: u64,
    /// The connector config that the tasks were made from.
    pub applied: Option<Props>,
}

/// The sum of all config records read so far.
#[derive(Clone, Default)]
pub struct ClusterConfig {
    connectors: BTreeMap<String, Stored>,
    targets: BTreeMap<String, TargetState>,
    versions: u64,
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

    /// Takes a record in. Records of connectors that aren't there are kept only where they may come first.
    pub fn fold(&mut self, record: &ConfigRecord) {
        self.versions += 1;
        match record {
            ConfigRecord::Connector { name, config: Some(config) } => {
                let stored = self.connectors.entry(name.clone()).or_default();
                stored.config = config.clone();
                stored.config_version = self.versions;
            }
            ConfigRecord::Connector { name, config: None } => {
                self.connectors.remove(name);
                self.targets.remove(name);
            }
            ConfigRecord::Tasks { name, configs } => {
                if let Some(stored) = self.connectors.get_mut(name) {
                    stored.tasks = configs.clone();
                    stored.tasks_version = self.versions;
                    stored.applied = Some(stored.config.clone());
                }
            }
            ConfigRecord::Target { name, state: Some(state) } => {
                self.targets.insert(name.clone(), *state);
            }
            ConfigRecord::Target { name, state: None } => {
                self.targets.remove(name);
            }
            ConfigRecord::Restart { .. } => {}
        }
    }
}
