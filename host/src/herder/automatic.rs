//! Restarts that nobody asked for: after a failure, where `errors.restart.*` wants them, at a tick.
//!
//! A failure of the current generation makes an appointment; at the tick that is due, the number of restarts moves
//! on, which gives a new life like any other restart. Nothing is restarted while its connector is paused or stopped:
//! the appointment then waits for the resume.

use super::lifecycle::{Generation, Run};
use super::messages::{Action, Millis, Notice, TaskId, TaskTarget};
use super::{Herder, Restarts};
use crate::settings::restarts::{NO_JITTER, RestartPolicy};

/// The automatic restarts of a connector or task.
#[derive(Default)]
pub(super) struct Comeback {
    /// How many in a row, without a quiet time between.
    attempts: u32,
    /// When the next one is due.
    at: Option<Millis>,
    /// The version of the config that the attempt under way is for.
    under_way: Option<u64>,
    /// How many there ever were.
    total: u64,
}

impl Comeback {
    /// Somebody restarts it, or it is to stop: what was counted and planned is over.
    pub(super) fn forget(&mut self) {
        *self = Comeback { total: self.total, ..Comeback::default() };
    }

    /// A life of that version begins; unless an attempt of ours led to it, counting begins with it.
    pub(super) fn begin(&mut self, version: u64) {
        let ours = self.under_way.take() == Some(version);
        self.at = None;
        if !ours {
            self.attempts = 0;
        }
    }

    /// It failed: whatever was planned was for an earlier failure.
    pub(super) fn fail(&mut self) {
        self.at = None;
    }

    fn attempt(&mut self, version: u64) {
        self.attempts = self.attempts.saturating_add(1);
        self.total += 1;
        self.at = None;
        self.under_way = Some(version);
    }

    fn due(&self, now: Millis) -> bool {
        self.at.is_some_and(|at| at <= now)
    }
}

/// Where jitter comes from: a seed that the worker gives, or none for none.
#[derive(Clone, Copy, Default)]
pub(super) struct Jitter(Option<u64>);

impl Jitter {
    /// The next one, from 0 to twice [`NO_JITTER`]. This is SplitMix64.
    fn next(&mut self) -> u32 {
        let Some(state) = &mut self.0 else { return NO_JITTER };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        u32::try_from(mixed % u64::from(2 * NO_JITTER + 1)).unwrap_or(NO_JITTER)
    }
}

impl Herder {
    /// The same with the worker's policy, which holds where connectors say nothing, and a seed for the jitter.
    pub fn with_restarts(mut self, defaults: RestartPolicy, seed: u64) -> Herder {
        self.restarts = defaults;
        self.jitter = Jitter(Some(seed));
        self
    }

    fn restart_policy(&self, name: &str) -> RestartPolicy {
        let stored = self.cluster.connector(name);
        stored.map_or(self.restarts, |stored| RestartPolicy::read(&stored.config, self.restarts))
    }

    /// Makes an appointment for a connector that has just failed.
    pub(super) fn plan_connector(&mut self, name: &str) {
        let (policy, now, jitter) = (self.restart_policy(name), self.now, self.jitter.next());
        let Some(connector) = self.connectors.get_mut(name) else { return };
        if let Some(notice) = plan(&mut connector.run, policy, now, jitter) {
            self.out.push(Action::Tell { connector: name.to_owned(), task: None, notice });
        }
    }

    /// The same for a task.
    pub(super) fn plan_task(&mut self, id: &TaskId) {
        let (policy, now, jitter) = (self.restart_policy(&id.connector), self.now, self.jitter.next());
        let Some(run) = self.tasks.get_mut(id) else { return };
        if let Some(notice) = plan(run, policy, now, jitter) {
            let (connector, task) = (id.connector.clone(), Some(id.task));
            self.out.push(Action::Tell { connector, task, notice });
        }
    }

    /// When the next appointment is that can be kept as things stand.
    pub(super) fn restart_at(&self) -> Option<Millis> {
        let connectors = self.connectors.iter().filter_map(|(name, connector)| {
            let at = connector.run.comeback.at?;
            self.wanted_connector(name).map(|_| at)
        });
        let tasks = self.tasks.iter().filter_map(|(id, run)| run.comeback.at.filter(|_| self.may_return(id)));
        connectors.chain(tasks).min()
    }

