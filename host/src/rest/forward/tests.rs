//! Workers that send requests on to each other, over real sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::herder::{ConnectorInfo, Destination, Request, Response};
use crate::rest::{About, Call, PeerTls, Peers, Sessions, Signature, Surface, serve};

struct Open;

impl Sessions for Open {
    fn admit(&self, signature: Option<&Signature>, _body: &[u8]) -> Result<(), ApiError> {
        signature.map(|_| ()).ok_or_else(|| ApiError::BadRequest("unsigned".to_owned()))
    }
}

/// A worker whose herder answers with this, and counts how often it was asked.
async fn worker(
    answer: impl Fn(Request) -> Result<Response, ApiError> + Send + 'static,
) -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (calls, mut inbox) = mpsc::channel::<Call>(4);
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Some(Call { request, reply }) = inbox.recv().await {
            *count.lock().unwrap() += 1;
            // Whoever asked may have gone.
            drop(reply.send(answer(request)));
        }
    });
    let about = || About { version: String::new(), commit: String::new(), kafka_cluster_id: None };
    let peers = Peers::new(PeerTls::none(), Duration::from_secs(10), 1 << 20);
    let api = crate::rest::Api::new(calls, about, String::new).with_peers(peers, Arc::new(Open));
    tokio::spawn(serve(listener, api, Surface::ALL, None, std::future::pending()));
    (address, asked)
}

