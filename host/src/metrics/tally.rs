//! The counts of one task as plain values: times are arguments, in milliseconds of the worker's clock.

use std::time::Duration;

use super::histogram::{CALL, CONVERT, Histogram, LATENCY};
use super::window::Window;
use crate::settings::connector::Kind;

/// What a task is doing, as far as its times in each state are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// At work.
    Running,
    /// Told to pause.
    Paused,
    /// Neither: failed, or being stopped.
    Idle,
}

/// Errors to add to those of a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErrorCount {
    /// Attempts at an operation that failed, each retry of its own, and records that a sink reported.
    pub failures: u64,
    /// Records that ended in an error: skipped, or the end of the task.
    pub errors: u64,
    /// Records that were skipped because of an error.
    pub skipped: u64,
    /// Attempts after a back-off.
    pub retries: u64,
    /// Errors that were logged because of `errors.log.enable`.
    pub logged: u64,
    /// Records that were to go to the dead letter queue.
    pub dead_letters: u64,
    /// Records that could not be written to the dead letter queue.
    pub dead_letter_failures: u64,
}

/// The counts of one task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    /// Source or sink.
    pub(super) kind: Kind,
    created: u64,
    state: TaskState,
    state_since: u64,
    running_ms: u64,
    paused_ms: u64,
    /// When the task last came on.
    pub(super) progress: u64,
    /// It waits for something for too long.
    pub(super) stalled: bool,
    /// Records polled by a source, or read by a sink.
    pub(super) taken: u64,
    /// The same, for their rate.
    pub(super) taken_window: Window,
    /// Records written by a source, or sent to a sink.
    pub(super) given: u64,
    /// The same, for their rate.
    pub(super) given_window: Window,
    /// Milliseconds of each poll or put.
    pub(super) call_window: Window,
    /// Each poll or put.
    pub(super) calls: Histogram,
    /// Records of each batch.
    pub(super) batch_window: Window,
    /// Records converted.
    pub(super) converted: u64,
    /// Conversion of each batch.
    pub(super) conversions: Histogram,
    /// Oldest record of each batch.
    pub(super) latencies: Histogram,
    /// Records in work.
    pub(super) active: u64,
    /// The same over time.
    pub(super) active_window: Window,
    /// Partitions of a sink.
    pub(super) partitions: u64,
    /// Attempts to commit.
    pub(super) commits: u64,
    /// Those that succeeded.
    pub(super) commits_completed: u64,
    /// Answers to commits that came too late.
    pub(super) commits_skipped: u64,
    /// 1 for each attempt that succeeded, 0 for others.
    pub(super) commit_window: Window,
    /// The same for late answers.
    pub(super) skip_window: Window,
    /// Milliseconds of each commit that succeeded.
    pub(super) commit_time_window: Window,
    /// Errors since the start.
    pub(super) errors: ErrorCount,
    /// Milliseconds since the Unix epoch; 0 is none yet.
    pub(super) last_error: u64,
}

impl Tally {
    /// All zero, for a task that is made now.
    pub(super) fn new(kind: Kind, now: u64) -> Self {
        let window = Window::new(now);
        Tally {
            kind,
            created: now,
            state: TaskState::Running,
            state_since: now,
            running_ms: 0,
            paused_ms: 0,
            progress: now,
            stalled: false,
            taken: 0,
            taken_window: window,
            given: 0,
            given_window: window,
            call_window: window,
            calls: Histogram::new(&CALL),
            batch_window: window,
            converted: 0,
            conversions: Histogram::new(&CONVERT),
            latencies: Histogram::new(&LATENCY),
            active: 0,
            active_window: window,
            partitions: 0,
            commits: 0,
            commits_completed: 0,
            commits_skipped: 0,
            commit_window: window,
            skip_window: window,
            commit_time_window: window,
            errors: ErrorCount::default(),
            last_error: 0,
        }
    }

    pub(super) fn polled(&mut self, now: u64, records: u64, took: Duration) {
        self.progress = now;
        if records > 0 {
            self.take(now, records);
            self.called(now, records, took);
        }
    }

    pub(super) fn read(&mut self, now: u64, records: u64) {
        self.progress = now;
        self.take(now, records);
    }

    pub(super) fn written(&mut self, now: u64, records: u64) {
        self.progress = now;
        self.give(now, records);
    }

    pub(super) fn put(&mut self, now: u64, records: u64, took: Duration) {
        self.progress = now;
        self.give(now, records);
        self.called(now, records, took);
    }

    pub(super) fn converted(&mut self, now: u64, records: u64, took: Duration) {
        self.progress = now;
        self.converted += records;
        self.conversions.record(took);
    }