    fn may_return(&self, id: &TaskId) -> bool {
        self.wanted_task(id).is_some_and(|(_, aim)| aim == TaskTarget::Running)
    }

    /// Restarts what is due and may run.
    pub(super) fn restart_where_due(&mut self) {
        let now = self.now;
        let due = |run: &Run| run.comeback.due(now);
        let names = self.connectors.iter().filter(|(_, connector)| due(&connector.run));
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        for name in names {
            let Some(generation) = self.wanted_connector(&name) else { continue };
            let policy = self.restart_policy(&name);
            if let Some(connector) = self.connectors.get_mut(&name) {
                let notice = begin(&mut connector.run, generation, policy);
                self.out.push(Action::Tell { connector: name.clone(), task: None, notice });
            }
            self.settle_connector(&name);
        }
        let ids: Vec<TaskId> =
            self.tasks.iter().filter(|(_, run)| due(run)).map(|(id, _)| id.clone()).collect();
        for id in ids.iter().filter(|id| self.may_return(id)).cloned().collect::<Vec<_>>() {
            let Some(generation) = self.task_generation(&id) else { continue };
            let policy = self.restart_policy(&id.connector);
            if let Some(run) = self.tasks.get_mut(&id) {
                let notice = begin(run, generation, policy);
                let (connector, task) = (id.connector.clone(), Some(id.task));
                self.out.push(Action::Tell { connector, task, notice });
            }
            self.settle_tasks(&id.connector);
        }
    }

    /// What is known of its automatic restarts.
    pub(super) fn restarts_of(&self, run: Option<&Run>) -> Restarts {
        let Some(run) = run else { return Restarts::default() };
        Restarts { total: run.comeback.total, next_in: run.comeback.at.map(|at| at.saturating_sub(self.now)) }
    }

    /// What is to be told beside a trace of failure: when the next attempt comes, or that none does.
    pub(super) fn prospect(&self, name: &str, run: &Run) -> Option<String> {
        let policy = self.restart_policy(name);
        let attempts = run.comeback.attempts;
        match run.comeback.at {
            Some(at) => {
                let wait = at.saturating_sub(self.now);
                let nth = nth(attempts.saturating_add(1), policy.max_attempts);
                Some(format!(
                    "Restart attempt {nth} follows in {wait} ms, unless the connector is paused or stopped."
                ))
            }
            None if policy.max_attempts.is_some_and(|max| max > 0 && attempts >= max) => {
                Some(format!("No restart follows by itself: {attempts} attempts were made."))
            }
            None => None,
        }
    }
}

/// `2 of 5`, or `2` where there is no end.
pub(super) fn nth(attempt: u32, limit: Option<u32>) -> String {
    limit.map_or_else(|| attempt.to_string(), |limit| format!("{attempt} of {limit}"))
}

/// Makes an appointment after a failure, if the policy has any left.
fn plan(run: &mut Run, policy: RestartPolicy, now: Millis, jitter: u32) -> Option<Notice> {
    if run.failure.is_none() || run.comeback.at.is_some() || policy.max_attempts == Some(0) {
        return None;
    }
    let well = run.good_since.take().map_or(0, |since| now.saturating_sub(since));
    if well >= policy.reset_ms {
        run.comeback.attempts = 0;
    }
    let attempts = run.comeback.attempts;
    if !policy.allows(attempts) {
        return Some(Notice::NoRestartLeft { attempts });
    }
    let wait = policy.pause_ms(attempts, jitter);
    run.comeback.at = Some(now + wait);
    Some(Notice::RestartPlanned { attempt: attempts.saturating_add(1), limit: policy.max_attempts, wait })
}

/// Moves on to the next generation.
fn begin(run: &mut Run, generation: Generation, policy: RestartPolicy) -> Notice {
    run.comeback.attempt(generation.0);
    run.restarts += 1;
    run.restarting = true;
    Notice::Restarting { attempt: run.comeback.attempts, limit: policy.max_attempts }
}
