//! What follows from the brokers' answers, and from their absence.

use super::{Answer, Coordinator, Failure, Joined, Machine, Phase};
use crate::kafka::group::GroupEvent;
use crate::kafka::group::codes::{self, name};
use crate::kafka::group::messages::Address;

impl Machine {
    pub(super) fn answered(&mut self, now: u64, request: u64, sent: u64, outcome: Result<Answer, Failure>) {
        if self.coordinator == (Coordinator::Finding { request }) {
            return match outcome {
                Ok(Answer::Found(code, address)) => self.found(now, code, address),
                Ok(_) => self.not_found(now, "the answer is another one's"),
                Err(failure) => {
                    if let Some(why) = self.unless_let_in(failure) {
                        self.not_found(now, &why);
                    }
                }
            };
        }
        let is_beat = self.beat.is_some_and(|(beat, _)| beat == request);
        let is_round = match &self.phase {
            Phase::Joining { request: asked, .. } | Phase::Syncing { request: asked, .. } => {
                *asked == request
            }
            _ => false,
        };
        if !is_beat && !is_round {
            return;
        }
        match (outcome, self.phase.clone()) {
            (Err(failure), _) => {
                if let Some(why) = self.unless_let_in(failure) {
                    self.lose_coordinator(now, &why);
                }
            }
            (Ok(Answer::Code(code)), _) if is_beat => self.beaten(now, sent, code),
            (Ok(Answer::Joined(joined)), Phase::Joining { offers, .. }) => {
                match joined.error {
                    codes::NONE => self.is_member(now, joined),
                    // The id goes into the group with the same request once more.
                    codes::MEMBER_ID_REQUIRED
                        if self.member_id.is_empty() && !joined.member_id.is_empty() =>
                    {
                        self.silent_since = None;
                        self.member_id = joined.member_id;
                        self.join(offers);
                    }
                    code => self.round_failed(now, "join", code),
                }
            }
            (Ok(Answer::Synced(codes::NONE, assignment)), Phase::Syncing { protocol, .. }) => {
                self.is_assigned(now, sent, protocol, assignment);
            }
            (Ok(Answer::Synced(code, _)), _) => self.round_failed(now, "sync", code),
            (Ok(_), _) => self.lose_coordinator(now, "the answer is another one's"),
        }
    }

    /// Why there was no answer, unless that is the end: a client that was never let in will not be.
    fn unless_let_in(&mut self, failure: Failure) -> Option<String> {
        match failure {
            Failure::Refused(why) if !self.joined => {
                self.fail(why);
                None
            }
            Failure::Refused(why) | Failure::Passing(why) => Some(why),
        }
    }

    fn found(&mut self, now: u64, code: i16, address: Address) {
        match codes::remedy(code, &self.group) {
            _ if code == codes::NONE => {
                self.note_rarely(format!("{address} coordinates group {}", self.group));
                self.coordinator = Coordinator::Known(address);
                self.next_beat = now;
            }
            Some(why) => self.fail(why),
            None => self.not_found(now, &name(code)),
        }
    }

    fn not_found(&mut self, now: u64, why: &str) {
        self.note_rarely(format!("no coordinator of group {} is found: {why}", self.group));
        self.silent_since.get_or_insert(now);
        self.coordinator = Coordinator::Unknown { not_before: now + self.pause() };
    }

    fn is_member(&mut self, now: u64, joined: Joined) {
        self.joined = true;
        self.silent_since = None;
        self.generation = joined.generation;
        self.member_id = joined.member_id.clone();
        // That of another generation says nothing any more.
        self.beat = None;
        self.in_motion(now);
        if joined.leader == joined.member_id {
            let until = now + self.rules.rebalance;
            self.phase = Phase::Electing { until, protocol: joined.protocol.clone() };
            self.tell(GroupEvent::Elected {
                generation: joined.generation,
                member_id: joined.member_id,
                protocol: joined.protocol,
                members: joined.members,
            });
        } else {
            self.sync(joined.protocol, Default::default());
        }
    }

    fn is_assigned(&mut self, now: u64, sent: u64, protocol: String, assignment: Vec<u8>) {
        self.phase = Phase::Stable;
        self.failures = 0;
        self.unchanged = self.assigned == self.generation;
        self.assigned = self.generation;
        self.silent_since = None;
        self.holding = true;
        self.hold(now, sent + self.rules.session);
        self.in_motion(now);
        let (generation, member_id) = (self.generation, self.member_id.clone());
        self.tell(GroupEvent::Assigned { generation, member_id, protocol, assignment });
        if std::mem::take(&mut self.again) {
            self.want_round(now);
        }
    }

    /// A join or a sync was answered with an error.
    fn round_failed(&mut self, now: u64, what: &str, code: i16) {
        if let Some(why) = codes::remedy(code, &self.group) {
            return self.fail(why);
        }
        match code {
            codes::NOT_COORDINATOR | codes::COORDINATOR_NOT_AVAILABLE => {
                return self.lose_coordinator(now, &name(code));
            }
            codes::UNKNOWN_MEMBER_ID | codes::FENCED_INSTANCE_ID => {
                self.lose_what_ran_out(now);
                self.forget_member();
            }
            codes::ILLEGAL_GENERATION => self.generation = -1,
            _ => {}
        }
        self.note(format!("{what} of group {}: {}", self.group, name(code)));
        self.silent_since = None;
        // The first time at once: it is the usual course of a group in motion.
        let first = self.failures == 0;
        let pause = self.pause();
        self.want(if first && code != codes::COORDINATOR_LOAD_IN_PROGRESS { now } else { now + pause });
    }

    fn beaten(&mut self, now: u64, sent: u64, code: i16) {
        self.beat = None;
        self.next_beat = now + self.interval(now);
        let in_round = matches!(self.phase, Phase::Joining { .. } | Phase::Syncing { .. });
        match code {
            codes::NONE | codes::REBALANCE_IN_PROGRESS => {
                self.silent_since = None;
                self.hold(now, sent + self.rules.session);
                match (code, &self.phase) {
                    (codes::NONE, Phase::Stable) => self.failures = 0,
                    (codes::REBALANCE_IN_PROGRESS, Phase::Stable | Phase::Electing { .. }) => {
                        self.rebalances(now);
                    }
                    _ => {}
                }
            }
            codes::NOT_COORDINATOR | codes::COORDINATOR_NOT_AVAILABLE => {
                self.lose_coordinator(now, &name(code));
            }
            // The answer that is under way decides.
            _ if in_round => {}
            codes::ILLEGAL_GENERATION | codes::UNKNOWN_MEMBER_ID | codes::FENCED_INSTANCE_ID => {
                self.note(format!("heartbeat of group {}: {}", self.group, name(code)));
                self.lose_what_ran_out(now);
                if code == codes::ILLEGAL_GENERATION {
                    self.generation = -1;
                } else {
                    self.forget_member();
                }
                self.rebalances(now);
            }
            code => match codes::remedy(code, &self.group) {
                Some(why) => self.fail(why),
                None => self.note(format!("heartbeat of group {}: {}", self.group, name(code))),
            },
        }
    }

    /// The group forms anew.
    fn rebalances(&mut self, now: u64) {
        if self.phase == Phase::Stable {
            self.tell(GroupEvent::Rebalancing);
        }
        self.want(now);
        self.in_motion(now);
    }
}
