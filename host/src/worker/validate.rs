//! Checking a connector's config: the worker's own keys, the plugin's definitions, and the plugin's own judgement.

use std::sync::Arc;

use serde_json::Value;

use super::context::Context;
use super::exactly_once;
use crate::herder::{ApiError, Event, PluginInfo, RequestId, Validation};
use crate::plugins::call::CallError;
use crate::plugins::catalog::Class;
use crate::plugins::connector::{self, Connector, ExactlyOnce, ValidatedKey};
use crate::plugins::instance::Identity;
use crate::records::convert::{self, Role, registry::resolve};
use crate::settings::clients::{self, Client, check_overrides};
use crate::settings::connector::{self as common, Kind};
use crate::settings::definitions::value::missing;
use crate::settings::definitions::{self, ConfigDef, DefaultValue, common as shared};
use crate::settings::versions::{self, API_VERSION};
use crate::settings::worker::WorkerConfig;
use crate::settings::{Given, Problem, Props, restarts};

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
    let newest = versions_of(context, &plugin.class).pop();
    if let (Some(newest), Some(definition)) = (newest, definitions.get_mut(VERSION)) {
        definition.default = DefaultValue::Text(newest);
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
    let installed = versions_of(context, &plugin.class);
    if let Some(problem) = unfit(&plugin.class, &installed, config) {
        let validation = without_plugin(&problem, installed, given);
        return told(&validation, &plugin.class, config, Vec::new());
    }
    let class = context
        .class(plugin)
        .ok_or_else(|| ApiError::Internal(format!("no library has class {}", plugin.class)))?;
    let own = connector::config_defs(&context.pool, &class.name, class.tables).await;
    let own = own.map_err(|error| internal(&class.name, &error))?;
    let worker = &context.config;
    let mut defaults: Vec<(&str, &str)> = Vec::new();
    defaults.extend(Role::ALL.map(|role| (role.key(), role.of_worker(worker).class.as_str())));
    defaults.extend(installed.last().map(|newest| (VERSION, newest.as_str())));
    defaults.extend(converter_versions(worker, config));
    let restarts = worker.raw.iter().filter(|(key, _)| key.starts_with(restarts::PREFIX));
    defaults.extend(restarts.map(|(key, value)| (key.as_str(), value.as_str())));
    let mut validation = common::validate_on(class.kind, given, &defaults);
    validation.recommend(VERSION, installed.clone());
    let known_to_plugin = |key: &str| validation.definitions().get(key).is_none() && own.get(key).is_some();
    let (of_plugin, others): (Vec<_>, Vec<_>) = nulls.iter().partition(|key| known_to_plugin(key));
    let unset: Vec<String> = of_plugin.iter().map(|key| null_of_plugin(&own, key)).collect();
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
    let required = class.kind == Kind::Source && exactly_once::is_required(&validation);
    let judged = ask_plugin(context, class, config, required).await;
    let (judged, exactly_once) = judged.map_err(|error| internal(&class.name, &error))?;
    judged.into_iter().for_each(|key| add_judgement(&mut validation, key));
    let named = match class.kind {
        Kind::Source => exactly_once::check(&mut validation, exactly_once),
        Kind::Sink => Vec::new(),
    };
    let policy = &context.config.connector_client_config_override_policy;
    for problem in check_overrides(policy, class.kind, config) {
        validation.add_error(&problem.key, problem.message);
    }
    if let Some(group) = context.group.as_deref().filter(|_| class.kind == Kind::Sink) {
        check_group(&mut validation, group, config);
    }
    let unsupported = common::unsupported(class.kind, config);
    let unnamed = unsupported.iter().filter(|problem| !named.contains(&&*problem.key));
    let more = unset.into_iter().chain(unnamed.map(Problem::to_string)).collect();
    told(&validation, &plugin.class, config, more)
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

/// What is wrong with a null for a key of the plugin. Kafka Connect's validation, and so its report, lets it pass; what
/// the connector is given would be neither a value nor the default, and a config here has no nulls.
fn null_of_plugin(own: &ConfigDef, key: &str) -> String {
    match own.get(key).map(|definition| &definition.default) {
        Some(DefaultValue::Required) => missing(key),
        _ => Problem::new(key, format!("{NULL_VALUE} Leave the key out to have its default.")).to_string(),
    }
}

/// The versions of the converters where the config does not ask for one: the only one of a class that there is, or what
/// the worker's config asks for where that one's converter is used.
fn converter_versions<'a>(worker: &'a WorkerConfig, config: &Props) -> Vec<(&'static str, &'a str)> {
    let version = |role: Role| {
        let (class, version) = match (config.get(role.key()), role.of_worker(worker)) {
            (Some(own), _) => (own, API_VERSION),
            (None, default) => (&default.class, default.version.as_deref().unwrap_or(API_VERSION)),
        };
        resolve(class).map(|_| (role.version_key(), version))
    };
    Role::ALL.into_iter().filter_map(version).collect()
}

