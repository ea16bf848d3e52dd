//! What a member of a group does next: `step(now, input)` gives what to ask, to tell and to forget. No clock, no I/O; time
//! is in milliseconds, from any beginning, and does not go back.
//!
//! Heartbeats go on beside a join or a sync, on a connection of their own, as a broker answers a connection in turn and
//! may keep those waiting: so the worker knows at any time until when its membership holds.

use std::collections::BTreeMap;

use super::GroupEvent;
use super::messages::{Address, Joined, Offers};

mod answers;
mod phases;

/// Between heartbeats while the group is, or was just, in motion.
const FAST: u64 = 100;
/// The longest time between heartbeats: by them a member learns that another one was missed, or has come.
const CALM: u64 = 1_000;
/// How long the group has to be quiet for heartbeats to be slow again.
const QUIET: u64 = 1_000;
/// The longest pause between two tries.
const LONGEST_PAUSE: u64 = 1_000;
/// How much longer than the brokers' bound a join is waited for.
const JOIN_MARGIN: u64 = 5_000;
/// The longest time that leaving may take.
const LEAVE: u64 = 5_000;

/// Bounds, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) session: u64,
    pub(super) rebalance: u64,
    pub(super) heartbeat: u64,
    pub(super) backoff: u64,
    pub(super) request: u64,
}

/// What is asked of a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// Of any broker: who coordinates the group.
    Find,
    Join {
        member_id: String,
        offers: Offers,
    },
    Sync {
        generation: i32,
        member_id: String,
        shares: BTreeMap<String, Vec<u8>>,
    },
    Beat {
        generation: i32,
        member_id: String,
    },
    Leave {
        member_id: String,
    },
}

