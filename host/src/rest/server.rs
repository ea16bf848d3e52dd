//! HTTP: warp's filter that catches everything, from a request to its answer.

use std::convert::Infallible;

use futures_util::Stream;
use warp::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, LOCATION,
};
use warp::http::{Method, Response, StatusCode};
use warp::path::FullPath;
use warp::{Buf, Filter};

use super::answer::{Answer, Content};
use super::errors::{self, Failure};
use super::forward::{self, Onward};
use super::router::{self, Found, Query};
use super::sessions::{ALGORITHM_HEADER, SIGNATURE_HEADER, Signature};
use super::{Api, Ask, Surface, body, encoding, front, handle, negotiation};

/// The one filter.
pub(super) fn everything(
    api: Api,
    surface: Surface,
    secure: bool,
) -> impl Filter<Extract = (Response<Vec<u8>>,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::any()
        .map(move || api.clone())
        .and(warp::method())
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |api: Api, method: Method, path: FullPath, query: String, headers: HeaderMap, body| async move {
            let heard = Heard { surface, secure, method: &method, path: path.as_str(), query: &query, headers: &headers };
            let outcome = respond(&api, &heard, body).await;
            let response = response(outcome.unwrap_or_else(errors::answer));
            if surface.main { front::dress(&api.front, &method, &headers, response) } else { response }
        })
        .recover(|_| async { Ok::<_, Infallible>(response(errors::answer(Failure::NoSuchPath))) })
        .unify()
}

/// The longest request line, and the most of all header fields, in bytes: as in Kafka Connect.
const LONGEST_HEAD: usize = 8192;

/// A request but for its body.
struct Heard<'a> {
    surface: Surface,
    /// By HTTPS.
    secure: bool,
    method: &'a Method,
    path: &'a str,
    query: &'a str,
    headers: &'a HeaderMap,
}

impl Heard<'_> {
    /// Refuses a head that Kafka Connect's server would not read: one that is too long, or a host that is none.
    fn fits(&self) -> Result<(), Failure> {
        let line = self.method.as_str().len() + self.path.len() + self.query.len() + "  HTTP/1.1\r\n".len();
        if line > LONGEST_HEAD {
            return Err(Failure::HeadTooLong { line: true });
        }
        let fields: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if fields > LONGEST_HEAD {
            return Err(Failure::HeadTooLong { line: false });
        }
        let mut hosts = self.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
        let good = hosts.next().is_none_or(|host| !host.is_empty() && !host.contains(&b' '));
        if good && hosts.next().is_none() { Ok(()) } else { Err(Failure::Malformed("Host")) }
    }
}

/// From a request to its answer. The body is read in any case: a connection closed on unread bytes may be reset
/// before the caller has read the answer.
async fn respond<B: Buf, E>(
    api: &Api,
    heard: &Heard<'_>,
    body: impl Stream<Item = Result<B, E>>,
) -> Result<Answer, Failure> {
    let Heard { surface, headers, .. } = heard;
    let read = tokio::time::timeout(api.limits.request, body::read(body, &api.limits));
    let body = encoding::to_utf8(read.await.unwrap_or(Err(Failure::BodyCutOff))?);
    heard.fits()?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let content_type = headers.get(CONTENT_TYPE).map(text);
    negotiation::check_form(content_type.as_deref())?;
    let query = Query::parse(heard.query);
    let (route, captured) = match router::find(heard.method.as_str(), heard.path, &query, *surface)? {
        Found::Options(_) if surface.main && !api.front.admits(headers) => return Err(Failure::Unauthorized),
        Found::Options(methods) => return Ok(Answer::options(methods)),
        Found::Route(route, captured) => (route, captured),
    };
    negotiation::check_content_type(route, content_type.as_deref(), body.is_empty())?;
    let accept: Vec<String> = headers.get_all(ACCEPT).iter().map(text).collect();
    let json_type = negotiation::check_accept(route, accept.iter().map(String::as_str))?;
    if surface.main && !route.is_between_workers() && !api.front.admits(headers) {
        return Err(Failure::Unauthorized);
    }
    let host = headers.get(HOST).map(text);
    let signature = headers.get(SIGNATURE_HEADER).zip(headers.get(ALGORITHM_HEADER));
    let signature =
        signature.map(|(value, algorithm)| Signature { value: text(value), algorithm: text(algorithm) });
    let ask = Ask { captured, query, body, host, secure: heard.secure, signature };
    let outcome = handle(api, route.endpoint, &ask).await;
    let onward = Onward { method: route.method, path: heard.path, authorization: headers.get(AUTHORIZATION) };
    let answer = forward::where_needed(api, onward, &ask, outcome).await.unwrap_or_else(errors::answer);
    Ok(Answer { json_type, ..answer })
}

fn response(answer: Answer) -> Response<Vec<u8>> {
    let json = answer.json_type.as_deref().unwrap_or("application/json");
    let (content_type, body) = match answer.content {
        Content::Empty => (None, Vec::new()),
        Content::Json(value) => (Some(json), value.to_string().into_bytes()),
        Content::Text(text) => (Some("text/plain"), text.into_bytes()),
        Content::Bare(text) => (Some("application/json"), text.as_bytes().to_vec()),
        Content::Metrics(text) => (Some("text/plain; version=0.0.4; charset=utf-8"), text.into_bytes()),
    };
    let content_type = content_type.and_then(|text| HeaderValue::from_str(text).ok());
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    for (name, value) in [(LOCATION, answer.location), (ALLOW, answer.allow)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}
