//! Media types in headers, read as strictly as Jersey does.

use std::collections::BTreeMap;

/// A type and its subtype, as they were written.
pub(super) type MediaType<'a> = (&'a str, &'a str);

/// Reads a content type such as `application/json;charset=utf-8`; none: it is not one.
pub(super) fn read(value: &str) -> Option<MediaType<'_>> {
    let (kind, rest) = token(blanks(value))?;
    let (subtype, rest) = token(rest.strip_prefix('/')?)?;
    parameters(rest, |_, _| true).then_some((kind, subtype))
}

/// A range of an `Accept` header.
#[derive(Debug, PartialEq)]
pub(super) struct Range<'a> {
    /// Its type and subtype, as they were written.
    pub(super) media: MediaType<'a>,
    /// How welcome it is, from 0 to 1.
    pub(super) quality: f32,
    /// Its other parameters, as they are shown: by their names, each `;name=value`.
    pub(super) parameters: String,
}

/// Reads one range of an `Accept` header; none: it is not one. The subtype may be missing, the quality has bounds.
pub(super) fn accepted(range: &str) -> Option<Range<'_>> {
    let (kind, rest) = token(blanks(range))?;
    let (subtype, rest) = match rest.strip_prefix('/') {
        Some(rest) => token(rest)?,
        None => ("*", rest),
    };
    let (mut quality, mut others) = (1.0, BTreeMap::new());
    let fine = parameters(rest, |name, value| {
        let name = name.to_ascii_lowercase();
        if name == "q" {
            quality = value.parse().unwrap_or(1.0);
            return is_quality(value);
        }
        let value = if name == "charset" { value.to_ascii_lowercase() } else { value.to_owned() };
        let quoted = token(&value).is_none_or(|(_, rest)| !rest.is_empty());
        others.insert(name, if quoted { format!("\"{value}\"") } else { value });
        true
    });
    let parameters = others.iter().map(|(name, value)| format!(";{name}={value}")).collect();
    fine.then_some(Range { media: (kind, subtype), quality, parameters })
}

/// The parts of a list, which commas part where they are not within quotes.
pub(super) fn split(list: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    list.split(move |c: char| {
        let ends = c == ',' && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        ends
    })
}

/// Whether parameters, if any, follow to the end, and each of them is fine.
fn parameters(mut rest: &str, mut fine: impl FnMut(&str, &str) -> bool) -> bool {
    loop {
        rest = blanks(rest);
        if rest.is_empty() {
            return true;
        }
        let Some(behind) = rest.strip_prefix(';') else { return false };
        rest = blanks(behind);
        if rest.is_empty() || rest.starts_with(';') {
            continue;
        }
        let Some((name, behind)) = token(rest) else { return false };
        let Some(behind) = behind.strip_prefix('=') else { return false };
        let Some((value, behind)) = quoted(behind).or_else(|| token(behind)) else { return false };
        if !fine(name, value) {
            return false;
        }
        rest = behind;
    }
}

/// From 0 to 1, with three digits behind the point at most.
fn is_quality(value: &str) -> bool {
    let digits = value.split_once('.').map_or("", |(_, digits)| digits);
    let plain = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain && digits.len() <= 3 && value.parse::<f32>().is_ok_and(|quality| quality <= 1.0)
}

fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A text in quotes, without them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inner.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((&inner[..end], &inner[end + 1..]))
}

fn blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // What is taken and what is refused was tried on Kafka Connect 4.1.1.

    #[test]
    fn content_types_are_read_as_by_jersey() {
        let json = Some(("application", "json"));
        let table = [
            ("application/json", json),
            ("application/json;", json),
            ("application/json;;charset=utf-8", json),
            ("application/json; charset=\"utf-8\"", json),
            ("*/json", Some(("*", "json"))),
            ("application/json x", None),
            ("application /json", None),
            ("application/json;charset", None),
            ("application/json;charset=", None),
            ("application/json;charset = utf-8", None),
            ("application/json;charset=\"utf-8", None),
            ("text/pl@in", None),
            ("te xt/plain", None),
            ("\"application/json\"", None),
            ("*", None),
            ("a/b/c", None),
            (";;;", None),
            ("/", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(read(value), expected, "{value}");
        }
    }

    #[test]
    fn ranges_are_read_as_by_jersey() {
        for good in ["*", "foo", "*/*", "text/*;q=.5", "a/b;q=1.000", "a/b;q=0", "a/b;c=\"d,e\";q=0.5"] {
            assert!(accepted(good).is_some(), "{good}");
        }
        for bad in ["", "/", "a/", "a/b;q", "a/b;q=", "a/b;q=x", "a/b;q=-1", "a/b;q=2", "a/b;q=0.0001"] {
            assert!(accepted(bad).is_none(), "{bad}");
        }
        assert_eq!(split("a;b=\"c,d\", e").collect::<Vec<_>>(), ["a;b=\"c,d\"", " e"]);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in ".*") {
            read(&text);
            for range in split(&text) {
                accepted(range);
            }
        }
    }
}
