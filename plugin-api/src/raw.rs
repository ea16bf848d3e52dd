//! The smallest helpers at the boundary: views of the contract as Rust's slices and texts, and back.

use std::ffi::c_void;

use connect_plugin_abi as abi;

use crate::sink_record::ValueRef;
use crate::value::{Fields, Value};

/// A lent array; null or 0 elements is empty.
///
/// # Safety
/// `ptr` has `count` valid elements for as long as `'a` is used.
pub(crate) unsafe fn slice<'a, T>(ptr: *const T, count: usize) -> &'a [T] {
    if ptr.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(ptr, count) }
}

/// A lent text.
///
/// # Safety
/// As [`slice`], and the bytes are valid UTF-8: the contract has the worker check what it lends.
pub(crate) unsafe fn str<'a>(text: abi::CpStr) -> &'a str {
    // SAFETY: the caller's promise.
    unsafe { std::str::from_utf8_unchecked(slice(text.ptr, text.len)) }
}

/// A number as a value of the contract.
pub(crate) const fn number(tag: u32, schema: u32, bits: u64) -> abi::CpValue {
    abi::CpValue { tag, schema, ptr: std::ptr::null(), bits }
}

/// Something that a value of the contract points to.
pub(crate) const fn pointing(tag: u32, schema: u32, ptr: *const c_void, len: usize) -> abi::CpValue {
    abi::CpValue { tag, schema, ptr, bits: len as u64 }
}

/// An owned copy of a value that the worker lends; an unknown type is null.
///
/// # Safety
/// `value` is as the contract says.
pub(crate) unsafe fn to_owned(value: &abi::CpValue) -> Value {
    // SAFETY: the caller's promise.
    unsafe { ValueRef::new(value) }.to_owned()
}

/// A lent map from texts to primitives; `None` for null.
///
/// # Safety
/// As [`to_owned`].
pub(crate) unsafe fn to_fields(value: &abi::CpValue) -> Option<Fields> {
    // SAFETY: the caller's promise.
    match unsafe { to_owned(value) } {
        Value::Map(pairs) => Some(
            pairs
                .into_iter()
                .filter_map(|(key, value)| match key {
                    Value::String(key) => Some((key, value)),
                    _ => None,
                })
                .collect(),
        ),
        _ => None,
    }
}
