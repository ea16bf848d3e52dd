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

mod common;

use common::Common;

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
                return common::array(items, common.schema());
            }
            if self.consume(",") {
                return None;
            }
            let item = self.value(Some(depth))?;
            common.merge(item.schema.as_ref());
            items.push(item);
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
        let (mut entries, mut keys, mut values) = (Vec::new(), Common::Unknown, Common::Unknown);
        while self.has_next() {
            if self.consume("}") {
                return common::map(entries, keys.schema(), values.schema());
            }
            if self.consume(",") {
                return None;
            }
            let key = self.value(Some(depth)).filter(|key| !key.value.is_null())?;
            if !self.consume(":") {
                return None;
            }
            let value = self.value(Some(depth))?;
            keys.merge(key.schema.as_ref());
            values.merge(value.schema.as_ref());
            entries.push((key, value));
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
