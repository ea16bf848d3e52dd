//! The herder decides: which connectors and tasks run here, and what each request is answered. It does nothing itself.
//!
//! One loop calls [`Herder::step`] with each event and carries out the actions that come back, in their order.
//! A config is believed only once it has been read back ([`Event::Config`]); what shall run follows from the configs
//! read, the target states and the [`Assignment`]; what does run follows from the events of the runners. Every step
//! compares the two and orders what brings them together.

mod activity;
mod api;
mod assign;
mod automatic;
mod catalog;
mod cluster;
mod config_lost;
mod early;
mod group;
mod group_messages;
mod health;
mod lifecycle;
mod messages;
mod offsets;
mod questions;
mod records;
mod requests;
mod restart;
mod status_records;
mod statuses;
mod tasks;
mod texts;
mod topics;
mod view;
mod writes;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use activity::Activity;
pub use api::{
    ApiError, ConnectorInfo, ConnectorStatus, Destination, Expansion, OffsetEntry, OffsetsChange, Patch,
    Request, Response, Restarts, State, Status, TaskInfo, TaskStatus,
};
pub use assign::cooperative::{Outcome, Round};
pub use assign::{Assignment, Cooperative, Item, Protocol, Share, Shares, eager};
pub use catalog::{Catalog, Missing, PluginInfo, PluginKind};
pub use cluster::{ClusterConfig, Stored};
pub use group::{GroupSettings, KeyRules};
pub use group_messages::{CONFIG_MISMATCH, GroupAssignment, GroupEvent, MemberState};
pub use health::{ConnectorHealth, Health, PartHealth};
pub use messages::{
    Action, Epoch, Event, Millis, Notice, ReadId, RequestId, Stall, TaskId, TaskTarget, Validation, WriteId,
};
pub use records::{ConfigRecord, SessionKey, TargetState};
pub use status_records::{PartStatus, StatusRecord, TopicUse};
pub use topics::TopicTracking;

use automatic::Jitter;
use group::Group;
use lifecycle::{ConnectorRun, Run};
use offsets::Modifying;
use requests::Checking;
use statuses::Statuses;
use writes::{Job, Writing};

use crate::settings::restarts::RestartPolicy;

/// Decides for one worker; see the module.
pub struct Herder {
    worker_id: String,
    catalog: Catalog,
    assignment: Assignment,
    /// The group that this worker is one of; none: it is on its own.
    group: Option<Group>,
    /// What all workers say of what they run.
    statuses: Statuses,
    /// What the config store said so far.
    cluster: ClusterConfig,
    /// Connectors that run here, shall run here, or have ended here with something to tell.
    connectors: BTreeMap<String, ConnectorRun>,
    /// The same for tasks.
    tasks: BTreeMap<TaskId, Run>,
    tracking: TopicTracking,
    /// When what failed is restarted, where its connector does not say so.
    restarts: RestartPolicy,
    jitter: Jitter,
    /// The topics that each connector uses.
    topics: BTreeMap<String, BTreeSet<String>>,
    /// Requests whose config is being checked by somebody else.
    checking: BTreeMap<RequestId, Checking>,
    /// Changes of offsets that are being carried out.
    modifying: BTreeMap<RequestId, Modifying>,
    /// Work on the config store that waits for its turn.
    jobs: VecDeque<Job>,
    /// The batch that the config store is busy with.
    writing: Option<Writing>,
    last_epoch: Epoch,
    last_write: WriteId,
    ready: bool,
    /// Requests that came before that.
    early: Vec<(RequestId, Request)>,
    /// Why the config topic cannot be gone by any more.
    lost_config: Option<String>,
    shutdown: Shutdown,
    /// What this worker is busy with, or was last.
    activity: Option<Activity>,
    now: Millis,
    out: Vec<Action>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    No,
    Stopping,
    Finished,
}

impl Herder {
    /// A herder that knows no connector yet. `worker_id` is the advertised `host:port` of this worker.
    pub fn new(worker_id: &str, catalog: Catalog, assignment: Assignment) -> Herder {
        Herder {
            worker_id: worker_id.to_owned(),
            catalog,
            assignment,
            group: None,
            statuses: Statuses::default(),
            cluster: ClusterConfig::default(),
            connectors: BTreeMap::new(),
            tasks: BTreeMap::new(),
            tracking: TopicTracking { enabled: true, allow_reset: true },
            restarts: RestartPolicy::default(),
            jitter: Jitter::default(),
            topics: BTreeMap::new(),
            checking: BTreeMap::new(),
            modifying: BTreeMap::new(),
            jobs: VecDeque::new(),
            writing: None,
            last_epoch: 0,
            last_write: 0,
            ready: false,
            early: Vec::new(),
            lost_config: None,
            shutdown: Shutdown::No,
            activity: None,
            now: 0,
            out: Vec::new(),
        }
    }

