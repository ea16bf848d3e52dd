//! The second check of plugins in Rust: a header of abi_stable with the layout of all that crosses, down to the type of
//! each member.
//!
//! A worker finds sizes in the table that every plugin has, and nothing about what lies within them. A library in Rust
//! tells that too, in a static beside its entry. Nothing is called or passed through abi_stable.

use abi_stable::StableAbi;
pub use abi_stable::library::LibHeader;
use abi_stable::library::{
    CheckTypeLayout, ROOT_MODULE_LOADER_NAME, RootModule, RootModuleError, RootModuleResult,
};
use abi_stable::std_types::{RBoxError, RErr};

use crate::{CpError, CpHost, CpPlugin};

/// The name of the static; abi_stable's own, so that its tools find it.
pub const HEADER_NAME: &str = ROOT_MODULE_LOADER_NAME;

/// How the two sides meet; all types that cross hang on these two.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = BoundaryRef)))]
#[sabi(missing_field(panic))]
pub struct Boundary {
    /// The entry, with the plugin's tables.
    pub entry: unsafe extern "C" fn() -> *const CpPlugin,
    /// init, with the host's functions.
    #[sabi(last_prefix_field)]
    pub init: unsafe extern "C" fn(*const CpHost, *mut CpError) -> i32,
}

impl RootModule for BoundaryRef {
    abi_stable::declare_root_module_statics! { BoundaryRef }

    const BASE_NAME: &'static str = "connect_plugin";
    const NAME: &'static str = "connect_plugin";
    const VERSION_STRINGS: abi_stable::sabi_types::VersionStrings = abi_stable::package_version_strings!();
}

/// The header of a plugin built with this crate.
pub const fn header() -> LibHeader {
    // SAFETY: what the constructor promises is about the module that it returns, and it returns none.
    unsafe { LibHeader::from_constructor::<BoundaryRef>(refuse, CheckTypeLayout::Yes) }
}

/// For a program that takes the library for a module of abi_stable.
extern "C" fn refuse() -> RootModuleResult {
    RErr(RootModuleError::Returned(RBoxError::from_fmt(
        &"a plugin of connect-host is entered by connect_plugin_entry only",
    )))
}
