//! What goes into the herder and what comes out of it: events, actions, and the numbers that tie them together.

mod action;

use serde_json::Value;

use super::api::{ApiError, OffsetEntry, Request};
use super::group_messages::GroupEvent;
use super::records::{ConfigRecord, SessionKey};
use super::status_records::StatusRecord;
use crate::settings::Props;

pub use action::Action;

/// Milliseconds on any clock that never goes back; only differences count.
pub type Millis = u64;

/// Number of one life of a connector or task on this worker, given at its start, never used twice.
///
/// A life begins with [`Action::StartConnector`] or [`Action::StartTask`] and ends with exactly one
/// [`Event::ConnectorEnded`] or [`Event::TaskEnded`] of the same epoch. Events of any other epoch are ignored.
pub type Epoch = u64;

/// Number of a request, chosen by the loop that feeds the herder; unique while the request is unanswered.
pub type RequestId = u64;

/// Number of a batch of config records handed to the config store.
pub type WriteId = u64;

/// Number of a reading of the config topic to its end.
pub type ReadId = u64;

/// A task: its connector's name and its place in the list of task configs, from 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// Name of the connector.
    pub connector: String,
    /// Number of the task, from 0.
    pub task: u32,
}

impl std::fmt::Display for TaskId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.connector, self.task)
    }
}

/// How a task shall begin, or go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskTarget {
    /// Records flow.
    Running,
    /// Nothing flows. A task that begins like this doesn't start its plugin before [`Action::ResumeTask`].
    Paused,
}

/// What validation found out about a connector's config.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// Every message, in the order in which a refused create or update lists them; empty: the config is good.
    pub errors: Vec<String>,
    /// The whole result, in the shape that `PUT /connector-plugins/{plugin}/config/validate` answers.
    pub report: Value,
}

/// A task that runs waits for something for too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// What it waits for, such as `the plugin's put has not returned`.
    pub reason: String,
    /// Since when, on the clock of `now`.
    pub since: Millis,
}

/// What people should read in the log, of a connector or task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It failed, and is restarted later.
    RestartPlanned {
        /// Which attempt in a row it will be, from 1.
        attempt: u32,
        /// How many there may be; none: without end.
        limit: Option<u32>,
        /// In so many milliseconds.
        wait: Millis,
    },
    /// It is being restarted.
    Restarting {
        /// Which attempt in a row it is, from 1.
        attempt: u32,
        /// How many there may be; none: without end.
        limit: Option<u32>,
    },
    /// It has more tasks than `tasks.max`, which `tasks.max.enforce=false` lets pass.
    TooManyTasks {
        /// How many.
        count: usize,
        /// How many there should be at most.
        max: u32,
    },
    /// It failed, and stays so.
    NoRestartLeft {
        /// How many attempts there were in a row.
        attempts: u32,
    },
}

