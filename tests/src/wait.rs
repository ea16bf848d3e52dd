//! Waiting for the world, always with a bound: the only place of the tests that sleeps.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(10);

/// Waits until `cond` holds.
///
/// # Panics
/// Naming `what`, when it does not within `timeout`.
pub fn wait_for(what: &str, timeout: Duration, mut cond: impl FnMut() -> bool) {
    wait_until(what, timeout, || if cond() { Ok(()) } else { Err("not yet") });
}

/// Waits until `attempt` gives a value, and hands it out.
///
/// # Panics
/// Naming `what` and the last error, when there is none within `timeout`.
pub fn wait_until<T, E: std::fmt::Display>(
    what: &str,
    timeout: Duration,
    mut attempt: impl FnMut() -> Result<T, E>,
) -> T {
    let deadline = Instant::now() + timeout;
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(last) if Instant::now() >= deadline => {
                panic!("waited {timeout:?} for {what}; last seen: {last}")
            }
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

/// Lets the world run for this time: for a fault at a random moment, or to see that something does not happen.
pub fn let_run(time: Duration) {
    std::thread::sleep(time);
}

/// A port on loopback that nobody listens on. Taken from 10000-19999, below the ports of outgoing connections, each
/// once in this process.
///
/// # Panics
/// When all are taken.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..10_000 {
        let nth = process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + (nth % 10_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between 10000 and 19999")
}
