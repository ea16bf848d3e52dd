//! The schema of a Connect value: its type, and what else is known about it.

use std::sync::{Arc, LazyLock};

use super::value::Value;

/// Name of the logical type of exact decimal numbers (bytes, parameter `scale`).
pub const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";
/// Name of the logical type of days since the epoch (int32).
pub const DATE: &str = "org.apache.kafka.connect.data.Date";
/// Name of the logical type of milliseconds since midnight (int32).
pub const TIME: &str = "org.apache.kafka.connect.data.Time";
/// Name of the logical type of milliseconds since the epoch (int64).
pub const TIMESTAMP: &str = "org.apache.kafka.connect.data.Timestamp";

/// The types of the Connect data model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// A signed 8-bit integer.
    Int8,
    /// A signed 16-bit integer.
    Int16,
    /// A signed 32-bit integer.
    Int32,
    /// A signed 64-bit integer.
    Int64,
    /// A 32-bit floating-point number.
    Float32,
    /// A 64-bit floating-point number.
    Float64,
    /// True or false.
    Boolean,
    /// Text.
    String,
    /// Raw bytes.
    Bytes,
    /// A list of values of one schema.
    Array,
    /// Keys of one schema to values of another.
    Map,
    /// Named fields, each with a schema.
    Struct,
}

impl Type {
    /// Every type, in the order of the enum.
    pub const ALL: [Type; 12] = [
        Type::Int8,
        Type::Int16,
        Type::Int32,
        Type::Int64,
        Type::Float32,
        Type::Float64,
        Type::Boolean,
        Type::String,
        Type::Bytes,
        Type::Array,
        Type::Map,
        Type::Struct,
    ];

    /// Kafka's name of the type in messages, for example `INT8`.
    pub fn name(self) -> &'static str {
        match self {
            Type::Int8 => "INT8",
            Type::Int16 => "INT16",
            Type::Int32 => "INT32",
            Type::Int64 => "INT64",
            Type::Float32 => "FLOAT32",
            Type::Float64 => "FLOAT64",
            Type::Boolean => "BOOLEAN",
            Type::String => "STRING",
            Type::Bytes => "BYTES",
            Type::Array => "ARRAY",
            Type::Map => "MAP",
            Type::Struct => "STRUCT",
        }
    }
}

/// A schema. Build one with [`Schema::of`] and set what differs; share it in an [`Arc`].
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The type.
    pub kind: Type,
    /// Whether null is a legal value.
    pub optional: bool,
    /// The name, for structs and logical types.
    pub name: Option<String>,
    /// The version that belongs to the name.
    pub version: Option<i32>,
    /// Documentation for people.
    pub doc: Option<String>,
    /// Further facts about the type, such as the `scale` of a Decimal, in the order in which they were given.
    pub parameters: Vec<(String, String)>,
    /// What stands in for null.
    pub default: Option<Value<'static>>,
    /// The fields of a struct; empty for every other type.
    pub fields: Vec<Field>,
    /// The schema of a map's keys.
    pub key: Option<Arc<Schema>>,
    /// The schema of a map's values or of an array's elements.
    pub value: Option<Arc<Schema>>,
}

/// One field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name, unique in the struct.
    pub name: String,
    /// Its schema.
    pub schema: Arc<Schema>,
}

static SHARED: LazyLock<[[Arc<Schema>; 12]; 2]> = LazyLock::new(|| {
    [false, true].map(|optional| Type::ALL.map(|kind| Arc::new(Schema { optional, ..Schema::of(kind) })))
});

impl Schema {
    /// A required schema of this type with nothing else set.
    pub const fn of(kind: Type) -> Schema {
        Schema {
            kind,
            optional: false,
            name: None,
            version: None,
            doc: None,
            parameters: Vec::new(),
            default: None,
            fields: Vec::new(),
            key: None,
            value: None,
        }
    }

    /// The process-wide plain schema of this type: complete for a primitive type, bare for array, map and
    /// struct.
    pub fn shared(kind: Type, optional: bool) -> &'static Arc<Schema> {
        &SHARED[usize::from(optional)][kind as usize]
    }

    /// A required array of `element`.
    pub fn array(element: Arc<Schema>) -> Schema {
        Schema { value: Some(element), ..Schema::of(Type::Array) }
    }

    /// A required map of `key` to `value`.
    pub fn map(key: Arc<Schema>, value: Arc<Schema>) -> Schema {
        Schema { key: Some(key), value: Some(value), ..Schema::of(Type::Map) }
    }

    /// A required struct with these fields.
    pub fn structure(fields: Vec<Field>) -> Schema {
        Schema { fields, ..Schema::of(Type::Struct) }
    }

    /// The same schema, optional.
    pub fn optional(self) -> Schema {
        Schema { optional: true, ..self }
    }

    /// The same schema with a name and version.
    pub fn named(self, name: impl Into<String>, version: Option<i32>) -> Schema {
        Schema { name: Some(name.into()), version, ..self }
    }

    /// The same schema with a default.
    pub fn with_default(self, default: Value<'static>) -> Schema {
        Schema { default: Some(default), ..self }
    }

    /// The required schema of Decimal with this scale.
    pub fn decimal(scale: i32) -> Schema {
        let parameters = vec![("scale".to_owned(), scale.to_string())];
        Schema { parameters, ..Schema::of(Type::Bytes).named(DECIMAL, Some(1)) }
    }

    /// Whether the schema says nothing but its type and whether it is optional.
    pub fn is_plain(&self) -> bool {
        self.name.is_none()
            && self.default.is_none()
            && self.version.is_none()
            && self.doc.is_none()
            && self.parameters.is_empty()
            && self.fields.is_empty()
            && self.key.is_none()
            && self.value.is_none()
    }

    /// The value of a parameter.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_schemas_are_what_they_are_called() {
        for kind in Type::ALL {
            for optional in [false, true] {
                let schema = Schema::shared(kind, optional);
                assert_eq!((schema.kind, schema.optional, schema.is_plain()), (kind, optional, true));
                assert!(Arc::ptr_eq(schema, Schema::shared(kind, optional)));
            }
        }
    }

    #[test]
    fn a_decimal_carries_its_scale() {
        assert_eq!(Schema::decimal(2).parameter("scale"), Some("2"));
        assert!(!Schema::decimal(2).is_plain());
    }
}