/// Something happened. Events are handed over one at a time, in the order in which they happened.
///
/// Not `Debug`, like all that carries configs: they may hold secrets.
#[derive(Clone)]
pub enum Event {
    /// A record of the config store, in the store's order; nothing else changes what the herder believes.
    Config {
        /// How far was read: the record's offset and 1. It only grows; some may be left out.
        offset: i64,
        /// The record; none: one that nobody knows.
        record: Option<ConfigRecord>,
    },
    /// The answer to [`Action::ReadConfig`].
    ConfigRead {
        /// Which reading.
        read: ReadId,
        /// Up to where it was read, the offset of the last record and 1; all before it came as [`Event::Config`]. Or
        /// why it could not be read so far in time.
        outcome: Result<i64, String>,
    },
    /// The config topic is not the one any more that was read: it was deleted, made anew or cut short underneath. Comes
    /// once; whatever is read after it does not count. From then on this worker refuses to change anything, runs nothing
    /// and leaves its group, as what the topic holds now is not what all agreed on. It answers reads until
    /// [`Event::Shutdown`].
    ConfigLost {
        /// What happened, and what to do about it: whole sentences, which callers are refused with.
        why: String,
    },
    /// A record of the status topic, in the order of its key; this worker's own ones too.
    Status(StatusRecord),
    /// Something happened in the worker group.
    Group(GroupEvent),
    /// The answer to [`Action::MakeSessionKey`]; or why none could be made, which is tried again.
    SessionKeyMade(Result<SessionKey, String>),
    /// The answer to [`Action::PublishTasks`].
    TasksPublished {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
        /// Why the leader did not take them; it may have done so all the same.
        outcome: Result<(), String>,
    },
    /// All records of this [`Action::Write`] were written and came in as [`Event::Config`], or the store gave up.
    Written {
        /// Which batch.
        write: WriteId,
        /// The reason why the store gave up.
        outcome: Result<(), String>,
    },
    /// The worker's start is complete: config and status topic were read to their ends, connector files were taken in.
    Ready,
    /// Somebody asks for something; [`Action::Answer`] follows exactly once.
    Request {
        /// The number that comes back with the answer.
        id: RequestId,
        /// What is asked for.
        request: Request,
    },
    /// The answer to [`Action::Validate`].
    Validated {
        /// The request that waits for it.
        request: RequestId,
        /// The result, or why validation itself failed.
        outcome: Result<Validation, ApiError>,
    },
    /// The answer to [`Action::Describe`].
    Described {
        /// The request that waits for it.
        request: RequestId,
        /// The config definitions as the list that `GET /connector-plugins/{plugin}/config` answers.
        outcome: Result<Value, ApiError>,
    },
    /// The answer to [`Action::ReadOffsets`].
    OffsetsRead {
        /// The request that waits for it.
        request: RequestId,
        /// The offsets, or why they could not be read.
        outcome: Result<Vec<OffsetEntry>, ApiError>,
    },
    /// The answer to [`Action::ModifyOffsets`].
    OffsetsModified {
        /// The request that waits for it.
        request: RequestId,
        /// True if the plugin has taken care of what it keeps elsewhere; or why nothing, or not all, was changed.
        outcome: Result<bool, ApiError>,
    },
    /// The connector's plugin was started.
    ConnectorStarted {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
    },
    /// The connector could not start, or raised an error later. It winds down by itself; its end is reported too.
    ConnectorFailed {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
        /// What went wrong, for people; the first line is the message.
        trace: String,
    },
    /// The connector is gone, or was given up and can no longer be heard. Last event of its life.
    ConnectorEnded {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
    },
    /// The connector asks to be asked for task configs again.
    ReconfigurationRequested {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
    },
    /// The answer to [`Action::AskTaskConfigs`].
    TaskConfigs {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
        /// A config for each task as the plugin made it, or why it could not.
        outcome: Result<Vec<Props>, String>,
    },
    /// Records flow in the task: after its start, and after each resume.
    TaskRunning {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
    },
    /// The task is paused: after a start with that target, and after each pause.
    TaskPaused {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
    },
    /// The task failed. It winds down by itself; its end is reported too.
    TaskFailed {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
        /// What went wrong, for people.
        trace: String,
    },
    /// The task is gone, or was given up and can no longer be heard. Last event of its life.
    TaskEnded {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
    },
    /// The task waits for something for too long; none: no longer. Not reported for ends.
    TaskStalled {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
        /// What it waits for.
        stall: Option<Stall>,
    },
    /// The task uses a topic: a source's record has been written there, or a sink's was read from there. Reported once
    /// for each topic of a life, and again after [`Action::ForgetTopics`].
    TopicUsed {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
        /// Name of the topic.
        topic: String,
    },
    /// Time has passed; due at [`super::Herder::wake_at`] at the latest.
    Tick,
    /// Stop everything that runs here; [`Action::Finished`] follows when nothing runs any more.
    Shutdown,
}
