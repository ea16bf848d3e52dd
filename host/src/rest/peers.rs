//! Requests to other workers of the group: one connection each, bounded in time and size.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use warp::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use warp::http::uri::{PathAndQuery, Uri};
use warp::http::{Method, Request};
use warp::hyper::body::Bytes;

use super::router;
use super::sessions::{ALGORITHM_HEADER, SIGNATURE_HEADER, Signature};

mod tls;

pub use tls::PeerTls;

/// How long a connection to another worker may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// A request to another worker.
pub struct PeerRequest {
    /// Such as `POST`.
    pub method: &'static str,
    /// Where the other's REST API is to be reached, such as `http://host:8083/`.
    pub base: String,
    /// The path, escaped, from its first slash on; with the query, if there is one.
    pub target: String,
    /// JSON; empty: none.
    pub body: Vec<u8>,
    /// The caller's `Authorization`, which is passed on.
    pub authorization: Option<HeaderValue>,
    /// Says that it comes from a worker of the group.
    pub signature: Option<Signature>,
}

/// What another worker answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAnswer {
    /// The status.
    pub status: u16,
    /// The body; empty: none.
    pub body: Vec<u8>,
}

impl PeerAnswer {
    /// The status, and the message if there is one, for the log.
    pub fn summary(&self) -> String {
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        let message = body.as_ref().and_then(|body| body.get("message")).and_then(Value::as_str);
        message.map_or_else(|| self.status.to_string(), |message| format!("{}: {message}", self.status))
    }
}

/// Where the configs of a connector's tasks are handed in. A name that no plain path can hold is in the query.
pub fn path_of_tasks(name: &str) -> String {
    let odd = name.contains(|c: char| c < ' ' || "/%\\\u{7f}".contains(c)) || matches!(name, "." | "..");
    let escaped = router::encode(name);
    if odd { format!("/v1/connectors/tasks?name={escaped}") } else { format!("/connectors/{escaped}/tasks") }
}

/// Why there is no answer of another worker. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// The other worker, or the way there.
    #[error("{0}")]
    Io(String),
    /// The request could not be made.
    #[error("{0}")]
    Other(String),
}

fn io(url: &str, why: impl std::fmt::Display) -> PeerError {
    PeerError::Io(format!("{url}: {why}"))
}

/// Asks other workers. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    tls: PeerTls,
    limit: Duration,
    body: usize,
}

impl Peers {
    /// `limit`: how long an answer may take; `body`: the most bytes that it may have.
    pub fn new(tls: PeerTls, limit: Duration, body: usize) -> Peers {
        Peers { tls, limit, body }
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// No answer came, or no whole one; the text names the URL.
    pub async fn ask(&self, request: PeerRequest) -> Result<PeerAnswer, PeerError> {
        let url = format!("{}{}", request.base.trim_end_matches('/'), request.target);
        match tokio::time::timeout(self.limit, self.asked(&url, request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(io(&url, format!("there was no answer within {} ms", self.limit.as_millis()))),
        }
    }

    async fn asked(&self, url: &str, request: PeerRequest) -> Result<PeerAnswer, PeerError> {
        let uri: Uri = url.parse().map_err(|error| PeerError::Other(format!("{url}: {error}")))?;
        let host = uri.host().ok_or_else(|| PeerError::Other(format!("{url}: it names no host")))?;
        let secure = uri.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let connected = tokio::time::timeout(CONNECT, TcpStream::connect((host, port))).await;
        let stream = connected
            .map_err(|_| io(url, format!("no connection within {} ms", CONNECT.as_millis())))?
            .map_err(|error| io(url, error))?;
        // The request is written whole; there is nothing to gather.
        let _ = stream.set_nodelay(true);
        let request = http(&uri, request)?;
        if secure {
            let stream = self.tls.connect(host, stream).await.map_err(|why| io(url, why))?;
            self.talk(url, stream, request).await
        } else {
            self.talk(url, stream, request).await
        }
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        url: &str,
        stream: S,
        request: Request<Full<Bytes>>,
    ) -> Result<PeerAnswer, PeerError> {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| io(url, error))?;
        // It ends with the sender, which lives for this one request.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection to another worker ended early: {error}");
            }
        });
        let answer = sender.send_request(request).await.map_err(|error| io(url, error))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), self.body).collect().await.map_err(|error| {
            match error.is::<LengthLimitError>() {
                true => io(url, format!("the answer has more than {} bytes", self.body)),
                false => io(url, error),
            }
        })?;
        Ok(PeerAnswer { status, body: body.to_bytes().to_vec() })
    }
}

/// The request as HTTP.
fn http(uri: &Uri, request: PeerRequest) -> Result<Request<Full<Bytes>>, PeerError> {
    let wrong = |why: &dyn std::fmt::Display| PeerError::Other(format!("{uri}: {why}"));
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|error| wrong(&error))?;
    let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let mut made = Request::builder()
        .method(method)
        .uri(target)
        .header(HOST, host)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "kafka-connect");
    if !request.body.is_empty() {
        made = made.header(CONTENT_TYPE, "application/json");
    }
    if let Some(authorization) = request.authorization {
        made = made.header(AUTHORIZATION, authorization);
    }
    if let Some(signature) = request.signature {
        made = made.header(SIGNATURE_HEADER, signature.value).header(ALGORITHM_HEADER, signature.algorithm);
    }
    made.body(Full::new(Bytes::from(request.body))).map_err(|error| wrong(&error))
}
