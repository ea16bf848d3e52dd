//! The host's functions, as a plugin sees them.

use core::ffi::c_void;

use crate::{CpPartitionOffset, CpSchema, CpStr, CpTopicPartition, CpValue};

/// Where a function puts its error; only the host knows its shape.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
pub struct CpError {
    _opaque: [u8; 0],
}

/// Log level ERROR.
pub const LOG_ERROR: u32 = 1;
/// Log level WARN.
pub const LOG_WARN: u32 = 2;
/// Log level INFO.
pub const LOG_INFO: u32 = 3;
/// Log level DEBUG.
pub const LOG_DEBUG: u32 = 4;
/// Log level TRACE.
pub const LOG_TRACE: u32 = 5;

/// A metric that only grows.
pub const METRIC_COUNTER: u32 = 1;
/// A metric that goes up and down.
pub const METRIC_GAUGE: u32 = 2;

/// The host's functions. Each may be called from any thread at any time, copies what it is given and never blocks;
/// the header says what each does.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[allow(missing_docs)] // each slot is documented in the header; two texts would drift apart
#[derive(Clone, Copy)]
pub struct CpHost {
    pub magic: u64,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub size: u64,
    pub set_error: unsafe extern "C" fn(*mut CpError, u32, CpStr, CpStr),
    pub wake: unsafe extern "C" fn(u64),
    pub log: unsafe extern "C" fn(u64, u32, CpStr, CpStr),
    pub log_enabled: unsafe extern "C" fn(u64, u32) -> u32,
    pub metric_register: unsafe extern "C" fn(u64, u32, CpStr, CpStr, *mut u64) -> i32,
    pub metric_add: unsafe extern "C" fn(u64, u64, f64) -> i32,
    pub metric_set: unsafe extern "C" fn(u64, u64, f64) -> i32,
    pub schema_register: unsafe extern "C" fn(u64, *const CpSchema, *mut u32) -> i32,
    pub schema: unsafe extern "C" fn(u64, u32) -> *const CpSchema,
    pub get_extension: unsafe extern "C" fn(CpStr) -> *const c_void,
    pub request_task_reconfiguration: unsafe extern "C" fn(u64) -> i32,
    pub raise_error: unsafe extern "C" fn(u64, CpStr) -> i32,
    pub register_partition: unsafe extern "C" fn(u64, *const CpValue, *mut u64) -> i32,
    pub read_offsets: unsafe extern "C" fn(u64, *const u64, usize, *mut CpValue) -> i32,
    pub pause: unsafe extern "C" fn(u64, *const CpTopicPartition, usize) -> i32,
    pub resume: unsafe extern "C" fn(u64, *const CpTopicPartition, usize) -> i32,
    pub seek: unsafe extern "C" fn(u64, *const CpPartitionOffset, usize) -> i32,
    pub request_commit: unsafe extern "C" fn(u64) -> i32,
    pub set_timeout: unsafe extern "C" fn(u64, u64) -> i32,
    pub report_bad: unsafe extern "C" fn(u64, *const CpTopicPartition, i64, CpStr, *mut u64) -> i32,
    pub report_done: unsafe extern "C" fn(u64, u64) -> i32,
    pub explain: unsafe extern "C" fn(u64, usize, CpStr),
    pub reserved: [u64; 8],
}

/// Given at create; the token is to be copied, the rest is valid during create only.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpContext {
    /// Names the instance to the host; never used twice in a process.
    pub token: u64,
    /// The connector's name.
    pub connector: CpStr,
    /// The class as the manifest names it.
    pub class_name: CpStr,
    /// Number of the task, -1 for the connector itself.
    pub task: i32,
    /// Zero.
    pub reserved: u32,
}
