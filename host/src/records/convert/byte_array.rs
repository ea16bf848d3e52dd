//! ByteArrayConverter: bytes as they are.

use std::sync::Arc;

use super::{ConvertError, Converter, Payload};
use crate::records::java_text::logical_name;
use crate::records::schema::{Schema, Type};
use crate::records::value::{SchemaAndValue, Value};

/// Passes bytes through. Other types are refused.
#[derive(Debug, Clone)]
pub struct ByteArrayConverter {
    // An Arc of its own: a process-wide one would be counted up and down by every task at once.
    schema: Arc<Schema>,
}

impl ByteArrayConverter {
    /// Makes one; it has no settings.
    pub fn new() -> Self {
        ByteArrayConverter { schema: Arc::new(Schema::of(Type::Bytes).optional()) }
    }
}

impl Default for ByteArrayConverter {
    fn default() -> Self {
        Self::new()
    }
}

fn refuse(found: &'static str) -> ConvertError {
    ConvertError::Type { converter: "ByteArrayConverter", expected: "BYTES", found }
}

impl Converter for ByteArrayConverter {
    fn from_connect<'a>(
        &self,
        _topic: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        _scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError> {
        if let Some(schema) = schema.filter(|s| s.kind != Type::Bytes) {
            return Err(refuse(schema.kind.name()));
        }
        if let Some(name) = logical_name(schema, value) {
            return Err(refuse(name));
        }
        match value {
            Value::Null => Ok(Payload::Null),
            Value::Bytes(bytes) => Ok(Payload::Borrowed(bytes)),
            other => Err(refuse(other.kind_name())),
        }
    }

    fn to_connect<'a>(
        &self,
        _topic: &str,
        data: Option<&'a [u8]>,
    ) -> Result<SchemaAndValue<'a>, ConvertError> {
        Ok(SchemaAndValue::new(self.schema.clone(), data.map_or(Value::Null, Value::bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_pass_and_nothing_else_does() {
        let converter = ByteArrayConverter::new();
        let mut scratch = Vec::new();
        let bytes = Value::bytes(&[0, 255]);
        assert_eq!(
            converter.from_connect("t", None, &bytes, &mut scratch),
            Ok(Payload::Borrowed(&[0, 255][..]))
        );
        assert_eq!(converter.from_connect("t", None, &Value::Null, &mut scratch), Ok(Payload::Null));
        let error = converter.from_connect("t", None, &Value::str("x"), &mut scratch).unwrap_err();
        assert_eq!(error.to_string(), "ByteArrayConverter cannot write STRING: it takes BYTES");
        let text = Some(Schema::shared(Type::String, true));
        assert!(converter.from_connect("t", text, &Value::Null, &mut scratch).is_err());
        let decimal = Arc::new(Schema::decimal(2));
        assert!(converter.from_connect("t", Some(&decimal), &bytes, &mut scratch).is_err());
        assert!(scratch.is_empty());
    }

    #[test]
    fn reading_gives_optional_bytes() {
        let converter = ByteArrayConverter::new();
        let read = converter.to_connect("t", Some(b"x")).unwrap();
        assert_eq!(read, SchemaAndValue::new(Schema::shared(Type::Bytes, true).clone(), Value::bytes(b"x")));
        let null = converter.to_connect("t", None).unwrap();
        assert!(null.value.is_null() && null.schema.is_some());
    }
}
