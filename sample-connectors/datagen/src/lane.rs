//! A source partition: which numbers are its own, and which one comes next.

use connect_plugin::{Fields, PluginError, Result, Value};

/// Of the source partition: the seed.
const SEED: &str = "seed";
/// Of the source partition: which one it is, from 0.
const PARTITION: &str = "partition";
/// Of the source partition: how many there are.
const PARTITIONS: &str = "partitions";
/// Of the source offset: the last number that was made.
pub const NUMBER: &str = "number";

/// The numbers of one source partition, from the next one to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Which one, from 0.
    pub partition: i32,
    /// How many there are.
    pub partitions: i32,
    next: Option<i64>,
}

impl Lane {
    /// Nothing was made of it yet. `partition` is below `partitions`.
    pub fn new(partition: i32, partitions: i32) -> Lane {
        Lane { partition, partitions, next: Some(partition.into()) }
    }

    /// Its name to the worker. Another seed or another number of source partitions means other records.
    pub fn fields(&self, seed: i64) -> Fields {
        [
            (SEED, Value::Int64(seed)),
            (PARTITION, Value::Int64(self.partition.into())),
            (PARTITIONS, Value::Int64(self.partitions.into())),
        ]
        .into()
    }

    /// The lane that has this name.
    ///
    /// # Errors
    /// If there can be none.
    pub fn named(fields: &Fields) -> Result<Lane> {
        let number = |name: &str| fields.get(name).and_then(Value::as_i64);
        let part = |name: &str| i32::try_from(number(name)?).ok();
        match (number(SEED), part(PARTITION), part(PARTITIONS)) {
            (Some(_), Some(partition), Some(of)) if (0..of).contains(&partition) => {
                Ok(Lane::new(partition, of))
            }
            _ => Err(PluginError::failed(format!(
                "a source partition of Datagen has the numbers {SEED}, {PARTITION} and {PARTITIONS}, not {fields:?}"
            ))),
        }
    }

    /// Goes on behind a stored offset.
    ///
    /// # Errors
    /// If it is none of this lane.
    pub fn resume(&mut self, offset: &Fields) -> Result<()> {
        let (partition, of) = (i64::from(self.partition), i64::from(self.partitions));
        match offset.get(NUMBER).and_then(Value::as_i64) {
            Some(number) if number >= 0 && number % of == partition => {
                self.next = number.checked_add(of);
                Ok(())
            }
            _ => Err(PluginError::failed(format!(
                "the offset of source partition {partition} of {of} is a {NUMBER} that leaves {partition} when divided \
                 by {of}, not {offset:?}"
            ))),
        }
    }

    /// The next number below `end`, without taking it.
    pub fn peek(&self, end: i64) -> Option<i64> {
        self.next.filter(|next| *next < end)
    }

    /// Takes the next number.
    pub fn advance(&mut self) {
        self.next = self.next.and_then(|next| next.checked_add(self.partitions.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_share_all_numbers_and_go_on_where_they_were() {
        let mut numbers = Vec::new();
        for partition in 0..3 {
            let mut lane = Lane::new(partition, 3);
            while let Some(number) = lane.peek(10) {
                numbers.push(number);
                let mut again = Lane::named(&lane.fields(7)).unwrap();
                again.resume(&[(NUMBER, number)].into()).unwrap();
                lane.advance();
                assert_eq!(again, lane);
            }
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..10).collect::<Vec<_>>());
        let mut last = Lane::new(0, 1);
        last.resume(&[(NUMBER, i64::MAX - 1)].into()).unwrap();
        assert_eq!(last.peek(i64::MAX), None);
        last.advance();
        assert_eq!(last.peek(i64::MAX), None);
    }

    #[test]
    fn offsets_and_partitions_of_others_are_refused() {
        let mut lane = Lane::new(1, 3);
        for offset in [Fields::from([(NUMBER, 3)]), [(NUMBER, -2)].into(), [("position", 4)].into()] {
            assert!(lane.resume(&offset).is_err(), "{offset:?}");
        }
        assert!(lane.resume(&[(NUMBER, "4")].into()).is_err());
        assert_eq!(lane, Lane::new(1, 3));
        for (partition, partitions) in [(3_i64, 3_i64), (-1, 3), (0, 0), (0, 1 << 40)] {
            let fields = Fields::from([(SEED, 0_i64), (PARTITION, partition), (PARTITIONS, partitions)]);
            assert!(Lane::named(&fields).is_err(), "{fields:?}");
        }
    }
}
