//! `errors.restart.*`: whether a failed connector or task comes back by itself, and how long it waits before that.

use super::Props;
use super::definitions::value::trim;
use super::definitions::{ConfigDef, Definition, Importance, Type, Validator, Width};

/// Prefix of the keys, on connectors and on the worker, whose values are the connectors' defaults.
pub const PREFIX: &str = "errors.restart.";

const MAX_ATTEMPTS: &str = "errors.restart.max.attempts";
const BACKOFF: &str = "errors.restart.backoff.ms";
const BACKOFF_MAX: &str = "errors.restart.backoff.max.ms";
const RESET: &str = "errors.restart.reset.ms";

/// The jitter that changes nothing; see [`RestartPolicy::pause_ms`].
pub const NO_JITTER: u32 = 200;

/// When a failed connector or task is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Attempts in a row; 0 is none, none is without end.
    pub max_attempts: Option<u32>,
    /// The pause before the first attempt, in ms; it doubles from attempt to attempt.
    pub backoff_ms: u64,
    /// The longest pause, in ms.
    pub backoff_max_ms: u64,
    /// After running for so long, in ms, the attempts are counted anew.
    pub reset_ms: u64,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        RestartPolicy { max_attempts: Some(0), backoff_ms: 1_000, backoff_max_ms: 60_000, reset_ms: 600_000 }
    }
}

impl RestartPolicy {
    /// The policy of a config; what it does not say, or says in a way that validation refuses, is as in `defaults`.
    pub fn read(props: &Props, defaults: RestartPolicy) -> RestartPolicy {
        let number = |key: &str| props.get(key).and_then(|text| trim(text).parse::<i64>().ok());
        let length = |key: &str, default: u64| {
            number(key).and_then(|number| u64::try_from(number).ok()).unwrap_or(default)
        };
        RestartPolicy {
            max_attempts: match number(MAX_ATTEMPTS) {
                None => defaults.max_attempts,
                Some(-1) => None,
                Some(number) => u32::try_from(number).map_or(defaults.max_attempts, Some),
            },
            backoff_ms: length(BACKOFF, defaults.backoff_ms),
            backoff_max_ms: length(BACKOFF_MAX, defaults.backoff_max_ms),
            reset_ms: length(RESET, defaults.reset_ms),
        }
    }

    /// Whether another attempt may follow after so many.
    pub fn allows(&self, attempts: u32) -> bool {
        self.max_attempts.is_none_or(|max| attempts < max)
    }

    /// The pause before the attempt after so many, in ms. `jitter`, 0 to 400, makes it shorter or longer by up to a
    /// fifth, so that what failed together does not come back together; [`NO_JITTER`] leaves it.
    pub fn pause_ms(&self, attempts: u32, jitter: u32) -> u64 {
        let doubled = self.backoff_ms.saturating_mul(1 << attempts.min(40)).min(self.backoff_max_ms);
        let permille = 800 + u64::from(jitter.min(2 * NO_JITTER));
        (doubled.saturating_mul(permille) / 1000).min(self.backoff_max_ms)
    }
}

/// Whether a connector says something about restarts.
pub(super) fn given(props: &Props) -> bool {
    props.keys().any(|key| key.starts_with(PREFIX))
}

/// The keys, as connectors and the worker have them.
pub fn definitions() -> ConfigDef {
    let defaults = RestartPolicy::default();
    let max = defaults.max_attempts.map_or_else(|| "-1".to_owned(), |max| max.to_string());
    let keys = [
        (
            MAX_ATTEMPTS,
            Type::Int,
            max,
            -1,
            "How often in a row a failed connector or task is restarted; 0 is never, -1 without end.",
            "Restart attempts",
        ),
        (
            BACKOFF,
            Type::Long,
            defaults.backoff_ms.to_string(),
            1,
            "Pause before the first restart, in ms; it doubles with each attempt.",
            "Restart backoff",
        ),
        (
            BACKOFF_MAX,
            Type::Long,
            defaults.backoff_max_ms.to_string(),
            1,
            "The longest pause before a restart, in ms.",
            "Longest restart backoff",
        ),
        (
            RESET,
            Type::Long,
            defaults.reset_ms.to_string(),
            0,
            "After running for so long, in ms, restarts are counted anew.",
            "Restart reset",
        ),
    ];
    let mut definitions = ConfigDef::new();
    for (order, (name, kind, default, least, doc, label)) in (1..).zip(keys) {
        definitions.push(
            Definition::new(name, kind, Importance::Low, doc)
                .default(default)
                .check(Validator::at_least(least))
                .shown("Restarts", order, Width::Short, label),
        );
    }
    definitions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::definitions::Validation;

    fn props(entries: &[(&str, &str)]) -> Props {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest_with_jitter_around_them() {
        let policy = RestartPolicy { backoff_ms: 1_000, backoff_max_ms: 10_000, ..RestartPolicy::default() };
        let pauses: Vec<u64> = (0..6).map(|attempts| policy.pause_ms(attempts, NO_JITTER)).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        assert_eq!((policy.pause_ms(0, 0), policy.pause_ms(0, 400)), (800, 1_200));
        assert_eq!((policy.pause_ms(u32::MAX, 400), policy.pause_ms(9, 0)), (10_000, 8_000));
    }

    #[test]
    fn connectors_say_what_they_want_and_the_worker_the_rest() {
        let worker =
            RestartPolicy::read(&props(&[(MAX_ATTEMPTS, " 3 "), (RESET, "5")]), RestartPolicy::default());
        assert_eq!((worker.max_attempts, worker.reset_ms, worker.backoff_ms), (Some(3), 5, 1_000));
        let policy = RestartPolicy::read(&props(&[(MAX_ATTEMPTS, "-1"), (BACKOFF, "7")]), worker);
        assert_eq!((policy.max_attempts, policy.reset_ms, policy.backoff_ms), (None, 5, 7));
        assert!(policy.allows(u32::MAX) && worker.allows(2) && !worker.allows(3));
        assert!(!RestartPolicy::default().allows(0), "off by default");
    }

    #[test]
    fn values_out_of_range_are_named() {
        let given = props(&[(MAX_ATTEMPTS, "-2"), (BACKOFF, "0"), (BACKOFF_MAX, "x"), (RESET, "0")]);
        let problems = Validation::new(definitions(), &given).problems();
        let mut keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        keys.dedup();
        assert_eq!(keys, [MAX_ATTEMPTS, BACKOFF, BACKOFF_MAX]);
    }
}
