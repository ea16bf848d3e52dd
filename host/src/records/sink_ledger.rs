//! Which offsets a sink may commit: nothing at or behind a record that is still being worked on.
//!
//! Each assigned partition holds what is open: runs of records that were read and not answered, a record that
//! put asked to see again, records that were reported and are on their way to the dead letter queue. The
//! offset that is safe is the lowest of these, or the one behind the last record read. It is what
//! `pre_commit` is given, and more than it is never committed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
}

impl TopicPartition {
    /// A partition of a topic.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        TopicPartition { topic: topic.into(), partition }
    }
}

impl std::fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// An unfinished report of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId(u64);

/// One attempt to commit; a later attempt makes it void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitId(u64);

/// Why an offset that a task wants committed is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// The partition is not assigned to the task.
    NotAssigned,
    /// The offset is beyond what is safe, which is this.
    TooFar(i64),
    /// A negative offset.
    Negative,
}

/// What is to be committed after `pre_commit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The attempt, for [`SinkLedger::commit_finished`].
    pub id: CommitId,
    /// The partitions whose committed offset changes, with the offset of the next record to read. Empty:
    /// nothing to do, the attempt is over and counts as a success.
    pub offsets: Vec<(TopicPartition, i64)>,
    /// What the task asked for and does not get; worth a warning each.
    pub ignored: Vec<(TopicPartition, i64, Ignored)>,
}

#[derive(Debug, Default)]
struct Partition {
    /// One behind the last record read, or where reading begins; `None` until something is known.
    read: Option<i64>,
    /// Runs that were read and not answered, in the order of reading: first and last offset.
    open: VecDeque<(i64, i64)>,
    retry: Option<i64>,
    reports: BTreeMap<ReportId, i64>,
    committed: Option<i64>,
}

impl Partition {
    fn safe(&self) -> Option<i64> {
        let open = self.open.front().map(|run| run.0);
        let held = open.into_iter().chain(self.retry).chain(self.reports.values().copied()).min();
        held.or(self.read)
    }

    fn answered(&mut self, next: i64) {
        while let Some(run) = self.open.front_mut() {
            if run.1 < next {
                self.open.pop_front();
            } else {
                run.0 = run.0.max(next);
                break;
            }
        }
    }
}

/// The progress of one sink task on each partition that it is assigned. Calls about a partition that is not
/// assigned do nothing: answers may come late.
#[derive(Debug, Default)]
pub struct SinkLedger {
    partitions: BTreeMap<TopicPartition, Partition>,
    reports: BTreeMap<ReportId, TopicPartition>,
    next_report: u64,
    commit: u64,
    committing: bool,
}

impl SinkLedger {
    /// A ledger without partitions.
    pub fn new() -> Self {
        Self::default()
    }

    /// The partition was assigned, and reading begins at `position`: its committed offset, if one is known.
    pub fn assign(&mut self, partition: TopicPartition, position: Option<i64>) {
        self.forget(&partition);
        let state = Partition { read: position, committed: position, ..Partition::default() };
        self.partitions.insert(partition, state);
    }

    /// The partition was revoked or lost: all that is known about it is forgotten, open reports included.
    pub fn revoke(&mut self, partition: &TopicPartition) {
        self.forget(partition);
    }

    fn forget(&mut self, partition: &TopicPartition) {
        if let Some(state) = self.partitions.remove(partition) {
            for id in state.reports.keys() {
                self.reports.remove(id);
            }
        }
    }

    /// The partitions that are assigned, in order.
    pub fn assigned(&self) -> impl Iterator<Item = &TopicPartition> {
        self.partitions.keys()
    }

    /// Reading goes on at `offset` because the task asked for it, or because put failed: open runs and
    /// retries are void and what was read behind it will be read again. Open reports stay.
    pub fn seek(&mut self, partition: &TopicPartition, offset: i64) {
        if let Some(state) = self.partitions.get_mut(partition) {
            *state = Partition {
                read: Some(offset),
                committed: Some(offset),
                reports: std::mem::take(&mut state.reports),
                ..Partition::default()
            };
        }
    }

    /// Records with the offsets `first` to `last` were read from the consumer, in one run of the partition,
    /// and are about to be converted and put. Those that conversion drops, and offsets without a record,
    /// belong to the run. To be called before any of them is dropped or put; also when a run is put again
    /// after a retry, from the retried record on.
    pub fn deliver(&mut self, partition: &TopicPartition, first: i64, last: i64) {
        let Some(state) = self.partitions.get_mut(partition) else { return };
        if state.retry.is_some_and(|at| first <= at) {
            state.retry = None;
        }
        // A run that was open already begins anew: all of it is to be answered again.
        while state.open.back().is_some_and(|run| run.0 >= first) {
            state.open.pop_back();
        }
        if let Some(run) = state.open.back_mut() {
            run.1 = run.1.min(first - 1);
        }
        state.open.push_back((first, last));
        state.read = Some(state.read.map_or(last + 1, |read| read.max(last + 1)));
    }

