//! Records of the offsets topic: `["connector",{partition}]` to `{offset}`, as JSON without schemas.

use serde_json::Value as Node;

use crate::records::convert::json::write::{Style, push_value};
use crate::records::convert::json::{parse, read};
use crate::records::value::Value;

/// Why an offset record cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OffsetError {
    /// A source partition or offset that is neither null nor a map.
    #[error("Source partitions and offsets have to be maps or null, but found {0}")]
    NotAMap(&'static str),
    /// A map with a key that is no string.
    #[error("Offsets may only use String keys, but found {0}")]
    Key(&'static str),
    /// A map with a value that is not primitive.
    #[error("Offsets may only contain primitive types as values, but field {field} contains {kind}")]
    Field {
        /// The key in the map.
        field: String,
        /// The type of its value.
        kind: &'static str,
    },
    /// A number that JSON has no form for, and whatever else cannot be written.
    #[error("offset cannot be written as JSON: {0}")]
    Write(String),
    /// Bytes that are not JSON.
    #[error("offset record is not JSON: {0}")]
    Json(String),
    /// A record's key of another form.
    #[error("offset key is not of the form [connector, source partition]: {0}")]
    KeyForm(String),
}

/// The key of an offset record.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetKey {
    /// The connector's name.
    pub connector: String,
    /// The source partition: a map, or null.
    pub partition: Value<'static>,
}

/// Checks what Kafka demands of source partitions and offsets: null, or a map of strings to primitive values.
///
/// # Errors
/// Names the first thing that is wrong.
pub fn check(value: &Value<'_>) -> Result<(), OffsetError> {
    let entries = match value {
        Value::Null => return Ok(()),
        Value::Map(entries) => entries,
        other => return Err(OffsetError::NotAMap(other.kind_name())),
    };
    for (key, field) in entries {
        let key = key.as_str().ok_or(OffsetError::Key(key.kind_name()))?;
        if matches!(field, Value::Array(_) | Value::Map(_) | Value::Struct(_)) {
            return Err(OffsetError::Field { field: key.to_owned(), kind: field.kind_name() });
        }
    }
    Ok(())
}

fn push(out: &mut Vec<u8>, value: &Value<'_>) -> Result<(), OffsetError> {
    check(value)?;
    push_value(out, Style::default(), None, value).map_err(|error| OffsetError::Write(error.to_string()))
}

/// The bytes of the key for a source partition, its fields in the order of the map.
///
/// # Errors
/// As [`check`].
pub fn key_bytes(connector: &str, partition: &Value<'_>) -> Result<Vec<u8>, OffsetError> {
    let mut out = vec![b'['];
    push_value(&mut out, Style::default(), None, &Value::str(connector))
        .map_err(|error| OffsetError::Write(error.to_string()))?;
    out.push(b',');
    push(&mut out, partition)?;
    out.push(b']');
    Ok(out)
}

/// The bytes of the value for a source offset; `None`, a tombstone, when the offset is null.
///
/// # Errors
/// As [`check`].
pub fn value_bytes(offset: &Value<'_>) -> Result<Option<Vec<u8>>, OffsetError> {
    if offset.is_null() {
        return Ok(None);
    }
    let mut out = Vec::new();
    push(&mut out, offset)?;
    Ok(Some(out))
}

/// Reads a key. Integers become 64 bits wide, other numbers double.
///
/// # Errors
/// When the bytes are not JSON, or not an array of a string and an object or null.
pub fn parse_key(bytes: &[u8]) -> Result<OffsetKey, OffsetError> {
    let form = |what: &str| OffsetError::KeyForm(what.to_owned());
    let node = parse::parse(bytes).map_err(|error| OffsetError::Json(error.to_string()))?;
    let Some(Node::Array(parts)) = node else { return Err(form("it is no array")) };
    let [connector, partition] = <[Node; 2]>::try_from(parts)
        .map_err(|parts| OffsetError::KeyForm(format!("it has {} elements", parts.len())))?;
    let Node::String(connector) = connector else { return Err(form("the connector's name is no string")) };
    if !matches!(partition, Node::Object(_) | Node::Null) {
        return Err(form("the source partition is no object"));
    }
    Ok(OffsetKey { connector, partition: read::schemaless(partition) })
}

/// Reads a value; the text `null` and no bytes at all are null, as a tombstone is. Integers become 64 bits
/// wide, other numbers double.
///
/// # Errors
/// When the bytes are not JSON, or not an object.
pub fn parse_value(bytes: Option<&[u8]>) -> Result<Value<'static>, OffsetError> {
    let Some(bytes) = bytes else { return Ok(Value::Null) };
    let node = parse::parse(bytes).map_err(|error| OffsetError::Json(error.to_string()))?;
    let value = read::schemaless(node.unwrap_or(Node::Null));
    match value {
        Value::Null | Value::Map(_) => Ok(value),
        other => Err(OffsetError::NotAMap(other.kind_name())),
    }
}

