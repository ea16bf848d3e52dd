//! JSON trees as Connect values and schemas, with the checks and messages of Kafka's JsonConverter.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Number, Value as Node};

use super::parse::{is_integral, low_bits, node_type, to_f32, to_f64};
use crate::records::convert::ConvertError;
use crate::records::date::TIME_RANGE;
use crate::records::decimal;
use crate::records::schema::{DATE, DECIMAL, Field, Schema, TIME, TIMESTAMP, Type};
use crate::records::value::Value;

/// Turns a node into a value. `None` is a field that is not there, which reads as null.
///
/// # Errors
/// When the node does not fit the schema.
pub fn value(
    schema: Option<&Schema>,
    null_is_default: bool,
    node: Option<Node>,
) -> Result<Value<'static>, ConvertError> {
    match (schema, node) {
        (Some(schema), None | Some(Node::Null)) => null(schema, null_is_default),
        (Some(schema), Some(node)) => typed(schema, null_is_default, node),
        (None, None) => Ok(Value::Null),
        (None, Some(node)) => Ok(schemaless(node)),
    }
}

/// Turns a node into a value by its own type: integers are 64 bits wide, other numbers double.
pub fn schemaless(node: Node) -> Value<'static> {
    match node {
        Node::Null => Value::Null,
        Node::Bool(b) => Value::Boolean(b),
        Node::Number(n) if is_integral(&n) => Value::Int64(low_bits(&n)),
        Node::Number(n) => Value::Float64(to_f64(&n)),
        Node::String(text) => Value::String(text.into()),
        Node::Array(items) => Value::Array(items.into_iter().map(schemaless).collect()),
        Node::Object(members) => {
            Value::Map(members.into_iter().map(|(k, v)| (Value::String(k.into()), schemaless(v))).collect())
        }
    }
}

fn null(schema: &Schema, null_is_default: bool) -> Result<Value<'static>, ConvertError> {
    match &schema.default {
        Some(default) if null_is_default => Ok(default.clone()),
        _ if schema.optional => Ok(Value::Null),
        _ => Err(ConvertError::data(format!("Invalid null value for required {} field", schema.kind.name()))),
    }
}

fn typed(schema: &Schema, null_is_default: bool, node: Node) -> Result<Value<'static>, ConvertError> {
    if let Some(read) = logical(schema, &node)? {
        return Ok(read);
    }
    let refuse = |node: &Node| {
        let (kind, found) = (schema.kind.name(), node_type(Some(node)));
        Err(ConvertError::data(format!("Invalid type for {kind}, found a JSON value of type {found}")))
    };
    Ok(match (schema.kind, node) {
        (Type::Boolean, Node::Bool(b)) => Value::Boolean(b),
        // Too large a number is cut off, as in Java.
        (Type::Int8, Node::Number(n)) => Value::Int8(low_bits(&n) as i8),
        (Type::Int16, Node::Number(n)) => Value::Int16(low_bits(&n) as i16),
        (Type::Int32, Node::Number(n)) => Value::Int32(low_bits(&n) as i32),
        (Type::Int64, Node::Number(n)) => Value::Int64(low_bits(&n)),
        (Type::Float32, Node::Number(n)) => Value::Float32(to_f32(&n)),
        (Type::Float64, Node::Number(n)) => Value::Float64(to_f64(&n)),
        (Type::Float32, Node::String(text)) => match not_finite(&text) {
            Some(n) => Value::Float32(n as f32),
            None => return refuse(&Node::String(text)),
        },
        (Type::Float64, Node::String(text)) => match not_finite(&text) {
            Some(n) => Value::Float64(n),
            None => return refuse(&Node::String(text)),
        },
        (Type::String, Node::String(text)) => Value::String(text.into()),
        (Type::Bytes, Node::String(text)) => {
            let bytes = base64(&text);
            Value::Bytes(bytes.map_err(|e| ConvertError::data(format!("Invalid bytes field: {e}")))?.into())
        }
        (Type::Array, Node::Array(items)) => {
            let element = schema.value.as_deref();
            Value::Array(
                items
                    .into_iter()
                    .map(|n| value(element, null_is_default, Some(n)))
                    .collect::<Result<_, _>>()?,
            )
        }
        (Type::Map, node) => map(schema, null_is_default, node)?,
        (Type::Struct, Node::Object(mut members)) => {
            let field =
                |f: &Field| value(Some(&f.schema), null_is_default, members.get_mut(&f.name).map(Node::take));
            Value::Struct(schema.fields.iter().map(field).collect::<Result<_, _>>()?)
        }
        (Type::Struct, node) => {
            let found = node_type(Some(&node));
            return Err(ConvertError::data(format!(
                "Structs should be encoded as JSON objects, but found {found}"
            )));
        }
        (_, node) => return refuse(&node),
    })
}

