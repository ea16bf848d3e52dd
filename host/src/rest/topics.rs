//! `/connectors/{connector}/topics`

use super::answer::Answer;
use super::connectors::{done, unexpected};
use super::errors::Failure;
use super::{Api, Ask, shapes};
use crate::herder::{Request, Response};

/// `GET /connectors/{connector}/topics`
pub(super) async fn list(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::Topics(ask.name())).await? {
        Response::Topics(topics) => Ok(Answer::json(200, shapes::topics(&ask.name(), &topics))),
        _ => Err(unexpected()),
    }
}

/// `PUT /connectors/{connector}/topics/reset`
pub(super) async fn reset(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    done(api, Request::ResetTopics(ask.name()), 202).await
}
