//! What must hold: of every answer of a leader, and of the whole once faults have stopped.

use std::collections::{BTreeMap, BTreeSet};

use super::act::task_configs;
use super::coordinator::Phase;
use super::worker::{Client, Worker};
use super::world::World;
use crate::herder::*;

/// Says what is wrong where something is.
macro_rules! ensure {
    ($condition:expr, $($text:tt)*) => {
        if !$condition {
            return Err(format!($($text)*));
        }
    };
}

fn spread(shares: &[&Share], of_tasks: bool) -> usize {
    let count =
        |share: &&Share| share.iter().filter(|item| matches!(item, Item::Task(_)) == of_tasks).count();
    let loads: BTreeSet<usize> = shares.iter().map(count).collect();
    loads.last().unwrap_or(&0) - loads.first().unwrap_or(&0)
}

impl World {
    /// A leader's answer gives nothing twice, and nothing that is to stop.
    pub fn check_shares(&self, shares: &BTreeMap<String, GroupAssignment>) {
        let mut given = BTreeSet::new();
        for (member, told) in shares {
            assert!(told.assigned.is_disjoint(&told.revoked), "{member} is to stop and to start the same");
            for item in &told.assigned {
                assert!(given.insert(item.clone()), "{item} is given twice");
            }
        }
    }

    /// What was acknowledged was written.
    pub fn check_answer(&self, request: &Request, outcome: &Result<Response, ApiError>) {
        let (name, value) = match request {
            Request::Create { name, config, .. } | Request::PutConfig { name, config } => {
                (name, config.config.get("v").cloned())
            }
            Request::Delete(name) => (name, None),
            _ => return,
        };
        if outcome.is_ok() {
            assert!(self.written.contains(&(name.clone(), value)), "{name} was not written");
        }
    }

    /// The state that the whole topic adds up to.
    pub fn cluster(&self) -> ClusterConfig {
        let mut cluster = ClusterConfig::default();
        for (offset, record) in &self.log {
            cluster.fold(*offset, Some(record));
        }
        cluster
    }

    /// Whether all is as it shall be; else what is not.
    pub fn whole(&self) -> Result<(), String> {
        let workers: Vec<&Worker> = self.workers().collect();
        ensure!(self.coordinator.phase == Phase::Stable, "a rebalance is under way");
        for worker in &workers {
            let slot = worker.who.0;
            ensure!(worker.client == Client::Member, "w{slot} is {:?}", worker.client);
            ensure!(self.coordinator.members.contains_key(&worker.member_id), "w{slot} is no member");
            ensure!(worker.open.is_empty(), "w{slot} owes {} answers", worker.open.len());
        }
        ensure!(self.coordinator.members.len() == workers.len(), "there are ghosts in the group");
        let cluster = self.cluster();
        self.all_know(&workers, &cluster)?;
        let items = cluster.items();
        let shares: Vec<&Share> = workers.iter().map(|worker| worker.held()).collect();
        let given: usize = shares.iter().map(|share| share.len()).sum();
        let all: Share = shares.iter().copied().flatten().cloned().collect();
        ensure!(all == items, "{all:?} is assigned of {items:?}");
        ensure!(given == items.len(), "something is assigned twice");
        ensure!(spread(&shares, false) <= 1 && spread(&shares, true) <= 1, "uneven: {shares:?}");
        self.all_runs(&workers, &cluster)
    }

    /// All workers, and one that starts now, know the same configs; task configs are those of the plugin.
    fn all_know(&self, workers: &[&Worker], cluster: &ClusterConfig) -> Result<(), String> {
        for worker in workers {
            let (slot, known) = (worker.who.0, &worker.herder.cluster);
            ensure!(known.names().eq(cluster.names()), "w{slot} knows other connectors");
            for name in cluster.names() {
                let (here, there) = (known.connector(name), cluster.connector(name));
                let same = here.zip(there).is_some_and(|(a, b)| a.config == b.config && a.tasks == b.tasks);
                ensure!(same, "w{slot} knows {name} differently");
                ensure!(known.target(name) == cluster.target(name), "w{slot} has another target of {name}");
            }
        }
        for name in cluster.names() {
            let Some(stored) = cluster.connector(name) else { continue };
            let mood = self.moods.get(name).copied().unwrap_or(0);
            let made = task_configs(&stored.config, mood);
            let told: Vec<Option<&String>> = stored.tasks.iter().map(|task| task.get("made")).collect();
            let same = made.iter().map(|task| task.get("made")).eq(told);
            let started = cluster.target(name) == TargetState::Started;
            ensure!(same || !started, "{name} has not the tasks that its plugin wants");
        }
        Ok(())
    }

    /// What shall run runs once, where it is assigned, and its status says so to everybody.
    fn all_runs(&self, workers: &[&Worker], cluster: &ClusterConfig) -> Result<(), String> {
        for worker in workers {
            let slot = worker.who.0;
            for item in worker.held() {
                let (name, task) = match item {
                    Item::Connector(name) => (name, false),
                    Item::Task(id) => (&id.connector, true),
                };
                let target = match cluster.target(name) {
                    TargetState::Started => Some(TaskTarget::Running),
                    TargetState::Paused if task => Some(TaskTarget::Paused),
                    TargetState::Paused | TargetState::Stopped => None,
                };
                let life = worker.lives.get(item).filter(|life| !life.stopping);
                ensure!(life.map(|life| life.target) == target, "{item} is not {target:?} at w{slot}");
            }
            let strange = worker.lives.keys().find(|item| !worker.held().contains(item));
            ensure!(strange.is_none(), "{strange:?} still runs at w{slot}");
        }
        for (asked, owner) in workers.iter().flat_map(|asked| workers.iter().map(move |owner| (asked, owner)))
        {
            for item in owner.lives.keys() {
                let status = match item {
                    Item::Connector(name) => asked.herder.status(name).map(|status| status.connector),
                    Item::Task(id) => asked.herder.task_status(id).map(|status| status.status),
                };
                let right = status.as_ref().is_some_and(|status| {
                    status.worker_id == format!("w{}:8083", owner.who.0)
                        && matches!(status.state, State::Running | State::Paused)
                });
                ensure!(right, "w{} has {status:?} of {item} at w{}", asked.who.0, owner.who.0);
            }
        }
        Ok(())
    }
}
