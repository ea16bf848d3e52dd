//! The panic barrier: no panic leaves the library, and the worker learns what and where.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use connect_plugin_abi as abi;

use crate::error::{PluginError, Result};
use crate::host;

thread_local! {
    static INSIDE: Cell<u32> = const { Cell::new(0) };
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Has panics behind the barrier keep their place and backtrace for the worker, in place of printing them. The hook
/// belongs to this library's own copy of std.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if INSIDE.get() > 0 {
                CAUGHT.replace(Some(trace(info)));
                return;
            }
            // On a thread of the library's own there is no call to answer; the worker at least hears of it.
            host::log(
                0,
                abi::LOG_ERROR,
                "panic",
                &format!("a thread of the plugin panicked\n{}", trace(info)),
            );
            before(info);
        }));
    });
}

fn trace(info: &PanicHookInfo<'_>) -> String {
    let backtrace = Backtrace::force_capture();
    match info.location() {
        Some(place) => format!("at {place}\n{backtrace}"),
        None => backtrace.to_string(),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// How a call behind the barrier ended.
pub(crate) enum Outcome {
    /// With this answer.
    Answer(i32),
    /// With a panic, which was told to the worker.
    Panicked,
}

/// Runs `call`; errors and panics go to `err`.
pub(crate) fn barrier(err: *mut abi::CpError, call: impl FnOnce() -> Result<i32>) -> Outcome {
    INSIDE.set(INSIDE.get() + 1);
    // What call leaves behind after a panic is not touched again: the caller poisons the instance.
    let outcome = catch_unwind(AssertUnwindSafe(|| match call() {
        Ok(answer) => answer,
        Err(error) => {
            set_error(err, error.code(), &error.to_string(), &error.trace());
            abi::ERROR
        }
    }));
    INSIDE.set(INSIDE.get() - 1);
    match outcome {
        Ok(answer) => Outcome::Answer(answer),
        Err(panic) => {
            let text = format!("the plugin panicked: {}", message(panic.as_ref()));
            set_error(err, abi::ERR_PANIC, &text, &CAUGHT.take().unwrap_or_default());
            std::mem::forget(panic); // its Drop is the plugin's and may panic again
            Outcome::Panicked
        }
    }
}

/// As [`barrier`] where there is no instance to poison.
pub(crate) fn answer(err: *mut abi::CpError, call: impl FnOnce() -> Result<i32>) -> i32 {
    match barrier(err, call) {
        Outcome::Answer(answer) => answer,
        Outcome::Panicked => abi::ERROR,
    }
}

/// Answers a call on an instance that has panicked before.
pub(crate) fn poisoned(err: *mut abi::CpError) -> i32 {
    set_error(err, abi::ERR_PANIC, "the instance panicked in an earlier call", "");
    abi::ERROR
}

/// The error for a null pointer where the contract has none.
pub(crate) fn null(what: &str) -> PluginError {
    PluginError::failed(format!("the worker gave no {what}"))
}

fn set_error(err: *mut abi::CpError, kind: u32, message: &str, trace: &str) {
    if let Some(host) = host::host() {
        // SAFETY: err is what the worker gave for this call; the texts are copied.
        unsafe { (host.set_error)(err, kind, abi::CpStr::new(message), abi::CpStr::new(trace)) }
    }
}
