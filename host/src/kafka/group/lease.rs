//! Until when a worker may count on being a member, for all who must not go on without.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Cheap to ask and to clone. Holds for `session.timeout.ms` from when the last heartbeat that was answered was sent: until
/// then the coordinator gives what this worker runs to nobody else.
#[derive(Debug, Clone)]
pub struct Lease {
    began: Instant,
    /// Milliseconds from `began`; 0: none.
    until: Arc<AtomicU64>,
}

impl Lease {
    pub(crate) fn new(began: Instant) -> Lease {
        Lease { began, until: Arc::default() }
    }

    pub(crate) fn set(&self, until: Option<u64>) {
        self.until.store(until.unwrap_or(0), Ordering::Release);
    }

    /// For how long the membership still holds; zero: it does not.
    pub fn left(&self) -> Duration {
        let until = Duration::from_millis(self.until.load(Ordering::Acquire));
        until.saturating_sub(self.began.elapsed())
    }

    /// Whether the membership holds now.
    pub fn holds(&self) -> bool {
        !self.left().is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_until_its_time_and_where_it_is_taken_back() {
        let lease = Lease::new(Instant::now() - Duration::from_secs(10));
        assert!(!lease.holds());
        lease.set(Some(5_000));
        assert!(!lease.holds());
        lease.set(Some(70_000));
        assert!(lease.holds() && lease.clone().left() > Duration::from_secs(30));
        lease.set(None);
        assert!(!lease.holds());
    }
}
