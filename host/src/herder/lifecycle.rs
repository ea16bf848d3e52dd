//! Wanted and seen: the lives of connectors on this worker, one at a time each.

use super::automatic::Comeback;
use super::messages::{Action, Epoch, Millis, RequestId, Stall, TaskTarget};
use super::{Herder, Response, Shutdown, TargetState, texts};
use crate::settings::Props;

/// What a life was started from: the version of its config, and the restarts asked for until then. When either moves
/// on, the life is out of date; a failure of the same generation is not tried again.
pub(super) type Generation = (u64, u64);

/// One life of a connector or task.
pub(super) struct Life {
    pub(super) epoch: Epoch,
    pub(super) generation: Generation,
    /// What it was last told to be; connectors: always running.
    pub(super) aim: TaskTarget,
    /// What it last said to be; none: not started yet.
    pub(super) seen: Option<TaskTarget>,
    /// It was told to stop.
    pub(super) stopping: bool,
    /// Its connector was deleted.
    pub(super) disowned: bool,
    /// It waits for something for too long.
    pub(super) stall: Option<Stall>,
}

/// Why the last life of a generation ended.
pub(super) struct Failure {
    pub(super) generation: Generation,
    pub(super) trace: String,
}

/// All that is remembered of a connector or task on this worker.
#[derive(Default)]
pub(super) struct Run {
    pub(super) life: Option<Life>,
    pub(super) failure: Option<Failure>,
    /// How often a restart was asked for.
    pub(super) restarts: u64,
    /// Since when it has been running without a failure.
    pub(super) good_since: Option<Millis>,
    /// Its restarts by itself.
    pub(super) comeback: Comeback,
    /// A restart took it down; until it is back, that is its state.
    pub(super) restarting: bool,
    /// Restart requests that are answered when it is back.
    pub(super) waiting: Vec<RequestId>,
}

impl Run {
    /// Its life, if it is of that epoch.
    pub(super) fn life_of(&mut self, epoch: Epoch) -> Option<&mut Life> {
        self.life.as_mut().filter(|life| life.epoch == epoch)
    }

    /// The trace, if that generation failed.
    pub(super) fn failed(&self, generation: Generation) -> Option<&str> {
        self.failure.as_ref().filter(|f| f.generation == generation).map(|f| f.trace.as_str())
    }

    /// Notes that the life failed, and forgets that a restart was under way.
    pub(super) fn fail(&mut self, generation: Generation, trace: String) {
        self.failure = Some(Failure { generation, trace });
        self.restarting = false;
        self.comeback.fail();
    }

    /// Its connector was deleted: whoever has the name next is not what this life says it is.
    pub(super) fn disown(&mut self) {
        self.restarting = false;
        self.comeback.forget();
        if let Some(life) = &mut self.life {
            life.seen = None;
            life.disowned = true;
        }
    }

    /// It is no longer this worker's: should it come back, it begins anew.
    pub(super) fn let_go(&mut self) {
        self.failure = None;
        self.restarting = false;
        self.comeback.forget();
    }

    /// Begins a life.
    pub(super) fn begin(&mut self, epoch: Epoch, generation: Generation, aim: TaskTarget) {
        self.failure = None;
        self.good_since = None;
        self.comeback.begin(generation.0);
        self.life =
            Some(Life { epoch, generation, aim, seen: None, stopping: false, disowned: false, stall: None });
    }

    /// Ends the life of that epoch. True if there was one.
    ///
    /// An end that nobody ordered and nothing explains counts as a failure, or it would be started again at once and
    /// for ever.
    pub(super) fn end(&mut self, epoch: Epoch) -> bool {
        let Some(life) = self.life.take_if(|life| life.epoch == epoch) else { return false };
        if !life.stopping && self.failed(life.generation).is_none() {
            self.fail(life.generation, texts::ended_by_itself());
        }
        true
    }
}

/// A connector's [`Run`] and the question for its task configs.
#[derive(Default)]
pub(super) struct ConnectorRun {
    pub(super) run: Run,
    /// It was asked and has not answered.
    pub(super) asked: bool,
    /// The answer under way is of no use: ask again after it.
    pub(super) ask_again: bool,
    /// It could not answer: ask again then.
    pub(super) ask_at: Option<Millis>,
    /// How often in a row it could not answer.
    pub(super) refusals: u32,
    /// Its task configs are on their way to the leader.
    pub(super) publishing: bool,
    /// The configs that its life made last.
    pub(super) made: Option<Vec<Props>>,
    /// Somebody wrote task configs and no commit: unless one comes until then, ask, so that they are written anew.
    pub(super) heal_at: Option<Millis>,
}

impl ConnectorRun {
    pub(super) fn ask_at(&self) -> Option<Millis> {
        self.ask_at.into_iter().chain(self.heal_at).min()
    }
}

impl Herder {
    /// The generation in which the connector shall run here; none: it shall not run.
    pub(super) fn wanted_connector(&self, name: &str) -> Option<Generation> {
        let stored = self.cluster.connector(name)?;
        let runs = self.shutdown == Shutdown::No
            && self.cluster.target(name) == TargetState::Started
            && self.assignment.has_connector(name);
        runs.then(|| (stored.config_version, self.connectors.get(name).map_or(0, |run| run.run.restarts)))
    }

