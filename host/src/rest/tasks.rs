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

/// `POST /connectors/{connector}/tasks`: how workers of a group hand task configs to their leader.
pub(super) async fn submit(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let configs = body::task_configs(&ask.body)?;
    let Some(sessions) = &api.sessions else {
        let text =
            "Kafka Connect in standalone mode does not support externally setting task configurations.";
        return Err(Failure::Api(ApiError::Internal(text.to_owned())));
    };
    sessions.admit(ask.signature.as_ref(), &ask.body)?;
    let configs = configs.ok_or_else(|| {
        Failure::BadBody("A list of task configs and its configs must not be null".to_owned())
    })?;
    done(api, Request::PutTaskConfigs { name: ask.name(), configs }, 204).await
}
