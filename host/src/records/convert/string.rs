//! StringConverter: text in one of three encodings; anything else as Java's `toString()`.

use std::borrow::Cow;
use std::sync::Arc;

use super::registry::Role;
use super::{ConvertError, Converter, Payload};
use crate::records::java_text;
use crate::records::schema::{Schema, Type};
use crate::records::value::{SchemaAndValue, Value};
use crate::settings::{Problem, Props};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
}

impl Encoding {
    /// By the names that Java knows the charset under.
    fn by_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "unicode-1-1-utf-8" => Encoding::Utf8,
            "us-ascii" | "ascii" | "iso646-us" | "iso_646.irv:1991" | "ansi_x3.4-1968" | "ascii7" | "646"
            | "cp367" | "ibm367" | "us" | "default" => Encoding::Ascii,
            "iso-8859-1" | "iso8859_1" | "iso8859-1" | "iso_8859-1" | "iso_8859_1" | "8859_1" | "latin1"
            | "l1" | "cp819" | "ibm819" | "ibm-819" | "819" | "iso-ir-100" | "csisolatin1" => {
                Encoding::Latin1
            }
            _ => return None,
        })
    }

    /// The highest character that the encoding has as one byte.
    fn limit(self) -> char {
        match self {
            Encoding::Utf8 => char::MAX,
            Encoding::Ascii => '\u{7f}',
            Encoding::Latin1 => '\u{ff}',
        }
    }

    fn decode(self, data: &[u8]) -> Cow<'_, str> {
        match self {
            Encoding::Utf8 => java_text::from_utf8(data),
            Encoding::Latin1 => data.iter().copied().map(char::from).collect::<String>().into(),
            Encoding::Ascii => {
                let replaced =
                    |&b: &u8| if b.is_ascii() { char::from(b) } else { char::REPLACEMENT_CHARACTER };
                data.iter().map(replaced).collect::<String>().into()
            }
        }
    }

    /// Appends one byte for each character; what the encoding lacks becomes a question mark, as in Java.
    fn encode(self, text: &str, out: &mut Vec<u8>) {
        let byte =
            |c: char| if c <= self.limit() { u8::try_from(u32::from(c)).unwrap_or(b'?') } else { b'?' };
        out.extend(text.chars().map(byte));
    }
}

/// Writes any value as text and reads bytes as an optional string. In UTF-8 neither way copies.
#[derive(Debug, Clone)]
pub struct StringConverter {
    encoding: Encoding,
    // An Arc of its own: a process-wide one would be counted up and down by every task at once.
    schema: Arc<Schema>,
}

impl StringConverter {
    /// Makes one from `converter.encoding`, whose default is UTF-8.
    ///
    /// # Errors
    /// When the encoding is not one of UTF-8, US-ASCII and ISO-8859-1.
    pub fn configure(props: &Props, role: Role) -> Result<Self, Vec<Problem>> {
        const KEY: &str = "converter.encoding";
        let name = props.get(KEY).map_or("UTF-8", |name| name.trim());
        let encoding = Encoding::by_name(name).ok_or_else(|| {
            let message =
                format!("encoding {name:?} is not supported; there are UTF-8, US-ASCII and ISO-8859-1");
            vec![Problem { key: format!("{}.{KEY}", role.key()), message }]
        })?;
        Ok(StringConverter { encoding, schema: Arc::new(Schema::of(Type::String).optional()) })
    }
}

impl Converter for StringConverter {
    fn from_connect<'a>(
        &self,
        _topic: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError> {
        let start = scratch.len();
        match value {
            Value::Null => return Ok(Payload::Null),
            Value::String(text) if self.encoding == Encoding::Utf8 => {
                return Ok(Payload::Borrowed(text.as_bytes()));
            }
            Value::String(text) => self.encoding.encode(text, scratch),
            other if self.encoding == Encoding::Utf8 => {
                java_text::push_value(scratch, schema.map(Arc::as_ref), other)?;
            }
            other => {
                let mut text = Vec::new();
                java_text::push_value(&mut text, schema.map(Arc::as_ref), other)?;
                self.encoding.encode(&String::from_utf8_lossy(&text), scratch);
            }
        }
        Ok(Payload::Scratch(start..scratch.len()))
    }

    fn to_connect<'a>(
        &self,
        _topic: &str,
        data: Option<&'a [u8]>,
    ) -> Result<SchemaAndValue<'a>, ConvertError> {
        let value = data.map_or(Value::Null, |data| Value::String(self.encoding.decode(data)));
        Ok(SchemaAndValue::new(self.schema.clone(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(encoding: &str) -> StringConverter {
        let props = Props::from([("converter.encoding".to_owned(), encoding.to_owned())]);
        StringConverter::configure(&props, Role::Value).unwrap()
    }

    fn written(converter: &StringConverter, value: &Value<'_>) -> Vec<u8> {
        let mut scratch = b"before".to_vec();
        let payload = converter.from_connect("t", None, value, &mut scratch).unwrap();
        payload.resolve(&scratch).unwrap().to_vec()
    }

    #[test]
    fn utf8_text_is_not_copied_either_way() {
        let converter = StringConverter::configure(&Props::new(), Role::Value).unwrap();
        let value = Value::str("grüße");
        let mut scratch = Vec::new();
        let payload = converter.from_connect("t", None, &value, &mut scratch).unwrap();
        assert_eq!(payload, Payload::Borrowed("grüße".as_bytes()));
        let read = converter.to_connect("t", Some("grüße".as_bytes())).unwrap();
        assert!(matches!(read.value, Value::String(Cow::Borrowed("grüße"))));
        assert_eq!(converter.to_connect("t", Some(b"a\xffb")).unwrap().value, Value::str("a\u{fffd}b"));
        assert!(converter.to_connect("t", None).unwrap().value.is_null());
    }

    #[test]
    fn other_types_are_written_as_java_shows_them() {
        let converter = StringConverter::configure(&Props::new(), Role::Value).unwrap();
        assert_eq!(written(&converter, &Value::Float64(1e10)), b"1.0E10");
        assert_eq!(written(&converter, &Value::Map(vec![(Value::str("a"), Value::Int32(1))])), b"{a=1}");
        assert_eq!(converter.from_connect("t", None, &Value::Null, &mut Vec::new()), Ok(Payload::Null));
    }

    #[test]
    fn single_byte_encodings_replace_what_they_lack() {
        for (name, bytes, back) in [("latin1", &b"\xe4?"[..], "ä?"), ("US-ASCII", b"??", "??")] {
            let converter = with(name);
            assert_eq!(written(&converter, &Value::str("ä€")), bytes);
            assert_eq!(converter.to_connect("t", Some(bytes)).unwrap().value, Value::str(back));
        }
        assert_eq!(with("ASCII").to_connect("t", Some(b"a\xe4")).unwrap().value, Value::str("a\u{fffd}"));
    }

    #[test]
    fn an_unknown_encoding_is_refused_by_name() {
        let props = Props::from([("converter.encoding".to_owned(), "EBCDIC-7".to_owned())]);
        let problems = StringConverter::configure(&props, Role::Header).unwrap_err();
        assert_eq!(problems[0].key, "header.converter.converter.encoding");
        assert!(problems[0].message.contains("EBCDIC-7"));
    }
}
