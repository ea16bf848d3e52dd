//! One change of the config store at a time: each is decided on what all earlier ones led to.

use super::group::Group;
use super::messages::{Action, Epoch, RequestId, WriteId};
use super::{
    ApiError, ConfigRecord, ConnectorStatus, Destination, Herder, OffsetsChange, Patch, Response, SessionKey,
    Shutdown, TargetState, activity, texts,
};
use crate::settings::Props;

/// A change that waits for its turn.
pub(super) enum Job {
    /// Make a connector; refused if there is one.
    Create { request: RequestId, name: String, config: Props, target: Option<TargetState> },
    /// Make a connector or replace its config.
    Put { request: RequestId, name: String, config: Props },
    /// Change parts of a connector's config; the whole that came of it when it was checked.
    Patch { request: RequestId, name: String, patch: Patch, config: Props },
    /// Remove a connector.
    Delete { request: RequestId, name: String },
    /// Pause or resume a connector.
    Target { request: RequestId, name: String, state: TargetState },
    /// Stop a connector and take its tasks away.
    Stop { request: RequestId, name: String },
    /// Restart a connector, its tasks, or what of them failed.
    Restart { request: RequestId, name: String, include_tasks: bool, only_failed: bool },
    /// Change the offsets of a connector, which writes no config.
    Offsets { request: RequestId, name: String, change: OffsetsChange },
    /// Store the tasks that a connector's life made.
    Tasks { name: String, epoch: Epoch, configs: Vec<Props> },
    /// Store the tasks that a connector's life on another worker made.
    OthersTasks { request: RequestId, name: String, configs: Vec<Props> },
    /// Store a new session key.
    SessionKey { key: SessionKey },
    /// Set the level of loggers everywhere.
    LogLevel { request: RequestId, namespace: String, level: String },
}

impl Job {
    /// Who waits for it.
    pub(super) fn request(&self) -> Option<RequestId> {
        match self {
            Job::Create { request, .. }
            | Job::Put { request, .. }
            | Job::Patch { request, .. }
            | Job::Delete { request, .. }
            | Job::Target { request, .. }
            | Job::Stop { request, .. }
            | Job::Restart { request, .. }
            | Job::Offsets { request, .. }
            | Job::OthersTasks { request, .. }
            | Job::LogLevel { request, .. } => Some(*request),
            Job::Tasks { .. } | Job::SessionKey { .. } => None,
        }
    }

    /// The connector that it is about; none: it is about no connector.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Job::Create { name, .. }
            | Job::Put { name, .. }
            | Job::Patch { name, .. }
            | Job::Delete { name, .. }
            | Job::Target { name, .. }
            | Job::Stop { name, .. }
            | Job::Restart { name, .. }
            | Job::Offsets { name, .. }
            | Job::OthersTasks { name, .. }
            | Job::Tasks { name, .. } => Some(name),
            Job::LogLevel { .. } | Job::SessionKey { .. } => None,
        }
    }

    /// Whether in a group the leader alone may do it. Task configs that were made here are handed to the leader.
    fn is_the_leaders(&self) -> bool {
        !matches!(
            self,
            Job::Target { .. } | Job::LogLevel { .. } | Job::Tasks { .. } | Job::SessionKey { .. }
        )
    }
}

