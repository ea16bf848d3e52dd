//! Checking a connector's config: the worker's own keys, the plugin's definitions, and the plugin's own judgement.

use std::sync::Arc;

use serde_json::Value;

use super::context::Context;
use crate::herder::{ApiError, Event, PluginInfo, RequestId, Validation};
use crate::plugins::call::CallError;
use crate::plugins::catalog::Class;
use crate::plugins::connector::{self, Connector, ValidatedKey};
use crate::plugins::instance::Identity;
use crate::records::convert::registry;
use crate::settings::clients::check_overrides;
use crate::settings::connector::{self as common, ConverterConfig};
use crate::settings::definitions::{self, common as shared};
use crate::settings::restarts;
use crate::settings::{Problem, Props};

/// Checks a config in the background and reports to the loop.
pub fn spawn_validate(context: Arc<Context>, request: RequestId, plugin: PluginInfo, config: Props) {
    tokio::spawn(async move {
        let outcome = validate(&context, &plugin, &config).await;
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

async fn validate(context: &Context, plugin: &PluginInfo, config: &Props) -> Result<Validation, ApiError> {
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
    let mut validation = common::validate_on(class.kind, config, &defaults);
    validation.append(definitions::Validation::new(own, config));
    for problem in converter_problems(config) {
        validation.add_error(&problem.key, problem.message);
    }
    for key in ask_plugin(context, class, config).await.map_err(|error| internal(&class.name, &error))? {
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
    let policy = &context.config.connector_client_config_override_policy;
    for problem in check_overrides(policy, class.kind, config) {
        validation.add_error(&problem.key, problem.message);
    }
    let mut errors: Vec<String> = validation.problems().into_iter().map(|problem| problem.message).collect();
    errors.extend(common::unsupported(class.kind, config).iter().map(Problem::to_string));
    let name = config.get("connector.class").map_or(plugin.class.as_str(), String::as_str);
    Ok(Validation { errors, report: json(&validation.infos(name))? })
}

/// Converters that the connector names and that cannot be made.
fn converter_problems(config: &Props) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, is_key) in [("key.converter", true), ("value.converter", false)] {
        if let Some(ConverterConfig { class, props }) = ConverterConfig::read(key, config) {
            problems.extend(registry::converter(&class, &props, is_key).err().unwrap_or_default());
        }
    }
    if let Some(ConverterConfig { class, props }) = ConverterConfig::read("header.converter", config) {
        problems.extend(registry::header_converter(&class, &props).err().unwrap_or_default());
    }
    problems
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
