//! Numbered records as they arrived: what is missing, what came again, and whether a kill explains it.

use crate::Record;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A record of a verifiable source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// Its number.
    pub number: i64,
    /// Its timestamp in the topic, in milliseconds since 1970; 0 for a line of a file.
    pub time: i64,
    /// Where it arrived: its place among all lines or records looked at.
    pub place: usize,
}

/// Records by the id of their source, in the order of their arrival.
pub type Sequences = BTreeMap<String, Vec<Numbered>>;

/// The id and number of a text such as `3:17` or `3:17:xxxx`.
fn parse(text: &str) -> Option<(&str, i64)> {
    let mut parts = text.split(':');
    let (id, number) = (parts.next()?, parts.next()?);
    Some((id, number.parse().ok()?))
}

/// The records of a topic.
///
/// # Panics
/// When a value is not that of a verifiable source, or an id is in two partitions.
pub fn of_topic(records: &[Record]) -> Sequences {
    let mut sequences = Sequences::new();
    let mut homes: BTreeMap<String, i32> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        let text = record.text();
        let (id, number) = parse(&text).unwrap_or_else(|| panic!("not a numbered record: {text:?}"));
        let home = *homes.entry(id.to_owned()).or_insert(record.partition);
        assert_eq!(home, record.partition, "source {id} is in two partitions");
        let time = record.timestamp.unwrap_or_default();
        sequences.entry(id.to_owned()).or_default().push(Numbered { number, time, place });
    }
    sequences
}

/// The lines of a file, and those that are torn because they have not `width` bytes (`payload.bytes` of the source; 0:
/// any width): a process that is killed may leave half a line.
pub fn of_lines(text: &str, width: usize) -> (Sequences, Vec<String>) {
    let (mut sequences, mut torn) = (Sequences::new(), Vec::new());
    for (place, line) in text.lines().enumerate() {
        match parse(line).filter(|_| width == 0 || line.len() == width) {
            Some((id, number)) => {
                sequences.entry(id.to_owned()).or_default().push(Numbered { number, time: 0, place });
            }
            None => torn.push(line.to_owned()),
        }
    }
    (sequences, torn)
}

/// A place where records begin to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// Index in the sequence of the first that came before.
    pub index: usize,
    /// Its number.
    pub number: i64,
    /// How many come again.
    pub count: i64,
}

/// What a sequence looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// First and last of each run of numbers that never came in their turn; numbers begin at 0.
    pub gaps: Vec<(i64, i64)>,
    /// Where the sequence steps back.
    pub repeats: Vec<Repeat>,
    /// The largest number; -1 for none.
    pub last: i64,
}

/// Looks through a sequence: each record is the next one, or a step back after which all comes again in order.
pub fn shape(sequence: &[Numbered]) -> Shape {
    let mut shape = Shape { last: -1, ..Shape::default() };
    let mut before = -1;
    for (index, Numbered { number, .. }) in sequence.iter().copied().enumerate() {
        if number > before + 1 {
            shape.gaps.push((before + 1, number - 1));
        } else if number <= before {
            shape.repeats.push(Repeat { index, number, count: shape.last - number + 1 });
        }
        before = number;
        shape.last = shape.last.max(number);
    }
    shape
}

/// Asserts that each source's numbers are 0, 1, 2 ... without a gap, a repeat or a change of order.
///
/// # Panics
/// When they are not.
pub fn assert_exactly_once(what: &str, sequences: &Sequences) {
    for (id, sequence) in sequences {
        let shape = shape(sequence);
        assert!(
            shape.gaps.is_empty() && shape.repeats.is_empty(),
            "{what}, source {id}: gaps {:?}, repeats {:?} in {} records",
            shape.gaps,
            shape.repeats,
            sequence.len()
        );
    }
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64)
}

/// One life of a worker that is killed over and over, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    began: i64,
    ended: i64,
    /// What came longer than this before the end is stored.
    bound: i64,
}

/// The lives of a worker that is killed over and over, for the bound on what comes again: what came within one flush
/// interval before the kill, and a margin for the flush itself. A life that was shorter than that may not have flushed
/// at all, so it adds to the one before.
#[derive(Debug, Default, Clone)]
pub struct Lives {
    bound: i64,
    lives: Vec<Life>,
}

