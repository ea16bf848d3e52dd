//! The converters of single numbers and booleans: fixed width, big-endian.

use std::sync::Arc;

use super::{ConvertError, Converter, Payload};
use crate::records::java_text::logical_name;
use crate::records::schema::{Schema, Type};
use crate::records::value::{SchemaAndValue, Value};

/// Which of Kafka's primitive converters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// BooleanConverter: one byte, 0 or 1.
    Boolean,
    /// ShortConverter: 2 bytes.
    Short,
    /// IntegerConverter: 4 bytes.
    Integer,
    /// LongConverter: 8 bytes.
    Long,
    /// FloatConverter: 4 bytes.
    Float,
    /// DoubleConverter: 8 bytes.
    Double,
}

impl NumberKind {
    fn names(self) -> (&'static str, Type) {
        match self {
            NumberKind::Boolean => ("BooleanConverter", Type::Boolean),
            NumberKind::Short => ("ShortConverter", Type::Int16),
            NumberKind::Integer => ("IntegerConverter", Type::Int32),
            NumberKind::Long => ("LongConverter", Type::Int64),
            NumberKind::Float => ("FloatConverter", Type::Float32),
            NumberKind::Double => ("DoubleConverter", Type::Float64),
        }
    }
}

/// Writes and reads values of one primitive type.
#[derive(Debug, Clone)]
pub struct PrimitiveConverter {
    kind: NumberKind,
    schema: Arc<Schema>,
}

impl PrimitiveConverter {
    /// Makes the converter of this kind; it has no settings.
    pub fn new(kind: NumberKind) -> Self {
        PrimitiveConverter { kind, schema: Arc::new(Schema::of(kind.names().1).optional()) }
    }

    fn refuse(&self, found: &'static str) -> ConvertError {
        let (converter, kind) = self.kind.names();
        ConvertError::Type { converter, expected: kind.name(), found }
    }

    fn exactly<const N: usize>(&self, data: &[u8]) -> Result<[u8; N], ConvertError> {
        let converter = self.kind.names().0;
        data.try_into().map_err(|_| ConvertError::Length { converter, expected: N, found: data.len() })
    }
}

impl Converter for PrimitiveConverter {
    fn from_connect<'a>(
        &self,
        _topic: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError> {
        let wanted = self.kind.names().1;
        // BooleanConverter alone looks at the schema too, as in Kafka.
        if let Some(schema) = schema.filter(|s| s.kind != wanted && self.kind == NumberKind::Boolean) {
            return Err(self.refuse(schema.kind.name()));
        }
        if let Some(name) = logical_name(schema, value) {
            return Err(self.refuse(name));
        }
        let start = scratch.len();
        match *value {
            Value::Null => return Ok(Payload::Null),
            _ if value.kind() != Some(wanted) => return Err(self.refuse(value.kind_name())),
            Value::Boolean(b) => scratch.push(u8::from(b)),
            Value::Int16(n) => scratch.extend_from_slice(&n.to_be_bytes()),
            Value::Int32(n) => scratch.extend_from_slice(&n.to_be_bytes()),
            Value::Int64(n) => scratch.extend_from_slice(&n.to_be_bytes()),
            Value::Float32(n) => scratch.extend_from_slice(&n.to_be_bytes()),
            Value::Float64(n) => scratch.extend_from_slice(&n.to_be_bytes()),
            _ => return Err(self.refuse(value.kind_name())),
        }
        Ok(Payload::Scratch(start..scratch.len()))
    }

    fn to_connect<'a>(
        &self,
        _topic: &str,
        data: Option<&'a [u8]>,
    ) -> Result<SchemaAndValue<'a>, ConvertError> {
        let Some(data) = data else { return Ok(SchemaAndValue::new(self.schema.clone(), Value::Null)) };
        let value = match self.kind {
            NumberKind::Boolean => match self.exactly(data)? {
                [0] => Value::Boolean(false),
                [1] => Value::Boolean(true),
                [other] => {
                    return Err(ConvertError::data(format!(
                        "Unexpected byte received by BooleanConverter: {other}"
                    )));
                }
            },
            NumberKind::Short => Value::Int16(i16::from_be_bytes(self.exactly(data)?)),
            NumberKind::Integer => Value::Int32(i32::from_be_bytes(self.exactly(data)?)),
            NumberKind::Long => Value::Int64(i64::from_be_bytes(self.exactly(data)?)),
            NumberKind::Float => Value::Float32(f32::from_be_bytes(self.exactly(data)?)),
            NumberKind::Double => Value::Float64(f64::from_be_bytes(self.exactly(data)?)),
        };
        Ok(SchemaAndValue::new(self.schema.clone(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::schema::TIMESTAMP;

    #[test]
    fn each_kind_round_trips_big_endian() {
        let cases: [(NumberKind, Value<'_>, &[u8]); 6] = [
            (NumberKind::Boolean, Value::Boolean(true), &[1]),
            (NumberKind::Short, Value::Int16(-2), &[255, 254]),
            (NumberKind::Integer, Value::Int32(258), &[0, 0, 1, 2]),
            (NumberKind::Long, Value::Int64(1), &[0, 0, 0, 0, 0, 0, 0, 1]),
            (NumberKind::Float, Value::Float32(1.0), &[0x3f, 0x80, 0, 0]),
            (NumberKind::Double, Value::Float64(1.0), &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        ];
        for (kind, value, bytes) in cases {
            let converter = PrimitiveConverter::new(kind);
            let mut scratch = b"before".to_vec();
            let payload = converter.from_connect("t", None, &value, &mut scratch).unwrap();
            assert_eq!(payload.resolve(&scratch), Some(bytes));
            let read = converter.to_connect("t", Some(bytes)).unwrap();
            assert_eq!(read.value, value);
            assert!(read.schema.is_some_and(|s| s.optional && Some(s.kind) == value.kind()));
            assert!(converter.to_connect("t", Some(&[0; 3])).is_err());
            assert!(converter.to_connect("t", None).unwrap().value.is_null());
            assert!(converter.from_connect("t", None, &Value::str("1"), &mut scratch).is_err());
        }
        let timestamp = Arc::new(Schema::of(Type::Int64).named(TIMESTAMP, Some(1)));
        let converter = PrimitiveConverter::new(NumberKind::Long);
        let error =
            converter.from_connect("t", Some(&timestamp), &Value::Int64(1), &mut Vec::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "LongConverter cannot write org.apache.kafka.connect.data.Timestamp: it takes INT64"
        );
        assert!(PrimitiveConverter::new(NumberKind::Boolean).to_connect("t", Some(&[7])).is_err());
    }
}
