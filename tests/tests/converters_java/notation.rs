//! Schemas and values as the JSON that `tests/java/Converters.java` describes, both ways.

use connect_host::records::schema::DECIMAL;
use connect_host::records::{Field, Schema, Type, Value};
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::sync::Arc;

/// The schema that this JSON stands for; null is none.
pub fn schema(json: &Json) -> Option<Arc<Schema>> {
    let kind = json.get("type")?.as_str()?;
    let kind = Type::ALL.into_iter().find(|known| known.name() == kind);
    let mut made = Schema::of(kind.unwrap_or_else(|| panic!("no such type: {json}")));
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    made.optional = json.get("optional").and_then(Json::as_bool).unwrap_or(false);
    (made.name, made.doc) = (text("name"), text("doc"));
    made.version = json.get("version").and_then(Json::as_i64).map(|n| n as i32);
    let pairs = |key: &str| json.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    let both = |pair: &Json| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned());
    made.parameters = pairs("parameters").iter().map(both).collect();
    let field =
        |pair: &Json| Field { name: pair[0].as_str().unwrap().to_owned(), schema: schema(&pair[1]).unwrap() };
    made.fields = pairs("fields").iter().map(field).collect();
    made.key = json.get("key").and_then(schema);
    made.value = json.get("element").and_then(schema);
    made.default = json.get("default").filter(|default| !default.is_null()).map(value);
    Some(Arc::new(made))
}

/// The value that this JSON stands for; floats may be told as texts too.
pub fn value(json: &Json) -> Value<'static> {
    let Some((tag, inner)) = json.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    let (list, text, number) = (inner.as_array(), inner.as_str(), inner.as_i64());
    let pair = |pair: &Json| (value(&pair[0]), value(&pair[1]));
    match tag.as_str() {
        "i8" => Value::Int8(number.unwrap() as i8),
        "i16" => Value::Int16(number.unwrap() as i16),
        "i32" => Value::Int32(number.unwrap() as i32),
        "i64" => Value::Int64(number.unwrap()),
        "f32" => Value::Float32(text.unwrap().parse().unwrap()),
        "f64" => Value::Float64(text.unwrap().parse().unwrap()),
        "z" => Value::Boolean(inner.as_bool().unwrap()),
        "s" => Value::String(Cow::Owned(text.unwrap().to_owned())),
        "x" => Value::Bytes(Cow::Owned(unhex(text.unwrap()))),
        "a" => Value::Array(list.unwrap().iter().map(value).collect()),
        "st" => Value::Struct(list.unwrap().iter().map(value).collect()),
        "m" => Value::Map(list.unwrap().iter().map(pair).collect()),
        _ => panic!("no such value: {json}"),
    }
}

/// A schema as JSON, with the members that say something; `read` as for [`show`].
pub fn show_schema(schema: Option<&Schema>, read: bool) -> Json {
    let Some(schema) = schema else { return Json::Null };
    let mut out = serde_json::Map::from_iter([("type".to_owned(), json!(schema.kind.name()))]);
    let mut put = |key: &str, member: Json| {
        if !member.is_null() {
            out.insert(key.to_owned(), member);
        }
    };
    put("optional", if schema.optional { true.into() } else { Json::Null });
    put("name", json!(schema.name));
    put("version", json!(schema.version));
    put("doc", json!(schema.doc));
    if !schema.parameters.is_empty() {
        put("parameters", json!(schema.parameters));
    }
    if schema.kind == Type::Struct {
        let field = |f: &Field| json!([f.name, show_schema(Some(&f.schema), read)]);
        put("fields", schema.fields.iter().map(field).collect());
    }
    put("key", show_schema(schema.key.as_deref(), read));
    put("element", show_schema(schema.value.as_deref(), read));
    put("default", schema.default.as_ref().map_or(Json::Null, |default| show(Some(schema), default, read)));
    Json::Object(out)
}

/// A value as JSON; `read` is the form of what was read, where a decimal tells its scale.
pub fn show(schema: Option<&Schema>, value: &Value<'_>, read: bool) -> Json {
    let element = schema.and_then(|s| s.value.as_deref());
    match value {
        Value::Null => Json::Null,
        Value::Boolean(b) => json!({ "z": b }),
        Value::Int8(n) => json!({ "i8": n }),
        Value::Int16(n) => json!({ "i16": n }),
        Value::Int32(n) => json!({ "i32": n }),
        Value::Int64(n) => json!({ "i64": n }),
        Value::Float32(n) if n.is_nan() => json!({ "f32": "7fc00000" }),
        Value::Float64(n) if n.is_nan() => json!({ "f64": "7ff8000000000000" }),
        Value::Float32(n) => json!({ "f32": format!("{:08x}", n.to_bits()) }),
        Value::Float64(n) => json!({ "f64": format!("{:016x}", n.to_bits()) }),
        Value::String(text) => json!({ "s": text }),
        Value::Bytes(bytes) => match schema.filter(|s| read && s.name.as_deref() == Some(DECIMAL)) {
            Some(schema) => {
                let scale: i32 =
                    schema.parameter("scale").and_then(|scale| scale.parse().ok()).unwrap_or_default();
                json!({ "d": [hex(bytes), scale] })
            }
            None => json!({ "x": hex(bytes) }),
        },
        Value::Array(items) => {
            json!({ "a": items.iter().map(|item| show(element, item, read)).collect::<Vec<_>>() })
        }
        Value::Map(entries) => {
            let key = schema.and_then(|s| s.key.as_deref());
            let pair = |(k, v): &(Value<'_>, Value<'_>)| json!([show(key, k, read), show(element, v, read)]);
            json!({ "m": entries.iter().map(pair).collect::<Vec<_>>() })
        }
        Value::Struct(values) => {
            let fields = schema.map(|s| s.fields.as_slice()).unwrap_or_default();
            let one = |(at, value): (usize, &Value<'_>)| {
                show(fields.get(at).map(|f| f.schema.as_ref()), value, read)
            };
            json!({ "st": values.iter().enumerate().map(one).collect::<Vec<_>>() })
        }
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes of hexadecimal digits.
pub fn unhex(text: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_bytes().chunks(2).map(byte).collect()
}
