//! SimpleHeaderConverter, the default for headers: values as text, and their type guessed back from it.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ConvertError, HeaderConverter, Payload};
use crate::records::date;
use crate::records::java_text::{
    from_utf8, logical_decimal, logical_millis, push_f32, push_f64, push_integer,
};
use crate::records::schema::{Schema, Type};
use crate::records::value::{SchemaAndValue, Value};

mod parse;

/// Writes any value as text; reads text as the narrowest type that it looks like. Dates are in UTC.
#[derive(Debug, Clone)]
pub struct SimpleHeaderConverter {
    // An Arc of its own: a process-wide one would be counted up and down by every task at once.
    string: Arc<Schema>,
}

impl SimpleHeaderConverter {
    /// Makes one; it has no settings.
    pub fn new() -> Self {
        SimpleHeaderConverter { string: Arc::new(Schema::of(Type::String)) }
    }
}

impl Default for SimpleHeaderConverter {
    fn default() -> Self {
        Self::new()
    }
}

impl HeaderConverter for SimpleHeaderConverter {
    fn from_connect<'a>(
        &self,
        _topic: &str,
        _key: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError> {
        match value {
            Value::Null => Ok(Payload::Null),
            Value::String(text) => Ok(Payload::Borrowed(text.as_bytes())),
            other => {
                let start = scratch.len();
                push_value(scratch, schema.map(Arc::as_ref), other, false)?;
                Ok(Payload::Scratch(start..scratch.len()))
            }
        }
    }

    fn to_connect<'a>(
        &self,
        _topic: &str,
        _key: &str,
        data: Option<&'a [u8]>,
    ) -> Result<SchemaAndValue<'a>, ConvertError> {
        let Some(data) = data else { return Ok(SchemaAndValue::NULL) };
        let text = from_utf8(data);
        Ok(match parse::parse(&text) {
            Some(read) => read,
            None => SchemaAndValue::new(self.string.clone(), Value::String(text)),
        })
    }
}

/// Appends the text of a value; inside a container strings are quoted.
fn push_value(
    out: &mut Vec<u8>,
    schema: Option<&Schema>,
    value: &Value<'_>,
    embedded: bool,
) -> Result<(), ConvertError> {
    if let Some(millis) = logical_millis(schema, value) {
        out.extend_from_slice(date::header_text(millis).as_bytes());
        return Ok(());
    }
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Int8(n) => push_integer(out, (*n).into()),
        Value::Int16(n) => push_integer(out, (*n).into()),
        Value::Int32(n) => push_integer(out, (*n).into()),
        Value::Int64(n) => push_integer(out, *n),
        Value::Float32(n) => push_f32(out, *n),
        Value::Float64(n) => push_f64(out, *n),
        Value::String(text) => push_text(out, text, embedded),
        Value::Bytes(bytes) => match logical_decimal(schema, value)? {
            Some(number) => out.extend_from_slice(number.as_bytes()),
            None => push_text(out, &STANDARD.encode(bytes), embedded),
        },
        Value::Array(items) => {
            let element = schema.and_then(|s| s.value.as_deref());
            push_each(out, (b'[', b']'), items, |out, item| push_value(out, element, item, true))?;
        }
        Value::Map(entries) => {
            let (key, mapped) = schema.map_or((None, None), |s| (s.key.as_deref(), s.value.as_deref()));
            push_each(out, (b'{', b'}'), entries, |out, (k, v)| {
                push_value(out, key, k, true)?;
                out.push(b':');
                push_value(out, mapped, v, true)
            })?;
        }
        Value::Struct(values) => {
            let fields = schema.map(|s| s.fields.as_slice()).filter(|fields| fields.len() == values.len());
            let fields =
                fields.ok_or_else(|| ConvertError::data("a struct without its schema has no text form"))?;
            push_each(out, (b'{', b'}'), fields.iter().zip(values), |out, (field, value)| {
                push_text(out, &field.name, true);
                out.push(b':');
                // What Java's `Struct.get` gives.
                let default = field.schema.default.as_ref().filter(|_| value.is_null());
                push_value(out, Some(&field.schema), default.unwrap_or(value), true)
            })?;
        }
    }
    Ok(())
}

fn push_each<T>(
    out: &mut Vec<u8>,
    brackets: (u8, u8),
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T) -> Result<(), ConvertError>,
) -> Result<(), ConvertError> {
    out.push(brackets.0);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push(out, item)?;
    }
    out.push(brackets.1);
    Ok(())
}

fn push_text(out: &mut Vec<u8>, text: &str, embedded: bool) {
    if !embedded {
        return out.extend_from_slice(text.as_bytes());
    }
    let escaped = match text.contains(['\\', '"']) {
        true => Cow::Owned(text.replace('\\', "\\\\").replace('"', "\\\"")),
        false => Cow::Borrowed(text),
    };
    out.push(b'"');
    out.extend_from_slice(escaped.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests;
