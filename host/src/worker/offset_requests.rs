//! Offsets on request: those of a connector are read, altered or reset, in the offset store or in its consumer group.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::clients;
use super::context::Context;
use super::offset_store::Change;
use super::sink_offsets;
use crate::herder::{ApiError, Event, OffsetEntry, OffsetsChange, PluginInfo, PluginKind, RequestId};
use crate::kafka::KafkaError;
use crate::kafka::groups::{self, Group};
use crate::kafka::native::Owner;
use crate::plugins::call::{CallError, ErrorKind};
use crate::plugins::connector::Connector;
use crate::plugins::instance::Identity;
use crate::records::value::Value;
use crate::settings::clients::{Client, ClientIds, consumer_group};
use crate::settings::{Problem, Props};
use crate::topics::offsets;

/// How long a group's coordinator may take for an answer.
const GROUP_LIMIT: Duration = Duration::from_secs(30);
/// How long a change may take in all; as long the connector cannot be resumed.
const CHANGE_LIMIT: Duration = Duration::from_secs(85);

/// Whose offsets.
pub struct Subject {
    /// Name of the connector.
    pub name: String,
    /// Its plugin.
    pub plugin: PluginInfo,
    /// Its config.
    pub config: Props,
}

/// Reads offsets in the background and reports to the loop.
pub fn spawn_read(context: Arc<Context>, request: RequestId, subject: Subject) {
    tokio::spawn(async move {
        let outcome = subject.read(&context).await;
        context.report(Event::OffsetsRead { request, outcome }).await;
    });
}

/// Alters or resets offsets in the background and reports to the loop.
pub fn spawn_modify(context: Arc<Context>, request: RequestId, subject: Subject, change: OffsetsChange) {
    tokio::spawn(async move {
        let outcome = match tokio::time::timeout(CHANGE_LIMIT, subject.modify(&context, change)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ApiError::Internal(format!(
                "Timed out while modifying the offsets of connector {} after {} s; they may still be modified",
                subject.name,
                CHANGE_LIMIT.as_secs()
            ))),
        };
        context.report(Event::OffsetsModified { request, outcome }).await;
    });
}

impl Subject {
    async fn read(&self, context: &Arc<Context>) -> Result<Vec<OffsetEntry>, ApiError> {
        if self.plugin.kind == PluginKind::Sink {
            let group = self.group(context)?;
            let committed = in_background(move || group.committed()).await;
            let committed = committed.map_err(|error| {
                let name = &self.name;
                internal(format!(
                    "Failed to retrieve consumer group offsets for sink connector {name}: {error}"
                ))
            })?;
            return Ok(committed.into_iter().map(|(at, offset)| sink_offsets::entry(&at, offset)).collect());
        }
        self.refresh(context, "retrieve").await?;
        let stored = context.offsets.of_connector(&self.name);
        stored.iter().map(|(partition, offset)| self.entry(partition, offset)).collect()
    }

    /// Takes in what other workers stored.
    async fn refresh(&self, context: &Arc<Context>, verb: &str) -> Result<(), ApiError> {
        context.offsets.refresh().await.map_err(|error| {
            internal(format!("Failed to {verb} offsets for source connector {}: {error}", self.name))
        })
    }

