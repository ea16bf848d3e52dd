//! Exact decimals: an unscaled integer in big-endian two's complement, and a scale.

use std::fmt::Write;

use super::schema::Schema;

/// More bytes than this are not turned into digits or back: the work grows with their square.
pub const MAX_BYTES: usize = 4096;
const MAX_DIGITS: usize = 8192;
const CHUNK: u64 = 1_000_000_000;

/// Why a decimal cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The schema has no parameter `scale`.
    #[error("Invalid Decimal schema: scale parameter not found.")]
    NoScale,
    /// The parameter `scale` is not a number.
    #[error("Invalid scale parameter found in Decimal schema: {0:?}")]
    BadScale(String),
    /// No bytes at all, where at least one is due.
    #[error("Invalid Decimal: the unscaled integer has no bytes")]
    Empty,
    /// More digits than are converted.
    #[error("Decimal is too large to be converted: at most {MAX_DIGITS} digits")]
    TooLarge,
    /// A text that is not a decimal number.
    #[error("Invalid Decimal: {0:?} is not a number")]
    NotANumber(String),
    /// More digits behind the point than the scale allows.
    #[error("Invalid Decimal: {text} does not fit the schema's scale {scale}")]
    Inexact {
        /// The number as given.
        text: String,
        /// The scale that is due.
        scale: i32,
    },
}

/// The scale that a Decimal schema carries.
///
/// # Errors
/// When the parameter is missing or no number.
pub fn scale_of(schema: &Schema) -> Result<i32, DecimalError> {
    let text = schema.parameter("scale").ok_or(DecimalError::NoScale)?;
    text.parse().map_err(|_| DecimalError::BadScale(text.to_owned()))
}

/// The number as `BigDecimal.toString()` writes it.
///
/// # Errors
/// When `unscaled` is empty or longer than [`MAX_BYTES`].
pub fn to_text(unscaled: &[u8], scale: i32) -> Result<String, DecimalError> {
    let (negative, digits) = digits_of(unscaled)?;
    let sign = if negative { "-" } else { "" };
    let scale = i64::from(scale);
    let adjusted = digits.len() as i64 - 1 - scale;
    if scale == 0 {
        return Ok(format!("{sign}{digits}"));
    }
    if scale > 0 && adjusted >= -6 {
        let zeros = "0".repeat(usize::try_from(scale + 1 - digits.len() as i64).unwrap_or(0));
        let padded = format!("{zeros}{digits}");
        let (whole, fraction) = padded.split_at(padded.len() - usize::try_from(scale).unwrap_or(0));
        return Ok(format!("{sign}{whole}.{fraction}"));
    }
    let (first, rest) = digits.split_at(1);
    let mut out = format!("{sign}{first}");
    if !rest.is_empty() {
        let _ = write!(out, ".{rest}");
    }
    if adjusted != 0 {
        let _ = write!(out, "E{adjusted:+}");
    }
    Ok(out)
}

/// The same unscaled integer in as few bytes as hold it, as Java has it.
///
/// # Errors
/// When there are no bytes.
pub fn shortest(unscaled: &[u8]) -> Result<&[u8], DecimalError> {
    let surplus = unscaled.windows(2).take_while(|pair| redundant(pair)).count();
    match unscaled.get(surplus..) {
        Some(kept) if !kept.is_empty() => Ok(kept),
        _ => Err(DecimalError::Empty),
    }
}

/// Whether the first byte of the pair says nothing that the second does not say.
fn redundant(pair: &[u8]) -> bool {
    matches!(pair, [0, next] if next & 0x80 == 0) || matches!(pair, [0xff, next] if next & 0x80 != 0)
}

fn digits_of(unscaled: &[u8]) -> Result<(bool, String), DecimalError> {
    let first = *unscaled.first().ok_or(DecimalError::Empty)?;
    if unscaled.len() > MAX_BYTES {
        return Err(DecimalError::TooLarge);
    }
    let negative = first & 0x80 != 0;
    let mut magnitude = unscaled.to_vec();
    if negative {
        negate(&mut magnitude);
    }
    let mut words: Vec<u32> = magnitude
        .rchunks(4)
        .rev()
        .map(|chunk| chunk.iter().fold(0, |word, &byte| word << 8 | u32::from(byte)))
        .collect();
    let mut chunks = Vec::new();
    while words.iter().any(|&w| w != 0) {
        let mut remainder = 0u64;
        for word in &mut words {
            let dividend = remainder << 32 | u64::from(*word);
            *word = (dividend / CHUNK) as u32;
            remainder = dividend % CHUNK;
        }
        chunks.push(remainder);
    }
    let mut digits = chunks.pop().unwrap_or(0).to_string();
    for chunk in chunks.iter().rev() {
        let _ = write!(digits, "{chunk:09}");
    }
    Ok((negative, digits))
}

/// Two's complement negation in place.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

/// A decimal text taken apart: sign, digits without point, and the number of them behind the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// Whether there was a minus sign.
    pub negative: bool,
    /// The digits, at least one, leading zeros kept.
    pub digits: String,
    /// Digits behind the decimal point, less the exponent.
    pub scale: i64,
}

