//! What requests are refused with, in Kafka Connect's words.

use super::messages::TaskId;
use super::{ApiError, Catalog, Missing};
use crate::settings::Props;

/// The key that names a connector's plugin.
pub(super) const CONNECTOR_CLASS: &str = "connector.class";

pub(super) const CONFIG_TROUBLE: &str = "Error writing connector configuration to Kafka";
pub(super) const DELETE_TROUBLE: &str = "Error removing connector configuration from Kafka";
pub(super) const TARGET_TROUBLE: &str = "Error writing target state to Kafka";
pub(super) const RESTART_TROUBLE: &str = "Error writing restart request to Kafka";

pub(super) const TASKS_TROUBLE: &str = "Error writing task configurations to Kafka";
pub(super) const LEVEL_TROUBLE: &str = "Error writing logger level to Kafka";

pub(super) fn no_tasks_from_outside() -> ApiError {
    ApiError::Internal(
        "Kafka Connect in standalone mode does not support externally setting task configurations."
            .to_owned(),
    )
}

pub(super) fn config_lost(why: &str) -> ApiError {
    ApiError::Internal(format!("Connectors cannot be changed any more: {why}"))
}

pub(super) fn write_failed(what: &str, why: &str) -> ApiError {
    ApiError::Internal(format!("{what}: {why}"))
}

pub(super) fn connector_not_found(name: &str) -> ApiError {
    ApiError::NotFound(format!("Connector {name} not found"))
}

pub(super) fn unknown_connector(name: &str) -> ApiError {
    ApiError::NotFound(format!("Unknown connector {name}"))
}

pub(super) fn unknown_connector_to_restart(name: &str) -> ApiError {
    ApiError::NotFound(format!("Unknown connector: {name}"))
}

pub(super) fn none_configured(name: &str) -> ApiError {
    ApiError::Internal(format!("No connector `{name}` configured"))
}

pub(super) fn task_not_found(id: &TaskId) -> ApiError {
    ApiError::NotFound(format!("Task {id} not found"))
}

pub(super) fn no_task(name: &str, task: i32) -> ApiError {
    ApiError::NotFound(format!("Task {name}-{task} not found"))
}

pub(super) fn unknown_task(name: &str, task: i32) -> ApiError {
    ApiError::NotFound(format!("Unknown task: {name}-{task}"))
}

pub(super) fn no_status_to_restart(name: &str) -> ApiError {
    ApiError::NotFound(format!("Status for connector {name} not found"))
}

pub(super) fn no_tasks_while_stopped(name: &str) -> ApiError {
    ApiError::BadRequest(format!("Cannot submit non-empty set of task configs for stopped connector {name}"))
}

pub(super) fn no_offsets() -> ApiError {
    ApiError::BadRequest("Partitions / offsets need to be provided for an alter offsets request".to_owned())
}

pub(super) fn not_stopped(name: &str) -> ApiError {
    ApiError::BadRequest(format!(
        "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the \
         specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint"
    ))
}

pub(super) fn offsets_modified(reset: bool, handled: bool) -> String {
    let done = if reset { "reset" } else { "altered" };
    if handled {
        return format!("The offsets for this connector have been {done} successfully");
    }
    format!(
        "The Connect framework-managed offsets for this connector have been {done} successfully. However, if this \
         connector manages offsets externally, they will need to be manually {done} in the system that the connector \
         uses."
    )
}

pub(super) fn tracking_disabled() -> ApiError {
    ApiError::Forbidden("Topic tracking is disabled.".to_owned())
}

pub(super) fn tracking_reset_disabled() -> ApiError {
    ApiError::Forbidden("Topic tracking reset is disabled.".to_owned())
}

pub(super) fn no_connector_status(name: &str) -> ApiError {
    ApiError::NotFound(format!("No status found for connector {name}"))
}

pub(super) fn no_task_status(name: &str, task: i32) -> ApiError {
    ApiError::NotFound(format!("No status found for task {name}-{task}"))
}

pub(super) fn already_exists(name: &str) -> ApiError {
    ApiError::Conflict(format!("Connector {name} already exists"))
}

pub(super) fn name_differs(inside: &str, name: &str) -> ApiError {
    ApiError::BadRequest(format!(
        "Connector name configuration ({inside}) doesn't match connector name in the URL ({name})"
    ))
}

/// Names keys only: without a class nobody knows which values are secret.
pub(super) fn no_class(config: &Props) -> ApiError {
    let keys: Vec<&str> = config.keys().map(String::as_str).collect();
    ApiError::BadRequest(format!("Connector config {{{}}} contains no connector type", keys.join(", ")))
}

pub(super) fn unknown_class(class: &str, catalog: &Catalog) -> String {
    let known = catalog.list(true).into_iter().map(|plugin| {
        let version = plugin.version.as_deref().unwrap_or("undefined");
        format!("PluginDesc{{name='{}', version='{version}', type={}}}", plugin.class, plugin.kind.name())
    });
    let known: Vec<String> = known.collect();
    format!(
        "Failed to find any class that implements Connector and which name matches {class}, available connectors are: {}",
        known.join(", ")
    )
}

/// Why a connector has no plugin.
pub(super) fn no_plugin(missing: &Missing, config: &Props, catalog: &Catalog) -> String {
    match missing {
        Missing::Name => unknown_class(config.get(CONNECTOR_CLASS).map_or("", String::as_str), catalog),
        other => other.to_string(),
    }
}

pub(super) fn unknown_plugin(name: &str) -> ApiError {
    ApiError::NotFound(format!("Unknown plugin {name}."))
}

/// For a version in a URL that is no range of versions.
pub(super) fn invalid_version(version: &str) -> ApiError {
    ApiError::BadRequest(format!("Invalid version specification: {version}"))
}

/// For what Kafka Connect has as a plugin, and not as one with a config to show.
pub(super) fn undescribed_plugin(name: &str) -> ApiError {
    ApiError::BadRequest(format!(
        "Invalid plugin class {name}. Valid types are sink, source, converter, header_converter, transformation, predicate."
    ))
}

pub(super) fn other_class(class: &str, asked: &str) -> ApiError {
    ApiError::BadRequest(format!("Included connector type {class} does not match request type {asked}"))
}

pub(super) fn invalid(errors: &[String]) -> ApiError {
    ApiError::BadRequest(format!(
        "Connector configuration is invalid and contains the following {} error(s):\n{}\nYou can also find the above \
         list of errors at the endpoint `/connector-plugins/{{connectorType}}/config/validate`",
        errors.len(),
        errors.join("\n")
    ))
}

pub(super) fn too_many_tasks(name: &str, count: usize, max: u32) -> String {
    format!(
        "The connector {name} has generated {count} tasks, which is greater than {max}, the maximum number of tasks \
         it is configured to create. This behaviour should be considered a bug and is disallowed. If necessary, it \
         can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this option \
         will be removed in a future release of Kafka Connect."
    )
}

pub(super) fn ended_by_itself() -> String {
    "it ended without being told to, and without saying why".to_owned()
}

pub(super) fn starting() -> ApiError {
    ApiError::Unavailable("The worker is still starting up".to_owned())
}

pub(super) fn shutting_down() -> ApiError {
    ApiError::Unavailable("The worker is shutting down".to_owned())
}
