//! The repository as text: its files, and Rust without comments and strings.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn read(path: &str) -> String {
    fs::read_to_string(repo().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the repository by its path from the root; nothing that was built.
pub fn files() -> Vec<String> {
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

pub fn rust() -> &'static [Source] {
    static ALL: LazyLock<Vec<Source>> = LazyLock::new(|| {
        files().into_iter().filter(|path| path.ends_with(".rs")).map(Source::read).collect()
    });
    &ALL
}

pub struct Source {
    pub path: String,
    pub text: String,
    /// The lines without comments and the contents of strings.
    pub code: Vec<String>,
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
    pub fn room(&self) -> Option<&str> {
        let path = self.path.strip_prefix("host/src/")?;
        Some(path.split('/').next()?.trim_end_matches(".rs"))
    }

    /// The lines that are no tests, from 0.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
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
    pub fn functions(&self) -> Vec<(String, Range<usize>)> {
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

pub fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

pub fn word_at(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

/// Whether a path in the line begins with this crate.
pub fn uses_crate(line: &str, name: &str) -> bool {
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
