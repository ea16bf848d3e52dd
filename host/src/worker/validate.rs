//! Checking a connector's config: the worker's own keys, the plugin's definitions, and the plugin's own judgement.

use std::sync::Arc;

use serde_json::Value;

use super::context::Context;
use crate::herder::{ApiError, Event, PluginInfo, RequestId, Validation};
use crate::plugins::call::CallError;
use crate::plugins::catalog::Class;
use crate::plugins::connector::{self, Connector, ValidatedKey};
use crate::plugins::instance::Identity;
use crate::records::convert;
use crate::settings::clients::{self, Client, check_overrides};
use crate::settings::connector::{self as common, Kind};
use crate::settings::definitions::value::missing;
use crate::settings::definitions::{self, DefaultValue, common as shared};
use crate::settings::restarts;
use crate::settings::{Given, Problem, Props};

/// What is wrong with a null, in Kafka Connect's words.
const NULL_VALUE: &str = "Null value can not be supplied as the configuration value.";

/// Checks a config in the background and reports to the loop.
pub fn spawn_validate(context: Arc<Context>, request: RequestId, plugin: PluginInfo, given: Given) {
    tokio::spawn(async move {
        let outcome = validate(&context, &plugin, &given).await;
        context.report(Event::Validated { request, outcome }).await;
    });
}

/// Looks definitions up in the background and reports to the loop.
pub fn spawn_describe(context: Arc<Context>, request: RequestId, plugin: PluginInfo) {
    tokio::spawn(async move {
        let outcome = describe(&context, &plugin).await;
        context.report(Event::Described { request, outcome }).await;
    });
}

async fn describe(context: &Context, plugin: &PluginInfo) -> Result<Value, ApiError> {
    if let Some(definitions) = convert::definitions::definitions(&plugin.class) {
        return json(&definitions.key_infos());
    }
    let Some(class) = context.class(plugin) else {
        let text = format!("the definitions of {} are not offered by this version", plugin.class);
        return Err(ApiError::NotImplemented(text));
    };
    let own = connector::config_defs(&context.pool, &class.name, class.tables).await;
    let mut definitions = own.map_err(|error| internal(&class.name, &error))?;
    definitions.extend(shared::connector(class.kind));
    json(&definitions.key_infos())
}

fn json(value: &impl serde::Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(|error| ApiError::Internal(error.to_string()))
}

fn internal(class: &str, error: &CallError) -> ApiError {
    ApiError::Internal(format!("the plugin of class {class} cannot be asked: {error}"))
}

async fn validate(context: &Context, plugin: &PluginInfo, given: &Given) -> Result<Validation, ApiError> {
    let Given { config, nulls } = given;
    let class = context
        .class(plugin)
        .ok_or_else(|| ApiError::Internal(format!("no library has class {}", plugin.class)))?;
    let own = connector::config_defs(&context.pool, &class.name, class.tables).await;
    let own = own.map_err(|error| internal(&class.name, &error))?;
    let worker = &context.config;
    let mut defaults = vec![
        ("key.converter", worker.key_converter.class.as_str()),
        ("value.converter", worker.value_converter.class.as_str()),
        ("header.converter", worker.header_converter.class.as_str()),
    ];
    let restarts = worker.raw.iter().filter(|(key, _)| key.starts_with(restarts::PREFIX));
    defaults.extend(restarts.map(|(key, value)| (key.as_str(), value.as_str())));
    let mut validation = common::validate_on(class.kind, given, &defaults);
    let known_to_plugin = |key: &str| validation.definitions().get(key).is_none() && own.get(key).is_some();
    let (of_plugin, others): (Vec<_>, Vec<_>) = nulls.iter().partition(|key| known_to_plugin(key));
    // Kafka Connect lets them pass here and stumbles over them later.
    let required =
        of_plugin.iter().filter(|key| own.get(key).is_some_and(|d| d.default == DefaultValue::Required));
    let unset: Vec<String> = required.map(|key| missing(key)).collect();
    for key in others {
        validation.add_error(key, NULL_VALUE);
    }
    validation.append(definitions::Validation::with_nulls(own, config, nulls));
    let client = match class.kind {
        Kind::Source => Client::Producer,
        Kind::Sink => Client::Consumer,
    };
    let overrides = clients::overrides(client, config).map_err(ApiError::Internal)?;
    validation.append_part(client.override_prefix(), overrides);
    convert::check::check(&mut validation, config, nulls, |class| {
        let known = context.catalog.classes().iter().map(|known| &*known.name);
        let mut answering = known.filter(|name| PluginInfo::new(plugin.kind, name, None).answers_to(class));
        answering.next().map(str::to_owned)
    });
    let judged = ask_plugin(context, class, config).await.map_err(|error| internal(&class.name, &error))?;
    judged.into_iter().for_each(|key| add_judgement(&mut validation, key));
    let policy = &context.config.connector_client_config_override_policy;
    for problem in check_overrides(policy, class.kind, config) {
        validation.add_error(&problem.key, problem.message);
    }
    let mut errors: Vec<String> = validation.problems().into_iter().map(|problem| problem.message).collect();
    errors.extend(unset);
    errors.extend(common::unsupported(class.kind, config).iter().map(Problem::to_string));
    let name = config.get("connector.class").map_or(plugin.class.as_str(), String::as_str);
    Ok(Validation { errors, report: json(&validation.infos(name))? })
}

fn add_judgement(validation: &mut definitions::Validation, key: ValidatedKey) {
    for error in key.errors {
        validation.add_error(&key.name, error);
    }
    if !key.recommended.is_empty() {
        validation.recommend(&key.name, key.recommended);
    }
    if !key.visible {
        validation.set_visible(&key.name, false);
    }
}

/// What the plugin itself says, on an object that lives for the question only.
async fn ask_plugin(
    context: &Context,
    class: &Class,
    config: &Props,
) -> Result<Vec<ValidatedKey>, CallError> {
    let name = config.get("name").map_or("", String::as_str);
    let identity = Identity { connector: name.into(), task: None, class: class.name.clone() };
    let connector = Connector::create(&context.pool, class.tables, identity, None).await?;
    let answer = connector.validate(config.clone()).await;
    if let Err(error) = connector.destroy().await {
        tracing::warn!(connector = name, "after validation: {}", error.trace());
    }
    Ok(answer?.unwrap_or_default())
}
