//! Asking connectors for task configs, and what becomes of the answers.

use super::lifecycle::ConnectorRun;
use super::messages::{Action, Epoch, Millis, Notice};
use super::writes::Job;
use super::{Herder, PluginKind, Shutdown, texts};
use crate::settings::Props;

const FIRST_RETRY_MS: Millis = 250;
const LAST_RETRY_MS: Millis = 60_000;

/// `tasks.max` of a connector's config; validation made sure that it is a number from 1.
fn max_tasks(config: &Props) -> u32 {
    config.get("tasks.max").and_then(|text| text.trim().parse().ok()).unwrap_or(1)
}

/// The error of a connector with more tasks than it may have, where `tasks.max.enforce` doesn't let it pass.
pub(super) fn too_many(name: &str, config: &Props, count: usize) -> Option<String> {
    let enforced =
        config.get("tasks.max.enforce").is_none_or(|text| !text.trim().eq_ignore_ascii_case("false"));
    let max = exceeded(config, count).filter(|_| enforced)?;
    Some(texts::too_many_tasks(name, count, max))
}

/// How many tasks the connector may have, if these are more.
fn exceeded(config: &Props, count: usize) -> Option<u32> {
    let max = max_tasks(config);
    u32::try_from(count).map_or(true, |count| count > max).then_some(max)
}

impl ConnectorRun {
    /// A new life owes no answers.
    pub(super) fn forget_questions(&mut self) {
        self.asked = false;
        self.publishing = false;
        self.ask_again = false;
        self.ask_at = None;
        self.refusals = 0;
        self.heal_at = None;
        self.made = None;
    }

    /// Plans the next question after one that led nowhere: 250 ms later, then twice that, up to a minute.
    fn ask_later(&mut self, now: Millis) {
        let wait = FIRST_RETRY_MS.checked_shl(self.refusals).unwrap_or(LAST_RETRY_MS).min(LAST_RETRY_MS);
        self.refusals = (self.refusals + 1).min(16);
        self.ask_at = Some(now + wait);
    }
}

impl Herder {
    /// Asks the connector now, or, when it is being asked already, once more after that.
    pub(super) fn ask(&mut self, name: &str) {
        let Some(max_tasks) = self.cluster.connector(name).map(|stored| max_tasks(&stored.config)) else {
            return;
        };
        let Some(connector) = self.connectors.get_mut(name) else { return };
        let Some(life) = connector.run.life.as_ref().filter(|life| life.seen.is_some() && !life.stopping)
        else {
            return;
        };
        connector.ask_at = None;
        if connector.asked || connector.publishing {
            connector.ask_again = true;
            return;
        }
        let epoch = life.epoch;
        connector.asked = true;
        self.out.push(Action::AskTaskConfigs { name: name.to_owned(), epoch, max_tasks });
    }

    /// Asks where a pause after a refusal is over.
    pub(super) fn ask_again_where_due(&mut self) {
        let now = self.now;
        let due = |run: &ConnectorRun| run.ask_at().is_some_and(|at| at <= now);
        let names: Vec<String> =
            self.connectors.iter().filter(|(_, run)| due(run)).map(|(name, _)| name.clone()).collect();
        for name in names {
            // Whether it can be asked or not: this appointment is over.
            if let Some(run) = self.connectors.get_mut(&name) {
                run.ask_at = None;
                run.heal_at = None;
            }
            self.ask(&name);
        }
    }

    pub(super) fn reconfiguration_requested(&mut self, name: &str, epoch: Epoch) {
        if self.connectors.get_mut(name).is_some_and(|run| run.run.life_of(epoch).is_some()) {
            self.ask(name);
        }
    }

