//! HTTP: warp's filter that catches everything, and the server's life.

use std::convert::Infallible;
use std::future::Future;

use futures_util::Stream;
use warp::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, LOCATION};
use warp::http::{Method, Response, StatusCode};
use warp::path::FullPath;
use warp::{Buf, Filter};

use super::answer::{Answer, Content};
use super::errors::{self, Failure};
use super::router::{self, Found, Query};
use super::{Api, Ask, body, handle, negotiation};

/// Serves the API on the listener until `shutdown` is ready; then takes no more connections, and waits for the
/// requests under way as long as the limits allow. True: all of them were answered.
pub async fn serve(
    listener: tokio::net::TcpListener,
    api: Api,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> bool {
    let limit = api.limits.shutdown;
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let signal = async move {
        shutdown.await;
        // The other end waits for it below as long as the server is not done.
        let _ = stopping.send(());
    };
    let server = warp::serve(everything(api)).incoming(listener).graceful(signal).run();
    tokio::pin!(server);
    tokio::select! {
        () = &mut server => return true,
        _ = stopped => {}
    }
    tokio::time::timeout(limit, server).await.is_ok()
}

/// The one filter.
fn everything(api: Api) -> impl Filter<Extract = (Response<Vec<u8>>,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::any()
        .map(move || api.clone())
        .and(warp::method())
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(|api: Api, method: Method, path: FullPath, query: String, headers, body| async move {
            let outcome = respond(&api, &method, path.as_str(), &query, &headers, body).await;
            response(outcome.unwrap_or_else(errors::answer))
        })
        .recover(|_| async { Ok::<_, Infallible>(response(errors::answer(Failure::NoSuchPath))) })
        .unify()
}

/// From a request to its answer. The body is read in any case: a connection closed on unread bytes may be reset
/// before the caller has read the answer.
async fn respond<B: Buf, E>(
    api: &Api,
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, E>>,
) -> Result<Answer, Failure> {
    let read = tokio::time::timeout(api.limits.request, body::read(body, api.limits.body));
    let body = read.await.unwrap_or(Err(Failure::BodyCutOff))?;
    let (route, captured) = match router::find(method.as_str(), path)? {
        Found::Options(methods) => return Ok(Answer::options(methods)),
        Found::Route(route, captured) => (route, captured),
    };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let content_type = headers.get(CONTENT_TYPE).map(text);
    negotiation::check_content_type(route, content_type.as_deref(), body.is_empty())?;
    let accept: Vec<String> = headers.get_all(ACCEPT).iter().map(text).collect();
    negotiation::check_accept(route, accept.iter().map(String::as_str))?;
    let host = headers.get(HOST).map(text);
    let ask = Ask { captured, query: Query::parse(query), body, host };
    handle(api, route.endpoint, ask).await
}

fn response(answer: Answer) -> Response<Vec<u8>> {
    let (content_type, body) = match answer.content {
        Content::Empty => (None, Vec::new()),
        Content::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
        Content::Text(text) => (Some("text/plain"), text.into_bytes()),
        Content::Metrics(text) => (Some("text/plain; version=0.0.4; charset=utf-8"), text.into_bytes()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in [(LOCATION, answer.location), (ALLOW, answer.allow)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}
