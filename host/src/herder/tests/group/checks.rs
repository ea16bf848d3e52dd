//! What must hold: of every answer of a leader, and of the whole once faults have stopped.

use std::collections::{BTreeMap, BTreeSet};

use super::act::task_configs;
use super::coordinator::Phase;
use super::worker::{Client, Life, Worker};
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
    /// After a leader's answer nobody has what another one has: neither given nor kept.
    pub fn check_shares(&self, generation: i32, shares: &BTreeMap<String, GroupAssignment>) {
        let members = &self.coordinator.rounds[&generation];
        assert!(shares.keys().eq(members.keys()), "g{generation} is for others than have joined");
        let mut owned = BTreeMap::new();
        for (member, told) in shares {
            assert!(told.assigned.is_disjoint(&told.revoked), "{member} is to stop and to start the same");
            if told.error != 0 {
                assert!(told.assigned.is_empty() && told.revoked.is_empty(), "something beside an error");
                continue;
            }
            let has = members[member].allocation.as_ref().map(|told| told.assigned.clone());
            for item in &(&has.unwrap_or_default() - &told.revoked) | &told.assigned {
                let other = owned.insert(item.clone(), member);
                assert!(other.is_none(), "g{generation} names {item} for {member} and {other:?}");
            }
        }
    }

    /// A worker of the group that was just told what is its own runs that alone, but for what is ending.
    pub fn check_told(&mut self, slot: usize) {
        let Some(worker) = &mut self.slots[slot] else { return };
        for life in worker.lives.values_mut().filter(|life| !life.stopping) {
            life.orphan = false;
        }
        for other in self.workers().filter(|other| other.who.0 != slot) {
            let lives = self.slots[slot].iter().flat_map(|worker| &worker.lives);
            for (item, _) in lives.filter(|(_, life)| !life.stopping) {
                let alone = other.lives.get(item).is_none_or(|life| life.orphan);
                assert!(alone, "{item} goes on at w{slot} beside w{}", other.who.0);
            }
        }
    }

    /// After every step: what runs at two workers runs at all but one of them outside of the group, or is ending there.
    pub fn check_alone(&self) {
        for (nth, worker) in self.workers().enumerate() {
            let others: Vec<&Worker> = self.workers().skip(nth + 1).collect();
            for (item, _) in worker.lives.iter().filter(|(_, life)| !life.orphan) {
                for other in &others {
                    let alone = other.lives.get(item).is_none_or(|life| life.orphan);
                    assert!(alone, "{item} runs at w{} beside w{}", worker.who.0, other.who.0);
                }
            }
        }
    }

    /// While the offsets of a connector are changed no member runs a task of it.
    pub fn check_rests(&self, slot: usize, name: &str) {
        if self.slots[slot].as_ref().is_none_or(|worker| worker.outside) {
            // A leader that was left behind; what it changes is fenced, or it has lost its lease.
            return;
        }
        for worker in self.workers() {
            let of_it = |(item, life): &(&Item, &Life)| {
                matches!(item, Item::Task(id) if id.connector == name) && !life.orphan
            };
            let runs = worker.lives.iter().find(of_it).map(|(item, _)| item);
            assert!(runs.is_none(), "offsets of {name} are changed while {runs:?} runs at w{}", worker.who.0);
        }
    }

    /// A worker that was told that the group goes on without it stops everything.
    pub fn check_stops(&self, slot: usize) {
        let lives = self.slots[slot].iter().flat_map(|worker| &worker.lives);
        for (item, life) in lives {
            assert!(life.stopping, "{item} goes on at w{slot}, which is out of the group");
        }
    }

    /// What was acknowledged was written.
    pub fn check_answer(&self, request: &Request, outcome: &Result<Response, ApiError>) {
        let (name, value) = match request {
            Request::Create { name, config, .. } | Request::PutConfig { name, config } => {
                (name, config.config.get("v").cloned())
            }
            Request::PatchConfig { name, patch } => (name, patch.get("v").cloned().flatten()),
            Request::Delete(name) => (name, None),
            _ => return,
        };
        if outcome.is_ok() {
            let written = self.written.get(name).is_some_and(|values| values.contains(&value));
            assert!(written, "{name} was not written");
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
        for (name, values) in &self.written {
            let here = cluster.connector(name).map(|stored| stored.config.get("v"));
            let last = values.last().and_then(Option::as_ref).map(Some);
            ensure!(here == last, "{name} is not as it was written last");
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
