//! The second reading: the texts as written, with the shape known, and the keys held against each other.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{DeserializeSeed, MERGE, Node, Reading, Shape, join};

/// Takes one value.
pub(super) struct Take<'r> {
    reading: &'r Reading,
    key: String,
    shape: &'r Shape,
    /// Whether it stands below a merge.
    merged: bool,
}

impl<'r> Take<'r> {
    /// For a whole document.
    pub(super) fn top(reading: &'r Reading, shape: &'r Shape) -> Self {
        Take { reading, key: String::new(), shape, merged: false }
    }

    fn below(&self, key: String, shape: &'r Shape, merged: bool) -> Self {
        Take { reading: self.reading, key, shape, merged }
    }
}

impl<'de> DeserializeSeed<'de> for Take<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        match self.shape {
            Shape::Text | Shape::Null => deserializer.deserialize_str(self),
            Shape::List(_) => deserializer.deserialize_seq(self),
            Shape::Map(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Take<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the first reading found")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        self.reading.weigh(text)?;
        // A lone tilde is a null for YAML, but also the text that somebody wrote.
        if matches!(self.shape, Shape::Null) && text != "~" {
            let why = "has no value; leave the key out, or write \"\" for an empty text";
            return Err(self.reading.fail(format!("'{}' {why}", self.key)));
        }
        Ok(Node::Text(text.to_owned(), self.merged))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let Shape::List(shapes) = self.shape else { return Err(A::Error::custom("another shape")) };
        let (mut texts, mut maps) = (Vec::new(), Vec::new());
        for shape in shapes {
            match items.next_element_seed(self.below(self.key.clone(), shape, self.merged))? {
                Some(Node::Text(text, _)) => texts.push(text),
                Some(map) => maps.push(map),
                None => break,
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(if maps.is_empty() { Node::Text(texts.join(","), self.merged) } else { Node::Maps(maps) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let Shape::Map(shapes) = self.shape else { return Err(A::Error::custom("another shape")) };
        let (mut entries, mut merges, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
        for shape in shapes {
            let seed = NewName { take: &self, names: &mut names, shape };
            let Some(name) = map.next_key_seed(seed)? else { break };
            if name == MERGE {
                let node = map.next_value_seed(self.below(self.key.clone(), shape, true))?;
                merges.push(node);
            } else {
                let node = map.next_value_seed(self.below(join(&self.key, &name), shape, self.merged))?;
                entries.push((name, node));
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        merges.into_iter().for_each(|node| merge(&mut entries, &mut names, node));
        Ok(Node::Map(entries))
    }
}

/// Adds what the map itself has not, and what no earlier map of the list had.
fn merge(entries: &mut Vec<(String, Node)>, names: &mut BTreeSet<String>, node: Node) {
    match node {
        Node::Map(others) => {
            for (name, other) in others {
                if names.insert(name.clone()) {
                    entries.push((name, other));
                }
            }
        }
        Node::Maps(maps) => maps.into_iter().for_each(|map| merge(entries, names, map)),
        Node::Text(..) => {}
    }
}

/// The name of a key.
pub(super) struct Name<'r> {
    pub(super) reading: &'r Reading,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<String, E> {
        self.reading.count(name)?;
        if name.is_empty() {
            return Err(self.reading.fail("a key has no name"));
        }
        Ok(name.to_owned())
    }
}

/// The name of a key that must be new in its map, and in the whole file once joined with what is above it.
struct NewName<'a, 'r> {
    take: &'a Take<'r>,
    names: &'a mut BTreeSet<String>,
    shape: &'r Shape,
}

impl<'de> DeserializeSeed<'de> for NewName<'_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NewName<'_, '_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a key")
    }

    // The place of an error is the place of this name.
    fn visit_str<E: Error>(self, name: &str) -> Result<String, E> {
        let reading = self.take.reading;
        let key = join(&self.take.key, name);
        reading.weigh(&key)?;
        if !self.names.insert(name.to_owned()) {
            return Err(reading.fail(format!("'{key}' is given twice")));
        }
        if !self.take.merged && name != MERGE {
            reading.note(&key, !matches!(self.shape, Shape::Map(_)))?;
        }
        Ok(name.to_owned())
    }
}
