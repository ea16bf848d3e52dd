//! JSON strings as Jackson writes them, escapes and all.

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn must_escape(byte: u8) -> bool {
    // From 0xf0 on a character begins that is a surrogate pair in Java, which Jackson escapes as two.
    // No short cuts: without branches the compiler looks at many bytes at once.
    (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte >= 0xf0)
}

fn all_clean(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |dirty, &byte| dirty | u8::from(must_escape(byte))) == 0
}

/// Whether the text is written in a JSON string as it is; also, whether it reads as itself.
pub fn is_clean(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<32>();
    chunks.iter().all(|chunk| all_clean(chunk)) && all_clean(rest)
}

/// Where the first byte is that has to be escaped.
fn first_dirty(bytes: &[u8]) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<16>();
    let clean = 16 * chunks.iter().take_while(|chunk| all_clean(*chunk)).count();
    let rest = bytes.get(clean..)?;
    rest.iter().position(|&byte| must_escape(byte)).map(|at| clean + at)
}

/// Appends `text` as a JSON string with its quotes.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if is_clean(bytes) {
        out.extend_from_slice(bytes);
    } else {
        push_escaped(out, text);
    }
    out.push(b'"');
}

fn push_escaped(out: &mut Vec<u8>, mut rest: &str) {
    while let Some(at) = first_dirty(rest.as_bytes()) {
        let (clean, tail) = rest.split_at(at);
        out.extend_from_slice(clean.as_bytes());
        let mut tail = tail.chars();
        match tail.next() {
            Some('"') => out.extend_from_slice(b"\\\""),
            Some('\\') => out.extend_from_slice(b"\\\\"),
            Some('\u{8}') => out.extend_from_slice(b"\\b"),
            Some('\t') => out.extend_from_slice(b"\\t"),
            Some('\n') => out.extend_from_slice(b"\\n"),
            Some('\u{c}') => out.extend_from_slice(b"\\f"),
            Some('\r') => out.extend_from_slice(b"\\r"),
            Some(other) => other.encode_utf16(&mut [0; 2]).iter().for_each(|&unit| push_unit(out, unit)),
            None => break,
        }
        rest = tail.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

fn push_unit(out: &mut Vec<u8>, unit: u16) {
    out.extend_from_slice(b"\\u");
    out.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(unit >> shift & 15)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        push_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes_are_jacksons() {
        assert_eq!(
            escaped("a\"\\/\u{8}\t\n\u{c}\r\u{1f}\u{0}\u{7f}é\u{2028}😀"),
            "\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u001F\\u0000\u{7f}é\u{2028}\\uD83D\\uDE00\""
        );
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in "\\PC{0,80}|[\\x00-\\x7f]{0,200}") {
            let written = escaped(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text.clone());
            prop_assert_eq!(is_clean(text.as_bytes()), written == format!("\"{text}\""));
        }
    }
}
