//! The sink's ledger against a plain model: nothing unfinished is ever committed past.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn tp(partition: i32) -> TopicPartition {
    TopicPartition::new("t", partition)
}

fn assigned(position: Option<i64>) -> SinkLedger {
    let mut ledger = SinkLedger::new();
    ledger.assign(tp(0), position);
    ledger
}

#[test]
fn an_offset_is_safe_once_put_has_answered() {
    let mut ledger = assigned(Some(5));
    assert_eq!(ledger.safe_offset(&tp(0)), Some(5));
    ledger.deliver(&tp(0), 5, 9);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(5));
    ledger.accept(&tp(0), 7);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(8));
    ledger.accept(&tp(0), 9);
    assert_eq!(ledger.safe_offsets(), [(tp(0), 10)]);
    assert!(ledger.is_idle());
}

#[test]
fn what_is_uncommitted_is_counted_over_all_partitions() {
    let mut ledger = assigned(Some(0));
    ledger.assign(tp(1), Some(100));
    ledger.assign(tp(2), None);
    ledger.deliver(&tp(0), 0, 9);
    ledger.deliver(&tp(1), 100, 104);
    assert_eq!(ledger.uncommitted(), 15);
    ledger.accept(&tp(0), 9);
    let commit = ledger.begin_commit(vec![(tp(0), 10), (tp(1), 100)]);
    assert_eq!(ledger.uncommitted(), 15, "not before the answer");
    ledger.commit_finished(&commit, true);
    assert_eq!(ledger.uncommitted(), 5, "one partition is behind although all of another is committed");
    ledger.revoke(&tp(1));
    assert_eq!(ledger.uncommitted(), 0);
}

#[test]
fn nothing_passes_an_open_retry() {
    let mut ledger = assigned(None);
    assert!(ledger.safe_offsets().is_empty());
    ledger.deliver(&tp(0), 0, 9);
    ledger.retry(&tp(0), 4);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(4));
    ledger.accept(&tp(0), 9);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(4), "only a new delivery closes a retry");
    ledger.deliver(&tp(0), 4, 9);
    ledger.accept(&tp(0), 9);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(10));
}

#[test]
fn nothing_passes_an_unfinished_report() {
    let mut ledger = assigned(Some(0));
    ledger.deliver(&tp(0), 0, 9);
    let [a, b] = [3, 7].map(|offset| ledger.report(&tp(0), offset).unwrap());
    assert_eq!(ledger.report(&tp(0), 10), None);
    ledger.accept(&tp(0), 9);
    ledger.report_finished(b);
    assert_eq!((ledger.safe_offset(&tp(0)), ledger.open_reports()), (Some(3), 1));
    ledger.report_finished(a);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(10));
}

#[test]
fn a_report_of_an_earlier_assignment_changes_nothing() {
    let mut ledger = assigned(Some(0));
    ledger.deliver(&tp(0), 0, 0);
    let old = ledger.report(&tp(0), 0).unwrap();
    ledger.revoke(&tp(0));
    assert_eq!(ledger.report(&tp(0), 0), None);
    ledger.assign(tp(0), Some(0));
    ledger.deliver(&tp(0), 0, 0);
    let new = ledger.report(&tp(0), 0).unwrap();
    ledger.accept(&tp(0), 0);
    ledger.report_finished(old);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(0));
    ledger.report_finished(new);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(1));
}

#[test]
fn a_commit_takes_what_is_safe_and_changed() {
    let mut ledger = assigned(Some(5));
    ledger.assign(tp(1), Some(0));
    ledger.deliver(&tp(0), 5, 9);
    ledger.accept(&tp(0), 9);
    let commit = ledger.begin_commit(vec![(tp(0), 8), (tp(0), 11), (tp(1), 0), (tp(2), 1), (tp(1), -1)]);
    assert_eq!(commit.offsets, [(tp(0), 8)]);
    let ignored =
        [(tp(0), 11, Ignored::TooFar(10)), (tp(2), 1, Ignored::NotAssigned), (tp(1), -1, Ignored::Negative)];
    assert_eq!(commit.ignored, ignored);
    assert!(ledger.is_committing());
    assert!(ledger.commit_finished(&commit, true));
    assert_eq!(ledger.committed(&tp(0)), Some(8));
    assert!(!ledger.commit_finished(&commit, true));
    let nothing = ledger.begin_commit(vec![(tp(0), 8)]);
    assert!(nothing.offsets.is_empty() && !ledger.is_committing());
}

#[test]
fn a_late_answer_does_not_count() {
    let mut ledger = assigned(Some(0));
    ledger.deliver(&tp(0), 0, 9);
    ledger.accept(&tp(0), 9);
    let slow = ledger.begin_commit(vec![(tp(0), 5)]);
    ledger.abandon_commit();
    assert!(!ledger.commit_finished(&slow, true));
    assert_eq!(ledger.committed(&tp(0)), Some(0));
}

#[test]
fn a_rewind_reads_again_from_what_is_committed() {
    let mut ledger = assigned(Some(3));
    ledger.deliver(&tp(0), 3, 9);
    ledger.accept(&tp(0), 9);
    assert_eq!(ledger.rewind(), [(tp(0), 3)]);
    assert_eq!(ledger.safe_offset(&tp(0)), Some(3));
}

