//! Putting a worker together, from its files to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};

use super::clients;
use super::context::{Context, EVENTS};
use super::listen::{self, Bound};
use super::loggers::LiveLoggers;
use super::offset_store::OffsetStore;
use super::run::{Inlets, Loop};
use super::scrape::Board;
use crate::herder::{
    ApiError, Assignment, Catalog as Plugins, Event, Herder, PluginInfo, PluginKind, Request, Response,
    TargetState, TopicTracking,
};
use crate::kafka::admin::TopicSpec;
use crate::kafka::dev_broker::DevBroker;
use crate::kafka::log::{LogConf, Purpose};
use crate::kafka::native::Owner;
use crate::logging::{self, LogSettings};
use crate::metrics::{Metrics, WorkerInfo};
use crate::plugins::catalog::Catalog;
use crate::plugins::pool::Pool;
use crate::plugins::scan;
use crate::records::convert::registry;
use crate::rest::Call;
use crate::settings::clients::{Client, ClientIds};
use crate::settings::connector::Kind;
use crate::settings::files::{self, ConnectorFile, Format, InitialState};
use crate::settings::worker::{OffsetStoreConfig, StorageTopic, WorkerConfig};
use crate::settings::{Problem, Props};
use crate::shutdown;

/// Version of Kafka Connect whose API this worker speaks.
pub const API_VERSION: &str = "4.1.1";
/// What the build was told of the commit, else the version.
pub(super) const COMMIT: &str = match option_env!("CONNECT_HOST_COMMIT") {
    Some(commit) => commit,
    None => env!("CARGO_PKG_VERSION"),
};
/// Requests of the REST API that may wait for the loop.
const CALLS: usize = 256;
/// How long the offset topic may take to be made and read.
const TOPIC_LIMIT: Duration = Duration::from_secs(60);
/// What an orderly end may take beyond the tasks' own bound.
const END_MARGIN: Duration = Duration::from_secs(10);

/// What `connect-host standalone` is given.
#[derive(Debug, Clone)]
pub struct Options {
    /// The worker's settings, `.properties` or `.json`.
    pub worker: PathBuf,
    /// Connectors to create at the start.
    pub connectors: Vec<PathBuf>,
    /// Run a broker inside the process and use it.
    pub dev_broker: bool,
}

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

/// Runs a standalone worker until it is told to end.
///
/// # Errors
/// See [`StartError`]; after a failure everything that ran was wound down.
pub async fn standalone(options: Options) -> Result<(), StartError> {
    let broker = match options.dev_broker {
        true => Some(Arc::new(DevBroker::start().map_err(|error| StartError::Failed(error.to_string()))?)),
        false => None,
    };
    let (config, warnings, connectors) = read_files(&options, broker.as_deref())?;
    let log = LogSettings { format: config.log_format, level: config.log_level, filter: None };
    let control = logging::init(&log).map_err(|error| StartError::Usage(vec![error.to_string()]))?;
    let loggers = Arc::new(LiveLoggers::new(control, config.log_level.name()));
    for warning in warnings {
        tracing::warn!("worker config {warning}");
    }
    if let Some(broker) = &broker {
        tracing::warn!(
            "the embedded broker at {} is for a first look: it keeps about 5 MB or 100,000 records of a partition, in \
             memory, loses older ones without a word, and forgets everything at the end",
            broker.bootstrap_servers()
        );
    }
    let signals = shutdown::listen().map_err(|error| StartError::Failed(format!("signals: {error}")))?;
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
    let plugins = plugin_infos(&catalog);
    let context = Arc::new(Context {
        config,
        pool,
        catalog,
        offsets,
        metrics,
        events,
        dev_broker: broker.clone(),
        began: Instant::now(),
    });
    let board = Arc::new(Board::default());
    let (stop_rest, rest_stopped) = watch::channel(false);
    let servers = listen::serve(bound, &context, &board, calls.clone(), loggers, &rest_stopped);
    let herder = Herder::new(&worker_id, plugins, Assignment::Everything)
        .with_topic_tracking(tracking(&context.config))
        .with_restarts(context.config.restarts, jitter_seed());
    let main_loop =
        Loop::new(context.clone(), herder, board).run(Inlets { events: event_inlet, calls: call_inlet });
    let main_loop = tokio::spawn(main_loop);
    tracing::info!("worker {worker_id} is up");
    let outcome = tokio::select! {
        created = create(&context, &calls, connectors) => match created {
            Ok(()) => {
                signals.first().await;
                Ok(())
            }
            Err(error) => Err(error),
        },
        () = signals.first() => Ok(()),
    };
    tracing::info!("the worker stops");
    wind_down(&context, main_loop, &stop_rest, servers).await.and(outcome)
}

/// Has everything that runs end, and then the servers, each within its bound.
async fn wind_down(
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
fn jitter_seed() -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    now.as_nanos() as u64 ^ u64::from(std::process::id())
}

fn tracking(config: &WorkerConfig) -> TopicTracking {
    TopicTracking { enabled: config.topic_tracking_enable, allow_reset: config.topic_tracking_allow_reset }
}

fn usage(file: &Path, problems: impl IntoIterator<Item = String>) -> StartError {
    StartError::Usage(problems.into_iter().map(|problem| format!("{}: {problem}", file.display())).collect())
}

fn read_text(path: &Path) -> Result<String, StartError> {
    let bytes = std::fs::read(path).map_err(|error| usage(path, [format!("cannot be read: {error}")]))?;
    Ok(files::decode(&bytes))
}

type Read = (WorkerConfig, Vec<Problem>, Vec<(PathBuf, ConnectorFile)>);

