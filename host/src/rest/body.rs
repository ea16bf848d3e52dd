//! Request bodies: read up to a limit, then taken apart as Jackson would.

use std::pin::pin;

use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value};
use warp::Buf;

use super::errors::Failure;
use crate::herder::{OffsetEntry, Patch, TargetState};
use crate::settings::Props;

/// Reads a body whole. Stops reading as soon as it is larger than `limit` bytes.
pub(super) async fn read<B: Buf, E>(
    body: impl Stream<Item = Result<B, E>>,
    limit: usize,
) -> Result<Vec<u8>, Failure> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(part) = body.next().await {
        let mut part = part.map_err(|_| Failure::BodyCutOff)?;
        if bytes.len() + part.remaining() > limit {
            return Err(Failure::TooLarge(limit));
        }
        while part.has_remaining() {
            let chunk = part.chunk();
            let length = chunk.len();
            bytes.extend_from_slice(chunk);
            part.advance(length);
        }
    }
    Ok(bytes)
}

/// What `POST /connectors` brings.
pub(super) struct NewConnector {
    pub(super) name: String,
    pub(super) config: Props,
    pub(super) initial_state: Option<TargetState>,
}

/// Reads the body of `POST /connectors`. The name is trimmed as Java's `trim` does, and empty when absent.
pub(super) fn new_connector(body: &[u8]) -> Result<NewConnector, Failure> {
    let mut name = String::new();
    let mut config = None;
    let mut initial_state = None;
    for (key, value) in object(body)? {
        match (key.as_str(), value) {
            ("name" | "config" | "initial_state", Value::Null) => {}
            ("name", value) => name = scalar(&key, value)?,
            ("config", Value::Object(map)) => config = Some(props(map)?),
            ("config", other) => return Err(unfit(&key, &other, "an object")),
            ("initial_state", value) => {
                let text = scalar(&key, value)?;
                let state = TargetState::from_initial_state(&text);
                initial_state = Some(state.ok_or_else(|| {
                    bad(format!("No initial_state {text}: it is one of RUNNING, PAUSED, STOPPED"))
                })?);
            }
            _ => {
                return Err(bad(format!(
                    "Unrecognized field \"{key}\": known ones are \"name\", \"config\", \"initial_state\""
                )));
            }
        }
    }
    let name = name.trim_matches(|c| c <= ' ').to_owned();
    let config = config.ok_or_else(|| bad("The request has no \"config\"".to_owned()))?;
    Ok(NewConnector { name, config, initial_state })
}

/// Reads a body that is a flat config.
pub(super) fn config(body: &[u8]) -> Result<Props, Failure> {
    props(object(body)?)
}

/// Reads a body that changes parts of a config. Null removes the key.
pub(super) fn patch(body: &[u8]) -> Result<Patch, Failure> {
    let change = |(key, value): (String, Value)| match value {
        Value::Null => Ok((key, None)),
        value => scalar(&key, value).map(|text| (key, Some(text))),
    };
    object(body)?.into_iter().map(change).collect()
}

/// Reads the body of a change of offsets; without any, it is for the herder to refuse.
pub(super) fn offsets(body: &[u8]) -> Result<Vec<OffsetEntry>, Failure> {
    let mut offsets = Vec::new();
    for (key, value) in object(body)? {
        match (key.as_str(), value) {
            ("offsets", Value::Null) => {}
            ("offsets", Value::Array(entries)) => {
                offsets = entries.into_iter().map(offset_entry).collect::<Result<_, _>>()?;
            }
            ("offsets", other) => return Err(unfit(&key, &other, "an array")),
            _ => return Err(bad(format!("Unrecognized field \"{key}\": the only known one is \"offsets\""))),
        }
    }
    Ok(offsets)
}

fn offset_entry(entry: Value) -> Result<OffsetEntry, Failure> {
    let Value::Object(fields) = entry else { return Err(unfit("offsets", &entry, "an array of objects")) };
    let mut entry = OffsetEntry { partition: None, offset: None };
    for (key, value) in fields {
        let place = match key.as_str() {
            "partition" => &mut entry.partition,
            "offset" => &mut entry.offset,
            _ => {
                return Err(bad(format!(
                    "Unrecognized field \"{key}\": known ones are \"partition\", \"offset\""
                )));
            }
        };
        *place = match value {
            Value::Null => None,
            Value::Object(fields) => Some(fields),
            other => return Err(unfit(&key, &other, "an object")),
        };
    }
    Ok(entry)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(other) => Err(bad(format!("The request needs a JSON object as its body, not {}", kind(&other)))),
        Err(_) if body.is_empty() => Err(bad("The request needs a JSON object as its body".to_owned())),
        // Only the position: the text around it may hold secrets.
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(bad(format!("The body is not valid JSON at line {line}, column {column}")))
        }
    }
}

/// Values are strings; numbers and booleans become their text. Null means that the key is not set.
fn props(map: Map<String, Value>) -> Result<Props, Failure> {
    let given = map.into_iter().filter(|(_, value)| !value.is_null());
    given.map(|(key, value)| scalar(&key, value).map(|text| (key, text))).collect()
}

fn scalar(key: &str, value: Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(unfit(key, &other, "a string")),
    }
}

fn unfit(key: &str, value: &Value, needed: &str) -> Failure {
    bad(format!("The value of \"{key}\" must be {needed}, not {}", kind(value)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn bad(problem: String) -> Failure {
    Failure::BadBody(problem)
}

#[cfg(test)]
mod tests;
