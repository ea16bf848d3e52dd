//! Wanted and seen: the lives of tasks on this worker, one at a time each.

use super::lifecycle::{Generation, Life, Run};
use super::messages::{Action, Epoch, TaskId, TaskTarget};
use super::{ApiError, Herder, Response, Shutdown, TargetState, questions, texts};

impl Herder {
    /// The generation in which the task shall run here, and how; none: it shall not run.
    pub(super) fn wanted_task(&self, id: &TaskId) -> Option<(Generation, TaskTarget)> {
        let aim = match self.cluster.target(&id.connector) {
            TargetState::Started => TaskTarget::Running,
            TargetState::Paused => TaskTarget::Paused,
            TargetState::Stopped => return None,
        };
        let runs = self.shutdown == Shutdown::No && self.assignment.has_task(id);
        self.task_generation(id).filter(|_| runs).map(|generation| (generation, aim))
    }

    /// The generation that the task is at, whether it shall run or not; none: there is no such task.
    pub(super) fn task_generation(&self, id: &TaskId) -> Option<Generation> {
        let stored = self.cluster.connector(&id.connector)?;
        stored.tasks.get(usize::try_from(id.task).ok()?)?;
        Some((stored.tasks_version, self.tasks.get(id).map_or(0, |run| run.restarts)))
    }

