//! The first reading: which value is a text, a list or a map; what has no place in a config is refused here.

use std::fmt;

use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use super::take::Name;
use super::{DeserializeSeed, MERGE, Reading, join};

/// What stands below a key, without its texts.
#[derive(Debug)]
pub(super) enum Shape {
    /// A scalar that is not null.
    Text,
    /// Null, in any spelling.
    Null,
    /// A list of scalars, or of the maps to be merged.
    List(Vec<Shape>),
    /// The shapes below the keys, in the order of the file.
    Map(Vec<Shape>),
}

/// Finds the shape of one value.
pub(super) struct Look<'r> {
    reading: &'r Reading,
    key: String,
    place: Place,
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    BelowKey,
    InList,
    BelowMerge,
    InMergeList,
}

impl<'r> Look<'r> {
    /// For a whole document.
    pub(super) fn top(reading: &'r Reading) -> Self {
        Look { reading, key: String::new(), place: Place::BelowKey }
    }

    /// A scalar, unless a map to be merged is due.
    fn scalar<E: Error>(&self, shape: Shape) -> Result<Shape, E> {
        match self.place {
            Place::BelowKey | Place::InList => Ok(shape),
            Place::BelowMerge | Place::InMergeList => {
                Err(self.reading.fail(format!("'{MERGE}' merges maps; no map is given")))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        self.reading.count(&self.key)?;
        deserializer.deserialize_any(self)
    }
}

/// Each kind of plain scalar is a text, whatever YAML would read it as.
macro_rules! texts {
    ($($method:ident($type:ty)),*) => {$(
        fn $method<E: Error>(self, _: $type) -> Result<Shape, E> {
            self.scalar(Shape::Text)
        }
    )*};
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts or a map")
    }

    texts!(
        visit_bool(bool),
        visit_i64(i64),
        visit_i128(i128),
        visit_u64(u64),
        visit_u128(u128),
        visit_f64(f64),
        visit_str(&str)
    );

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        self.scalar(Shape::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Shape, E> {
        self.scalar(Shape::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let place = match self.place {
            Place::BelowKey => Place::InList,
            Place::BelowMerge => Place::InMergeList,
            Place::InList | Place::InMergeList => {
                return Err(self
                    .reading
                    .fail(format!("'{}' is a list of lists; a list holds texts", self.key)));
            }
        };
        if self.key.is_empty() && self.place == Place::BelowKey {
            return Err(self.reading.fail(super::NO_MAP));
        }
        let mut shapes = Vec::new();
        while let Some(shape) =
            items.next_element_seed(Look { reading: self.reading, key: self.key.clone(), place })?
        {
            shapes.push(shape);
        }
        Ok(Shape::List(shapes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shape, A::Error> {
        if self.place == Place::InList {
            return Err(self.reading.fail(format!("'{}' is a list of maps; a list holds texts", self.key)));
        }
        let mut shapes = Vec::new();
        while let Some(name) = entries.next_key_seed(Name { reading: self.reading })? {
            let place = if name == MERGE { Place::BelowMerge } else { Place::BelowKey };
            let key = join(&self.key, &name);
            self.reading.weigh(&key)?;
            shapes.push(entries.next_value_seed(Look { reading: self.reading, key, place })?);
        }
        Ok(Shape::Map(shapes))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Shape, A::Error> {
        Err(self.reading.fail(format!("'{}' has a tag of its own; values have none", self.key)))
    }
}