/// What to do when a batch was read back.
enum Then {
    Info { request: RequestId, name: String, created: bool },
    Done { request: RequestId, trouble: &'static str },
    Restarting { request: RequestId, status: ConnectorStatus },
    Tasks(Whole),
    Commit(Whole),
    SessionKey,
    Nothing,
}

/// All task configs of a connector, and who waits for them to be stored.
struct Whole {
    name: String,
    configs: Vec<Props>,
    /// The life here that made them.
    epoch: Option<Epoch>,
    /// The request of another worker that handed them in.
    request: Option<RequestId>,
}

/// The batch that the config store is busy with.
pub(super) struct Writing {
    write: WriteId,
    /// What is done, in words.
    pub(super) what: String,
    then: Then,
}

impl Writing {
    /// Forgets the request that waits, and returns it.
    pub(super) fn give_up(&mut self) -> Option<RequestId> {
        match std::mem::replace(&mut self.then, Then::Nothing) {
            Then::Info { request, .. } | Then::Done { request, .. } | Then::Restarting { request, .. } => {
                Some(request)
            }
            Then::Tasks(whole) | Then::Commit(whole) => whole.request,
            Then::SessionKey | Then::Nothing => None,
        }
    }
}

impl Herder {
    /// Puts a change in the queue; its turn comes when all earlier ones have been read back.
    pub(super) fn enqueue(&mut self, request: RequestId, job: Job) {
        match self.refusal() {
            None => self.jobs.push_back(job),
            Some(refusal) => self.answer(request, Err(refusal)),
        }
    }

    /// Begins the next change that comes to a write; the others are answered on the way.
    pub(super) fn next_write(&mut self) {
        while self.writing.is_none() && self.shutdown == Shutdown::No {
            let Some(job) = self.next_job() else { return };
            let request = job.request();
            match (self.prepare(job), request) {
                (Ok(Some((records, then))), _) => self.write(records, then),
                (Err(error), Some(request)) => self.answer(request, Err(error)),
                (Ok(None) | Err(_), _) => {}
            }
        }
    }

    fn write(&mut self, records: Vec<ConfigRecord>, then: Then) {
        self.last_write += 1;
        let write = self.last_write;
        self.writing = Some(Writing { write, what: activity::of_records(&records), then });
        self.out.push(Action::Write { write, records });
    }

    /// The records of a change; none: nothing to write and nobody to tell.
    fn prepare(&mut self, job: Job) -> Result<Option<(Vec<ConfigRecord>, Then)>, ApiError> {
        if job.is_the_leaders() {
            self.must_lead()?;
        }
        match job {
            Job::Create { request, name, config, target } => {
                let records = self.prepare_create(&name, config, target)?;
                Ok(Some((records, Then::Info { request, name, created: true })))
            }
            Job::Put { request, name, config } => {
                let created = self.cluster.connector(&name).is_none();
                let record = ConfigRecord::Connector { name: name.clone(), config: Some(config) };
                Ok(Some((vec![record], Then::Info { request, name, created })))
            }
            Job::Patch { request, name, patch, config } => {
                // An earlier change came between the check and this turn: what would be written now is unchecked.
                if self.patched(&name, &patch)? != config {
                    self.check_patch(request, name, patch)?;
                    return Ok(None);
                }
                let record = ConfigRecord::Connector { name: name.clone(), config: Some(config) };
                Ok(Some((vec![record], Then::Info { request, name, created: false })))
            }
            Job::Delete { request, name } => {
                self.must_exist(&name, texts::connector_not_found)?;
                let records = vec![
                    ConfigRecord::Connector { name: name.clone(), config: None },
                    ConfigRecord::Target { name, state: None },
                ];
                Ok(Some((records, Then::Done { request, trouble: texts::DELETE_TROUBLE })))
            }
            Job::Target { request, name, state } => {
                self.must_exist(&name, texts::unknown_connector)?;
                let records = vec![ConfigRecord::Target { name, state: Some(state) }];
                Ok(Some((records, Then::Done { request, trouble: texts::TARGET_TROUBLE })))
            }
            Job::Stop { request, name } => {
                let unknown =
                    if self.group.is_none() { texts::none_configured } else { texts::unknown_connector };
                self.must_exist(&name, unknown)?;
                let records = vec![
                    ConfigRecord::TaskCommit { name: name.clone(), tasks: 0 },
                    ConfigRecord::Target { name, state: Some(TargetState::Stopped) },
                ];
                Ok(Some((records, Then::Done { request, trouble: texts::TARGET_TROUBLE })))
            }
            Job::Restart { request, name, include_tasks, only_failed } => {
                self.prepare_restart(request, name, include_tasks, only_failed).map(Some)
            }
            Job::Offsets { request, name, change } => {
                self.modify_offsets(request, name, change).map(|()| None)
            }
            Job::Tasks { name, epoch, configs } => Ok(self.prepare_tasks(name, epoch, configs)),
            Job::OthersTasks { request, name, configs } => self.prepare_others_tasks(request, name, configs),
            Job::SessionKey { key } if self.must_lead().is_ok() => {
                Ok(Some((vec![ConfigRecord::SessionKey(key)], Then::SessionKey)))
            }
            Job::SessionKey { .. } => {
                self.session_key_written(false);
                Ok(None)
            }
            Job::LogLevel { request, namespace, level } => {
                let record = ConfigRecord::LoggerLevel { namespace, level };
                Ok(Some((vec![record], Then::Done { request, trouble: texts::LEVEL_TROUBLE })))
            }
        }
    }

