//! The levels of loggers, changed on request while the worker runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::logging::LogControl;
use crate::logging::loggers::{Level, Logger, Loggers};
use crate::rest::{LoggerLevel, LoggerLevels};

/// Loggers, and the filter of lines that follows from them.
pub struct LiveLoggers {
    loggers: Mutex<Loggers>,
    control: LogControl,
}

impl LiveLoggers {
    /// What holds at the start; `level` is that of the settings.
    pub fn new(control: LogControl, level: &str) -> LiveLoggers {
        let level = Level::parse(level).unwrap_or(Level::Info);
        LiveLoggers { loggers: Mutex::new(Loggers::new(level, control.filter())), control }
    }
}

fn shown(logger: Logger) -> LoggerLevel {
    LoggerLevel { level: logger.level.name(), last_modified: logger.last_modified }
}

impl LoggerLevels for LiveLoggers {
    fn all(&self) -> BTreeMap<String, LoggerLevel> {
        let loggers = self.loggers.lock().unwrap_or_else(PoisonError::into_inner);
        loggers.all().map(|(name, logger)| (name.to_owned(), shown(logger))).collect()
    }

    fn get(&self, name: &str) -> Option<LoggerLevel> {
        self.loggers.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(shown)
    }

    fn knows(&self, level: &str) -> bool {
        Level::parse(level).is_some()
    }

    fn set(&self, name: &str, level: &str) -> Result<Option<Vec<String>>, String> {
        let Some(level) = Level::parse(level) else { return Ok(None) };
        let mut loggers = self.loggers.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut next = loggers.clone();
        let changed = next.set(name, level, u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        self.control.set(&next.filter()).map_err(|error| error.to_string())?;
        *loggers = next;
        Ok(Some(changed))
    }
}
