//! Chance that can be had again: a small seeded generator whose seed is printed, and the sizes of random tests.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The generator of a test: a fresh seed, or `CONNECT_TEST_SEED`; printed either way.
    ///
    /// # Panics
    /// When `CONNECT_TEST_SEED` is not an unsigned number.
    pub fn for_test(name: &str) -> Rng {
        let seed = match std::env::var("CONNECT_TEST_SEED") {
            Ok(given) => given.trim().parse().unwrap_or_else(|e| panic!("CONNECT_TEST_SEED={given}: {e}")),
            Err(_) => RandomState::new().hash_one(name),
        };
        eprintln!("{name}: seed {seed} (again with CONNECT_TEST_SEED={seed})");
        Rng(seed)
    }

    /// The generator of this seed.
    pub fn seeded(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `low..high`; `low` when the range is empty.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.bits() % high.saturating_sub(low).max(1)
    }

    /// A time in `low..high`, to the millisecond.
    pub fn time(&mut self, low: Duration, high: Duration) -> Duration {
        Duration::from_millis(self.range(low.as_millis() as u64, high.as_millis() as u64))
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.range(0, n) == 0
    }

    /// One of the items.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.range(0, items.len() as u64) as usize]
    }
}

/// How often a random test repeats: `ci`, or `long` with `CONNECT_TEST_SIZE=long`.
pub fn size(ci: usize, long: usize) -> usize {
    if std::env::var("CONNECT_TEST_SIZE").is_ok_and(|s| s == "long") { long } else { ci }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut a, mut b) = (Rng::seeded(7), Rng::seeded(7));
        assert!((0..100).all(|_| a.bits() == b.bits()));
        assert!((0..1000).all(|_| (3..9).contains(&a.range(3, 9))));
        assert_eq!(a.range(5, 5), 5);
    }
}
