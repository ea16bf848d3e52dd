//! A worker of a group, from its file to its end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{oneshot, watch};

use super::assemble::{self, Base, StartError, TOPIC_LIMIT, usage};
use super::clients;
use super::cluster::{Cluster, KeyMaking, Links, Speaker};
use super::config_store::ConfigStore;
use super::context::Context;
use super::listen;
use super::loggers::LiveLoggers;
use super::membership::Membership;
use super::offset_store::OffsetStore;
use super::run::Loop;
use super::session::Session;
use super::status_store::StatusStore;
use crate::herder::{Event, GroupSettings, KeyRules, Millis, Protocol};
use crate::kafka::group::{GroupConf, GroupError};
use crate::kafka::leave::leave_at_once;
use crate::kafka::log::{LogError, Patience, Purpose};
use crate::kafka::native::Owner;
use crate::rest::{PeerTls, Peers};
use crate::settings::Problem;
use crate::settings::clients::{Client, ClientIds};
use crate::settings::worker::{ConnectProtocol, DistributedConfig, Mac};
use crate::shutdown;

/// How much longer than a request may take at the other worker its answer is waited for.
const ON_THE_WAY: Duration = Duration::from_secs(5);
/// How often it is seen whether the topics are still there.
const LOOK: Duration = Duration::from_secs(1);
/// What leaving the group may take.
const LEAVE: Duration = Duration::from_secs(8);

/// Runs a worker of a group until it is told to end. `worker` is the file with its settings.
///
/// # Errors
/// See [`StartError`]; after a failure everything that ran was wound down.
pub async fn distributed(worker: &Path) -> Result<(), StartError> {
    let (config, warnings) = read(worker)?;
    let loggers = assemble::begin_logging(&config.worker, warnings)?;
    let signals =
        shutdown::listen(leave_at_once).map_err(|error| StartError::Failed(format!("signals: {error}")))?;
    let base = Base::build(config.worker.clone(), Some(config.group_id.clone()), None).await?;
    let (url, worker_id) = (base.bound.url(&config.worker.rest), base.worker_id.clone());
    let links = links(&config, &base, loggers.clone()).await?;
    let (session, peers) = (links.session.clone(), links.peers.clone());
    let stores = Stores {
        configs: links.configs.clone(),
        statuses: links.statuses.clone(),
        offsets: base.context.offsets.clone(),
    };
    let (cluster, speaker) = Cluster::new(base.context.clone(), links);
    let herder = base.herder().with_group(group_settings(&config, &base.context, &url));
    let Base { context, bound, calls, inlets, board, .. } = base;
    let (stop_rest, rest_stopped) = watch::channel(false);
    let api = listen::api(&context, &board, calls, loggers).with_peers(peers, session);
    let servers = listen::serve(bound, api, &context, &rest_stopped);
    let main_loop = tokio::spawn(Loop::new(context.clone(), herder, board, Some(cluster)).run(inlets));
    tracing::info!("worker {worker_id} is up, and joins the group {}", config.group_id);
    let mut speaking = None;
    let outcome = tokio::select! {
        () = signals.first() => Ok(()),
        error = live(&config, &context, &stores, speaker, &mut speaking) => Err(error),
    };
    if let Err(error) = &outcome {
        tracing::error!("the worker cannot go on: {error}");
    }
    tracing::info!("the worker stops");
    let ended = assemble::wind_down(&context, main_loop, &stop_rest, servers).await;
    if let Some(speaking) = speaking {
        // The loop is gone, and the group is left.
        let _ = tokio::time::timeout(LEAVE, speaking).await;
    }
    ended.and(outcome)
}

fn read(path: &Path) -> Result<(DistributedConfig, Vec<Problem>), StartError> {
    let props = assemble::read_props(path)?;
    let parsed = DistributedConfig::parse(&props)
        .map_err(|problems| usage(path, problems.iter().map(Problem::to_string)))?;
    assemble::check_converters(path, &parsed.0.worker)?;
    assemble::check_clients(path, &props)?;
    Ok(parsed)
}

/// The topics that have to be there for the worker to go on.
struct Stores {
    configs: ConfigStore,
    statuses: StatusStore,
    offsets: Arc<OffsetStore>,
}

