//! Values as Java's `toString()` shows them: what StringConverter writes and headers contain.

use std::borrow::Cow;
use std::sync::Arc;

use super::convert::ConvertError;
use super::date::{self, MILLIS_PER_DAY};
use super::decimal;
use super::schema::{DATE, DECIMAL, Schema, TIME, TIMESTAMP};
use super::value::Value;

/// The text of these bytes in UTF-8, with a replacement character for each part that is none; a surrogate is one part, as in
/// Java, and not three. Copies only where there is something to replace.
pub fn from_utf8(data: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(data) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(data.len());
    // How many chunks of one byte still belong to a surrogate.
    let (mut rest, mut of_surrogate) = (data, 0);
    for chunk in data.utf8_chunks() {
        text.push_str(chunk.valid());
        rest = rest.get(chunk.valid().len()..).unwrap_or_default();
        if of_surrogate > 0 {
            of_surrogate -= 1;
        } else if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            of_surrogate = match rest {
                [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => 2,
                [0xed, 0xa0..=0xbf] => 1,
                _ => 0,
            };
        }
        rest = rest.get(chunk.invalid().len()..).unwrap_or_default();
    }
    Cow::Owned(text)
}

/// Appends a double as `Double.toString` writes it: `1.0`, `1.0E10`, `NaN`.
pub fn push_f64(out: &mut Vec<u8>, number: f64) {
    let mut text = format!("{number:e}");
    if !text.contains('.') {
        // Java takes the nearest number of two digits where one digit would do: 4.9E-324, not 5.0E-324.
        text = format!("{number:.1e}");
    }
    push_float(out, number, &text);
}

/// Appends a float as `Float.toString` writes it.
pub fn push_f32(out: &mut Vec<u8>, number: f32) {
    let mut text = format!("{number:e}");
    if !text.contains('.') {
        text = format!("{number:.1e}");
    }
    push_float(out, number.into(), &text);
}

/// `scientific` is the number as Rust writes it, with a point: `-1.25e-7`.
fn push_float(out: &mut Vec<u8>, number: f64, scientific: &str) {
    if number.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    if number.is_infinite() {
        return out.extend_from_slice(b"Infinity");
    }
    if number == 0.0 {
        return out.extend_from_slice(b"0.0");
    }
    let (mantissa, power) = scientific.trim_start_matches('-').split_once('e').unwrap_or((scientific, "0"));
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let rest = if rest == "0" { "" } else { rest };
    let power: i32 = power.parse().unwrap_or(0);
    match power {
        -3..=-1 => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', (-power - 1).unsigned_abs() as usize));
            out.extend_from_slice(first.as_bytes());
            out.extend_from_slice(rest.as_bytes());
        }
        0..=6 => {
            let whole = power.unsigned_abs() as usize;
            let (before, behind) = rest.split_at(whole.min(rest.len()));
            out.extend_from_slice(first.as_bytes());
            out.extend_from_slice(before.as_bytes());
            out.extend(std::iter::repeat_n(b'0', whole - before.len()));
            out.push(b'.');
            out.extend_from_slice(if behind.is_empty() { b"0" } else { behind.as_bytes() });
        }
        _ => {
            out.extend_from_slice(first.as_bytes());
            out.push(b'.');
            out.extend_from_slice(if rest.is_empty() { b"0" } else { rest.as_bytes() });
            out.push(b'E');
            push_integer(out, power.into());
        }
    }
}

/// Appends an integer in decimal.
pub fn push_integer(out: &mut Vec<u8>, number: i64) {
    // A sign and nineteen digits at most, filled from the end.
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    out.extend_from_slice(&digits[start..]);
}

/// Milliseconds since the epoch of a value of a logical date or time type; `None` for every other value.
pub fn logical_millis(schema: Option<&Schema>, value: &Value<'_>) -> Option<i64> {
    match (schema?.name.as_deref()?, value) {
        (DATE, Value::Int32(days)) => Some(i64::from(*days) * MILLIS_PER_DAY),
        (TIME, Value::Int32(millis)) => Some((*millis).into()),
        (TIMESTAMP, Value::Int64(millis)) => Some(*millis),
        _ => None,
    }
}