/// What a broker answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Found(i16, Address),
    Joined(Joined),
    Synced(i16, Vec<u8>),
    /// To a heartbeat or a leave.
    Code(i16),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Trying again can help.
    Passing(String),
    /// The broker does not accept the client, or the client the broker.
    Refused(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing but time.
    Tick,
    /// The worker's answer to [`GroupEvent::JoinDue`].
    Join(Offers),
    /// The worker's answer to [`GroupEvent::Elected`].
    Share {
        generation: i32,
        shares: BTreeMap<String, Vec<u8>>,
    },
    Rejoin(String),
    Leave(String),
    /// A rebalance is to be expected.
    Watch,
    /// `sent`: when the request was written.
    Answer {
        request: u64,
        sent: u64,
        outcome: Result<Answer, Failure>,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    /// To ask; answered by [`Input::Answer`] within the time given, unless hung up before. `to` is the coordinator.
    Ask {
        request: u64,
        to: Option<Address>,
        ask: Ask,
        within: u64,
    },
    /// All that the coordinator was asked is of no use any more; nor are the connections to it.
    HangUp,
    Tell(GroupEvent),
    /// Until when the membership holds; none: it does not.
    Hold(Option<u64>),
    /// For the log.
    Note(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Coordinator {
    Unknown { not_before: u64 },
    Finding { request: u64 },
    Known(Address),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Left; waits to be told to rejoin.
    Out,
    /// Shall join as soon as there is a coordinator.
    Wanting {
        not_before: u64,
    },
    /// The worker was asked what to join with. `until`: when that takes too long.
    Due {
        until: u64,
    },
    Joining {
        request: u64,
        offers: Offers,
    },
    /// Leads, and the worker was asked for the shares.
    Electing {
        until: u64,
        protocol: String,
    },
    Syncing {
        request: u64,
        protocol: String,
    },
    Stable,
    /// For good.
    Failed,
}

/// A member. See the module.
#[derive(Debug)]
pub(super) struct Machine {
    group: String,
    rules: Rules,
    random: u64,
    coordinator: Coordinator,
    phase: Phase,
    /// Empty: none.
    member_id: String,
    /// -1: none.
    generation: i32,
    /// The worker was told an assignment, and not since that all is lost.
    holding: bool,
    /// Was a member once: what is refused from now on may be let in again.
    joined: bool,
    /// To be joined anew after the round under way.
    again: bool,
    /// Generation of the last assignment.
    assigned: i32,
    /// The last round was none: a follower that says the same again is given the same, without a new generation.
    unchanged: bool,
    /// Since when the coordinator is gone without another having answered.
    silent_since: Option<u64>,
    /// In a row.
    failures: u32,
    requests: u64,
    /// The heartbeat under way, and its generation.
    beat: Option<(u64, i32)>,
    next_beat: u64,
    fast_until: u64,
    held_until: Option<u64>,
    outputs: Vec<Output>,
}

impl Machine {
    /// A member that is to join. `seed`: what pauses are spread by.
    pub(super) fn new(group: &str, rules: Rules, seed: u64) -> Machine {
        Machine {
            group: group.to_owned(),
            rules,
            random: seed | 1,
            coordinator: Coordinator::Unknown { not_before: 0 },
            phase: Phase::Wanting { not_before: 0 },
            member_id: String::new(),
            generation: -1,
            holding: false,
            joined: false,
            again: false,
            assigned: -1,
            unchanged: false,
            silent_since: None,
            failures: 0,
            requests: 0,
            beat: None,
            next_beat: 0,
            fast_until: 0,
            held_until: None,
            outputs: Vec::new(),
        }
    }

    /// Takes in what happened.
    pub(super) fn step(&mut self, now: u64, input: Input) -> Vec<Output> {
        if self.phase != Phase::Failed {
            match input {
                Input::Tick => {}
                Input::Join(offers) => self.offered(now, offers),
                Input::Share { generation, shares } => self.shared(generation, shares),
                Input::Rejoin(reason) => self.rejoin(now, &reason),
                Input::Leave(reason) => self.leave(&reason),
                Input::Watch => self.in_motion(now),
                Input::Answer { request, sent, outcome } => self.answered(now, request, sent, outcome),
            }
            self.time_passes(now);
        }
        std::mem::take(&mut self.outputs)
    }

    /// When [`Input::Tick`] is due, unless something else happens before.
    pub(super) fn wake(&self) -> Option<u64> {
        let searching = !matches!(self.phase, Phase::Out | Phase::Failed);
        let of_phase = match (&self.phase, &self.coordinator) {
            (Phase::Wanting { not_before }, Coordinator::Known(_)) => Some(*not_before),
            (Phase::Due { until } | Phase::Electing { until, .. }, _) => Some(*until),
            _ => None,
        };
        let find = match self.coordinator {
            Coordinator::Unknown { not_before } if searching => Some(not_before),
            _ => None,
        };
        let beat = (self.beats() && self.beat.is_none()).then_some(self.next_beat);
        let silence = self.silent_since.filter(|_| self.holding).map(|since| since + self.rules.heartbeat);
        [of_phase, find, beat, silence, self.held_until].into_iter().flatten().min()
    }

    fn tell(&mut self, event: GroupEvent) {
        self.outputs.push(Output::Tell(event));
    }

    fn note(&mut self, text: String) {
        self.outputs.push(Output::Note(text));
    }

    /// For what is tried over and over: told the first time, the second, the fourth and so on.
    fn note_rarely(&mut self, text: String) {
        if self.failures.count_ones() <= 1 {
            self.note(text);
        }
    }

    /// Asks, and gives the request's number.
    fn ask(&mut self, ask: Ask) -> u64 {
        let rules = self.rules;
        let within = match &ask {
            Ask::Find | Ask::Sync { .. } => rules.request,
            Ask::Join { .. } => rules.request.max(rules.rebalance + JOIN_MARGIN),
            // A slow coordinator has nearly as long as the session; time is left to find another before it ends.
            Ask::Beat { .. } => {
                rules.request.min((rules.session - rules.heartbeat.min(rules.session / 2)).max(1))
            }
            Ask::Leave { .. } => rules.request.min(LEAVE),
        };
        let to = match &self.coordinator {
            Coordinator::Known(address) if ask != Ask::Find => Some(address.clone()),
            _ => None,
        };
        self.requests += 1;
        self.outputs.push(Output::Ask { request: self.requests, to, ask, within });
        self.requests
    }

    /// The next pause: twice the last one, and a fifth more or less.
    fn pause(&mut self) -> u64 {
        let longest = LONGEST_PAUSE.max(self.rules.backoff);
        let pause = self.rules.backoff.saturating_mul(1 << self.failures.min(10)).min(longest);
        self.failures = self.failures.saturating_add(1);
        // Xorshift: spread is all that is wanted.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        pause * (80 + self.random % 41) / 100
    }
}

#[cfg(test)]
mod tests;
