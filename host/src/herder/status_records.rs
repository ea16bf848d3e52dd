//! The records of the status topic: how connectors and tasks are, as the workers that run them say.

use super::api::State;
use super::messages::TaskId;

/// One fact in the status topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusRecord {
    /// `status-connector-NAME`: how a connector is; none: it is gone, and its tasks with it.
    Connector {
        /// Its name.
        name: String,
        /// How it is.
        status: Option<PartStatus>,
    },
    /// `status-task-NAME-N`: how a task is; none: it is gone.
    Task {
        /// The task.
        id: TaskId,
        /// How it is.
        status: Option<PartStatus>,
    },
    /// `status-topic-TOPIC:connector-NAME`: a connector uses a topic; none: that is forgotten.
    Topic {
        /// Name of the topic.
        topic: String,
        /// Name of the connector.
        connector: String,
        /// Who found out, and when.
        found: Option<TopicUse>,
    },
}

/// How a connector or task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartStatus {
    /// Its state. Restarts are told as such, and what is gone by the lack of a status.
    pub state: State,
    /// What went wrong, when it failed.
    pub trace: Option<String>,
    /// `host:port` of the worker that says so.
    pub worker_id: String,
    /// Generation of the group in which it was said; 0 before the first.
    pub generation: i32,
    /// Version of its plugin; none: not known, or not told by an older worker.
    pub version: Option<String>,
}

/// Who found out that a connector uses a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicUse {
    /// Number of the task.
    pub task: u32,
    /// When, in milliseconds since 1970.
    pub discovered: i64,
}