    pub(super) fn in_flight(&mut self, now: u64, records: u64) {
        self.active = records;
        self.active_window.record(now, records as f64);
    }

    pub(super) fn latency(&mut self, age: Duration) {
        self.latencies.record(age);
    }

    pub(super) fn offset_commit(&mut self, now: u64, ok: bool, took: Duration) {
        self.commits += 1;
        self.commit_window.record(now, f64::from(u8::from(ok)));
        if ok {
            self.progress = now;
            self.commits_completed += 1;
            self.commit_time_window.record(now, took.as_secs_f64() * 1000.0);
        }
    }

    pub(super) fn offset_commit_skipped(&mut self, now: u64) {
        self.commits_skipped += 1;
        self.skip_window.record(now, 1.0);
    }

    pub(super) fn errors(&mut self, new: ErrorCount, at: u64) {
        let all = &mut self.errors;
        all.failures += new.failures;
        all.errors += new.errors;
        all.skipped += new.skipped;
        all.retries += new.retries;
        all.logged += new.logged;
        all.dead_letters += new.dead_letters;
        all.dead_letter_failures += new.dead_letter_failures;
        if new.failures + new.errors > 0 {
            self.last_error = at;
        }
    }

    pub(super) fn enter(&mut self, now: u64, state: TaskState) {
        (self.running_ms, self.paused_ms) = self.times(now);
        (self.state, self.state_since) = (state, now);
    }

    /// Milliseconds spent running, and paused.
    fn times(&self, now: u64) -> (u64, u64) {
        let since = now.saturating_sub(self.state_since);
        match self.state {
            TaskState::Running => (self.running_ms + since, self.paused_ms),
            TaskState::Paused => (self.running_ms, self.paused_ms + since),
            TaskState::Idle => (self.running_ms, self.paused_ms),
        }
    }

    /// Shares of its life that the task was running, and paused; 0 in its first millisecond.
    pub(super) fn ratios(&self, now: u64) -> (f64, f64) {
        let (running, paused) = self.times(now);
        let life = now.saturating_sub(self.created).max(1) as f64;
        (running as f64 / life, paused as f64 / life)
    }

    fn take(&mut self, now: u64, records: u64) {
        self.taken += records;
        self.taken_window.record(now, records as f64);
    }

    fn give(&mut self, now: u64, records: u64) {
        self.given += records;
        self.given_window.record(now, records as f64);
    }

    fn called(&mut self, now: u64, records: u64, took: Duration) {
        self.call_window.record(now, took.as_secs_f64() * 1000.0);
        self.calls.record(took);
        self.batch_window.record(now, records as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_states_are_shares_of_the_whole_life() {
        let mut tally = Tally::new(Kind::Source, 1_000);
        assert_eq!(tally.ratios(1_000), (0.0, 0.0));
        tally.enter(1_000, TaskState::Paused);
        tally.enter(2_000, TaskState::Running);
        assert_eq!(tally.ratios(5_000), (0.75, 0.25));
        tally.enter(5_000, TaskState::Idle);
        assert_eq!(tally.ratios(9_000), (0.375, 0.125));
    }

    #[test]
    fn a_failed_commit_has_no_time_and_is_no_progress() {
        let mut tally = Tally::new(Kind::Sink, 0);
        tally.offset_commit(10, true, Duration::from_millis(4));
        tally.offset_commit(20, false, Duration::from_millis(900));
        assert_eq!((tally.commits, tally.commits_completed, tally.progress), (2, 1, 10));
        assert_eq!((tally.commit_time_window.max(30), tally.commit_window.share(30)), (4.0, 0.5));
    }

    #[test]
    fn a_poll_without_records_is_progress_only() {
        let mut tally = Tally::new(Kind::Source, 0);
        tally.polled(10, 0, Duration::from_secs(9));
        assert_eq!((tally.progress, tally.calls.count(), tally.taken), (10, 0, 0));
        tally.put(20, 0, Duration::from_secs(9));
        assert_eq!((tally.calls.count(), tally.batch_window.max(20)), (1, 0.0), "an empty put counts");
    }

    #[test]
    fn the_time_of_the_last_error_is_kept_when_nothing_failed() {
        let mut tally = Tally::new(Kind::Sink, 0);
        tally.errors(ErrorCount { failures: 1, ..ErrorCount::default() }, 77);
        tally.errors(ErrorCount { retries: 2, ..ErrorCount::default() }, 99);
        assert_eq!((tally.errors.failures, tally.errors.retries, tally.last_error), (1, 2, 77));
    }
}
