//! JsonConverter: Connect data as JSON, with an envelope of schema and payload or without.
//!
//! Strings with a plain schema, the hot case, are written in one pass without a tree or a lock, and read
//! without a copy when the envelope begins as the last one did.

use std::borrow::Cow;
use std::sync::Arc;

use super::registry::Role;
use super::{ConvertError, Converter, Payload};
use crate::records::schema::{Schema, Type};
use crate::records::value::{SchemaAndValue, Value};
use crate::settings::{Problem, Props};

pub mod cache;
pub mod escape;
pub mod parse;
pub mod read;
pub mod write;

use cache::{ReadCache, WriteCache};
use write::Style;

const STRING_FRONT: &[u8] = br#"{"schema":{"type":"string","optional":false},"payload":"#;
const OPTIONAL_STRING_FRONT: &[u8] = br#"{"schema":{"type":"string","optional":true},"payload":"#;
const NO_SCHEMA_FRONT: &[u8] = br#"{"schema":null,"payload":"#;

const NOT_AN_ENVELOPE: &str = "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and \
    may not contain additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false \
    in your converter configuration.";

/// Writes and reads every type of the Connect data model as JSON, as Kafka's JsonConverter does.
#[derive(Debug)]
pub struct JsonConverter {
    schemas: bool,
    style: Style,
    written: WriteCache,
    read: ReadCache,
}

impl JsonConverter {
    /// Makes one from `schemas.enable` (true), `schemas.cache.size` (1000), `decimal.format` (BASE64) and
    /// `replace.null.with.default` (true).
    ///
    /// # Errors
    /// Every setting that has no usable value.
    pub fn configure(props: &Props, role: Role) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut refuse = |key: &str, value: &str, due: &str| {
            let message = format!("Invalid value {value} for configuration {key}: {due}");
            problems.push(Problem { key: format!("{}.{key}", role.key()), message });
        };
        let flag =
            |key: &str, refuse: &mut dyn FnMut(&str, &str, &str)| match props.get(key).map(|v| v.trim()) {
                None => true,
                Some(value) if value.eq_ignore_ascii_case("true") => true,
                Some(value) if value.eq_ignore_ascii_case("false") => false,
                Some(value) => {
                    refuse(key, value, "Expected value to be either true or false");
                    true
                }
            };
        let schemas = flag("schemas.enable", &mut refuse);
        let null_is_default = flag("replace.null.with.default", &mut refuse);
        let size = props.get("schemas.cache.size").map_or("1000", |v| v.trim());
        let limit = size.parse::<u32>().unwrap_or_else(|_| {
            refuse("schemas.cache.size", size, "Not a number of type INT that is 0 or more");
            0
        });
        let format = props.get("decimal.format").map_or("BASE64", |v| v.trim());
        let numeric_decimals = format.eq_ignore_ascii_case("NUMERIC");
        if !numeric_decimals && !format.eq_ignore_ascii_case("BASE64") {
            refuse("decimal.format", format, "String must be one of (case insensitive): BASE64, NUMERIC");
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let style = Style { numeric_decimals, null_is_default };
        Ok(JsonConverter { schemas, style, written: WriteCache::new(limit), read: ReadCache::new(limit) })
    }

    /// Appends the envelope up to the payload.
    fn push_front(&self, schema: Option<&Arc<Schema>>, out: &mut Vec<u8>) -> Result<(), ConvertError> {
        let Some(schema) = schema else {
            out.extend_from_slice(NO_SCHEMA_FRONT);
            return Ok(());
        };
        if !self.written.push(schema, out) {
            let start = out.len();
            out.extend_from_slice(b"{\"schema\":");
            write::push_schema(out, self.style, schema)?;
            out.extend_from_slice(b",\"payload\":");
            self.written.insert(schema, &out[start..]);
        }
        Ok(())
    }

