//! What documents say about the code is true where a text can tell: names, orders, examples, keys.

use std::collections::BTreeSet;

use crate::source::{read, repo, rust};

#[test]
fn the_map_and_the_library_list_the_rooms_in_one_order() {
    let library = read("host/src/lib.rs");
    let declared: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let map = read("ARCHITECTURE.md");
    let mapped: Vec<&str> = map
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(room, _)| room)
        .collect();
    let mapped: Vec<&str> = mapped.into_iter().filter(|room| declared.contains(room)).collect();
    assert_eq!(declared, mapped, "host/src/lib.rs (left) and the table of rooms in ARCHITECTURE.md differ");
}

/// In tables whose last column is headed `test`, each `name` there is a test or a file of the repository.
#[test]
fn documents_name_tests_that_are_there() {
    let functions: BTreeSet<String> =
        rust().iter().flat_map(|file| file.functions()).map(|(name, _)| name).collect();
    let mut named = 0;
    for document in ["ARCHITECTURE.md", "docs/differences.md"] {
        let mut tests = false;
        for row in read(document).lines() {
            let Some(cells) = row.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else {
                tests = tests && row.starts_with("| -");
                continue;
            };
            let last = cells.rsplit(" | ").next().unwrap_or_default();
            tests = tests || last == "test";
            for name in last.split('`').skip(1).step_by(2).filter(|_| tests) {
                named += 1;
                let there = functions.contains(name) || repo().join(name).is_file();
                assert!(there, "{document} names the test {name}, which is not there");
            }
        }
    }
    assert!(named > 40, "the tables were not found: only {named} names");
}

#[test]
fn the_connector_in_the_readme_is_the_one_that_is_compiled() {
    let source = read("plugin-api/src/lib.rs");
    let example = source.split("//! ```\n").nth(1).unwrap_or_default();
    let shown: Vec<&str> = example.lines().filter(|line| !line.starts_with("//! # ")).collect();
    let shown: Vec<&str> =
        shown.into_iter().map(|line| line.trim_start_matches("//!").trim_start_matches(' ')).collect();
    let readme = read("README.md");
    let quoted =
        readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    let quoted: Vec<&str> = quoted.lines().map(str::trim_start).collect();
    assert_eq!(shown, quoted, "the example of plugin-api/src/lib.rs (left) and README.md differ");
}

#[test]
fn every_key_is_documented() {
    let document = read("docs/configuration.md");
    for (catalogue, call) in [
        ("host/src/settings/worker/keys.rs", "key("),
        ("host/src/settings/definitions/common.rs", "Definition::new("),
    ] {
        let source = read(catalogue);
        let keys = source
            .split(call)
            .skip(1)
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
        let keys: Vec<&str> = keys.collect();
        assert!(keys.len() > 15, "{catalogue}: the keys were not found");
        for key in keys {
            assert!(document.contains(&format!("| `{key}` |")), "docs/configuration.md has no row for {key}");
        }
    }
}

#[test]
fn the_changelog_knows_this_version() {
    let version = concat!("## [", env!("CARGO_PKG_VERSION"), "]");
    assert!(read("CHANGELOG.md").contains(version), "CHANGELOG.md has no section {version}");
}
