//! Durations counted in fixed buckets, kept for as long as their task.

use std::time::Duration;

/// How many bounds a histogram has; one more bucket takes what is above all of them.
pub(super) const BOUNDS: usize = 12;

/// Upper bounds in seconds, rising.
pub(super) type Bounds = [f64; BOUNDS];

/// For calls of a plugin: a poll, a put.
pub(super) const CALL: Bounds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0];

/// For the conversion of a batch.
pub(super) const CONVERT: Bounds =
    [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// For the way of a record from end to end.
pub(super) const LATENCY: Bounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0];

/// A histogram.
#[derive(Debug, Clone, Copy)]
pub(super) struct Histogram {
    bounds: &'static Bounds,
    counts: [u64; BOUNDS + 1],
    /// In seconds.
    sum: f64,
}

impl Histogram {
    /// An empty one.
    pub(super) fn new(bounds: &'static Bounds) -> Self {
        Histogram { bounds, counts: [0; BOUNDS + 1], sum: 0.0 }
    }

    /// Counts one duration.
    pub(super) fn record(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = self.bounds.iter().take_while(|bound| seconds > **bound).count();
        self.counts[bucket] += 1;
        self.sum += seconds;
    }

    /// For each bound how many durations are not above it, as Prometheus wants it.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut below = 0;
        self.bounds.iter().zip(self.counts).map(move |(bound, count)| {
            below += count;
            (*bound, below)
        })
    }

    /// How many durations were counted.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All durations together, in seconds.
    pub(super) fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_rise_and_belong_to_their_bucket() {
        for bounds in [&CALL, &CONVERT, &LATENCY] {
            assert!(bounds.is_sorted_by(|one, next| one < next));
        }
        let mut histogram = Histogram::new(&LATENCY);
        for millis in [0, 1, 2, 5, 300_000, 300_001] {
            histogram.record(Duration::from_millis(millis));
        }
        let buckets: Vec<_> = histogram.buckets().collect();
        assert_eq!((buckets[0], buckets[1], buckets[2]), ((0.001, 2), (0.005, 4), (0.01, 4)));
        assert_eq!((buckets[BOUNDS - 1], histogram.count()), ((300.0, 5), 6));
        assert!((histogram.sum() - 600.009).abs() < 1e-9);
    }
}
