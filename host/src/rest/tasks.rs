//! `/connectors/{connector}/tasks`

use super::answer::Answer;
use super::connectors::{done, unexpected};
use super::errors::Failure;
use super::{Api, Ask, body, shapes};
use crate::herder::{ApiError, Request, Response};

/// `GET /connectors/{connector}/tasks`
pub(super) async fn list(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::Tasks(ask.name())).await? {
        Response::Tasks(tasks) => Ok(Answer::json(200, shapes::task_infos(&tasks))),
        _ => Err(unexpected()),
    }
}

/// `GET /connectors/{connector}/tasks/{task}/status`
pub(super) async fn status(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::TaskStatus { name: ask.name(), task: ask.task() }).await? {
        Response::TaskStatus(status) => Ok(Answer::json(200, shapes::task_status(&status))),
        _ => Err(unexpected()),
    }
}

/// `POST /connectors/{connector}/tasks/{task}/restart`
pub(super) async fn restart(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    done(api, Request::RestartTask { name: ask.name(), task: ask.task() }, 204).await
}

/// `POST /connectors/{connector}/tasks`: how workers of a group hand task configs to each other. This one is alone.
pub(super) fn submit(ask: &Ask) -> Result<Answer, Failure> {
    body::task_configs(&ask.body)?;
    let text = "Kafka Connect in standalone mode does not support externally setting task configurations.";
    Err(Failure::Api(ApiError::Internal(text.to_owned())))
}