/// The name of the logical type of a value that in Java is no number and no bytes; `None` for every other value.
pub fn logical_name(schema: Option<&Arc<Schema>>, value: &Value<'_>) -> Option<&'static str> {
    match (schema?.name.as_deref()?, value) {
        (DATE, Value::Int32(_)) => Some(DATE),
        (TIME, Value::Int32(_)) => Some(TIME),
        (TIMESTAMP, Value::Int64(_)) => Some(TIMESTAMP),
        (DECIMAL, Value::Bytes(_)) => Some(DECIMAL),
        _ => None,
    }
}

/// The text of a value of the logical type Decimal; `None` for every other value.
///
/// # Errors
/// When the schema has no usable scale or the number is out of bounds.
pub fn logical_decimal(schema: Option<&Schema>, value: &Value<'_>) -> Result<Option<String>, ConvertError> {
    match (schema, value) {
        (Some(schema), Value::Bytes(unscaled)) if schema.name.as_deref() == Some(DECIMAL) => {
            let text = decimal::scale_of(schema).and_then(|scale| decimal::to_text(unscaled, scale));
            text.map(Some).map_err(|e| ConvertError::data(e.to_string()))
        }
        _ => Ok(None),
    }
}

/// Appends a value as Java's `toString()` shows it: `{a=1}`, `[1, 2]`, `Struct{a=1,b=x}`; null is `null`.
///
/// # Errors
/// For bytes, of which Java would show an address, and for a struct without a schema.
pub fn push_value(out: &mut Vec<u8>, schema: Option<&Schema>, value: &Value<'_>) -> Result<(), ConvertError> {
    if let Some(millis) = logical_millis(schema, value) {
        out.extend_from_slice(date::java_date_text(millis).as_bytes());
        return Ok(());
    }
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Int8(n) => push_integer(out, (*n).into()),
        Value::Int16(n) => push_integer(out, (*n).into()),
        Value::Int32(n) => push_integer(out, (*n).into()),
        Value::Int64(n) => push_integer(out, *n),
        Value::Float32(n) => push_f32(out, *n),
        Value::Float64(n) => push_f64(out, *n),
        Value::String(text) => out.extend_from_slice(text.as_bytes()),
        Value::Bytes(_) => match logical_decimal(schema, value)? {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => {
                return Err(ConvertError::data(
                    "bytes have no text form: use ByteArrayConverter or JsonConverter",
                ));
            }
        },
        Value::Array(items) => {
            let element = schema.and_then(|s| s.value.as_deref());
            push_list(out, (b'[', b']'), items, |out, item| push_value(out, element, item))?;
        }
        Value::Map(entries) => {
            let (key, mapped) = schema.map_or((None, None), |s| (s.key.as_deref(), s.value.as_deref()));
            push_list(out, (b'{', b'}'), entries, |out, (k, v)| {
                push_value(out, key, k)?;
                out.push(b'=');
                push_value(out, mapped, v)
            })?;
        }
        Value::Struct(values) => push_struct(out, schema, values)?,
    }
    Ok(())
}

fn push_list<T>(
    out: &mut Vec<u8>,
    brackets: (u8, u8),
    items: &[T],
    mut push: impl FnMut(&mut Vec<u8>, &T) -> Result<(), ConvertError>,
) -> Result<(), ConvertError> {
    out.push(brackets.0);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        push(out, item)?;
    }
    out.push(brackets.1);
    Ok(())
}

