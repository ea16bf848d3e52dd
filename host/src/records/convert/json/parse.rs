//! JSON text to a tree, with the leniency of Kafka's reader, and the few questions asked of its nodes.

use std::borrow::Cow;

use serde_json::{Number, Value as Node};

use crate::records::convert::ConvertError;
use crate::records::decimal;

/// Parses one JSON document; nothing but blanks is `None`.
///
/// # Errors
/// When the bytes are not JSON. A byte order mark and numbers with leading zeros are taken, as in Kafka.
pub fn parse(data: &[u8]) -> Result<Option<Node>, ConvertError> {
    let data = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
    if data.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(data)
        .or_else(|error| match strip_leading_zeros(data) {
            Cow::Owned(stripped) => serde_json::from_slice(&stripped).map_err(|_| error),
            Cow::Borrowed(_) => Err(error),
        })
        .map(Some)
        .map_err(|error| {
            ConvertError::data(format!(
                "Converting byte[] to Kafka Connect data failed due to serialization error: {error}"
            ))
        })
}

/// Takes surplus zeros off the front of numbers, outside of strings. Borrowed when there are none.
fn strip_leading_zeros(data: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let mut copied = 0;
    let (mut in_string, mut at) = (false, 0);
    let mut previous = b' ';
    while let Some(&byte) = data.get(at) {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => at += 1,
            b'0' if !in_string && !matches!(previous, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+') => {
                let zeros = data[at..].iter().take_while(|&&b| b == b'0').count();
                let digit_follows = data.get(at + zeros).is_some_and(u8::is_ascii_digit);
                let surplus = if digit_follows { zeros } else { zeros - 1 };
                if surplus > 0 {
                    out.extend_from_slice(&data[copied..at]);
                    copied = at + surplus;
                }
                at += zeros - 1;
            }
            _ => {}
        }
        previous = byte;
        at += 1;
    }
    if copied == 0 && out.is_empty() {
        return Cow::Borrowed(data);
    }
    out.extend_from_slice(data.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The name of the node's type in messages.
pub fn node_type(node: Option<&Node>) -> &'static str {
    match node {
        None => "MISSING",
        Some(Node::Null) => "NULL",
        Some(Node::Bool(_)) => "BOOLEAN",
        Some(Node::Number(_)) => "NUMBER",
        Some(Node::String(_)) => "STRING",
        Some(Node::Array(_)) => "ARRAY",
        Some(Node::Object(_)) => "OBJECT",
    }
}

/// Whether the number was written without a fraction and an exponent.
pub fn is_integral(number: &Number) -> bool {
    !number.as_str().contains(['.', 'e', 'E'])
}

/// The number's integer part, its low 64 bits when it does not fit: Java's narrowing.
pub fn low_bits(number: &Number) -> i64 {
    if let Some(exact) = number.as_i64() {
        return exact;
    }
    let Some(parsed) = decimal::parse(number.as_str()) else { return 0 };
    let fraction = usize::try_from(parsed.scale).unwrap_or(0);
    let kept = parsed.digits.len().saturating_sub(fraction);
    // Ten to the 64th and beyond has no low bits left.
    let zeros = usize::try_from(-parsed.scale).unwrap_or(0).min(64);
    let digits = parsed.digits.bytes().take(kept).chain(std::iter::repeat_n(b'0', zeros));
    let magnitude = digits.fold(0i64, |n, digit| n.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')));
    if parsed.negative { magnitude.wrapping_neg() } else { magnitude }
}

/// The number as the nearest double, infinite when it is too large.
pub fn to_f64(number: &Number) -> f64 {
    let read = number.as_str().parse().unwrap_or(f64::NAN);
    if read == 0.0 && is_zero(number) { 0.0 } else { read }
}

/// The number as the nearest float, infinite when it is too large.
pub fn to_f32(number: &Number) -> f32 {
    let read = number.as_str().parse().unwrap_or(f32::NAN);
    if read == 0.0 && is_zero(number) { 0.0 } else { read }
}

/// Whether the number is zero, whose sign Kafka's reader does not keep; one too near to zero keeps it.
fn is_zero(number: &Number) -> bool {
    number.as_str().bytes().take_while(|b| !matches!(b, b'e' | b'E')).all(|b| !matches!(b, b'1'..=b'9'))
}

/// The length of the JSON value at the front of `text`, which is known to be valid JSON.
pub fn value_length(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    loop {
        match *text.get(at)? {
            b'"' => {
                at += 1;
                while *text.get(at)? != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' | b':' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(text.get(at), None | Some(b',' | b':' | b'}' | b']')) {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn leading_zeros_are_taken() {
        let cases = [
            (
                r#"{"a":00012,"b":"0012\"00","c":[-007,0,0.5,00,1e007,100]}"#,
                r#"{"a":12,"b":"0012\"00","c":[-7,0,0.5,0,1e007,100]}"#,
            ),
            ("00", "0"),
            ("1", "1"),
        ];
        for (text, expected) in cases {
            assert_eq!(String::from_utf8_lossy(&strip_leading_zeros(text.as_bytes())), expected);
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
        assert!(parse(b"{\"a\":}").is_err());
        assert_eq!(parse(b" \n").unwrap(), None);
        assert_eq!(parse("\u{feff}1".as_bytes()).unwrap(), Some(serde_json::json!(1)));
    }

    #[test]
    fn numbers_narrow_as_in_java() {
        let cases = [
            ("5", 5),
            ("-5", -5),
            ("1.9", 1),
            ("-1.9", -1),
            ("1e3", 1000),
            ("0.001", 0),
            ("9223372036854775808", i64::MIN),
            ("18446744073709551617", 1),
            ("1e70", 0),
            ("1e-70", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(low_bits(&number(text)), expected, "{text}");
        }
        assert_eq!(to_f64(&number("1e400")), f64::INFINITY);
        for (text, negative) in [("-0", false), ("-0.00e5", false), ("-1e-400", true)] {
            assert_eq!(to_f64(&number(text)).is_sign_negative(), negative, "{text}");
            assert_eq!(to_f32(&number(text)).is_sign_negative(), negative, "{text}");
        }
        assert!(is_integral(&number("-12")) && !is_integral(&number("1E2")) && !is_integral(&number("1.0")));
    }

    #[test]
    fn the_length_of_a_value_is_found() {
        let cases =
            [(r#"{"a":[1,"}"]},"x""#, 13), (r#""a\"b","#, 6), ("null}", 4), ("12", 2), (r#"["\\"],"#, 6)];
        for (text, length) in cases {
            assert_eq!(value_length(text.as_bytes()), Some(length), "{text}");
        }
        assert_eq!(value_length(b"\"open"), None);
        assert_eq!(value_length(b"{\"a"), None);
    }
}
