//! Faulty plugins: one small library in C for each fault a plugin can have, which `tests/faulty/README.md` describes, and
//! two in Rust: one that panics (`tests/faulty-rust`) and one whose types differ (`plugin-api/abi/tests/changed-layout`).

use crate::paths::repo;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder of one faulty plugin, a value for `plugin.path`. It holds `<name>.so` and nothing else.
///
/// The first call in a process builds them all under `target/faulty`, what is up to date excepted; test programs that
/// run side by side wait for each other.
///
/// # Panics
/// When they cannot be built, or when there is none of that name.
pub fn plugin(name: &str) -> PathBuf {
    static ALL: OnceLock<PathBuf> = OnceLock::new();
    let folder = ALL.get_or_init(build).join(name);
    assert!(
        library(&folder, name).is_file(),
        "no faulty plugin {name}: `make list` in tests/faulty names them"
    );
    folder
}

/// The library file of one faulty plugin.
///
/// # Panics
/// As [`plugin`].
pub fn plugin_file(name: &str) -> PathBuf {
    library(&plugin(name), name)
}

fn library(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.so"))
}

/// Builds all; the lock is held by `flock` while make runs, and falls with it.
fn build() -> PathBuf {
    let target = repo().join("target");
    let folder = target.join("faulty");
    std::fs::create_dir_all(&folder).unwrap_or_else(|e| panic!("cannot make {}: {e}", folder.display()));
    let output = Command::new("flock")
        .arg(target.join("faulty.lock"))
        .args(["make", "--silent", "--jobs=2", "-C"])
        .arg(repo().join("tests/faulty"))
        .arg(format!("OUT={}", folder.display()))
        .env_remove("MAKEFLAGS")
        .output()
        .unwrap_or_else(|e| panic!("flock cannot be started ({e}): install util-linux, make and gcc"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the faulty plugins cannot be built:\n{told}");
    folder
}

/// The folder of the plugin in Rust that panics.
///
/// # Panics
/// When cargo has not built it, which it does for the tests of the whole workspace.
pub fn rust_plugin() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| take_rust("connect-faulty", "rust")).clone()
}

/// The folder of the plugin in Rust whose types are not those of the worker. Its library is
/// `libconnect_changed_layout.so`.
///
/// # Panics
/// As [`rust_plugin`].
pub fn changed_layout() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| take_rust("connect-changed-layout", "changed-layout")).clone()
}

/// Puts the library of a package into a folder of `target/faulty`. Cargo has built it with the tests, beside them.
fn take_rust(package: &str, folder: &str) -> PathBuf {
    let folder = repo().join("target/faulty").join(folder);
    let file = format!("lib{}.so", package.replace('-', "_"));
    std::fs::create_dir_all(&folder).unwrap_or_else(|e| panic!("cannot make {}: {e}", folder.display()));
    let test = std::env::current_exe().unwrap_or_else(|e| panic!("where is this program: {e}"));
    let built = test.with_file_name(&file);
    // By rename: a library that some process has loaded must never be written into.
    let new = folder.join(format!("{file}.{}", std::process::id()));
    let copied = std::fs::copy(&built, &new);
    let moved = copied.and_then(|_| std::fs::rename(&new, folder.join(&file)));
    moved.unwrap_or_else(|e| {
        panic!("{}: {e}; run cargo test with --workspace, which builds it", built.display())
    });
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plugin_has_a_folder_of_its_own() {
        for name in ["numbers", "wrong_magic", "hang", "not_elf", "truncated", "wrong_machine"] {
            let files: Vec<_> = std::fs::read_dir(plugin(name))
                .expect("the folder")
                .map(|entry| entry.expect("an entry").file_name())
                .collect();
            assert_eq!(files, [std::ffi::OsString::from(format!("{name}.so"))]);
        }
    }

    #[test]
    #[should_panic(expected = "no faulty plugin nonesuch")]
    fn a_name_that_does_not_exist_is_told() {
        plugin("nonesuch");
    }
}
