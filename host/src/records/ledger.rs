//! Which source offsets may be stored: those before which everything was acknowledged.
//!
//! Each record that is sent is submitted with its source partition and offset, in the order of the task. The
//! records of a partition form a queue; an offset leaves it only at its head, so none passes an unanswered
//! record. Of neighbours that are both done only the later one is kept, hence memory follows the records in
//! flight, not those behind a slow one. Slots and their offset buffers are reused: a record costs no
//! allocation once the ledger has warmed up.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The ticket of a submitted record. Later records have greater tickets, until 2^32 records after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

impl Seq {
    /// The ticket as a number, for instance for a client's opaque pointer.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The ticket that [`Seq::as_u64`] gave. Any other number is a ticket that the ledger does not know.
    pub fn from_u64(number: u64) -> Self {
        Seq(number)
    }

    fn new(turn: u32, slot: u32) -> Self {
        Seq(u64::from(turn) << 32 | u64::from(slot))
    }

    fn slot(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }
}

/// The newest offset of a partition that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committable {
    /// The source partition's number.
    pub partition: u64,
    /// The offset, as submitted.
    pub offset: Vec<u8>,
    /// How many records it stands for since the last one that was taken.
    pub records: u64,
    order: u64,
}

const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    InFlight,
    Done,
    Failed,
}

/// A record in its partition's queue.
#[derive(Debug)]
struct Slot {
    seq: Seq,
    state: State,
    partition: u32,
    previous: u32,
    next: u32,
    cookie: u64,
    /// Records that this one stands for: itself and done ones before it that were merged into it.
    records: u64,
    offset: Vec<u8>,
}

#[derive(Debug)]
struct Partition {
    number: u64,
    head: u32,
    tail: u32,
    /// The newest offset that left the queue, valid while `records` is not 0.
    offset: Vec<u8>,
    records: u64,
    order: u64,
    listed: bool,
}

/// Fibonacci hashing: partitions are numbered by the worker, so nobody can aim for collisions.
#[derive(Debug, Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

/// The records of one source task that were sent, and the offsets that they free.
///
/// One flush is open at a time: what [`Ledger::take_committable`] gave is either stored, or handed to
/// [`Ledger::restore`] before the next take.
#[derive(Debug, Default)]
pub struct Ledger {
    slots: Vec<Slot>,
    free_slots: Vec<u32>,
    partitions: Vec<Partition>,
    free_partitions: Vec<u32>,
    numbers: HashMap<u64, u32, BuildHasherDefault<NumberHasher>>,
    last: Option<(u64, u32)>,
    /// Partitions with an offset that was not taken yet.
    ready: Vec<u32>,
    turn: u32,
    order: u64,
    in_flight: usize,
    failed: usize,
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a record that is about to be sent. `cookie` is handed back when the record is answered.
    pub fn submit(&mut self, partition: u64, cookie: u64, offset: &[u8]) -> Seq {
        let owner = self.partition(partition);
        let at = match self.free_slots.pop() {
            Some(at) => at,
            None => {
                self.slots.push(Slot::free());
                (self.slots.len() - 1) as u32
            }
        };
        let seq = Seq::new(self.turn, at);
        self.turn = self.turn.wrapping_add(1);
        let queue = &mut self.partitions[owner as usize];
        let previous = std::mem::replace(&mut queue.tail, at);
        if previous == NONE {
            queue.head = at;
        } else {
            self.slots[previous as usize].next = at;
        }
        let slot = &mut self.slots[at as usize];
        slot.seq = seq;
        slot.state = State::InFlight;
        slot.partition = owner;
        slot.previous = previous;
        slot.next = NONE;
        slot.cookie = cookie;
        slot.records = 1;
        slot.offset.clear();
        slot.offset.extend_from_slice(offset);
        self.in_flight += 1;
        seq
    }

    /// The record was acknowledged. Gives its cookie; `None` when the ticket is unknown or was answered
    /// before.
    pub fn ack(&mut self, seq: Seq) -> Option<u64> {
        let at = self.in_flight_slot(seq)?;
        let cookie = self.slots[at].cookie;
        self.finish(at);
        Some(cookie)
    }

    /// The record was dropped, and that is tolerated: it counts as done. Gives its cookie as [`Ledger::ack`]
    /// does.
    pub fn skip(&mut self, seq: Seq) -> Option<u64> {
        self.ack(seq)
    }

    /// The record is lost: neither its offset nor any later one of its partition will ever be committable.
    /// Gives its cookie as [`Ledger::ack`] does.
    pub fn fail(&mut self, seq: Seq) -> Option<u64> {
        let at = self.in_flight_slot(seq)?;
        self.slots[at].state = State::Failed;
        self.in_flight -= 1;
        self.failed += 1;
        Some(self.slots[at].cookie)
    }

    /// The source partition's number and the offset, as submitted, of a record that was not answered yet.
    pub fn origin(&self, seq: Seq) -> Option<(u64, &[u8])> {
        let slot = &self.slots[self.in_flight_slot(seq)?];
        let partition = self.partitions.get(slot.partition as usize)?;
        Some((partition.number, &slot.offset))
    }

    /// Records that were submitted and not answered yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Records that failed.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// Whether every submitted record was answered.
    pub fn is_drained(&self) -> bool {
        self.in_flight == 0
    }

