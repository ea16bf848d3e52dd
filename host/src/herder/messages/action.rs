//! What the herder orders.

use std::collections::BTreeMap;

use super::{Epoch, Notice, ReadId, RequestId, TaskId, TaskTarget, WriteId};
use crate::herder::api::{ApiError, OffsetsChange, Response};
use crate::herder::catalog::PluginInfo;
use crate::herder::group_messages::{GroupAssignment, MemberState};
use crate::herder::records::{ConfigRecord, SessionKey};
use crate::herder::status_records::StatusRecord;
use crate::settings::{Given, Props};

/// Something to carry out, in the order given.
#[derive(Clone, PartialEq)]
pub enum Action {
    /// Append these records to the config store as one batch, then report [`super::Event::Written`]. At most one batch is
    /// under way.
    Write {
        /// Number of the batch.
        write: WriteId,
        /// The records, in their order.
        records: Vec<ConfigRecord>,
    },
    /// Answer a request.
    Answer {
        /// Number of the request.
        request: RequestId,
        /// The answer.
        outcome: Result<Response, ApiError>,
    },
    /// Check a connector's config and report [`super::Event::Validated`].
    Validate {
        /// The request that waits for it.
        request: RequestId,
        /// The connector plugin.
        plugin: PluginInfo,
        /// The config, as it was given.
        config: Given,
    },
    /// Look up a plugin's config definitions and report [`super::Event::Described`].
    Describe {
        /// The request that waits for it.
        request: RequestId,
        /// The plugin.
        plugin: PluginInfo,
    },
    /// Read a connector's offsets and report [`super::Event::OffsetsRead`].
    ReadOffsets {
        /// The request that waits for it.
        request: RequestId,
        /// Name of the connector.
        name: String,
        /// Its plugin.
        plugin: PluginInfo,
        /// Its config, as stored.
        config: Props,
    },
    /// Change a connector's offsets and report [`super::Event::OffsetsModified`], within a bound. Nothing of it runs here, and
    /// nothing of it is started before the report.
    ModifyOffsets {
        /// The request that waits for it.
        request: RequestId,
        /// Name of the connector.
        name: String,
        /// Its plugin.
        plugin: PluginInfo,
        /// Its config, as stored.
        config: Props,
        /// What to change.
        change: OffsetsChange,
    },
    /// Start a connector. Reported: started or failed, and ended.
    StartConnector {
        /// Name of the connector.
        name: String,
        /// Its new life.
        epoch: Epoch,
        /// Its plugin.
        plugin: PluginInfo,
        /// Its config, as stored.
        config: Props,
    },
    /// Stop a connector, within a bound. Legal at any time of its life, also after it failed.
    StopConnector {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
    },
    /// Ask a started connector for its task configs and report [`super::Event::TaskConfigs`], within a bound, unless its life
    /// ends first. One question at a time; a refusal is for the one who asks to log, the herder only asks again.
    AskTaskConfigs {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
        /// How many tasks it may have: `tasks.max`.
        max_tasks: u32,
    },
    /// Start a task. Reported: running, paused or failed, and ended.
    StartTask {
        /// The task.
        id: TaskId,
        /// Its new life.
        epoch: Epoch,
        /// The plugin of its connector.
        plugin: PluginInfo,
        /// Its connector's config, as stored.
        connector_config: Props,
        /// Its own config, as stored.
        task_config: Props,
        /// How it begins.
        target: TaskTarget,
    },
    /// Stop a task, within a bound. Legal at any time of its life, also after it failed.
    StopTask {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
    },
    /// Pause a task.
    PauseTask {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
    },
    /// Let a paused task flow again.
    ResumeTask {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
    },
    /// From now on the topics that the task uses are to be reported anew.
    ForgetTopics {
        /// The task.
        id: TaskId,
        /// Its life.
        epoch: Epoch,
    },
    /// Log this.
    Tell {
        /// Name of the connector.
        connector: String,
        /// The task; none: the connector itself.
        task: Option<u32>,
        /// What there is to tell.
        notice: Notice,
    },
    /// Read the config topic to its present end, within `worker.sync.timeout.ms`, and report [`super::Event::ConfigRead`]. At
    /// most one reading is under way.
    ReadConfig {
        /// Number of the reading.
        read: ReadId,
    },
    /// Append this to the status topic, and try again for as long as nothing newer was put of the same key.
    PutStatus {
        /// The record.
        record: StatusRecord,
        /// Not to be tried again once another worker has said something newer: state and failure of what this worker
        /// may no longer run.
        safe: bool,
    },
    /// Join the group with this; the answer to [`crate::herder::GroupEvent::JoinDue`].
    Join(MemberState),
    /// Send these as the leader's SyncGroup; the answer to [`crate::herder::GroupEvent::Elected`].
    Share {
        /// Generation of the group.
        generation: i32,
        /// An assignment for each member, by member id.
        shares: BTreeMap<String, GroupAssignment>,
    },
    /// Join the group anew, also after [`Action::Leave`]; [`crate::herder::GroupEvent::JoinDue`] follows. Not ordered between a
    /// [`Action::Join`] and the [`crate::herder::GroupEvent::Assigned`] after it.
    Rejoin {
        /// Why, for the log.
        reason: String,
    },
    /// Leave the group, after all of [`Action::PutStatus`] until now was sent, within a short bound. No [`crate::herder::GroupEvent`]
    /// follows before [`Action::Rejoin`].
    Leave {
        /// Why, for the log and the coordinator.
        reason: String,
    },
    /// Make a session key of the worker's algorithm and size, and report [`super::Event::SessionKeyMade`].
    MakeSessionKey,
    /// From now on sign requests to other workers with this key, and ask for a signature on theirs.
    UseSessionKey {
        /// The key; none: none is known yet, so nothing can be signed or verified.
        key: Option<SessionKey>,
        /// Whether requests are signed and verified: the group's protocol is `sessioned`.
        verify: bool,
    },
    /// Hand the configs of a connector's tasks to the leader, signed where that is used, and report
    /// [`super::Event::TasksPublished`] within a bound. One at a time for each connector. It is not tried again: the herder
    /// does that.
    PublishTasks {
        /// Name of the connector.
        name: String,
        /// Its life.
        epoch: Epoch,
        /// Where the leader's REST API is to be reached, with a slash at the end.
        leader_url: String,
        /// A config for each task, from number 0, complete.
        configs: Vec<Props>,
    },
    /// Set the level of loggers, as `PUT /admin/loggers/{namespace}` does.
    SetLogLevel {
        /// The loggers whose names begin so; `root` for all.
        namespace: String,
        /// The level.
        level: String,
    },
    /// After [`super::Event::Shutdown`]: nothing runs here any more, and the group was left. Comes once.
    Finished,
}
