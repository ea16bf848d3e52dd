//! Where things are: the repository, the built tree, and a folder of its own for each run.

use crate::guard;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn repo() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// What `scripts/build` made: `CONNECT_HOST_DIST`, or `dist/` in the repository.
pub fn dist() -> PathBuf {
    std::env::var_os("CONNECT_HOST_DIST").map_or_else(|| repo().join("dist"), PathBuf::from)
}

/// The worker's program in [`dist`].
pub fn connect_host() -> PathBuf {
    dist().join("bin/connect-host")
}

/// The plugin folders in [`dist`], a value for `plugin.path`.
pub fn plugins() -> PathBuf {
    dist().join("plugins")
}

/// Apache Kafka's jars as `scripts/kafka` brings them: `libs/` and `plugins/connect-file/`.
pub fn kafka_jars() -> PathBuf {
    repo().join("target/kafka-jars")
}

/// A folder under `target/test-runs`, removed when dropped, or by the guard when this process dies first.
/// With `CONNECT_TEST_KEEP=1` it stays.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    keep: bool,
}

impl RunDir {
    /// Makes a new folder whose name starts with `name`.
    ///
    /// # Panics
    /// When the folder cannot be made.
    pub fn new(name: &str) -> RunDir {
        let parent = repo().join("target/test-runs");
        let keep = std::env::var_os("CONNECT_TEST_KEEP").as_deref() == Some(OsStr::new("1"));
        let made = std::fs::create_dir_all(&parent)
            .and_then(|()| tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(&parent));
        let path =
            made.unwrap_or_else(|e| panic!("cannot make a folder in {}: {e}", parent.display())).keep();
        if !keep {
            guard::remove_later(&path);
        }
        RunDir { path, keep }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
            guard::removed(&self.path);
        }
    }
}