/// The three numbers that JSON has no literal for, as the writing side quotes them.
fn not_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// As Jackson: padded, with blanks between groups of four, and with bits to spare at the end.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

fn base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    if !text.bytes().any(|byte| byte <= b' ') {
        return LENIENT.decode(text);
    }
    let mut packed = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if byte > b' ' || packed.len() % 4 != 0 {
            packed.push(byte);
        }
    }
    LENIENT.decode(packed)
}

fn logical(schema: &Schema, node: &Node) -> Result<Option<Value<'static>>, ConvertError> {
    let integer = |n: &Number| is_integral(n).then(|| n.as_i64()).flatten();
    let refuse = |name: &str, due: &str| {
        let found = node_type(Some(node));
        Err(ConvertError::data(format!(
            "Invalid type for {name}, underlying representation should be {due} but was {found}"
        )))
    };
    let days_or_millis = |name| match node {
        Node::Number(n) => match integer(n).and_then(|n| i32::try_from(n).ok()) {
            Some(n) => Ok(Some(Value::Int32(n))),
            None => refuse(name, "integer"),
        },
        _ => refuse(name, "integer"),
    };
    match (schema.name.as_deref(), schema.kind) {
        (Some(DATE), Type::Int32) => days_or_millis("Date"),
        (Some(TIME), Type::Int32) => match days_or_millis("Time")? {
            Some(Value::Int32(millis)) if !TIME_RANGE.contains(&millis) => Err(ConvertError::data(
                "Time values must use number of milliseconds greater than 0 and less than 86400000",
            )),
            read => Ok(read),
        },
        (Some(TIMESTAMP), Type::Int64) => match node {
            Node::Number(n) if is_integral(n) => Ok(Some(Value::Int64(low_bits(n)))),
            _ => refuse("Timestamp", "integral"),
        },
        (Some(DECIMAL), Type::Bytes) => match node {
            Node::Number(n) => {
                let unscaled =
                    decimal::scale_of(schema).and_then(|scale| decimal::from_text(n.as_str(), scale));
                unscaled
                    .map(|bytes| Some(Value::Bytes(bytes.into())))
                    .map_err(|e| ConvertError::data(e.to_string()))
            }
            Node::String(text) => unscaled(schema, text).map(Some),
            _ => refuse("Decimal", "numeric or bytes"),
        },
        _ => Ok(None),
    }
}

fn unscaled(schema: &Schema, text: &str) -> Result<Value<'static>, ConvertError> {
    let invalid = |why: String| ConvertError::data(format!("Invalid bytes for Decimal field: {why}"));
    decimal::scale_of(schema).map_err(|e| invalid(e.to_string()))?;
    let bytes = base64(text).map_err(|e| invalid(e.to_string()))?;
    let shortest = decimal::shortest(&bytes).map_err(|e| invalid(e.to_string()))?;
    Ok(Value::Bytes(shortest.to_vec().into()))
}

fn map(schema: &Schema, null_is_default: bool, node: Node) -> Result<Value<'static>, ConvertError> {
    let (key, mapped) = (schema.key.as_deref(), schema.value.as_deref());
    let found = node_type(Some(&node));
    if key.is_none_or(|key| key.kind == Type::String) {
        let Node::Object(members) = node else {
            let message =
                format!("Maps with string fields should be encoded as JSON objects, but found {found}");
            return Err(ConvertError::data(message));
        };
        let entry =
            |(k, v): (String, Node)| Ok((Value::String(k.into()), value(mapped, null_is_default, Some(v))?));
        return Ok(Value::Map(members.into_iter().map(entry).collect::<Result<_, ConvertError>>()?));
    }
    let Node::Array(pairs) = node else {
        let message = format!(
            "Maps with non-string fields should be encoded as JSON array of tuples, but found {found}"
        );
        return Err(ConvertError::data(message));
    };
    let entry = |pair: Node| match pair {
        Node::Array(pair) => {
            let [k, v] = <[Node; 2]>::try_from(pair).map_err(|pair| {
                ConvertError::data(format!(
                    "Found invalid map entry, expected length 2 but found :{}",
                    pair.len()
                ))
            })?;
            Ok((value(key, null_is_default, Some(k))?, value(mapped, null_is_default, Some(v))?))
        }
        other => Err(ConvertError::data(format!(
            "Found invalid map entry instead of array tuple: {}",
            node_type(Some(&other))
        ))),
    };
    // Of equal keys the last one stands, at the place of the first.
    let mut places: HashMap<String, usize> = HashMap::with_capacity(pairs.len());
    let mut entries: Vec<(Value<'static>, Value<'static>)> = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (key, mapped) = entry(pair)?;
        match places.entry(format!("{key:?}")) {
            Entry::Occupied(known) => entries[*known.get()].1 = mapped,
            Entry::Vacant(free) => {
                free.insert(entries.len());
                entries.push((key, mapped));
            }
        }
    }
    Ok(Value::Map(entries))
}