#[derive(Debug, Clone)]
enum Step {
    Deliver(i32, i64, i64),
    Accept(i32, prop::sample::Index),
    Retry(i32, prop::sample::Index),
    Redeliver(i32),
    Report(i32, prop::sample::Index),
    Reported(prop::sample::Index),
    Reassign(i32),
    Commit(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let partition = 0..2i32;
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (partition.clone(), 0i64..3, 0i64..5).prop_map(|(p, gap, length)| Step::Deliver(p, gap, length)),
        4 => (partition.clone(), index()).prop_map(|(p, i)| Step::Accept(p, i)),
        2 => (partition.clone(), index()).prop_map(|(p, i)| Step::Retry(p, i)),
        3 => partition.clone().prop_map(Step::Redeliver),
        2 => (partition.clone(), index()).prop_map(|(p, i)| Step::Report(p, i)),
        3 => index().prop_map(Step::Reported),
        1 => partition.prop_map(Step::Reassign),
        2 => any::<bool>().prop_map(Step::Commit),
    ]
}

/// Of each partition: the records read (offset to done), and whether a retry is open.
#[derive(Default)]
struct Model {
    records: [BTreeMap<i64, bool>; 2],
    retry: [bool; 2],
    reports: Vec<(usize, i64, ReportId)>,
    committed: [i64; 2],
}

impl Model {
    fn open(&self, p: usize) -> Vec<i64> {
        self.records[p].iter().filter(|(_, done)| !**done).map(|(offset, _)| *offset).collect()
    }

    /// No record below the bound is unfinished.
    fn bound(&self, p: usize) -> i64 {
        let open = self.open(p).first().copied();
        let reported = self.reports.iter().filter(|r| r.0 == p).map(|r| r.1).min();
        let end = self.records[p].keys().last().map_or(self.committed[p], |last| last + 1);
        open.into_iter().chain(reported).min().unwrap_or(end)
    }

    fn check(&self, ledger: &SinkLedger) {
        for p in 0..2usize {
            let safe = ledger.safe_offset(&tp(p as i32)).unwrap();
            assert!(safe <= self.bound(p), "partition {p}: {safe} passes {}", self.bound(p));
            // Nothing that is done is held back either: all records below the bound are below the safe
            // offset.
            assert!(self.records[p].range(safe.max(0)..self.bound(p).max(safe)).next().is_none());
        }
    }

    fn run(&mut self, ledger: &mut SinkLedger, step: Step) {
        match step {
            Step::Deliver(p, gap, length) if !self.retry[p as usize] => {
                let first =
                    self.records[p as usize].keys().last().map_or(self.committed[p as usize], |l| l + 1)
                        + gap;
                self.records[p as usize].extend((first..=first + length).map(|offset| (offset, false)));
                ledger.deliver(&tp(p), first, first + length);
            }
            Step::Accept(p, index) if !self.retry[p as usize] => {
                let open = self.open(p as usize);
                if !open.is_empty() {
                    let last = *index.get(&open);
                    self.records[p as usize].range_mut(..=last).for_each(|(_, done)| *done = true);
                    ledger.accept(&tp(p), last);
                }
            }
            Step::Retry(p, index) if !self.retry[p as usize] => {
                let open = self.open(p as usize);
                if !open.is_empty() {
                    let at = *index.get(&open);
                    self.records[p as usize].range_mut(..at).for_each(|(_, done)| *done = true);
                    self.retry[p as usize] = true;
                    ledger.retry(&tp(p), at);
                }
            }
            Step::Redeliver(p) if self.retry[p as usize] => {
                let open = self.open(p as usize);
                self.retry[p as usize] = false;
                ledger.deliver(&tp(p), open[0], *open.last().unwrap());
            }
            Step::Report(p, index) => {
                let open = self.open(p as usize);
                if !open.is_empty() {
                    let offset = *index.get(&open);
                    let id = ledger.report(&tp(p), offset).unwrap();
                    self.reports.push((p as usize, offset, id));
                }
            }
            Step::Reported(index) if !self.reports.is_empty() => {
                let (_, _, id) = self.reports.remove(index.index(self.reports.len()));
                ledger.report_finished(id);
            }
            Step::Reassign(p) => {
                let at = p as usize;
                ledger.revoke(&tp(p));
                ledger.assign(tp(p), Some(self.committed[at]));
                self.records[at].clear();
                self.retry[at] = false;
                self.reports.retain(|r| r.0 != at);
            }
            Step::Commit(success) => {
                let commit = ledger.begin_commit(ledger.safe_offsets());
                for (partition, offset) in commit.offsets.iter().filter(|_| success) {
                    self.committed[partition.partition as usize] = *offset;
                }
                ledger.commit_finished(&commit, success);
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_commits_past_unfinished_records(steps in prop::collection::vec(step(), 0..150)) {
        let (mut ledger, mut model) = (SinkLedger::new(), Model::default());
        ledger.assign(tp(0), Some(0));
        ledger.assign(tp(1), Some(0));
        for step in steps {
            model.run(&mut ledger, step);
            model.check(&ledger);
        }
    }
}
