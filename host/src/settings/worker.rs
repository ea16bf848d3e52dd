//! The keys of a worker: read from one catalogue, every problem at once, unknown keys named. What only a worker of a group
//! has is read by [`DistributedConfig`].
//!
//! Besides Kafka's keys there are some of our own: `log.format` (`text` or `json`) and `log.level` (`trace`,
//! `debug`, `info`, `warn`, `error` or `off`); `metrics.names` (`strimzi`, `jmx_exporter` or `confluent`),
//! `metrics.listeners`, and bounds of the REST API; and `offset.storage.topic` (with `offset.storage.partitions`,
//! `offset.storage.replication.factor` and topic settings under `offset.storage.`) is taken in standalone
//! mode, too.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::clients::{self, OverridePolicy};
use super::connector::ConverterConfig;
use super::definitions::{Parsed, Validation};
use super::restarts::RestartPolicy;
use super::{KeysOf, Problem, Props};

mod distributed;
mod https;
pub(super) mod keys;
mod listeners;
mod offsets;
mod rest;
mod standing;

pub use distributed::keys::definitions as distributed_definitions;
pub use distributed::{ConnectProtocol, DistributedConfig, InterWorker, Mac};
pub use https::{ClientAuth, HttpsConfig, StoreConfig, StorePlace};
pub use keys::definitions;
pub use listeners::{HeaderAction, HeaderRule, Listener};
pub use offsets::{OffsetStoreConfig, StorageTopic};
pub use rest::{AdminListeners, BasicAuth, CrossOrigin, RestConfig};

/// How a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Alone.
    Standalone,
    /// As one of a group.
    Distributed,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which log lines are written: those of this level and above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// All, down to each step of the work.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What the worker does.
    #[default]
    Info,
    /// What someone should look at.
    Warn,
    /// What failed.
    Error,
    /// None.
    Off,
}

impl LogLevel {
    /// The level by its name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let levels = [
            LogLevel::Trace,
            LogLevel::Debug,
            LogLevel::Info,
            LogLevel::Warn,
            LogLevel::Error,
            LogLevel::Off,
        ];
        levels.into_iter().find(|level| level.name().eq_ignore_ascii_case(text))
    }

    /// The name that `tracing` knows, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
            LogLevel::Off => "off",
        }
    }
}

/// Whose names for Kafka Connect's metrics the page of `/metrics` has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricNames {
    /// Those of Strimzi's rules for the JMX exporter.
    #[default]
    Strimzi,
    /// Those of the exporter's own example for Kafka Connect.
    JmxExporter,
    /// Those of Confluent's monitoring stacks.
    Confluent,
}

impl MetricNames {
    /// All of them.
    pub const ALL: [MetricNames; 3] =
        [MetricNames::Strimzi, MetricNames::JmxExporter, MetricNames::Confluent];

    /// How `metrics.names` tells them.
    pub fn name(self) -> &'static str {
        match self {
            MetricNames::Strimzi => "strimzi",
            MetricNames::JmxExporter => "jmx_exporter",
            MetricNames::Confluent => "confluent",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|names| names.name().eq_ignore_ascii_case(text))
    }
}

/// The settings that every worker has, checked; all of a standalone worker.
#[derive(Clone)]
pub struct WorkerConfig {
    /// The config as given. Holds secrets; client settings are read from it by [`clients::client_config`].
    pub raw: Props,
    /// The HTTP side: listeners, bounds, headers.
    pub rest: RestConfig,
    /// Directories (or files) with connectors.
    pub plugin_path: Vec<PathBuf>,
    /// Brokers, `host:port,host:port`.
    pub bootstrap_servers: String,
    /// The default converter for keys.
    pub key_converter: ConverterConfig,
    /// The default converter for values.
    pub value_converter: ConverterConfig,
    /// The default converter for headers.
    pub header_converter: ConverterConfig,
    /// Where the offsets of source connectors are kept.
    pub offset_store: OffsetStoreConfig,
    /// How often offsets are committed.
    pub offset_flush_interval: Duration,
    /// How long one such commit may take.
    pub offset_flush_timeout: Duration,
    /// How long the tasks that are stopped together may take.
    pub task_shutdown_graceful_timeout: Duration,
    /// Part of the client ids of the worker's own clients; empty is none.
    pub client_id: String,
    /// Part of the same client ids.
    pub group_id: Option<String>,
    /// Which client settings a connector may override.
    pub connector_client_config_override_policy: OverridePolicy,
    /// How long a running task may wait for something before it counts as stalled.
    pub health_stall_timeout: Duration,
    /// When what failed is restarted, where its connector does not say so.
    pub restarts: RestartPolicy,
    /// Whether sources may make topics by `topic.creation.*`.
    pub topic_creation_enable: bool,
    /// Whether the topics that connectors use are tracked.
    pub topic_tracking_enable: bool,
    /// Whether REST may reset the tracked topics.
    pub topic_tracking_allow_reset: bool,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written.
    pub log_level: LogLevel,
    /// What the series of `/metrics` are called.
    pub metrics_names: MetricNames,
}

impl fmt::Debug for WorkerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerConfig")
            .field("rest", &self.rest)
            .field("plugin_path", &self.plugin_path)
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("offset_store", &self.offset_store)
            .field("raw", &KeysOf(&self.raw))
            .finish_non_exhaustive()
    }
}

