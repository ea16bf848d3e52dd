//! Texts as Java makes them of numbers and dates, and the order of its maps.

use connect_plugin::ValueRef;

/// Appends a double as `Double.toString` has it: `1.0`, `1.0E10`.
pub fn push_f64(out: &mut Vec<u8>, number: f64) {
    push_float(out, number, format!("{number:e}"), format!("{number:.1e}"));
}

/// Appends a float as `Float.toString` has it.
pub fn push_f32(out: &mut Vec<u8>, number: f32) {
    push_float(out, number.into(), format!("{number:e}"), format!("{number:.1e}"));
}

/// `exact` is the shortest scientific form, `two` that with two digits, which Java takes where one would do.
fn push_float(out: &mut Vec<u8>, number: f64, exact: String, two: String) {
    let text = if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        (if number > 0.0 { "Infinity" } else { "-Infinity" }).to_owned()
    } else {
        let scientific = if exact.contains('.') { exact } else { two };
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        match power.parse::<i32>().unwrap_or(0) {
            -3..=6 => plain(mantissa, power.parse().unwrap_or(0)),
            _ => format!("{mantissa}E{power}"),
        }
    };
    out.extend_from_slice(text.as_bytes());
}

/// A number without exponent: the point of `1.25` moved by `power`.
fn plain(mantissa: &str, power: i32) -> String {
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{first}{}", if rest == "0" { "" } else { rest });
    let places = usize::try_from(power.abs()).unwrap_or(0);
    if power < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(places - 1));
    }
    let whole = format!("{digits:0<width$}", width = places + 1);
    let (before, behind) = whole.split_at(places + 1);
    format!("{sign}{before}.{}", if behind.is_empty() { "0" } else { behind })
}

/// A time in milliseconds since 1970 as `Date.toString` has it, in UTC: `Tue Nov 14 22:13:20 UTC 2023`.
pub fn date(millis: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = millis.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    // Years before the first count backwards, and nothing says so.
    let year = if year > 0 { year } else { 1 - year };
    let name = |names: &[&'static str], at: i64| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or("")
    };
    let (weekday, month) = (name(&DAYS, days.rem_euclid(7)), name(&MONTHS, month - 1));
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday} {month} {day:02} {hours:02}:{minutes:02}:{seconds:02} UTC {year}")
}

