//! Kafka's statistics over a window: two samples of 30 seconds, the older one dropped when it has aged out.
//!
//! As in Kafka, what is told spans the sample being filled and the one before it, so 30 to 60 seconds once
//! the window is full; a rate is never taken over less than 30 seconds.

/// How long a sample is filled, in milliseconds (`metrics.sample.window.ms`).
const SAMPLE_MS: u64 = 30_000;

/// Values that were recorded since a time.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    start: u64,
    count: u64,
    sum: f64,
    max: f64,
}

/// The values of the last 30 to 60 seconds, summed up. Times are milliseconds of one clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    filling: Sample,
    before: Sample,
}

impl Window {
    /// A window that is empty since `now`.
    pub(super) fn new(now: u64) -> Self {
        let empty = Sample { start: now, ..Sample::default() };
        Window { filling: empty, before: empty }
    }

    /// Adds a value.
    pub(super) fn record(&mut self, now: u64, value: f64) {
        if now.saturating_sub(self.filling.start) >= SAMPLE_MS {
            self.before = self.filling;
            self.filling = Sample { start: now, ..Sample::default() };
        }
        let sample = &mut self.filling;
        sample.max = if sample.count == 0 { value } else { sample.max.max(value) };
        sample.count += 1;
        sample.sum += value;
    }

    /// The samples that are not too old.
    fn live(&self, now: u64) -> impl Iterator<Item = &Sample> {
        [&self.before, &self.filling]
            .into_iter()
            .filter(move |sample| now.saturating_sub(sample.start) < 2 * SAMPLE_MS)
    }

    /// Mean of the values; NaN without any.
    pub(super) fn mean(&self, now: u64) -> f64 {
        let (sum, count) =
            self.live(now).fold((0.0, 0), |(sum, count), sample| (sum + sample.sum, count + sample.count));
        if count == 0 { f64::NAN } else { sum / count as f64 }
    }

    /// Greatest of the values; NaN without any.
    pub(super) fn max(&self, now: u64) -> f64 {
        self.live(now).filter(|sample| sample.count > 0).map(|sample| sample.max).fold(f64::NAN, f64::max)
    }

    /// Sum of the values a second; 0 without any.
    pub(super) fn rate(&self, now: u64) -> f64 {
        let sum: f64 = self.live(now).map(|sample| sample.sum).sum();
        let oldest = self.live(now).map(|sample| sample.start).min().unwrap_or(now);
        let elapsed = now.saturating_sub(oldest);
        // A window that is not yet full counts as if it were.
        let elapsed = if elapsed < SAMPLE_MS { elapsed + SAMPLE_MS } else { elapsed };
        sum * 1000.0 / elapsed as f64
    }

    /// Share of the events recorded as 1 among those recorded as 1 or 0; 0 without any.
    pub(super) fn share(&self, now: u64) -> f64 {
        Some(self.mean(now)).filter(|share| !share.is_nan()).unwrap_or_default()
    }

    /// Share of the events recorded as 0; 0 without any.
    pub(super) fn rest(&self, now: u64) -> f64 {
        Some(1.0 - self.mean(now)).filter(|share| !share.is_nan()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_values_mean_and_max_are_unknown_and_rate_and_shares_are_zero() {
        let window = Window::new(5);
        assert!(window.mean(10).is_nan() && window.max(10).is_nan());
        assert_eq!((window.rate(10), window.share(10), window.rest(10)), (0.0, 0.0, 0.0));
    }

    #[test]
    fn a_young_window_counts_as_thirty_seconds_at_least() {
        let mut window = Window::new(0);
        window.record(0, 600.0);
        assert_eq!(window.rate(0), 20.0);
        assert_eq!(window.rate(10_000), 15.0);
        assert_eq!(window.rate(30_000), 20.0);
    }

    #[test]
    fn samples_age_out() {
        let mut window = Window::new(0);
        window.record(1_000, 9.0);
        window.record(31_000, 3.0);
        assert_eq!((window.max(59_000), window.mean(59_000)), (9.0, 6.0));
        assert_eq!((window.max(60_000), window.mean(60_000)), (3.0, 3.0), "the first sample began at 0");
        assert!(window.max(91_000).is_nan());
        assert_eq!(window.rate(91_000), 0.0);
        window.record(200_000, -1.0);
        assert_eq!(window.max(200_000), -1.0, "what went before is gone");
    }

    #[test]
    fn a_steady_rate_is_told_as_it_is() {
        let mut window = Window::new(0);
        for second in 0..300 {
            window.record(second * 1000, 50.0);
            if second > 60 {
                let rate = window.rate(second * 1000 + 999);
                assert!((49.0..=51.8).contains(&rate), "{rate} at {second}");
            }
        }
    }

    #[test]
    fn shares() {
        let mut window = Window::new(0);
        for value in [1.0, 1.0, 1.0, 0.0] {
            window.record(7, value);
        }
        assert_eq!((window.share(8), window.rest(8)), (0.75, 0.25));
    }
}