    fn entry(&self, partition: &Value<'_>, offset: &Value<'_>) -> Result<OffsetEntry, ApiError> {
        let json = |value: &Value<'_>| -> Result<Option<Map<String, Json>>, String> {
            let bytes = offsets::value_bytes(value).map_err(|error| error.to_string())?;
            bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string())).transpose()
        };
        let entry = || Ok(OffsetEntry { partition: json(partition)?, offset: json(offset)? });
        entry().map_err(|error: String| {
            internal(format!("Failed to retrieve offsets for source connector {}: {error}", self.name))
        })
    }

    /// True: the plugin has taken care of what it keeps elsewhere.
    async fn modify(&self, context: &Arc<Context>, change: OffsetsChange) -> Result<bool, ApiError> {
        if !context.is_member() {
            // Stopped beyond its session, perhaps: another one may lead, and may have had the connector resumed.
            return Err(ApiError::RebalanceNeeded);
        }
        match self.plugin.kind {
            PluginKind::Sink => self.modify_sink(context, change).await,
            _ => self.modify_source(context, change).await,
        }
    }

    async fn modify_source(&self, context: &Arc<Context>, change: OffsetsChange) -> Result<bool, ApiError> {
        let changes = match change {
            OffsetsChange::Alter(entries) => {
                let changes = entries.iter().filter_map(|entry| source_change(entry).transpose());
                let changes = changes.collect::<Result<Vec<_>, _>>()?;
                if changes.is_empty() {
                    return Ok(true);
                }
                changes
            }
            OffsetsChange::Reset => Vec::new(),
        };
        let reset = changes.is_empty();
        self.refresh(context, if reset { "reset" } else { "alter" }).await?;
        let handled = self.ask_plugin(context, changes.clone()).await?;
        let changes: Vec<Change> = match reset {
            true => {
                let stored = context.offsets.of_connector(&self.name);
                stored.into_iter().map(|(partition, _)| (Arc::new(partition), Value::Null)).collect()
            }
            false => changes.into_iter().map(|(partition, offset)| (Arc::new(partition), offset)).collect(),
        };
        context.offsets.write(&self.name, changes).await.map_err(|error| {
            let verb = if reset { "reset" } else { "alter" };
            internal(format!("Failed to {verb} offsets for source connector {}: {error}", self.name))
        })?;
        Ok(handled)
    }

    async fn modify_sink(&self, context: &Arc<Context>, change: OffsetsChange) -> Result<bool, ApiError> {
        let group = self.group(context)?;
        let OffsetsChange::Alter(entries) = change else {
            let handled = self.ask_plugin(context, Vec::new()).await?;
            let deleted = in_background(move || group.delete()).await;
            return deleted.map(|()| handled).map_err(|error| self.group_refused("reset", &error));
        };
        let offsets = sink_offsets::parse(&entries)?;
        let handled =
            self.ask_plugin(context, offsets.iter().map(sink_offsets::for_plugin).collect()).await?;
        let altered = in_background(move || {
            let new: Vec<_> =
                offsets.iter().filter_map(|(at, offset)| Some((at.clone(), (*offset)?))).collect();
            if !new.is_empty() {
                group.alter(&new)?;
            }
            let gone: Vec<_> =
                offsets.into_iter().filter(|(_, offset)| offset.is_none()).map(|(at, _)| at).collect();
            if gone.is_empty() { Ok(()) } else { group.forget(&gone) }
        });
        altered.await.map(|()| handled).map_err(|error| self.group_refused("alter", &error))
    }

    fn group_refused(&self, verb: &str, error: &KafkaError) -> ApiError {
        let name = &self.name;
        if groups::has_members(error) {
            return internal(format!(
                "Failed to {verb} consumer group offsets for connector {name} either because its tasks haven't stopped \
                 completely yet or the connector was resumed before the request to {verb} its offsets could be \
                 successfully completed. If the connector is in a stopped state, this operation can be safely retried. \
                 If it doesn't eventually succeed, look for other consumers in its group: {error}"
            ));
        }
        internal(format!("Failed to {verb} consumer group offsets for connector {name}: {error}"))
    }

    /// Has the plugin check a change, on an object that lives for the question only.
    async fn ask_plugin(
        &self,
        context: &Arc<Context>,
        changes: Vec<(Value<'static>, Value<'static>)>,
    ) -> Result<bool, ApiError> {
        let missing = || internal(format!("no library has class {}", self.plugin.class));
        let class = context.class(&self.plugin).ok_or_else(missing)?;
        let identity =
            Identity { connector: self.name.as_str().into(), task: None, class: class.name.clone() };
        let connector = Connector::create(&context.pool, class.tables, identity, None).await;
        let connector = connector.map_err(|error| internal(error.to_string()))?;
        let answer = connector.alter_offsets(self.config.clone(), changes).await;
        if let Err(error) = connector.destroy().await {
            let connector = self.name.as_str();
            tracing::warn!(connector, "after a change of offsets: {}", error.trace());
        }
        answer.map_err(|error| self.refused_by_plugin(error))
    }

    /// The plugin's own words are the answer, as in Kafka Connect.
    fn refused_by_plugin(&self, error: CallError) -> ApiError {
        internal(match error {
            CallError::Plugin { kind: ErrorKind::Unsupported, .. } => format!(
                "Failed to modify offsets for connector {} because it doesn't support external modification of offsets",
                self.name
            ),
            CallError::Plugin { message, .. } => message,
            other => other.to_string(),
        })
    }

    fn group(&self, context: &Context) -> Result<Group, ApiError> {
        if context.dev_broker.is_some() {
            // It tells no offsets, and a request to delete a group takes the process down in librdkafka.
            let text = "The embedded broker cannot be asked for the offsets of sinks, nor change them; use real brokers";
            return Err(ApiError::NotImplemented(text.to_owned()));
        }
        let worker = &context.config.raw;
        let ids = ClientIds::worker_admin(&self.name);
        let client = clients::ready(Client::Admin, worker, Some(&self.config), &ids);
        let client = client.map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
            internal(lines.join("\n"))
        })?;
        let owner = Owner { connector: self.name.clone(), ..Owner::default() };
        Ok(Group {
            owner: clients::owner(owner, &client),
            conf: client.conf,
            name: consumer_group(&self.name, worker, &self.config),
            timeout: GROUP_LIMIT,
        })
    }
}

