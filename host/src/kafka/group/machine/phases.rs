//! What the worker says, and what time alone brings about.

use std::collections::BTreeMap;

use super::{Ask, CALM, Coordinator, FAST, Machine, Output, Phase, QUIET};
use crate::kafka::group::messages::Offers;
use crate::kafka::group::{GroupError, GroupEvent};

impl Machine {
    pub(super) fn offered(&mut self, now: u64, offers: Offers) {
        if !matches!(self.phase, Phase::Due { .. }) {
            return;
        }
        if matches!(self.coordinator, Coordinator::Known(_)) {
            self.join(offers);
        } else {
            // It is asked again, since what it offered grows old.
            self.phase = Phase::Wanting { not_before: now };
        }
    }

    pub(super) fn join(&mut self, offers: Offers) {
        let request = self.ask(Ask::Join { member_id: self.member_id.clone(), offers: offers.clone() });
        self.again = false;
        self.phase = Phase::Joining { request, offers };
    }

    pub(super) fn shared(&mut self, generation: i32, shares: BTreeMap<String, Vec<u8>>) {
        if let Phase::Electing { protocol, .. } = &self.phase
            && generation == self.generation
        {
            let protocol = protocol.clone();
            self.sync(protocol, shares);
        }
    }

    pub(super) fn sync(&mut self, protocol: String, shares: BTreeMap<String, Vec<u8>>) {
        let (generation, member_id) = (self.generation, self.member_id.clone());
        let request = self.ask(Ask::Sync { generation, member_id, shares });
        self.phase = Phase::Syncing { request, protocol };
    }

    pub(super) fn rejoin(&mut self, now: u64, reason: &str) {
        match self.phase {
            Phase::Out | Phase::Stable => {
                self.note(format!("joins group {}: {reason}", self.group));
                self.want_round(now);
            }
            // What this round was joined with may be old by now.
            Phase::Joining { .. } | Phase::Electing { .. } | Phase::Syncing { .. } => self.again = true,
            Phase::Wanting { .. } | Phase::Due { .. } | Phase::Failed => {}
        }
    }

    pub(super) fn leave(&mut self, reason: &str) {
        if self.phase == Phase::Out {
            return;
        }
        self.note(format!("leaves group {}: {reason}", self.group));
        self.depart();
        self.holding = false;
        self.phase = Phase::Out;
    }

    /// Tells the coordinator, if there is something to tell, and forgets the membership.
    fn depart(&mut self) {
        // What it was asked may keep its connections busy.
        self.outputs.push(Output::HangUp);
        if !self.member_id.is_empty() && matches!(self.coordinator, Coordinator::Known(_)) {
            self.ask(Ask::Leave { member_id: self.member_id.clone() });
        }
        self.forget_member();
        self.again = false;
    }

    /// The group knows this member no more.
    pub(super) fn forget_member(&mut self) {
        self.member_id.clear();
        self.generation = -1;
        self.beat = None;
        self.let_go();
    }

    /// To be joined from this time on. A worker that was asked what to join with is not asked twice.
    pub(super) fn want(&mut self, not_before: u64) {
        if !matches!(self.phase, Phase::Due { .. }) {
            self.phase = Phase::Wanting { not_before };
        }
    }

    /// To be joined as the worker wants it: at once, unless that changed nothing the last time.
    pub(super) fn want_round(&mut self, now: u64) {
        let pause = if self.unchanged { self.pause() } else { 0 };
        self.want(now + pause);
    }

    /// The membership holds until then, or longer if that is known already.
    pub(super) fn hold(&mut self, now: u64, until: u64) {
        if until > now && self.held_until.is_none_or(|held| held < until) {
            self.held_until = Some(until);
            self.outputs.push(Output::Hold(Some(until)));
        }
    }

    fn let_go(&mut self) {
        self.held_until = None;
        self.outputs.push(Output::Hold(None));
    }

    /// All that the worker runs has to stop.
    fn lose(&mut self, now: u64) {
        self.let_go();
        if std::mem::take(&mut self.holding) {
            self.tell(GroupEvent::Lost);
        }
        if self.phase == Phase::Stable {
            self.want(now);
        }
    }