    /// Takes an event in and returns what to do about it, in the order in which to do it.
    pub fn step(&mut self, now: Millis, event: Event) -> Vec<Action> {
        self.now = now;
        match event {
            Event::Config { offset, record } => self.config_read(offset, record),
            Event::Written { write, outcome } => self.written(write, outcome),
            Event::Ready => self.become_ready(),
            Event::Request { id, request } => self.request(id, request),
            Event::Validated { request, outcome } => self.validated(request, outcome),
            Event::Described { request, outcome } => self.described(request, outcome),
            Event::OffsetsRead { request, outcome } => self.offsets_read(request, outcome),
            Event::OffsetsModified { request, outcome } => self.offsets_modified(request, outcome),
            Event::ConnectorStarted { name, epoch } => self.connector_started(&name, epoch),
            Event::ConnectorFailed { name, epoch, trace } => self.connector_failed(&name, epoch, trace),
            Event::ConnectorEnded { name, epoch } => self.connector_ended(&name, epoch),
            Event::ReconfigurationRequested { name, epoch } => self.reconfiguration_requested(&name, epoch),
            Event::TaskConfigs { name, epoch, outcome } => self.task_configs(&name, epoch, outcome),
            Event::TaskRunning { id, epoch } => self.task_seen(&id, epoch, TaskTarget::Running),
            Event::TaskPaused { id, epoch } => self.task_seen(&id, epoch, TaskTarget::Paused),
            Event::TaskFailed { id, epoch, trace } => self.task_failed(&id, epoch, trace),
            Event::TaskEnded { id, epoch } => self.task_ended(&id, epoch),
            Event::TaskStalled { id, epoch, stall } => self.task_stalled(&id, epoch, stall),
            Event::TopicUsed { id, epoch, topic } => self.topic_used(&id, epoch, topic),
            Event::ConfigLost { why } => self.config_lost(why),
            Event::ConfigRead { read, outcome } => self.config_was_read(read, outcome),
            Event::Status(record) => self.status_read(&record),
            Event::Group(event) => self.group_event(event),
            Event::SessionKeyMade(outcome) => self.session_key_made(outcome),
            Event::TasksPublished { name, epoch, outcome } => self.tasks_published(&name, epoch, outcome),
            Event::Tick => {
                self.ask_again_where_due();
                self.restart_where_due();
                self.read_again_where_due();
            }
            Event::Shutdown => self.shut_down(),
        }
        self.mind_the_group();
        self.next_write();
        self.finish();
        self.note_activity();
        std::mem::take(&mut self.out)
    }

    /// When the next [`Event::Tick`] is due, on the clock of `now`; none: no tick is needed.
    pub fn wake_at(&self) -> Option<Millis> {
        let ask_at = self.connectors.values().filter_map(ConnectorRun::ask_at).min();
        ask_at.into_iter().chain(self.restart_at()).chain(self.group_wake_at()).min()
    }

    /// A record was read back: now it counts.
    fn config_read(&mut self, offset: i64, record: Option<ConfigRecord>) {
        if self.lost_config.is_some() {
            return;
        }
        let state =
            |cluster: &ClusterConfig, name: &str| cluster.connector(name).map(|stored| stored.tasks_version);
        let name = record.as_ref().and_then(ConfigRecord::connector).unwrap_or_default();
        let before = state(&self.cluster, name);
        self.cluster.fold(offset, record.as_ref());
        if before != state(&self.cluster, name)
            && let Some(group) = &mut self.group
        {
            // There is another connector, or other tasks, to share out.
            group.need(offset);
        }
        // What is good once is for workers that have read all before it.
        let running = self.ready || self.group.is_none();
        match record {
            Some(ConfigRecord::Restart { name, include_tasks, only_failed }) if running => {
                self.restart_read(&name, include_tasks, only_failed);
            }
            Some(ConfigRecord::LoggerLevel { namespace, level }) if running => {
                self.out.push(Action::SetLogLevel { namespace, level });
            }
            Some(ConfigRecord::Connector { name, config }) => {
                if config.is_none() {
                    self.forget_topics_of(&name);
                }
                self.settle(&name);
            }
            Some(ConfigRecord::TaskCommit { name, .. }) => {
                self.watch_tasks(&name, true);
                self.settle(&name);
            }
            Some(ConfigRecord::TaskConfig { name, .. }) => self.watch_tasks(&name, false),
            Some(ConfigRecord::Target { name, .. }) => self.settle(&name),
            Some(ConfigRecord::SessionKey(_)) => self.key_read(),
            Some(
                ConfigRecord::Restart { .. }
                | ConfigRecord::LoggerLevel { .. }
                | ConfigRecord::TaskCount { .. },
            )
            | None => {}
        }
    }

    /// Brings a connector and its tasks from what they are towards what they shall be.
    fn settle(&mut self, name: &str) {
        self.settle_connector(name);
        self.settle_tasks(name);
    }

    fn answer(&mut self, request: RequestId, outcome: Result<Response, ApiError>) {
        self.out.push(Action::Answer { request, outcome });
    }

    fn new_epoch(&mut self) -> Epoch {
        self.last_epoch += 1;
        self.last_epoch
    }

    /// Stops what runs, and answers what waits: nobody may be left without an answer when the process ends.
    fn shut_down(&mut self) {
        if self.shutdown != Shutdown::No {
            return;
        }
        self.shutdown = Shutdown::Stopping;
        let mut waiting: Vec<RequestId> = std::mem::take(&mut self.checking).into_keys().collect();
        waiting.extend(std::mem::take(&mut self.modifying).into_keys());
        waiting.extend(self.give_up_changes());
        let refusal = self.refusal().unwrap_or_else(texts::shutting_down);
        for request in waiting {
            self.answer(request, Err(refusal.clone()));
        }
        let names: Vec<String> = self.connectors.keys().cloned().collect();
        for name in names {
            self.settle_connector(&name);
        }
        let mut with_tasks: Vec<String> = self.tasks.keys().map(|id| id.connector.clone()).collect();
        with_tasks.dedup();
        for name in with_tasks {
            self.settle_tasks(&name);
        }
    }

    /// Says once that nothing runs any more, and is to run.
    fn finish(&mut self) {
        let idle = || {
            self.connectors.values().all(|run| run.run.life.is_none())
                && self.tasks.values().all(|run| run.life.is_none())
        };
        let stops = self.shutdown == Shutdown::Stopping;
        if !(stops || self.lost_config.is_some()) || !idle() {
            return;
        }
        self.leave_for_good();
        if stops {
            self.shutdown = Shutdown::Finished;
            self.out.push(Action::Finished);
        }
    }
}
