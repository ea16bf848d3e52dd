//! The one schema of the items of a list or of the keys or values of a map, and the items brought to it.
//!
//! As in Kafka, numbers are widened to the widest type among them, and of schemas of one type the last one counts, whatever
//! it says of its parts: the items of nested lists and maps stay as they were read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::Read;
use crate::records::date::{MILLIS_PER_DAY, TIME_RANGE};
use crate::records::schema::{DATE, Schema, TIME, TIMESTAMP, Type};
use crate::records::value::{SchemaAndValue, Value};

/// The schema that all values seen so far have in common.
pub enum Common {
    /// No value yet, or only nulls.
    Unknown,
    /// This one.
    Known(Arc<Schema>),
    /// There is none.
    Mixed,
}

impl Common {
    /// Takes in the schema of a further value; `None` is that of a null.
    pub fn merge(&mut self, latest: Option<&Arc<Schema>>) {
        let Some(latest) = latest else { return };
        match self {
            Common::Unknown => *self = Common::Known(latest.clone()),
            Common::Known(known) if known.kind == latest.kind => *known = latest.clone(),
            // The order of the enum is that of width, integers before floats.
            Common::Known(known) if known.kind <= Type::Float64 && latest.kind <= Type::Float64 => {
                if known.kind < latest.kind {
                    *known = latest.clone();
                }
            }
            _ => *self = Common::Mixed,
        }
    }

    /// The schema, if there is one.
    pub fn schema(self) -> Option<Arc<Schema>> {
        match self {
            Common::Known(schema) => Some(schema),
            Common::Unknown | Common::Mixed => None,
        }
    }
}

/// The list of these items; `None` when they cannot be brought to their schema.
pub fn array(items: Vec<Read>, element: Option<Arc<Schema>>) -> Option<Read> {
    let aligned = items.into_iter().map(|item| align(element.as_ref(), item)).collect::<Option<_>>()?;
    let schema = Schema { value: element, ..Schema::of(Type::Array) };
    Some(SchemaAndValue::new(Arc::new(schema), Value::Array(aligned)))
}

/// The map of these entries, of which those with equal keys become one. Without a schema of the keys there is none of the
/// values. `None` when they cannot be brought to their schemas.
pub fn map(entries: Vec<(Read, Read)>, key: Option<Arc<Schema>>, value: Option<Arc<Schema>>) -> Option<Read> {
    let value = value.filter(|_| key.is_some());
    let name = |read: &Read| read.schema.as_ref().and_then(|schema| schema.name.clone());
    let entries = unique(entries, |key| format!("{:?} {:?}", name(key), key.value));
    let aligned = |(k, v)| Some((align(key.as_ref(), k)?, align(value.as_ref(), v)?));
    let mut aligned: Vec<_> = entries.into_iter().map(aligned).collect::<Option<_>>()?;
    if key.as_ref().is_some_and(|key| matches!(key.kind, Type::Float32 | Type::Float64)) {
        // Large integers may have become the same float.
        aligned = unique(aligned, |key| format!("{key:?}"));
    }
    let schema = Schema { key, value, ..Schema::of(Type::Map) };
    Some(SchemaAndValue::new(Arc::new(schema), Value::Map(aligned)))
}

/// So many keys are compared each with each, which needs no memory.
const FEW: usize = 32;

/// Of entries with equal keys the last one, at the place of the first.
fn unique<T: PartialEq>(entries: Vec<(T, T)>, text: impl Fn(&T) -> String) -> Vec<(T, T)> {
    let known = |(at, (key, _)): (usize, &(T, T))| entries.iter().take(at).any(|(known, _)| known == key);
    if entries.len() <= FEW && !entries.iter().enumerate().any(known) {
        return entries;
    }
    let mut places = HashMap::with_capacity(entries.len());
    let mut kept: Vec<(T, T)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match places.entry(text(&key)) {
            Entry::Occupied(known) => {
                let place: &usize = known.get();
                kept[*place].1 = value;
            }
            Entry::Vacant(free) => {
                free.insert(kept.len());
                kept.push((key, value));
            }
        }
    }
    kept
}

/// The value as the common schema has it. `None` for a null where there is a schema, and for a date, time or decimal that
/// the schema would not tell.
fn align(common: Option<&Arc<Schema>>, read: Read) -> Option<Value<'static>> {
    let (own, value) = (read.schema, read.value);
    let Some(common) = common else { return retell(own.as_deref(), None, value) };
    let own = own?;
    if own == *common {
        return Some(value);
    }
    if own.kind > Type::Float64 {
        return retell(Some(&own), Some(common), value);
    }
    let whole = value.as_i64();
    Some(match (common.name.as_deref(), own.name.as_deref(), common.kind) {
        (Some(DATE), None, _) => Value::Int32(whole?.try_into().ok()?),
        (Some(TIME), None, _) => {
            Value::Int32(i32::try_from(whole?).ok().filter(|millis| TIME_RANGE.contains(millis))?)
        }
        (Some(TIMESTAMP), None, _) => Value::Int64(whole?),
        (_, Some(_), _) => return retell(Some(&own), Some(common), value),
        (Some(_), ..) => return None,
        (.., Type::Int16) => Value::Int16(whole?.try_into().ok()?),
        (.., Type::Int32) => Value::Int32(whole?.try_into().ok()?),
        (.., Type::Int64) => Value::Int64(whole?),
        (.., Type::Float32) => Value::Float32(float(&value)? as f32),
        (.., Type::Float64) => Value::Float64(float(&value)?),
        _ => value,
    })
}

