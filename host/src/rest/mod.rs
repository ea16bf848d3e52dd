//! The REST API over HTTP: requests become [`Request`]s to the herder, its answers become bodies. The only user of warp.
//!
//! One filter catches everything and hands it to `router`: warp's own routing can't tell 404 from 405, and leaves
//! paths escaped.

mod accept;
mod answer;
mod auth;
mod body;
mod connectors;
mod encoding;
mod errors;
mod forward;
mod front;
mod health;
mod location;
mod loggers;
mod media_types;
mod negotiation;
mod offsets;
mod peers;
mod plugins;
mod root;
mod router;
mod server;
mod sessions;
mod shapes;
mod stage;
mod stall;
mod tasks;
mod tls;
mod topics;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::herder::{ApiError, Request, Response};

pub use accept::serve;
pub use auth::Credentials;
pub use front::Front;
pub use loggers::{LoggerLevel, LoggerLevels};
pub use peers::{PeerAnswer, PeerError, PeerRequest, PeerTls, Peers, path_of_tasks};
pub use sessions::{Sessions, Signature};
pub use stage::Stage;
pub use tls::{Tls, TlsError};

use answer::Answer;
use errors::Failure;
use router::{Endpoint, Query};

/// A request on its way to the herder's loop, and where its answer goes. A caller who has given up drops the receiver.
pub struct Call {
    /// What is asked for.
    pub request: Request,
    /// Takes the answer, once.
    pub reply: oneshot::Sender<Result<Response, ApiError>>,
}

/// What `GET /` tells about the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Version of Kafka Connect whose API this is.
    pub version: String,
    /// What this worker was built from.
    pub commit: String,
    /// Id of the Kafka cluster; none while it is unknown.
    pub kafka_cluster_id: Option<String>,
}

/// Bounds of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most connections of one listener; further ones wait.
    pub connections: usize,
    /// How long a client may keep a connection waiting: for the head of a request, for the next part of a body, or until
    /// it takes more of an answer.
    pub idle: Duration,
    /// How long the herder may take for an answer; also how long a whole body may take to arrive.
    pub request: Duration,
    /// The same for `/health`.
    pub health: Duration,
    /// How long requests under way may take to end when the server stops.
    pub shutdown: Duration,
    /// Size of the largest body, in bytes.
    pub body: usize,
}

impl Default for Limits {
    /// Kafka Connect's times, 1,000 connections, and bodies of up to 16 MiB.
    fn default() -> Limits {
        Limits {
            connections: 1000,
            idle: Duration::from_secs(30),
            request: Duration::from_secs(90),
            health: Duration::from_secs(10),
            shutdown: Duration::from_secs(60),
            body: 16 << 20,
        }
    }
}

/// What a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surface {
    /// The REST API but for the next two.
    pub main: bool,
    /// `/admin/loggers`
    pub admin: bool,
    /// `/metrics`
    pub metrics: bool,
}

impl Surface {
    /// Everything.
    pub const ALL: Surface = Surface { main: true, admin: true, metrics: true };
    /// `/admin/loggers` alone.
    pub const ADMIN: Surface = Surface { main: false, admin: true, metrics: false };
    /// `/metrics` alone.
    pub const METRICS: Surface = Surface { main: false, admin: false, metrics: true };
}

/// All that the server needs to know of the worker. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    calls: mpsc::Sender<Call>,
    about: Arc<dyn Fn() -> About + Send + Sync>,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
    stage: Arc<dyn Fn() -> Option<Stage> + Send + Sync>,
    loggers: Option<Arc<dyn LoggerLevels>>,
    /// Those of the group; none: the worker is alone.
    peers: Option<Peers>,
    sessions: Option<Arc<dyn Sessions>>,
    front: Arc<Front>,
    limits: Limits,
    /// The worker said at least once that its start was complete.
    was_ready: Arc<AtomicBool>,
}

