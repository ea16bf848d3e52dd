//! A value as its type reads it: Java's rules for numbers, booleans and lists, and Kafka's words when they
//! are broken.

use super::{Type, Validator};
use crate::settings::Password;
use crate::settings::patterns::TopicPattern;
use crate::settings::versions;

/// A value that was read as its type demands.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// BOOLEAN
    Boolean(bool),
    /// STRING or CLASS, trimmed
    String(String),
    /// INT, SHORT or LONG
    Integer(i64),
    /// DOUBLE
    Double(f64),
    /// LIST; empty items are kept
    List(Vec<String>),
    /// PASSWORD
    Password(Password),
}

impl Parsed {
    /// The value as it is shown: lists joined with `,`, passwords as `[hidden]`.
    pub fn text(&self) -> String {
        match self {
            Parsed::Boolean(value) => value.to_string(),
            Parsed::String(value) => value.clone(),
            Parsed::Integer(value) => value.to_string(),
            Parsed::Double(value) => format!("{value:?}"),
            Parsed::List(items) => items.join(","),
            Parsed::Password(password) => password.to_string(),
        }
    }

    /// The text of a STRING or CLASS.
    pub fn as_str(&self) -> Option<&str> {
        if let Parsed::String(value) = self { Some(value) } else { None }
    }

    /// The value of a BOOLEAN.
    pub fn as_bool(&self) -> Option<bool> {
        if let Parsed::Boolean(value) = self { Some(*value) } else { None }
    }

    /// The value of an INT, SHORT or LONG.
    pub fn as_i64(&self) -> Option<i64> {
        if let Parsed::Integer(value) = self { Some(*value) } else { None }
    }

    /// The items of a LIST.
    pub fn as_list(&self) -> Option<&[String]> {
        if let Parsed::List(items) = self { Some(items) } else { None }
    }
}

/// Java's `String.trim`: everything up to U+0020 goes from both ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// The items of a LIST: split at commas, blanks around them dropped, empty items kept; empty text has none.
pub fn list(text: &str) -> Vec<String> {
    let text = trim(text);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(',').map(|item| item.trim_matches(java_space).to_owned()).collect()
}

/// Java's `\s`.
fn java_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// Kafka's words for a value that will not do.
pub fn invalid(name: &str, value: &str, detail: &str) -> String {
    format!("Invalid value {value} for configuration {name}: {detail}")
}

/// Kafka's words for a key that must be given and is not.
pub fn missing(name: &str) -> String {
    format!("Missing required configuration \"{name}\" which has no default value.")
}

impl Type {
    /// Reads `text` as this type.
    ///
    /// # Errors
    /// Kafka's message, for example `Invalid value x for configuration tasks.max: Not a number of type INT`.
    pub fn parse(self, name: &str, text: &str) -> Result<Parsed, String> {
        let trimmed = trim(text);
        let integer = |min: i64, max: i64| {
            trimmed
                .parse::<i64>()
                .ok()
                .filter(|value| (min..=max).contains(value))
                .map(Parsed::Integer)
                .ok_or_else(|| invalid(name, text, &format!("Not a number of type {self}")))
        };
        match self {
            Type::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Parsed::Boolean(true)),
            Type::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Parsed::Boolean(false)),
            Type::Boolean => Err(invalid(name, text, "Expected value to be either true or false")),
            Type::String | Type::Class => Ok(Parsed::String(trimmed.to_owned())),
            Type::Int => integer(i64::from(i32::MIN), i64::from(i32::MAX)),
            Type::Short => integer(i64::from(i16::MIN), i64::from(i16::MAX)),
            Type::Long => integer(i64::MIN, i64::MAX),
            Type::Double => double(trimmed)
                .map(Parsed::Double)
                .ok_or_else(|| invalid(name, text, &format!("Not a number of type {self}"))),
            Type::List => Ok(Parsed::List(list(text))),
            Type::Password => Ok(Parsed::Password(Password::new(trimmed))),
        }
    }
}

/// Java's `Double.parseDouble`, but for hexadecimal numbers.
fn double(text: &str) -> Option<f64> {
    let unsigned = text.trim_start_matches(['+', '-']);
    if unsigned == "NaN" || unsigned == "Infinity" {
        return text.parse().ok();
    }
    if unsigned.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text).parse().ok()
}