/// The value with its dates and times as `common` tells them: Java has one class for all three. Nothing else is changed.
/// `None` when `common` does not tell a date, time or decimal, or not the same.
fn retell(own: Option<&Schema>, common: Option<&Schema>, value: Value<'static>) -> Option<Value<'static>> {
    let Some(own) = own.filter(|own| is_logical(own)) else { return Some(value) };
    let common = common?;
    if own == common {
        return Some(value);
    }
    let part = |value| retell(own.value.as_deref(), common.value.as_deref(), value);
    let key = |key| retell(own.key.as_deref(), common.key.as_deref(), key);
    Some(match (own.name.as_deref(), common.name.as_deref(), value) {
        (Some(DATE), Some(TIMESTAMP), Value::Int32(days)) => Value::Int64(i64::from(days) * MILLIS_PER_DAY),
        (Some(TIME), Some(TIMESTAMP), Value::Int32(millis)) => Value::Int64(millis.into()),
        (None, None, Value::Array(items)) => {
            Value::Array(items.into_iter().map(part).collect::<Option<_>>()?)
        }
        (None, None, Value::Map(entries)) => {
            Value::Map(entries.into_iter().map(|(k, v)| Some((key(k)?, part(v)?))).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn float(value: &Value<'_>) -> Option<f64> {
    match *value {
        Value::Float32(n) => Some(n.into()),
        Value::Float64(n) => Some(n),
        ref integer => integer.as_i64().map(|n| n as f64),
    }
}

/// Whether values of this schema are, or contain, dates, times or decimals, which only a schema tells from numbers and bytes.
fn is_logical(schema: &Schema) -> bool {
    let part = |part: &Option<Arc<Schema>>| part.as_ref().is_some_and(|part| is_logical(part));
    schema.name.is_some() || part(&schema.key) || part(&schema.value)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn read(text: &str) -> Option<(Schema, Value<'static>)> {
        parse(text).map(|read| (Schema::clone(&read.schema.unwrap()), read.value))
    }

    fn element(schema: &Schema) -> &Schema {
        schema.value.as_deref().unwrap()
    }

    #[test]
    fn numbers_become_dates_beside_a_date_and_dates_timestamps() {
        let (schema, value) = read("[5, 2020-01-02]").unwrap();
        assert_eq!(element(&schema).name.as_deref(), Some(DATE));
        assert_eq!(value, Value::Array(vec![Value::Int32(5), Value::Int32(18_263)]));
        let (schema, value) = read("[1970-01-02, 2020-01-02T10:30:45.123Z, 7]").unwrap();
        assert_eq!(element(&schema).name.as_deref(), Some(TIMESTAMP));
        let millis = [86_400_000, 1_577_961_045_123, 7].map(Value::Int64);
        assert_eq!(value, Value::Array(millis.to_vec()));
        assert_eq!(read("[2020-01-02, 70000]"), None);
        assert_eq!(read("[-1, 10:30:45.123Z]"), None);
    }

    #[test]
    fn of_nested_schemas_the_last_one_counts_and_nothing_in_them_is_widened() {
        let (schema, value) = read("[[1], [300]]").unwrap();
        assert_eq!(element(element(&schema)).kind, Type::Int16);
        let items = [Value::Int8(1), Value::Int16(300)].map(|item| Value::Array(vec![item]));
        assert_eq!(value, Value::Array(items.to_vec()));
        let (schema, _) = read("[[\"a\"], []]").unwrap();
        assert_eq!(element(&schema).value, None);
        let (_, value) = read("[[1970-01-02], [2020-01-02T10:30:45.123Z]]").unwrap();
        let items = [86_400_000, 1_577_961_045_123].map(|item| Value::Array(vec![Value::Int64(item)]));
        assert_eq!(value, Value::Array(items.to_vec()));
    }

    #[test]
    fn what_no_schema_would_tell_is_text() {
        let texts = [
            "[2020-01-02, \"a\"]",
            "[2020-01-02, 10:30:45.123Z]",
            "[[2020-01-02], [1]]",
            "[[2020-01-02], []]",
            "{\"a\":2020-01-02, \"b\":true}",
            "[99999999999999999999, 1e400]",
            "[99999999999999999999, true]",
        ];
        for text in texts {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn of_equal_keys_the_last_value_stands_at_the_first_place() {
        let (_, value) = read("{1:null, 2:3, 1:4}").unwrap();
        let pair = |k, v| (Value::Int8(k), Value::Int8(v));
        assert_eq!(value, Value::Map(vec![pair(1, 4), pair(2, 3)]));
        let many: Vec<String> = (0..100).map(|n| format!("{}:{n}", n % 60)).collect();
        let (_, value) = read(&format!("{{{}}}", many.join(","))).unwrap();
        let kept = (60..100).chain(40..60).enumerate().map(|(at, n)| pair(at as i8, n));
        assert_eq!(value, Value::Map(kept.collect()));
        let (_, value) = read("{16777216:1, 16777217:2, 1.5:3}").unwrap();
        let pair = |k, v| (Value::Float32(k), Value::Int8(v));
        assert_eq!(value, Value::Map(vec![pair(16_777_216.0, 2), pair(1.5, 3)]));
    }
}