impl WorkerConfig {
    /// Reads the config of a standalone worker. The second of the pair are warnings: keys that are unknown or
    /// change nothing here.
    ///
    /// # Errors Every problem at once, by key: what is missing, what is wrong, what this version does not
    /// support; of the settings of Kafka clients, too.
    pub fn parse(props: &Props) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let validation = Validation::new(definitions(), props);
        let (config, problems, warnings) = Self::checked(Mode::Standalone, &validation, props);
        match config {
            Some(config) if problems.is_empty() => Ok((config, warnings)),
            _ => Err(problems),
        }
    }

    /// What every worker has, if it can be read; what is wrong; and what is notable.
    fn checked(
        mode: Mode,
        validation: &Validation,
        props: &Props,
    ) -> (Option<Self>, Vec<Problem>, Vec<Problem>) {
        let mut problems = validation.problems();
        // A value that cannot be read breaks the key's rules, too; once is enough.
        problems.dedup_by(|second, first| second.key == first.key);
        let (refused, mut warnings) = standing::check(mode, props);
        problems.extend(refused);
        let (client_errors, client_warnings) = clients::check_worker(props);
        problems.extend(client_errors);
        warnings.extend(client_warnings);
        let reader = Reader { mode, props, validation };
        let config = reader.read(&mut problems, &mut warnings);
        (config, problems, warnings)
    }
}

/// Reads typed values; what could not be read is among the problems already.
struct Reader<'a> {
    mode: Mode,
    props: &'a Props,
    validation: &'a Validation,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> String {
        self.validation.value(key).and_then(Parsed::as_str).unwrap_or_default().to_owned()
    }

    /// Text that is not empty.
    fn some_text(&self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    fn list(&self, key: &str) -> Vec<String> {
        self.validation.value(key).and_then(Parsed::as_list).unwrap_or_default().to_vec()
    }

    fn number(&self, key: &str) -> i64 {
        self.validation.value(key).and_then(Parsed::as_i64).unwrap_or_default()
    }

    fn flag(&self, key: &str) -> bool {
        self.validation.value(key).and_then(Parsed::as_bool).unwrap_or_default()
    }

    fn millis(&self, key: &str) -> Duration {
        Duration::from_millis(u64::try_from(self.number(key)).unwrap_or_default())
    }

    /// The converter of the key, with its default class where none is given.
    fn converter(&self, key: &str) -> Option<ConverterConfig> {
        let class = self.some_text(key)?;
        let version = self.props.get(&format!("{key}.plugin.version")).cloned();
        let given = ConverterConfig::read(key, self.props);
        let props = given.map_or_else(Props::new, |given| given.props);
        Some(ConverterConfig { class, version, props })
    }

    /// The whole config, or none where something that it needs is missing; problems tell what.
    fn read(&self, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) -> Option<WorkerConfig> {
        let rest = rest::read(self, problems, warnings);
        let offset_store = offsets::store(self.mode, self.validation, self.props, problems, warnings);
        let plugin_path: Vec<PathBuf> =
            self.list("plugin.path").into_iter().filter(|dir| !dir.is_empty()).map(PathBuf::from).collect();
        if plugin_path.is_empty() {
            let why =
                "is not given, so there are no connectors; name the directories that hold their libraries";
            warnings.push(Problem::new("plugin.path", why));
        }
        let servers = self.list("bootstrap.servers");
        check_servers(&servers, problems);
        let policy = OverridePolicy::read(self.props)
            .map_err(|why| problems.push(Problem::new("connector.client.config.override.policy", why)));
        let json = self.text("log.format").eq_ignore_ascii_case("json");
        Some(WorkerConfig {
            rest,
            plugin_path,
            bootstrap_servers: servers.join(","),
            key_converter: self.converter("key.converter")?,
            value_converter: self.converter("value.converter")?,
            header_converter: self.converter("header.converter")?,
            offset_store: offset_store?,
            offset_flush_interval: self.millis("offset.flush.interval.ms"),
            offset_flush_timeout: self.millis("offset.flush.timeout.ms"),
            task_shutdown_graceful_timeout: self.millis("task.shutdown.graceful.timeout.ms"),
            client_id: self.text("client.id"),
            group_id: self.some_text("group.id"),
            connector_client_config_override_policy: policy.unwrap_or_default(),
            health_stall_timeout: self.millis("health.stall.timeout.ms"),
            restarts: RestartPolicy::read(self.props, RestartPolicy::default()),
            topic_creation_enable: self.flag("topic.creation.enable"),
            topic_tracking_enable: self.flag("topic.tracking.enable"),
            topic_tracking_allow_reset: self.flag("topic.tracking.allow.reset"),
            log_format: if json { LogFormat::Json } else { LogFormat::Text },
            log_level: LogLevel::parse(&self.text("log.level")).unwrap_or_default(),
            metrics_names: MetricNames::parse(&self.text("metrics.names")).unwrap_or_default(),
            raw: self.props.clone(),
        })
    }
}

/// Each broker is `host:port`, perhaps with a protocol before it, as in Kafka.
fn check_servers(servers: &[String], problems: &mut Vec<Problem>) {
    let mut refuse = |why: String| problems.push(Problem::new("bootstrap.servers", why));
    if servers.iter().all(|server| server.is_empty()) {
        refuse("No bootstrap urls given in bootstrap.servers".to_owned());
    }
    for server in servers.iter().filter(|server| !server.is_empty()) {
        let address = server.split_once("://").map_or(server.as_str(), |(_, address)| address);
        let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            refuse(format!("Invalid url in bootstrap.servers: {server}; write host:port"));
        }
    }
}

#[cfg(test)]
mod tests;
