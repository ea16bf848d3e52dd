//! What a plugin offers: the table behind the entry, its classes and their functions.
//!
//! Slots are options because a plugin in C can leave any of them null; the host checks the required ones when it loads
//! the library. What each does, and which may be null, is said in the header.
#![allow(missing_docs)] // each slot is documented in the header; two texts would drift apart

use core::ffi::c_void;

use crate::*;

/// The exported symbol's type.
pub type CpEntryFn = unsafe extern "C" fn() -> *const CpPlugin;

/// Kind of a class: source connector.
pub const KIND_SOURCE: u32 = 1;
/// Kind of a class: sink connector.
pub const KIND_SINK: u32 = 2;
/// Reserved: converter.
pub const KIND_CONVERTER: u32 = 3;
/// Reserved: header converter.
pub const KIND_HEADER_CONVERTER: u32 = 4;
/// Reserved: transformation.
pub const KIND_TRANSFORMATION: u32 = 5;
/// Reserved: predicate.
pub const KIND_PREDICATE: u32 = 6;
/// Reserved: config provider.
pub const KIND_CONFIG_PROVIDER: u32 = 7;
/// Reserved: REST extension.
pub const KIND_REST_EXTENSION: u32 = 8;
/// Reserved: client config override policy.
pub const KIND_OVERRIDE_POLICY: u32 = 9;

/// Flag of [`CpClass`]: task calls may sleep.
pub const CLASS_BLOCKING: u32 = 1;

/// The connector does not say whether it supports exactly-once.
pub const EXACTLY_ONCE_UNKNOWN: u32 = 0;
/// The connector supports exactly-once.
pub const EXACTLY_ONCE_SUPPORTED: u32 = 1;
/// The connector does not support exactly-once.
pub const EXACTLY_ONCE_UNSUPPORTED: u32 = 2;

// The tables spell these types out, since the derive for abi_stable looks for function pointers by their syntax.
pub type CreateFn = unsafe extern "C" fn(*const CpContext, *mut *mut c_void, *mut CpError) -> i32;
pub type InstanceFn = unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32;
pub type ConfigFn = unsafe extern "C" fn(*mut c_void, *const CpConfig, *mut CpError) -> i32;
pub type CancelFn = unsafe extern "C" fn(*mut c_void);
pub type PartitionsFn =
    unsafe extern "C" fn(*mut c_void, *const CpTopicPartition, usize, *mut CpError) -> i32;

#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct CpConnectorOps {
    pub size: u64,
    pub config_defs: Option<unsafe extern "C" fn(*mut CpConfigDefs, *mut CpError) -> i32>,
    pub create: Option<unsafe extern "C" fn(*const CpContext, *mut *mut c_void, *mut CpError) -> i32>,
    pub validate:
        Option<unsafe extern "C" fn(*mut c_void, *const CpConfig, *mut CpConfigValues, *mut CpError) -> i32>,
    pub start: Option<unsafe extern "C" fn(*mut c_void, *const CpConfig, *mut CpError) -> i32>,
    pub task_configs: Option<unsafe extern "C" fn(*mut c_void, u32, *mut CpConfigList, *mut CpError) -> i32>,
    pub stop: Option<unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32>,
    pub exactly_once_support:
        Option<unsafe extern "C" fn(*mut c_void, *const CpConfig, *mut u32, *mut CpError) -> i32>,
    pub alter_offsets: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const CpConfig,
            *const CpOffsetChange,
            usize,
            *mut u32,
            *mut CpError,
        ) -> i32,
    >,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32>,
    pub reserved: [u64; 4],
}

#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct CpSourceTaskOps {
    pub size: u64,
    pub create: Option<unsafe extern "C" fn(*const CpContext, *mut *mut c_void, *mut CpError) -> i32>,
    pub start: Option<unsafe extern "C" fn(*mut c_void, *const CpConfig, *mut CpError) -> i32>,
    pub poll: Option<unsafe extern "C" fn(*mut c_void, *mut CpBatch, *mut CpError) -> i32>,
    pub acks: Option<unsafe extern "C" fn(*mut c_void, *const CpAck, usize, *mut CpError) -> i32>,
    pub commit: Option<unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32>,
    pub stop: Option<unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32>,
    pub cancel: Option<unsafe extern "C" fn(*mut c_void)>,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32>,
    pub reserved: [u64; 4],
}

