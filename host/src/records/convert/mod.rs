//! Converters between Connect values and the bytes in Kafka, under Kafka's class names.
//!
//! [`registry`] makes one for the keys, one for the values and one for the headers of each task. Converters
//! are pure: caches apart, the same input gives the same output.

use std::ops::Range;
use std::sync::Arc;

use super::schema::Schema;
use super::value::{SchemaAndValue, Value};

pub mod byte_array;
pub mod check;
pub mod definitions;
pub mod json;
pub mod primitive;
pub mod registry;
pub mod simple_header;
pub mod string;

pub use registry::{ConverterClass, Role, converter, converter_classes, header_converter};

/// Where the bytes of a converted value are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload<'a> {
    /// There are none: a null key or value, or a tombstone.
    Null,
    /// In the value itself; nothing was copied.
    Borrowed(&'a [u8]),
    /// In this range of the scratch buffer, to whose end they were appended.
    Scratch(Range<usize>),
}

impl<'a> Payload<'a> {
    /// The bytes, given the scratch buffer that the conversion wrote to; `None` for [`Payload::Null`].
    pub fn resolve<'b>(&self, scratch: &'b [u8]) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        match self {
            Payload::Null => None,
            Payload::Borrowed(bytes) => Some(bytes),
            Payload::Scratch(range) => scratch.get(range.clone()),
        }
    }
}

/// Data that a converter cannot convert. Never cured by trying again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The value's or schema's type is not one that the converter writes.
    #[error("{converter} cannot write {found}: it takes {expected}")]
    Type {
        /// The converter's short name.
        converter: &'static str,
        /// The types that it takes.
        expected: &'static str,
        /// The type that it was given.
        found: &'static str,
    },
    /// A value does not fit its schema.
    #[error("Invalid type for {expected}: {found}")]
    Mismatch {
        /// The schema's type.
        expected: &'static str,
        /// The value's type.
        found: &'static str,
    },
    /// Bytes of a length that the type does not have.
    #[error("Size of data received by {converter} is {found}, not {expected}")]
    Length {
        /// The converter's short name.
        converter: &'static str,
        /// The length in bytes that it needs.
        expected: usize,
        /// The length in bytes that it was given.
        found: usize,
    },
    /// Anything else that is wrong with the data, in words.
    #[error("{0}")]
    Data(String),
}

impl ConvertError {
    pub(crate) fn data(message: impl Into<String>) -> Self {
        ConvertError::Data(message.into())
    }

    pub(crate) fn mismatch(expected: &'static str, value: &Value<'_>) -> Self {
        ConvertError::Mismatch { expected, found: value.kind_name() }
    }
}

/// Converts keys or values. One instance belongs to one task, and may be called from any thread.
#[expect(clippy::wrong_self_convention, reason = "fromConnectData in Kafka's Converter")]
pub trait Converter: Send + Sync {
    /// Turns a value into bytes for `topic`. Bytes that are not borrowed from `value` are appended to
    /// `scratch`.
    ///
    /// # Errors
    /// When the value does not fit the schema or the converter; `scratch` may then hold a part of the bytes.
    fn from_connect<'a>(
        &self,
        topic: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError>;

    /// Turns bytes of `topic` into a value, which borrows from them where it can. `None` is Kafka's null.
    ///
    /// # Errors
    /// When the bytes are not in the converter's format.
    fn to_connect<'a>(&self, topic: &str, data: Option<&'a [u8]>)
    -> Result<SchemaAndValue<'a>, ConvertError>;
}

/// Converts the values of headers. One instance belongs to one task, and may be called from any thread.
#[expect(clippy::wrong_self_convention, reason = "fromConnectHeader in Kafka's HeaderConverter")]
pub trait HeaderConverter: Send + Sync {
    /// Turns the value of the header `key` into bytes, as [`Converter::from_connect`] does.
    ///
    /// # Errors
    /// When the value does not fit the schema or the converter.
    fn from_connect<'a>(
        &self,
        topic: &str,
        key: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError>;

    /// Turns the bytes of the header `key` into a value, as [`Converter::to_connect`] does.
    ///
    /// # Errors
    /// When the bytes are not in the converter's format.
    fn to_connect<'a>(
        &self,
        topic: &str,
        key: &str,
        data: Option<&'a [u8]>,
    ) -> Result<SchemaAndValue<'a>, ConvertError>;
}

/// A converter of values that is used for headers too.
#[derive(Debug, Clone)]
pub struct ForHeaders<C>(pub C);

impl<C: Converter> HeaderConverter for ForHeaders<C> {
    fn from_connect<'a>(
        &self,
        topic: &str,
        _key: &str,
        schema: Option<&Arc<Schema>>,
        value: &'a Value<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<Payload<'a>, ConvertError> {
        self.0.from_connect(topic, schema, value, scratch)
    }

    fn to_connect<'a>(
        &self,
        topic: &str,
        _key: &str,
        data: Option<&'a [u8]>,
    ) -> Result<SchemaAndValue<'a>, ConvertError> {
        self.0.to_connect(topic, data)
    }
}

#[cfg(test)]
mod tests;
