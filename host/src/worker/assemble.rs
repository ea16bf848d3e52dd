//! What is put together in the same way whatever mode the worker runs in, and taken apart again at the end.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, watch};

use super::clients;
use super::context::{Context, EVENTS};
use super::listen::Bound;
use super::loggers::LiveLoggers;
use super::offset_store::OffsetStore;
use super::run::Inlets;
use super::scrape::Board;
use crate::herder::{Assignment, Catalog as Plugins, Event, Herder, PluginInfo, PluginKind, TopicTracking};
use crate::kafka::admin::TopicSpec;
use crate::kafka::dev_broker::DevBroker;
use crate::kafka::log::{LogConf, Purpose};
use crate::kafka::native::Owner;
use crate::logging::{self, LogSettings};
use crate::metrics::{Metrics, WorkerInfo};
use crate::plugins::catalog::Catalog;
use crate::plugins::pool::Pool;
use crate::plugins::scan;
use crate::records::convert::{Role, check, registry};
use crate::rest::Call;
use crate::settings::clients::{Client, ClientIds};
use crate::settings::connector::Kind;
use crate::settings::files;
use crate::settings::worker::{OffsetStoreConfig, StorageTopic, WorkerConfig};
use crate::settings::{Problem, Props};

/// What the build was told of the commit, else the version.
pub(super) const COMMIT: &str = match option_env!("CONNECT_HOST_COMMIT") {
    Some(commit) => commit,
    None => env!("CARGO_PKG_VERSION"),
};
/// Requests of the REST API that may wait for the loop.
const CALLS: usize = 256;
/// How long a topic of the worker's own may take to be made, or be silent while it is read for the first time.
pub(super) const TOPIC_LIMIT: Duration = Duration::from_secs(60);
/// What an orderly end may take beyond the tasks' own bound.
const END_MARGIN: Duration = Duration::from_secs(10);

/// Why a worker ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Files or settings are wrong; each line names what and why.
    #[error("{}", .0.join("\n"))]
    Usage(Vec<String>),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// A worker but for its herder: everything is there, and nothing runs.
pub(super) struct Base {
    pub(super) context: Arc<Context>,
    pub(super) bound: Bound,
    pub(super) worker_id: String,
    pub(super) calls: mpsc::Sender<Call>,
    pub(super) inlets: Inlets,
    pub(super) board: Arc<Board>,
}

/// Sets logging up, and tells what is notable about the settings.
pub(super) fn begin_logging(
    config: &WorkerConfig,
    warnings: Vec<Problem>,
) -> Result<Arc<LiveLoggers>, StartError> {
    let log = LogSettings { format: config.log_format, level: config.log_level, filter: None };
    let control = logging::init(&log).map_err(|error| StartError::Usage(vec![error.to_string()]))?;
    for warning in warnings {
        tracing::warn!("worker config {warning}");
    }
    Ok(Arc::new(LiveLoggers::new(control, config.log_level.name())))
}

impl Base {
    /// Takes the listeners' addresses, loads plugins, opens the offset store. `group`: of workers, if this is one of it.
    pub(super) async fn build(
        config: WorkerConfig,
        group: Option<String>,
        broker: Option<Arc<DevBroker>>,
    ) -> Result<Base, StartError> {
        let bound = Bound::bind(&config.rest).await?;
        let catalog = load_plugins(&config);
        let offsets = Arc::new(open_offsets(&config, broker.is_some()).await?);
        let (events, event_inlet) = mpsc::channel(EVENTS);
        let (calls, call_inlet) = mpsc::channel(CALLS);
        let metrics = Metrics::new(WorkerInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            commit: COMMIT.into(),
            client_id: config.client_id.clone(),
            names: config.metrics_names,
        });
        metrics.plugins_left_out(catalog.left_out().len());
        let pool = Pool::new(std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8));
        let worker_id = bound.worker_id(&config.rest);
        let context = Arc::new(Context {
            worker_id: worker_id.clone(),
            group,
            config,
            pool,
            catalog,
            offsets,
            metrics,
            events,
            dev_broker: broker,
            lease: OnceLock::new(),
            began: Instant::now(),
        });
        let (inlets, board) = (Inlets { events: event_inlet, calls: call_inlet }, Arc::default());
        Ok(Base { context, bound, worker_id, calls, inlets, board })
    }

    /// A herder that knows the plugins and the settings.
    pub(super) fn herder(&self) -> Herder {
        let config = &self.context.config;
        Herder::new(&self.worker_id, plugin_infos(&self.context.catalog), Assignment::Everything)
            .with_topic_tracking(TopicTracking {
                enabled: config.topic_tracking_enable,
                allow_reset: config.topic_tracking_allow_reset,
            })
            .with_restarts(config.restarts, jitter_seed())
    }
}

