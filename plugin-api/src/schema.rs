//! Schemas: the eight primitive types always exist, others are registered with the worker once and then cost nothing.

use std::sync::Arc;

use connect_plugin_abi as abi;

use crate::text::Text;
use crate::value::Value;

/// The physical type of a schema or value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)] // they are Kafka Connect's own and say what they are
pub enum Type {
    Boolean = abi::BOOLEAN,
    Int8 = abi::INT8,
    Int16 = abi::INT16,
    Int32 = abi::INT32,
    Int64 = abi::INT64,
    Float32 = abi::FLOAT32,
    Float64 = abi::FLOAT64,
    String = abi::STRING,
    Bytes = abi::BYTES,
    Array = abi::ARRAY,
    Map = abi::MAP,
    Struct = abi::STRUCT,
}

impl Type {
    /// The type of that number in the contract.
    pub(crate) fn from_tag(tag: u32) -> Option<Type> {
        use Type::*;
        [Boolean, Int8, Int16, Int32, Int64, Float32, Float64, String, Bytes, Array, Map, Struct]
            .into_iter()
            .find(|kind| *kind as u32 == tag)
    }
}

/// A schema as a number that the worker knows, with its parts where it has some. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    id: u32,
    parts: Option<Arc<SchemaParts>>,
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Schema {
    /// No schema.
    pub const NONE: Schema = Schema::primitive(abi::SCHEMA_NONE);
    /// A required boolean.
    pub const BOOLEAN: Schema = Schema::primitive(abi::BOOLEAN);
    /// A required 8-bit integer.
    pub const INT8: Schema = Schema::primitive(abi::INT8);
    /// A required 16-bit integer.
    pub const INT16: Schema = Schema::primitive(abi::INT16);
    /// A required 32-bit integer.
    pub const INT32: Schema = Schema::primitive(abi::INT32);
    /// A required 64-bit integer.
    pub const INT64: Schema = Schema::primitive(abi::INT64);
    /// A required single.
    pub const FLOAT32: Schema = Schema::primitive(abi::FLOAT32);
    /// A required double.
    pub const FLOAT64: Schema = Schema::primitive(abi::FLOAT64);
    /// A required text.
    pub const STRING: Schema = Schema::primitive(abi::STRING);
    /// Required bytes.
    pub const BYTES: Schema = Schema::primitive(abi::BYTES);

    const fn primitive(id: u32) -> Schema {
        Schema { id, parts: None }
    }

    /// The optional schema of the same primitive type; any other schema stays as it is.
    #[must_use]
    pub const fn optional(self) -> Schema {
        match self.id {
            abi::BOOLEAN..=abi::BYTES => {
                let id = self.id + abi::SCHEMA_OPTIONAL;
                std::mem::forget(self);
                Schema::primitive(id)
            }
            _ => self,
        }
    }

    /// The worker's number of it.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What it consists of; `None` for no schema and for the primitives that always exist.
    pub fn parts(&self) -> Option<&SchemaParts> {
        self.parts.as_deref()
    }

    /// The schema of that number, if it is one that always exists.
    pub(crate) fn built_in(id: u32) -> Option<Schema> {
        let tag = id & !abi::SCHEMA_OPTIONAL;
        let known = id == abi::SCHEMA_NONE || (abi::BOOLEAN..=abi::BYTES).contains(&tag);
        (known && id < abi::SCHEMA_FIRST_REGISTERED).then_some(Schema::primitive(id))
    }

    pub(crate) fn registered(id: u32, parts: SchemaParts) -> Schema {
        Schema { id, parts: Some(Arc::new(parts)) }
    }
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Text,
    /// Its schema.
    pub schema: Schema,
}

/// What a schema consists of; registered with a context's `register_schema`.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaParts {
    /// Physical type.
    pub kind: Type,
    /// Whether null is allowed.
    pub optional: bool,
    /// Logical name, such as `org.apache.kafka.connect.data.Date`.
    pub name: Option<Text>,
    /// Version.
    pub version: Option<i32>,
    /// Documentation.
    pub doc: Option<Text>,
    /// Parameters, such as `scale`.
    pub parameters: Vec<(Text, Text)>,
    /// Default; must be a primitive.
    pub default: Option<Value>,
    /// Fields of a struct.
    pub fields: Vec<Field>,
    /// Schema of a map's keys.
    pub key: Schema,
    /// Schema of a map's values or an array's elements.
    pub value: Schema,
}

impl SchemaParts {
    /// A required schema of that type, with nothing else.
    pub fn new(kind: Type) -> Self {
        SchemaParts {
            kind,
            optional: false,
            name: None,
            version: None,
            doc: None,
            parameters: Vec::new(),
            default: None,
            fields: Vec::new(),
            key: Schema::NONE,
            value: Schema::NONE,
        }
    }

    /// A struct's schema, to be given fields.
    pub fn structure() -> Self {
        Self::new(Type::Struct)
    }

    /// An array of `value`.
    pub fn array(value: Schema) -> Self {
        SchemaParts { value, ..Self::new(Type::Array) }
    }

    /// A map from `key` to `value`.
    pub fn map(key: Schema, value: Schema) -> Self {
        SchemaParts { key, value, ..Self::new(Type::Map) }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: impl Into<Text>, schema: Schema) -> Self {
        self.fields.push(Field { name: name.into(), schema });
        self
    }

    /// Allows null.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Sets the logical name.
    #[must_use]
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: i32) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets the documentation.
    #[must_use]
    pub fn doc(mut self, text: impl Into<Text>) -> Self {
        self.doc = Some(text.into());
        self
    }

    /// Sets the default, a primitive of the schema's type.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, key: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.parameters.push((key.into(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_ids_are_those_of_the_contract() {
        assert_eq!(Schema::STRING.id(), 8);
        assert_eq!(Schema::STRING.optional().id(), 136);
        assert_eq!(Schema::NONE.optional().id(), 0);
        for id in [0, 1, 9, 129, 137] {
            assert_eq!(Schema::built_in(id).map(|s| s.id()), Some(id));
        }
        for id in [10, 128, 138, 256, 300] {
            assert_eq!(Schema::built_in(id), None, "{id}");
        }
    }
}
