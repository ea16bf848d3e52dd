//! House rules that can be read off the text: who imports whom, what stays pure, how long things are, what must be told.
//!
//! Compiler and clippy see to the rest: missing docs, reasons at `unsafe`, and what `clippy.toml` bans.

mod documents;
mod source;

use source::{Source, files, read, repo, rust, uses_crate, word_at, words};

/// Types that hold configs, and fields of such types without secrets: names of keys, settings of a topic.
const CONFIGS: [&str; 3] = ["Props", "Conf", "Given"];
const SHOWN: [&str; 2] = ["given: BTreeMap<String, String>,", "settings: Props,"];

/// The rooms of the worker and what each may import of the others. `worker` may import all.
const IMPORTS: &[(&str, &[&str])] = &[
    ("settings", &[]),
    ("rest", &["settings", "herder", "trust"]),
    ("herder", &["settings"]),
    ("topics", &["records", "herder"]),
    ("records", &["settings"]),
    ("plugins", &["settings", "records"]),
    ("kafka", &["records", "metrics", "trust"]),
    ("metrics", &["settings"]),
    ("logging", &["settings"]),
    ("listing", &["plugins"]),
    ("trust", &[]),
    ("shutdown", &[]),
];

/// Rooms without I/O, threads, async, clock and randomness, and words that bring them in.
const PURE: [&str; 4] = ["settings", "herder", "topics", "records"];
const IMPURE: [&str; 16] = [
    "async",
    "await",
    "tokio",
    "futures_util",
    "tempfile",
    "tracing",
    "Instant",
    "SystemTime",
    "UNIX_EPOCH",
    "RandomState",
    "rand",
    "thread",
    "env",
    "fs",
    "net",
    "process",
];

/// Crates that one place alone may know, or two with a blank between them.
const CRATES: &[(&str, &str)] = &[
    ("rdkafka", "host/src/kafka/"),
    ("rdkafka_sys", "host/src/kafka/"),
    ("ureq", "host/src/kafka/"),
    ("rustls_native_certs", "host/src/trust.rs"),
    ("warp", "host/src/rest/"),
    ("hyper", "host/src/rest/"),
    ("hyper_util", "host/src/rest/"),
    ("http_body_util", "host/src/rest/"),
    ("subtle", "host/src/rest/"),
    ("tokio_rustls", "host/src/rest/ host/src/kafka/group/ host/src/trust.rs"),
    ("libloading", "host/src/plugins/"),
    ("abi_stable", "host/src/plugins/"),
    ("object", "host/src/plugins/"),
    ("connect_plugin_abi", "host/src/plugins/"),
    ("metrics_exporter_prometheus", "host/src/metrics/"),
    ("clap", "host/src/main.rs"),
    ("p12_keystore", "host/src/settings/keystores/"),
    ("pkcs5", "host/src/settings/keystores/"),
    ("clap_complete", "host/src/main.rs"),
    ("clap_mangen", "host/src/main.rs"),
    ("serde_yaml", "host/src/settings/files/"),
];

/// Where `unsafe` may stand.
const UNSAFE: [&str; 3] = ["host/src/plugins/", "host/src/kafka/", "plugin-api/"];

const MAX_FILE: usize = 500;
const MAX_FUNCTION: usize = 70;
/// Files that may be longer, and their functions too, since they only list.
const CATALOGUES: [&str; 2] = ["plugin-api/include/connect_plugin.h", "plugin-api/abi/tests/header.rs"];

#[test]
fn rooms_import_only_what_they_may() {
    check(rust(), |file, complain| {
        let Some(room) = file.room() else { return };
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == room) else {
            if !["worker", "lib", "main"].contains(&room) {
                complain(0, &format!("the room {room} has no rule in this test"));
            }
            return;
        };
        for (at, line) in file.code.iter().enumerate() {
            for (_, rest) in line.match_indices("crate::").map(|(i, s)| line[i..].split_at(s.len())) {
                let target = word_at(rest);
                if target != room && !allowed.contains(&target) {
                    complain(at, &format!("{room} may not import crate::{target}"));
                }
            }
        }
    });
}

#[test]
fn pure_rooms_know_no_world() {
    check(rust(), |file, complain| {
        let pure = file.room().is_some_and(|room| PURE.contains(&room));
        for (at, line) in file.shipped().filter(|_| pure) {
            // env! is an answer of the compiler, not of the environment.
            for word in words(&line.replace("env!", "")).filter(|word| IMPURE.contains(word)) {
                complain(at, &format!("'{word}' in a pure room"));
            }
        }
    });
}

#[test]
fn crates_stay_in_their_rooms() {
    check(rust(), |file, complain| {
        let host = file.path.starts_with("host/src/");
        for (at, line) in file.shipped().filter(|_| host) {
            let strangers =
                CRATES.iter().filter(|(_, home)| !home.split(' ').any(|home| file.path.starts_with(home)));
            for (name, home) in strangers.filter(|(name, _)| uses_crate(line, name)) {
                complain(at, &format!("the crate {name} belongs to {home}"));
            }
        }
    });
}