    /// Put is done with every record of the partition up to and including the offset `last`, or they were
    /// dropped.
    pub fn accept(&mut self, partition: &TopicPartition, last: i64) {
        if let Some(state) = self.partitions.get_mut(partition) {
            state.answered(last.saturating_add(1));
        }
    }

    /// Put answered RETRY for the record at the offset `at`: it and all later ones of the partition will be
    /// delivered again. Those before it are done.
    pub fn retry(&mut self, partition: &TopicPartition, at: i64) {
        let Some(state) = self.partitions.get_mut(partition) else { return };
        state.answered(at);
        state.open.clear();
        state.retry = Some(state.retry.map_or(at, |open| open.min(at)));
    }

    /// The record at `offset` was reported as bad and is on its way to the dead letter queue. `None` when the
    /// partition is not assigned any more, or the record is none that was read.
    pub fn report(&mut self, partition: &TopicPartition, offset: i64) -> Option<ReportId> {
        let state =
            self.partitions.get_mut(partition).filter(|p| p.read.is_some_and(|read| offset < read))?;
        let id = ReportId(self.next_report);
        self.next_report += 1;
        state.reports.insert(id, offset);
        self.reports.insert(id, partition.clone());
        Some(id)
    }

    /// The report arrived, or was given up with the loss tolerated. Reports of partitions that were revoked
    /// meanwhile are ignored.
    pub fn report_finished(&mut self, id: ReportId) {
        if let Some(partition) = self.reports.remove(&id)
            && let Some(state) = self.partitions.get_mut(&partition)
        {
            state.reports.remove(&id);
        }
    }

    /// Reports that have not arrived.
    pub fn open_reports(&self) -> usize {
        self.reports.len()
    }

    /// Whether no record of any partition is waiting for an answer, a retry or a report.
    pub fn is_idle(&self) -> bool {
        self.partitions.values().all(|p| p.open.is_empty() && p.retry.is_none() && p.reports.is_empty())
    }

    /// The offset of the next record to read after everything that is done, for each assigned partition where
    /// one is known: what `pre_commit` is given.
    pub fn safe_offsets(&self) -> Vec<(TopicPartition, i64)> {
        self.partitions.iter().filter_map(|(tp, state)| Some((tp.clone(), state.safe()?))).collect()
    }

    /// The same for one partition.
    pub fn safe_offset(&self, partition: &TopicPartition) -> Option<i64> {
        self.partitions.get(partition)?.safe()
    }

    /// The offset that is committed as far as the ledger knows.
    pub fn committed(&self, partition: &TopicPartition) -> Option<i64> {
        self.partitions.get(partition)?.committed
    }

    /// Offsets between the last commit and the last record read, over all assigned partitions: how far commits are
    /// behind, as in Kafka's `sink-record-active-count`.
    pub fn uncommitted(&self) -> u64 {
        let behind = |state: &Partition| {
            let (read, committed) = (state.read?, state.committed?);
            u64::try_from(read.saturating_sub(committed)).ok()
        };
        self.partitions.values().filter_map(behind).sum()
    }

    /// Begins a commit of what `pre_commit` answered. An attempt that is still open becomes void.
    pub fn begin_commit(&mut self, answer: Vec<(TopicPartition, i64)>) -> Commit {
        self.commit += 1;
        let mut commit = Commit { id: CommitId(self.commit), offsets: Vec::new(), ignored: Vec::new() };
        for (partition, offset) in answer {
            let Some(state) = self.partitions.get(&partition) else {
                commit.ignored.push((partition, offset, Ignored::NotAssigned));
                continue;
            };
            match state.safe() {
                _ if offset < 0 => commit.ignored.push((partition, offset, Ignored::Negative)),
                Some(safe) if offset <= safe => {
                    if state.committed != Some(offset) {
                        commit.offsets.push((partition, offset));
                    }
                }
                safe => commit.ignored.push((partition, offset, Ignored::TooFar(safe.unwrap_or(0)))),
            }
        }
        self.committing = !commit.offsets.is_empty();
        commit
    }

    /// A commit was answered: with `success` its offsets are the committed ones. False when the answer is of
    /// an older attempt and does not count.
    pub fn commit_finished(&mut self, commit: &Commit, success: bool) -> bool {
        if commit.id.0 != self.commit || !self.committing {
            return false;
        }
        self.committing = false;
        for (partition, offset) in commit.offsets.iter().filter(|_| success) {
            if let Some(state) = self.partitions.get_mut(partition) {
                state.committed = Some(*offset);
            }
        }
        true
    }

    /// Whether a commit was begun and not answered.
    pub fn is_committing(&self) -> bool {
        self.committing
    }

    /// The open commit took too long: its answer will not count.
    pub fn abandon_commit(&mut self) {
        self.commit += 1;
        self.committing = false;
    }

    /// Where reading is to go on after `pre_commit` failed: each partition's committed offset.
    pub fn rewind(&mut self) -> Vec<(TopicPartition, i64)> {
        let targets: Vec<_> =
            self.partitions.iter().filter_map(|(tp, state)| Some((tp.clone(), state.committed?))).collect();
        for (partition, offset) in &targets {
            self.seek(partition, *offset);
        }
        targets
    }
}

#[cfg(test)]
mod tests;
