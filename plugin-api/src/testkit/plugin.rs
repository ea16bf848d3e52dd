//! Taking a plugin in: the handshake, and its manifest against its table.

use connect_plugin_abi as abi;

use super::host::{Failure, TABLE, text};
use crate::raw;

/// A plugin that was taken in.
#[derive(Debug)]
pub struct Plugin {
    classes: Vec<Class>,
}

/// One class of a plugin.
#[derive(Clone)]
pub struct Class {
    pub(super) raw: &'static abi::CpClass,
    /// Its name.
    pub name: String,
}

impl std::fmt::Debug for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Class {
    /// Whether its task calls may sleep.
    pub fn is_blocking(&self) -> bool {
        self.raw.flags & abi::CLASS_BLOCKING != 0
    }

    pub(super) fn connector(&self) -> &'static abi::CpConnectorOps {
        // SAFETY: tables live as long as the process.
        let ops = unsafe { self.raw.connector.as_ref() };
        ops.unwrap_or_else(|| panic!("{} has no table of its connector", self.name))
    }

    pub(super) fn source(&self) -> &'static abi::CpSourceTaskOps {
        // SAFETY: as above.
        let ops = unsafe { self.raw.source.as_ref() };
        ops.unwrap_or_else(|| panic!("{} has no table of source tasks", self.name))
    }

    pub(super) fn sink(&self) -> &'static abi::CpSinkTaskOps {
        // SAFETY: as above.
        let ops = unsafe { self.raw.sink.as_ref() };
        ops.unwrap_or_else(|| panic!("{} has no table of sink tasks", self.name))
    }
}

impl Plugin {
    /// Takes in what the entry returns: checks it, compares it with the manifest, initialises the plugin.
    ///
    /// # Panics
    /// If the plugin violates the contract.
    pub fn load(entry: extern "C" fn() -> *const abi::CpPlugin, manifest: &str) -> Plugin {
        // SAFETY: the entry returns a table that lives as long as the process.
        let table: &'static abi::CpPlugin = match unsafe { entry().as_ref() } {
            Some(table) => table,
            None => panic!("the entry returned null"),
        };
        assert_eq!(table.magic, abi::MAGIC, "magic");
        assert_eq!(
            (table.abi_major, table.abi_minor),
            (abi::ABI_MAJOR, abi::ABI_MINOR),
            "version of the ABI"
        );
        assert_eq!(table.sizes, abi::CpSizes::HERE, "sizes");
        assert_eq!(table.reserved, [0; 4], "reserved members");
        // SAFETY: as above.
        let raw_classes: &'static [abi::CpClass] = unsafe { raw::slice(table.classes, table.class_count) };
        let class = |raw: &'static abi::CpClass| Class {
            raw,
            // SAFETY: as above.
            name: unsafe { text(raw.name) },
        };
        let plugin = Plugin { classes: raw_classes.iter().map(class).collect() };
        plugin.compare(manifest);
        let Some(init) = table.init else { panic!("init is null") };
        let mut failure = Failure::default();
        // SAFETY: the host's table lives as long as the process.
        let answer = unsafe { init(&raw const TABLE, (&raw mut failure).cast()) };
        assert_eq!(answer, abi::READY, "init: {failure:?}");
        plugin
    }

    /// The class of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn class(&self, name: &str) -> Class {
        let class = self.classes.iter().find(|class| class.name == name);
        class.unwrap_or_else(|| panic!("no class {name} among {:?}", self.classes)).clone()
    }

    fn compare(&self, manifest: &str) {
        let json: serde_json::Value = match serde_json::from_str(manifest) {
            Ok(json) => json,
            Err(e) => panic!("the manifest is no JSON: {e}"),
        };
        let version = format!("{}.{}", abi::ABI_MAJOR, abi::ABI_MINOR);
        assert_eq!(json["abi"].as_str(), Some(version.as_str()), "the manifest's ABI");
        let listed = json["classes"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(listed.len(), self.classes.len(), "classes in the manifest and in the table");
        for (listed, class) in listed.iter().zip(&self.classes) {
            assert_eq!(listed["class"].as_str(), Some(class.name.as_str()), "name of a class");
            // SAFETY: tables live as long as the process.
            let version = unsafe { text(class.raw.version) };
            assert_eq!(listed["version"].as_str(), Some(version.as_str()), "version of {}", class.name);
            let kind = match class.raw.kind {
                abi::KIND_SOURCE => "source",
                abi::KIND_SINK => "sink",
                other => panic!("{} is of kind {other}", class.name),
            };
            assert_eq!(listed["kind"].as_str(), Some(kind), "kind of {}", class.name);
            assert_eq!(class.raw.reserved, [0; 4], "reserved members of {}", class.name);
            let size = class.connector().size;
            assert_eq!(size, size_of::<abi::CpConnectorOps>() as u64, "size in {}", class.name);
        }
    }
}
