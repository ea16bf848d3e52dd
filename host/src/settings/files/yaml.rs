//! YAML to keys and their values: maps become dotted keys, lists of texts commas, and every text stays as written.
//!
//! The text is read twice. What a plain scalar stands for (`1.10`, `0x10`, `yes`, a date) is known to a reader
//! that asks for anything, but then the text is gone; one that asks for text gets what was written, but must
//! know that a text comes. So the first reading finds the shape, and the second takes the texts.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde::de::DeserializeSeed;

use super::FileError;
use crate::settings::Props;

mod shape;
mod take;

use shape::{Look, Shape};
use take::Take;

/// The most values and keys of a file, what aliases repeat included.
const MAX_NODES: usize = 100_000;
/// The most text of a file in bytes, what aliases repeat included.
const MAX_BYTES: usize = 16 << 20;
const NO_MAP: &str = "a map is needed, of keys and their values";
/// The key under which YAML merges one map into another.
const MERGE: &str = "<<";

/// What stands below a key.
#[derive(Debug)]
pub(super) enum Node {
    /// A text, and whether it came by a merge: then what stands in the map itself goes before it.
    Text(String, bool),
    /// Keys and what stands below them, those that were merged last.
    Map(Vec<(String, Node)>),
    /// The maps of a list to be merged.
    Maps(Vec<Node>),
}

/// Reads the one document of a file: its top level.
///
/// # Errors
/// [`FileError::Yaml`], with the line and, where there is one, the key.
pub(super) fn parse(text: &str) -> Result<Vec<(String, Node)>, FileError> {
    let reading = Reading::default();
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let first = documents.next();
    let shape = match first {
        Some(document) => reading.look(document)?,
        None => return Ok(Vec::new()),
    };
    if documents.next().is_some() {
        return Err(problem(None, "the file holds several documents; a file is one worker or one connector"));
    }
    if matches!(shape, Shape::Null) {
        return Ok(Vec::new());
    }
    if !matches!(shape, Shape::Map(_)) {
        return Err(problem(None, NO_MAP));
    }
    reading.bytes.set(0);
    let document = serde_yaml::Deserializer::from_str(text);
    let taken = Take::top(&reading, &shape).deserialize(document).map_err(|error| reading.error(&error))?;
    Ok(match taken {
        Node::Map(entries) => entries,
        Node::Text(..) | Node::Maps(_) => Vec::new(),
    })
}

/// The keys below `entries` with dots between the names.
pub(super) fn flatten(entries: &[(String, Node)]) -> Props {
    let mut found = Vec::new();
    collect("", entries, &mut found);
    let (merged, own): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, _, merged)| *merged);
    let mut props = Props::new();
    for (key, text, _) in own.into_iter().chain(merged) {
        props.entry(key).or_insert_with(|| text.to_owned());
    }
    props
}

fn collect<'a>(prefix: &str, entries: &'a [(String, Node)], found: &mut Vec<(String, &'a str, bool)>) {
    for (name, node) in entries {
        let key = join(prefix, name);
        match node {
            Node::Text(text, merged) => found.push((key, text, *merged)),
            Node::Map(entries) => collect(&key, entries, found),
            Node::Maps(_) => {}
        }
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn problem(line: Option<usize>, message: impl Into<String>) -> FileError {
    FileError::Yaml { line, message: message.into() }
}

/// What both readings keep beside what they make.
#[derive(Default)]
struct Reading {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
    /// What this module itself found wrong; the error that goes through serde only carries the place.
    fault: RefCell<Option<String>>,
    /// Full keys that have a value, and those that have keys below them.
    leaves: RefCell<BTreeSet<String>>,
    branches: RefCell<BTreeSet<String>>,
}

impl Reading {
    fn look(&self, document: serde_yaml::Deserializer<'_>) -> Result<Shape, FileError> {
        Look::top(self).deserialize(document).map_err(|error| self.error(&error))
    }

    /// An error that says `message` once it has come back.
    fn fail<E: serde::de::Error>(&self, message: impl Into<String>) -> E {
        *self.fault.borrow_mut() = Some(message.into());
        E::custom("see the fault")
    }

    /// Counts a value or a key.
    fn count<E: serde::de::Error>(&self, key: &str) -> Result<(), E> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > MAX_NODES {
            return Err(
                self.fail(format!("'{key}': the file has more than {MAX_NODES} values, aliases included"))
            );
        }
        Ok(())
    }

    /// Counts a text.
    fn weigh<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        self.bytes.set(self.bytes.get() + text.len());
        if self.bytes.get() > MAX_BYTES {
            return Err(
                self.fail(format!("the file has more than {MAX_BYTES} bytes of text, aliases included"))
            );
        }
        Ok(())
    }

    /// Notes a key of the second reading, and finds what is given twice by two spellings.
    fn note<E: serde::de::Error>(&self, key: &str, leaf: bool) -> Result<(), E> {
        let (mut leaves, mut branches) = (self.leaves.borrow_mut(), self.branches.borrow_mut());
        if leaf && !leaves.insert(key.to_owned()) {
            return Err(self.fail(format!("'{key}' is given twice, nested and with dots")));
        }
        if !leaf {
            branches.insert(key.to_owned());
        }
        if leaves.contains(key) && branches.contains(key) {
            let why = "has a value and keys below it; write the latter with dots, as";
            return Err(self.fail(format!("'{key}' {why} '{key}.NAME: VALUE'")));
        }
        Ok(())
    }

    /// The error of a reading. serde_yaml's own words quote values, which may be secrets, where a tag does not
    /// fit its value: these are replaced.
    fn error(&self, error: &serde_yaml::Error) -> FileError {
        let line = error.location().map(|location| location.line());
        let message = self.fault.take().unwrap_or_else(|| {
            let text = error.to_string();
            if text.contains(['"', '`']) || text.contains("invalid value") {
                "not valid YAML: a value does not fit its tag, or a name stands where none can".to_owned()
            } else {
                format!("not valid YAML: {text}")
            }
        });
        FileError::Yaml { line, message }
    }
}
