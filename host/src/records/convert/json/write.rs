//! Connect values and schemas as JSON text, in the field order of Kafka's JsonConverter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::escape::push_string;
use crate::records::convert::ConvertError;
use crate::records::date::TIME_RANGE;
use crate::records::decimal;
use crate::records::java_text::{push_f32, push_f64, push_integer};
use crate::records::schema::{DECIMAL, Schema, TIME, Type};
use crate::records::value::Value;

/// The settings that change what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// `decimal.format=NUMERIC`: Decimals as JSON numbers instead of base64 text.
    pub numeric_decimals: bool,
    /// `replace.null.with.default`: a null whose schema has a default is written as the default.
    pub null_is_default: bool,
}

impl Default for Style {
    fn default() -> Self {
        Style { numeric_decimals: false, null_is_default: true }
    }
}

/// The name of the type in a schema's JSON: not the name that messages use.
pub fn type_name(kind: Type) -> &'static str {
    match kind {
        Type::Int8 => "int8",
        Type::Int16 => "int16",
        Type::Int32 => "int32",
        Type::Int64 => "int64",
        Type::Float32 => "float",
        Type::Float64 => "double",
        Type::Boolean => "boolean",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Array => "array",
        Type::Map => "map",
        Type::Struct => "struct",
    }
}

/// Appends bytes as a JSON string of padded base64.
fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // The room is exactly what padded base64 takes, so this cannot fail.
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
    out.push(b'"');
}

/// Appends the JSON of a value.
///
/// # Errors
/// When the value does not fit its schema.
pub fn push_value(
    out: &mut Vec<u8>,
    style: Style,
    schema: Option<&Schema>,
    value: &Value<'_>,
) -> Result<(), ConvertError> {
    if value.is_null() {
        return push_null(out, style, schema);
    }
    if let Some(schema) = schema.filter(|s| Some(s.kind) != value.kind()) {
        return Err(ConvertError::mismatch(schema.kind.name(), value));
    }
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Int8(n) => push_integer(out, (*n).into()),
        Value::Int16(n) => push_integer(out, (*n).into()),
        Value::Int32(n) => {
            if !TIME_RANGE.contains(n) && schema.is_some_and(|s| s.name.as_deref() == Some(TIME)) {
                return Err(ConvertError::data(
                    "Kafka Connect Time type should not have any date fields set to non-zero values.",
                ));
            }
            push_integer(out, (*n).into());
        }
        Value::Int64(n) => push_integer(out, *n),
        Value::Float32(n) if n.is_finite() => push_f32(out, *n),
        Value::Float64(n) if n.is_finite() => push_f64(out, *n),
        Value::Float32(n) => push_not_finite(out, f64::from(*n)),
        Value::Float64(n) => push_not_finite(out, *n),
        Value::String(text) => push_string(out, text),
        Value::Bytes(bytes) => push_bytes(out, style, schema, bytes)?,
        Value::Array(items) => {
            let element = schema.and_then(|s| s.value.as_deref());
            push_each(out, (b'[', b']'), items, |out, item| push_value(out, style, element, item))?;
        }
        Value::Map(entries) => push_map(out, style, schema, entries)?,
        Value::Struct(values) => push_struct(out, style, schema, values)?,
    }
    Ok(())
}

/// Appends bytes, or a Decimal in the format that was chosen.
fn push_bytes(
    out: &mut Vec<u8>,
    style: Style,
    schema: Option<&Schema>,
    bytes: &[u8],
) -> Result<(), ConvertError> {
    let Some(schema) = schema.filter(|s| s.name.as_deref() == Some(DECIMAL)) else {
        push_base64(out, bytes);
        return Ok(());
    };
    let refuse = |e: decimal::DecimalError| ConvertError::data(e.to_string());
    let scale = decimal::scale_of(schema).map_err(refuse)?;
    if style.numeric_decimals {
        out.extend_from_slice(decimal::to_text(bytes, scale).map_err(refuse)?.as_bytes());
    } else {
        push_base64(out, decimal::shortest(bytes).map_err(refuse)?);
    }
    Ok(())
}

fn push_null(out: &mut Vec<u8>, style: Style, schema: Option<&Schema>) -> Result<(), ConvertError> {
    match schema {
        Some(Schema { default: Some(default), .. }) if style.null_is_default => {
            push_value(out, style, schema, default)
        }
        Some(Schema { optional: false, .. }) => Err(ConvertError::data(
            "Conversion error: null value for field that is required and has no default value",
        )),
        _ => {
            out.extend_from_slice(b"null");
            Ok(())
        }
    }
}

