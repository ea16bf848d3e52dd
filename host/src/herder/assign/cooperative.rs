//! The assignor of `compatible` and `sessioned`: what runs stays where it runs (KIP-415 with its later corrections).
//!
//! A leader remembers from round to round what was assigned. What nobody reports any more is lost: it waits for
//! `scheduled.rebalance.max.delay.ms`, in case its worker comes back. Load moves in two rounds: first it is revoked, then,
//! once that has been reported, given to somebody else.

use std::collections::BTreeSet;

use super::balance::{self, KINDS};
use super::{Share, Shares};
use crate::herder::Millis;

/// What a round of rebalancing begins with.
pub struct Round<'a> {
    /// The generation that this assignment is for.
    pub generation: i32,
    /// The last generation that this member completed.
    pub completed: i32,
    /// What each member runs, as it says.
    pub allocations: &'a Shares,
    /// All connectors and tasks that there are.
    pub configured: &'a Share,
    /// What is known to run nowhere, since the worker that had it said so before it left: it need not wait.
    pub released: &'a Share,
}

/// What members are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What each member runs besides; every member has an entry.
    pub added: Shares,
    /// What each member stops; only members that stop something have an entry.
    pub revoked: Shares,
    /// When all join anew, from now; 0: not planned.
    pub delay: Millis,
}

/// What a leader remembers. A new leader knows only what the members report.
#[derive(Debug, Default)]
pub struct Cooperative {
    /// `scheduled.rebalance.max.delay.ms`.
    max_delay: Millis,
    assigned: Share,
    revoked: Share,
    members: BTreeSet<String>,
    generation: Option<i32>,
    /// When lost items are given away, if they wait.
    scheduled: Option<Millis>,
    delay: Millis,
    /// Members that ran nothing while lost items waited, in the order in which they were seen.
    candidates: Vec<String>,
    balanced_before: bool,
    /// Rounds in a row that moved load.
    successive: u32,
}

impl Cooperative {
    /// A new leader; `max_delay` is how long lost items wait.
    pub fn new(max_delay: Millis) -> Cooperative {
        Cooperative { max_delay, ..Cooperative::default() }
    }

    /// Shares out what is configured. `now` only grows.
    pub fn assign(&mut self, now: Millis, round: &Round<'_>) -> Outcome {
        if self.generation != Some(round.completed) {
            // A round was missed: what was assigned there may have reached nobody.
            self.assigned = Share::new();
        }
        let active: Share = round.allocations.values().flatten().cloned().collect();
        if !self.revoked.is_disjoint(&active) {
            // The revocation did not happen, so it is decided again.
            self.assigned = active.clone();
        }
        let known = &self.assigned | &active;
        let deleted = &known - round.configured;
        let lost = &(&self.assigned - &active) - &deleted;
        let mut fresh = round.configured - &known;

        let stop = &deleted | &held_twice(round.allocations);
        let mut revoked: Shares = each(round.allocations, |share| share & &stop);
        let mut next: Shares = each(round.allocations, |share| share - &stop);

        let waiting = &lost - round.released;
        fresh.extend(&lost & round.released);
        let given = self.give_lost(now, &waiting, &mut next);
        if self.delay == 0 {
            self.balance(now, round.configured, &mut next, &mut revoked);
        } else {
            self.balanced_before = false;
        }
        fresh.extend(given);
        balance::give(&mut next, &fresh);

        self.revoked = revoked.values().flatten().cloned().collect();
        let running: Share = next.values().flatten().cloned().collect();
        self.assigned = &(&running - &self.revoked) | &lost;
        self.generation = Some(round.generation);
        self.members = round.allocations.keys().cloned().collect();
        let before = |member: &String| round.allocations.get(member).cloned().unwrap_or_default();
        let added = next.iter().map(|(member, share)| (member.clone(), share - &before(member))).collect();
        revoked.retain(|_, share| !share.is_empty());
        Outcome { added, revoked, delay: self.delay }
    }

    /// What of the lost is to be given to anybody now. Gives it to those who waited for it, if there are any.
    fn give_lost(&mut self, now: Millis, lost: &Share, next: &mut Shares) -> Share {
        if lost.is_empty() && !self.balanced_before {
            self.forget_delay();
            return Share::new();
        }
        // Nobody has left: the assignment did not reach somebody.
        let all_here =
            self.scheduled.is_none() && self.members.iter().all(|member| next.contains_key(member));
        if all_here || self.max_delay == 0 {
            return lost.clone();
        }
        if self.scheduled.is_some_and(|at| now >= at) {
            let candidates: Vec<String> =
                self.candidates.drain(..).filter(|member| next.contains_key(member)).collect();
            self.forget_delay();
            self.balanced_before = false;
            if candidates.is_empty() {
                return lost.clone();
            }
            for kind in KINDS {
                let items = lost.iter().filter(|item| kind.has(item));
                for (item, member) in items.zip(candidates.iter().cycle()) {
                    next.entry(member.clone()).or_default().insert(item.clone());
                }
            }
            return Share::new();
        }
        let idle = next.iter().filter(|(_, share)| share.is_empty()).map(|(member, _)| member);
        let newly: Vec<String> = idle.filter(|member| !self.candidates.contains(member)).cloned().collect();
        self.candidates.extend(newly);
        self.delay = self.scheduled.map_or(self.max_delay, |at| (at - now).min(self.max_delay));
        self.scheduled = Some(now + self.delay);
        Share::new()
    }

    fn forget_delay(&mut self) {
        self.candidates.clear();
        self.scheduled = None;
        self.delay = 0;
    }

    /// Takes from members what they have too much of, unless that was done just before: then all wait a while, longer
    /// each time.
    fn balance(&mut self, now: Millis, configured: &Share, next: &mut Shares, revoked: &mut Shares) {
        let surplus = balance::surplus(next, configured);
        if surplus.is_empty() {
            if std::mem::take(&mut self.balanced_before) {
                self.successive = 0;
            }
            return;
        }
        if self.balanced_before {
            self.successive += 1;
            self.delay = 40_u64.saturating_pow(self.successive).min(self.max_delay);
            if self.delay != 0 {
                self.scheduled = Some(now + self.delay);
                return;
            }
        }
        self.balanced_before = true;
        for (member, items) in surplus {
            if let Some(share) = next.get_mut(&member) {
                share.retain(|item| !items.contains(item));
            }
            revoked.entry(member).or_default().extend(items);
        }
    }
}

fn each(shares: &Shares, change: impl Fn(&Share) -> Share) -> Shares {
    shares.iter().map(|(member, share)| (member.clone(), change(share))).collect()
}

/// What more than one member says to run.
fn held_twice(shares: &Shares) -> Share {
    let (mut seen, mut twice) = (Share::new(), Share::new());
    for item in shares.values().flatten() {
        if !seen.insert(item.clone()) {
            twice.insert(item.clone());
        }
    }
    twice
}
