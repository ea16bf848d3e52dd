//! A plugin whose table passes the C handshake and whose types are not those of the worker: it is refused by the layout
//! that it tells. Its types are the worker's own sources with one member changed (`build.rs`).

/// The boundary as this plugin knows it.
pub mod abi {
    include!(concat!(env!("OUT_DIR"), "/abi.rs"));
}

const MANIFEST: &[u8] = br#"{"abi":"0.1","classes":[{"class":"org.connecthost.faulty.ChangedLayoutSource","kind":"source","version":"0.1.0"}]}"#;

#[used]
#[unsafe(link_section = ".connect_plugin")]
static SECTION: [u8; MANIFEST.len()] = {
    let mut bytes = [0; MANIFEST.len()];
    bytes.copy_from_slice(MANIFEST);
    bytes
};

/// The layout of all that crosses, as this plugin knows it.
#[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
pub static LAYOUT: abi::layout::LibHeader = abi::layout::header();

static PLUGIN: abi::CpPlugin = abi::CpPlugin {
    magic: abi::MAGIC,
    abi_major: abi::ABI_MAJOR,
    abi_minor: abi::ABI_MINOR,
    sizes: abi::CpSizes::HERE,
    classes: std::ptr::null(),
    class_count: 0,
    init: None,
    get_extension: None,
    reserved: [0; 4],
};

/// The plugin's table.
#[unsafe(no_mangle)]
pub extern "C" fn connect_plugin_entry() -> *const abi::CpPlugin {
    std::hint::black_box(&raw const SECTION);
    &PLUGIN
}