    /// Whether [`Ledger::take_committable`] would give anything.
    pub fn has_committable(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The newest offset that may be stored of each partition that moved since the last take, in no special
    /// order.
    pub fn take_committable(&mut self) -> Vec<Committable> {
        let ready = std::mem::take(&mut self.ready);
        let mut taken = Vec::with_capacity(ready.len());
        for at in ready {
            let partition = &mut self.partitions[at as usize];
            taken.push(Committable {
                partition: partition.number,
                offset: std::mem::take(&mut partition.offset),
                records: std::mem::take(&mut partition.records),
                order: partition.order,
            });
            partition.listed = false;
            if partition.head == NONE {
                self.release(at);
            }
        }
        self.trim();
        taken
    }

    /// Gives back what a take gave and what could not be stored: it is committable again, unless a newer
    /// offset of the partition is by now.
    pub fn restore(&mut self, flush: Vec<Committable>) {
        for entry in flush {
            let at = self.partition(entry.partition);
            let partition = &mut self.partitions[at as usize];
            partition.records += entry.records;
            if !partition.listed || partition.order < entry.order {
                partition.offset = entry.offset;
                partition.order = entry.order;
            }
            self.list(at);
        }
    }

    fn in_flight_slot(&self, seq: Seq) -> Option<usize> {
        let slot = self.slots.get(seq.slot())?;
        (slot.seq == seq && slot.state == State::InFlight).then_some(seq.slot())
    }

    /// The record is done: merges it with done neighbours, and moves the partition on when it is at the head.
    fn finish(&mut self, at: usize) {
        self.in_flight -= 1;
        self.slots[at].state = State::Done;
        let (owner, next) = (self.slots[at].partition, self.slots[at].next);
        let previous = self.slots[at].previous;
        if previous != NONE && self.slots[previous as usize].state == State::Done {
            self.slots[at].records += self.slots[previous as usize].records;
            self.unlink(previous);
        }
        let mut last = at;
        if next != NONE && self.slots[next as usize].state == State::Done {
            self.slots[next as usize].records += self.slots[at].records;
            self.unlink(at as u32);
            last = next as usize;
        }
        if self.partitions[owner as usize].head as usize == last {
            self.advance(owner, last);
        }
    }

    /// Takes the done record at the head of its queue as the partition's newest committable offset.
    fn advance(&mut self, owner: u32, at: usize) {
        let slot = &mut self.slots[at];
        let partition = &mut self.partitions[owner as usize];
        self.order += 1;
        partition.order = self.order;
        partition.records += slot.records;
        // The buffers change places, so that neither is allocated anew.
        std::mem::swap(&mut partition.offset, &mut slot.offset);
        self.list(owner);
        self.unlink(at as u32);
    }

    fn list(&mut self, at: u32) {
        let partition = &mut self.partitions[at as usize];
        if !std::mem::replace(&mut partition.listed, true) {
            self.ready.push(at);
        }
    }

    fn unlink(&mut self, at: u32) {
        let slot = &mut self.slots[at as usize];
        let (previous, next, owner) = (slot.previous, slot.next, slot.partition);
        slot.state = State::Free;
        match previous {
            NONE => self.partitions[owner as usize].head = next,
            _ => self.slots[previous as usize].next = next,
        }
        match next {
            NONE => self.partitions[owner as usize].tail = previous,
            _ => self.slots[next as usize].previous = previous,
        }
        self.free_slots.push(at);
    }

    fn partition(&mut self, number: u64) -> u32 {
        if let Some((known, at)) = self.last
            && known == number
        {
            return at;
        }
        let at = match self.numbers.get(&number) {
            Some(&at) => at,
            None => {
                let fresh = Partition::idle(number);
                let at = match self.free_partitions.pop() {
                    Some(at) => {
                        self.partitions[at as usize] = fresh;
                        at
                    }
                    None => {
                        self.partitions.push(fresh);
                        (self.partitions.len() - 1) as u32
                    }
                };
                self.numbers.insert(number, at);
                at
            }
        };
        self.last = Some((number, at));
        at
    }

    /// Forgets a partition with nothing in flight and nothing to store.
    fn release(&mut self, at: u32) {
        let number = self.partitions[at as usize].number;
        self.numbers.remove(&number);
        self.free_partitions.push(at);
        self.last = None;
    }

    /// Gives memory back after a burst, once nothing is in flight any more.
    fn trim(&mut self) {
        const KEPT: usize = 65_536;
        if self.slots.len() > KEPT && self.free_slots.len() == self.slots.len() {
            self.slots.truncate(KEPT);
            self.slots.shrink_to_fit();
            self.free_slots = (0..KEPT as u32).rev().collect();
        }
        if self.partitions.len() > KEPT && self.free_partitions.len() == self.partitions.len() {
            self.partitions = Vec::new();
            self.free_partitions = Vec::new();
        }
    }
}

impl Slot {
    fn free() -> Self {
        Slot {
            seq: Seq(u64::MAX),
            state: State::Free,
            partition: NONE,
            previous: NONE,
            next: NONE,
            cookie: 0,
            records: 0,
            offset: Vec::new(),
        }
    }
}

impl Partition {
    fn idle(number: u64) -> Self {
        Partition { number, head: NONE, tail: NONE, offset: Vec::new(), records: 0, order: 0, listed: false }
    }
}

#[cfg(test)]
mod tests;
