//! The session key: made by the leader, renewed before long, used by all.

use super::super::assign::Protocol;
use super::super::messages::{Action, Millis};
use super::super::records::SessionKey;
use super::super::writes::Job;
use super::super::{Herder, Shutdown};
use super::Group;

/// How long a leader waits before it tries again to write a key.
const RETRY: Millis = 1_000;

/// What session keys are to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRules {
    /// `inter.worker.key.generation.algorithm`.
    pub algorithm: String,
    /// Bytes of a key: `inter.worker.key.size` in bits by 8, or the algorithm's own number.
    pub size: usize,
    /// `inter.worker.key.ttl.ms`; 0: a key is renewed by a new group only.
    pub ttl: Millis,
}

/// What a worker remembers of keys.
#[derive(Default)]
pub(super) struct KeyKeeper {
    /// A new one is being made or written.
    making: bool,
    /// Not before then.
    retry_at: Option<Millis>,
    /// The key was there before this worker.
    found: bool,
    /// What was ordered to be used: the time of the key, and whether to verify.
    used: Option<(Option<i64>, bool)>,
}

impl Group {
    /// When the key is to be replaced, on the clock of `now`; none: never.
    fn key_due(&self, key: Option<&SessionKey>) -> Option<Millis> {
        let rules = &self.settings.session_key;
        let Some(key) = key.filter(|key| key.algorithm == rules.algorithm && key.key.len() == rules.size)
        else {
            return Some(0);
        };
        if rules.ttl == 0 {
            return self.key.found.then_some(0);
        }
        let expires = key.created.saturating_add(i64::try_from(rules.ttl).unwrap_or(i64::MAX));
        Some(Millis::try_from(expires.saturating_sub(self.settings.clock)).unwrap_or(0))
    }
}

impl Herder {
    /// A key was read.
    pub(in super::super) fn key_read(&mut self) {
        let ready = self.ready;
        if let Some(group) = &mut self.group {
            group.key.found = !ready;
            group.key.used = None;
        }
    }

    /// Has all use the newest key, and a leader renew it.
    pub(super) fn keep_session_key(&mut self) {
        let key = self.cluster.session_key();
        let Some(group) = self.group.as_mut().filter(|group| group.told.is_some()) else { return };
        let verify = group.protocol == Protocol::Sessioned;
        let use_now = Some((key.map(|key| key.created), verify));
        if group.key.used != use_now {
            group.key.used = use_now;
            self.out.push(Action::UseSessionKey { key: key.cloned(), verify });
        }
        let may =
            verify && group.leads() && group.level && self.shutdown == Shutdown::No && !group.key.making;
        let due = group.key_due(key).is_some_and(|at| at <= self.now);
        if may && due && group.key.retry_at.is_none_or(|at| at <= self.now) {
            group.key.making = true;
            self.out.push(Action::MakeSessionKey);
        }
    }

    pub(in super::super) fn session_key_made(&mut self, outcome: Result<SessionKey, String>) {
        let stops = self.shutdown != Shutdown::No;
        let Some(group) = self.group.as_mut().filter(|group| group.key.making) else { return };
        match outcome {
            Ok(key) if group.leads() && !stops => self.jobs.push_back(Job::SessionKey { key }),
            Ok(_) => group.key.making = false,
            Err(_) => self.session_key_written(false),
        }
    }

    /// The key was written and read back, or not.
    pub(in super::super) fn session_key_written(&mut self, written: bool) {
        let now = self.now;
        let Some(group) = &mut self.group else { return };
        group.key.making = false;
        group.key.retry_at = (!written).then(|| now + RETRY);
    }

    pub(super) fn key_wake_at(&self) -> Option<Millis> {
        let group = self.group.as_ref()?;
        let may = group.protocol == Protocol::Sessioned && group.leads() && group.level && !group.key.making;
        let due = group.key_due(self.cluster.session_key()).filter(|_| may)?;
        Some(group.key.retry_at.map_or(due, |at| due.max(at)))
    }
}
