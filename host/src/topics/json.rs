//! What the records of the config and the status topic have in common: keys with numbers at their ends, values that are objects.

use serde_json::{Map, Value as Node};

use crate::records::convert::json::{escape, parse};

/// Why a record is passed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    /// The value is not JSON. Kafka Connect takes it as not read at all.
    #[error("its value is not JSON")]
    NotJson,
    /// The key is none of the topic's.
    #[error("its key is none that is known here")]
    Key,
    /// The key needs a value.
    #[error("it has no value")]
    NoValue,
    /// The value, or a part of it, is of another type or missing.
    #[error("its value should hold {0}")]
    Shape(&'static str),
}

/// A key and its value; no value is a tombstone.
pub type Bytes = (Vec<u8>, Option<Vec<u8>>);

/// The value as a tree. The text `null` and no bytes at all are no value, as a tombstone is.
pub(super) fn tree(value: Option<&[u8]>) -> Result<Option<Node>, Skipped> {
    let Some(bytes) = value else { return Ok(None) };
    let node = parse::parse(bytes).map_err(|_| Skipped::NotJson)?;
    Ok(node.filter(|node| !node.is_null()))
}

/// The fields of a value that has to be an object.
pub(super) fn fields(node: Option<Node>) -> Result<Map<String, Node>, Skipped> {
    match node {
        Some(Node::Object(fields)) => Ok(fields),
        Some(_) => Err(Skipped::Shape("an object")),
        None => Err(Skipped::NoValue),
    }
}

/// A whole number that was written as one, without fraction and exponent.
pub(super) fn integer(fields: &Map<String, Node>, key: &str) -> Option<i64> {
    match fields.get(key)? {
        Node::Number(number) if parse::is_integral(number) => number.as_i64(),
        _ => None,
    }
}

/// The same, of Java's `int`, and not negative.
pub(super) fn count(fields: &Map<String, Node>, key: &str) -> Option<u32> {
    let value = i32::try_from(integer(fields, key)?).ok()?;
    u32::try_from(value).ok()
}

pub(super) fn text<'a>(fields: &'a Map<String, Node>, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str()
}

/// `NAME-N` as a connector's name and a task's number. Dashes at the end count for nothing, as with Java's `split`.
pub(super) fn task_of(rest: &str) -> Option<(String, u32)> {
    let (name, number) = rest.trim_end_matches('-').rsplit_once('-')?;
    let number: i32 = number.parse().ok()?;
    Some((name.to_owned(), u32::try_from(number).ok()?))
}

/// An object under way: its fields follow each other without blanks.
pub(super) struct Object(Vec<u8>);

impl Object {
    pub(super) fn new() -> Object {
        Object(vec![b'{'])
    }

    pub(super) fn key(mut self, key: &str) -> Object {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        escape::push_string(&mut self.0, key);
        self.0.push(b':');
        self
    }

    pub(super) fn text(self, key: &str, text: &str) -> Object {
        let mut object = self.key(key);
        escape::push_string(&mut object.0, text);
        object
    }

    /// A text, or null.
    pub(super) fn optional(self, key: &str, text: Option<&str>) -> Object {
        match text {
            Some(text) => self.text(key, text),
            None => self.plain(key, "null"),
        }
    }

    /// What looks in JSON as it looks in Rust: numbers, booleans.
    pub(super) fn plain(self, key: &str, value: impl std::fmt::Display) -> Object {
        let mut object = self.key(key);
        object.0.extend_from_slice(value.to_string().as_bytes());
        object
    }

    pub(super) fn object(self, key: &str, inner: Object) -> Object {
        let mut object = self.key(key);
        object.0.extend_from_slice(&inner.end());
        object
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}