fn push_struct(out: &mut Vec<u8>, schema: Option<&Schema>, values: &[Value<'_>]) -> Result<(), ConvertError> {
    let fields = schema.map(|s| s.fields.as_slice()).filter(|fields| fields.len() == values.len());
    let fields = fields.ok_or_else(|| ConvertError::data("a struct without its schema has no text form"))?;
    out.extend_from_slice(b"Struct{");
    let mut first = true;
    // Java leaves out the fields that are null.
    for (field, value) in fields.iter().zip(values).filter(|(_, value)| !value.is_null()) {
        if !std::mem::replace(&mut first, false) {
            out.push(b',');
        }
        out.extend_from_slice(field.name.as_bytes());
        out.push(b'=');
        push_value(out, Some(&field.schema), value)?;
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::schema::{Field, Type};

    fn text(schema: Option<&Schema>, value: &Value<'_>) -> String {
        let mut out = Vec::new();
        push_value(&mut out, schema, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_as_java_writes_them() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (0.00123, "0.00123"),
            (0.5, "0.5"),
            (9.99e-4, "9.99E-4"),
            (1234567.0, "1234567.0"),
            (1234567.25, "1234567.25"),
            (100.0, "100.0"),
            (120.0, "120.0"),
            (123.456, "123.456"),
            (1e7, "1.0E7"),
            (1e10, "1.0E10"),
            (1e23, "1.0E23"),
            (1.5e300, "1.5E300"),
            (5e-324, "4.9E-324"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (number, expected) in cases {
            assert_eq!(text(None, &Value::Float64(number)), expected);
        }
        assert_eq!(text(None, &Value::Float32(f32::MIN_POSITIVE)), "1.1754944E-38");
        assert_eq!(text(None, &Value::Float32(0.1)), "0.1");
        assert_eq!(text(None, &Value::Float32(1.0e-45)), "1.4E-45");
    }

    #[test]
    fn what_is_no_utf8_is_replaced_as_in_java() {
        let cases: [(&[u8], &str); 6] = [
            (b"a\xc3\xa4", "aä"),
            (b"a\xffb\xfe", "a\u{fffd}b\u{fffd}"),
            (b"\xed\xa0\x80", "\u{fffd}"),
            (b"<\xed\xa0\x80\xed\xb0\x80>\xed", "<\u{fffd}\u{fffd}>\u{fffd}"),
            (b"\xed\xa0", "\u{fffd}"),
            (b"\xe2\x82", "\u{fffd}"),
        ];
        for (bytes, text) in cases {
            assert_eq!(from_utf8(bytes), text, "{bytes:x?}");
        }
    }

    #[test]
    fn integers_are_written_in_full() {
        for number in [0, 7, -7, 10, 1_234_567, i64::MAX, i64::MIN] {
            assert_eq!(text(None, &Value::Int64(number)), number.to_string());
        }
    }

    #[test]
    fn containers_are_as_java_writes_them() {
        let map = Value::Map(vec![(Value::str("a"), Value::Int8(1)), (Value::str("b"), Value::Null)]);
        assert_eq!(text(None, &map), "{a=1, b=null}");
        assert_eq!(text(None, &Value::Array(vec![Value::Boolean(true), Value::Int64(2)])), "[true, 2]");
        let field = |name: &str, schema: Schema| Field { name: name.to_owned(), schema: Arc::new(schema) };
        let schema = Schema::structure(vec![
            field("a", Schema::of(Type::Int32)),
            field("n", Schema::of(Type::String).optional()),
            field("d", Schema::decimal(2)),
            field("t", Schema::of(Type::Int64).named(TIMESTAMP, Some(1))),
        ]);
        let value = Value::Struct(vec![Value::Int32(1), Value::Null, Value::bytes(&[123]), Value::Int64(0)]);
        assert_eq!(text(Some(&schema), &value), "Struct{a=1,d=1.23,t=Thu Jan 01 00:00:00 UTC 1970}");
    }

    #[test]
    fn bytes_and_bare_structs_are_refused() {
        assert!(push_value(&mut Vec::new(), None, &Value::bytes(b"x")).is_err());
        assert!(push_value(&mut Vec::new(), None, &Value::Struct(vec![])).is_err());
    }
}
