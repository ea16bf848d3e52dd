//! Text, typed values and schemas as views.

use core::ffi::c_void;

/// UTF-8 text of `len` bytes; a null pointer with length 0 is empty.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpStr {
    /// First byte, or null.
    pub ptr: *const u8,
    /// Length in bytes.
    pub len: usize,
}

impl CpStr {
    /// The empty text.
    pub const EMPTY: CpStr = CpStr { ptr: core::ptr::null(), len: 0 };

    /// A view of `text`, which must outlive the view's use on the other side.
    pub const fn new(text: &str) -> CpStr {
        CpStr { ptr: text.as_ptr(), len: text.len() }
    }
}

/// Physical type: null.
pub const NULL: u32 = 0;
/// Physical type: boolean, 0 or 1 in `bits`.
pub const BOOLEAN: u32 = 1;
/// Physical type: 8-bit integer, sign-extended in `bits`.
pub const INT8: u32 = 2;
/// Physical type: 16-bit integer, sign-extended in `bits`.
pub const INT16: u32 = 3;
/// Physical type: 32-bit integer, sign-extended in `bits`.
pub const INT32: u32 = 4;
/// Physical type: 64-bit integer.
pub const INT64: u32 = 5;
/// Physical type: IEEE 754 single in the low half of `bits`.
pub const FLOAT32: u32 = 6;
/// Physical type: IEEE 754 double in `bits`.
pub const FLOAT64: u32 = 7;
/// Physical type: UTF-8 text.
pub const STRING: u32 = 8;
/// Physical type: bytes.
pub const BYTES: u32 = 9;
/// Physical type: array of [`CpValue`].
pub const ARRAY: u32 = 10;
/// Physical type: map, keys and values in turn.
pub const MAP: u32 = 11;
/// Physical type: struct, one value for each field.
pub const STRUCT: u32 = 12;

/// Schema id: none.
pub const SCHEMA_NONE: u32 = 0;
/// Added to a primitive type it is the id of the optional schema of that type.
pub const SCHEMA_OPTIONAL: u32 = 128;
/// Smallest id that `schema_register` gives.
pub const SCHEMA_FIRST_REGISTERED: u32 = 256;

/// A value: a tagged view.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpValue {
    /// One of [`NULL`] to [`STRUCT`].
    pub tag: u32,
    /// Schema id, 0 for none.
    pub schema: u32,
    /// What a string, bytes, array, map or struct consists of.
    pub ptr: *const c_void,
    /// The number itself, or the count of what `ptr` points to.
    pub bits: u64,
}

impl CpValue {
    /// Null without schema.
    pub const NULL: CpValue = CpValue { tag: NULL, schema: SCHEMA_NONE, ptr: core::ptr::null(), bits: 0 };
}

/// A pair of texts: a schema's parameter or an entry of a config.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpParam {
    /// Its key.
    pub key: CpStr,
    /// Its value.
    pub value: CpStr,
}

/// A field of a struct's schema.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpField {
    /// Its name.
    pub name: CpStr,
    /// Id of its schema.
    pub schema: u32,
    /// Zero.
    pub reserved: u32,
}

/// Flag of [`CpSchema`]: null is allowed.
pub const SCHEMA_IS_OPTIONAL: u32 = 1;
/// Flag of [`CpSchema`]: `version` is meaningful.
pub const SCHEMA_HAS_VERSION: u32 = 2;

/// A schema; its parts are ids of schemas registered before.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpSchema {
    /// Physical type.
    pub tag: u32,
    /// [`SCHEMA_IS_OPTIONAL`], [`SCHEMA_HAS_VERSION`].
    pub flags: u32,
    /// Logical name, or empty.
    pub name: CpStr,
    /// Documentation, or empty.
    pub doc: CpStr,
    /// Version, with its flag.
    pub version: i32,
    /// Of a map's keys.
    pub key_schema: u32,
    /// Of a map's values or an array's elements.
    pub value_schema: u32,
    /// Zero.
    pub reserved: u32,
    /// Parameters.
    pub params: *const CpParam,
    /// How many.
    pub param_count: usize,
    /// Fields of a struct.
    pub fields: *const CpField,
    /// How many.
    pub field_count: usize,
    /// Default, or null.
    pub default_value: *const CpValue,
}

/// A header of a record.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpHeader {
    /// Its key.
    pub key: CpStr,
    /// Its value.
    pub value: CpValue,
}
