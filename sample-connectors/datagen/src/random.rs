//! Numbers that look random and follow from a seed alone: SplitMix64, whose state can start anywhere at no cost.

/// What is drawn for one record.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// What follows from `seed` for the record of this number.
    pub fn of_record(seed: i64, number: i64) -> Self {
        Random(mix(seed as u64) ^ mix(!(number as u64)))
    }

    /// 64 bits, each value as likely as any other.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `limit`, which is above 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }

    /// Whether one chance in `chances` came true.
    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    /// One of these, of which there is at least one.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_generator_it_says() {
        // The first numbers of SplitMix64 with state 0, as its authors publish them.
        let mut random = Random(0);
        let drawn: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn what_is_drawn_stays_below_its_limit_and_reaches_all_of_it() {
        let mut seen = [0; 7];
        for number in 0..7_000 {
            seen[Random::of_record(1, number).below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (800..1_200).contains(count)), "{seen:?}");
    }
}
