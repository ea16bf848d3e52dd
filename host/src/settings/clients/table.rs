//! The table: each client setting of Kafka's Java clients, and what becomes of it.

use super::{Client, Layer, Translation};
use crate::settings::definitions::Type;
use crate::settings::definitions::value::invalid;

mod rows;

use rows::ROWS;

/// How a value is carried over.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// As it is.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number within librdkafka's bounds; one beyond them becomes the nearest bound, with a warning.
    /// Values in `meaning` stand for something else (for example -1 for "the system's default") and are
    /// replaced.
    Number { min: i64, max: i64, meaning: &'static [(i64, i64)] },
    /// One of Java's words, and librdkafka's word for it. Any case if the first member is true.
    Word(bool, &'static [(&'static str, &'static str)]),
}

/// What becomes of a setting.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// It is carried over under these names.
    To(&'static [&'static str], Form),
    /// It is carried over together with others, in `adjust`, `ssl` or `sasl`.
    Elsewhere,
    /// It has no counterpart: a warning that says so.
    Warn(&'static str),
    /// Doing without it would change what the client does: an error that says why.
    Refuse(&'static str),
    /// Only these values are what the client does anyway; any other is an error that says why.
    Only(&'static [&'static str], &'static str),
}

/// One setting of the Java clients.
#[derive(Clone, Copy, Debug)]
struct Row {
    key: &'static str,
    clients: &'static [Client],
    rule: Rule,
}

fn row(client: Client, key: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.key == key && row.clients.contains(&client))
}

/// Whether any Java client knows the setting, given without prefix.
pub(crate) fn is_client_key(key: &str) -> bool {
    ROWS.iter().any(|row| row.key == key)
}

/// Why a plain key of the worker has no effect, if it is one of the clients' settings and none of them can use it.
pub(crate) fn without_effect(key: &str) -> Option<&'static str> {
    let mut rules = ROWS.iter().filter(|row| row.key == key).map(|row| row.rule);
    match rules.next()? {
        Rule::Warn(why) if rules.all(|rule| matches!(rule, Rule::Warn(_))) => Some(why),
        _ => None,
    }
}

/// The settings of all Java clients, without prefix.
pub(crate) fn client_keys() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.key)
}

/// Plain keys of the worker that mean something else there than in a client.
const OF_THE_WORKER: [&str; 4] = ["client.id", "group.id", "session.timeout.ms", "heartbeat.interval.ms"];

/// Whether a plain key of the worker is also a setting of clients that take plain keys. Those without
/// counterpart are the worker's to report.
pub(super) fn is_inherited(key: &str) -> bool {
    let of_clients = ROWS.iter().any(|row| row.key == key && !matches!(row.rule, Rule::Warn(_)));
    of_clients && !OF_THE_WORKER.contains(&key)
}

/// Carries over all given settings that need nothing but the table.
pub(super) fn apply(translation: &mut Translation<'_>) {
    let given: Vec<_> =
        translation.given.iter().map(|(name, given)| (*name, given.value, given.layer)).collect();
    for (name, value, layer) in given {
        match row(translation.client, name).map(|row| row.rule) {
            Some(Rule::To(names, form)) => carry(translation, name, value, names, form),
            Some(Rule::Elsewhere) => {}
            Some(Rule::Warn(why)) => translation.warn(name, why),
            Some(Rule::Refuse(why)) => translation.refuse(name, why),
            Some(Rule::Only(values, why)) => {
                if !values.contains(&value) {
                    translation.refuse(name, why);
                }
            }
            None if layer == Layer::Plain => {}
            None => unknown(translation, name),
        }
    }
}

fn unknown(translation: &mut Translation<'_>, name: &str) {
    let what = match translation.client {
        Client::Producer => "producer",
        Client::Consumer => "consumer",
        Client::Admin => "admin client",
    };
    let why = if name.starts_with("metrics.context.") {
        "has no effect: it labels the JVM's metrics reporters, which do not exist here".to_owned()
    } else if let Some(near) = nearest(translation.client, name) {
        format!("is not a setting of Kafka's {what} and has no effect; was {near} meant?")
    } else {
        format!("is not a setting of Kafka's {what} and has no effect")
    };
    translation.warn(name, why);
}

fn nearest(client: Client, name: &str) -> Option<&'static str> {
    let known = ROWS.iter().filter(|row| row.clients.contains(&client)).map(|row| row.key);
    crate::settings::spelling::nearest(name, known)
}

fn carry(translation: &mut Translation<'_>, name: &str, value: &str, to: &[&str], form: Form) {
    match read(name, value, form) {
        Ok((text, nearest)) => {
            if nearest {
                translation
                    .warn(name, format!("{value} is out of librdkafka's range; {text} is used instead"));
            }
            to.iter().for_each(|target| translation.set(target, text.as_str()));
        }
        Err(message) => translation.refuse(name, message),
    }
}

/// The value for librdkafka, and whether it is merely the nearest one to what was given.
fn read(name: &str, value: &str, form: Form) -> Result<(String, bool), String> {
    match form {
        Form::Text => Ok((value.to_owned(), false)),
        Form::Bool => Type::Boolean.parse(name, value).map(|parsed| (parsed.text(), false)),
        Form::Number { min, max, meaning } => {
            let number = whole_number(name, value)?;
            if let Some((_, meant)) = meaning.iter().find(|(given, _)| *given == number) {
                return Ok((meant.to_string(), false));
            }
            if number < 0 {
                return Err(invalid(name, value, "Value must be at least 0"));
            }
            let near = number.clamp(min, max);
            Ok((near.to_string(), near != number))
        }
        Form::Word(any_case, words) => {
            let same = |word: &str| if any_case { word.eq_ignore_ascii_case(value) } else { word == value };
            let found = words.iter().find(|(java, _)| same(java));
            found.map(|(_, word)| ((*word).to_owned(), false)).ok_or_else(|| {
                let all: Vec<_> = words.iter().map(|(java, _)| *java).collect();
                invalid(name, value, &format!("String must be one of: {}", all.join(", ")))
            })
        }
    }
}

/// Reads a number; all numbers of Java's clients fit a LONG, and most are INT: the message says the wider
/// type.
pub(super) fn whole_number(name: &str, value: &str) -> Result<i64, String> {
    Type::Long.parse(name, value).map(|parsed| parsed.as_i64().unwrap_or_default())
}

#[cfg(test)]
mod tests;
