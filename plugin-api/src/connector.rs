//! Connectors: what a class is, before and beside its tasks.

use std::ops::Deref;
use std::time::Duration;

use connect_plugin_abi as abi;

use crate::config::Config;
use crate::config_def::{ConfigDef, ConfigValue};
use crate::context::Context;
use crate::error::{PluginError, Result};
use crate::offsets;
use crate::record::{OffsetChange, SourcePartition};
use crate::sink::SinkTask;
use crate::source::SourceTask;
use crate::value::Fields;

/// Whether a source can take part in exactly-once delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum ExactlyOnce {
    /// It does not say.
    #[default]
    Unknown = abi::EXACTLY_ONCE_UNKNOWN,
    /// It can, with this config.
    Supported = abi::EXACTLY_ONCE_SUPPORTED,
    /// It cannot, with this config.
    Unsupported = abi::EXACTLY_ONCE_UNSUPPORTED,
}

/// A connector: it checks its config and says which tasks to run. Its functions may block. Only [`create`] must be
/// written; the rest is told in the order of a connector's life.
///
/// [`create`]: Connector::create
pub trait Connector: Sized + Send + 'static {
    /// The keys it knows. Called once; everything else sees configs through them.
    fn config_def() -> ConfigDef {
        ConfigDef::new()
    }

    /// Makes an instance. It may be asked to validate and then be dropped, without a start.
    fn create(context: ConnectorContext) -> Self;

    /// Problems and recommendations beyond what the definitions say.
    ///
    /// # Errors
    /// Only if the check itself cannot be done.
    fn validate(&mut self, config: &Config) -> Result<Vec<ConfigValue>> {
        let _ = config;
        Ok(Vec::new())
    }

    /// Starts with a config that has passed the definitions' checks.
    ///
    /// # Errors
    /// The connector fails.
    fn start(&mut self, config: &Config) -> Result<()> {
        let _ = config;
        Ok(())
    }

    /// The configs of its tasks, at most `max_tasks`. `config` is the one of the start. One task with that config,
    /// unless said otherwise.
    ///
    /// # Errors
    /// The connector fails.
    fn task_configs(&mut self, config: &Config, max_tasks: u32) -> Result<Vec<Config>> {
        let _ = max_tasks;
        Ok(vec![config.clone()])
    }

    /// Stops. Called once, after a start, whether that has succeeded or not.
    ///
    /// # Errors
    /// Logged by the worker.
    fn stop(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether a source with this config can take part in exactly-once delivery.
    ///
    /// # Errors
    /// If it cannot be found out.
    fn exactly_once_support(&mut self, config: &Config) -> Result<ExactlyOnce> {
        let _ = config;
        Ok(ExactlyOnce::Unknown)
    }

    /// Checks a user's changes of stored offsets, before the worker carries them out. True if the connector has taken
    /// care of what it keeps elsewhere; no change at all means that every offset is forgotten.
    ///
    /// # Errors
    /// Refuses the changes.
    fn alter_offsets(&mut self, config: &Config, changes: &[OffsetChange]) -> Result<bool> {
        let _ = (config, changes);
        Ok(false)
    }
}

/// A connector whose tasks read from somewhere.
pub trait SourceConnector: Connector {
    /// Its tasks; wrap a blocking one in [`Blocking`](crate::Blocking).
    type Task: SourceTask;
}

/// A connector whose tasks write to somewhere.
pub trait SinkConnector: Connector {
    /// Its tasks; wrap a blocking one in [`Blocking`](crate::Blocking).
    type Task: SinkTask;
}

/// What the worker offers a connector. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct ConnectorContext(pub(crate) Context);

impl ConnectorContext {
    /// Asks the worker to call `task_configs` again, as there are other things to read by now.
    ///
    /// # Errors
    /// If the connector is gone.
    pub fn request_task_reconfiguration(&self) -> Result<()> {
        // SAFETY: legal from any thread at any time.
        match unsafe { (self.0.host()?.request_task_reconfiguration)(self.0.token()) } {
            abi::READY => Ok(()),
            _ => Err(PluginError::failed("the worker refused: the connector is not running")),
        }
    }

    /// Fails the connector, from any thread.
    ///
    /// # Errors
    /// If the connector is gone.
    pub fn raise_error(&self, message: &str) -> Result<()> {
        // SAFETY: legal from any thread at any time; the text is copied.
        match unsafe { (self.0.host()?.raise_error)(self.0.token(), abi::CpStr::new(message)) } {
            abi::READY => Ok(()),
            _ => Err(PluginError::failed("the worker refused: the connector is not running")),
        }
    }

    /// Makes a source partition known to the worker.
    ///
    /// # Errors
    /// If the worker refuses it.
    pub fn register_partition(&self, partition: impl Into<Fields>) -> Result<SourcePartition> {
        offsets::register(&self.0, &partition.into())
    }

    /// The stored offsets of source partitions; blocks this thread until they are there.
    ///
    /// # Errors
    /// If they cannot be read, or not within `timeout`.
    pub fn read_offsets(
        &self,
        partitions: &[SourcePartition],
        timeout: Duration,
    ) -> Result<Vec<Option<Fields>>> {
        offsets::read_blocking(&self.0, partitions, timeout)
    }
}

impl Deref for ConnectorContext {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.0
    }
}
