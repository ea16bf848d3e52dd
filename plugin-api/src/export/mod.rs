//! From Rust's traits to the C tables: the entry, the manifest and all that stands behind them.
//!
//! Only [`export!`](crate::export!) uses what is public here.

mod barrier;
pub mod connector;
mod defs;
mod instance;
mod runtime;
pub mod sink;
pub mod source;

use std::sync::OnceLock;

pub use connect_plugin_abi as abi;

use crate::error::Result;
use crate::host;

static LIBRARY: OnceLock<&'static str> = OnceLock::new();

/// The library's name, for its threads.
#[cfg(feature = "tokio")]
fn library() -> &'static str {
    LIBRARY.get().copied().unwrap_or("connect-plugin")
}

/// What init does in every library.
///
/// # Safety
/// `host` is null or as the contract says.
pub unsafe fn init(name: &'static str, table: *const abi::CpHost, err: *mut abi::CpError) -> i32 {
    // SAFETY: the caller's promise; the table lives as long as the process.
    let Some(table) = (unsafe { table.as_ref() }) else { return abi::ERROR };
    if table.magic != abi::MAGIC || (table.abi_major, table.abi_minor) != (abi::ABI_MAJOR, abi::ABI_MINOR) {
        return abi::ERROR; // set_error of another version may be elsewhere
    }
    host::keep(table);
    let _ = LIBRARY.set(name);
    barrier::install_hook();
    barrier::answer(err, || -> Result<i32> { Ok(abi::READY) })
}

/// The plugin's table.
pub const fn plugin(
    classes: &'static [abi::CpClass],
    init: unsafe extern "C" fn(*const abi::CpHost, *mut abi::CpError) -> i32,
) -> abi::CpPlugin {
    abi::CpPlugin {
        magic: abi::MAGIC,
        abi_major: abi::ABI_MAJOR,
        abi_minor: abi::ABI_MINOR,
        sizes: abi::CpSizes::HERE,
        classes: classes.as_ptr(),
        class_count: classes.len(),
        init: Some(init),
        get_extension: None,
        reserved: [0; 4],
    }
}

/// The bytes of the manifest. A class or alias that would break its JSON does not compile.
pub const fn manifest<const N: usize>(text: &str, names: &[&str]) -> [u8; N] {
    let mut i = 0;
    while i < names.len() {
        let name = names[i].as_bytes();
        assert!(!name.is_empty(), "a class or alias has an empty name");
        let mut j = 0;
        while j < name.len() {
            assert!(
                name[j] > 32 && name[j] < 127 && name[j] != b'"' && name[j] != b'\\',
                "not a name of a class"
            );
            j += 1;
        }
        i += 1;
    }
    let (text, mut bytes, mut i) = (text.as_bytes(), [0; N], 0);
    while i < N {
        bytes[i] = text[i];
        i += 1;
    }
    bytes
}

