//! What `connect-host plugins list` prints: from manifests alone, so no plugin code runs.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use crate::plugins::scan::{self, Scan};

/// The list as text for people, or as JSON for programs.
pub fn render(plugin_path: &[PathBuf], as_json: bool) -> String {
    let scan = scan::scan(plugin_path);
    if as_json { to_json(&scan) } else { to_text(&scan) }
}

fn to_json(scan: &Scan) -> String {
    let mut libraries: Vec<_> = scan
        .found
        .iter()
        .map(|found| {
            let classes: Vec<_> = found
                .manifest
                .classes
                .iter()
                .map(|class| {
                    json!({"class": class.class, "kind": class.kind, "version": class.version, "aliases": class.names()[1..]})
                })
                .collect();
            json!({"library": found.path, "abi": found.manifest.abi, "classes": classes})
        })
        .collect();
    libraries.extend(scan.left_out.iter().map(|out| json!({"library": out.path, "left_out": out.reason})));
    let why = "it is for a JVM";
    libraries.extend(scan.archives.iter().map(|path| json!({"archive": path, "passed_over": why})));
    let mut text = serde_json::to_string_pretty(&libraries).unwrap_or_default();
    text.push('\n');
    text
}

fn to_text(scan: &Scan) -> String {
    let mut text = String::new();
    for found in &scan.found {
        let _ = writeln!(text, "{} (plugin ABI {})", found.path.display(), found.manifest.abi);
        for class in &found.manifest.classes {
            let aliases = class.names()[1..].join(", ");
            let _ = writeln!(text, "  {:<6} {} {} ({aliases})", class.kind, class.class, class.version);
        }
    }
    for out in &scan.left_out {
        let _ = writeln!(text, "{} is left out: {}", out.path.display(), out.reason);
    }
    for path in &scan.archives {
        let _ = writeln!(text, "{} is passed over: it is for a JVM", path.display());
    }
    if text.is_empty() {
        text.push_str("no plugins found\n");
    }
    text
}
