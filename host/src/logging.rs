//! Log lines: text or JSON, on standard error, with connector and task on each line that concerns them.
//!
//! Standard output belongs to commands and to connectors that write there, such as a file sink without a
//! file. Times are RFC 3339 in UTC. Whoever logs gives the fields `connector` and `task` with the event, or
//! logs inside of a span that has them; the innermost that are not empty count. In text they stand before
//! the message as in Kafka Connect's own logs, `[name|worker]` and `[name|task-0]`, on each line of a
//! message of several lines; in JSON they are members of the object, `connector` a string and `task` a
//! number.
//!
//! - `layer`: collects fields of spans and events, writes finished lines
//! - `line`: the two formats; pure
//! - `loggers`: levels by name, as the REST API sets them; pure

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic::{self, PanicHookInfo};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use crate::settings::worker::{LogFormat, LogLevel};

mod layer;
mod line;
pub mod loggers;

use layer::LineLayer;

/// The environment variable that stands above all settings.
const VARIABLE: &str = "RUST_LOG";

/// How to log.
#[derive(Debug, Clone, Default)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// Which are written.
    pub level: LogLevel,
    /// Which are written in more detail, `level,target=level,...`; above `level`.
    pub filter: Option<String>,
}

/// Why logging cannot begin or be changed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A filter cannot be understood.
    #[error(
        "{from} {filter:?} is not understood ({why}); write level,target=level,... as in info,plugin=debug"
    )]
    Filter {
        /// Where it comes from.
        from: &'static str,
        /// As it was given.
        filter: String,
        /// What is wrong.
        why: String,
    },
    /// [`init`] was called before, or something else in this process logs.
    #[error("logging is set up already in this process")]
    Twice,
    /// The subscriber is gone.
    #[error("the filter of log lines cannot be changed: {0}")]
    Gone(String),
}

/// Changes which lines are written, while the worker runs.
#[derive(Debug, Clone)]
pub struct LogControl {
    filter: reload::Handle<EnvFilter, Registry>,
}

impl LogControl {
    /// From now on these lines are written: `level,target=level,...`.
    ///
    /// # Errors
    /// The filter cannot be understood; the one before stays.
    pub fn set(&self, filter: &str) -> Result<(), LogError> {
        let filter = parse("log filter", filter)?;
        self.filter.reload(filter).map_err(|error| LogError::Gone(error.to_string()))
    }

    /// The filter that holds now.
    pub fn filter(&self) -> String {
        self.filter.with_current(ToString::to_string).unwrap_or_default()
    }
}

/// Begins to log, once for each process, panics of any thread included; these have a backtrace if
/// `RUST_BACKTRACE` is set. The environment's `RUST_LOG` stands above the settings.
///
/// # Errors
/// The filter cannot be understood, or this was called before.
pub fn init(settings: &LogSettings) -> Result<LogControl, LogError> {
    let variable = std::env::var(VARIABLE).ok();
    let (filter, control) = reload::Layer::new(chosen(variable.as_deref(), settings)?);
    let layer = LineLayer::new(settings.format, io::stderr);
    tracing_subscriber::registry().with(filter).with(layer).try_init().map_err(|_| LogError::Twice)?;
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if tracing::enabled!(tracing::Level::ERROR) { log_panic(panic) } else { before(panic) }
    }));
    Ok(LogControl { filter: control })
}

/// The filter that stands above the others.
fn chosen(variable: Option<&str>, settings: &LogSettings) -> Result<EnvFilter, LogError> {
    match (variable.filter(|text| !text.trim().is_empty()), &settings.filter) {
        (Some(variable), _) => parse(VARIABLE, variable),
        (None, Some(filter)) => parse("log filter", filter),
        (None, None) => parse("log level", settings.level.name()),
    }
}

fn parse(from: &'static str, filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder().with_regex(false).parse(filter).map_err(|error| LogError::Filter {
        from,
        filter: filter.to_owned(),
        why: error.to_string(),
    })
}

/// Writes a panic as an event of the thread and span that it happened in.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("a value that is no text");
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(target: "panic", thread, at, "panicked: {message}\n{backtrace}");
    } else {
        tracing::error!(target: "panic", thread, at, "panicked: {message}");
    }
}

#[cfg(test)]
mod tests;
