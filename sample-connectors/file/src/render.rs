//! Values as a line of text, in the form in which Kafka's FileStreamSink prints them.

use std::io::Write;

use connect_plugin::{SchemaParts, ValueRef, Values};

use crate::java;

/// Appends the text of `value` to `out`. Bytes are written as they are, where Java would print an object's address.
pub fn render(value: ValueRef<'_>, schema: Option<&SchemaParts>, out: &mut Vec<u8>) {
    if let Some(text) = schema.and_then(|schema| logical(value, schema)) {
        return out.extend_from_slice(text.as_bytes());
    }
    // Writing into a Vec never fails.
    let _ = match value {
        ValueRef::String(text) => out.write_all(text.as_bytes()),
        ValueRef::Bytes(bytes) => out.write_all(bytes),
        ValueRef::Null => out.write_all(b"null"),
        ValueRef::Boolean(b) => write!(out, "{b}"),
        ValueRef::Int8(n) => write!(out, "{n}"),
        ValueRef::Int16(n) => write!(out, "{n}"),
        ValueRef::Int32(n) => write!(out, "{n}"),
        ValueRef::Int64(n) => write!(out, "{n}"),
        ValueRef::Float32(n) => return java::push_f32(out, n),
        ValueRef::Float64(n) => return java::push_f64(out, n),
        ValueRef::Array(items) => return array(items, schema, out),
        ValueRef::Map(pairs) => return map(pairs, schema, out),
        ValueRef::Struct(fields) => return fields_of(fields, schema, out),
    };
}

/// The text of a date, time or decimal.
fn logical(value: ValueRef<'_>, schema: &SchemaParts) -> Option<String> {
    let name = schema.name.as_ref()?.strip_prefix("org.apache.kafka.connect.data.")?;
    match (name, value) {
        ("Date", ValueRef::Int32(days)) => Some(java::date(i64::from(days) * 86_400_000)),
        ("Time", ValueRef::Int32(millis)) => Some(java::date(i64::from(millis))),
        ("Timestamp", ValueRef::Int64(millis)) => Some(java::date(millis)),
        ("Decimal", ValueRef::Bytes(bytes)) => {
            let scale = schema.parameters.iter().find(|(key, _)| &**key == "scale")?.1.parse().ok()?;
            Some(java::decimal(bytes, scale))
        }
        _ => None,
    }
}

fn array(items: Values<'_>, schema: Option<&SchemaParts>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (i, value) in items.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        render(value, schema.and_then(|schema| schema.value.parts()), out);
    }
    out.push(b']');
}

/// Keys come in the order in which Java's HashMap has them; where that is not to be told, in their own.
fn map(pairs: Values<'_>, schema: Option<&SchemaParts>, out: &mut Vec<u8>) {
    let values: Vec<ValueRef<'_>> = pairs.iter().collect();
    let mut entries: Vec<&[ValueRef<'_>]> = values.chunks_exact(2).collect();
    let count = entries.len();
    if count > 1 {
        entries.sort_by_cached_key(|entry| java::place(entry[0], count));
    }
    out.push(b'{');
    for (i, entry) in entries.into_iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        render(entry[0], schema.and_then(|schema| schema.key.parts()), out);
        out.push(b'=');
        render(entry[1], schema.and_then(|schema| schema.value.parts()), out);
    }
    out.push(b'}');
}

/// Fields without a value are left out.
fn fields_of(values: Values<'_>, schema: Option<&SchemaParts>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Struct{");
    let mut first = true;
    for (i, value) in values.iter().enumerate() {
        if matches!(value, ValueRef::Null) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        let field = schema.and_then(|schema| schema.fields.get(i));
        if let Some(field) = field {
            out.extend_from_slice(field.name.as_bytes());
            out.push(b'=');
        }
        render(value, field.and_then(|field| field.schema.parts()), out);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_plugin::testkit::with_value;
    use connect_plugin::{Field, Schema, Type, Value};

    #[test]
    fn nested_values_are_printed_as_by_java() {
        let inner = Value::Array(vec![1i32.into(), Value::Null]);
        let value = Value::Struct(vec![
            inner,
            Value::Map(vec![("l".into(), true.into()), ("k".into(), 2e7.into())]),
            Value::Null,
        ]);
        let mut parts = SchemaParts::new(Type::Struct);
        parts.fields = ["a", "b", "c"].map(|name| Field { name: name.into(), schema: Schema::NONE }).to_vec();
        let mut out = Vec::new();
        with_value(&value, |value| render(value, Some(&parts), &mut out));
        assert_eq!(String::from_utf8_lossy(&out), "Struct{a=[1, null],b={k=2.0E7, l=true}}");
    }
}