    /// What was run under a membership that had run out is lost: others may have been given it since. So is what came in an
    /// assignment that was read after its time.
    pub(super) fn lose_what_ran_out(&mut self, now: u64) {
        if self.held_until.map_or(self.holding, |until| until <= now) {
            self.lose(now);
        }
    }

    /// Nobody knows whether there is a coordinator.
    pub(super) fn lose_coordinator(&mut self, now: u64, why: &str) {
        self.note_rarely(format!("the coordinator of group {} is unknown: {why}", self.group));
        self.outputs.push(Output::HangUp);
        self.coordinator = Coordinator::Unknown { not_before: now + self.pause() };
        self.silent_since.get_or_insert(now);
        self.beat = None;
        if matches!(self.phase, Phase::Joining { .. } | Phase::Electing { .. } | Phase::Syncing { .. }) {
            self.want(now);
        }
    }

    /// Nothing helps but the user.
    pub(super) fn fail(&mut self, why: String) {
        self.outputs.push(Output::HangUp);
        self.let_go();
        self.holding = false;
        self.phase = Phase::Failed;
        self.tell(GroupEvent::Failed(GroupError(why)));
    }

    /// Whether there is somebody to send heartbeats to, and a membership to send them for.
    pub(super) fn beats(&self) -> bool {
        let member = !matches!(self.phase, Phase::Out | Phase::Failed);
        member && self.generation >= 0 && matches!(self.coordinator, Coordinator::Known(_))
    }

    /// From one heartbeat to the next.
    pub(super) fn interval(&self, now: u64) -> u64 {
        let fast = self.phase != Phase::Stable || now < self.fast_until;
        self.rules.heartbeat.min(if fast { FAST } else { CALM })
    }

    pub(super) fn in_motion(&mut self, now: u64) {
        self.fast_until = now + QUIET;
        self.next_beat = self.next_beat.min(now + self.interval(now));
    }

    pub(super) fn time_passes(&mut self, now: u64) {
        if self.phase == Phase::Failed {
            return;
        }
        if self.held_until.is_some_and(|until| until <= now) {
            if self.holding && matches!(self.coordinator, Coordinator::Known(_)) {
                self.lose_coordinator(now, "no heartbeat was answered for as long as the session lasts");
            }
            self.lose(now);
        }
        if self.silent_since.is_some_and(|since| since + self.rules.heartbeat <= now) && self.holding {
            self.lose(now);
        }
        self.see_to_the_worker(now);
        self.see_to_the_coordinator(now);
    }

    /// A worker that does not answer does not come on: it must not keep its share.
    fn see_to_the_worker(&mut self, now: u64) {
        let overdue = match self.phase {
            Phase::Due { until } | Phase::Electing { until, .. } => until <= now,
            _ => false,
        };
        if overdue {
            let why = "the worker has not answered within rebalance.timeout.ms";
            self.note(format!("leaves group {}: {why}", self.group));
            self.depart();
            self.lose(now);
            self.phase = match self.phase {
                // It answers some day.
                Phase::Due { .. } => Phase::Due { until: u64::MAX },
                _ => Phase::Wanting { not_before: now },
            };
        }
    }

    fn see_to_the_coordinator(&mut self, now: u64) {
        match self.coordinator {
            Coordinator::Unknown { not_before } if not_before <= now && self.phase != Phase::Out => {
                let request = self.ask(Ask::Find);
                self.coordinator = Coordinator::Finding { request };
            }
            Coordinator::Known(_) => {
                if matches!(self.phase, Phase::Wanting { not_before } if not_before <= now) {
                    self.phase = Phase::Due { until: now + self.rules.rebalance };
                    self.in_motion(now);
                    self.tell(GroupEvent::JoinDue);
                }
                if self.beats() && self.beat.is_none() && self.next_beat <= now {
                    let (generation, member_id) = (self.generation, self.member_id.clone());
                    let request = self.ask(Ask::Beat { generation, member_id });
                    self.beat = Some((request, generation));
                }
            }
            _ => {}
        }
    }
}
