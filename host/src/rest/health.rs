//! `/health`: does the herder answer, and is the start complete? And of a connector: does it come on?

use super::answer::Answer;
use super::connectors::unexpected;
use super::errors::Failure;
use super::{Api, Ask, shapes};
use crate::herder::{Request, Response};

const HEALTHY: &str = "Worker has completed startup and is ready to handle requests.";
const STARTING: &str = "Worker is still starting up.";
const UNHEALTHY: &str =
    "Worker was unable to handle this request and may be unable to handle other requests.";

/// `GET /health`
pub(super) async fn health(api: &Api) -> Answer {
    match api.ask_within(api.limits.health, Request::Health).await {
        Some(Ok(Response::Health { ready: true })) => {
            api.note_ready();
            Answer::json(200, shapes::health("healthy", HEALTHY))
        }
        Some(Ok(_)) => Answer::json(503, shapes::health("starting", &with_stage(api, STARTING))),
        Some(Err(_)) | None if api.was_ready() => {
            Answer::json(500, shapes::health("unhealthy", &with_stage(api, UNHEALTHY)))
        }
        Some(Err(_)) | None => Answer::json(503, shapes::health("starting", &with_stage(api, STARTING))),
    }
}

/// `GET /v1/connectors/{connector}/health`
pub(super) async fn connector(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    match api.ask(Request::ConnectorHealth(ask.name())).await? {
        Response::ConnectorHealth(health) => Ok(Answer::json(200, shapes::connector_health(&health))),
        _ => Err(unexpected()),
    }
}

fn with_stage(api: &Api, sentence: &str) -> String {
    match (api.stage)() {
        Some(stage) => format!("{sentence} {}", stage.sentence()),
        None => sentence.to_owned(),
    }
}