impl Validator {
    /// Holds a value against the rule.
    ///
    /// # Errors
    /// Kafka's message, with the value in it unless it is a password.
    pub fn check(&self, name: &str, value: Option<&Parsed>) -> Result<(), String> {
        let fault = match (self, value) {
            (Validator::AtLeastIfAny(min), Some(value)) => range_fault(Some(*min), None, value),
            (Validator::UniqueAliases, None) => Some("entry must be non null".to_owned()),
            (Validator::Range { .. }, None) => Some("Value must be non-null".to_owned()),
            (Validator::Range { min, max }, Some(value)) => range_fault(*min, *max, value),
            (Validator::OneOf(allowed), _) => (!allowed.iter().any(|one| is_text(value, |v| v == one)))
                .then(|| format!("String must be one of: {}", allowed.join(", "))),
            (Validator::OneOfIgnoreCase(allowed), _) => {
                let upper: Vec<_> = allowed.iter().map(|one| one.to_uppercase()).collect();
                (!upper.iter().any(|one| is_text(value, |v| v.to_uppercase() == *one)))
                    .then(|| format!("String must be one of (case insensitive): {}", upper.join(", ")))
            }
            (Validator::NonEmpty, _) => is_empty(value).then(|| "String must be non-empty".to_owned()),
            (Validator::NameText, Some(Parsed::String(text))) => name_fault(text),
            (Validator::UniqueAliases, Some(Parsed::List(items))) => {
                let repeated = items.iter().enumerate().any(|(at, item)| items[..at].contains(item));
                repeated.then(|| "Duplicate alias provided.".to_owned())
            }
            (Validator::Regex, Some(Parsed::String(text))) => {
                TopicPattern::new(text).err().map(|error| format!("Invalid regex: {error}"))
            }
            (Validator::Pattern(pattern), Some(value)) => {
                let matched = TopicPattern::new(pattern).is_ok_and(|p| p.matches(&revealed(value)));
                (!matched).then(|| format!("String must match pattern '{pattern}'"))
            }
            (Validator::Versions, Some(value)) => {
                versions::requirement(value.as_str()).err().map(|error| error.to_string())
            }
            (
                Validator::AtLeastIfAny(_)
                | Validator::NameText
                | Validator::UniqueAliases
                | Validator::Regex
                | Validator::Pattern(_)
                | Validator::Versions,
                _,
            ) => None,
        };
        match fault {
            None => Ok(()),
            Some(detail) => {
                let shown = match value {
                    None => "null".to_owned(),
                    Some(Parsed::List(items)) => format!("[{}]", items.join(", ")),
                    Some(value) => value.text(),
                };
                Err(invalid(name, &shown, &detail))
            }
        }
    }
}

fn is_text(value: Option<&Parsed>, test: impl Fn(&str) -> bool) -> bool {
    value.and_then(Parsed::as_str).is_some_and(test)
}

fn is_empty(value: Option<&Parsed>) -> bool {
    match value {
        Some(Parsed::String(text)) => text.is_empty(),
        Some(Parsed::Password(password)) => password.reveal().is_empty(),
        Some(Parsed::List(items)) => items.is_empty(),
        _ => false,
    }
}

fn revealed(value: &Parsed) -> String {
    if let Parsed::Password(password) = value { password.reveal().to_owned() } else { value.text() }
}

fn range_fault(min: Option<f64>, max: Option<f64>, value: &Parsed) -> Option<String> {
    let number = match value {
        // Bounds come as doubles over the plugin boundary; what a double cannot hold exactly is no bound in
        // use.
        Parsed::Integer(value) => *value as f64,
        Parsed::Double(value) => *value,
        _ => return None,
    };
    let shown = |bound: f64| match value {
        Parsed::Double(_) => format!("{bound:?}"),
        _ => format!("{bound}"),
    };
    if let Some(min) = min.filter(|min| number < *min) {
        return Some(format!("Value must be at least {}", shown(min)));
    }
    max.filter(|max| number > *max).map(|max| format!("Value must be no more than {}", shown(max)))
}

fn name_fault(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("String may not be empty".to_owned());
    }
    let found: Vec<_> = text.chars().filter(|c| c.is_control()).map(|c| u32::from(c).to_string()).collect();
    (!found.is_empty()).then(|| {
        let found = found.join(", ");
        format!("String may not contain control sequences but had the following ASCII chars: {found}")
    })
}

#[cfg(test)]
mod tests;