    /// The generation that the connector is at, whether it shall run or not.
    pub(super) fn connector_generation(&self, name: &str) -> Option<Generation> {
        let stored = self.cluster.connector(name)?;
        Some((stored.config_version, self.connectors.get(name).map_or(0, |run| run.run.restarts)))
    }

    /// Stops the connector's life if it is out of date, starts a new one once the old one has ended.
    pub(super) fn settle_connector(&mut self, name: &str) {
        self.touch(name);
        let wanted = self.wanted_connector(name);
        let known = self.cluster.connector(name).is_some();
        let stopped = self.cluster.target(name) == TargetState::Stopped;
        if known {
            self.connectors.entry(name.to_owned()).or_default();
        }
        let Some(ConnectorRun { run, .. }) = self.connectors.get_mut(name) else { return };
        if stopped {
            run.failure = None;
            run.comeback.forget();
        }
        if !known {
            run.disown();
        }
        match (&mut run.life, wanted) {
            (Some(life), Some(generation)) if life.generation == generation => {}
            (Some(Life { stopping, epoch, .. }), _) => {
                if !std::mem::replace(stopping, true) {
                    let epoch = *epoch;
                    self.out.push(Action::StopConnector { name: name.to_owned(), epoch });
                }
            }
            (None, Some(generation)) => {
                if run.failed(generation).is_none() && self.may_start() {
                    self.start_connector(name, generation);
                }
            }
            (None, None) => self.connector_rests(name, known),
        }
    }

    fn start_connector(&mut self, name: &str, generation: Generation) {
        let Some(stored) = self.cluster.connector(name) else { return };
        let config = stored.config.clone();
        let plugin = match self.catalog.connector_of(&config) {
            Ok(plugin) => plugin.clone(),
            Err(missing) => {
                let trace = texts::no_plugin(&missing, &config, &self.catalog);
                return self.connector_broke(name, generation, trace);
            }
        };
        let epoch = self.new_epoch();
        let entry = self.connectors.entry(name.to_owned()).or_default();
        entry.run.begin(epoch, generation, TaskTarget::Running);
        entry.forget_questions();
        self.out.push(Action::StartConnector { name: name.to_owned(), epoch, plugin, config });
    }

    /// Nothing runs and nothing shall run: restarts that wait have nothing more to wait for.
    fn connector_rests(&mut self, name: &str, known: bool) {
        let Some(ConnectorRun { run, .. }) = self.connectors.get_mut(name) else { return };
        run.restarting = false;
        let waiting = std::mem::take(&mut run.waiting);
        if !known {
            self.connectors.remove(name);
        }
        for request in waiting {
            let outcome = if known { Ok(Response::Done) } else { Err(texts::connector_not_found(name)) };
            self.answer(request, outcome);
        }
    }

    /// Marks the connector as failed and lets those know who wait for it.
    pub(super) fn connector_broke(&mut self, name: &str, generation: Generation, trace: String) {
        self.touch(name);
        let Some(ConnectorRun { run, .. }) = self.connectors.get_mut(name) else { return };
        let message = trace.lines().next().unwrap_or_default().to_owned();
        run.fail(generation, trace);
        for request in std::mem::take(&mut run.waiting) {
            self.answer(request, Err(super::ApiError::Internal(message.clone())));
        }
        self.plan_connector(name);
    }

    pub(super) fn connector_started(&mut self, name: &str, epoch: Epoch) {
        let now = self.now;
        self.touch(name);
        let Some(ConnectorRun { run, .. }) = self.connectors.get_mut(name) else { return };
        let Some(life) = run.life_of(epoch) else { return };
        if life.stopping {
            return;
        }
        life.seen = Some(TaskTarget::Running);
        run.good_since.get_or_insert(now);
        run.restarting = false;
        for request in std::mem::take(&mut run.waiting) {
            self.answer(request, Ok(Response::Done));
        }
        self.ask(name);
    }

    pub(super) fn connector_failed(&mut self, name: &str, epoch: Epoch, trace: String) {
        let Some(ConnectorRun { run, .. }) = self.connectors.get_mut(name) else { return };
        let Some(life) = run.life_of(epoch) else { return };
        let generation = life.generation;
        // What waits behind an outdated life waits for the next one, and is not told about this one.
        if self.connector_generation(name) == Some(generation) {
            self.connector_broke(name, generation, trace);
        }
        self.settle(name);
    }

    pub(super) fn connector_ended(&mut self, name: &str, epoch: Epoch) {
        let Some(ConnectorRun { run, .. }) = self.connectors.get_mut(name) else { return };
        let Some(life) = run.life_of(epoch) else { return };
        let generation = life.generation;
        let unexplained = !life.stopping && run.failed(generation).is_none();
        run.end(epoch);
        if unexplained {
            self.connector_broke(name, generation, texts::ended_by_itself());
        }
        self.settle(name);
    }
}