async fn ask(address: SocketAddr, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!(
        "{head} HTTP/1.1\r\nHost: here:1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

fn elsewhere(url: Option<String>) -> Result<Response, ApiError> {
    Err(ApiError::Forward { url, to: Destination::Leader })
}

#[tokio::test]
async fn the_answer_of_another_worker_is_passed_back() {
    let (leader, _) = worker(|request| match request {
        Request::Create { name, config, .. } if config.config["k"] == "v" => {
            let info = ConnectorInfo { name, config: config.config, tasks: vec![], kind: None };
            Ok(Response::Written { created: true, info })
        }
        Request::Delete(name) if name == "a b" => Ok(Response::Done),
        _ => Err(ApiError::NotFound("Connector x not found".to_owned())),
    })
    .await;
    let (follower, _) = worker(move |_| elsewhere(Some(format!("http://{leader}/")))).await;
    let (status, answer) = ask(follower, "POST /connectors", r#"{"name":"a b","config":{"k":"v"}}"#).await;
    assert_eq!(status, 201, "{answer}");
    assert!(answer.contains("location: http://here:1/connectors/a%20b"), "{answer}");
    assert!(answer.contains(r#"{"name":"a b","config":{"k":"v"},"tasks":[],"type":"unknown"}"#), "{answer}");
    let (status, answer) = ask(follower, "DELETE /connectors/a%20b?x=1", "").await;
    assert!(status == 204 && !answer.contains("content-type"), "{answer}");
    let (status, answer) = ask(follower, "DELETE /connectors/x", "").await;
    assert!(
        status == 404 && answer.ends_with(r#"{"error_code":404,"message":"Connector x not found"}"#),
        "{answer}"
    );
}

#[tokio::test]
async fn what_was_changed_elsewhere_is_read_before_it_is_told() {
    let (leader, _) = worker(|request| match request {
        Request::Delete(name) if name == "gone" => Err(ApiError::NotFound(name)),
        _ => Ok(Response::Done),
    })
    .await;
    let (heard, asked) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
    let (hears, asks) = (heard.clone(), asked.clone());
    let (follower, _) = worker(move |request| {
        *asks.lock().unwrap() += 1;
        match request {
            Request::CatchUp => {
                hears.lock().unwrap().push(*asks.lock().unwrap());
                // That it cannot be read takes nothing back.
                Err(ApiError::Internal("lost".to_owned()))
            }
            _ => elsewhere(Some(format!("http://{leader}/"))),
        }
    })
    .await;
    assert_eq!(ask(follower, "DELETE /connectors/x", "").await.0, 204);
    assert_eq!(*heard.lock().unwrap(), [2]);
    assert_eq!(ask(follower, "DELETE /connectors/gone", "").await.0, 404);
    assert_eq!((heard.lock().unwrap().len(), *asked.lock().unwrap()), (1, 3));
}

#[tokio::test]
async fn a_request_is_sent_on_twice_at_most() {
    let (last, third) = worker(|_| elsewhere(Some("http://127.0.0.1:1/".to_owned()))).await;
    let (middle, second) = worker(move |_| elsewhere(Some(format!("http://{last}/")))).await;
    let (first, _) = worker(move |_| elsewhere(Some(format!("http://{middle}/")))).await;
    let conflict = "Cannot complete request because of a conflicting operation (e.g. worker rebalance)";
    let (status, answer) = ask(first, "DELETE /connectors/x", "").await;
    assert!(status == 409 && answer.contains(conflict), "{answer}");
    assert_eq!((*second.lock().unwrap(), *third.lock().unwrap()), (1, 1));
    for forward in ["false", "no"] {
        let (status, answer) = ask(first, &format!("DELETE /connectors/x?forward={forward}"), "").await;
        assert!(status == 409 && answer.contains(conflict), "{answer}");
    }
    assert_eq!(*second.lock().unwrap(), 1);
    assert_eq!(ask(first, "DELETE /connectors/x?forward=true", "").await.0, 409);
    assert_eq!((*second.lock().unwrap(), *third.lock().unwrap()), (2, 1));
}

#[tokio::test]
async fn without_a_way_the_answer_says_why() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, expected, text) in [
        (None, 409, "no known leader URL, likely because a rebalance was underway."),
        (
            Some(format!("http://{closed}/")),
            500,
            "IO Error trying to forward REST request: http://127.0.0.1:",
        ),
        (Some(format!("https://{closed}/")), 500, "IO Error trying to forward REST request: https://"),
        (Some("http:///".to_owned()), 500, "Error trying to forward REST request: http:"),
    ] {
        let (follower, _) = worker(move |_| elsewhere(url.clone())).await;
        let (status, answer) = ask(follower, "PUT /connectors/x/stop", "").await;
        assert!(status == expected && answer.contains(text), "{answer}");
    }
    let (busy, _) = worker(|_| Err(ApiError::RebalanceNeeded)).await;
    let (status, answer) = ask(busy, "PUT /connectors/x/stop", "").await;
    assert!(status == 409 && answer.contains("due to stale configuration"), "{answer}");
}

#[tokio::test]
async fn what_is_between_workers_needs_its_signature_also_after_it_was_sent_on() {
    let (leader, _) = worker(|request| match request {
        Request::PutTaskConfigs { name, configs } if name == "c" && configs.len() == 2 => Ok(Response::Done),
        _ => Err(ApiError::Internal("another".to_owned())),
    })
    .await;
    let (follower, _) = worker(move |_| elsewhere(Some(format!("http://{leader}/")))).await;
    let signed = "HTTP/1.1\r\nX-Connect-Authorization: eA==\r\nX-Connect-Request-Signature-Algorithm: HmacSHA256\r\nX-Rest:";
    let head = format!("POST /connectors/c/tasks {signed}");
    let body = r#"[{"a":"b"},{}]"#;
    assert_eq!(ask(leader, &head, body).await.0, 204);
    assert_eq!(ask(leader, "POST /connectors/c/tasks", body).await.0, 400);
    // As in Kafka Connect: what is sent on goes without the signature.
    assert_eq!(ask(follower, &head, body).await.0, 400);
    assert_eq!(ask(leader, &head, "null").await.0, 500);
    let (status, answer) = ask(leader, &format!("PUT /connectors/c/fence {signed}"), "").await;
    assert!(status == 500 && answer.contains("exactly-once"), "{answer}");
    assert_eq!(ask(leader, "PUT /connectors/c/fence", "").await.0, 400);
}
