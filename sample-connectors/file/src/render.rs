//! Values as a line of text, in the form in which Kafka's FileStreamSink prints them.

use std::io::Write;

use connect_plugin::{Schema, SchemaParts, ValueRef, Values};

/// Appends the text of `value` to `out`. Bytes are written as they are, where Java would print an object's address.
pub fn render(value: ValueRef<'_>, schema: Option<&SchemaParts>, out: &mut Vec<u8>) {
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
        ValueRef::Float32(n) => write!(out, "{n:?}"),
        ValueRef::Float64(n) => write!(out, "{n:?}"),
        ValueRef::Array(items) => {
            nested(items, out, b"[", b"]", |i| (i > 0, String::new()), |_| schema.map(|s| &s.value));
            Ok(())
        }
        ValueRef::Map(pairs) => {
            let part = |i: usize| schema.map(|s| if i.is_multiple_of(2) { &s.key } else { &s.value });
            let before = |i: usize| {
                (i > 0 && i.is_multiple_of(2), if i.is_multiple_of(2) { "" } else { "=" }.to_owned())
            };
            nested(pairs, out, b"{", b"}", before, part);
            Ok(())
        }
        ValueRef::Struct(items) => {
            let field = |i: usize| schema.and_then(|s| s.fields.get(i));
            let before = |i: usize| (i > 0, field(i).map(|f| format!("{}=", f.name)).unwrap_or_default());
            nested(items, out, b"Struct{", b"}", before, |i| field(i).map(|f| &f.schema));
            Ok(())
        }
    };
}

/// The values one after the other; `before` tells for each whether a separator stands before it, and which text.
fn nested<'s>(
    values: Values<'_>,
    out: &mut Vec<u8>,
    open: &[u8],
    close: &[u8],
    before: impl Fn(usize) -> (bool, String),
    schema: impl Fn(usize) -> Option<&'s Schema>,
) {
    let is_struct = open == b"Struct{";
    out.extend_from_slice(open);
    for (i, value) in values.iter().enumerate() {
        let (separate, text) = before(i);
        if separate {
            out.extend_from_slice(if is_struct { b"," } else { b", " });
        }
        out.extend_from_slice(text.as_bytes());
        render(value, schema(i).and_then(Schema::parts), out);
    }
    out.extend_from_slice(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_plugin::testkit::with_value;
    use connect_plugin::{Field, Type, Value};

    #[test]
    fn nested_values_are_printed_as_by_java() {
        let inner = Value::Array(vec![1i32.into(), Value::Null]);
        let value = Value::Struct(vec![
            inner,
            Value::Map(vec![("k".into(), 2i64.into()), ("l".into(), true.into())]),
        ]);
        let mut parts = SchemaParts::new(Type::Struct);
        parts.fields = ["a", "b"].map(|name| Field { name: name.into(), schema: Schema::NONE }).to_vec();
        let mut out = Vec::new();
        with_value(&value, |value| render(value, Some(&parts), &mut out));
        assert_eq!(String::from_utf8_lossy(&out), "Struct{a=[1, null],b={k=2, l=true}}");
    }
}