    fn schema_of(&self, node: &serde_json::Value) -> Result<Option<Arc<Schema>>, ConvertError> {
        let text = node.to_string();
        if let Some(known) = self.read.get(&text) {
            return Ok(Some(known));
        }
        let schema = read::schema(node, self.style.null_is_default)?;
        if let Some(schema) = &schema {
            self.read.insert(text, schema);
        }
        Ok(schema)
    }

    /// Reads an envelope that begins as the last one did; `None` when it does not, or anything at all is odd.
    fn read_known<'a>(&self, data: &'a [u8]) -> Option<SchemaAndValue<'a>> {
        let (schema, rest) = self.read.front(data)?;
        let payload = rest.trim_ascii_end().strip_suffix(b"}")?;
        if schema.as_ref().is_some_and(|s| s.kind == Type::String)
            && let Some(text) = payload.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""))
            && escape::is_clean(text)
            && let Ok(text) = std::str::from_utf8(text)
        {
            return Some(SchemaAndValue { schema, value: Value::String(Cow::Borrowed(text)) });
        }
        let node = serde_json::from_slice(payload).ok()?;
        let value = read::value(schema.as_deref(), self.style.null_is_default, Some(node)).ok()?;
        Some(SchemaAndValue { schema, value })
    }

    fn read_envelope<'a>(&self, data: &'a [u8]) -> Result<SchemaAndValue<'a>, ConvertError> {
        if let Some(read) = self.read_known(data) {
            return Ok(read);
        }
        let not_an_envelope = || ConvertError::data(NOT_AN_ENVELOPE);
        let Some(serde_json::Value::Object(mut envelope)) = parse::parse(data)? else {
            return Err(not_an_envelope());
        };
        if envelope.len() != 2 {
            return Err(not_an_envelope());
        }
        let payload = envelope.remove("payload").ok_or_else(not_an_envelope)?;
        let schema = self.schema_of(envelope.get("schema").ok_or_else(not_an_envelope)?)?;
        if let Some(front) = front_of(data) {
            self.read.set_front(front, schema.as_ref());
        }
        let value = read::value(schema.as_deref(), self.style.null_is_default, Some(payload))?;
        Ok(SchemaAndValue { schema, value })
    }
}

/// The bytes of a valid envelope up to its payload, when it is written as Kafka writes it: compact, schema
/// first.
fn front_of(data: &[u8]) -> Option<&[u8]> {
    let rest = data.strip_prefix(b"{\"schema\":")?;
    let length = parse::value_length(rest)?;
    let rest = rest.get(length..)?.strip_prefix(b",\"payload\":")?;
    data.get(..data.len() - rest.len())
}

impl Converter for JsonConverter {
    fn from_connect<'a>(
        &self,
        _topic: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError> {
        let start = scratch.len();
        match (schema, value) {
            (None, Value::Null) => return Ok(Payload::Null),
            (Some(known), Value::String(text))
                if self.schemas && known.kind == Type::String && known.is_plain() =>
            {
                let front = if known.optional { OPTIONAL_STRING_FRONT } else { STRING_FRONT };
                scratch.reserve(front.len() + text.len() + 3);
                scratch.extend_from_slice(front);
                escape::push_string(scratch, text);
                scratch.push(b'}');
            }
            _ if self.schemas => {
                self.push_front(schema, scratch)?;
                write::push_value(scratch, self.style, schema.map(Arc::as_ref), value)?;
                scratch.push(b'}');
            }
            _ => write::push_value(scratch, self.style, schema.map(Arc::as_ref), value)?,
        }
        Ok(Payload::Scratch(start..scratch.len()))
    }

    fn to_connect<'a>(
        &self,
        _topic: &str,
        data: Option<&'a [u8]>,
    ) -> Result<SchemaAndValue<'a>, ConvertError> {
        match data {
            None => Ok(SchemaAndValue::NULL),
            Some(data) if self.schemas => self.read_envelope(data),
            Some(data) => {
                Ok(SchemaAndValue::schemaless(parse::parse(data)?.map_or(Value::Null, read::schemaless)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
