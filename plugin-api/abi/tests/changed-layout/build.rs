//! Takes the sources of the boundary and changes one member, under the name of their crate: what a plugin is built from
//! when the types have moved and all sizes and the version are the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// In which file, what, and what for it: an acknowledgement's offset loses its sign.
const CHANGE: (&str, &str, &str) = (
    "record.rs",
    "    /// Its offset in Kafka.\n    pub offset: i64,",
    "    /// Its offset in Kafka.\n    pub offset: u64,",
);

fn main() {
    let sources = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../src");
    let mut all = String::new();
    for line in read(&sources, "lib.rs").lines() {
        match line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            Some(name) => {
                let module = read(&sources, &format!("{name}.rs"));
                writeln!(all, "pub mod {name} {{\n{module}\n}}").expect("a string takes it");
            }
            None if line.starts_with("//!") => {}
            None => writeln!(all, "{line}").expect("a string takes it"),
        }
    }
    let to = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("abi.rs");
    fs::write(to, all.replace("use crate::", "use crate::abi::")).expect("the folder can be written to");
    println!("cargo::rerun-if-changed={}", sources.display());
    println!("cargo::rustc-env=CARGO_PKG_NAME=connect-plugin-abi");
}

fn read(sources: &Path, name: &str) -> String {
    let text = fs::read_to_string(sources.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    if name != CHANGE.0 {
        return text;
    }
    assert_eq!(text.matches(CHANGE.1).count(), 1, "{name} is another one: choose another member to change");
    text.replace(CHANGE.1, CHANGE.2)
}
