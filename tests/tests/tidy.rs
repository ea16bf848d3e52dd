//! House rules that can be read off the text: who imports whom, what stays pure, how long things are, what must be told.
//!
//! Compiler and clippy see to the rest: missing docs, reasons at `unsafe`, and what `clippy.toml` bans.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The rooms of the worker and what each may import of the others. `worker` may import all.
const IMPORTS: &[(&str, &[&str])] = &[
    ("settings", &[]),
    ("rest", &["settings", "herder"]),
    ("herder", &["settings"]),
    ("topics", &["records"]),
    ("records", &["settings"]),
    ("plugins", &["settings", "records"]),
    ("kafka", &["records"]),
    ("metrics", &["settings"]),
    ("logging", &["settings"]),
    ("listing", &["plugins"]),
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

/// Crates that one place alone may know.
const CRATES: &[(&str, &str)] = &[
    ("rdkafka", "host/src/kafka/"),
    ("rdkafka_sys", "host/src/kafka/"),
    ("warp", "host/src/rest/"),
    ("libloading", "host/src/plugins/"),
    ("object", "host/src/plugins/"),
    ("connect_plugin_abi", "host/src/plugins/"),
    ("metrics_exporter_prometheus", "host/src/metrics/"),
    ("clap", "host/src/main.rs"),
];

/// Where `unsafe` may stand.
const UNSAFE: [&str; 3] = ["host/src/plugins/", "host/src/kafka/", "plugin-api/"];

const MAX_FILE: usize = 500;
const MAX_FUNCTION: usize = 70;
/// Files and functions that may be longer, since they only list.
const CATALOGUES: [&str; 2] =
    ["plugin-api/include/connect_plugin.h", "plugin-api/abi/tests/header.rs tables"];

// ---- The rules

#[test]
fn rooms_import_only_what_they_may() {
    check(rust(), |file, complain| {
        let Some(room) = file.room() else { return };
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == room) else {
            let known = ["worker", "lib", "main"].contains(&room);
            return if known {
                ()
            } else {
                complain(0, &format!("the room {room} has no rule in this test"))
            };
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
            let strangers = CRATES.iter().filter(|(_, home)| !file.path.starts_with(home));
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

#[test]
fn the_lints_hold_in_every_crate() {
    let root = read("Cargo.toml");
    for lint in ["missing_docs", "unsafe_op_in_unsafe_fn", "undocumented_unsafe_blocks"] {
        assert!(root.contains(&format!("\n{lint} = ")), "Cargo.toml does not set the lint {lint}");
    }
    for manifest in files().iter().filter(|path| path.ends_with("/Cargo.toml")) {
        assert!(
            read(manifest).contains("[lints]\nworkspace = true"),
            "{manifest} has not the workspace's lints"
        );
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
        for (name, lines) in file.functions() {
            let listed = CATALOGUES.contains(&format!("{} {name}", file.path).as_str());
            if lines.len() > MAX_FUNCTION && !listed {
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
        let Ok(text) = String::from_utf8(fs::read(repo().join(&path)).unwrap_or_default()) else { continue };
        let line = text.lines().find(|line| homes.iter().any(|home| line.contains(home)));
        assert!(line.is_none(), "{path} tells a path of somebody's machine: {}", line.unwrap_or_default());
    }
}

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
fn the_changelog_knows_this_version() {
    let version = concat!("## [", env!("CARGO_PKG_VERSION"), "]");
    assert!(read("CHANGELOG.md").contains(version), "CHANGELOG.md has no section {version}");
}

// ---- Reading the repository

fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(repo().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the repository by its path from the root; nothing that was built.
fn files() -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(repo().join(&folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if !entry.path().is_dir() {
                found.push(path);
            } else if !["target", "dist", "build", ".git"].contains(&name.as_str()) {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

fn rust() -> &'static [Source] {
    static ALL: LazyLock<Vec<Source>> = LazyLock::new(|| {
        files().into_iter().filter(|path| path.ends_with(".rs")).map(Source::read).collect()
    });
    &ALL
}

/// Gathers what the rule complains about, with file and line, and fails with all of it.
fn check(sources: &[Source], rule: impl Fn(&Source, &mut dyn FnMut(usize, &str))) {
    let mut complaints = Vec::new();
    for file in sources {
        rule(file, &mut |at, what| complaints.push(format!("{}:{}: {what}", file.path, at + 1)));
    }
    assert!(!sources.is_empty() && complaints.is_empty(), "\n{}", complaints.join("\n"));
}

struct Source {
    path: String,
    text: String,
    /// The lines without comments and the contents of strings.
    code: Vec<String>,
    /// Which lines are tests.
    tests: Vec<Range<usize>>,
}

impl Source {
    fn read(path: String) -> Source {
        let text = read(&path);
        let code: Vec<String> = bare(&text).lines().map(str::to_owned).collect();
        let mut source = Source { tests: Vec::new(), path, text, code };
        let file = source.path.rsplit('/').next().unwrap_or_default();
        if file == "tests.rs" || source.path.contains("/tests/") {
            source.tests.push(0..source.code.len());
        }
        for at in 0..source.code.len() {
            if source.code[at].trim() == "#[cfg(test)]" {
                source.tests.push(at..source.end_of_item(at + 1));
            }
        }
        source
    }

    /// The room of the worker that the file belongs to; `lib` and `main` for those.
    fn room(&self) -> Option<&str> {
        let path = self.path.strip_prefix("host/src/")?;
        Some(path.split('/').next()?.trim_end_matches(".rs"))
    }

    /// The lines that are no tests, from 0.
    fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code.iter().map(String::as_str).enumerate();
        lines.filter(|(at, _)| !self.tests.iter().any(|tests| tests.contains(at)))
    }

    /// The line behind the item that begins at line `start`: behind its last brace, or its semicolon.
    fn end_of_item(&self, start: usize) -> usize {
        let mut depth = 0;
        for (at, line) in self.code.iter().enumerate().skip(start) {
            for c in line.chars() {
                match c {
                    '{' | '(' | '[' => depth += 1,
                    '}' | ')' | ']' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && (c == '}' || c == ';') {
                    return at + 1;
                }
            }
        }
        self.code.len()
    }

    /// Every function's name and lines.
    fn functions(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        for (at, line) in self.code.iter().enumerate() {
            let begin = line.find("fn ").filter(|i| *i == 0 || line.as_bytes()[i - 1] == b' ');
            let name = begin.map_or("", |i| word_at(&line[i + 3..]));
            if !name.is_empty() {
                found.push((name.to_owned(), at..self.end_of_item(at)));
            }
        }
        found
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

fn word_at(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

/// Whether a path in the line begins with this crate.
fn uses_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (line[..at].trim_end_matches("::"), &line[at + name.len()..]);
        let named = before.ends_with("use ") && (after.starts_with(" as ") || after.starts_with(';'));
        !before.ends_with(is_word) && (named || after.starts_with("::"))
    })
}

/// Rust without its comments and without what stands in string and character literals; line ends stay.
fn bare(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let (kept, taken) = if rest.starts_with("//") {
            ("", rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            ("", rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else if let Some(end) = raw_string(rest).filter(|_| !out.ends_with(is_word)) {
            ("\"\"", end)
        } else if first == '"' {
            ("\"\"", 1 + literal(&rest[1..], '"'))
        } else if first == '\'' && (rest[1..].starts_with('\\') || rest[1..].chars().nth(1) == Some('\'')) {
            ("' '", 1 + literal(&rest[1..], '\''))
        } else {
            (&rest[..first.len_utf8()], first.len_utf8())
        };
        out.push_str(kept);
        if taken > kept.len() {
            out.extend(rest[..taken].matches('\n'));
        }
        rest = &rest[taken..];
    }
    out
}

/// The length of what stands before the quote that ends a literal, and that quote.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = text.find(|c| {
        let found = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        found
    });
    end.map_or(text.len(), |end| end + 1)
}

/// The length of the raw string that `text` begins with.
fn raw_string(text: &str) -> Option<usize> {
    let behind = text.strip_prefix("br").or(text.strip_prefix('r'))?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let inside = behind[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = text.len() - inside.len();
    Some(inside.find(&end).map_or(text.len(), |at| start + at + end.len()))
}

#[test]
fn code_is_told_from_text() {
    let text = "a(\"x // {\", 'c', '\\'', r#\"\"}\"#); // b\n/* c\n{ */ fn d<'e>() {}\n";
    assert_eq!(bare(text), "a(\"\", ' ', ' ', \"\"); \n\n fn d<'e>() {}\n");
}
