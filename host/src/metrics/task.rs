//! The counts of one task, as the task sees them: told once a batch, from any thread.
//!
//! One lock holds all of them. It is taken for some additions once a batch (less than 0.1 µs), and for one
//! copy at a scrape. In return, what belongs together is read together: a page never shows more records
//! sent than read, nor a histogram whose count and sum differ, and the windows need no rotation without
//! locks.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::ClientCounts;
use super::tally::{ErrorCount, Tally, TaskState};
use super::{lock, millis};
use crate::settings::connector::Kind;

/// The counts of one task; see [`Metrics::task`](super::Metrics::task).
#[derive(Debug)]
pub struct TaskMetrics {
    /// The worker's, so that all counts have one clock.
    started: Instant,
    tally: Mutex<Tally>,
    client: Mutex<Option<Arc<ClientCounts>>>,
}

impl TaskMetrics {
    /// Counts of a task that is made now, on the clock that runs since `started`.
    pub(super) fn new(kind: Kind, started: Instant) -> Self {
        TaskMetrics {
            started,
            tally: Mutex::new(Tally::new(kind, millis(started))),
            client: Mutex::default(),
        }
    }

    /// Source: a poll has come back with so many records, which are now on their way to Kafka; before
    /// conversion and transformation. A poll without records counts as progress only.
    pub fn polled(&self, records: u64, took: Duration) {
        self.with(|tally, now| tally.polled(now, records, took));
    }

    /// A batch was converted (and transformed) in that time.
    pub fn converted(&self, records: u64, took: Duration) {
        self.with(|tally, now| tally.converted(now, records, took));
    }

    /// Source: Kafka has acknowledged so many records.
    pub fn written(&self, records: u64) {
        self.with(|tally, now| tally.written(now, records));
    }

    /// How many records are in work now. Source: polled, but neither written nor skipped. Sink: consumed,
    /// but not committed.
    pub fn in_flight(&self, records: u64) {
        self.with(|tally, now| tally.in_flight(now, records));
    }

    /// Sink: so many records came from the consumer.
    pub fn read(&self, records: u64) {
        self.with(|tally, now| tally.read(now, records));
    }

    /// Sink: a put of so many records has succeeded in that time. An empty put counts, too.
    pub fn put(&self, records: u64, took: Duration) {
        self.with(|tally, now| tally.put(now, records, took));
    }

    /// End to end, once a batch, of its oldest record. Source: from its poll to its acknowledgement. Sink:
    /// from its timestamp to the end of its put; zero if that is in the future.
    pub fn latency(&self, record_age: Duration) {
        self.with(|tally, _| tally.latency(record_age));
    }

    /// An attempt to commit offsets has ended. One that had nothing to commit succeeded.
    pub fn offset_commit(&self, ok: bool, took: Duration) {
        self.with(|tally, now| tally.offset_commit(now, ok, took));
    }

    /// Sink: the answer to a commit came after a later one was begun, and is ignored.
    pub fn offset_commit_skipped(&self) {
        self.with(|tally, now| tally.offset_commit_skipped(now));
    }

    /// Sink: so many partitions are assigned to the task; 0 when it closes.
    pub fn partitions(&self, count: u64) {
        self.with(|tally, _| tally.partitions = count);
    }

    /// Errors since the last call; they are added.
    pub fn errors(&self, errors: ErrorCount) {
        let at = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        self.with(|tally, _| tally.errors(errors, u64::try_from(at.as_millis()).unwrap_or_default()));
    }

    /// The task has come on in a way that no other count shows. All of them but [`TaskMetrics::in_flight`],
    /// [`TaskMetrics::latency`], [`TaskMetrics::partitions`] and [`TaskMetrics::errors`] are progress, as
    /// far as they tell of success.
    pub fn progress(&self) {
        self.with(|tally, now| tally.progress = now);
    }

    /// The task waits for something for too long, or no longer.
    pub fn stalled(&self, stalled: bool) {
        self.with(|tally, _| tally.stalled = stalled);
    }

    /// The task is in that state from now on. It starts as running.
    pub fn state(&self, state: TaskState) {
        self.with(|tally, now| tally.enter(now, state));
    }

    /// What the task's Kafka client has counted; the last that was told is shown.
    pub fn client(&self, counts: ClientCounts) {
        *lock(&self.client) = Some(Arc::new(counts));
    }

    /// What was told of the task's client.
    pub(super) fn client_counts(&self) -> Option<Arc<ClientCounts>> {
        lock(&self.client).clone()
    }

    /// All of them, as they are.
    pub(super) fn tally(&self) -> Tally {
        *lock(&self.tally)
    }

    fn with(&self, change: impl FnOnce(&mut Tally, u64)) {
        let now = millis(self.started);
        change(&mut lock(&self.tally), now);
    }
}
