//! What breaks by itself while all else goes wrong, and what is asked of workers meanwhile: failures, restarts, other states,
//! other tasks.

use std::collections::{BTreeMap, BTreeSet};

use super::coordinator::Phase;
use super::met::Fault;
use super::worker::{Client, Life, Origin, Worker};
use super::world::{Call, World};
use crate::herder::*;

impl World {
    /// A connector or task fails.
    pub fn break_one(&mut self) {
        let fit = |life: &Life| !life.stopping && life.target == TaskTarget::Running;
        let lives: Vec<(usize, Item, Epoch)> = self
            .workers()
            .flat_map(|worker| worker.lives.iter().map(move |(item, life)| (worker.who.0, item, life)))
            .filter(|(_, _, life)| fit(life))
            .map(|(slot, item, life)| (slot, item.clone(), life.epoch))
            .collect();
        if lives.is_empty() {
            return;
        }
        let (slot, item, epoch) = lives[self.rng.below(lives.len())].clone();
        self.met.insert(Fault::Failed);
        let (now, trace, from) = (self.now, "broke".to_owned(), format!("life {epoch}"));
        let worker = self.worker(slot);
        // What it had to say is cut short.
        worker.pipes.remove(&from);
        let (failed, ended) = match item {
            Item::Connector(name) => (
                Event::ConnectorFailed { name: name.clone(), epoch, trace },
                Event::ConnectorEnded { name, epoch },
            ),
            Item::Task(id) => {
                (Event::TaskFailed { id: id.clone(), epoch, trace }, Event::TaskEnded { id, epoch })
            }
        };
        worker.send(&from, now, failed);
        worker.send(&from, now, ended);
    }

    /// Notes what is asked for while a rebalance is under way or a worker is away.
    pub fn note_asked(&mut self, records: &[ConfigRecord]) {
        if !self.faulty || self.coordinator.phase == Phase::Stable {
            return;
        }
        self.met.extend(records.iter().filter_map(|record| match record {
            ConfigRecord::Restart { only_failed: false, .. } => Some(Fault::Restarted),
            ConfigRecord::Restart { only_failed: true, .. } => Some(Fault::FailedRestarted),
            ConfigRecord::Target { state: Some(TargetState::Paused), .. } => Some(Fault::ConnectorPaused),
            ConfigRecord::Target { state: Some(TargetState::Stopped), .. } => Some(Fault::ConnectorStopped),
            ConfigRecord::Target { state: Some(TargetState::Started), .. } => Some(Fault::ConnectorResumed),
            ConfigRecord::TaskCommit { .. } => Some(Fault::TasksChanged),
            _ => None,
        }));
    }

    /// Somebody has what failed restarted, asking any worker: the request finds it wherever it is. True: it was asked for.
    pub fn restart_what_failed(&mut self, asked: &mut BTreeMap<String, Millis>) -> bool {
        let member = |worker: &Worker| worker.client == Client::Member;
        if self.coordinator.phase != Phase::Stable || !self.workers().all(member) {
            return false;
        }
        let failed = |worker: &Worker, item: &Item| {
            let (name, status) = match item {
                Item::Connector(name) => (name, worker.herder.status(name).map(|status| status.connector)),
                Item::Task(id) => (&id.connector, worker.herder.task_status(id).map(|task| task.status)),
            };
            status.is_some_and(|status| status.state == State::Failed).then(|| name.clone())
        };
        let names: BTreeSet<String> = self
            .workers()
            .flat_map(|worker| worker.held().iter().filter_map(|item| failed(worker, item)))
            .collect();
        let mut any = false;
        for name in names {
            // It may come to a worker that waits for something, or go to one that is gone: once more when time has passed.
            if asked.insert(name.clone(), self.now) == Some(self.now) {
                continue;
            }
            let Some(to) = self.some_slot(World::up) else { return false };
            let (at, request) = (self.now, Request::Restart { name, include_tasks: true, only_failed: true });
            let origin = Origin::Caller { request: request.clone(), hops: 0 };
            self.calls.push(Call { to, request, origin, at });
            any = true;
        }
        any
    }
}
