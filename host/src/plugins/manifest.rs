//! The manifest of a library: read from its ELF section, without loading it.

use std::path::Path;

use connect_plugin_abi as abi;
use object::{Object, ObjectSection};
use serde::Deserialize;

/// What a library says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// Version of the boundary, "0.1".
    pub abi: String,
    /// Its classes.
    pub classes: Vec<ManifestClass>,
}

/// One class of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ManifestClass {
    /// Full name.
    pub class: String,
    /// What it is.
    pub kind: String,
    /// Its version.
    pub version: String,
    /// Other names, besides the short ones that always count.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Why a file is not a usable plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The file is not an ELF library.
    #[error("not a shared library: {0}")]
    NotALibrary(String),
    /// The section is there, but not what it should be.
    #[error(
        "its manifest is not valid: {0}; build it against connect_plugin.h (CP_MANIFEST) or with export!"
    )]
    Invalid(String),
    /// The boundary has another version.
    #[error("it was built for plugin ABI {found}, this worker speaks {here}; rebuild it against this version", here = here())]
    Version {
        /// What the manifest says.
        found: String,
    },
}

/// The version this worker speaks, as manifests write it.
fn here() -> String {
    format!("{}.{}", abi::ABI_MAJOR, abi::ABI_MINOR)
}

impl Manifest {
    /// Reads the manifest of a file. `None`: a library without one, that is, not a plugin.
    pub fn of_file(path: &Path) -> Result<Option<Manifest>, ManifestError> {
        let file = std::fs::File::open(path).map_err(|error| ManifestError::Unreadable(error.to_string()))?;
        let cache = object::ReadCache::new(file);
        let elf =
            object::File::parse(&cache).map_err(|error| ManifestError::NotALibrary(error.to_string()))?;
        let Some(section) = elf.section_by_name(abi::MANIFEST_SECTION) else { return Ok(None) };
        let data = section.data().map_err(|error| ManifestError::Invalid(error.to_string()))?;
        Manifest::of_section(data).map(Some)
    }

    /// Reads the content of the section.
    pub fn of_section(data: &[u8]) -> Result<Manifest, ManifestError> {
        // A C string brings its terminating zero, a linker may pad with more.
        let end = data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let manifest: Manifest = serde_json::from_slice(&data[..end])
            .map_err(|error| ManifestError::Invalid(error.to_string()))?;
        if manifest.abi != here() {
            return Err(ManifestError::Version { found: manifest.abi });
        }
        if manifest.classes.is_empty() {
            return Err(ManifestError::Invalid("it names no class".into()));
        }
        let mut names = std::collections::HashSet::new();
        if let Some(twice) = manifest.classes.iter().find(|class| !names.insert(&class.class)) {
            return Err(ManifestError::Invalid(format!("it names class {} twice", twice.class)));
        }
        if let Some(class) = manifest.classes.iter().find(|class| class.class.is_empty()) {
            return Err(ManifestError::Invalid(format!("a class of kind {} has no name", class.kind)));
        }
        Ok(manifest)
    }
}

impl ManifestClass {
    /// Every name by which a config may call the class: full, short, short without "Connector", and its aliases.
    pub fn names(&self) -> Vec<String> {
        let short = self.class.rsplit(['.', '$']).next().unwrap_or(&self.class);
        let mut names = vec![self.class.clone(), short.to_owned()];
        if let Some(shorter) = short.strip_suffix("Connector").filter(|rest| !rest.is_empty()) {
            names.push(shorter.to_owned());
        }
        names.extend(self.aliases.iter().cloned());
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str =
        r#"{"abi":"0.1","classes":[{"class":"a.b.MySinkConnector","kind":"sink","version":"1"}]}"#;

    #[test]
    fn a_manifest_may_be_padded_and_gives_all_names() {
        let manifest = Manifest::of_section(format!("{GOOD}\0\0\0").as_bytes()).unwrap();
        assert_eq!(manifest.classes[0].names(), ["a.b.MySinkConnector", "MySinkConnector", "MySink"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("", "not valid"),
            ("{", "not valid"),
            (r#"{"abi":"0.1","classes":[]}"#, "names no class"),
            (r#"{"abi":"0.2","classes":[]}"#, "plugin ABI 0.2, this worker speaks 0.1"),
            (r#"{"abi":"0.1","classes":[{"class":"","kind":"sink","version":"1"}]}"#, "has no name"),
        ] {
            let error = Manifest::of_section(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Manifest::of_section(b"{\"abi\":\"\xff\"}").is_err());
    }

    proptest! {
        #[test]
        fn no_section_and_no_file_makes_its_reader_panic(
            noise in prop::collection::vec(any::<u8>(), 0..200),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut section = format!("{GOOD}\0\0").into_bytes();
            let at = at.index(section.len());
            section[at] = byte;
            let _ = Manifest::of_section(&section);
            let _ = Manifest::of_section(&noise);
            let file = tempfile::NamedTempFile::new().unwrap();
            // The head of a 64-bit library, then anything.
            let mut library = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
            library.extend_from_slice(&noise);
            std::fs::write(file.path(), &library).unwrap();
            let _ = Manifest::of_file(file.path());
        }
    }
}
