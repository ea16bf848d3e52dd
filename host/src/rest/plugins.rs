//! `/connector-plugins`

use super::answer::Answer;
use super::connectors::unexpected;
use super::errors::Failure;
use super::{Api, Ask, body, shapes};
use crate::herder::{Request, Response};

/// `GET /connector-plugins`
pub(super) async fn list(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let connectors_only = ask.query.flag("connectorsOnly", true);
    match api.ask(Request::Plugins { connectors_only }).await? {
        Response::Plugins(plugins) => Ok(Answer::json(200, shapes::plugins(&plugins))),
        _ => Err(unexpected()),
    }
}

/// `GET /connector-plugins/{plugin}/config?version=1.0`
pub(super) async fn config(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let version = ask.query.all("version").next().map(str::to_owned);
    match api.ask(Request::PluginConfig { plugin: ask.name(), version }).await? {
        Response::Json(definitions) => Ok(Answer::json(200, definitions)),
        _ => Err(unexpected()),
    }
}

/// `PUT /connector-plugins/{plugin}/config/validate`
pub(super) async fn validate(api: &Api, ask: &Ask) -> Result<Answer, Failure> {
    let config = body::config(&ask.body)?;
    let answer = api.ask(Request::Validate { plugin: ask.name(), config }).await;
    match answer.map_err(without_period)? {
        Response::Json(report) => Ok(Answer::json(200, report)),
        _ => Err(unexpected()),
    }
}

/// Kafka Connect ends the sentence of a time-out here without a period.
fn without_period(failure: Failure) -> Failure {
    match failure {
        Failure::TimedOut(stage) => Failure::ValidationTimedOut(stage),
        other => other,
    }
}
