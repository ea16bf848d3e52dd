//! The worker's listeners: bound before anything else, served once there is something to tell.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::assemble::{COMMIT, StartError};
use super::clients;
use super::context::Context;
use super::credentials;
use super::loggers::LiveLoggers;
use super::scrape::{self, Board};
use crate::kafka::admin;
use crate::kafka::native::Owner;
use crate::rest::{self, About, Api, Call, Credentials, Front, Limits, Surface, Tls};
use crate::settings::clients::{Client, ClientIds};
use crate::settings::versions::API_VERSION;
use crate::settings::worker::{AdminListeners, Listener, RestConfig};

/// A socket, and what is served there.
struct Socket {
    listener: TcpListener,
    surface: Surface,
    tls: Option<Tls>,
}

/// All sockets; those of the REST API first, in the order of the settings.
pub struct Bound {
    sockets: Vec<Socket>,
    credentials: Option<Credentials>,
}

impl Bound {
    /// Takes all addresses of the settings, and reads who may call.
    ///
    /// # Errors
    /// The key and address, or the file, that cannot be used.
    pub async fn bind(config: &RestConfig) -> Result<Bound, StartError> {
        let kafka_opts = std::env::var("KAFKA_OPTS").ok();
        let credentials = credentials::load(config.basic_auth.as_ref(), kafka_opts.as_deref())
            .map_err(|why| StartError::Usage(vec![why]))?;
        let main = Surface {
            main: true,
            admin: config.admin == AdminListeners::Main,
            metrics: config.metrics.is_empty(),
        };
        let admin: &[Listener] = match &config.admin {
            AdminListeners::Own(listeners) => listeners,
            AdminListeners::Main | AdminListeners::Off => &[],
        };
        let mut sockets = Vec::new();
        for (key, listeners, surface, https) in [
            ("listeners", config.listeners.as_slice(), main, &config.https),
            ("admin.listeners", admin, Surface::ADMIN, &config.admin_https),
            ("metrics.listeners", config.metrics.as_slice(), Surface::METRICS, &config.metrics_https),
        ] {
            let tls = https.as_ref().map(Tls::load).transpose();
            let tls = tls.map_err(|error| StartError::Usage(vec![error.to_string()]))?;
            for listener in listeners {
                let tls = tls.clone().filter(|_| listener.https);
                sockets.push(Socket { listener: bind(key, listener).await?, surface, tls });
            }
        }
        Ok(Bound { sockets, credentials })
    }

    /// The advertised `host:port`, by which states name this worker.
    pub fn worker_id(&self, config: &RestConfig) -> String {
        let advertised = config.advertised();
        let address = self.sockets.get(advertised).and_then(|socket| socket.listener.local_addr().ok());
        let port = config.advertised_port.or(address.map(|address| address.port())).unwrap_or_default();
        let given = config.listeners.get(advertised).map(|listener| listener.host.clone());
        let given = given.filter(|host| !host.is_empty());
        let host = config.advertised_host.clone().or(given).unwrap_or_else(|| {
            let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            if name.trim().is_empty() { "localhost".into() } else { name.trim().to_owned() }
        });
        format!("{host}:{port}")
    }

    /// Where others reach the REST API, with a slash at the end.
    pub fn url(&self, config: &RestConfig) -> String {
        let https = config.listeners.get(config.advertised()).is_some_and(|listener| listener.https);
        let https = config.advertised_https.unwrap_or(https);
        format!("{}://{}/", if https { "https" } else { "http" }, self.worker_id(config))
    }
}

async fn bind(key: &str, listener: &Listener) -> Result<TcpListener, StartError> {
    let host = if listener.host.is_empty() { "0.0.0.0" } else { &listener.host };
    TcpListener::bind((host, listener.port)).await.map_err(|error| {
        let address = format!("{host}:{}", listener.port);
        StartError::Failed(format!(
            "{key}: {address} cannot be used: {error}; free the port or choose another"
        ))
    })
}

/// Starts the servers.
pub fn serve(
    bound: Bound,
    api: Api,
    context: &Context,
    stopped: &watch::Receiver<bool>,
) -> Vec<JoinHandle<bool>> {
    let Bound { sockets, credentials } = bound;
    if credentials.as_ref().is_some_and(Credentials::are_empty) {
        tracing::warn!("the file with the users of REST is empty: everybody is let in");
    }
    let rest = &context.config.rest;
    let (cross_origin, headers) = (rest.cross_origin.clone(), rest.headers.clone());
    let api = api.with_front(Front { cross_origin, headers, credentials });
    let server = |Socket { listener, surface, tls }: Socket| {
        if let Ok(address) = listener.local_addr() {
            let what = match surface {
                Surface::ADMIN => "/admin/loggers",
                Surface::METRICS => "/metrics",
                _ => "REST API",
            };
            let protocol = if tls.is_some() { "https" } else { "http" };
            tracing::info!("{what} at {protocol}://{address}");
        }
        let mut stopped = stopped.clone();
        tokio::spawn(rest::serve(listener, api.clone(), surface, tls, async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }))
    };
    sockets.into_iter().map(server).collect()
}

/// What the servers serve; looks for the cluster's id in the background.
pub fn api(
    context: &Arc<Context>,
    board: &Arc<Board>,
    calls: mpsc::Sender<Call>,
    loggers: Arc<LiveLoggers>,
) -> Api {
    let cluster = Arc::new(Mutex::new(None));
    tokio::spawn(find_cluster_id(context.clone(), cluster.clone()));
    let about = move || About {
        version: API_VERSION.into(),
        commit: COMMIT.into(),
        kafka_cluster_id: cluster.lock().unwrap_or_else(PoisonError::into_inner).clone(),
    };
    let (page_context, board, stages) = (context.clone(), board.clone(), board.clone());
    Api::new(calls, about, move || scrape::page(&page_context, &board))
        .with_loggers(loggers)
        .with_limits(limits(&context.config.rest))
        .with_stage(move || stages.stage())
}

/// The bounds of the servers.
pub fn limits(config: &RestConfig) -> Limits {
    Limits { connections: config.connections, idle: config.idle, body: config.body, ..Limits::default() }
}

/// Asks the cluster for its id until it answers; `GET /` says null as long.
async fn find_cluster_id(context: Arc<Context>, found: Arc<Mutex<Option<String>>>) {
    let ids = ClientIds::shared_admin(&context.config.raw);
    let Ok(client) = clients::own(Client::Admin, &context.config.raw, &ids) else { return };
    let owner = clients::owner(Owner::default(), &client);
    loop {
        let (conf, owner) = (client.conf.clone(), owner.clone());
        let ask = move || admin::cluster_id(&conf, &owner, Duration::from_secs(30));
        let asked = tokio::task::spawn_blocking(ask).await;
        match asked {
            Ok(Ok(Some(id))) => {
                *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
                return;
            }
            Ok(Err(error)) => tracing::warn!("the cluster's id is not known: {error}"),
            Ok(Ok(None)) => {
                tracing::warn!("no broker at {} has answered yet", context.config.bootstrap_servers)
            }
            Err(_) => return,
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
