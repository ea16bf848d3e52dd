//! The ledger against a plain model: no schedule lets an offset pass an unanswered record.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn offsets(taken: &[Committable]) -> BTreeMap<u64, &[u8]> {
    taken.iter().map(|c| (c.partition, c.offset.as_slice())).collect()
}

#[test]
fn an_offset_waits_for_everything_before_it() {
    let mut ledger = Ledger::new();
    let [a, b, c] = [b"1", b"2", b"3"].map(|offset| ledger.submit(7, 0, offset));
    assert_eq!((ledger.ack(c), ledger.ack(b)), (Some(0), Some(0)));
    assert!(ledger.take_committable().is_empty());
    ledger.ack(a);
    let taken = ledger.take_committable();
    assert_eq!(
        (taken.len(), taken[0].partition, &taken[0].offset[..], taken[0].records),
        (1, 7, &b"3"[..], 3)
    );
    assert!(ledger.is_drained() && ledger.take_committable().is_empty());
}

#[test]
fn partitions_do_not_wait_for_each_other() {
    let mut ledger = Ledger::new();
    let _stuck = ledger.submit(1, 0, b"a");
    let free = ledger.submit(2, 0, b"b");
    ledger.ack(free);
    assert_eq!(offsets(&ledger.take_committable()), BTreeMap::from([(2, &b"b"[..])]));
    assert_eq!(ledger.in_flight(), 1);
}

#[test]
fn answers_are_counted_once_and_give_the_cookie() {
    let mut ledger = Ledger::new();
    let first = ledger.submit(1, 42, b"a");
    assert_eq!(ledger.ack(first), Some(42));
    assert_eq!((ledger.ack(first), ledger.fail(first), ledger.skip(first)), (None, None, None));
    let second = ledger.submit(1, 43, b"b");
    assert_ne!(first, second, "a reused slot has a new ticket");
    assert_eq!(ledger.ack(first), None);
    assert!(second > first);
    assert_eq!(ledger.ack(Seq::from_u64(u64::MAX)), None);
    assert_eq!(ledger.ack(Seq::from_u64(second.as_u64())), Some(43));
}

#[test]
fn a_failure_holds_its_partition_for_good() {
    let mut ledger = Ledger::new();
    let [a, b, c] = [b"1", b"2", b"3"].map(|offset| ledger.submit(1, 0, offset));
    ledger.ack(a);
    ledger.fail(b);
    ledger.ack(c);
    assert_eq!(offsets(&ledger.take_committable()), BTreeMap::from([(1, &b"1"[..])]));
    assert!(ledger.is_drained());
    assert_eq!(ledger.failed(), 1);
    let later = ledger.submit(1, 0, b"4");
    ledger.ack(later);
    assert!(ledger.take_committable().is_empty());
}

#[test]
fn a_failed_flush_loses_nothing_and_hides_nothing_newer() {
    let mut ledger = Ledger::new();
    let a = ledger.submit(1, 0, b"1");
    ledger.ack(a);
    let older = ledger.take_committable();
    let b = ledger.submit(1, 0, b"2");
    ledger.ack(b);
    ledger.restore(older.clone());
    let taken = ledger.take_committable();
    assert_eq!((&taken[0].offset[..], taken[0].records), (&b"2"[..], 2));
    // Two open flushes are given back in the wrong order.
    ledger.restore(taken);
    ledger.restore(older);
    assert_eq!(offsets(&ledger.take_committable()), BTreeMap::from([(1, &b"2"[..])]));
}

#[test]
fn memory_follows_the_records_in_flight() {
    let mut ledger = Ledger::new();
    let stuck = ledger.submit(1, 0, b"stuck");
    for _ in 0..10_000 {
        let [a, b] = [ledger.submit(1, 0, b"x"), ledger.submit(2, 0, b"y")];
        ledger.ack(a);
        ledger.ack(b);
    }
    assert!(ledger.slots.len() < 8, "{}", ledger.slots.len());
    ledger.ack(stuck);
    assert_eq!(ledger.take_committable().iter().map(|c| c.records).sum::<u64>(), 20_001);
    for partition in 0..10_000 {
        let seq = ledger.submit(partition, 0, b"z");
        ledger.ack(seq);
        ledger.take_committable();
    }
    assert!(ledger.partitions.len() < 8 && ledger.numbers.is_empty());
}

#[test]
fn a_burst_gives_its_memory_back() {
    let mut ledger = Ledger::new();
    let all: Vec<Seq> = (0..100_000).map(|n| ledger.submit(n, 0, b"x")).collect();
    all.iter().for_each(|&seq| assert!(ledger.ack(seq).is_some()));
    assert_eq!(ledger.take_committable().len(), 100_000);
    assert_eq!((ledger.slots.len(), ledger.partitions.len()), (65_536, 0));
    let seq = ledger.submit(1, 9, b"x");
    assert_eq!(ledger.ack(seq), Some(9));
    assert_eq!(ledger.ack(all[0]), None);
}

