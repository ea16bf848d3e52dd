//! `/admin/loggers`

use std::collections::BTreeMap;

use super::answer::Answer;
use super::connectors::done;
use super::errors::Failure;
use super::{Api, Ask, body, shapes};
use crate::herder::{ApiError, Request};

/// A logger that has a level of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggerLevel {
    /// Its level, in capitals.
    pub level: &'static str,
    /// When it was last changed on request, in milliseconds since 1970.
    pub last_modified: Option<u64>,
}

/// The loggers of this process. Must not block.
pub trait LoggerLevels: Send + Sync {
    /// All that have a level of their own, by name; the root is `root`.
    fn all(&self) -> BTreeMap<String, LoggerLevel>;

    /// One of them, or one that is there and has the level of what is above it; the root in any letter case.
    fn get(&self, name: &str) -> Option<LoggerLevel>;

    /// Whether there is a level of this name.
    fn knows(&self, level: &str) -> bool;

    /// Sets a logger and those below it; the names of those that changed, sorted. None: there is no such level.
    ///
    /// # Errors
    /// Why it could not be set.
    fn set(&self, name: &str, level: &str) -> Result<Option<Vec<String>>, String>;
}

fn loggers(api: &Api) -> Result<&dyn LoggerLevels, Failure> {
    api.loggers.as_deref().ok_or(Failure::Absent("/admin/loggers"))
}

/// `GET /admin/loggers`
pub(super) fn list(api: &Api) -> Result<Answer, Failure> {
    Ok(Answer::json(200, shapes::loggers(&loggers(api)?.all())))
}

/// `GET /admin/loggers/{logger}`
pub(super) fn get(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let name = ask.name();
    match loggers(api)?.get(&name) {
        Some(logger) => Ok(Answer::json(200, shapes::logger(&logger))),
        None => Err(Failure::Api(ApiError::NotFound(format!("Logger {name} not found.")))),
    }
}

/// `PUT /admin/loggers/{logger}`: on this worker, or on all of its group.
pub(super) async fn set(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let config = body::config(&ask.body)?;
    let given = config.config.get("level").map(String::as_str).ok_or_else(|| {
        let text = "Desired 'level' parameter was not specified in request.";
        Failure::Api(ApiError::BadRequest(text.to_owned()))
    })?;
    if given.is_empty() {
        return Err(Failure::BadBody("Illegal null or empty Level name.".to_owned()));
    }
    let (loggers, level) = (loggers(api)?, given.trim_matches(|c| c <= ' '));
    let unknown = || Failure::Api(ApiError::NotFound(format!("invalid log level '{given}'.")));
    let cluster = ask.query.all("scope").next().is_some_and(|scope| scope.eq_ignore_ascii_case("cluster"));
    if cluster && api.peers.is_some() {
        if !loggers.knows(level) {
            return Err(unknown());
        }
        let request = Request::SetClusterLevel { namespace: ask.name(), level: level.to_ascii_uppercase() };
        return done(api, request, 204).await;
    }
    let changed = loggers.set(&ask.name(), level).map_err(|why| Failure::Api(ApiError::Internal(why)))?;
    let changed = changed.ok_or_else(unknown)?;
    Ok(if cluster { Answer::empty(204) } else { Answer::json(200, changed.into()) })
}
