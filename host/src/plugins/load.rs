//! Opening a library and checking its table before any of its functions is trusted.

use std::path::{Path, PathBuf};
use std::time::Instant;

use connect_plugin_abi as abi;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::call::ErrorSlot;
use super::host_table::HOST;
use super::layout::{self, Verdict};
use super::manifest::Manifest;
use super::views;

/// A class whose tables are complete. The tables live as long as the process, since libraries are never closed.
#[derive(Clone, Copy)]
pub struct ClassTables {
    /// Calls may sleep.
    pub blocking: bool,
    /// The connector's functions.
    pub connector: &'static abi::CpConnectorOps,
    /// The tasks' functions.
    pub task: TaskTables,
}

/// The functions of a class's tasks.
#[derive(Clone, Copy)]
pub enum TaskTables {
    /// A source.
    Source(&'static abi::CpSourceTaskOps),
    /// A sink.
    Sink(&'static abi::CpSinkTaskOps),
}

/// A class of a loaded library.
#[derive(Clone)]
pub struct LoadedClass {
    /// Full name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Its functions.
    pub tables: ClassTables,
}

/// Why a library was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The dynamic linker refused it.
    #[error("cannot be loaded: {0}")]
    Open(String),
    /// The entry is missing.
    #[error("it does not export {}", abi::ENTRY_NAME)]
    NoEntry,
    /// The entry answered nothing usable.
    #[error("its entry answered {0}")]
    Entry(String),
    /// Another version of the boundary.
    #[error(
        "it was built for plugin ABI {major}.{minor}, this worker speaks {}.{}; rebuild it against this version",
        abi::ABI_MAJOR,
        abi::ABI_MINOR
    )]
    Version {
        /// Major version found.
        major: u32,
        /// Minor version found.
        minor: u32,
    },
    /// Sizes differ.
    #[error(
        "the sizes of its types are not those of this worker's plugin ABI: {0}; rebuild it against this version"
    )]
    Sizes(String),
    /// The layout that it tells differs.
    #[error("{0}; rebuild it against this version")]
    Layout(String),
    /// A class is not complete.
    #[error("class {class}: {problem}")]
    Class {
        /// Which.
        class: String,
        /// What is missing.
        problem: String,
    },
    /// Its own initialisation failed.
    #[error("its init failed: {0}")]
    Init(String),
}

/// Opens a library, checks it and initialises it. The library stays open for good, also when it is refused after its
/// entry was called: its code may have started threads.
pub fn load(path: &Path, manifest: &Manifest) -> Result<Vec<LoadedClass>, LoadError> {
    let path: PathBuf = std::fs::canonicalize(path).map_err(|error| LoadError::Open(error.to_string()))?;
    // SAFETY: opening runs the library's constructors; the header's trust statement covers them.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| LoadError::Open(error.to_string()))?;
    // SAFETY: the entry's type is fixed by the header; everything it returns is checked before use.
    let plugin = unsafe {
        let entry =
            library.get::<abi::CpEntryFn>(abi::ENTRY_NAME.as_bytes()).map_err(|_| LoadError::NoEntry)?;
        let table = entry();
        let library = std::mem::ManuallyDrop::new(library);
        let plugin = handshake(table)?;
        check_layout(&library, &path)?;
        plugin
    };
    let classes = classes(plugin, manifest)?;
    let Some(init) = plugin.init else {
        return Err(LoadError::Entry("a table without init".into()));
    };
    let mut slot = ErrorSlot::default();
    // SAFETY: HOST lives for ever, the slot during the call.
    match unsafe { init(&HOST, slot.raw()) } {
        abi::READY => Ok(classes),
        abi::ERROR => Err(LoadError::Init(slot.message())),
        other => Err(LoadError::Init(format!("it answered {other}, which means nothing"))),
    }
}

/// Checks the layout that a library in Rust tells, if it does.
///
/// # Safety
/// The library is never closed.
unsafe fn check_layout(library: &Library, path: &Path) -> Result<(), LoadError> {
    let begin = Instant::now();
    // SAFETY: the caller's promise; what a plugin exports under a name is what it says, by the header's trust statement.
    match unsafe { layout::check(library) } {
        Verdict::Same => {
            tracing::debug!("the types of {} were compared, in {:?}", path.display(), begin.elapsed());
        }
        Verdict::Absent => {}
        Verdict::Unread(reason) => {
            tracing::warn!("{} is used without a comparison of its types: {reason}", path.display());
        }
        Verdict::Different(reason) => return Err(LoadError::Layout(reason)),
    }
    Ok(())
}

/// Checks magic, version and sizes, reading nothing behind what has been checked.
///
/// # Safety
/// `table` is null or what a plugin's entry returned.
unsafe fn handshake(table: *const abi::CpPlugin) -> Result<&'static abi::CpPlugin, LoadError> {
    if table.is_null() || !table.is_aligned() {
        return Err(LoadError::Entry(format!("{table:p} instead of a table")));
    }
    // SAFETY: magic, version and sizes lie at the start of the table in every version of the boundary.
    unsafe {
        let magic = (&raw const (*table).magic).read();
        if magic != abi::MAGIC {
            return Err(LoadError::Entry(format!(
                "a table with magic {magic:#018x} instead of {:#018x}",
                abi::MAGIC
            )));
        }
        let (major, minor) = ((&raw const (*table).abi_major).read(), (&raw const (*table).abi_minor).read());
        if (major, minor) != (abi::ABI_MAJOR, abi::ABI_MINOR) {
            return Err(LoadError::Version { major, minor });
        }
        let sizes = (&raw const (*table).sizes).read();
        if sizes != abi::CpSizes::HERE {
            return Err(LoadError::Sizes(format!("{sizes:?} instead of {:?}", abi::CpSizes::HERE)));
        }
        Ok(&*table)
    }
}