    pub(super) fn task_configs(&mut self, name: &str, epoch: Epoch, outcome: Result<Vec<Props>, String>) {
        let now = self.now;
        let Some(connector) = self.connectors.get_mut(name) else { return };
        let Some(life) = connector.run.life_of(epoch) else { return };
        let (generation, stopping) = (life.generation, life.stopping);
        connector.asked = false;
        if std::mem::take(&mut connector.ask_again) {
            return self.ask(name);
        }
        if stopping || self.shutdown != Shutdown::No {
            return;
        }
        let configs = match outcome {
            Ok(configs) => configs,
            Err(_) => return connector.ask_later(now),
        };
        let Some(config) = self.cluster.connector(name).map(|stored| stored.config.clone()) else { return };
        if let Some(problem) = too_many(name, &config, configs.len()) {
            self.connector_broke(name, generation, problem);
            if let Some(life) = self.connectors.get_mut(name).and_then(|run| run.run.life_of(epoch)) {
                life.stopping = true;
            }
            return self.out.push(Action::StopConnector { name: name.to_owned(), epoch });
        }
        if let Some(max) = exceeded(&config, configs.len()) {
            let notice = Notice::TooManyTasks { count: configs.len(), max };
            self.out.push(Action::Tell { connector: name.to_owned(), task: None, notice });
        }
        let configs: Vec<Props> = configs.into_iter().map(|task| self.completed(task, &config)).collect();
        if let Some(connector) = self.connectors.get_mut(name) {
            connector.made = Some(configs.clone());
        }
        // What it made before and what still waits to be written is out of date.
        self.jobs.retain(|job| !matches!(job, Job::Tasks { name: other, .. } if other == name));
        self.jobs.push_back(Job::Tasks { name: name.to_owned(), epoch, configs });
    }

    /// The task configs could not be stored: ask again later, the answer may have changed by then.
    pub(super) fn tasks_not_stored(&mut self, name: &str, epoch: Epoch) {
        let now = self.now;
        if let Some(run) = self
            .connectors
            .get_mut(name)
            .filter(|run| run.run.life.as_ref().is_some_and(|life| life.epoch == epoch && !life.stopping))
        {
            run.ask_later(now);
        }
    }

    /// The task configs are stored: the next one who cannot answer begins with the shortest pause.
    pub(super) fn tasks_stored(&mut self, name: &str) {
        if let Some(connector) = self.connectors.get_mut(name) {
            connector.refusals = 0;
        }
    }

    /// The leader took the task configs in, or did not.
    pub(super) fn tasks_published(&mut self, name: &str, epoch: Epoch, outcome: Result<(), String>) {
        let Some(connector) = self.connectors.get_mut(name) else { return };
        if connector.run.life_of(epoch).is_none() {
            return;
        }
        connector.publishing = false;
        if outcome.is_ok() {
            connector.refusals = 0;
        }
        if std::mem::take(&mut connector.ask_again) {
            self.ask(name);
        } else if outcome.is_err() {
            self.tasks_not_stored(name, epoch);
        } else if !self.cluster.is_clean(name) {
            // The commit is on its way; or the leader saw nothing to write, since it had read less.
            self.watch_tasks(name, false);
        }
    }

    /// Task configs were read, or the commit after them, with its outcome. Configs that no whole comes of were left by
    /// a leader that died, or by two: the owner sees to it that they are written anew.
    pub(super) fn watch_tasks(&mut self, name: &str, committed: bool) {
        let now = self.now;
        let Some(stored) = self.cluster.connector(name) else { return };
        let Some(connector) = self.connectors.get_mut(name) else { return };
        // Those of an earlier life may come late.
        let others = connector.made.as_ref().is_some_and(|made| *made != stored.tasks);
        let broken = stored.inconsistent || others;
        if connector.run.life.as_ref().is_none_or(|life| life.stopping) {
            return;
        }
        if committed {
            connector.heal_at = None;
            if broken && connector.ask_at.is_none() {
                connector.ask_later(now);
            }
        } else if connector.heal_at.is_none() {
            connector.heal_at = Some(now + LAST_RETRY_MS);
        }
    }

    /// Adds what the framework puts into a task's config: its class, and a sink's topics.
    fn completed(&self, mut task: Props, connector: &Props) -> Props {
        if let Ok(plugin) = self.catalog.connector_of(connector) {
            task.insert("task.class".to_owned(), plugin.task_class.clone());
            if plugin.kind == PluginKind::Sink {
                for key in ["topics", "topics.regex"] {
                    if let Some(value) = connector.get(key) {
                        task.insert(key.to_owned(), value.clone());
                    }
                }
            }
        }
        task
    }
}
