//! What can be asked of a worker, and the answers: the REST API without HTTP.
//!
//! What carries configs is not `Debug`: they may hold secrets.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::catalog::{PluginInfo, PluginKind};
use super::health::ConnectorHealth;
use super::messages::TaskId;
use super::records::TargetState;
use crate::settings::{Given, Props};

/// Changes of a config by key: a value to set; none: the key goes.
pub type Patch = BTreeMap<String, Option<String>>;

/// A partition of what a connector reads, and its offset.
#[derive(Clone, PartialEq, Eq)]
pub struct OffsetEntry {
    /// The partition; none: null, which no connector has.
    pub partition: Option<Map<String, Value>>,
    /// Its offset; none, in a change: forget it.
    pub offset: Option<Map<String, Value>>,
}

/// A change of a connector's offsets.
#[derive(Clone, PartialEq, Eq)]
pub enum OffsetsChange {
    /// Of these partitions.
    Alter(Vec<OffsetEntry>),
    /// All are forgotten.
    Reset,
}

/// A question or an order. Names are connector names, taken as they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// Is the worker up, and does its loop turn? Answer: [`Response::Health`].
    Health,
    /// Names of all connectors. Answer: [`Response::Names`].
    List,
    /// All connectors with what `expand` names. Answer: [`Response::Expanded`].
    Expand {
        /// With states.
        status: bool,
        /// With configs and task ids.
        info: bool,
    },
    /// Make a new connector; a name that is taken is refused. Answer: [`Response::Written`].
    Create {
        /// Its name; already trimmed.
        name: String,
        /// Its config; `name` in it must be the same or absent.
        config: Given,
        /// The state it begins in; none: started.
        initial_state: Option<TargetState>,
    },
    /// Make a new connector or replace the config of a known one. Answer: [`Response::Written`].
    PutConfig {
        /// Its name.
        name: String,
        /// Its config; `name` in it must be the same or absent.
        config: Given,
    },
    /// Change parts of the config of a known connector. Answer: [`Response::Written`].
    PatchConfig {
        /// Its name.
        name: String,
        /// What changes.
        patch: Patch,
    },
    /// Remove a connector. Answer: [`Response::Done`].
    Delete(String),
    /// Name, config, task ids, type. Answer: [`Response::Info`].
    Info(String),
    /// The config as stored. Answer: [`Response::Config`].
    Config(String),
    /// States of a connector and its tasks. Answer: [`Response::Status`].
    Status(String),
    /// Ids and configs of its tasks. Answer: [`Response::Tasks`].
    Tasks(String),
    /// State of one task. Answer: [`Response::TaskStatus`].
    TaskStatus {
        /// Its connector.
        name: String,
        /// Its number, any.
        task: i32,
    },
    /// How a connector and its tasks are. Answer: [`Response::ConnectorHealth`].
    ConnectorHealth(String),
    /// The topics that it uses. Answer: [`Response::Topics`], empty for a connector that nobody knows.
    Topics(String),
    /// Forget the topics that it used so far. Answer: [`Response::Done`].
    ResetTopics(String),
    /// The offsets stored for it. Answer: [`Response::Offsets`].
    Offsets(String),
    /// Change offsets of a stopped connector. Answer: [`Response::Message`].
    AlterOffsets {
        /// Its name.
        name: String,
        /// What changes.
        offsets: Vec<OffsetEntry>,
    },
    /// Forget all offsets of a stopped connector. Answer: [`Response::Message`].
    ResetOffsets(String),
    /// Aim at paused. Answer: [`Response::Done`].
    Pause(String),
    /// Aim at started. Answer: [`Response::Done`].
    Resume(String),
    /// Take the tasks away and aim at stopped. Answer: [`Response::Done`].
    Stop(String),
    /// Restart the connector; with one of the flags, parts of the whole.
    /// Answer: [`Response::Done`] without flags, else [`Response::Restarting`].
    Restart {
        /// Its name.
        name: String,
        /// Its tasks too.
        include_tasks: bool,
        /// Only what failed.
        only_failed: bool,
    },
    /// Restart one task. Answer: [`Response::Done`].
    RestartTask {
        /// Its connector.
        name: String,
        /// Its number, any.
        task: i32,
    },
    /// All plugins, or only connectors. Answer: [`Response::Plugins`].
    Plugins {
        /// Only sinks and sources.
        connectors_only: bool,
    },
    /// Config definitions of a plugin. Answer: [`Response::Json`].
    PluginConfig {
        /// Its class or alias.
        plugin: String,
        /// Its version or a range of versions, of which the newest counts; none: the newest of all.
        version: Option<String>,
    },
    /// The owner of a connector hands in what its plugin made: configs of all its tasks. Only from worker to worker.
    /// Answer: [`Response::Done`].
    PutTaskConfigs {
        /// Name of the connector.
        name: String,
        /// A config for each task, from number 0, complete.
        configs: Vec<Props>,
    },
    /// Read the config topic to its present end: what another worker has written on behalf of a caller of this one is known
    /// here afterwards. No endpoint asks for it. Answer: [`Response::Done`], also when the end could not be reached.
    CatchUp,
    /// Set the level of loggers on all workers. Answer: [`Response::Done`].
    SetClusterLevel {
        /// The loggers whose names begin so; `root` for all.
        namespace: String,
        /// The level; already checked.
        level: String,
    },
    /// Check a config against a connector plugin by class or alias. Answer: [`Response::Json`].
    Validate {
        /// The plugin that was asked.
        plugin: String,
        /// The config.
        config: Given,
    },
}