    /// Ids of all tasks of the connector that there are, or that have something left here.
    fn tasks_of(&self, name: &str) -> Vec<TaskId> {
        let count = self.cluster.connector(name).map_or(0, |stored| stored.tasks.len());
        let of = |task: u32| TaskId { connector: name.to_owned(), task };
        let stored = (0..u32::try_from(count).unwrap_or(u32::MAX)).map(of);
        let left = self.runs_of(name).map(|(id, _)| id.clone());
        let mut ids: Vec<TaskId> = stored.chain(left).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Stops lives that are out of date, starts new ones where the old ones have ended, pauses and resumes the others.
    pub(super) fn settle_tasks(&mut self, name: &str) {
        self.touch(name);
        for id in self.tasks_of(name) {
            self.settle_task(&id);
        }
    }

    fn settle_task(&mut self, id: &TaskId) {
        let wanted = self.wanted_task(id);
        let known = self.cluster.connector(&id.connector).is_some();
        let run = self.tasks.entry(id.clone()).or_default();
        if !known {
            run.disown();
        }
        match (&mut run.life, wanted) {
            (Some(life), Some((generation, aim))) if life.generation == generation => {
                let failed = run.failure.as_ref().is_some_and(|f| f.generation == generation);
                if !failed && !life.stopping && life.aim != aim {
                    life.aim = aim;
                    let (id, epoch) = (id.clone(), life.epoch);
                    self.out.push(match aim {
                        TaskTarget::Running => Action::ResumeTask { id, epoch },
                        TaskTarget::Paused => Action::PauseTask { id, epoch },
                    });
                }
            }
            (Some(Life { stopping, epoch, .. }), _) => {
                if !std::mem::replace(stopping, true) {
                    let epoch = *epoch;
                    self.out.push(Action::StopTask { id: id.clone(), epoch });
                }
            }
            (None, Some((generation, aim))) => {
                let may = run.failed(generation).is_none() && self.may_start_tasks(generation.0);
                if may && !self.older_task_lives(&id.connector) {
                    self.start_task(id, generation, aim);
                }
            }
            (None, None) => self.task_rests(id),
        }
    }

    /// True while a task made from older configs lives: another one may now have its share of the work, so none starts
    /// before all of those have ended.
    fn older_task_lives(&self, name: &str) -> bool {
        let Some(stored) = self.cluster.connector(name) else { return false };
        let older =
            |run: &Run| run.life.as_ref().is_some_and(|life| life.generation.0 != stored.tasks_version);
        self.runs_of(name).any(|(_, run)| older(run))
    }

    /// What is left here of tasks of the connector.
    pub(super) fn runs_of(&self, name: &str) -> impl Iterator<Item = (&TaskId, &Run)> {
        let of = |task: u32| TaskId { connector: name.to_owned(), task };
        self.tasks.range(of(0)..=of(u32::MAX))
    }

    fn start_task(&mut self, id: &TaskId, generation: Generation, aim: TaskTarget) {
        let Some(stored) = self.cluster.connector(&id.connector) else { return };
        let (connector_config, tasks) = (stored.config.clone(), &stored.tasks);
        let task_config =
            usize::try_from(id.task).ok().and_then(|task| tasks.get(task)).cloned().unwrap_or_default();
        let problem = questions::too_many(&id.connector, &connector_config, tasks.len());
        let plugin = match (problem, self.catalog.connector_of(&connector_config)) {
            (None, Ok(plugin)) => plugin.clone(),
            (Some(problem), _) => return self.task_broke(id, generation, problem),
            (None, Err(missing)) => {
                let problem = texts::no_plugin(&missing, &connector_config, &self.catalog);
                return self.task_broke(id, generation, problem);
            }
        };
        let epoch = self.new_epoch();
        let run = self.tasks.entry(id.clone()).or_default();
        run.begin(epoch, generation, aim);
        let waiting = std::mem::take(&mut run.waiting);
        let id = id.clone();
        self.out.push(Action::StartTask { id, epoch, plugin, connector_config, task_config, target: aim });
        for request in waiting {
            self.answer(request, Ok(Response::Done));
        }
    }

    fn task_broke(&mut self, id: &TaskId, generation: Generation, trace: String) {
        self.touch(&id.connector);
        let Some(run) = self.tasks.get_mut(id) else { return };
        run.fail(generation, trace);
        for request in std::mem::take(&mut run.waiting) {
            self.answer(request, Err(ApiError::Internal(format!("Failed to start task: {id}"))));
        }
        self.plan_task(id);
    }

    /// Nothing runs and nothing shall run: forget the task if it is gone, and restarts need not wait for it.
    fn task_rests(&mut self, id: &TaskId) {
        let exists = self.task_generation(id).is_some();
        let Some(run) = self.tasks.get_mut(id) else { return };
        run.restarting = false;
        let waiting = std::mem::take(&mut run.waiting);
        if !exists {
            self.tasks.remove(id);
        }
        for request in waiting {
            let outcome = if exists { Ok(Response::Done) } else { Err(texts::task_not_found(id)) };
            self.answer(request, outcome);
        }
    }

    pub(super) fn task_seen(&mut self, id: &TaskId, epoch: Epoch, seen: TaskTarget) {
        self.touch(&id.connector);
        let now = self.now;
        let Some(run) = self.tasks.get_mut(id) else { return };
        let Some(life) = run.life_of(epoch) else { return };
        if !life.stopping {
            life.seen = Some(seen);
            if seen == TaskTarget::Running {
                run.good_since.get_or_insert(now);
            }
            run.restarting = false;
        }
    }

    pub(super) fn task_failed(&mut self, id: &TaskId, epoch: Epoch, trace: String) {
        self.touch(&id.connector);
        let Some(run) = self.tasks.get_mut(id) else { return };
        let Some(life) = run.life_of(epoch) else { return };
        let generation = life.generation;
        if self.task_generation(id) == Some(generation) {
            self.tasks.entry(id.clone()).or_default().fail(generation, trace);
            self.plan_task(id);
        }
    }

    pub(super) fn task_ended(&mut self, id: &TaskId, epoch: Epoch) {
        let Some(run) = self.tasks.get_mut(id) else { return };
        let Some(life) = run.life_of(epoch) else { return };
        let (generation, stopping) = (life.generation, life.stopping);
        let unexplained = !stopping && run.failed(generation).is_none();
        run.end(epoch);
        if unexplained {
            self.plan_task(id);
        }
        self.settle_tasks(&id.connector);
    }
}
