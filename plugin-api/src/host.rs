//! The worker's table of functions, kept once for the library.

use std::sync::OnceLock;

use connect_plugin_abi as abi;

static HOST: OnceLock<&'static abi::CpHost> = OnceLock::new();

/// The table; `None` before the worker has called `init`.
pub(crate) fn host() -> Option<&'static abi::CpHost> {
    HOST.get().copied()
}

/// Keeps the table; a second call is ignored.
pub(crate) fn keep(host: &'static abi::CpHost) {
    let _ = HOST.set(host);
}

/// Wakes the instance of that token; without a worker it does nothing.
pub(crate) fn wake(token: u64) {
    if let Some(host) = host() {
        // SAFETY: wake is legal from any thread at any time with any token.
        unsafe { (host.wake)(token) }
    }
}

/// Logs a line for the instance of that token, 0 for the library.
pub(crate) fn log(token: u64, level: u32, target: &str, message: &str) {
    if let Some(host) = host() {
        // SAFETY: log is legal from any thread at any time and copies what it is given.
        unsafe { (host.log)(token, level, abi::CpStr::new(target), abi::CpStr::new(message)) }
    }
}