/// Turns the JSON of a schema into the schema; JSON null is no schema.
///
/// # Errors
/// When the type is missing or unknown, a part is missing, or the default does not fit.
pub fn schema(node: &Node, null_is_default: bool) -> Result<Option<Arc<Schema>>, ConvertError> {
    if node.is_null() {
        return Ok(None);
    }
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    let missing = || ConvertError::data("Schema must contain 'type' field");
    let kind = text("type").ok_or_else(missing)?;
    let kind = Type::ALL
        .into_iter()
        .find(|known| super::write::type_name(*known) == kind)
        .ok_or_else(|| ConvertError::data(format!("Unknown schema type: {kind}")))?;
    let part = |name: &str, what: &str| match node
        .get(name)
        .map(|part| schema(part, null_is_default))
        .transpose()?
    {
        Some(Some(part)) => Ok(Some(part)),
        _ => Err(ConvertError::data(what)),
    };
    let mut read = Schema::of(kind);
    match kind {
        Type::Array => read.value = part("items", "Array schema did not specify the element type")?,
        Type::Map => {
            read.key = part("keys", "Map schema did not specify the key type")?;
            read.value = part("values", "Map schema did not specify the value type")?;
        }
        Type::Struct => read.fields = fields(node, null_is_default)?,
        _ => {}
    }
    read.optional = node.get("optional").and_then(Node::as_bool).unwrap_or(false);
    read.name = text("name").map(str::to_owned);
    read.doc = text("doc").map(str::to_owned);
    read.version = match node.get("version") {
        Some(Node::Number(n)) if is_integral(n) => Some(low_bits(n) as i32),
        _ => None,
    };
    if let Some(Node::Object(parameters)) = node.get("parameters") {
        read.parameters = texts(parameters)?;
    }
    if let Some(default) = node.get("default") {
        read.default = Some(value(Some(&read), null_is_default, Some(default.clone()))?);
        read.default.take_if(|default| default.is_null());
    }
    Ok(Some(Arc::new(read)))
}

fn texts(members: &Map<String, Node>) -> Result<Vec<(String, String)>, ConvertError> {
    let text = |(key, node): (&String, &Node)| match node {
        Node::String(text) => Ok((key.clone(), text.clone())),
        _ => Err(ConvertError::data("Schema parameters must have string values.")),
    };
    members.iter().map(text).collect()
}

fn fields(node: &Node, null_is_default: bool) -> Result<Vec<Field>, ConvertError> {
    let list = node.get("fields").and_then(Node::as_array);
    let list =
        list.ok_or_else(|| ConvertError::data("Struct schema's \"fields\" argument is not an array."))?;
    let mut read: Vec<Field> = Vec::with_capacity(list.len());
    for node in list {
        let name = node.get("field").and_then(Node::as_str);
        let name =
            name.ok_or_else(|| ConvertError::data("Struct schema's field name not specified properly"))?;
        if name.is_empty() {
            return Err(ConvertError::data("fieldName cannot be null."));
        }
        if read.iter().any(|field| field.name == name) {
            return Err(ConvertError::data(format!(
                "Cannot create field because of field name duplication {name}"
            )));
        }
        let schema = schema(node, null_is_default)?
            .ok_or_else(|| ConvertError::data("Schema must contain 'type' field"))?;
        read.push(Field { name: name.to_owned(), schema });
    }
    Ok(read)
}
