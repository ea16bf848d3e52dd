//! Lines of clients that say the same again and again while brokers are gone: told once, and then once a minute.
//!
//! Every client tries to reach each broker every second, and a worker has a dozen of them besides those of its tasks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the same is told while it goes on.
const AGAIN: Duration = Duration::from_secs(60);
/// Lines that are remembered; beyond them all is forgotten, and told once more.
const LINES: usize = 1_000;

/// What was told, and when.
pub(super) struct Said(Mutex<Option<HashMap<String, Instant>>>);

impl Said {
    pub(super) const fn nothing() -> Said {
        Said(Mutex::new(None))
    }

    /// Whether somebody should read this line of `owner`: it was not told within the last minute.
    pub(super) fn is_news(&self, now: Instant, owner: &str, line: &str) -> bool {
        // How long it took, and how often it was left out, is not what it says.
        let what = line.split(" (after ").next().unwrap_or_default();
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.get_or_insert_default();
        let key = format!("{owner}\n{what}");
        if said.get(&key).is_some_and(|told| now.saturating_duration_since(*told) < AGAIN) {
            return false;
        }
        if said.len() >= LINES {
            said.clear();
        }
        said.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_a_minute_to_each() {
        let (said, start) = (Said::nothing(), Instant::now());
        let down = |after: u32| format!("broker:1: Connection refused (after {after}ms in state CONNECT)");
        let is_news = |owner: &str, seconds, line: &str| {
            said.is_news(start + Duration::from_secs(seconds), owner, line)
        };
        assert!(is_news("", 0, &down(1)));
        assert!(!is_news("", 1, &down(2)) && !is_news("", 59, &down(1)));
        assert!(is_news("c", 1, &down(1)) && is_news("", 1, "broker:2: Connection refused"));
        assert!(is_news("", 60, &down(1)) && !is_news("", 61, &down(1)));
        for line in 0..LINES {
            is_news("", 62, &line.to_string());
        }
        assert!(said.0.lock().unwrap().as_ref().unwrap().len() <= LINES);
    }
}