#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct CpSinkTaskOps {
    pub size: u64,
    pub create: Option<unsafe extern "C" fn(*const CpContext, *mut *mut c_void, *mut CpError) -> i32>,
    pub start: Option<unsafe extern "C" fn(*mut c_void, *const CpConfig, *mut CpError) -> i32>,
    pub open: Option<unsafe extern "C" fn(*mut c_void, *const CpTopicPartition, usize, *mut CpError) -> i32>,
    pub close: Option<unsafe extern "C" fn(*mut c_void, *const CpTopicPartition, usize, *mut CpError) -> i32>,
    pub put: Option<unsafe extern "C" fn(*mut c_void, *const CpRecord, usize, *mut u32, *mut CpError) -> i32>,
    pub flush:
        Option<unsafe extern "C" fn(*mut c_void, *const CpPartitionOffset, usize, *mut CpError) -> i32>,
    pub pre_commit: Option<
        unsafe extern "C" fn(
            *mut c_void,
            *const CpPartitionOffset,
            usize,
            *mut CpPartitionOffsets,
            *mut CpError,
        ) -> i32,
    >,
    pub stop: Option<unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32>,
    pub cancel: Option<unsafe extern "C" fn(*mut c_void)>,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void, *mut CpError) -> i32>,
    pub reserved: [u64; 4],
}

/// One class of a plugin.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct CpClass {
    pub name: CpStr,
    pub version: CpStr,
    pub kind: u32,
    pub flags: u32,
    pub connector: *const CpConnectorOps,
    pub source: *const CpSourceTaskOps,
    pub sink: *const CpSinkTaskOps,
    pub reserved: [u64; 4],
}

/// Sizes of what crosses, as the plugin was compiled.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpSizes {
    pub plugin: u32,
    pub class_: u32,
    pub connector_ops: u32,
    pub source_task_ops: u32,
    pub sink_task_ops: u32,
    pub host: u32,
    pub record: u32,
    pub value: u32,
    pub batch: u32,
    pub ack: u32,
    pub schema: u32,
    pub config_def: u32,
    pub config_value: u32,
    pub context: u32,
}

impl CpSizes {
    /// The sizes of this version.
    pub const HERE: CpSizes = CpSizes {
        plugin: size_of::<CpPlugin>() as u32,
        class_: size_of::<CpClass>() as u32,
        connector_ops: size_of::<CpConnectorOps>() as u32,
        source_task_ops: size_of::<CpSourceTaskOps>() as u32,
        sink_task_ops: size_of::<CpSinkTaskOps>() as u32,
        host: size_of::<CpHost>() as u32,
        record: size_of::<CpRecord>() as u32,
        value: size_of::<CpValue>() as u32,
        batch: size_of::<CpBatch>() as u32,
        ack: size_of::<CpAck>() as u32,
        schema: size_of::<CpSchema>() as u32,
        config_def: size_of::<CpConfigDef>() as u32,
        config_value: size_of::<CpConfigValue>() as u32,
        context: size_of::<CpContext>() as u32,
    };
}

/// The plugin's table, returned by the entry; it lives as long as the process.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct CpPlugin {
    pub magic: u64,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub sizes: CpSizes,
    pub classes: *const CpClass,
    pub class_count: usize,
    pub init: Option<unsafe extern "C" fn(*const CpHost, *mut CpError) -> i32>,
    pub get_extension: Option<unsafe extern "C" fn(CpStr) -> *const c_void>,
    pub reserved: [u64; 4],
}

// SAFETY: the tables are immutable data for the life of the process, and their functions may be called from any
// thread under the rules of the header.
unsafe impl Sync for CpPlugin {}
// SAFETY: as above.
unsafe impl Sync for CpClass {}
