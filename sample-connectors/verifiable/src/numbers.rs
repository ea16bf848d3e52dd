//! What is known of the numbers of one source: which came, which came again, which are missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The numbers of one source id, as they arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// The source's id.
    pub id: String,
    /// Records that came, repeats included.
    pub received: u64,
    /// Records that had come before.
    pub repeats: u64,
    /// Numbers between the first and the last that are missing.
    pub gaps: u64,
    /// Records that came after a later one, for the first time.
    pub out_of_order: u64,
    /// The smallest number that counts: the first that came.
    pub first: i64,
    /// The largest number so far.
    pub last: i64,
    /// The missing numbers: first and last of each run.
    missing: BTreeMap<i64, i64>,
}

/// What one number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It follows the last one.
    Next,
    /// Some between it and the last one are missing.
    Gap,
    /// It was missing until now.
    Late,
    /// It came before.
    Repeat,
}

impl Numbers {
    /// Nothing has come from `id` yet, and `number` is the first; it is not negative.
    pub fn beginning(id: &str, number: i64) -> Self {
        Numbers {
            id: id.to_owned(),
            received: 0,
            repeats: 0,
            gaps: 0,
            out_of_order: 0,
            first: number,
            last: number - 1,
            missing: BTreeMap::new(),
        }
    }

    /// Takes a number.
    pub fn take(&mut self, number: i64) -> Arrival {
        self.received += 1;
        if number > self.last {
            let skipped = number.abs_diff(self.last) - 1;
            if skipped > 0 {
                self.gaps += skipped;
                self.missing.insert(self.last + 1, number - 1);
            }
            self.last = number;
            return if skipped > 0 { Arrival::Gap } else { Arrival::Next };
        }
        let run = self.missing.range(..=number).next_back().map(|(from, to)| (*from, *to));
        match run {
            Some((from, to)) if number <= to => {
                self.missing.remove(&from);
                if from < number {
                    self.missing.insert(from, number - 1);
                }
                if number < to {
                    self.missing.insert(number + 1, to);
                }
                self.gaps -= 1;
                self.out_of_order += 1;
                Arrival::Late
            }
            _ => {
                self.repeats += 1;
                Arrival::Repeat
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_repeats_and_order_are_told_apart() {
        let mut numbers = Numbers::beginning("0", 5);
        let arrivals: Vec<_> =
            [5, 6, 10, 8, 8, 7, 6, 11, 9, 4].into_iter().map(|n| numbers.take(n)).collect();
        use Arrival::*;
        assert_eq!(arrivals, [Next, Next, Gap, Late, Repeat, Late, Repeat, Next, Late, Repeat]);
        assert_eq!((numbers.received, numbers.repeats, numbers.gaps, numbers.out_of_order), (10, 3, 0, 3));
        assert!(numbers.missing.is_empty());
        numbers.take(20);
        assert_eq!((numbers.gaps, numbers.last), (8, 20));
    }
}