impl Lives {
    /// No life yet; each flushes every `interval`, and a flush may take up to `margin`.
    pub fn new(interval: Duration, margin: Duration) -> Lives {
        Lives { bound: (interval + margin).as_millis() as i64, lives: Vec::new() }
    }

    /// A life that began at `began` ends now.
    pub fn end(&mut self, began: i64) {
        self.lives.push(Life { began, ended: now(), bound: self.bound });
    }

    /// How many have ended.
    pub fn count(&self) -> usize {
        self.lives.len()
    }

    /// The life, from 0 on, in which something happened at `time`.
    pub fn at(&self, time: i64) -> usize {
        self.lives.iter().take_while(|life| life.ended < time).count()
    }

    /// The same lives as a sequence tells of them: each began with the first record that arrived in it, and where
    /// records, which are made at a steady rate, did not arrive for a while, everything else may have taken as long.
    pub fn as_seen_by(&self, sequence: &[Numbered]) -> Lives {
        let seen = |life: &Life| {
            let times: Vec<i64> = sequence.iter().map(|record| record.time).collect();
            let mut times: Vec<i64> =
                times.into_iter().filter(|time| (life.began..life.ended).contains(time)).collect();
            times.push(life.ended);
            let stall = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
            Life { began: times[0], bound: life.bound + stall, ..*life }
        };
        Lives { lives: self.lives.iter().map(seen).collect(), ..*self }
    }

    /// The time of the oldest record that may come again in life `life`.
    pub fn oldest_repeat(&self, life: usize) -> i64 {
        let mut before = self.lives[..life].iter().rev();
        let flushed = before.find(|life| life.ended - life.began > life.bound);
        flushed.map_or(i64::MIN, |life| life.ended - life.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(numbers: &[i64]) -> Vec<Numbered> {
        numbers.iter().map(|number| Numbered { number: *number, time: 0, place: 0 }).collect()
    }

    #[test]
    fn gaps_and_repeats_are_told_apart() {
        assert_eq!(shape(&sequence(&[0, 1, 2])), Shape { last: 2, ..Shape::default() });
        let stepped_back = shape(&sequence(&[0, 1, 2, 3, 2, 3, 4]));
        assert_eq!(stepped_back.gaps, []);
        assert_eq!(stepped_back.repeats, [Repeat { index: 4, number: 2, count: 2 }]);
        assert_eq!(shape(&sequence(&[1, 2, 5])).gaps, [(0, 0), (3, 4)]);
        assert_eq!(shape(&sequence(&[0, 1, 2, 3, 0, 2])).gaps, [(1, 1)], "a repeat leaves nothing out");
    }

    #[test]
    fn a_life_that_was_too_short_to_flush_adds_to_the_one_before() {
        let bound = Duration::from_millis(500);
        let mut lives = Lives::new(bound, bound);
        let life = |(began, ended)| Life { began, ended, bound: 1000 };
        lives.lives = [(0, 5000), (6000, 6500), (7000, 9000)].map(life).to_vec();
        let oldest: Vec<_> = (0..4).map(|life| lives.oldest_repeat(life)).collect();
        assert_eq!(oldest, [i64::MIN, 4000, 4000, 8000]);
        assert_eq!((lives.at(100), lives.at(6100), lives.at(9500)), (0, 1, 3));
    }

    #[test]
    fn a_stall_of_the_flow_widens_the_bound() {
        let mut lives = Lives::new(Duration::ZERO, Duration::from_millis(1000));
        lives.lives = vec![Life { began: 0, ended: 5000, bound: 1000 }];
        let times = [2000, 2500, 3700, 4800, 6000];
        let sequence = times.map(|time| Numbered { number: 0, time, place: 0 });
        assert_eq!(lives.as_seen_by(&sequence).lives, [Life { began: 2000, ended: 5000, bound: 2200 }]);
        assert_eq!(lives.as_seen_by(&[]).oldest_repeat(1), i64::MIN);
    }

    #[test]
    fn half_lines_are_found() {
        let (sequences, torn) = of_lines("1:0:x\n1:1:x\n1:\n1:2\n2:0:x\n", 5);
        assert_eq!(sequences["1"].len(), 2);
        assert_eq!(sequences["2"][0], Numbered { number: 0, time: 0, place: 4 });
        assert_eq!(torn, ["1:", "1:2"]);
    }
}
