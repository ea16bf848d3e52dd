//! Values as a source hands them out and as offsets hold them.

use bytes::Bytes;

use crate::schema::Schema;
use crate::text::Text;

/// A value of Kafka Connect's data model. Logical types (Date, Time, Timestamp, Decimal) are told by the name of the
/// schema beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// 8 bits.
    Int8(i8),
    /// 16 bits.
    Int16(i16),
    /// 32 bits.
    Int32(i32),
    /// 64 bits.
    Int64(i64),
    /// Single precision.
    Float32(f32),
    /// Double precision.
    Float64(f64),
    /// Text.
    String(Text),
    /// Bytes.
    Bytes(Bytes),
    /// Values in a row.
    Array(Vec<Value>),
    /// Pairs of key and value.
    Map(Vec<(Value, Value)>),
    /// One value for each field, in the order of the schema.
    Struct(Vec<Value>),
}

impl Value {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is an integer of any width.
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Value::Int8(n) => Some(n.into()),
            Value::Int16(n) => Some(n.into()),
            Value::Int32(n) => Some(n.into()),
            Value::Int64(n) => Some(n),
            _ => None,
        }
    }

    /// The schema that a value has by itself: required for primitives, none for null and for nested values.
    pub fn natural_schema(&self) -> Schema {
        match self {
            Value::Boolean(_) => Schema::BOOLEAN,
            Value::Int8(_) => Schema::INT8,
            Value::Int16(_) => Schema::INT16,
            Value::Int32(_) => Schema::INT32,
            Value::Int64(_) => Schema::INT64,
            Value::Float32(_) => Schema::FLOAT32,
            Value::Float64(_) => Schema::FLOAT64,
            Value::String(_) => Schema::STRING,
            Value::Bytes(_) => Schema::BYTES,
            Value::Null | Value::Array(_) | Value::Map(_) | Value::Struct(_) => Schema::NONE,
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Value::$variant(value.into())
            }
        }

        impl From<$from> for SchemaAndValue {
            fn from(value: $from) -> Self {
                let value = Value::from(value);
                SchemaAndValue { schema: value.natural_schema(), value }
            }
        }
    )+};
}

value_from! {
    bool => Boolean, i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64, f32 => Float32, f64 => Float64,
    Text => String, String => String, &'static str => String, Bytes => Bytes, Vec<u8> => Bytes,
}

/// A value with the schema that describes it; [`Schema::NONE`] for schemaless data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaAndValue {
    /// What the value is.
    pub schema: Schema,
    /// The value.
    pub value: Value,
}

impl SchemaAndValue {
    /// Null without schema.
    pub const NULL: SchemaAndValue = SchemaAndValue { schema: Schema::NONE, value: Value::Null };

    /// `value` described by `schema`.
    pub fn new(schema: Schema, value: impl Into<Value>) -> Self {
        SchemaAndValue { schema, value: value.into() }
    }

    /// `value` without a schema.
    pub fn schemaless(value: impl Into<Value>) -> Self {
        Self::new(Schema::NONE, value)
    }
}

impl<T: Into<SchemaAndValue>> From<Option<T>> for SchemaAndValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(SchemaAndValue::NULL, Into::into)
    }
}

/// Pairs of name and primitive value: a source partition or a source offset, as the user sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<(Text, Value)>);

impl Fields {
    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All pairs, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(Text, Value)> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<Text>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Fields {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Fields(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
