//! What goes wrong in a connector, in kinds that the worker acts upon.

use std::error::Error;
use std::fmt;

use connect_plugin_abi as abi;

/// The result of everything a connector does.
pub type Result<T, E = PluginError> = std::result::Result<T, E>;

/// How the worker is to take an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The task or the connector fails.
    Failed,
    /// The same call may succeed later: the worker repeats it.
    Retriable,
    /// The config is wrong at this key.
    Config {
        /// The key, empty if it is none in particular.
        key: String,
    },
    /// A record cannot be handled.
    Data,
    /// The connector does not offer what was asked for.
    Unsupported,
}

/// An error of a connector. Any [`std::error::Error`] becomes one of kind [`ErrorKind::Failed`] by `?`; the chain of
/// its sources goes into the trace of the task's status.
pub struct PluginError {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PluginError {
    /// The task or the connector fails.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Failed, message)
    }

    /// The same call may succeed later.
    pub fn retriable(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Retriable, message)
    }

    /// The config is wrong at `key`.
    pub fn config(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Config { key: key.into() }, message)
    }

    /// A record cannot be handled.
    pub fn data(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Data, message)
    }

    /// The connector does not offer this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Unsupported, message)
    }

    fn of(kind: ErrorKind, message: impl Into<String>) -> Self {
        PluginError { kind, message: message.into(), source: None }
    }

    /// The same error with the cause `source`, which shows in its trace.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How the worker takes it.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the same call may be repeated.
    pub fn is_retriable(&self) -> bool {
        self.kind == ErrorKind::Retriable
    }

    /// The chain of causes, one a line; empty if there is none.
    pub fn trace(&self) -> String {
        let mut lines = String::new();
        let mut cause: Option<&(dyn Error + 'static)> = self.source.as_deref().map(|e| e as _);
        while let Some(error) = cause {
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str("Caused by: ");
            lines.push_str(&error.to_string());
            cause = error.source();
        }
        lines
    }

    /// The `ERR_` constant of the contract.
    pub(crate) fn code(&self) -> u32 {
        match self.kind {
            ErrorKind::Failed => abi::ERR_FAILED,
            ErrorKind::Retriable => abi::ERR_RETRIABLE,
            ErrorKind::Config { .. } => abi::ERR_CONFIG,
            ErrorKind::Data => abi::ERR_DATA,
            ErrorKind::Unsupported => abi::ERR_UNSUPPORTED,
        }
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Config { key } if !key.is_empty() && !self.message.contains(key.as_str()) => {
                write!(f, "{key}: {}", self.message)
            }
            _ => f.write_str(&self.message),
        }
    }
}

impl fmt::Debug for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)?;
        let trace = self.trace();
        if trace.is_empty() { Ok(()) } else { write!(f, "\n{trace}") }
    }
}

// PluginError itself is no std Error, as this conversion would then overlap with the one of every type into itself.
impl<E: Error + Send + Sync + 'static> From<E> for PluginError {
    fn from(error: E) -> Self {
        PluginError::failed(error.to_string()).caused_by(Causes(Box::new(error)))
    }
}

/// Starts a chain at the source of an error whose own text is the message already.
#[derive(Debug)]
struct Causes(Box<dyn Error + Send + Sync>);

impl fmt::Display for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Error for Causes {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Says what was being done when an error came up.
pub trait ResultExt<T> {
    /// The error becomes `message: error`, of kind [`ErrorKind::Failed`], with the error as its cause.
    ///
    /// # Errors
    /// When `self` is one.
    fn context(self, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Error + Send + Sync + 'static> ResultExt<T> for std::result::Result<T, E> {
    fn context(self, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|e| PluginError::failed(format!("{}: {e}", message())).caused_by(Causes(Box::new(e))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_error_becomes_one_and_its_chain_shows_in_the_trace() {
        fn read() -> Result<()> {
            std::fs::read("/no/such/file").context(|| "cannot read the file".into())?;
            Ok(())
        }
        let error = read().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Failed);
        assert!(error.to_string().starts_with("cannot read the file: No such file"), "{error}");
        assert!(error.trace().contains("NotFound"), "{}", error.trace());
    }

    #[test]
    fn a_config_error_names_its_key_once() {
        assert_eq!(PluginError::config("topic", "must be set").to_string(), "topic: must be set");
        assert_eq!(PluginError::config("topic", "topic is empty").to_string(), "topic is empty");
    }
}
