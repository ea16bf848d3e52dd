//! The server over a real socket, with a herder that plays a script.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::herder::*;

struct Levels;

impl LoggerLevels for Levels {
    fn all(&self) -> BTreeMap<String, LoggerLevel> {
        let level = |level, last_modified| LoggerLevel { level, last_modified };
        [("a.b".to_owned(), level("OFF", Some(7))), ("root".to_owned(), level("INFO", None))].into()
    }

    fn get(&self, name: &str) -> Option<LoggerLevel> {
        self.all().remove(if name.eq_ignore_ascii_case("root") { "root" } else { name })
    }

    fn knows(&self, level: &str) -> bool {
        level == "debug"
    }

    fn set(&self, name: &str, level: &str) -> Result<Option<Vec<String>>, String> {
        Ok((level == "debug").then(|| vec![name.to_owned()]))
    }
}

struct Server {
    address: std::net::SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<bool>,
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// What the script answers; none: it keeps the question and never answers.
type Script = fn(Request) -> Option<Result<Response, ApiError>>;

fn sample(name: &str) -> ConnectorInfo {
    ConnectorInfo {
        name: name.to_owned(),
        config: Default::default(),
        tasks: vec![],
        kind: Some(PluginKind::Source),
    }
}

fn script(request: Request) -> Option<Result<Response, ApiError>> {
    let missing = |name: String| Err(ApiError::NotFound(format!("Connector {name} not found")));
    Some(match request {
        Request::Health => Ok(Response::Health { ready: true }),
        Request::List => Ok(Response::Names(vec!["a".to_owned()])),
        Request::Expand { status, info } => {
            assert!(!status);
            let expansion = Expansion { status: None, info: info.then(|| sample("a")) };
            Ok(Response::Expanded([("a".to_owned(), expansion)].into()))
        }
        Request::Create { name, .. } => Ok(Response::Written { created: true, info: sample(&name) }),
        Request::PutConfig { name, .. } => {
            Ok(Response::Written { created: name == "new", info: sample(&name) })
        }
        Request::PatchConfig { name, patch } => {
            assert_eq!(patch, [("k".to_owned(), None)].into());
            Ok(Response::Written { created: false, info: sample(&name) })
        }
        Request::Offsets(_) => {
            let offset = serde_json::from_str(r#"{"position":42}"#).unwrap();
            Ok(Response::Offsets(vec![OffsetEntry { partition: Some(Default::default()), offset }]))
        }
        Request::AlterOffsets { offsets, .. } => Ok(Response::Message(format!("{} altered", offsets.len()))),
        Request::ResetOffsets(_) => Ok(Response::Message("reset".to_owned())),
        Request::Topics(_) => Ok(Response::Topics(vec!["t".to_owned(), "u".to_owned()])),
        Request::ResetTopics(_) => Err(ApiError::Forbidden("Topic tracking is disabled.".to_owned())),
        Request::Restart { include_tasks: false, only_failed: false, .. } => Ok(Response::Done),
        Request::Restart { name, .. } => {
            let connector = Status {
                state: State::Restarting,
                worker_id: "w".to_owned(),
                version: None,
                trace: None,
                restarts: Restarts::default(),
            };
            Ok(Response::Restarting(ConnectorStatus { name, connector, tasks: vec![], kind: None }))
        }
        Request::Pause(name) if name == "slow" => return None,
        Request::Delete(_) | Request::Pause(_) | Request::Stop(_) => Ok(Response::Done),
        Request::Info(name) => missing(name),
        Request::Config(name) if name == "x" => missing(name),
        Request::Validate { .. } => return None,
        _ => Err(ApiError::Conflict("not in the script".to_owned())),
    })
}

async fn server(script: Script, limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (calls, mut inbox) = mpsc::channel::<Call>(4);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Some(Call { request, reply }) = inbox.recv().await {
            match script(request) {
                // Whoever asked may have gone.
                Some(answer) => drop(reply.send(answer)),
                None => kept.push(reply),
            }
        }
    });
    let about = || About { version: "4.1.1".to_owned(), commit: "c".to_owned(), kafka_cluster_id: None };
    let stage = || {
        let (description, began) = ("dreaming".to_owned(), SystemTime::UNIX_EPOCH);
        Some(Stage { description, began, completed: None })
    };
    let api = Api::new(calls, about, || "up 1\n".to_owned())
        .with_stage(stage)
        .with_loggers(Arc::new(Levels))
        .with_limits(limits);
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve(listener, api, Surface::ALL, None, async { drop(stopped.await) }));
    Server { address, stop: Some(stop), served }
}