impl Parsed {
    /// The unscaled integer, in as few bytes as hold it.
    ///
    /// # Errors
    /// When there are more digits than are converted.
    pub fn unscaled(&self) -> Result<Vec<u8>, DecimalError> {
        bytes_of(self.negative, &self.digits)
    }

    /// Whether the number is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.bytes().all(|b| b == b'0')
    }
}

/// Reads a decimal number: digits, a point, an exponent, a sign, as `new BigDecimal(String)` takes them.
pub fn parse(text: &str) -> Option<Parsed> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Parsed { negative, digits, scale: fraction.len() as i64 - i64::from(exponent) })
}

/// The unscaled integer of the number in `text` at exactly this scale.
///
/// # Errors
/// When the text is no number, would have to be rounded, or has more digits than are converted.
pub fn from_text(text: &str, scale: i32) -> Result<Vec<u8>, DecimalError> {
    let Parsed { negative, mut digits, scale: given } =
        parse(text).ok_or_else(|| DecimalError::NotANumber(text.chars().take(64).collect()))?;
    let missing = i64::from(scale) - given;
    if digits.bytes().all(|b| b == b'0') {
        return bytes_of(false, "0");
    }
    if missing >= 0 {
        let missing = usize::try_from(missing).unwrap_or(usize::MAX);
        if missing > MAX_DIGITS {
            return Err(DecimalError::TooLarge);
        }
        digits.extend(std::iter::repeat_n('0', missing));
    } else {
        let surplus = usize::try_from(-missing).unwrap_or(usize::MAX);
        let inexact = || DecimalError::Inexact { text: text.chars().take(64).collect(), scale };
        let kept = digits.len().checked_sub(surplus).ok_or_else(inexact)?;
        if digits.bytes().skip(kept).any(|b| b != b'0') {
            return Err(inexact());
        }
        digits.truncate(kept);
    }
    bytes_of(negative, &digits)
}

fn bytes_of(negative: bool, digits: &str) -> Result<Vec<u8>, DecimalError> {
    if digits.len() > MAX_DIGITS {
        return Err(DecimalError::TooLarge);
    }
    // Little-endian words; each chunk of nine digits is multiplied in.
    let mut words: Vec<u32> = Vec::new();
    for chunk in digits.as_bytes().chunks(9) {
        let mut carry = chunk.iter().fold(0, |n, b| n * 10 + u64::from(b - b'0'));
        let factor = 10u64.pow(chunk.len() as u32);
        for word in &mut words {
            let product = u64::from(*word) * factor + carry;
            *word = product as u32;
            carry = product >> 32;
        }
        if carry != 0 {
            words.push(carry as u32);
        }
    }
    let mut bytes = vec![0];
    bytes.extend(words.iter().rev().flat_map(|word| word.to_be_bytes()));
    if negative {
        negate(&mut bytes);
    }
    let surplus = bytes.windows(2).take_while(|pair| redundant(pair)).count();
    Ok(bytes.split_off(surplus))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_as_java_writes_them() {
        let cases: [(&[u8], i32, &str); 10] = [
            (&[0x04, 0xd2], 2, "12.34"),
            (&[0xfb, 0x2e], 2, "-12.34"),
            (&[0], 0, "0"),
            (&[0], 2, "0.00"),
            (&[1], 3, "0.001"),
            (&[1], 7, "1E-7"),
            (&[12], 7, "0.0000012"),
            (&[1], -3, "1E+3"),
            (&[123], -1, "1.23E+3"),
            (&[0x80], 0, "-128"),
        ];
        for (bytes, scale, text) in cases {
            assert_eq!(to_text(bytes, scale).unwrap(), text);
            assert_eq!(from_text(text, scale).unwrap(), bytes, "{text}");
        }
        assert_eq!(to_text(&[], 0), Err(DecimalError::Empty));
    }

    #[test]
    fn a_text_is_brought_to_the_scale_or_refused() {
        assert_eq!(from_text("1.5", 2).unwrap(), [0, 150]);
        assert_eq!(from_text("1.50", 1).unwrap(), [15]);
        assert_eq!(from_text("0e99", 0).unwrap(), [0]);
        assert_eq!(from_text("1e2", 0).unwrap(), [100]);
        assert!(matches!(from_text("1.55", 1), Err(DecimalError::Inexact { .. })));
        assert!(matches!(from_text("1e999999999", 0), Err(DecimalError::TooLarge)));
        assert!(matches!(from_text("1x", 0), Err(DecimalError::NotANumber(_))));
    }

    #[test]
    fn the_scale_is_a_parameter_of_the_schema() {
        assert_eq!(scale_of(&Schema::decimal(-2)), Ok(-2));
        assert_eq!(scale_of(&Schema::of(super::super::schema::Type::Bytes)), Err(DecimalError::NoScale));
    }

    proptest! {
        #[test]
        fn any_number_survives_the_round_trip(number in any::<i128>(), scale in -40i32..40) {
            let text = number.to_string();
            let bytes = from_text(&text, 0).unwrap();
            prop_assert_eq!(to_text(&bytes, 0).unwrap(), text);
            let scaled = to_text(&bytes, scale).unwrap();
            prop_assert_eq!(from_text(&scaled, scale).unwrap(), bytes);
        }
    }
}