/// A change of a source partition's offset, as the plugin and the store take it; none: nothing is stored under null, so
/// there is nothing to forget.
fn source_change(entry: &OffsetEntry) -> Result<Option<(Value<'static>, Value<'static>)>, ApiError> {
    let partition = match (&entry.partition, &entry.offset) {
        (Some(partition), _) => partition,
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(internal("Partition objects cannot be null".to_owned())),
    };
    let value = |fields: &Map<String, Json>| -> Result<Value<'static>, ApiError> {
        let large =
            |value: &Json| value.is_number() && value.as_i64().is_none() && digits(&value.to_string());
        if let Some((field, _)) = fields.iter().find(|(_, value)| large(value)) {
            return Err(internal(format!(
                "Offsets may only contain primitive types as values, but field {field} holds a number beyond 64 bits"
            )));
        }
        let bytes = serde_json::to_vec(fields).map_err(|error| internal(error.to_string()))?;
        let value = offsets::parse_value(Some(&bytes)).map_err(|error| internal(error.to_string()))?;
        offsets::check(&value).map_err(|error| internal(error.to_string()))?;
        Ok(value)
    };
    Ok(Some((value(partition)?, entry.offset.as_ref().map_or(Ok(Value::Null), value)?)))
}

/// A whole number, as text.
fn digits(text: &str) -> bool {
    text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
}

fn internal(text: String) -> ApiError {
    ApiError::Internal(text)
}

/// Runs what blocks on a thread for that.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, KafkaError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|error| Err(KafkaError::local("ask for offsets", error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Option<Map<String, Json>> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn changes_of_sources_are_maps_of_primitives() {
        let change = |partition: &str, offset: &str| {
            source_change(&OffsetEntry { partition: fields(partition), offset: fields(offset) })
        };
        let (partition, offset) = change(r#"{"f":"x"}"#, r#"{"p":5,"q":1.5}"#).unwrap().unwrap();
        assert_eq!(partition, Value::Map(vec![(Value::str("f"), Value::str("x"))]));
        let expected = vec![(Value::str("p"), Value::Int64(5)), (Value::str("q"), Value::Float64(1.5))];
        assert_eq!(offset, Value::Map(expected));
        assert!(change("{}", "null").unwrap().unwrap().1.is_null());
        assert!(change("null", "null").unwrap().is_none());
        assert!(change("{}", r#"{"p":9223372036854775807,"q":-9223372036854775808}"#).is_ok());
        for (partition, offset) in [
            ("null", "{}"),
            (r#"{"f":[1]}"#, "{}"),
            ("{}", r#"{"p":{}}"#),
            ("{}", r#"{"p":9223372036854775808}"#),
        ] {
            assert!(matches!(change(partition, offset), Err(ApiError::Internal(_))), "{partition} {offset}");
        }
    }
}
