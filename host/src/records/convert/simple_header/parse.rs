//! What a header's text looks like: null, a boolean, a number, a date, an array or a map of these.
//!
//! The text is cut into tokens at `: , { } [ ] "` unless a backslash stands before. The guesses, oddities
//! included, are those of Kafka's `Values.parseString`: a text that begins with a number and goes on with one
//! of these marks is that number.

use std::sync::Arc;

use crate::records::date::{self, Moment};
use crate::records::decimal;
use crate::records::schema::{DATE, Schema, TIME, TIMESTAMP, Type};
use crate::records::value::{SchemaAndValue, Value};

/// Containers nested deeper than this are read as plain text.
const MAX_DEPTH: usize = 64;

type Read = SchemaAndValue<'static>;

/// What the text means; `None` when it is nothing but a string.
pub fn parse(text: &str) -> Option<Read> {
    let mut tokens = Tokens { text, at: 0 };
    tokens.value(None)
}

struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

fn is_mark(c: char) -> bool {
    matches!(c, ':' | ',' | '{' | '}' | '[' | ']' | '"')
}

/// Java's `trim`: everything up to the blank.
fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

impl<'a> Tokens<'a> {
    fn has_next(&self) -> bool {
        self.at < self.text.len()
    }

    /// The token at the current place, without moving.
    fn peek(&self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or("");
        let mut escaped = false;
        for (at, c) in rest.char_indices() {
            if is_mark(c) && !escaped {
                return rest.get(..at.max(1)).unwrap_or(rest);
            }
            escaped = c == '\\' && !escaped;
        }
        rest
    }

    fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.at += token.len();
        token
    }

    /// Moves past `expected` if it is the next token, blanks around it aside. Blank tokens before it are
    /// passed anyway.
    fn consume(&mut self, expected: &str) -> bool {
        let mut token = self.peek();
        while trim(token).is_empty() && self.at + token.len() < self.text.len() {
            self.at += token.len();
            token = self.peek();
        }
        let found = self.has_next() && trim(token) == expected;
        if found {
            self.at += token.len();
        }
        found
    }

    /// A word that stands for a value: inside a container, or as the whole text.
    fn word(&mut self, word: &str, embedded: bool) -> bool {
        let start = self.at;
        let found = self.consume(word) && (embedded || !self.has_next());
        if !found {
            self.at = start;
        }
        found
    }

    /// Reads a value; `depth` is `None` for the whole text. `None` when it is not one.
    fn value(&mut self, depth: Option<usize>) -> Option<Read> {
        let embedded = depth.is_some();
        if !self.has_next() {
            // Only in a container that ends too early, which its caller sees.
            return embedded.then_some(SchemaAndValue::NULL);
        }
        if embedded && self.consume("\"") {
            return Some(self.quoted());
        }
        for (word, read) in [
            ("null", SchemaAndValue::NULL),
            ("true", plain(Type::Boolean, Value::Boolean(true))),
            ("false", plain(Type::Boolean, Value::Boolean(false))),
        ] {
            if self.word(word, embedded) {
                return Some(read);
            }
        }
        let depth = depth.map_or(0, |depth| depth + 1);
        if depth < MAX_DEPTH && self.consume("[") {
            return self.array(depth);
        }
        if depth < MAX_DEPTH && self.consume("{") {
            return self.map(depth);
        }
        let token = trim(self.next());
        let first = token.chars().next()?;
        if first.is_ascii_digit()
            && let Some(moment) = self.moment(token)
        {
            return Some(moment);
        }
        if first.is_ascii_digit() || first == '+' || first == '-' { number(token) } else { None }
    }

    /// A date or time; its colons are tokens of their own.
    fn moment(&mut self, token: &str) -> Option<Read> {
        let start = self.at;
        let mut parts = 0;
        while parts < 4 && self.has_next() {
            self.next();
            parts += 1;
        }
        if parts == 4
            && let Some(read) = moment(&format!("{token}{}", self.text.get(start..self.at)?))
        {
            return Some(read);
        }
        self.at = start;
        moment(token)
    }

    fn quoted(&mut self) -> Read {
        let mut content = String::new();
        while self.has_next() && !self.consume("\"") {
            content.push_str(self.next());
        }
        moment(&content).unwrap_or_else(|| plain(Type::String, Value::String(content.into())))
    }

    fn array(&mut self, depth: usize) -> Option<Read> {
        let (mut items, mut common) = (Vec::new(), Common::Unknown);
        while self.has_next() {
            if self.consume("]") {
                let element = common.schema();
                if let Some(element) = &element {
                    items.iter_mut().try_for_each(|item| align(element, item))?;
                }
                let schema = Schema { value: element, ..Schema::of(Type::Array) };
                return Some(SchemaAndValue::new(Arc::new(schema), Value::Array(items)));
            }
            if self.consume(",") {
                return None;
            }
            let item = self.value(Some(depth))?;
            common.merge(item.schema);
            items.push(item.value);
            let end = self.at;
            if self.consume("]") {
                self.at = end;
            } else if !self.consume(",") {
                return None;
            }
        }
        None
    }

    fn map(&mut self, depth: usize) -> Option<Read> {
        let mut entries: Vec<(Value<'static>, Value<'static>)> = Vec::new();
        let (mut keys, mut values) = (Common::Unknown, Common::Unknown);
        while self.has_next() {
            if self.consume("}") {
                let key = keys.schema();
                let value = values.schema().filter(|_| key.is_some());
                for (k, v) in &mut entries {
                    key.as_ref().map_or(Some(()), |schema| align(schema, k))?;
                    value.as_ref().map_or(Some(()), |schema| align(schema, v))?;
                }
                let schema = Schema { key, value, ..Schema::of(Type::Map) };
                return Some(SchemaAndValue::new(Arc::new(schema), Value::Map(entries)));
            }
            if self.consume(",") {
                return None;
            }
            let key = self.value(Some(depth)).filter(|key| !key.value.is_null())?;
            if !self.consume(":") {
                return None;
            }
            let value = self.value(Some(depth))?;
            keys.merge(key.schema);
            values.merge(value.schema);
            match entries.iter_mut().find(|(known, _)| *known == key.value) {
                Some(entry) => entry.1 = value.value,
                None => entries.push((key.value, value.value)),
            }
            self.consume(",");
        }
        None
    }
}

