//! Finding plugins in the plugin path, without running any of their code.

use std::path::{Path, PathBuf};

use super::manifest::{Manifest, ManifestError};

/// How deep below an entry of the plugin path libraries are looked for.
const DEPTH: usize = 3;

/// A library with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// A file that looks like a plugin and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Everything found, in the order of the plugin path and of names below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Usable as far as can be told without loading.
    pub found: Vec<Found>,
    /// Not usable.
    pub left_out: Vec<LeftOut>,
    /// Plugins for a JVM, which are passed over.
    pub archives: Vec<PathBuf>,
}

/// Looks through files and folders. Files named `*.so` count; a library without manifest is somebody's private one
/// and is passed over in silence. Archives of Java are told and passed over.
pub fn scan(plugin_path: &[PathBuf]) -> Scan {
    let mut result = Scan::default();
    for entry in plugin_path {
        visit(entry, DEPTH, &mut result);
    }
    result
}

fn visit(path: &Path, depth: usize, result: &mut Scan) {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            let reason = format!("cannot be read: {error}");
            result.left_out.push(LeftOut { path: path.to_owned(), reason });
            return;
        }
    };
    if metadata.is_file() {
        if is_archive(path) {
            result.archives.push(path.to_owned())
        } else {
            library(path, result)
        }
        return;
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            let reason = format!("cannot be listed: {error}");
            result.left_out.push(LeftOut { path: path.to_owned(), reason });
            return;
        }
    };
    let mut below: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    below.sort();
    for path in below {
        let is_folder = path.is_dir();
        if path.extension().is_some_and(|extension| extension == "so") && !is_folder {
            library(&path, result);
        } else if is_archive(&path) && !is_folder {
            result.archives.push(path);
        } else if is_folder && depth > 0 {
            visit(&path, depth - 1, result);
        }
    }
}

fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jar" || extension == "zip")
}

fn library(path: &Path, result: &mut Scan) {
    match Manifest::of_file(path) {
        Ok(Some(manifest)) => result.found.push(Found { path: path.to_owned(), manifest }),
        Ok(None) => {}
        Err(error @ ManifestError::Unreadable(_)) | Err(error) => {
            result.left_out.push(LeftOut { path: path.to_owned(), reason: error.to_string() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_reported_and_the_rest_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/fake.so"), "hello").unwrap();
        std::fs::write(folder.path().join("a/readme.txt"), "hello").unwrap();
        let missing = folder.path().join("missing");
        let result = scan(&[folder.path().to_owned(), missing.clone()]);
        assert!(result.found.is_empty());
        let reasons: Vec<_> =
            result.left_out.iter().map(|out| (out.path.clone(), out.reason.clone())).collect();
        assert_eq!(reasons[0].0, folder.path().join("a/fake.so"));
        assert!(reasons[0].1.starts_with("not a shared library"), "{reasons:?}");
        assert_eq!(reasons[1].0, missing);
        assert_eq!(reasons.len(), 2);
        assert!(result.archives.is_empty());
    }

    #[test]
    fn archives_of_java_are_told_and_are_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let (below, listed) = (folder.path().join("a/b.jar"), folder.path().join("c.zip"));
        std::fs::create_dir(folder.path().join("a")).unwrap();
        for path in [&below, &listed] {
            std::fs::write(path, "PK").unwrap();
        }
        let result = scan(&[folder.path().join("a"), listed.clone()]);
        assert_eq!((result.left_out, result.archives), (vec![], vec![below, listed]));
    }
}
