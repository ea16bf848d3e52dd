//! Keeps librdkafka's idempotent producer from spinning while it waits for the broker.
//!
//! An idempotent producer has about one request under way for each partition. While that waits for its answer and the
//! next batch has lingered for its time, librdkafka (2.12.1, and 2.15.0 still) tells its broker thread to wake up *now*,
//! finds that it may not send, and begins anew: each producer burns a processor for as long as the broker takes. Some
//! producers beside a busy broker so take the time that it needs to answer, until it loses its own session.
//! (confluentinc/librdkafka#3692 tells of the processor time, #4989 of the one request.)
//!
//! What ends the wait is the broker's answer or another thread's call, and both wake the thread up by themselves. So
//! a wakeup that is due at once may come [`LATEST_US`] later: nothing is sent later for it. The decision sits in one
//! function of librdkafka without a setting; the linker leads calls to it through this one (`--wrap`, see `build.rs`).
//! This file belongs to the program, not to the library: only what is linked that way can call it.

use std::ffi::c_void;

/// When a thread that has no reason to wake up looks again, in microseconds.
const LATEST_US: i64 = 10_000;

unsafe extern "C" {
    /// librdkafka's own `rd_kafka_msgq_allow_wakeup_at`, by the name that the linker gives it.
    fn __real_rd_kafka_msgq_allow_wakeup_at(
        queue: *mut c_void,
        to_send: *const c_void,
        next_wakeup: *mut i64,
        now: i64,
        linger_us: i64,
        batch_messages: i32,
        batch_bytes: i64,
    ) -> u8;
}

/// What librdkafka's broker threads call instead: says whether a batch is ready and, in `next_wakeup` unless that is
/// null, when to look again. Times are microseconds of librdkafka's clock.
///
/// # Safety
/// As librdkafka's own: the queues are locked by the caller, `next_wakeup` is null or may be written to.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rd_kafka_msgq_allow_wakeup_at(
    queue: *mut c_void,
    to_send: *const c_void,
    next_wakeup: *mut i64,
    now: i64,
    linger_us: i64,
    batch_messages: i32,
    batch_bytes: i64,
) -> u8 {
    // SAFETY: `next_wakeup` is null or points to the caller's own variable.
    let before = unsafe { next_wakeup.as_ref() }.copied();
    // SAFETY: the arguments are passed on as they came.
    let ready = unsafe {
        __real_rd_kafka_msgq_allow_wakeup_at(
            queue,
            to_send,
            next_wakeup,
            now,
            linger_us,
            batch_messages,
            batch_bytes,
        )
    };
    // SAFETY: as above.
    if let (Some(next), Some(before)) = (unsafe { next_wakeup.as_mut() }, before)
        && *next <= now
    {
        *next = before.min(now + LATEST_US);
    }
    ready
}