/// Reads the classes and compares them with the manifest.
fn classes(plugin: &'static abi::CpPlugin, manifest: &Manifest) -> Result<Vec<LoadedClass>, LoadError> {
    let wrong = |error: views::Bad| LoadError::Entry(format!("a table with wrong classes: {error}"));
    // SAFETY: the table lives for ever; length and pointer are checked.
    let classes = unsafe { views::slice(plugin.classes, plugin.class_count) }.map_err(wrong)?;
    let mut loaded = Vec::new();
    for class in classes {
        // SAFETY: as above.
        let (name, version) =
            unsafe { (views::text(class.name).map_err(wrong)?, views::text(class.version).map_err(wrong)?) };
        let fail = |problem: String| LoadError::Class { class: name.to_owned(), problem };
        let Some(promised) = manifest.classes.iter().find(|promised| promised.class == name) else {
            return Err(fail("the manifest does not name it".into()));
        };
        if promised.version != version {
            return Err(fail(format!("its version is {version}, the manifest says {}", promised.version)));
        }
        if loaded.iter().any(|known: &LoadedClass| known.name == name) {
            return Err(fail("the library has it twice".into()));
        }
        if let Some(tables) = tables(class, &promised.kind).map_err(fail)? {
            loaded.push(LoadedClass { name: name.to_owned(), version: version.to_owned(), tables });
        }
    }
    match manifest.classes.iter().find(|promised| !classes_have(classes, &promised.class)) {
        Some(missing) => Err(LoadError::Class {
            class: missing.class.clone(),
            problem: "the manifest names it, the library does not have it".into(),
        }),
        None => Ok(loaded),
    }
}

fn classes_have(classes: &[abi::CpClass], name: &str) -> bool {
    // SAFETY: these texts were checked once already.
    classes.iter().any(|class| unsafe { views::text(class.name) } == Ok(name))
}

/// The tables of a class, complete; `None` for a kind that this version reserves.
fn tables(class: &'static abi::CpClass, kind: &str) -> Result<Option<ClassTables>, String> {
    let wanted = match kind {
        "source" => abi::KIND_SOURCE,
        "sink" => abi::KIND_SINK,
        _ => return Ok(None),
    };
    if class.kind != wanted {
        return Err(format!("its kind is {}, the manifest says {kind}", class.kind));
    }
    if class.flags & !abi::CLASS_BLOCKING != 0 {
        return Err(format!("its flags {:#x} are unknown", class.flags));
    }
    // SAFETY: tables live for ever; null and alignment are checked, and the size before anything else is read.
    let connector = unsafe { table(class.connector, "connector", |ops| ops.size)? };
    require(&[
        ("config_defs", connector.config_defs.is_some()),
        ("connector create", connector.create.is_some()),
        ("connector start", connector.start.is_some()),
        ("task_configs", connector.task_configs.is_some()),
        ("connector stop", connector.stop.is_some()),
        ("connector destroy", connector.destroy.is_some()),
    ])?;
    let task = if wanted == abi::KIND_SOURCE {
        // SAFETY: as above.
        let ops = unsafe { table(class.source, "source", |ops| ops.size)? };
        require(&[
            ("task create", ops.create.is_some()),
            ("task start", ops.start.is_some()),
            ("poll", ops.poll.is_some()),
            ("task stop", ops.stop.is_some()),
            ("task destroy", ops.destroy.is_some()),
        ])?;
        TaskTables::Source(ops)
    } else {
        // SAFETY: as above.
        let ops = unsafe { table(class.sink, "sink", |ops| ops.size)? };
        require(&[
            ("task create", ops.create.is_some()),
            ("task start", ops.start.is_some()),
            ("put", ops.put.is_some()),
            ("task stop", ops.stop.is_some()),
            ("task destroy", ops.destroy.is_some()),
        ])?;
        TaskTables::Sink(ops)
    };
    Ok(Some(ClassTables { blocking: class.flags & abi::CLASS_BLOCKING != 0, connector, task }))
}

fn require(slots: &[(&str, bool)]) -> Result<(), String> {
    let missing: Vec<&str> = slots.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("these required functions are null: {}", missing.join(", ")))
    }
}

/// # Safety
/// `table` is null or leads to a table that lives for ever and starts with its size.
unsafe fn table<T>(table: *const T, what: &str, size: impl Fn(&T) -> u64) -> Result<&'static T, String> {
    if table.is_null() || !table.is_aligned() {
        return Err(format!("its {what} table is missing"));
    }
    // SAFETY: the caller's promise; every table starts with its size.
    let found = unsafe { table.cast::<u64>().read() };
    if found != size_of::<T>() as u64 {
        return Err(format!("its {what} table has {found} bytes, {} are expected", size_of::<T>()));
    }
    // SAFETY: as above, and the size is right.
    let table = unsafe { &*table };
    debug_assert_eq!(size(table), found);
    Ok(table)
}
