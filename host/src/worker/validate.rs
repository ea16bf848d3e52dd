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

/// Which version of the connector's class is meant.
const VERSION: &str = "connector.plugin.version";

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
    if let (Some(version), Some(definition)) = (&plugin.version, definitions.get_mut(VERSION)) {
        definition.default = DefaultValue::Text(version.clone());
    }
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
    defaults.extend(plugin.version.as_deref().map(|version| (VERSION, version)));
    let restarts = worker.raw.iter().filter(|(key, _)| key.starts_with(restarts::PREFIX));
    defaults.extend(restarts.map(|(key, value)| (key.as_str(), value.as_str())));
    let mut validation = common::validate_on(class.kind, given, &defaults);
    check_version(&mut validation, plugin, config);
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
    if let Some(group) = context.group.as_deref().filter(|_| class.kind == Kind::Sink) {
        check_group(&mut validation, group, config);
    }
    let mut errors: Vec<String> = validation.problems().into_iter().map(|problem| problem.message).collect();
    errors.extend(unset);
    errors.extend(common::unsupported(class.kind, config).iter().map(Problem::to_string));
    let name = config.get("connector.class").map_or(plugin.class.as_str(), String::as_str);
    Ok(Validation { errors, report: json(&validation.infos(name))? })
}

/// A sink must not be in the group of the workers: neither would work.
fn check_group(validation: &mut definitions::Validation, group: &str, config: &Props) {
    const OVERRIDE: &str = "consumer.override.group.id";
    let conflicts = format!("conflicts with Connect worker group {group}");
    match (config.get(OVERRIDE), config.get("name")) {
        (Some(given), _) if given.trim() == group => {
            validation.add_error(OVERRIDE, format!("Consumer group {group} {conflicts}"));
        }
        (None, Some(name)) if format!("connect-{name}") == group => {
            validation
                .add_error("name", format!("Consumer group for sink connector named {name} {conflicts}"));
        }
        _ => {}
    }
}

/// Holds the version that the config asks for against the one that there is.
fn check_version(validation: &mut definitions::Validation, plugin: &PluginInfo, config: &Props) {
    let installed = plugin.version.as_deref();
    validation.recommend(VERSION, installed.map(str::to_owned).into_iter().collect());
    let Some(wanted) = config.get(VERSION).map(|text| text.trim()).filter(|text| !text.is_empty()) else {
        return;
    };
    if installed == Some(wanted) {
        return;
    }
    let (class, installed) = (&plugin.class, installed.unwrap_or("undefined"));
    if wanted.starts_with(['[', '(']) {
        let why = format!(
            "{VERSION}: a range of versions is not supported; name the one that is installed, {installed}"
        );
        return validation.add_error(VERSION, why);
    }
    let text = format!(
        "Plugin {class} not found that matches the version range [{wanted},{wanted}], available versions: [{installed}]"
    );
    validation.add_error("connector.class", text.clone());
    validation.add_error(VERSION, text);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::herder::PluginKind;

    #[test]
    fn a_sink_keeps_out_of_the_group_of_the_workers() {
        let errors = |more: &[(&str, &str)]| {
            let entries = [("name", "n"), ("connector.class", "A"), ("topics", "t")];
            let config: Props = entries
                .iter()
                .chain(more)
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            let mut validation = common::validate(Kind::Sink, &config);
            check_group(&mut validation, "connect-n", &config);
            validation.problems().into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        let of_name =
            "Consumer group for sink connector named n conflicts with Connect worker group connect-n";
        assert_eq!(errors(&[]), [of_name]);
        assert_eq!(errors(&[("consumer.override.group.id", "other")]), Vec::<String>::new());
        let overridden = "Consumer group connect-n conflicts with Connect worker group connect-n";
        assert_eq!(errors(&[("consumer.override.group.id", "connect-n")]), [overridden]);
    }

    #[test]
    fn the_version_of_a_connector_is_the_one_installed() {
        let plugin = PluginInfo::new(PluginKind::Source, "org.example.AConnector", Some("1.2"));
        let errors = |wanted: &str| {
            let entries = [("name", "n"), ("connector.class", "A"), (VERSION, wanted)];
            let config: Props = entries.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
            let mut validation = common::validate(Kind::Source, &config);
            check_version(&mut validation, &plugin, &config);
            validation.problems().into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        assert_eq!(errors("1.2"), Vec::<String>::new());
        assert_eq!(errors(" "), Vec::<String>::new());
        let missing = "Plugin org.example.AConnector not found that matches the version range [9,9], available \
                       versions: [1.2]";
        assert_eq!(errors("9"), [missing, missing]);
        assert_eq!(errors("[1,)").len(), 1);
    }
}