    fn prepare_restart(
        &self,
        request: RequestId,
        name: String,
        include_tasks: bool,
        only_failed: bool,
    ) -> Result<(Vec<ConfigRecord>, Then), ApiError> {
        self.must_exist(&name, texts::unknown_connector_to_restart)?;
        let status = self.restart_preview(&name, include_tasks, only_failed);
        let status = status.ok_or_else(|| texts::no_status_to_restart(&name))?;
        let record = ConfigRecord::Restart { name, include_tasks, only_failed };
        Ok((vec![record], Then::Restarting { request, status }))
    }

    fn prepare_create(
        &self,
        name: &str,
        config: Props,
        target: Option<TargetState>,
    ) -> Result<Vec<ConfigRecord>, ApiError> {
        if self.cluster.connector(name).is_some() {
            return Err(texts::already_exists(name));
        }
        // The target comes first: the connector must not start in the meantime.
        let target = target.map(|state| ConfigRecord::Target { name: name.to_owned(), state: Some(state) });
        let connector = ConfigRecord::Connector { name: name.to_owned(), config: Some(config) };
        Ok(target.into_iter().chain([connector]).collect())
    }

    /// Task configs are written if the life that made them still counts, and if they or the connector's config differ
    /// from those of the last time. Where another worker leads, they are handed to it.
    fn prepare_tasks(
        &mut self,
        name: String,
        epoch: Epoch,
        configs: Vec<Props>,
    ) -> Option<(Vec<ConfigRecord>, Then)> {
        let counts = |life: &&mut super::lifecycle::Life| !life.stopping;
        let (settled, leads) = (self.cluster.is_settled(&name, &configs), self.must_lead().is_ok());
        let connector = self.connectors.get_mut(&name)?;
        connector.run.life_of(epoch).filter(counts)?;
        if connector.publishing {
            // Two at a time could arrive in any order.
            connector.ask_again = true;
            return None;
        }
        if settled {
            connector.refusals = 0;
            return None;
        }
        self.cluster.connector(&name)?;
        if leads {
            return Some(task_records(Whole { name, configs, epoch: Some(epoch), request: None }));
        }
        let others = self.group.as_ref().filter(|group| !group.leads());
        if let Some(leader_url) = others.and_then(Group::leader_url) {
            connector.publishing = true;
            self.out.push(Action::PublishTasks { name, epoch, leader_url, configs });
        } else {
            self.tasks_not_stored(&name, epoch);
        }
        None
    }

    /// The same of another worker; what is stored already need not be written.
    fn prepare_others_tasks(
        &mut self,
        request: RequestId,
        name: String,
        configs: Vec<Props>,
    ) -> Result<Option<(Vec<ConfigRecord>, Then)>, ApiError> {
        self.must_exist(&name, texts::connector_not_found)?;
        if !configs.is_empty() && self.cluster.target(&name) == TargetState::Stopped {
            return Err(texts::no_tasks_while_stopped(&name));
        }
        if self.cluster.is_settled(&name, &configs) {
            self.answer(request, Ok(Response::Done));
            return Ok(None);
        }
        Ok(Some(task_records(Whole { name, configs, epoch: None, request: Some(request) })))
    }