/// The answer to a request that went well.
#[derive(Clone, PartialEq)]
pub enum Response {
    /// Whether the start is complete.
    Health {
        /// False while connectors of the command line are still to be created.
        ready: bool,
    },
    /// Names, sorted.
    Names(Vec<String>),
    /// Connectors by name with what was asked for.
    Expanded(BTreeMap<String, Expansion>),
    /// A config was stored and read back.
    Written {
        /// True: there was no such connector before.
        created: bool,
        /// The connector as it is now.
        info: ConnectorInfo,
    },
    /// A connector.
    Info(ConnectorInfo),
    /// A config.
    Config(Props),
    /// States.
    Status(ConnectorStatus),
    /// Tasks in their order.
    Tasks(Vec<TaskInfo>),
    /// State of a task.
    TaskStatus(TaskStatus),
    /// How a connector and its tasks are.
    ConnectorHealth(ConnectorHealth),
    /// The restart was taken in: states in which all that restarts shows so.
    Restarting(ConnectorStatus),
    /// Offsets by partition.
    Offsets(Vec<OffsetEntry>),
    /// A sentence about what was done.
    Message(String),
    /// Topics, sorted.
    Topics(Vec<String>),
    /// Plugins in the order of the listing.
    Plugins(Vec<PluginInfo>),
    /// A body that others made.
    Json(Value),
    /// Done; nothing to tell.
    Done,
}

/// What `expand` shows of a connector.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Expansion {
    /// Its states.
    pub status: Option<ConnectorStatus>,
    /// Its config and task ids.
    pub info: Option<ConnectorInfo>,
}

/// A connector as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectorInfo {
    /// Its name.
    pub name: String,
    /// Its config.
    pub config: Props,
    /// Its tasks.
    pub tasks: Vec<TaskId>,
    /// Source or sink; none when no plugin has the class.
    pub kind: Option<PluginKind>,
}

/// A task as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskInfo {
    /// Which task.
    pub id: TaskId,
    /// Its config.
    pub config: Props,
}

/// How a connector or task is seen to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Wanted, but not started yet, or about to be moved.
    Unassigned,
    /// It works.
    Running,
    /// Nothing flows until it is resumed.
    Paused,
    /// It broke; the trace says why.
    Failed,
    /// Taken down to be started again.
    Restarting,
    /// Without tasks until it is resumed; connectors only.
    Stopped,
}

impl State {
    /// The name that the API uses, such as `RUNNING`.
    pub fn name(self) -> &'static str {
        match self {
            State::Unassigned => "UNASSIGNED",
            State::Running => "RUNNING",
            State::Paused => "PAUSED",
            State::Failed => "FAILED",
            State::Restarting => "RESTARTING",
            State::Stopped => "STOPPED",
        }
    }
}

/// Restarts that followed failures by themselves; see [`crate::settings::restarts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restarts {
    /// How many there ever were on this worker.
    pub total: u64,
    /// The next one follows in so many milliseconds; none: there is none to come.
    pub next_in: Option<u64>,
}

/// State of a connector or a task, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// `host:port` of the worker that reported it.
    pub worker_id: String,
    /// Version of its plugin; none when no plugin has the class.
    pub version: Option<String>,
    /// What went wrong, when it failed, and what follows from that.
    pub trace: Option<String>,
    /// Its restarts by itself.
    pub restarts: Restarts,
}

/// State of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskStatus {
    /// Number of the task.
    pub task: u32,
    /// Its state.
    pub status: Status,
}

/// States of a connector and its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorStatus {
    /// Its name.
    pub name: String,
    /// Its own state.
    pub connector: Status,
    /// Its tasks, by number.
    pub tasks: Vec<TaskStatus>,
    /// Source or sink; none when no plugin has the class.
    pub kind: Option<PluginKind>,
}

/// A request was refused or went wrong; the text is the whole answer to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The request makes no sense or its config is invalid.
    #[error("{0}")]
    BadRequest(String),
    /// The worker's settings don't allow it.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It is there already, or something else is under way.
    #[error("{0}")]
    Conflict(String),
    /// It went wrong inside.
    #[error("{0}")]
    Internal(String),
    /// This worker doesn't do that.
    #[error("{0}")]
    NotImplemented(String),
    /// Not now: the worker starts or stops.
    #[error("{0}")]
    Unavailable(String),
    /// Another worker has to serve it: the same request is to be sent there. The text is for callers who want no forwarding.
    #[error("Cannot complete request because of a conflicting operation (e.g. worker rebalance)")]
    Forward {
        /// Where that worker's REST API is to be reached, with a slash at the end; none: nobody knows at the moment.
        url: Option<String>,
        /// Who it is.
        to: Destination,
    },
    /// Who has to serve it is about to change; a moment later it can be asked for again.
    #[error(
        "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"
    )]
    RebalanceNeeded,
}

/// The worker that has to serve a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The leader of the group: only it writes configs.
    Leader,
    /// The worker that runs the connector or task.
    Owner,
}
