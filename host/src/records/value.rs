//! A Connect value: a small tagged tree whose strings and bytes are borrowed wherever they can be.

use std::borrow::Cow;
use std::sync::Arc;

use super::schema::{Schema, Type};

/// A value of the Connect data model.
///
/// Logical types have no variants of their own: Date and Time are [`Value::Int32`], Timestamp is
/// [`Value::Int64`], Decimal is [`Value::Bytes`] (the unscaled integer, big-endian two's complement); their
/// schema's name tells them apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A signed 8-bit integer.
    Int8(i8),
    /// A signed 16-bit integer.
    Int16(i16),
    /// A signed 32-bit integer.
    Int32(i32),
    /// A signed 64-bit integer.
    Int64(i64),
    /// A 32-bit floating-point number.
    Float32(f32),
    /// A 64-bit floating-point number.
    Float64(f64),
    /// Text.
    String(Cow<'a, str>),
    /// Raw bytes.
    Bytes(Cow<'a, [u8]>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// Entries in the order in which they were given.
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// The fields' values, in the order of the schema's fields.
    Struct(Vec<Value<'a>>),
}

impl<'a> Value<'a> {
    /// A string value that borrows `text`.
    pub fn str(text: &'a str) -> Self {
        Value::String(Cow::Borrowed(text))
    }

    /// A bytes value that borrows `bytes`.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Value::Bytes(Cow::Borrowed(bytes))
    }

    /// Whether this is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The schema type that this value is an instance of; `None` for null.
    pub fn kind(&self) -> Option<Type> {
        Some(match self {
            Value::Null => return None,
            Value::Boolean(_) => Type::Boolean,
            Value::Int8(_) => Type::Int8,
            Value::Int16(_) => Type::Int16,
            Value::Int32(_) => Type::Int32,
            Value::Int64(_) => Type::Int64,
            Value::Float32(_) => Type::Float32,
            Value::Float64(_) => Type::Float64,
            Value::String(_) => Type::String,
            Value::Bytes(_) => Type::Bytes,
            Value::Array(_) => Type::Array,
            Value::Map(_) => Type::Map,
            Value::Struct(_) => Type::Struct,
        })
    }

    /// The name of the value's type in messages, `NULL` for null.
    pub fn kind_name(&self) -> &'static str {
        self.kind().map_or("NULL", Type::name)
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer value of any width.
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Value::Int8(n) => Some(n.into()),
            Value::Int16(n) => Some(n.into()),
            Value::Int32(n) => Some(n.into()),
            Value::Int64(n) => Some(n),
            _ => None,
        }
    }

    /// The bytes that a string or bytes value lies in, without copying; `None` for every other value.
    pub fn raw(&self) -> Option<&[u8]> {
        match self {
            Value::String(text) => Some(text.as_bytes()),
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The same value with everything borrowed copied.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Boolean(b) => Value::Boolean(b),
            Value::Int8(n) => Value::Int8(n),
            Value::Int16(n) => Value::Int16(n),
            Value::Int32(n) => Value::Int32(n),
            Value::Int64(n) => Value::Int64(n),
            Value::Float32(n) => Value::Float32(n),
            Value::Float64(n) => Value::Float64(n),
            Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Value::Map(entries) => {
                Value::Map(entries.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
            }
            Value::Struct(fields) => Value::Struct(fields.into_iter().map(Value::into_owned).collect()),
        }
    }
}

/// A value with the schema that describes it; no schema means schemaless data.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaAndValue<'a> {
    /// The schema, if there is one.
    pub schema: Option<Arc<Schema>>,
    /// The value.
    pub value: Value<'a>,
}

impl<'a> SchemaAndValue<'a> {
    /// Null without a schema: what a tombstone reads as.
    pub const NULL: SchemaAndValue<'static> = SchemaAndValue { schema: None, value: Value::Null };

    /// A value with its schema.
    pub fn new(schema: Arc<Schema>, value: Value<'a>) -> Self {
        SchemaAndValue { schema: Some(schema), value }
    }

    /// A value without a schema.
    pub fn schemaless(value: Value<'a>) -> Self {
        SchemaAndValue { schema: None, value }
    }

    /// The same with everything borrowed copied.
    pub fn into_owned(self) -> SchemaAndValue<'static> {
        SchemaAndValue { schema: self.schema, value: self.value.into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_small_enough_to_lie_in_batches() {
        assert!(size_of::<Value<'_>>() <= 32, "{}", size_of::<Value<'_>>());
    }

    #[test]
    fn owning_keeps_the_value() {
        let text = String::from("x");
        let value =
            Value::Map(vec![(Value::str(&text), Value::Array(vec![Value::bytes(b"y"), Value::Int8(1)]))]);
        let owned: Value<'static> = value.clone().into_owned();
        assert_eq!(owned, value);
        assert_eq!(owned.kind_name(), "MAP");
    }
}