    /// In a group only the leader goes on, once it knows all that was written before it led.
    pub(super) fn must_lead(&self) -> Result<(), ApiError> {
        match &self.group {
            Some(group) if !group.leads() => Err(self.only_the_leader()),
            Some(group) if !group.is_level() => Err(ApiError::RebalanceNeeded),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn only_the_leader(&self) -> ApiError {
        let url = self.group.as_ref().and_then(Group::leader_url);
        ApiError::Forward { url, to: Destination::Leader }
    }

    fn must_exist(&self, name: &str, error: impl Fn(&str) -> ApiError) -> Result<(), ApiError> {
        self.cluster.connector(name).map(|_| ()).ok_or_else(|| error(name))
    }

    /// The batch was read back, or the store gave up.
    pub(super) fn written(&mut self, write: WriteId, outcome: Result<(), String>) {
        let Some(writing) = self.writing.take_if(|writing| writing.write == write) else { return };
        match (writing.then, outcome) {
            (Then::Info { request, name, created }, Ok(())) => {
                let info = self.info(&name).ok_or_else(|| texts::connector_not_found(&name));
                self.answer(request, info.map(|info| Response::Written { created, info }));
            }
            (Then::Done { request, .. }, Ok(())) => self.answer(request, Ok(Response::Done)),
            (Then::Restarting { request, status }, Ok(())) => {
                self.answer(request, Ok(Response::Restarting(status)));
            }
            (Then::Info { request, .. }, Err(why)) => {
                self.answer(request, Err(texts::write_failed(texts::CONFIG_TROUBLE, &why)));
            }
            (Then::Done { request, trouble }, Err(why)) => {
                self.answer(request, Err(texts::write_failed(trouble, &why)));
            }
            (Then::Restarting { request, .. }, Err(why)) => {
                self.answer(request, Err(texts::write_failed(texts::RESTART_TROUBLE, &why)));
            }
            // They count once the number of them is written too.
            (Then::Tasks(whole), Ok(())) => {
                let (record, then) = commit_record(whole);
                self.write(vec![record], then);
            }
            // Another leader's may have come in between.
            (Then::Commit(whole), Ok(())) if !self.cluster.is_settled(&whole.name, &whole.configs) => {
                self.tasks_written(&whole, Err("other task configs came in between".to_owned()));
            }
            (Then::Tasks(whole) | Then::Commit(whole), outcome) => self.tasks_written(&whole, outcome),
            (Then::SessionKey, outcome) => self.session_key_written(outcome.is_ok()),
            (Then::Nothing, _) => {}
        }
    }

    fn tasks_written(&mut self, whole: &Whole, outcome: Result<(), String>) {
        match (whole.epoch, &outcome) {
            (Some(epoch), Err(_)) => self.tasks_not_stored(&whole.name, epoch),
            (Some(_), Ok(())) => self.tasks_stored(&whole.name),
            (None, _) => {}
        }
        if let Some(request) = whole.request {
            let outcome = outcome.map(|()| Response::Done);
            self.answer(request, outcome.map_err(|why| texts::write_failed(texts::TASKS_TROUBLE, &why)));
        }
    }
}

/// The first records for a whole of task configs, and what comes after them.
fn task_records(whole: Whole) -> (Vec<ConfigRecord>, Then) {
    if whole.configs.is_empty() {
        let (record, then) = commit_record(whole);
        return (vec![record], then);
    }
    let record = |(task, config): (u32, &Props)| ConfigRecord::TaskConfig {
        name: whole.name.clone(),
        task,
        config: config.clone(),
    };
    let records = (0..).zip(&whole.configs).map(record).collect();
    (records, Then::Tasks(whole))
}

fn commit_record(whole: Whole) -> (ConfigRecord, Then) {
    let tasks = u32::try_from(whole.configs.len()).unwrap_or(u32::MAX);
    (ConfigRecord::TaskCommit { name: whole.name.clone(), tasks }, Then::Commit(whole))
}