impl Api {
    /// Requests go into `calls`; `about` is asked for each `GET /`, `metrics` for the text of each `GET /metrics`.
    /// Both must not block.
    pub fn new(
        calls: mpsc::Sender<Call>,
        about: impl Fn() -> About + Send + Sync + 'static,
        metrics: impl Fn() -> String + Send + Sync + 'static,
    ) -> Api {
        Api {
            calls,
            about: Arc::new(about),
            metrics: Arc::new(metrics),
            stage: Arc::new(|| None),
            loggers: None,
            peers: None,
            sessions: None,
            front: Arc::default(),
            limits: Limits::default(),
            was_ready: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Where time-outs learn what the worker is busy with; without it they don't tell. Must not block.
    pub fn with_stage(mut self, stage: impl Fn() -> Option<Stage> + Send + Sync + 'static) -> Api {
        self.stage = Arc::new(stage);
        self
    }

    /// Serves `/admin/loggers`, which is not there otherwise.
    pub fn with_loggers(mut self, loggers: Arc<dyn LoggerLevels>) -> Api {
        self.loggers = Some(loggers);
        self
    }

    /// The worker is one of a group: what others have to serve is sent to them, and theirs is taken if `sessions` admits it.
    pub fn with_peers(mut self, peers: Peers, sessions: Arc<dyn Sessions>) -> Api {
        (self.peers, self.sessions) = (Some(peers), Some(sessions));
        self
    }

    /// What stands before the REST API, on the main listeners.
    pub fn with_front(mut self, front: Front) -> Api {
        self.front = Arc::new(front);
        self
    }

    /// Other bounds than Kafka Connect's.
    pub fn with_limits(mut self, limits: Limits) -> Api {
        self.limits = limits;
        self
    }

    /// Asks the herder, and waits no longer than `limit` in all; none: it didn't answer in time.
    async fn ask_within(&self, limit: Duration, request: Request) -> Option<Result<Response, ApiError>> {
        let asked = async {
            let (reply, answer) = oneshot::channel();
            let gone = || ApiError::Unavailable("The worker is shutting down".to_owned());
            self.calls.send(Call { request, reply }).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        };
        tokio::time::timeout(limit, asked).await.ok()
    }

    /// Asks the herder within the usual time.
    async fn ask(&self, request: Request) -> Result<Response, Failure> {
        match self.ask_within(self.limits.request, request).await {
            Some(outcome) => outcome.map_err(Failure::Api),
            None => Err(Failure::TimedOut((self.stage)())),
        }
    }

    fn note_ready(&self) {
        self.was_ready.store(true, Ordering::Relaxed);
    }

    fn was_ready(&self) -> bool {
        self.was_ready.load(Ordering::Relaxed)
    }
}

/// A request that found its endpoint.
struct Ask {
    /// The parts of the path that the endpoint's pattern leaves open, decoded.
    captured: Vec<String>,
    query: Query,
    body: Vec<u8>,
    /// The `Host` header, for links.
    host: Option<String>,
    /// It came by HTTPS.
    secure: bool,
    /// From another worker, if it says so.
    signature: Option<Signature>,
}

impl Ask {
    /// The connector's name, plugin's name, or whatever comes first in the path.
    fn name(&self) -> String {
        self.captured.first().cloned().unwrap_or_default()
    }

    /// The task's number; the router lets nothing else pass.
    fn task(&self) -> i32 {
        self.captured.get(1).and_then(|text| text.parse().ok()).unwrap_or(-1)
    }
}

/// Answers a request that found its endpoint.
async fn handle(api: &Api, endpoint: Endpoint, ask: &Ask) -> Result<Answer, Failure> {
    match endpoint {
        Endpoint::Root => Ok(root::about(api)),
        Endpoint::Metrics => Ok(root::metrics(api)),
        Endpoint::Health => Ok(health::health(api).await),
        Endpoint::ConnectorHealth => health::connector(api, ask).await,
        Endpoint::List => connectors::list(api, ask).await,
        Endpoint::Create => connectors::create(api, ask).await,
        Endpoint::Info => connectors::info(api, ask).await,
        Endpoint::Delete => connectors::delete(api, ask).await,
        Endpoint::Config => connectors::config(api, ask).await,
        Endpoint::PutConfig => connectors::put_config(api, ask).await,
        Endpoint::PatchConfig => connectors::patch_config(api, ask).await,
        Endpoint::Status => connectors::status(api, ask).await,
        Endpoint::Pause => connectors::pause(api, ask).await,
        Endpoint::Resume => connectors::resume(api, ask).await,
        Endpoint::Stop => connectors::stop(api, ask).await,
        Endpoint::Restart => connectors::restart(api, ask).await,
        Endpoint::Tasks => tasks::list(api, ask).await,
        Endpoint::TaskStatus => tasks::status(api, ask).await,
        Endpoint::RestartTask => tasks::restart(api, ask).await,
        Endpoint::Offsets => offsets::list(api, ask).await,
        Endpoint::AlterOffsets => offsets::alter(api, ask).await,
        Endpoint::ResetOffsets => offsets::reset(api, ask).await,
        Endpoint::Topics => topics::list(api, ask).await,
        Endpoint::ResetTopics => topics::reset(api, ask).await,
        Endpoint::Plugins => plugins::list(api, ask).await,
        Endpoint::PluginConfig => plugins::config(api, ask).await,
        Endpoint::Validate => plugins::validate(api, ask).await,
        Endpoint::Loggers => loggers::list(api),
        Endpoint::Logger => loggers::get(api, ask),
        Endpoint::SetLogger => loggers::set(api, ask).await,
        Endpoint::SubmitTasks => tasks::submit(api, ask).await,
        Endpoint::Fence => connectors::fence(api, ask),
    }
}
