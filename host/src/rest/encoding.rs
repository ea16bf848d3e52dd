//! Which of Unicode's encodings a body of JSON is in, told from its first bytes as Jackson does; it becomes UTF-8.

/// How many bytes a unit has, and which comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf16 { big: bool },
    Utf32 { big: bool },
}

/// The body in UTF-8. What is not in the encoding that it begins in stays as it is, and is no JSON then.
pub(super) fn to_utf8(body: Vec<u8>) -> Vec<u8> {
    let Some(encoding) = encoding(&body) else { return body };
    let text = match encoding {
        Encoding::Utf16 { big } => {
            let unit =
                |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
            let (units, rest) = body.as_chunks::<2>();
            let text: Option<String> = char::decode_utf16(units.iter().map(unit)).map(Result::ok).collect();
            text.filter(|_| rest.is_empty())
        }
        Encoding::Utf32 { big } => {
            let unit =
                |four: &[u8; 4]| if big { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) };
            let (units, rest) = body.as_chunks::<4>();
            let text: Option<String> = units.iter().map(|four| char::from_u32(unit(four))).collect();
            text.filter(|_| rest.is_empty())
        }
    };
    // The mark before it is that of its encoding.
    text.map_or(body, |text| text.trim_start_matches('\u{feff}').as_bytes().to_vec())
}

/// None: UTF-8. Without a mark the place of zeros tells, since JSON begins with ASCII.
fn encoding(body: &[u8]) -> Option<Encoding> {
    match body {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, 1..=255, ..] => Some(Encoding::Utf32 { big: true }),
        [0xff, 0xfe, 0, 0, ..] | [1..=255, 0, 0, 0, ..] => Some(Encoding::Utf32 { big: false }),
        [0xfe, 0xff, ..] | [0, 1..=255, ..] => Some(Encoding::Utf16 { big: true }),
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => Some(Encoding::Utf16 { big: false }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_in_every_encoding_become_utf8() {
        let text = r#"{"a":"ü日😀"}"#;
        let marked = format!("\u{feff}{text}");
        let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        let utf32 = |text: &str, bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
            text.chars().flat_map(|c| bytes(u32::from(c))).collect()
        };
        for given in [text, &marked] {
            for body in [
                utf16(given, u16::to_be_bytes),
                utf16(given, u16::to_le_bytes),
                utf32(given, u32::to_be_bytes),
                utf32(given, u32::to_le_bytes),
            ] {
                assert_eq!(to_utf8(body.clone()), text.as_bytes(), "{body:?}");
            }
        }
        for same in [
            &b"{}"[..],
            b"",
            b"{",
            b"\xef\xbb\xbf{}",
            b"\0",
            b"{\0\"",
            b"\xff\xfe\0\xd8",
            b"\0\0\0{\0\x11\0\0",
        ] {
            assert_eq!(to_utf8(same.to_vec()), same);
        }
    }
}
