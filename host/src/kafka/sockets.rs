//! How often librdkafka's threads connect.
//!
//! A question of an admin client to a broker that is down has librdkafka connect again as soon as it was refused, whatever
//! `reconnect.backoff.ms` says: thousands of times a second, for as long as the question may take. So a worker took more than half
//! of a processor for as long as a broker was away, since it looks after its topics.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::thread;
use std::time::{Duration, Instant};

/// The least time between two connections of a thread, which serves one broker: `reconnect.backoff.ms` as it comes.
const PAUSE: Duration = Duration::from_millis(50);

thread_local! {
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// librdkafka's `socket_cb`, called on the thread of a broker before each connection. It keeps the thread, which has nothing else
/// to do without a connection, for [`PAUSE`] at most.
pub(super) extern "C" fn open(domain: c_int, kind: c_int, protocol: c_int, _opaque: *mut c_void) -> c_int {
    let due = LAST.get().map(|last| (last + PAUSE).saturating_duration_since(Instant::now()));
    thread::sleep(due.unwrap_or_default());
    LAST.set(Some(Instant::now()));
    // SAFETY: numbers alone; the caller reads errno after -1.
    unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_connection_is_made_at_once_and_others_take_their_turn() {
        let began = Instant::now();
        let connect = || {
            let socket = open(libc::AF_INET, libc::SOCK_STREAM, 0, std::ptr::null_mut());
            assert!(socket >= 0);
            // SAFETY: it is ours.
            unsafe { libc::close(socket) };
            began.elapsed()
        };
        let times: Vec<Duration> = (0..4).map(|_| connect()).collect();
        assert!(times[3] >= 3 * PAUSE, "{times:?}");
        // The threads of other brokers do not wait for this one.
        assert_eq!(thread::spawn(|| LAST.get()).join().unwrap(), None);
    }
}
