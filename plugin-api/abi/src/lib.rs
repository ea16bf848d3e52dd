//! What crosses between connect-host and a plugin: the Rust mirror of `connect_plugin.h`, version 0.1.
//!
//! The header is the contract and carries the rules (time, threads, memory, errors); this crate repeats its types and
//! constants, with the C names in Rust's case. Sizes and offsets of both are compared by a test that asks a C
//! compiler. Everything here is plain data: nothing allocates, frees or locks.
//!
//! With the feature `stable-layout` the types also tell abi_stable what they look like (`layout`); that changes nothing of
//! them. Without it the crate has no dependencies.

pub mod config;
pub mod host;
#[cfg(feature = "stable-layout")]
pub mod layout;
pub mod plugin;
pub mod record;
pub mod value;

pub use config::*;
pub use host::*;
pub use plugin::*;
pub use record::*;
pub use value::*;

/// First eight bytes of [`CpPlugin`] and [`CpHost`]: "CONCPLG1" as a little-endian number.
pub const MAGIC: u64 = u64::from_le_bytes(*b"CONCPLG1");
/// Major version of the ABI; another one is refused.
pub const ABI_MAJOR: u32 = 0;
/// Minor version of the ABI; until 1.0 another one is refused as well.
pub const ABI_MINOR: u32 = 1;
/// The one symbol that a plugin exports.
pub const ENTRY_NAME: &str = "connect_plugin_entry";
/// The ELF section that holds the manifest.
pub const MANIFEST_SECTION: &str = ".connect_plugin";
/// Lengths above this are an error of the plugin.
pub const MAX_LEN: usize = 1 << 31;
/// Values nested deeper than this are an error of the plugin.
pub const MAX_DEPTH: usize = 64;

/// The call is done.
pub const READY: i32 = 0;
/// The same call is to be repeated after a wake.
pub const PENDING: i32 = 1;
/// The call failed; `set_error` was called.
pub const ERROR: i32 = -1;

/// The task or connector fails.
pub const ERR_FAILED: u32 = 1;
/// The same call may be repeated later.
pub const ERR_RETRIABLE: u32 = 2;
/// A config is wrong.
pub const ERR_CONFIG: u32 = 3;
/// A record cannot be handled.
pub const ERR_DATA: u32 = 4;
/// The plugin does not offer this.
pub const ERR_UNSUPPORTED: u32 = 5;
/// The barrier caught a panic.
pub const ERR_PANIC: u32 = 6;