/// Has everything that runs end, and then the servers, each within its bound.
pub(super) async fn wind_down(
    context: &Context,
    main_loop: tokio::task::JoinHandle<()>,
    stop_rest: &watch::Sender<bool>,
    servers: Vec<tokio::task::JoinHandle<bool>>,
) -> Result<(), StartError> {
    context.report(Event::Shutdown).await;
    let limit = context.config.task_shutdown_graceful_timeout + END_MARGIN;
    let ended = tokio::time::timeout(limit, main_loop).await;
    let _ = stop_rest.send(true);
    for server in servers {
        let _ = tokio::time::timeout(Duration::from_secs(2), server).await;
    }
    match ended {
        Ok(Ok(())) => tracing::info!("the worker has stopped"),
        Ok(Err(error)) => return Err(StartError::Failed(format!("a bug of the worker: {error}"))),
        Err(_) => {
            let text = format!("not everything ended within {} ms", limit.as_millis());
            return Err(StartError::Failed(text));
        }
    }
    Ok(())
}

/// Differs from worker to worker and from start to start.
pub(super) fn jitter_seed() -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    now.as_nanos() as u64 ^ u64::from(std::process::id())
}

/// What is wrong with a file.
pub(super) fn usage(file: &Path, problems: impl IntoIterator<Item = String>) -> StartError {
    StartError::Usage(problems.into_iter().map(|problem| format!("{}: {problem}", file.display())).collect())
}

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String, StartError> {
    let bytes = std::fs::read(path).map_err(|error| usage(path, [format!("cannot be read: {error}")]))?;
    Ok(files::decode(&bytes))
}

/// The keys of a worker's file.
pub(super) fn read_props(path: &Path) -> Result<Props, StartError> {
    let text = read_text(path)?;
    files::parse_worker_file(files::Format::of(path), &text).map_err(|error| usage(path, [error.to_string()]))
}

/// Reads key and trust stores of the worker's own clients for once, to tell what is wrong at the start.
pub(super) fn check_clients(path: &Path, props: &Props) -> Result<(), StartError> {
    let ids = ClientIds::shared_admin(props);
    clients::own(Client::Admin, props, &ids).map(|_| ()).map_err(|problems| usage(path, problems))
}

/// Holds what the settings ask of converters' versions against those that there are.
pub(super) fn check_converters(path: &Path, config: &WorkerConfig) -> Result<(), StartError> {
    let unfit = Role::ALL.into_iter().filter_map(|role| check::fits(role, role.of_worker(config)).err());
    let unfit: Vec<String> = unfit.map(|problem| problem.to_string()).collect();
    if unfit.is_empty() { Ok(()) } else { Err(usage(path, unfit)) }
}

fn load_plugins(config: &WorkerConfig) -> Catalog {
    let catalog = Catalog::load(scan::scan(&config.plugin_path));
    for out in catalog.left_out() {
        tracing::error!("plugin {} was left out: {}", out.path.display(), out.reason);
    }
    for archive in catalog.archives() {
        tracing::warn!("plugin.path: {} is for a JVM and is passed over", archive.display());
    }
    for class in catalog.classes() {
        tracing::info!(
            "{} {} {} from {}",
            class.kind.name(),
            class.name,
            class.version,
            class.library.display()
        );
    }
    catalog
}

fn plugin_infos(catalog: &Catalog) -> Plugins {
    let mut infos: Vec<PluginInfo> = Vec::new();
    for class in catalog.classes() {
        let kind = if class.kind == Kind::Source { PluginKind::Source } else { PluginKind::Sink };
        infos.push(PluginInfo::new(kind, &class.name, Some(&class.version)));
    }
    for class in registry::converter_classes() {
        let kind = if class.kind == "header_converter" {
            PluginKind::HeaderConverter
        } else {
            PluginKind::Converter
        };
        infos.push(PluginInfo::new(kind, class.class, Some(class.version)));
    }
    Plugins::new(infos)
}

async fn open_offsets(config: &WorkerConfig, embedded: bool) -> Result<OffsetStore, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Failed(error.to_string());
    match &config.offset_store {
        OffsetStoreConfig::File(path) => OffsetStore::open_file(path).map_err(|error| failed(&error)),
        OffsetStoreConfig::Topic(topic) => {
            let ids = ClientIds::offsets(&config.raw);
            let log = log_conf(config, Purpose::Offsets, topic, &ids)?;
            let log = LogConf { create: !embedded, ..log };
            OffsetStore::open_topic(log).await.map_err(|error| failed(&error))
        }
    }
}

/// A topic of the worker's own, and its clients.
pub(super) fn log_conf(
    config: &WorkerConfig,
    purpose: Purpose,
    topic: &StorageTopic,
    ids: &ClientIds,
) -> Result<LogConf, StartError> {
    let configs = topic.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let (partitions, replication_factor) = (topic.partitions, topic.replication_factor);
    let topic = TopicSpec { name: topic.name.clone(), partitions, replication_factor, configs };
    let conf = |client| clients::own(client, &config.raw, ids).map_err(StartError::Usage);
    let admin = conf(Client::Admin)?;
    Ok(LogConf {
        topic,
        purpose,
        consumer: conf(Client::Consumer)?.conf,
        producer: conf(Client::Producer)?.conf,
        owner: clients::owner(Owner::default(), &admin),
        admin: admin.conf,
        create: true,
        timeout: TOPIC_LIMIT,
    })
}