fn push_not_finite(out: &mut Vec<u8>, number: f64) {
    out.push(b'"');
    push_f64(out, number);
    out.push(b'"');
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

/// An object when all keys are strings, else an array of pairs.
fn push_map(
    out: &mut Vec<u8>,
    style: Style,
    schema: Option<&Schema>,
    entries: &[(Value<'_>, Value<'_>)],
) -> Result<(), ConvertError> {
    let (key, mapped) = schema.map_or((None, None), |s| (s.key.as_deref(), s.value.as_deref()));
    let object = match key {
        Some(key) => key.kind == Type::String,
        None => entries.iter().all(|(key, _)| matches!(key, Value::String(_))),
    };
    if object {
        let default = key.and_then(|key| key.default.as_ref()).filter(|_| style.null_is_default);
        return push_each(out, (b'{', b'}'), entries, |out, (k, v)| {
            match default.filter(|_| k.is_null()).unwrap_or(k) {
                Value::String(text) => push_string(out, text),
                Value::Null if key.is_some_and(|s| s.optional) => push_string(out, "null"),
                other => return Err(ConvertError::mismatch("STRING", other)),
            }
            out.push(b':');
            push_value(out, style, mapped, v)
        });
    }
    push_each(out, (b'[', b']'), entries, |out, (k, v)| {
        out.push(b'[');
        push_value(out, style, key, k)?;
        out.push(b',');
        push_value(out, style, mapped, v)?;
        out.push(b']');
        Ok(())
    })
}

fn push_struct(
    out: &mut Vec<u8>,
    style: Style,
    schema: Option<&Schema>,
    values: &[Value<'_>],
) -> Result<(), ConvertError> {
    let fields = schema.map(|s| s.fields.as_slice()).filter(|fields| fields.len() == values.len());
    let fields = fields
        .ok_or_else(|| ConvertError::data("Mismatching schema: a struct needs one value for each field"))?;
    push_each(out, (b'{', b'}'), fields.iter().zip(values), |out, (field, value)| {
        push_string(out, &field.name);
        out.push(b':');
        push_value(out, style, Some(&field.schema), value)
    })
}

/// Appends the JSON of a schema.
///
/// # Errors
/// When an array or map lacks the schema of its parts, or a default does not fit.
pub fn push_schema(out: &mut Vec<u8>, style: Style, schema: &Schema) -> Result<(), ConvertError> {
    push_schema_as(out, style, schema, None)
}

fn push_schema_as(
    out: &mut Vec<u8>,
    style: Style,
    schema: &Schema,
    field: Option<&str>,
) -> Result<(), ConvertError> {
    let part = |part: &Option<std::sync::Arc<Schema>>, what: &str| {
        part.clone().ok_or_else(|| {
            ConvertError::data(format!("{} schema did not specify the {what} type", schema.kind.name()))
        })
    };
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(type_name(schema.kind).as_bytes());
    out.push(b'"');
    match schema.kind {
        Type::Array => {
            out.extend_from_slice(b",\"items\":");
            push_schema(out, style, &*part(&schema.value, "element")?)?;
        }
        Type::Map => {
            out.extend_from_slice(b",\"keys\":");
            push_schema(out, style, &*part(&schema.key, "key")?)?;
            out.extend_from_slice(b",\"values\":");
            push_schema(out, style, &*part(&schema.value, "value")?)?;
        }
        Type::Struct => {
            out.extend_from_slice(b",\"fields\":");
            push_each(out, (b'[', b']'), &schema.fields, |out, field| {
                push_schema_as(out, style, &field.schema, Some(&field.name))
            })?;
        }
        _ => {}
    }
    out.extend_from_slice(if schema.optional { b",\"optional\":true" } else { b",\"optional\":false" });
    push_text_member(out, "name", schema.name.as_deref());
    if let Some(version) = schema.version {
        out.extend_from_slice(b",\"version\":");
        push_integer(out, version.into());
    }
    push_text_member(out, "doc", schema.doc.as_deref());
    if !schema.parameters.is_empty() {
        out.extend_from_slice(b",\"parameters\":");
        push_each(out, (b'{', b'}'), &schema.parameters, |out, (key, value)| {
            push_string(out, key);
            out.push(b':');
            push_string(out, value);
            Ok(())
        })?;
    }
    if let Some(default) = &schema.default {
        out.extend_from_slice(b",\"default\":");
        push_value(out, style, Some(schema), default)?;
    }
    push_text_member(out, "field", field);
    out.push(b'}');
    Ok(())
}

fn push_text_member(out: &mut Vec<u8>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        out.push(b',');
        push_string(out, name);
        out.push(b':');
        push_string(out, text);
    }
}
