//! The records of the config store, one variant a kind of key.

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

/// One fact in the config store. Not `Debug`: configs and keys are secret.
#[derive(Clone, PartialEq, Eq)]
pub enum ConfigRecord {
    /// `connector-NAME`: config of a connector; none: it was deleted.
    Connector {
        /// Its name.
        name: String,
        /// Its config, as it was given.
        config: Option<Props>,
    },
    /// `target-state-NAME`: what a connector shall be doing; none: forgotten with its connector.
    Target {
        /// Name of the connector.
        name: String,
        /// The target state.
        state: Option<TargetState>,
    },
    /// `task-NAME-N`: config of one task. It counts from the next commit on.
    TaskConfig {
        /// Name of the connector.
        name: String,
        /// Number of the task, from 0.
        task: u32,
        /// Its config.
        config: Props,
    },
    /// `commit-NAME`: the task configs before it make a whole.
    TaskCommit {
        /// Name of the connector.
        name: String,
        /// How many tasks there are from now on.
        tasks: u32,
    },
    /// `tasks-fencing-NAME`: how many tasks there were when the older ones were fenced.
    TaskCount {
        /// Name of the connector.
        name: String,
        /// How many.
        tasks: u32,
    },
    /// `session-key`: with it workers sign what they ask of each other.
    SessionKey(SessionKey),
    /// `restart-connector-NAME`: a wish to restart, good once, for workers that run when it is read.
    Restart {
        /// Name of the connector.
        name: String,
        /// Its tasks too.
        include_tasks: bool,
        /// Only what failed.
        only_failed: bool,
    },
    /// `logger-cluster-NAMESPACE`: a level for loggers of all workers that run when it is read.
    LoggerLevel {
        /// The loggers whose names begin so; `root` for all.
        namespace: String,
        /// The level, as it was given.
        level: String,
    },
}

impl ConfigRecord {
    /// The connector that it is about.
    pub(super) fn connector(&self) -> Option<&str> {
        match self {
            ConfigRecord::Connector { name, .. }
            | ConfigRecord::Target { name, .. }
            | ConfigRecord::TaskConfig { name, .. }
            | ConfigRecord::TaskCommit { name, .. }
            | ConfigRecord::TaskCount { name, .. }
            | ConfigRecord::Restart { name, .. } => Some(name),
            ConfigRecord::SessionKey(_) | ConfigRecord::LoggerLevel { .. } => None,
        }
    }
}

/// A key that all workers of a group know. Not `Debug`: it is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey {
    /// Its bytes.
    pub key: Vec<u8>,
    /// Name of the algorithm that it is for, such as `HmacSHA256`.
    pub algorithm: String,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
}
