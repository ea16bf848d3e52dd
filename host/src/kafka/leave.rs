//! The end of a process in which librdkafka's threads, or a plugin's, still run.

use std::ffi::c_int;
use std::io::Write;

/// Ends the process at once with this exit code. What was written to standard output is written out, also what a plugin in C
/// left in its buffers.
///
/// Nothing else happens that `exit` would do: OpenSSL's handler, for one, frees what connections of threads that still run
/// are using, and a worker that had stopped in order then ended with a corrupted heap. Whatever has to be in a safe place
/// is there before this is called.
pub fn leave(code: u8) -> ! {
    let _ = std::io::stdout().flush();
    // SAFETY: null stands for all of C's streams, which lock themselves.
    unsafe { libc::fflush(std::ptr::null_mut()) };
    leave_at_once(code)
}

/// The same without a look at standard output, which somebody may be keeping to himself.
pub fn leave_at_once(code: u8) -> ! {
    // SAFETY: the kernel ends the process; nothing of it is touched.
    unsafe { libc::_exit(c_int::from(code)) }
}
