//! A throughput limit: how many records are due by now, and when the next one is.

use std::time::Duration;

/// What was missed longer ago than this is not caught up.
const CATCH_UP: f64 = 1.0;

/// Counts records against a rate, for sources that make their own. Times are since a start of the user's choice.
///
/// ```
/// use std::time::Duration;
///
/// let mut pace = connect_plugin::Pace::new(10); // records a second
/// assert_eq!(pace.due(Duration::ZERO, 500), Ok(1));
/// assert_eq!(pace.due(Duration::ZERO, 500), Err(Duration::from_millis(100)));
/// assert_eq!(pace.due(Duration::from_millis(400), 500), Ok(4));
/// ```
#[derive(Debug)]
pub struct Pace {
    /// Records a second; `None` for no limit.
    rate: Option<f64>,
    /// When the next record is due, in seconds.
    next: f64,
}

impl Pace {
    /// `throughput` records a second; a negative one is no limit.
    pub fn new(throughput: i64) -> Self {
        Pace { rate: (throughput >= 0).then_some(throughput as f64), next: 0.0 }
    }

    /// How many records may go now, at most `most`; else how long to wait. With a rate of 0 none ever may.
    ///
    /// # Errors
    /// The time to wait.
    pub fn due(&mut self, now: Duration, most: usize) -> Result<usize, Duration> {
        let Some(rate) = self.rate else { return Ok(most) };
        if rate == 0.0 {
            return Err(Duration::from_secs(3600));
        }
        let now = now.as_secs_f64();
        self.next = self.next.max(now - CATCH_UP);
        if self.next > now {
            return Err(Duration::from_secs_f64(self.next - now));
        }
        let count = (((now - self.next) * rate) as usize + 1).min(most);
        self.next += count as f64 / rate;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_over_time_and_a_pause_is_not_caught_up() {
        let mut pace = Pace::new(100);
        let mut sent = 0;
        for ms in 0..2000 {
            if let Ok(count) = pace.due(Duration::from_millis(ms), 1000) {
                sent += count;
            }
        }
        assert!((199..=201).contains(&sent), "{sent}");
        let after_pause = pace.due(Duration::from_secs(3600), 100_000).unwrap();
        assert!((100..=101).contains(&after_pause), "{after_pause}");
        assert_eq!(Pace::new(-1).due(Duration::ZERO, 7), Ok(7));
        assert!(Pace::new(0).due(Duration::from_secs(9), 7).is_err());
    }
}
