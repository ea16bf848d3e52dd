//! Request bodies: read up to a limit, then taken apart as Jackson would.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::{Stream, StreamExt};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use warp::Buf;

use super::Limits;
use super::errors::Failure;
use crate::herder::{OffsetEntry, Patch, TargetState};
use crate::settings::{Given, Props};

/// Reads a body whole. Stops reading as soon as it is larger than the limit, or nothing comes for too long.
pub(super) async fn read<B: Buf, E>(
    body: impl Stream<Item = Result<B, E>>,
    limits: &Limits,
) -> Result<Vec<u8>, Failure> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    loop {
        let part = tokio::time::timeout(limits.idle, body.next()).await;
        let Some(part) = part.map_err(|_| Failure::BodyCutOff)? else { break };
        let mut part = part.map_err(|_| Failure::BodyCutOff)?;
        if bytes.len() + part.remaining() > limits.body {
            return Err(Failure::TooLarge(limits.body));
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
    pub(super) config: Given,
    pub(super) initial_state: Option<TargetState>,
}

/// Reads the body of `POST /connectors`. The name is trimmed as Java's `trim` does, and empty when absent.
pub(super) fn new_connector(body: &[u8]) -> Result<NewConnector, Failure> {
    let mut name = String::new();
    let mut config = None;
    let mut initial_state = None;
    for (key, value) in fields(body)? {
        match (key.as_str(), kind(value.get())) {
            ("name" | "config" | "initial_state", "null") => {}
            ("name", _) => name = scalar(&key, &value)?,
            ("config", "an object") => config = Some(given(fields(value.get().as_bytes())?)?),
            ("config", other) => return Err(unfit(&key, other, "an object")),
            ("initial_state", _) => {
                let text = scalar(&key, &value)?;
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
pub(super) fn config(body: &[u8]) -> Result<Given, Failure> {
    given(fields(body)?)
}

/// Reads a body that changes parts of a config. Null removes the key.
pub(super) fn patch(body: &[u8]) -> Result<Patch, Failure> {
    let change = |(key, value): (String, Box<RawValue>)| match kind(value.get()) {
        "null" => Ok((key, None)),
        _ => scalar(&key, &value).map(|text| (key, Some(text))),
    };
    fields(body)?.into_iter().map(change).collect()
}

/// Whether a body is empty, or a mere null.
pub(super) fn is_nothing(body: &[u8]) -> bool {
    matches!(without_mark(body).trim_ascii(), b"" | b"null")
}

/// Reads a body of task configs. None: there is a null where a list or a config should be.
pub(super) fn task_configs(body: &[u8]) -> Result<Option<Vec<Props>>, Failure> {
    if body.is_empty() {
        return Err(bad("The request needs a JSON array as its body".to_owned()));
    }
    match json(body)? {
        Value::Null => return Ok(None),
        Value::Array(_) => {}
        other => {
            return Err(bad(format!("The request needs a JSON array as its body, not {}", kind_of(&other))));
        }
    }
    let tasks: Vec<Box<RawValue>> =
        serde_json::from_slice(without_mark(body)).map_err(|error| no_json(&error))?;
    let read = |task: Box<RawValue>| match kind(task.get()) {
        "null" => Ok(None),
        "an object" => Ok(Some(given(fields(task.get().as_bytes())?)?.config)),
        other => Err(bad(format!("A task config must be an object, not {other}"))),
    };
    tasks.into_iter().map(read).collect()
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
            ("offsets", other) => return Err(unfit(&key, kind_of(&other), "an array")),
            _ => return Err(bad(format!("Unrecognized field \"{key}\": the only known one is \"offsets\""))),
        }
    }
    Ok(offsets)
}

fn offset_entry(entry: Value) -> Result<OffsetEntry, Failure> {
    let Value::Object(fields) = entry else {
        return Err(unfit("offsets", kind_of(&entry), "an array of objects"));
    };
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
            other => return Err(unfit(&key, kind_of(&other), "an object")),
        };
    }
    Ok(entry)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    match json(body)? {
        Value::Object(map) => Ok(map),
        other => Err(no_object(kind_of(&other))),
    }
}

/// The fields of an object, their values as they were written: numbers keep their text.
fn fields(body: &[u8]) -> Result<BTreeMap<String, Box<RawValue>>, Failure> {
    let text = without_mark(body);
    refuse_half_surrogates(text)?;
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => serde_json::from_slice(text).map_err(|error| no_json(&error)),
        _ => Err(no_object(kind_of(&json(body)?))),
    }
}

fn json(body: &[u8]) -> Result<Value, Failure> {
    let text = without_mark(body);
    if text.is_empty() {
        return Err(bad("The request needs a JSON object as its body".to_owned()));
    }
    refuse_half_surrogates(text)?;
    serde_json::from_slice(text).map_err(|error| no_json(&error))
}

/// The body without the mark that some editors put before UTF-8.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// JSON can write half a surrogate pair, as `\ud800`, which Java's texts can hold and UTF-8 cannot. Backslashes are found in
/// strings only, or in what is no JSON.
fn refuse_half_surrogates(text: &[u8]) -> Result<(), Failure> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    };
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += next;
        at += match unit(at) {
            Some(0xd800..=0xdbff) if unit(at + 6).is_some_and(|low| (0xdc00..=0xdfff).contains(&low)) => 12,
            Some(0xd800..=0xdfff) => {
                let before = &text[..at];
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
                return Err(Failure::HalfSurrogate { line, column });
            }
            // The escaped character may be a backslash, too.
            _ => 2,
        };
    }
    Ok(())
}

/// Only the position: the text around it may hold secrets.
fn no_json(error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    bad(format!("The body is not valid JSON at line {line}, column {column}"))
}

fn no_object(kind: &str) -> Failure {
    bad(format!("The request needs a JSON object as its body, not {kind}"))
}

/// Values are strings; numbers and booleans become their text.
fn given(fields: BTreeMap<String, Box<RawValue>>) -> Result<Given, Failure> {
    let mut given = Given::default();
    for (key, value) in fields {
        if kind(value.get()) == "null" {
            given.nulls.insert(key);
        } else {
            let text = scalar(&key, &value)?;
            given.config.insert(key, text);
        }
    }
    Ok(given)
}

fn scalar(key: &str, value: &RawValue) -> Result<String, Failure> {
    match kind(value.get()) {
        "a string" => serde_json::from_str(value.get()).map_err(|error| no_json(&error)),
        "a number" | "a boolean" => Ok(value.get().to_owned()),
        other => Err(unfit(key, other, "a string")),
    }
}

fn unfit(key: &str, kind: &str, needed: &str) -> Failure {
    bad(format!("The value of \"{key}\" must be {needed}, not {kind}"))
}

/// What a value is, by its first character.
fn kind(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        _ => "a number",
    }
}

fn kind_of(value: &Value) -> &'static str {
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
