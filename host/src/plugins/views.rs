//! Reading what a plugin hands over, with every length, tag and text checked.
//!
//! A pointer that leads nowhere cannot be told from a good one; null, misaligned and absurd lengths can.

use std::borrow::Cow;
use std::sync::Arc;

use connect_plugin_abi as abi;

use crate::records::schema::{Schema, Type};
use crate::records::value::Value;
use crate::settings::Props;

/// What is wrong with something a plugin handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// A length beyond the limit, or with a null or misaligned pointer.
    #[error("a length of {len} at {what}")]
    Length {
        /// The length.
        len: u64,
        /// "a null pointer", "a misaligned pointer" or "most 2147483648 allowed".
        what: &'static str,
    },
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8: {0:?}")]
    Text(String),
    /// An unknown tag.
    #[error("a value of unknown type {0}")]
    Tag(u32),
    /// A schema id that was never given.
    #[error("schema id {0}, which was never registered")]
    SchemaId(u32),
    /// Values nested too deep.
    #[error("values nested deeper than {} levels", abi::MAX_DEPTH)]
    Depth,
    /// A number outside of its type.
    #[error("{0} for a value of type {1}")]
    Number(i64, &'static str),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// The items that pointer and length stand for.
///
/// # Safety
/// If `ptr` is not null it leads to `len` items that live, unchanged, for `'a`.
pub unsafe fn slice<'a, T>(ptr: *const T, len: usize) -> Result<&'a [T], Bad> {
    if len == 0 {
        return Ok(&[]);
    }
    let length = |what| Err(Bad::Length { len: len as u64, what });
    if ptr.is_null() {
        return length("a null pointer");
    }
    if !ptr.is_aligned() {
        return length("a misaligned pointer");
    }
    if len > abi::MAX_LEN / size_of::<T>().max(1) {
        return length("most 2147483648 bytes allowed");
    }
    // SAFETY: the caller's promise; pointer and length were checked as far as they can be.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// The text that a view stands for.
///
/// # Safety
/// As [`slice()`].
pub unsafe fn text<'a>(view: abi::CpStr) -> Result<&'a str, Bad> {
    // SAFETY: the caller's promise.
    utf8(unsafe { slice(view.ptr, view.len)? })
}

fn utf8(bytes: &[u8]) -> Result<&str, Bad> {
    std::str::from_utf8(bytes).map_err(|_| {
        let start = &bytes[..bytes.len().min(40)];
        Bad::Text(String::from_utf8_lossy(start).into_owned())
    })
}

/// The schema that an id stands for; `registered` are those from 256 on.
pub fn schema(id: u32, registered: &[Arc<Schema>]) -> Result<Option<&Arc<Schema>>, Bad> {
    match id {
        abi::SCHEMA_NONE => Ok(None),
        abi::SCHEMA_FIRST_REGISTERED.. => {
            let index = usize::try_from(id - abi::SCHEMA_FIRST_REGISTERED).unwrap_or(usize::MAX);
            registered.get(index).map(Some).ok_or(Bad::SchemaId(id))
        }
        _ => {
            let (tag, optional) = (id & !abi::SCHEMA_OPTIONAL, id & abi::SCHEMA_OPTIONAL != 0);
            let kind = kind(tag).filter(|_| tag <= abi::BYTES).ok_or(Bad::SchemaId(id))?;
            Ok(Some(Schema::shared(kind, optional)))
        }
    }
}

/// The type behind a tag; none for null and unknown tags.
pub fn kind(tag: u32) -> Option<Type> {
    Some(match tag {
        abi::BOOLEAN => Type::Boolean,
        abi::INT8 => Type::Int8,
        abi::INT16 => Type::Int16,
        abi::INT32 => Type::Int32,
        abi::INT64 => Type::Int64,
        abi::FLOAT32 => Type::Float32,
        abi::FLOAT64 => Type::Float64,
        abi::STRING => Type::String,
        abi::BYTES => Type::Bytes,
        abi::ARRAY => Type::Array,
        abi::MAP => Type::Map,
        abi::STRUCT => Type::Struct,
        _ => return None,
    })
}

/// The value that a view stands for; strings and bytes are borrowed.
///
/// # Safety
/// Every pointer in the tree leads to what the header says and lives for `'a`.
pub unsafe fn value<'a>(view: &abi::CpValue) -> Result<Value<'a>, Bad> {
    // SAFETY: the caller's promise.
    unsafe { value_at(view, 0) }
}

unsafe fn value_at<'a>(view: &abi::CpValue, depth: usize) -> Result<Value<'a>, Bad> {
    let number = view.bits as i64;
    Ok(match view.tag {
        abi::NULL => Value::Null,
        // SAFETY: the caller's promise, as for all below.
        abi::STRING => Value::String(Cow::Borrowed(utf8(unsafe { bytes(view)? })?)),
        // SAFETY: as above.
        abi::BYTES => Value::Bytes(Cow::Borrowed(unsafe { bytes(view)? })),
        abi::BOOLEAN => match view.bits {
            0 => Value::Boolean(false),
            1 => Value::Boolean(true),
            _ => return Err(Bad::Number(number, "BOOLEAN")),
        },
        abi::INT8 => Value::Int8(number.try_into().map_err(|_| Bad::Number(number, "INT8"))?),
        abi::INT16 => Value::Int16(number.try_into().map_err(|_| Bad::Number(number, "INT16"))?),
        abi::INT32 => Value::Int32(number.try_into().map_err(|_| Bad::Number(number, "INT32"))?),
        abi::INT64 => Value::Int64(number),
        abi::FLOAT32 => Value::Float32(f32::from_bits(view.bits as u32)),
        abi::FLOAT64 => Value::Float64(f64::from_bits(view.bits)),
        // SAFETY: as above.
        abi::ARRAY => Value::Array(unsafe { children(view, 1, depth)? }),
        // SAFETY: as above.
        abi::STRUCT => Value::Struct(unsafe { children(view, 1, depth)? }),
        abi::MAP => {
            // SAFETY: as above.
            let mut flat = unsafe { children(view, 2, depth)? }.into_iter();
            let mut entries = Vec::with_capacity(flat.len() / 2);
            while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
                entries.push((key, value));
            }
            Value::Map(entries)
        }
        tag => return Err(Bad::Tag(tag)),
    })
}

unsafe fn bytes<'a>(view: &abi::CpValue) -> Result<&'a [u8], Bad> {
    let len = usize::try_from(view.bits).unwrap_or(usize::MAX);
    // SAFETY: the caller's promise.
    unsafe { slice(view.ptr.cast::<u8>(), len) }
}

unsafe fn children<'a>(view: &abi::CpValue, width: usize, depth: usize) -> Result<Vec<Value<'a>>, Bad> {
    if depth >= abi::MAX_DEPTH {
        return Err(Bad::Depth);
    }
    let count = usize::try_from(view.bits).unwrap_or(usize::MAX).saturating_mul(width);
    // SAFETY: the caller's promise.
    let items = unsafe { slice(view.ptr.cast::<abi::CpValue>(), count)? };
    // SAFETY: as above.
    items.iter().map(|item| unsafe { value_at(item, depth + 1) }).collect()
}

/// The config that a view stands for.
///
/// # Safety
/// As [`slice()`], for every pointer in it.
pub unsafe fn config(view: &abi::CpConfig) -> Result<Props, Bad> {
    let mut props = Props::new();
    // SAFETY: the caller's promise.
    for entry in unsafe { slice(view.entries, view.count)? } {
        // SAFETY: as above.
        let (key, value) = unsafe { (text(entry.key)?, text(entry.value)?) };
        if props.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Bad::Other(format!("a config that has {key} twice")));
        }
    }
    Ok(props)
}

/// Copies texts.
///
/// # Safety
/// As [`slice()`], for every pointer in it.
pub unsafe fn texts(ptr: *const abi::CpStr, count: usize) -> Result<Vec<String>, Bad> {
    // SAFETY: the caller's promise.
    let items = unsafe { slice(ptr, count)? };
    // SAFETY: as above.
    items.iter().map(|item| unsafe { text(*item) }.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests;