/// Reads the topics, becomes a member, and looks out for what ends the worker.
async fn live(
    config: &DistributedConfig,
    context: &Arc<Context>,
    stores: &Stores,
    speaker: Speaker,
    speaking: &mut Option<tokio::task::JoinHandle<()>>,
) -> StartError {
    let failed = |error: &dyn std::fmt::Display| StartError::Failed(error.to_string());
    let patience = Patience::Quiet(TOPIC_LIMIT);
    let read = async {
        stores.statuses.read_to_end(patience).await?;
        stores.configs.read_to_end(patience).await
    };
    if let Err(error) = read.await {
        return failed(&error);
    }
    context.report(Event::Ready).await;
    let failure = match join(config, context, speaker, speaking) {
        Ok(failure) => failure,
        Err(error) => return error,
    };
    tokio::select! {
        error = lost(stores) => failed(&error),
        Ok(error) = failure => failed(&error),
    }
}

/// Resolves once one of the topics cannot be used any more.
async fn lost(stores: &Stores) -> LogError {
    loop {
        let others = || stores.statuses.lost().or_else(|| stores.offsets.lost());
        if let Some(error) = stores.configs.lost().or_else(others) {
            return error;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Becomes a member.
fn join(
    config: &DistributedConfig,
    context: &Arc<Context>,
    speaker: Speaker,
    speaking: &mut Option<tokio::task::JoinHandle<()>>,
) -> Result<oneshot::Receiver<GroupError>, StartError> {
    let raw = &context.config.raw;
    let ids = ClientIds::member(raw, &context.worker_id);
    let admin = clients::own(Client::Admin, raw, &ids).map_err(StartError::Usage)?;
    let conf = GroupConf {
        group_id: config.group_id.clone(),
        remedies: clients::owner(Owner::default(), &admin).remedies,
        clients: admin.conf,
        session_timeout: config.session_timeout,
        rebalance_timeout: config.rebalance_timeout,
        heartbeat_interval: config.heartbeat_interval,
        retry_backoff: config.retry_backoff,
        request_timeout: config.request_timeout,
        seed: assemble::jitter_seed(),
    };
    let protocols = match config.protocol {
        ConnectProtocol::Sessioned => vec![Protocol::Sessioned, Protocol::Compatible, Protocol::Eager],
        ConnectProtocol::Compatible => vec![Protocol::Compatible, Protocol::Eager],
        ConnectProtocol::Eager => vec![Protocol::Eager],
    };
    let (membership, failure) = Membership::spawn(conf, protocols, context.events.clone())
        .map_err(|error| StartError::Usage(vec![error.to_string()]))?;
    // It is set here alone, once.
    let _ = context.lease.set(membership.lease().clone());
    context.offsets.store_only_while(membership.lease().clone());
    *speaking = Some(tokio::spawn(speaker.speak(membership)));
    Ok(failure)
}

async fn links(
    config: &DistributedConfig,
    base: &Base,
    loggers: Arc<LiveLoggers>,
) -> Result<Links, StartError> {
    let failed = |error: LogError| StartError::Failed(error.to_string());
    let (worker, events) = (&config.worker, &base.context.events);
    let conf =
        assemble::log_conf(worker, Purpose::Configs, &config.config_topic, &ClientIds::configs(&worker.raw))?;
    let configs = ConfigStore::open(conf, events.clone()).await.map_err(failed)?;
    let conf = assemble::log_conf(
        worker,
        Purpose::Statuses,
        &config.status_topic,
        &ClientIds::statuses(&worker.raw),
    )?;
    let statuses = StatusStore::open(conf, events.clone()).await.map_err(failed)?;
    let inter = &config.inter_worker;
    let verification = inter.verification.iter().map(|mac| mac.name().to_owned()).collect();
    let tls = match &worker.rest.https {
        Some(https) => PeerTls::load(https).map_err(|error| StartError::Usage(vec![error.to_string()]))?,
        None => PeerTls::none(),
    };
    let limits = listen::limits(&worker.rest);
    Ok(Links {
        configs,
        statuses,
        session: Arc::new(Session::new(inter.signature.name(), verification)),
        peers: Peers::new(tls, limits.request + ON_THE_WAY, limits.body),
        loggers,
        keys: KeyMaking { algorithm: Mac::name(inter.key_algorithm), bytes: inter.key_bytes },
        sync_timeout: config.sync_timeout,
    })
}

fn group_settings(config: &DistributedConfig, context: &Context, url: &str) -> GroupSettings {
    let millis = |duration: Duration| Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let clock = since_1970.saturating_sub(context.began.elapsed());
    let inter = &config.inter_worker;
    GroupSettings {
        url: url.to_owned(),
        max_delay: millis(config.rebalance_max_delay),
        unsync_backoff: millis(config.unsync_backoff),
        session_key: KeyRules {
            algorithm: inter.key_algorithm.name().to_owned(),
            size: inter.key_bytes,
            ttl: millis(inter.key_ttl),
        },
        clock: i64::try_from(clock.as_millis()).unwrap_or(i64::MAX),
    }
}