#[test]
fn unsafe_stands_at_the_borders_only() {
    check(rust(), |file, complain| {
        let border = UNSAFE.iter().any(|place| file.path.starts_with(place));
        for (at, line) in file.code.iter().enumerate().filter(|_| !border) {
            if words(line).any(|word| word == "unsafe") {
                complain(at, "unsafe outside of plugins/, kafka/ and plugin-api");
            }
        }
    });
}

/// A derived Debug would show what is in it.
#[test]
fn what_holds_a_config_is_not_shown_by_debug() {
    check(rust(), |file, complain| {
        let (host, mut derived) = (file.path.starts_with("host/src/"), false);
        for (at, line) in file.shipped().filter(|_| host) {
            if line.starts_with("#[derive(") {
                derived = words(line).any(|word| word == "Debug");
            }
            let config =
                line.contains("BTreeMap<String, String>") || words(line).any(|word| CONFIGS.contains(&word));
            if derived && config && !SHOWN.contains(&line.trim()) {
                complain(at, "a config, which may hold secrets, in a type that derives Debug");
            }
            let ends = line == "}" || line.starts_with("pub struct ") && line.ends_with(");");
            derived &= !ends;
        }
    });
}

#[test]
fn lints_and_checks_hold_in_every_crate() {
    let (root, checked) = (read("Cargo.toml"), read("scripts/checked.toml"));
    for lint in ["missing_docs", "unsafe_op_in_unsafe_fn", "undocumented_unsafe_blocks"] {
        assert!(root.contains(&format!("\n{lint} = ")), "Cargo.toml does not set the lint {lint}");
    }
    for manifest in files().iter().filter(|path| path.ends_with("/Cargo.toml")) {
        let text = read(manifest);
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest} has not the workspace's lints");
        let name = text.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        let profile = format!("[profile.release.package.{}]", name.trim_matches('"'));
        assert!(checked.contains(&profile), "scripts/checked.toml has no {profile}");
    }
}

#[test]
fn files_say_first_what_they_are_for() {
    check(rust(), |file, complain| {
        if !file.text.starts_with("//! ") {
            complain(0, "the first line is no //! sentence");
        }
    });
}

#[test]
fn files_and_functions_are_short() {
    for path in files().iter().filter(|path| !CATALOGUES.contains(&path.as_str())) {
        let known = ["rs", "c", "h", "sh"].iter().any(|end| path.ends_with(&format!(".{end}")));
        let lines = if known || path.starts_with("scripts/") { read(path).lines().count() } else { 0 };
        assert!(lines <= MAX_FILE, "{path} has {lines} lines, more than {MAX_FILE}: split it by idea");
    }
    check(rust(), |file, complain| {
        let listed = CATALOGUES.contains(&file.path.as_str());
        for (name, lines) in file.functions().into_iter().filter(|_| !listed) {
            if lines.len() > MAX_FUNCTION {
                complain(lines.start, &format!("{name} has {} lines, more than {MAX_FUNCTION}", lines.len()));
            }
        }
    });
}

#[test]
fn nothing_is_unfinished_or_muted() {
    let code = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
        concat!("dead", "_code"),
    ];
    let text = [concat!("FIX", "ME"), concat!("XX", "X")];
    check(rust(), |file, complain| {
        for (at, (line, raw)) in file.code.iter().zip(file.text.lines()).enumerate() {
            let found = code.iter().find(|what| line.contains(**what));
            if let Some(what) = found.or_else(|| text.iter().find(|what| raw.contains(**what))) {
                complain(at, what);
            }
        }
    });
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    check(rust(), |file, complain| {
        let shipped = !file.path.starts_with("tests/") && !file.path.starts_with("plugin-api/src/testkit/");
        for (at, line) in file.shipped().filter(|_| shipped) {
            if line.contains(".unwrap()") || line.contains(".expect(") {
                complain(at, "unwrap or expect: what is missing here becomes a panic");
            }
        }
    });
}

#[test]
fn scenarios_wait_for_conditions() {
    check(rust(), |file, complain| {
        for (at, line) in file.code.iter().enumerate().filter(|_| file.path.starts_with("tests/tests/")) {
            if line.contains(concat!("sleep", "(")) {
                complain(at, "waits for a time; use wait_until, or let_run where time itself is the point");
            }
        }
    });
}

#[test]
fn no_path_of_anybodys_machine_is_told() {
    let homes = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];
    for path in files() {
        let Ok(text) = String::from_utf8(std::fs::read(repo().join(&path)).unwrap_or_default()) else {
            continue;
        };
        let line = text.lines().find(|line| homes.iter().any(|home| line.contains(home)));
        assert!(line.is_none(), "{path} tells a path of somebody's machine: {}", line.unwrap_or_default());
    }
}

/// Gathers what the rule complains about, with file and line, and fails with all of it.
fn check(sources: &[Source], rule: impl Fn(&Source, &mut dyn FnMut(usize, &str))) {
    let mut complaints = Vec::new();
    for file in sources {
        rule(file, &mut |at, what| complaints.push(format!("{}:{}: {what}", file.path, at + 1)));
    }
    assert!(!sources.is_empty() && complaints.is_empty(), "\n{}", complaints.join("\n"));
}
