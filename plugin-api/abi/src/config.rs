//! Configs, their definitions and what validation says of them.

use crate::{CpParam, CpStr};

/// A config: pairs with distinct keys, in the order of the keys.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpConfig {
    /// First entry.
    pub entries: *const CpParam,
    /// How many.
    pub count: usize,
}

/// A list of [`CpConfig`].
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpConfigList {
    /// First.
    pub items: *const CpConfig,
    /// How many.
    pub count: usize,
}

/// Config type BOOLEAN.
pub const CONFIG_BOOLEAN: u32 = 1;
/// Config type STRING.
pub const CONFIG_STRING: u32 = 2;
/// Config type INT.
pub const CONFIG_INT: u32 = 3;
/// Config type SHORT.
pub const CONFIG_SHORT: u32 = 4;
/// Config type LONG.
pub const CONFIG_LONG: u32 = 5;
/// Config type DOUBLE.
pub const CONFIG_DOUBLE: u32 = 6;
/// Config type LIST.
pub const CONFIG_LIST: u32 = 7;
/// Config type CLASS.
pub const CONFIG_CLASS: u32 = 8;
/// Config type PASSWORD.
pub const CONFIG_PASSWORD: u32 = 9;

/// Importance HIGH.
pub const IMPORTANCE_HIGH: u32 = 1;
/// Importance MEDIUM.
pub const IMPORTANCE_MEDIUM: u32 = 2;
/// Importance LOW.
pub const IMPORTANCE_LOW: u32 = 3;

/// Width NONE.
pub const WIDTH_NONE: u32 = 0;
/// Width SHORT.
pub const WIDTH_SHORT: u32 = 1;
/// Width MEDIUM.
pub const WIDTH_MEDIUM: u32 = 2;
/// Width LONG.
pub const WIDTH_LONG: u32 = 3;

/// Flag of [`CpConfigDef`]: there is a default.
pub const CONFIG_HAS_DEFAULT: u32 = 1;
/// Flag of [`CpConfigDef`]: the default is null.
pub const CONFIG_DEFAULT_NULL: u32 = 2;
/// Flag of [`CpConfigDef`]: not listed.
pub const CONFIG_INTERNAL: u32 = 4;

/// Validator: a number between bounds.
pub const VALIDATE_RANGE: u32 = 1;
/// Validator: one of some texts.
pub const VALIDATE_ONE_OF: u32 = 2;
/// Validator: not empty.
pub const VALIDATE_NON_EMPTY: u32 = 3;
/// Validator: matches a regular expression as a whole.
pub const VALIDATE_PATTERN: u32 = 4;

/// A validator of one definition.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpValidator {
    /// One of the `VALIDATE_` constants.
    pub kind: u32,
    /// 1 if `min` counts.
    pub has_min: u32,
    /// 1 if `max` counts.
    pub has_max: u32,
    /// Zero.
    pub reserved: u32,
    /// Smallest legal number.
    pub min: f64,
    /// Largest legal number.
    pub max: f64,
    /// Texts.
    pub values: *const CpStr,
    /// How many.
    pub value_count: usize,
}

/// One definition, as Kafka's `ConfigDef.ConfigKey`.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpConfigDef {
    /// Key.
    pub name: CpStr,
    /// One of the `CONFIG_` types.
    pub config_type: u32,
    /// One of the `IMPORTANCE_` constants.
    pub importance: u32,
    /// One of the `WIDTH_` constants.
    pub width: u32,
    /// [`CONFIG_HAS_DEFAULT`], [`CONFIG_DEFAULT_NULL`], [`CONFIG_INTERNAL`].
    pub flags: u32,
    /// Default in the form of a config file.
    pub default_value: CpStr,
    /// Documentation.
    pub documentation: CpStr,
    /// Group, or empty.
    pub group: CpStr,
    /// Order in the group, -1 for none.
    pub order: i32,
    /// Zero.
    pub reserved: u32,
    /// Name for people, or empty.
    pub display_name: CpStr,
    /// Keys that depend on this one.
    pub dependents: *const CpStr,
    /// How many.
    pub dependent_count: usize,
    /// Recommended values.
    pub recommended: *const CpStr,
    /// How many.
    pub recommended_count: usize,
    /// Validators; all must agree.
    pub validators: *const CpValidator,
    /// How many.
    pub validator_count: usize,
}

/// A list of [`CpConfigDef`].
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpConfigDefs {
    /// First.
    pub items: *const CpConfigDef,
    /// How many.
    pub count: usize,
}

/// What `validate` found out about one key.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpConfigValue {
    /// Key.
    pub name: CpStr,
    /// What is wrong.
    pub errors: *const CpStr,
    /// How many.
    pub error_count: usize,
    /// Recommended values.
    pub recommended: *const CpStr,
    /// How many.
    pub recommended_count: usize,
    /// 1: not visible with these configs.
    pub hidden: u32,
    /// Zero.
    pub reserved: u32,
}

/// A list of [`CpConfigValue`].
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpConfigValues {
    /// First.
    pub items: *const CpConfigValue,
    /// How many.
    pub count: usize,
}
