//! `/connectors/{connector}/offsets`

use super::answer::Answer;
use super::connectors::unexpected;
use super::errors::Failure;
use super::{Api, Ask, body, shapes};
use crate::herder::{Request, Response};

/// `GET /connectors/{connector}/offsets`
pub(super) async fn list(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::Offsets(ask.name())).await? {
        Response::Offsets(offsets) => Ok(Answer::json(200, shapes::offsets(&offsets))),
        _ => Err(unexpected()),
    }
}

/// `PATCH /connectors/{connector}/offsets`
pub(super) async fn alter(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let offsets = body::offsets(&ask.body)?;
    modified(api, Request::AlterOffsets { name: ask.name(), offsets }).await
}

/// `DELETE /connectors/{connector}/offsets`
pub(super) async fn reset(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    modified(api, Request::ResetOffsets(ask.name())).await
}

async fn modified(api: &Api, request: Request) -> Result<Answer, Failure> {
    match api.ask(request).await? {
        Response::Message(message) => Ok(Answer::json(200, shapes::message(&message))),
        _ => Err(unexpected()),
    }
}