/// A text that is the same for equal source partitions, whatever the order of their fields and the width of
/// their numbers.
///
/// # Errors
/// As [`check`].
pub fn canonical(partition: &Value<'_>) -> Result<Vec<u8>, OffsetError> {
    let mut out = Vec::new();
    match partition {
        Value::Map(entries) => {
            let mut sorted = entries.clone();
            sorted.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
            push(&mut out, &Value::Map(sorted))?;
        }
        other => push(&mut out, other)?,
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map<'a>(entries: &[(&'a str, Value<'a>)]) -> Value<'a> {
        Value::Map(entries.iter().map(|(k, v)| (Value::str(k), v.clone())).collect())
    }

    #[test]
    fn the_bytes_are_kafkas() {
        let partition = map(&[("filename", Value::str("/tmp/a.txt"))]);
        assert_eq!(key_bytes("my-src", &partition).unwrap(), br#"["my-src",{"filename":"/tmp/a.txt"}]"#);
        assert_eq!(key_bytes("a\"b", &Value::Null).unwrap(), br#"["a\"b",null]"#);
        let offset = map(&[
            ("position", Value::Int64(123)),
            ("b", Value::Boolean(true)),
            ("n", Value::Null),
            ("d", Value::Float64(1e10)),
            ("raw", Value::bytes(b"abc")),
        ]);
        let bytes = value_bytes(&offset).unwrap().unwrap();
        assert_eq!(bytes, br#"{"position":123,"b":true,"n":null,"d":1.0E10,"raw":"YWJj"}"#);
        assert_eq!(value_bytes(&Value::Null), Ok(None));
    }

    #[test]
    fn records_are_read_back() {
        let key = parse_key(br#"["c",{"filename":"x","n":1}]"#).unwrap();
        assert_eq!(
            (key.connector.as_str(), key.partition),
            ("c", map(&[("filename", Value::str("x")), ("n", Value::Int64(1))]))
        );
        assert!(parse_key(br#"["c",null]"#).unwrap().partition.is_null());
        assert_eq!(parse_value(Some(b"{\"position\":7}")), Ok(map(&[("position", Value::Int64(7))])));
        for tombstone in [None, Some(&b"null"[..]), Some(b"")] {
            assert_eq!(parse_value(tombstone), Ok(Value::Null));
        }
    }

    #[test]
    fn other_forms_are_refused_with_a_reason() {
        let cases: [(&[u8], &str); 5] = [
            (b"{}", "it is no array"),
            (b"[\"c\"]", "it has 1 elements"),
            (b"[1,{}]", "the connector's name is no string"),
            (b"[\"c\",1]", "the source partition is no object"),
            (b"nonsense", "not JSON"),
        ];
        for (bytes, reason) in cases {
            assert!(parse_key(bytes).unwrap_err().to_string().contains(reason), "{reason}");
        }
        assert_eq!(parse_value(Some(b"1")), Err(OffsetError::NotAMap("INT64")));
        let nested = map(&[("f", Value::Array(vec![]))]);
        assert_eq!(
            value_bytes(&nested).unwrap_err().to_string(),
            "Offsets may only contain primitive types as values, but field f contains ARRAY"
        );
        let keyed = Value::Map(vec![(Value::Int8(1), Value::Null)]);
        assert!(
            key_bytes("c", &keyed).unwrap_err().to_string().starts_with("Offsets may only use String keys")
        );
        assert_eq!(key_bytes("c", &Value::Int8(1)), Err(OffsetError::NotAMap("INT8")));
    }

    #[test]
    fn equal_partitions_have_one_canonical_form() {
        let one = map(&[("a", Value::Int32(1)), ("b", Value::str("x"))]);
        let other = map(&[("b", Value::str("x")), ("a", Value::Int64(1))]);
        assert_eq!(canonical(&one), canonical(&other));
        assert_ne!(canonical(&one), canonical(&map(&[("a", Value::Int8(2)), ("b", Value::str("x"))])));
    }

    proptest! {
        #[test]
        fn any_partition_survives_the_round_trip(
            name in "\\PC{0,20}", fields in prop::collection::btree_map("\\PC{0,10}", any::<i64>(), 0..5)
        ) {
            let entries = fields.iter().map(|(k, v)| (Value::String(k.clone().into()), Value::Int64(*v)));
            let partition = Value::Map(entries.collect());
            let key = parse_key(&key_bytes(&name, &partition).unwrap()).unwrap();
            prop_assert_eq!(key, OffsetKey { connector: name, partition });
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse_key(&bytes);
            let _ = parse_value(Some(&bytes));
        }
    }
}