/// Reads all files, and tells the problems of all of them.
fn read_files(options: &Options, broker: Option<&DevBroker>) -> Result<Read, StartError> {
    match (read_worker(&options.worker, broker), read_connectors(&options.connectors)) {
        (Ok((config, warnings)), Ok(connectors)) => Ok((config, warnings, connectors)),
        (Err(StartError::Usage(mut lines)), Err(StartError::Usage(more))) => {
            lines.extend(more);
            Err(StartError::Usage(lines))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn read_worker(path: &Path, broker: Option<&DevBroker>) -> Result<(WorkerConfig, Vec<Problem>), StartError> {
    let text = read_text(path)?;
    let mut props: Props = files::parse_worker_file(Format::of(path), &text)
        .map_err(|error| usage(path, [error.to_string()]))?;
    if let Some(broker) = broker {
        let [(address, at), others @ ..] = broker.settings();
        props.insert(address.into(), at);
        if others.iter().all(|(key, _)| !props.contains_key(*key)) {
            props.extend(others.map(|(key, value)| (key.into(), value)));
        }
    }
    let parsed = WorkerConfig::parse(&props)
        .map_err(|problems| usage(path, problems.iter().map(Problem::to_string)))?;
    // Key and trust stores of the worker's own clients are read for once, to tell what is wrong at the start.
    let ids = ClientIds::shared_admin(&props);
    clients::own(Client::Admin, &props, &ids).map_err(|problems| usage(path, problems))?;
    Ok(parsed)
}

/// Reads all connector files, and tells the problems of all of them.
fn read_connectors(paths: &[PathBuf]) -> Result<Vec<(PathBuf, ConnectorFile)>, StartError> {
    let (mut read, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let parsed = read_text(path).and_then(|text| {
            files::parse_connector_file(Format::of(path), &text)
                .map_err(|error| usage(path, [error.to_string()]))
        });
        match parsed {
            Ok(file) => read.push((path.clone(), file)),
            Err(StartError::Usage(lines)) => problems.extend(lines),
            Err(error) => return Err(error),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(StartError::Usage(problems)) }
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
        infos.push(PluginInfo::new(kind, class.class, Some(API_VERSION)));
    }
    Plugins::new(infos)
}

async fn open_offsets(config: &WorkerConfig, embedded: bool) -> Result<OffsetStore, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Failed(error.to_string());
    match &config.offset_store {
        OffsetStoreConfig::File(path) => OffsetStore::open_file(path).map_err(|error| failed(&error)),
        OffsetStoreConfig::Topic(StorageTopic { name, partitions, replication_factor, settings }) => {
            let configs = settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let (partitions, replication_factor) = (*partitions, *replication_factor);
            let log =
                log_conf(config, TopicSpec { name: name.clone(), partitions, replication_factor, configs })?;
            let log = LogConf { create: !embedded, ..log };
            OffsetStore::open_topic(log).await.map_err(|error| failed(&error))
        }
    }
}

/// The clients of the offset topic.
fn log_conf(config: &WorkerConfig, topic: TopicSpec) -> Result<LogConf, StartError> {
    let ids = ClientIds::offsets(&config.raw);
    let conf = |client| clients::own(client, &config.raw, &ids).map_err(StartError::Usage);
    let admin = conf(Client::Admin)?;
    Ok(LogConf {
        topic,
        purpose: Purpose::Offsets,
        consumer: conf(Client::Consumer)?.conf,
        producer: conf(Client::Producer)?.conf,
        owner: clients::owner(Owner::default(), &admin),
        admin: admin.conf,
        create: true,
        timeout: TOPIC_LIMIT,
    })
}

/// Creates the connectors of the command line; all their problems are told at once.
async fn create(
    context: &Arc<Context>,
    calls: &mpsc::Sender<Call>,
    connectors: Vec<(PathBuf, ConnectorFile)>,
) -> Result<(), StartError> {
    let mut problems = Vec::new();
    for (path, file) in connectors {
        let initial_state = file.initial_state.map(|state| match state {
            InitialState::Running => TargetState::Started,
            InitialState::Paused => TargetState::Paused,
            InitialState::Stopped => TargetState::Stopped,
        });
        let request = Request::Create { name: file.name, config: file.config.into(), initial_state };
        match ask(calls, request).await {
            Ok(_) => {}
            Err(ApiError::BadRequest(text) | ApiError::Conflict(text)) => {
                problems.push(format!("{}: {text}", path.display()));
            }
            Err(error) => return Err(StartError::Failed(format!("{}: {error}", path.display()))),
        }
    }
    if !problems.is_empty() {
        return Err(StartError::Usage(problems));
    }
    context.report(Event::Ready).await;
    Ok(())
}

async fn ask(calls: &mpsc::Sender<Call>, request: Request) -> Result<Response, ApiError> {
    let (reply, answer) = oneshot::channel();
    let gone = || ApiError::Unavailable("The worker is shutting down".into());
    calls.send(Call { request, reply }).await.map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_all_files_come_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (worker, connector) = (folder.path().join("w.properties"), folder.path().join("c.json"));
        std::fs::write(&worker, "access.control.allow.origin=(\nresponse.http.headers.config=set A\n")
            .unwrap();
        std::fs::write(&connector, "{").unwrap();
        let options = Options { worker, connectors: vec![connector], dev_broker: false };
        let Err(StartError::Usage(lines)) = read_files(&options, None) else { panic!("usage is wrong") };
        for part in ["access.control.allow.origin", "response.http.headers.config", "key.converter", "c.json"]
        {
            assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:?}");
        }
    }
}