fn plain(kind: Type, value: Value<'static>) -> Read {
    SchemaAndValue::new(Schema::shared(kind, false).clone(), value)
}

fn moment(text: &str) -> Option<Read> {
    let named =
        |kind, name, value| SchemaAndValue::new(Arc::new(Schema::of(kind).named(name, Some(1))), value);
    Some(match date::parse_moment(&text.replace("\\:", ":"))? {
        Moment::Date(days) => named(Type::Int32, DATE, Value::Int32(days.try_into().ok()?)),
        Moment::Time(millis) => named(Type::Int32, TIME, Value::Int32(millis.try_into().ok()?)),
        Moment::Timestamp(millis) => named(Type::Int64, TIMESTAMP, Value::Int64(millis)),
    })
}

/// The smallest integer type that holds the number exactly, else a float if it is in range, else a double,
/// else a Decimal.
fn number(text: &str) -> Option<Read> {
    let parsed = decimal::parse(text)?;
    if let Some(exact) = integer(&parsed) {
        return Some(if let Ok(n) = i8::try_from(exact) {
            plain(Type::Int8, Value::Int8(n))
        } else if let Ok(n) = i16::try_from(exact) {
            plain(Type::Int16, Value::Int16(n))
        } else if let Ok(n) = i32::try_from(exact) {
            plain(Type::Int32, Value::Int32(n))
        } else {
            plain(Type::Int64, Value::Int64(exact))
        });
    }
    if parsed.scale != 0 {
        if let Some(n) = text.parse::<f32>().ok().filter(|n| n.is_finite()) {
            return Some(plain(Type::Float32, Value::Float32(n)));
        }
        if let Some(n) = text.parse::<f64>().ok().filter(|n| n.is_finite()) {
            return Some(plain(Type::Float64, Value::Float64(n)));
        }
    }
    let schema = Schema::decimal(parsed.scale.try_into().ok()?);
    Some(SchemaAndValue::new(Arc::new(schema), Value::Bytes(parsed.unscaled().ok()?.into())))
}