/// The versions in which the worker has the class, oldest first.
fn versions_of(context: &Context, class: &str) -> Vec<String> {
    let classes = context.catalog.classes().iter().filter(|known| *known.name == *class);
    versions::in_order(classes.map(|class| class.version.clone()), |a, b| versions::compare(a, b))
}

/// That none of the versions is what the config asks for.
fn unfit(class: &str, installed: &[String], config: &Props) -> Option<String> {
    let range = versions::requirement(config.get(VERSION).map(String::as_str)).ok()??;
    let available: Vec<&str> = installed.iter().map(String::as_str).collect();
    (!available.iter().any(|version| range.contains(version)))
        .then(|| versions::unfit(class, &range, &available))
}

/// The report on a config whose class is not there in the version that it asks for: its keys that any connector has, and
/// nothing that only the plugin could tell.
fn without_plugin(problem: &str, installed: Vec<String>, given: &Given) -> definitions::Validation {
    let mut keys = shared::any_connector();
    if let (Some(newest), Some(definition)) = (installed.last(), keys.get_mut(VERSION)) {
        definition.default = DefaultValue::Text(newest.clone());
    }
    let mut validation = definitions::Validation::with_nulls(keys, &given.config, &given.nulls);
    validation.add_error("connector.class", problem);
    validation.add_error(VERSION, problem);
    validation.recommend(VERSION, installed);
    for key in &given.nulls {
        validation.add_error(key, NULL_VALUE);
    }
    validation
}

/// A validation as the herder wants it, for a config that names `class`.
fn told(
    validation: &definitions::Validation,
    class: &str,
    config: &Props,
    more: Vec<String>,
) -> Result<Validation, ApiError> {
    let mut errors: Vec<String> = validation.problems().into_iter().map(|problem| problem.message).collect();
    errors.extend(more);
    let name = config.get("connector.class").map_or(class, String::as_str);
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

/// What the plugin itself says, on an object that lives for the question only; `exactly_once`: about that, too.
async fn ask_plugin(
    context: &Context,
    class: &Class,
    config: &Props,
    exactly_once: bool,
) -> Result<(Vec<ValidatedKey>, Option<Result<ExactlyOnce, CallError>>), CallError> {
    let name = config.get("name").map_or("", String::as_str);
    let identity = Identity { connector: name.into(), task: None, class: class.name.clone() };
    let connector = Connector::create(&context.pool, class.tables, identity, None).await?;
    let judged = connector.validate(config.clone()).await;
    let support = match exactly_once && judged.is_ok() {
        true => Some(connector.exactly_once_support(config.clone()).await),
        false => None,
    };
    if let Some(Err(error)) = &support {
        tracing::warn!(connector = name, "in validation: {}", error.trace());
    }
    if let Err(error) = connector.destroy().await {
        tracing::warn!(connector = name, "after validation: {}", error.trace());
    }
    Ok((judged?.unwrap_or_default(), support))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::definitions::{Definition, Importance, Type};

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
    fn a_version_that_is_not_there_leaves_the_keys_of_any_connector() {
        let installed = vec!["1.9".to_owned(), "1.10".to_owned()];
        let config = |wanted: Option<&str>| -> Props {
            let keys = [("name", Some("n")), ("connector.class", Some("A")), (VERSION, wanted)];
            let given = keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
            given.collect()
        };
        let unfit = |wanted| unfit("org.example.AConnector", &installed, &config(wanted));
        for fitting in [None, Some("latest"), Some("1.9"), Some(" 1.9.0 "), Some("[1.9,)"), Some("(,2)")] {
            assert_eq!(unfit(fitting), None);
        }
        let problem = "Plugin org.example.AConnector not found that matches the version range [9,9], available \
                       versions: [1.9, 1.10]";
        assert_eq!(unfit(Some("9")).as_deref(), Some(problem));
        let mut given = Given::from(config(Some("9")));
        given.nulls.insert("strange".to_owned());
        let validation = without_plugin(problem, installed.clone(), &given);
        let answer = told(&validation, "org.example.AConnector", &given.config, Vec::new()).unwrap();
        assert_eq!(answer.errors, [NULL_VALUE, problem, problem]);
        let keys = answer.report["configs"].as_array().unwrap();
        let version = keys.iter().find(|key| key["value"]["name"] == VERSION).unwrap();
        assert_eq!(version["value"]["recommended_values"], serde_json::json!(installed));
        assert_eq!(version["definition"]["default_value"], "1.10");
        assert!(!keys.iter().any(|key| key["value"]["name"] == "topic.creation.groups"));
    }

    #[test]
    fn a_null_for_a_key_of_the_plugin_is_refused_by_name() {
        let key = |name| Definition::new(name, Type::Int, Importance::Low, "");
        let own = ConfigDef::new().define(key("batch.size").default("5")).define(key("port").required());
        let told = "batch.size: Null value can not be supplied as the configuration value. Leave the key out to have \
                    its default.";
        assert_eq!(null_of_plugin(&own, "batch.size"), told);
        assert_eq!(null_of_plugin(&own, "port"), missing("port"));
    }
}
