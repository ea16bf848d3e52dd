//! `/connectors`: create, read, change, restart, delete.

use super::answer::Answer;
use super::errors::Failure;
use super::{Api, Ask, body, location, shapes};
use crate::herder::{ApiError, ConnectorInfo, Request, Response};

/// The herder answered something else than was asked: a fault of ours.
pub(super) fn unexpected() -> Failure {
    Failure::Api(ApiError::Internal("The worker answered another question".to_owned()))
}

/// `GET /connectors`; with `expand`, whatever its value, an object instead of a list.
pub(super) async fn list(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let expand: Vec<&str> = ask.query.all("expand").collect();
    let request = match expand.is_empty() {
        true => Request::List,
        false => Request::Expand { status: expand.contains(&"status"), info: expand.contains(&"info") },
    };
    match api.ask(request).await? {
        Response::Names(names) => Ok(Answer::json(200, names.into())),
        Response::Expanded(connectors) => Ok(Answer::json(200, shapes::expanded(&connectors))),
        _ => Err(unexpected()),
    }
}

/// `POST /connectors`
pub(super) async fn create(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let new = body::new_connector(&ask.body)?;
    let (name, config, initial_state) = (new.name, new.config, new.initial_state);
    match api.ask(Request::Create { name, config, initial_state }).await? {
        Response::Written { info, .. } => created(ask, &info),
        _ => Err(unexpected()),
    }
}

fn created(ask: &Ask, info: &ConnectorInfo) -> Result<Answer, Failure> {
    let location = location::connector(ask.secure, ask.host.as_deref(), &info.name)?;
    Ok(Answer::json(201, shapes::connector_info(info)).at(location))
}

/// `GET /connectors/{connector}`
pub(super) async fn info(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::Info(ask.name())).await? {
        Response::Info(info) => Ok(Answer::json(200, shapes::connector_info(&info))),
        _ => Err(unexpected()),
    }
}

/// `DELETE /connectors/{connector}`
pub(super) async fn delete(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    done(api, Request::Delete(ask.name()), 204).await
}

/// `GET /connectors/{connector}/config`
pub(super) async fn config(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::Config(ask.name())).await? {
        Response::Config(config) => Ok(Answer::json(200, shapes::config(&config))),
        _ => Err(unexpected()),
    }
}

/// `PUT /connectors/{connector}/config`
pub(super) async fn put_config(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let config = body::config(&ask.body)?;
    match api.ask(Request::PutConfig { name: ask.name(), config }).await? {
        Response::Written { created: true, info } => created(ask, &info),
        Response::Written { created: false, info } => Ok(Answer::json(200, shapes::connector_info(&info))),
        _ => Err(unexpected()),
    }
}

/// `PATCH /connectors/{connector}/config`
pub(super) async fn patch_config(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    if body::is_nothing(&ask.body) {
        // The connector is looked for before its patch.
        api.ask(Request::Config(ask.name())).await?;
    }
    let patch = body::patch(&ask.body)?;
    match api.ask(Request::PatchConfig { name: ask.name(), patch }).await? {
        Response::Written { info, .. } => Ok(Answer::json(200, shapes::connector_info(&info))),
        _ => Err(unexpected()),
    }
}

/// `GET /connectors/{connector}/status`
pub(super) async fn status(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::Status(ask.name())).await? {
        Response::Status(status) => Ok(Answer::json(200, shapes::connector_status(&status))),
        _ => Err(unexpected()),
    }
}

/// `PUT /connectors/{connector}/pause`
pub(super) async fn pause(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    done(api, Request::Pause(ask.name()), 202).await
}

/// `PUT /connectors/{connector}/resume`
pub(super) async fn resume(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    done(api, Request::Resume(ask.name()), 202).await
}

/// `PUT /connectors/{connector}/stop`
pub(super) async fn stop(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    done(api, Request::Stop(ask.name()), 204).await
}

/// `POST /connectors/{connector}/restart`: done when it has no flags, begun when it has one.
pub(super) async fn restart(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let include_tasks = ask.query.flag("includeTasks", false);
    let only_failed = ask.query.flag("onlyFailed", false);
    match api.ask(Request::Restart { name: ask.name(), include_tasks, only_failed }).await? {
        Response::Done => Ok(Answer::empty(204)),
        Response::Restarting(status) => Ok(Answer::json(202, shapes::connector_status(&status))),
        _ => Err(unexpected()),
    }
}

/// `PUT /connectors/{connector}/fence`: how workers of a group fence older tasks of exactly-once sources off, which there are
/// none of.
pub(super) fn fence(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let mode = match &api.sessions {
        Some(sessions) => {
            sessions.admit(ask.signature.as_ref(), &ask.body)?;
            "This worker"
        }
        None => "Kafka Connect in standalone mode",
    };
    let text = format!("{mode} does not support exactly-once source connectors.");
    Err(Failure::Api(ApiError::Internal(text)))
}

/// Asks for something that has no answer but that it was done.
pub(super) async fn done(api: &Api, request: Request, status: u16) -> Result<Answer, Failure> {
    match api.ask(request).await? {
        Response::Done => Ok(Answer::empty(status)),
        _ => Err(unexpected()),
    }
}