#[derive(Debug, Clone)]
enum Step {
    Submit(u64),
    Ack(prop::sample::Index),
    Skip(prop::sample::Index),
    Fail(prop::sample::Index),
    FlushStored,
    FlushFailed,
    FlushOpen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u64..4).prop_map(Step::Submit),
        6 => any::<prop::sample::Index>().prop_map(Step::Ack),
        1 => any::<prop::sample::Index>().prop_map(Step::Skip),
        1 => any::<prop::sample::Index>().prop_map(Step::Fail),
        1 => Just(Step::FlushStored),
        1 => Just(Step::FlushFailed),
        1 => Just(Step::FlushOpen),
    ]
}

/// Every record in the order of submission, with how it was answered.
#[derive(Default)]
struct Model {
    records: Vec<(u64, Seq, Option<bool>)>,
    open: Option<Vec<Committable>>,
    /// The newest stored record of each partition.
    stored: BTreeMap<u64, usize>,
}

impl Model {
    fn unanswered(&self, index: prop::sample::Index) -> Option<usize> {
        let waiting: Vec<usize> =
            (0..self.records.len()).filter(|&at| self.records[at].2.is_none()).collect();
        (!waiting.is_empty()).then(|| *index.get(&waiting))
    }

    /// The newest record of the partition before which, itself included, everything is done.
    fn safe(&self, partition: u64) -> Option<usize> {
        let own = (0..self.records.len()).filter(|&at| self.records[at].0 == partition);
        own.take_while(|&at| self.records[at].2 == Some(true)).last()
    }

    fn close(&mut self, ledger: &mut Ledger, stored: bool) {
        match self.open.take() {
            Some(flush) if stored => {
                for entry in flush {
                    let record = usize::from_le_bytes(entry.offset.try_into().unwrap());
                    let before = self.stored.insert(entry.partition, record);
                    assert!(
                        before.is_none_or(|before| before < record),
                        "an offset is stored once, and only forward"
                    );
                }
            }
            Some(flush) => ledger.restore(flush),
            None => {}
        }
    }

    fn flush(&mut self, ledger: &mut Ledger) {
        self.close(ledger, true);
        let taken = ledger.take_committable();
        for entry in &taken {
            let record = usize::from_le_bytes(entry.offset.clone().try_into().unwrap());
            assert_eq!(Some(record), self.safe(entry.partition), "partition {}", entry.partition);
            assert_eq!(self.records[record].0, entry.partition);
        }
        self.open = Some(taken);
    }

    fn run(&mut self, ledger: &mut Ledger, step: Step) {
        let answer = |model: &mut Model, index, done| {
            let at = model.unanswered(index)?;
            model.records[at].2 = Some(done);
            Some((model.records[at].1, at as u64))
        };
        match step {
            Step::Submit(partition) => {
                let at = self.records.len();
                self.records.push((partition, ledger.submit(partition, at as u64, &at.to_le_bytes()), None));
            }
            Step::Ack(index) => {
                if let Some((seq, cookie)) = answer(self, index, true) {
                    assert_eq!(ledger.ack(seq), Some(cookie));
                }
            }
            Step::Skip(index) => {
                if let Some((seq, cookie)) = answer(self, index, true) {
                    assert_eq!(ledger.skip(seq), Some(cookie));
                }
            }
            Step::Fail(index) => {
                if let Some((seq, cookie)) = answer(self, index, false) {
                    assert_eq!(ledger.fail(seq), Some(cookie));
                }
            }
            Step::FlushStored => {
                self.flush(ledger);
                self.close(ledger, true);
            }
            Step::FlushFailed => {
                self.flush(ledger);
                self.close(ledger, false);
            }
            Step::FlushOpen => self.flush(ledger),
        }
        assert_eq!(ledger.in_flight(), self.records.iter().filter(|r| r.2.is_none()).count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_passes_an_unanswered_record(steps in prop::collection::vec(step(), 0..200)) {
        let (mut ledger, mut model) = (Ledger::new(), Model::default());
        for step in steps {
            model.run(&mut ledger, step);
        }
        // A flush may still be open; it fails, and then the rest is acknowledged.
        model.close(&mut ledger, false);
        for at in 0..model.records.len() {
            if model.records[at].2.is_none() {
                model.records[at].2 = Some(true);
                ledger.ack(model.records[at].1);
            }
        }
        model.flush(&mut ledger);
        model.close(&mut ledger, true);
        for partition in 0..4 {
            prop_assert_eq!(model.stored.get(&partition).copied(), model.safe(partition));
        }
        prop_assert!(ledger.is_drained() && ledger.take_committable().is_empty());
    }
}
