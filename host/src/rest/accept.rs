//! Connections: taken up to a limit, cut off when they are slow, ended in order when the server stops.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use warp::hyper::server::conn::http1;

use super::server::everything;
use super::stall::Stall;
use super::tls::Tls;
use super::{Api, Surface};

/// Largest head of a request, in bytes.
const HEAD: usize = 64 << 10;
/// How long to wait when the system has no more connections to give.
const BREATH: Duration = Duration::from_millis(500);

/// Serves what the surface names on the listener until `shutdown` is ready; then takes no more connections, and waits
/// for the requests under way as long as the limits allow. True: all of them were answered.
pub async fn serve(
    listener: TcpListener,
    api: Api,
    surface: Surface,
    tls: Option<Tls>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> bool {
    let limits = api.limits;
    let (close, closing) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (stream, place) = next(&listener, &places) => {
                let (api, tls, closing) = (api.clone(), tls.clone(), closing.clone());
                connections.spawn(async move {
                    connection(stream, api, surface, tls, closing).await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    // Without connections there is nobody to tell.
    let _ = close.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(limits.shutdown, all).await.is_ok()
}

/// The next connection, once there is a place for it.
async fn next(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    if places.available_permits() == 0 {
        tracing::debug!("all connections of a listener are taken; others wait");
    }
    // It is never closed, so that there is always a permit.
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// The life of a connection.
async fn connection(
    stream: TcpStream,
    api: Api,
    surface: Surface,
    tls: Option<Tls>,
    mut closing: watch::Receiver<bool>,
) {
    // Answers are written whole; there is nothing to gather.
    let _ = stream.set_nodelay(true);
    let stream = Stall::new(stream, api.limits.idle);
    let Some(tls) = tls else { return talk(stream, api, surface, false, closing).await };
    let shaken = tokio::time::timeout(api.limits.idle, tls.accept(stream));
    let shaken = tokio::select! {
        shaken = shaken => shaken,
        _ = closing.wait_for(|closing| *closing) => return,
    };
    match shaken {
        Ok(Ok(stream)) => talk(stream, api, surface, true, closing).await,
        Ok(Err(error)) => tracing::debug!("no TLS with a client: {error}"),
        Err(_) => tracing::debug!("no TLS with a client: it was silent"),
    }
}

/// Requests and answers over a connection, until one side has enough.
async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    api: Api,
    surface: Surface,
    secure: bool,
    mut closing: watch::Receiver<bool>,
) {
    let idle = api.limits.idle;
    let service = TowerToHyperService::new(warp::service(everything(api, surface, secure)));
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut http = pin!(http);
    tokio::select! {
        ended = http.as_mut() => return tell(ended),
        _ = closing.wait_for(|closing| *closing) => http.as_mut().graceful_shutdown(),
    }
    tell(http.await);
}

fn tell(ended: Result<(), warp::hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!("a connection ended early: {error}");
    }
}