impl Server {
    async fn send(&self, head: &str, body: &str) -> Reply {
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let host = if head.contains("HTTP/1.0") { "" } else { "Host: worker:8083\r\n" };
        self.raw(&format!("{head}\r\n{host}Connection: close\r\n{length}\r\n{body}")).await
    }

    async fn raw(&self, text: &str) -> Reply {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A request with a JSON body, if any.
    async fn json(&self, line: &str, body: &str) -> Reply {
        self.send(&format!("{line} HTTP/1.1\r\nContent-Type: application/json"), body).await
    }
}

const QUICK: Limits = Limits {
    request: Duration::from_millis(200),
    health: Duration::from_millis(100),
    shutdown: Duration::from_secs(5),
    body: 1000,
    connections: 8,
    idle: Duration::from_millis(200),
};

/// Request, body, status, answer.
const ANSWERS: &[(&str, &str, u16, &str)] = &[
    ("GET /", "", 200, r#"{"version":"4.1.1","commit":"c","kafka_cluster_id":null}"#),
    (
        "GET /health",
        "",
        200,
        r#"{"status":"healthy","message":"Worker has completed startup and is ready to handle requests."}"#,
    ),
    ("GET /connectors", "", 200, r#"["a"]"#),
    ("GET /connectors/?x=1", "", 200, r#"["a"]"#),
    ("GET /connectors?expand=foo", "", 200, r#"{"a":{}}"#),
    (
        "GET /connectors?expand=info",
        "",
        200,
        r#"{"a":{"info":{"name":"a","config":{},"tasks":[],"type":"source"}}}"#,
    ),
    ("GET /connectors/x%20y", "", 404, r#"{"error_code":404,"message":"Connector x y not found"}"#),
    ("HEAD /connectors", "", 200, ""),
    ("HEAD /connectors/x", "", 404, ""),
    ("HEAD /nope", "", 404, ""),
    ("PUT /connectors/a/config", "{}", 200, r#"{"name":"a","config":{},"tasks":[],"type":"source"}"#),
    (
        "PATCH /connectors/a/config",
        r#"{"k":null}"#,
        200,
        r#"{"name":"a","config":{},"tasks":[],"type":"source"}"#,
    ),
    ("PATCH /connectors/x/config", "null", 404, r#"{"error_code":404,"message":"Connector x not found"}"#),
    ("GET /connectors/a/topics", "", 200, r#"{"a":{"topics":["t","u"]}}"#),
    (
        "PUT /connectors/a/topics/reset",
        "",
        403,
        r#"{"error_code":403,"message":"Topic tracking is disabled."}"#,
    ),
    ("POST /connectors/a/restart?includeTasks=False&onlyFailed=False", "", 204, ""),
    (
        "POST /connectors/a/restart?includeTasks=TRUE",
        "",
        202,
        r#"{"name":"a","connector":{"state":"RESTARTING","worker_id":"w","version":null},"tasks":[],"type":"unknown"}"#,
    ),
    ("GET /nope", "", 404, r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#),
    ("PUT /connectors", "", 405, r#"{"error_code":405,"message":"HTTP 405 Method Not Allowed"}"#),
    (
        "PUT /connectors/a/fence",
        "",
        500,
        r#"{"error_code":500,"message":"Kafka Connect in standalone mode does not support exactly-once source connectors."}"#,
    ),
    (
        "POST /connectors/a/tasks",
        "[{}]",
        500,
        r#"{"error_code":500,"message":"Kafka Connect in standalone mode does not support externally setting task configurations."}"#,
    ),
    ("GET /connectors/a/offsets", "", 200, r#"{"offsets":[{"partition":{},"offset":{"position":42}}]}"#),
    ("PATCH /connectors/a/offsets", r#"{"offsets":[{"partition":{}}]}"#, 200, r#"{"message":"1 altered"}"#),
    ("DELETE /connectors/a/offsets", "", 200, r#"{"message":"reset"}"#),
    (
        "GET /admin/loggers",
        "",
        200,
        r#"{"a.b":{"level":"OFF","last_modified":7},"root":{"level":"INFO","last_modified":null}}"#,
    ),
    ("GET /admin/loggers/ROOT", "", 200, r#"{"level":"INFO","last_modified":null}"#),
    ("GET /admin/loggers/x", "", 404, r#"{"error_code":404,"message":"Logger x not found."}"#),
    ("PUT /admin/loggers/a.b?scope=bad", r#"{"level":"debug"}"#, 200, r#"["a.b"]"#),
    ("PUT /admin/loggers/a.b?scope=Cluster", r#"{"level":"debug"}"#, 204, ""),
    (
        "PUT /admin/loggers/a",
        r#"{"level":"loud"}"#,
        404,
        r#"{"error_code":404,"message":"invalid log level 'loud'."}"#,
    ),
    (
        "PUT /admin/loggers/a",
        "{}",
        400,
        r#"{"error_code":400,"message":"Desired 'level' parameter was not specified in request."}"#,
    ),
    ("GET /connectors/a%2Fb", "", 400, r#"{"error_code":400,"message":"Ambiguous URI path separator"}"#),
    (
        "POST /connectors",
        "",
        500,
        r#"{"error_code":500,"message":"The request needs a JSON object as its body"}"#,
    ),
    (
        "PUT /connectors/slow/pause",
        "",
        500,
        r#"{"error_code":500,"message":"Request timed out. The worker is currently dreaming, which began at 1970-01-01T00:00:00Z."}"#,
    ),
    (
        "PUT /connector-plugins/x/config/validate",
        "{}",
        500,
        r#"{"error_code":500,"message":"Request timed out. The worker is currently dreaming, which began at 1970-01-01T00:00:00Z"}"#,
    ),
];

#[tokio::test]
async fn answers_over_http() {
    let server = server(script, QUICK).await;
    for (line, body, status, expected) in ANSWERS {
        let reply = server.json(line, body).await;
        assert_eq!((reply.status, reply.body.as_str()), (*status, *expected), "{line}");
        let content_type = if *status == 204 { None } else { Some("application/json") };
        assert_eq!(reply.header("content-type"), content_type, "{line}");
    }
}

#[tokio::test]
async fn headers_of_answers() {
    let server = server(script, QUICK).await;
    let made = server.json("POST /connectors", r#"{"name":"a b","config":{}}"#).await;
    assert_eq!((made.status, made.header("location")), (201, Some("http://worker:8083/connectors/a%20b")));
    let put = server.json("PUT /connectors/new/config", "{}").await;
    assert_eq!((put.status, put.header("location")), (201, Some("http://worker:8083/connectors/new")));
    let old =
        server.send("PUT /connectors/new/config HTTP/1.0\r\nContent-Type: application/json", "{}").await;
    assert_eq!(old.header("location"), Some("/connectors/new"));
    let wrong = server.json("PUT /connectors", "").await;
    assert_eq!(wrong.header("allow"), Some("HEAD,POST,GET,OPTIONS"));
    let options = server.json("OPTIONS /connectors", "").await;
    assert_eq!((options.status, options.header("allow")), (200, Some("HEAD,POST,GET,OPTIONS")));
    assert_eq!(
        (options.header("content-type"), &*options.body),
        (Some("text/plain"), "HEAD, POST, GET, OPTIONS")
    );
    for (line, status) in
        [("PUT /connectors/a/pause", 202), ("PUT /connectors/a/stop", 204), ("DELETE /connectors/a/", 204)]
    {
        let reply = server.json(line, "").await;
        assert_eq!(
            (reply.status, reply.body.as_str(), reply.header("content-type")),
            (status, "", None),
            "{line}"
        );
    }
    let metrics = server.send("GET /metrics HTTP/1.1\r\nAccept: text/plain", "").await;
    assert_eq!((metrics.status, metrics.body.as_str()), (200, "up 1\n"));
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let html = server.send("GET /connectors HTTP/1.1\r\nAccept: text/html", "").await;
    assert_eq!((html.status, html.header("content-type")), (406, Some("application/json")));
}

#[tokio::test]
async fn bodies_are_bounded_and_typed() {
    let server = server(script, QUICK).await;
    let form = "POST /connectors HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
    assert_eq!(server.send(form, "name=x").await.status, 415);
    assert_eq!(server.send("POST /connectors HTTP/1.1", "{}").await.status, 415);
    for header in ["Content-Type: json", "Content-Type: a/b/c", "Accept: application/json;q=2"] {
        let list = server.send(&format!("GET /connectors HTTP/1.1\r\n{header}"), "").await;
        assert_eq!((list.status, list.body.contains("\"error_code\":400")), (400, true), "{header}");
    }
    let nowhere = server.send("GET /nope HTTP/1.1\r\nContent-Type: json\r\nAccept: a/b/c", "").await;
    assert_eq!(nowhere.status, 400);
    let nowhere = server.send("GET /nope HTTP/1.1\r\nAccept: a/b/c", "").await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(server.json("POST /connectors", &" ".repeat(1001)).await.status, 413);
    let head =
        "POST /connectors HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Type: application/json\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let good = server.raw(&format!("{chunked}19\r\n{{\"name\":\"c\",\"config\":{{}}}} \r\n0\r\n\r\n")).await;
    assert_eq!(good.status, 201, "{}", good.body);
    let large = server.raw(&format!("{chunked}3e9\r\n{}\r\n0\r\n\r\n", " ".repeat(1001))).await;
    assert_eq!(large.status, 413);
    // The body never comes.
    assert_eq!(server.raw(&format!("{head}Content-Length: 10\r\n\r\n{{")).await.status, 408);
}

#[tokio::test]
async fn health_tells_starting_from_sick() {
    let starting =
        server(|_| Some(Ok(Response::Health { ready: false })), QUICK).await.json("GET /health", "").await;
    assert_eq!(starting.status, 503);
    assert!(
        starting
            .body
            .starts_with(r#"{"status":"starting","message":"Worker is still starting up. The worker is"#)
    );
    let silent = server(|_| None, QUICK).await.json("GET /health", "").await;
    assert_eq!(silent.status, 503);

    static ASKED: AtomicBool = AtomicBool::new(false);
    let once = server(
        |_| (!ASKED.swap(true, Ordering::Relaxed)).then(|| Ok(Response::Health { ready: true })),
        QUICK,
    );
    let once = once.await;
    assert_eq!(once.json("GET /health", "").await.status, 200);
    let sick = once.json("GET /health", "").await;
    assert_eq!(sick.status, 500);
    assert!(
        sick.body
            .starts_with(r#"{"status":"unhealthy","message":"Worker was unable to handle this request and"#)
    );
}

#[tokio::test]
async fn stops_within_its_bound_and_lets_requests_end() {
    let mut graceful = server(script, Limits { request: Duration::from_millis(400), ..QUICK }).await;
    let stop = graceful.stop.take();
    let (reply, ()) = tokio::join!(graceful.json("PUT /connectors/slow/pause", ""), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(stop);
    });
    assert_eq!(reply.status, 500, "a request under way is answered");
    assert!(graceful.served.await.unwrap());
    assert!(TcpStream::connect(graceful.address).await.is_err());

    let long = Limits { request: Duration::from_secs(60), shutdown: Duration::from_millis(100), ..QUICK };
    let mut stuck = server(script, long).await;
    let mut socket = TcpStream::connect(stuck.address).await.unwrap();
    socket.write_all(b"PUT /connectors/slow/pause HTTP/1.1\r\nHost: w\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(stuck.stop.take());
    let served = tokio::time::timeout(Duration::from_secs(5), stuck.served).await;
    assert!(!served.expect("within the bound").unwrap());
}

#[tokio::test]
async fn a_herder_that_is_gone_is_unavailable() {
    let (calls, inbox) = mpsc::channel(1);
    drop(inbox);
    let api = Api::new(
        calls,
        || About { version: String::new(), commit: String::new(), kafka_cluster_id: None },
        String::new,
    );
    let outcome = api.ask(Request::List).await;
    assert_eq!(outcome.err().map(|failure| errors::answer(failure).status), Some(503));
}