/// The number as a whole one, if it is one and has 64 bits at most.
fn integer(parsed: &decimal::Parsed) -> Option<i64> {
    if parsed.is_zero() {
        return Some(0);
    }
    let digits = parsed.digits.trim_start_matches('0');
    let stripped = digits.trim_end_matches('0');
    let zeros = (digits.len() - stripped.len()) as i64 - parsed.scale;
    if zeros < 0 || stripped.len() as i64 + zeros > 19 {
        return None;
    }
    let magnitude = stripped.parse::<i128>().ok()? * 10i128.checked_pow(zeros.try_into().ok()?)?;
    i64::try_from(if parsed.negative { -magnitude } else { magnitude }).ok()
}

/// The schema that all values seen so far have in common.
enum Common {
    /// No value yet, or only nulls.
    Unknown,
    Known(Arc<Schema>),
    /// There is none.
    Mixed,
}

impl Common {
    fn merge(&mut self, schema: Option<Arc<Schema>>) {
        let Some(schema) = schema else { return };
        *self = match std::mem::replace(self, Common::Mixed) {
            Common::Unknown => Common::Known(schema),
            Common::Known(known) => merge(known, schema).map_or(Common::Mixed, Common::Known),
            Common::Mixed => Common::Mixed,
        };
    }

    fn schema(self) -> Option<Arc<Schema>> {
        match self {
            Common::Known(schema) => Some(schema),
            Common::Unknown | Common::Mixed => None,
        }
    }
}

/// The wider of two number types; containers part by part; otherwise only what is equal.
fn merge(a: Arc<Schema>, b: Arc<Schema>) -> Option<Arc<Schema>> {
    if a == b {
        return Some(a);
    }
    let both = |a: &Option<Arc<Schema>>, b: &Option<Arc<Schema>>| merge(a.clone()?, b.clone()?);
    match (a.kind, b.kind) {
        (Type::Array, Type::Array) => {
            Some(Arc::new(Schema { value: both(&a.value, &b.value), ..Schema::of(Type::Array) }))
        }
        (Type::Map, Type::Map) => {
            let key = both(&a.key, &b.key);
            let value = both(&a.value, &b.value).filter(|_| key.is_some());
            Some(Arc::new(Schema { key, value, ..Schema::of(Type::Map) }))
        }
        // The order of the enum is that of width, integers before floats.
        (x, y) if x <= Type::Float64 && y <= Type::Float64 && a.is_plain() && b.is_plain() => {
            Some(if x >= y { a } else { b })
        }
        _ => None,
    }
}

/// Widens the numbers in a value to the common schema. A null where the schema forbids it is `None`.
fn align(schema: &Schema, value: &mut Value<'static>) -> Option<()> {
    let float = |value: &Value<'_>| match *value {
        Value::Float32(n) => Some(f64::from(n)),
        Value::Float64(n) => Some(n),
        ref integer => integer.as_i64().map(|n| n as f64),
    };
    match (schema.kind, &mut *value) {
        (_, Value::Null) => return None,
        (Type::Int16, v) => *value = Value::Int16(v.as_i64()?.try_into().ok()?),
        (Type::Int32, v) if schema.is_plain() => *value = Value::Int32(v.as_i64()?.try_into().ok()?),
        (Type::Int64, v) if schema.is_plain() => *value = Value::Int64(v.as_i64()?),
        (Type::Float32, v) => *value = Value::Float32(float(v)? as f32),
        (Type::Float64, v) => *value = Value::Float64(float(v)?),
        (Type::Array, Value::Array(items)) => {
            if let Some(element) = &schema.value {
                items.iter_mut().try_for_each(|item| align(element, item))?;
            }
        }
        (Type::Map, Value::Map(entries)) => {
            for (k, v) in entries {
                schema.key.as_ref().map_or(Some(()), |s| align(s, k))?;
                schema.value.as_ref().map_or(Some(()), |s| align(s, v))?;
            }
        }
        _ => {}
    }
    Some(())
}
