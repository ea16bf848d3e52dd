//! A simulated worker's client of the group: what it makes of the coordinator's answers and of time.

use super::coordinator::{Ask, Reply, SESSION};
use super::met::Fault;
use super::worker::Client;
use super::world::World;
use crate::herder::*;

impl World {
    /// What the coordinator has to say begins its way.
    pub fn send_replies(&mut self) {
        for (who, reply) in std::mem::take(&mut self.coordinator.replies) {
            if self.fails(2, Fault::ReplyLost) {
                continue;
            }
            let at = self.later();
            if let Some(worker) = self.slots[who.0].as_mut().filter(|worker| worker.who == who) {
                worker.from_group.push_back((at, reply));
            }
        }
        let switched = std::mem::take(&mut self.coordinator.switched);
        let out = std::mem::take(&mut self.coordinator.thrown_out);
        if switched {
            self.met.insert(Fault::ProtocolSwitched);
        }
        for worker in self.slots.iter_mut().flatten() {
            if switched || out.contains(&worker.who) {
                worker.outside = true;
                worker.lives.values_mut().for_each(|life| life.orphan = true);
            }
        }
    }

    /// The client of the group hears from the coordinator what came `at` then.
    pub fn reply(&mut self, slot: usize, at: Millis, reply: Reply) {
        let now = self.now;
        let chance = self.rng.chance(30);
        let worker = self.worker(slot);
        // Within its lease it goes on as the member that it was.
        let keeps = chance && now < worker.heard + SESSION;
        worker.heard = worker.heard.max(at);
        match (reply, worker.client) {
            (Reply::Joined { generation, member_id, protocol, members }, Client::Joining(_)) => {
                worker.member_id = member_id.clone();
                worker.client = Client::Syncing(generation, now);
                match members {
                    Some(members) => {
                        let event = GroupEvent::Elected { generation, member_id, protocol, members };
                        worker.send_group(now, event);
                    }
                    None => {
                        worker.to_group.push_back((now, Ask::Sync { member_id, generation, shares: None }))
                    }
                }
            }
            (Reply::Synced { generation, protocol, assignment }, Client::Syncing(current, _))
                if generation == current =>
            {
                worker.client = Client::Member;
                let member_id = worker.member_id.clone();
                worker.send_group(now, GroupEvent::Assigned { generation, member_id, protocol, assignment });
            }
            (Reply::Rebalance, Client::Member | Client::Syncing(..)) => {
                worker.send_group(now, GroupEvent::Rebalancing);
                self.join(slot);
            }
            (Reply::Unknown, Client::Member | Client::Syncing(..) | Client::Joining(_) | Client::Due) => {
                worker.member_id.clear();
                if !keeps {
                    worker.send_group(now, GroupEvent::Lost);
                }
                self.join(slot);
            }
            _ => {}
        }
    }

    /// Heartbeats, and what is over by its time.
    pub fn beat(&mut self) {
        let now = self.now;
        for slot in 0..self.slots.len() {
            let Some(worker) = self.slots[slot].as_mut().filter(|worker| !worker.paused) else { continue };
            let stale = worker.gives_up_at().is_some_and(|at| at <= now);
            if worker.cut <= now && !matches!(worker.client, Client::Out) && !worker.member_id.is_empty() {
                let (id, who) = (worker.member_id.clone(), worker.who);
                match self.coordinator.heartbeat(now, &id) {
                    Some(Reply::Unknown) if worker.from_group.is_empty() => {
                        self.coordinator.replies.push((who, Reply::Unknown));
                    }
                    Some(Reply::Unknown) => {}
                    // One who is about to join needs not be told.
                    Some(reply) if worker.client == Client::Member => {
                        self.coordinator.replies.push((who, reply));
                    }
                    Some(_) | None => worker.heard = now,
                }
            }
            let worker = self.worker(slot);
            let member = matches!(
                worker.client,
                Client::Member | Client::Due | Client::Joining(_) | Client::Syncing(..)
            );
            if member && !worker.member_id.is_empty() && now >= worker.heard + SESSION {
                // The lease is over.
                worker.heard = now;
                worker.send_group(now, GroupEvent::Lost);
                self.join(slot);
            } else if stale {
                self.join(slot);
            }
        }
        self.coordinator.tick(now);
        self.send_replies();
    }
}
