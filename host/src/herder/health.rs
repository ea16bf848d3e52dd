//! How connectors and tasks are: what their state does not say.

use super::lifecycle::Run;
use super::messages::{Epoch, TaskId};
use super::{Herder, Stall, State, Status};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It runs, and comes on or has nothing to do.
    Ok,
    /// It rests, or does not run yet.
    NotRunning,
    /// It runs, and waits for something for too long.
    Stalled,
    /// It failed.
    Failed,
}

impl Health {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Health::Ok => "OK",
            Health::NotRunning => "NOT_RUNNING",
            Health::Stalled => "STALLED",
            Health::Failed => "FAILED",
        }
    }
}

/// Health of a connector itself, or of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHealth {
    /// How it is.
    pub health: Health,
    /// Its state, with its restarts.
    pub status: Status,
    /// Why it does not come on: what is waited for, or the first line of the trace.
    pub reason: Option<String>,
    /// For how long it has been stalled, in milliseconds.
    pub stalled_for: Option<u64>,
}

/// Health of a connector and its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorHealth {
    /// Its name.
    pub name: String,
    /// The worst of all of them.
    pub health: Health,
    /// The connector itself.
    pub connector: PartHealth,
    /// Its tasks, by number.
    pub tasks: Vec<(u32, PartHealth)>,
}

impl Herder {
    /// A task says that it waits for something for too long, or no longer.
    pub(super) fn task_stalled(&mut self, id: &TaskId, epoch: Epoch, stall: Option<Stall>) {
        if let Some(life) = self.tasks.get_mut(id).and_then(|run| run.life_of(epoch)) {
            life.stall = stall;
        }
    }

    pub(super) fn health(&self, name: &str) -> Option<ConnectorHealth> {
        let status = self.status(name)?;
        let connector = self.part_health(status.connector, None);
        let tasks: Vec<(u32, PartHealth)> = status
            .tasks
            .into_iter()
            .map(|task| {
                let id = TaskId { connector: name.to_owned(), task: task.task };
                (task.task, self.part_health(task.status, self.tasks.get(&id)))
            })
            .collect();
        let parts = std::iter::once(&connector).chain(tasks.iter().map(|(_, task)| task));
        let health = parts.map(|part| part.health).max().unwrap_or(Health::Ok);
        Some(ConnectorHealth { name: name.to_owned(), health, connector, tasks })
    }

    fn part_health(&self, status: Status, run: Option<&Run>) -> PartHealth {
        let stall = run.and_then(|run| run.life.as_ref()?.stall.as_ref());
        let message = status.trace.as_ref().and_then(|trace| trace.lines().next()).map(str::to_owned);
        let (health, reason) = match (status.state, stall) {
            (State::Failed, _) => (Health::Failed, message),
            (_, Some(stall)) => (Health::Stalled, Some(stall.reason.clone())),
            (State::Running, None) => (Health::Ok, None),
            (_, None) => (Health::NotRunning, None),
        };
        let stalled_for =
            stall.filter(|_| health == Health::Stalled).map(|stall| self.now.saturating_sub(stall.since));
        PartHealth { health, status, reason, stalled_for }
    }
}
