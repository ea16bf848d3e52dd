//! What becomes of a record that could not be processed: tried again, skipped, or the end of its task.

/// Where in its way a record failed, by Kafka's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The source task's poll.
    TaskPoll,
    /// The sink task's put, or a record that it reported.
    TaskPut,
    /// A transformation or its predicate.
    Transformation,
    /// The key's converter.
    KeyConverter,
    /// The value's converter.
    ValueConverter,
    /// The headers' converter.
    HeaderConverter,
    /// Sending to Kafka.
    KafkaProduce,
    /// Reading from Kafka.
    KafkaConsume,
}

impl Stage {
    /// Kafka's name, as in logs and in the headers of dead letters.
    pub fn name(self) -> &'static str {
        match self {
            Stage::TaskPoll => "TASK_POLL",
            Stage::TaskPut => "TASK_PUT",
            Stage::Transformation => "TRANSFORMATION",
            Stage::KeyConverter => "KEY_CONVERTER",
            Stage::ValueConverter => "VALUE_CONVERTER",
            Stage::HeaderConverter => "HEADER_CONVERTER",
            Stage::KafkaProduce => "KAFKA_PRODUCE",
            Stage::KafkaConsume => "KAFKA_CONSUME",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The setting `errors.tolerance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tolerance {
    /// A failed record ends the task.
    #[default]
    None,
    /// A failed record is skipped.
    All,
}

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It may pass when it is tried again.
    Retriable,
    /// The record is at fault.
    Record,
    /// Neither: something that no setting tolerates, such as a panic.
    Fatal,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Try again after so many milliseconds.
    Retry {
        /// The delay in milliseconds.
        after_ms: u64,
    },
    /// Drop the record, report it, go on.
    Skip,
    /// Report the record and fail the task.
    Fail,
}

/// The settings `errors.retry.timeout`, `errors.retry.delay.max.ms` and `errors.tolerance` of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorPolicy {
    /// Milliseconds during which a retriable failure is tried again; 0 is never, -1 without end.
    pub retry_timeout_ms: i64,
    /// The longest delay between two attempts, in milliseconds.
    pub retry_delay_max_ms: i64,
    /// What happens to a record that failed for good.
    pub tolerance: Tolerance,
}

impl Default for ErrorPolicy {
    fn default() -> Self {
        ErrorPolicy { retry_timeout_ms: 0, retry_delay_max_ms: 60_000, tolerance: Tolerance::None }
    }
}

const FIRST_DELAY_MS: u64 = 300;

/// The attempts at one operation on one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    started_ms: u64,
    failures: u32,
}

impl Attempts {
    /// The first attempt begins at `now_ms`, on any clock that only goes forward.
    pub fn begin(now_ms: u64) -> Self {
        Attempts { started_ms: now_ms, failures: 0 }
    }

    /// Failed attempts so far.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

impl ErrorPolicy {
    /// Decides about an operation that has just failed.
    ///
    /// `random` is any evenly spread number: delays beyond the limit are drawn from it. A retriable failure
    /// whose time is up skips the record whatever the tolerance is, as in Kafka. `cancelled` ends the
    /// attempts at once.
    pub fn decide(
        &self,
        cause: Cause,
        attempts: &mut Attempts,
        now_ms: u64,
        cancelled: bool,
        random: u64,
    ) -> Decision {
        attempts.failures = attempts.failures.saturating_add(1);
        match cause {
            Cause::Fatal => Decision::Fail,
            Cause::Record if self.tolerance == Tolerance::All => Decision::Skip,
            Cause::Record => Decision::Fail,
            Cause::Retriable => match self.left_ms(attempts, now_ms) {
                Some(left) if left > 0 && !cancelled => {
                    Decision::Retry { after_ms: self.delay_ms(attempts.failures, random).min(left) }
                }
                _ => Decision::Skip,
            },
        }
    }

    /// Decides about a record at fault: what a converter refused, or a sink reported as bad.
    pub fn decide_record(&self) -> Decision {
        if self.tolerance == Tolerance::All { Decision::Skip } else { Decision::Fail }
    }

    /// Milliseconds until the attempts are given up; `None` when they are not made at all.
    fn left_ms(&self, attempts: &Attempts, now_ms: u64) -> Option<u64> {
        match u64::try_from(self.retry_timeout_ms) {
            Ok(0) => None,
            Ok(timeout) => Some(attempts.started_ms.saturating_add(timeout).saturating_sub(now_ms)),
            Err(_) => Some(u64::MAX),
        }
    }

    fn delay_ms(&self, failures: u32, random: u64) -> u64 {
        let limit = u64::try_from(self.retry_delay_max_ms).unwrap_or(0);
        let doubled = 1u64.checked_shl(failures - 1).and_then(|factor| factor.checked_mul(FIRST_DELAY_MS));
        match doubled {
            Some(delay) if delay <= limit => delay,
            _ => random.checked_rem(limit).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(retry_timeout_ms: i64, retry_delay_max_ms: i64, tolerance: Tolerance) -> ErrorPolicy {
        ErrorPolicy { retry_timeout_ms, retry_delay_max_ms, tolerance }
    }

    #[test]
    fn a_bad_record_follows_the_tolerance() {
        for (tolerance, expected) in [(Tolerance::None, Decision::Fail), (Tolerance::All, Decision::Skip)] {
            let policy = policy(-1, 60_000, tolerance);
            assert_eq!(policy.decide(Cause::Record, &mut Attempts::begin(0), 0, false, 0), expected);
            assert_eq!(policy.decide_record(), expected);
            assert_eq!(policy.decide(Cause::Fatal, &mut Attempts::begin(0), 0, false, 0), Decision::Fail);
        }
    }

    #[test]
    fn delays_double_until_the_limit_and_then_are_drawn() {
        let policy = policy(-1, 1000, Tolerance::None);
        let mut attempts = Attempts::begin(0);
        let mut delay = |random| policy.decide(Cause::Retriable, &mut attempts, 0, false, random);
        let retry = |after_ms| Decision::Retry { after_ms };
        assert_eq!(
            [delay(7), delay(7), delay(7), delay(2345)],
            [retry(300), retry(600), retry(7), retry(345)]
        );
    }

    #[test]
    fn the_timeout_ends_retries_with_a_skip() {
        let policy = policy(1000, 60_000, Tolerance::None);
        let mut attempts = Attempts::begin(5000);
        let mut at = |now| policy.decide(Cause::Retriable, &mut attempts, now, false, 0);
        assert_eq!(at(5000), Decision::Retry { after_ms: 300 });
        assert_eq!(at(5900), Decision::Retry { after_ms: 100 });
        assert_eq!(at(6000), Decision::Skip);
        let never = ErrorPolicy::default();
        assert_eq!(never.decide(Cause::Retriable, &mut Attempts::begin(0), 0, false, 0), Decision::Skip);
        let endless = ErrorPolicy { retry_timeout_ms: -1, ..never };
        assert_eq!(endless.decide(Cause::Retriable, &mut Attempts::begin(0), 0, true, 0), Decision::Skip);
    }

    proptest! {
        #[test]
        fn no_delay_passes_the_limit_or_the_deadline(
            timeout in -1i64..100_000, limit in 0i64..100_000, random in any::<u64>(), steps in 1u32..100
        ) {
            let policy = policy(timeout, limit, Tolerance::All);
            let (mut attempts, mut now) = (Attempts::begin(0), 0);
            for _ in 0..steps {
                match policy.decide(Cause::Retriable, &mut attempts, now, false, random) {
                    Decision::Retry { after_ms } => {
                        prop_assert!(after_ms <= limit as u64);
                        now += after_ms;
                        prop_assert!(timeout < 0 || now <= timeout as u64);
                    }
                    other => {
                        prop_assert_eq!(other, Decision::Skip);
                        prop_assert!(timeout >= 0 && now >= timeout as u64);
                        break;
                    }
                }
            }
        }
    }
}