/// Makes the library a plugin: the exported entry, the manifest, and a table for each class; with the feature
/// `stable-layout`, which is on by default, also the header of abi_stable that the worker checks after the entry's table.
/// Stands once, at the top of the crate; the version of each class is the crate's.
///
/// ```text
/// connect_plugin::export! {
///     source MySource as "com.example.MySourceConnector" ["MySource"];
///     sink MySink as "com.example.MySinkConnector";
/// }
/// ```
#[macro_export]
macro_rules! export {
    (
        $kind:ident $connector:ty as $name:literal $([$($alias:literal),* $(,)?])?
        $(; $kinds:ident $connectors:ty as $names:literal $([$($aliases:literal),* $(,)?])?)* $(;)?
    ) => {
        #[cfg(panic = "abort")]
        compile_error!("a plugin must be built with panic = \"unwind\": its panics stop at the library's border");

        /// What the library's manifest says, as in its section `.connect_plugin`.
        pub const CONNECT_PLUGIN_MANIFEST: &str = concat!(
            "{\"abi\":\"0.1\",\"classes\":[",
            $crate::__manifest_class!($kind, $name $(, $($alias),*)?),
            $(",", $crate::__manifest_class!($kinds, $names $(, $($aliases),*)?),)*
            "]}"
        );

        #[used]
        #[unsafe(link_section = ".connect_plugin")]
        static CONNECT_PLUGIN_SECTION: [u8; CONNECT_PLUGIN_MANIFEST.len()] = $crate::__export::manifest(
            CONNECT_PLUGIN_MANIFEST,
            &[$name, $($($alias,)*)? $($names, $($($aliases,)*)?)*],
        );

        $crate::__layout!();

        /// The plugin's table: the only way into the library.
        #[unsafe(no_mangle)]
        pub extern "C" fn connect_plugin_entry() -> *const $crate::__export::abi::CpPlugin {
            use $crate::__export::{abi, connector, sink, source};
            const _: () = assert!(abi::ABI_MAJOR == 0 && abi::ABI_MINOR == 1, "the manifest says 0.1");
            unsafe extern "C" fn init(host: *const abi::CpHost, err: *mut abi::CpError) -> i32 {
                // SAFETY: the worker keeps to the contract.
                unsafe { $crate::__export::init(env!("CARGO_PKG_NAME"), host, err) }
            }
            static CLASSES: &[abi::CpClass] = &[
                $crate::__class!($kind, $connector, $name),
                $($crate::__class!($kinds, $connectors, $names),)*
            ];
            static PLUGIN: abi::CpPlugin = $crate::__export::plugin(CLASSES, init);
            // Without a use of the manifest the linker would leave its section out.
            ::core::hint::black_box(&raw const CONNECT_PLUGIN_SECTION);
            &PLUGIN
        }
    };
}

#[cfg(feature = "stable-layout")]
#[doc(hidden)]
#[macro_export]
macro_rules! __layout {
    () => {
        /// The layout of all that crosses, for the worker's second check.
        #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
        pub static CONNECT_PLUGIN_LAYOUT: $crate::__export::abi::layout::LibHeader =
            $crate::__export::abi::layout::header();
    };
}

#[cfg(not(feature = "stable-layout"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __layout {
    () => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __manifest_class {
    ($kind:ident, $name:literal $(,)?) => { $crate::__manifest_class!(@ $kind, $name, "") };
    ($kind:ident, $name:literal, $first:literal $(, $more:literal)* $(,)?) => {
        $crate::__manifest_class!(@ $kind, $name, ",\"aliases\":[\"", $first, "\"", $(",\"", $more, "\"",)* "]")
    };
    (@ $kind:ident, $name:literal, $($aliases:literal),+) => {
        concat!(
            "{\"class\":\"", $name, "\",\"kind\":\"", stringify!($kind), "\",\"version\":\"",
            env!("CARGO_PKG_VERSION"), "\"", $($aliases,)+ "}"
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __class {
    (source, $connector:ty, $name:literal) => {
        abi::CpClass {
            name: abi::CpStr::new($name),
            version: abi::CpStr::new(env!("CARGO_PKG_VERSION")),
            kind: abi::KIND_SOURCE,
            flags: source::flags::<$connector>(),
            connector: const { &connector::table::<$connector>() },
            source: const { &source::table::<$connector>() },
            sink: ::core::ptr::null(),
            reserved: [0; 4],
        }
    };
    (sink, $connector:ty, $name:literal) => {
        abi::CpClass {
            name: abi::CpStr::new($name),
            version: abi::CpStr::new(env!("CARGO_PKG_VERSION")),
            kind: abi::KIND_SINK,
            flags: sink::flags::<$connector>(),
            connector: const { &connector::table::<$connector>() },
            source: ::core::ptr::null(),
            sink: const { &sink::table::<$connector>() },
            reserved: [0; 4],
        }
    };
    ($kind:ident, $connector:ty, $name:literal) => {
        compile_error!("a class is a source or a sink")
    };
}
