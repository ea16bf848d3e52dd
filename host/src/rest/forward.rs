//! What another worker has to serve: sent there, twice at most, and its answer passed back.

use std::time::Duration;

use serde_json::{Value, json};
use warp::http::header::HeaderValue;

use super::answer::Answer;
use super::errors::Failure;
use super::location;
use super::peers::{PeerAnswer, PeerError, PeerRequest};
use super::router::Query;
use super::{Api, Ask};
use crate::herder::{ApiError, Request};

/// The longest that an answer is held back until what it tells of was read here.
const READ_BACK: Duration = Duration::from_secs(3);

const NO_LEADER: &str = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.";

/// A request as it came, for it to be sent on.
pub(super) struct Onward<'a> {
    pub(super) method: &'static str,
    /// The path as it stood in the URL.
    pub(super) path: &'a str,
    pub(super) authorization: Option<&'a HeaderValue>,
}

/// Sends the request on if that is what its outcome asks for; any other outcome comes back as it is.
pub(super) async fn where_needed(
    api: &Api,
    onward: Onward<'_>,
    ask: &Ask,
    outcome: Result<Answer, Failure>,
) -> Result<Answer, Failure> {
    let Err(Failure::Api(ApiError::Forward { url, .. })) = &outcome else { return outcome };
    let Some(next) = next_hop(&ask.query) else { return outcome };
    let conflict = |text: &str| Err(Failure::Api(ApiError::Conflict(text.to_owned())));
    let Some(base) = url.clone() else { return conflict(NO_LEADER) };
    let Some(peers) = &api.peers else { return outcome };
    let target =
        format!("{}?{}", onward.path, ask.query.with("forward", if next { "true" } else { "false" }));
    tracing::debug!("{} {} is sent on to {base}", onward.method, onward.path);
    let request = PeerRequest {
        method: onward.method,
        base,
        target,
        body: ask.body.clone(),
        authorization: onward.authorization.cloned(),
        signature: None,
    };
    let failed = |text: String| Err(Failure::Api(ApiError::Internal(text)));
    match peers.ask(request).await {
        Ok(answer) => {
            if onward.method != "GET" && (200..300).contains(&answer.status) {
                catch_up(api).await;
            }
            passed_back(ask, answer)
        }
        Err(PeerError::Io(why)) => failed(format!("IO Error trying to forward REST request: {why}")),
        Err(PeerError::Other(why)) => failed(format!("Error trying to forward REST request: {why}")),
    }
}

/// The config that another worker has written is to be seen here by whoever has been told so. It counts in any case, so that
/// a worker that cannot read passes the answer on a while later.
async fn catch_up(api: &Api) {
    let _ = api.ask_within(READ_BACK, Request::CatchUp).await;
}

/// Whether the next worker may send the request on once more; none: it was sent on often enough.
fn next_hop(query: &Query) -> Option<bool> {
    match query.all("forward").next().filter(|value| !value.is_empty()) {
        None => Some(true),
        Some(value) if value.eq_ignore_ascii_case("true") => Some(false),
        Some(_) => None,
    }
}

/// The answer of another worker as ours.
fn passed_back(ask: &Ask, answer: PeerAnswer) -> Result<Answer, Failure> {
    let internal = |text: String| Err(Failure::Api(ApiError::Internal(text)));
    let status = answer.status;
    if !(200..300).contains(&status) && status < 400 {
        return internal(format!("Unexpected status code when handling forwarded request: {status}"));
    }
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(match status {
            400.. => Answer::json(status, json!({"error_code": status, "message": null})),
            _ => Answer::empty(status),
        });
    }
    let body: Value = match serde_json::from_slice(&answer.body) {
        Ok(body) => body,
        // Who may not come in is told so without JSON.
        Err(_) if status == 401 => return Err(Failure::Unauthorized),
        Err(error) => {
            return internal(format!("IO Error trying to forward REST request: its answer: {error}"));
        }
    };
    let name = body.get("name").and_then(Value::as_str).map(str::to_owned);
    let passed = Answer::json(status, body);
    match name {
        Some(name) if status == 201 => {
            Ok(passed.at(location::connector(ask.secure, ask.host.as_deref(), &name)?))
        }
        _ => Ok(passed),
    }
}

#[cfg(test)]
mod tests;