/// Year, month and day of a day counted from 1970-01-01: by Gregory from 1582-10-15, by Julius Caesar before.
fn civil(days: i64) -> (i64, i64, i64) {
    /// The first day that Java's calendar counts by Gregory.
    const GREGORIAN_FROM: i64 = -141_427;
    let (first_year, day) = if days >= GREGORIAN_FROM {
        // Eras of 400 years that begin in March.
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        (era * 400 + year, day - (365 * year + year / 4 - year / 100))
    } else {
        let days = days + 719_470;
        let (cycle, day) = (days.div_euclid(1461), days.rem_euclid(1461));
        let year = (day - day / 1460) / 365;
        (cycle * 4 + year, day - 365 * year)
    };
    let from_march = (5 * day + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (first_year + i64::from(month <= 2), month, day - (153 * from_march + 2) / 5 + 1)
}

/// A decimal as `BigDecimal.toString` has it: `bytes` are its digits as a big-endian two's complement number.
pub fn decimal(bytes: &[u8], scale: i32) -> String {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let digits = magnitude(bytes, negative);
    let sign = if negative { "-" } else { "" };
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let exponent = i64::from(length) - 1 - i64::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    if scale > 0 && exponent >= -6 {
        let padded = format!("{digits:0>width$}", width = usize::try_from(scale).unwrap_or(0) + 1);
        let (before, behind) = padded.split_at(padded.len() - usize::try_from(scale).unwrap_or(0));
        return format!("{sign}{before}.{behind}");
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}E{exponent:+}")
}

/// The digits of a two's complement number without its sign.
fn magnitude(bytes: &[u8], negative: bool) -> String {
    // Digits from the last to the first.
    let mut digits: Vec<u8> = vec![0];
    for byte in bytes {
        let mut carry = u32::from(if negative { !byte } else { *byte });
        for digit in &mut digits {
            let sum = u32::from(*digit) * 256 + carry;
            *digit = (sum % 10) as u8;
            carry = sum / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    if negative {
        let first = digits.iter().position(|digit| *digit < 9).unwrap_or(digits.len());
        digits[..first].fill(0);
        match digits.get_mut(first) {
            Some(digit) => *digit += 1,
            None => digits.push(1),
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

/// The place of a key among the `count` keys of a HashMap: the map lists them by it, and those of equal place as they
/// came. None for keys whose hash is not told by their text and number, such as structs.
pub fn place(key: ValueRef<'_>, count: usize) -> Option<u32> {
    let mut size: u32 = 16;
    while count as u64 * 4 > u64::from(size) * 3 && size < 1 << 30 {
        size *= 2;
    }
    let hash = hash(key)?;
    Some((hash ^ (hash >> 16)) & (size - 1))
}

/// Java's `hashCode`.
fn hash(key: ValueRef<'_>) -> Option<u32> {
    let folded = |bits: u64| (bits ^ (bits >> 32)) as u32;
    Some(match key {
        ValueRef::Null => 0,
        ValueRef::Boolean(yes) => {
            if yes {
                1231
            } else {
                1237
            }
        }
        ValueRef::Int8(n) => i32::from(n).cast_unsigned(),
        ValueRef::Int16(n) => i32::from(n).cast_unsigned(),
        ValueRef::Int32(n) => n.cast_unsigned(),
        ValueRef::Int64(n) => folded(n.cast_unsigned()),
        ValueRef::Float32(n) => n.to_bits(),
        ValueRef::Float64(n) => folded(n.to_bits()),
        ValueRef::String(text) => {
            text.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // What is expected was printed by Java 17.

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_by_java() {
        let table = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (4.0, "4.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (0.002, "0.002"),
            (0.000_12, "1.2E-4"),
            (1e-5, "1.0E-5"),
            (5e-324, "4.9E-324"),
            (9_999_999.5, "9999999.5"),
            (1e7, "1.0E7"),
            (1e21, "1.0E21"),
            (123_456_789.123, "1.23456789123E8"),
            (9_007_199_254_740_993.0, "9.007199254740992E15"),
            (1.5e300, "1.5E300"),
            (1234.5, "1234.5"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (number, expected) in table {
            assert_eq!(text(|out| push_f64(out, number)), expected);
        }
        let table = [
            (2.593_151_5e-9, "2.5931515E-9"),
            (1.4e-45, "1.4E-45"),
            (3.3, "3.3"),
            (16_777_216.0, "1.6777216E7"),
        ];
        for (number, expected) in table {
            assert_eq!(text(|out| push_f32(out, number)), expected);
        }
    }

    #[test]
    fn decimals_are_written_as_by_java() {
        let table: [(&[u8], i32, &str); 15] = [
            (&[1, 0xf4], 2, "5.00"),
            (&[1, 0xf4], 0, "500"),
            (&[1, 0xf4], -3, "5.00E+5"),
            (&[0xff], 1, "-0.1"),
            (&[0xff, 0x00], 2, "-2.56"),
            (&[0x80], 0, "-128"),
            (&[0x80, 0], -1, "-3.2768E+5"),
            (&[5], 8, "5E-8"),
            (&[0], 3, "0.000"),
            (&[0], -3, "0E+3"),
            (&[0], 8, "0E-8"),
            (&[0x30, 0x39], 10, "0.0000012345"),
            (&[0x30, 0x39], 11, "1.2345E-7"),
            (&[], 2, "0.00"),
            (&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 4, "922337203685477.5807"),
        ];
        for (bytes, scale, expected) in table {
            assert_eq!(decimal(bytes, scale), expected);
        }
    }

    #[test]
    fn dates_are_written_as_by_java() {
        let table = [
            (-1, "Wed Dec 31 23:59:59 UTC 1969"),
            (1_700_000_000_000, "Tue Nov 14 22:13:20 UTC 2023"),
            (951_782_400_000, "Tue Feb 29 00:00:00 UTC 2000"),
            (-12_219_292_800_000, "Fri Oct 15 00:00:00 UTC 1582"),
            (-12_219_292_800_001, "Thu Oct 04 23:59:59 UTC 1582"),
            (-62_135_596_800_000, "Mon Jan 03 00:00:00 UTC 1"),
            (-62_198_755_200_000, "Fri Jan 03 00:00:00 UTC 2"),
            (253_402_300_800_000, "Sat Jan 01 00:00:00 UTC 10000"),
            (i64::MAX, "Sun Aug 17 07:12:55 UTC 292278994"),
            (i64::MIN, "Sun Dec 02 16:47:04 UTC 292269055"),
        ];
        for (millis, expected) in table {
            assert_eq!(date(millis), expected);
        }
    }

    #[test]
    fn keys_come_in_the_order_of_a_hash_map() {
        fn sorted<'a>(mut keys: Vec<ValueRef<'a>>) -> String {
            let count = keys.len();
            keys.sort_by_key(|key| place(*key, count));
            let text = keys.iter().map(|key| text(|out| crate::render::render(*key, None, out)));
            text.collect::<Vec<_>>().join(" ")
        }
        let words =
            "the quick brown fox jumps over lazy dog k1 k2 k3 AaAa BBBB AaBB BBAa z ü 日本 schemas.enable";
        let expected =
            "over quick lazy k1 k2 k3 jumps 日本 brown fox the z ü dog AaAa BBBB AaBB BBAa schemas.enable";
        assert_eq!(sorted(words.split(' ').map(ValueRef::String).collect()), expected);
        let longs = [5_000_000_000, -1, 3, 17, 16, 1 << 33].map(ValueRef::Int64);
        assert_eq!(sorted(longs.to_vec()), "-1 16 17 8589934592 3 5000000000");
        let doubles = [1.5, -0.0, 2.0, 3.25, 1e10].map(ValueRef::Float64);
        assert_eq!(sorted(doubles.to_vec()), "-0.0 2.0 1.5 3.25 1.0E10");
        let floats = [1.5, 2.0, 3.25, 1e10].map(ValueRef::Float32);
        assert_eq!(sorted(floats.to_vec()), "1.5 2.0 3.25 1.0E10");
        let ints = [100_000, -1, 3, 17, 16, 65_536].map(ValueRef::Int32);
        assert_eq!(sorted(ints.to_vec()), "-1 16 100000 17 65536 3");
        assert_eq!(sorted([-1, 3, 17, -300].map(ValueRef::Int16).to_vec()), "-1 17 3 -300");
        assert_eq!(sorted([-1, 3, 17, -30].map(ValueRef::Int8).to_vec()), "-1 17 3 -30");
        let others = vec![ValueRef::Boolean(true), ValueRef::Boolean(false), ValueRef::Null];
        assert_eq!(sorted(others), "null false true");
    }
}
