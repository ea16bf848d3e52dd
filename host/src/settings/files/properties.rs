//! Java's properties format, exactly: comments, continued lines, separators, escapes with surrogate pairs.

use super::FileError;
use crate::settings::Props;

/// Reads the text of a properties file.
pub(super) fn parse(text: &str) -> Result<Props, FileError> {
    let mut props = Props::new();
    let mut lines = natural_lines(text).enumerate();
    while let Some((at, line)) = lines.next() {
        let start = line.trim_start_matches(blank);
        if start.is_empty() || start.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = start.to_owned();
        while ends_in_backslash(&logical) {
            logical.pop();
            match lines.next() {
                Some((_, next)) => logical.push_str(next.trim_start_matches(blank)),
                None => break,
            }
        }
        let (key, value) = split(&logical);
        let unescape = |text| unescape(text).ok_or(FileError::Escape { line: at + 1 });
        props.insert(unescape(key)?, unescape(value)?);
    }
    Ok(props)
}

/// Lines end with LF, CR or CR LF.
fn natural_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0c')
}

/// Whether the line goes on: an odd number of backslashes at its end.
fn ends_in_backslash(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Key and value, both still escaped. The key ends at the first `=`, `:` or blank that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let found = !escaped && (blank(c) || c == '=' || c == ':');
        escaped = !escaped && c == '\\';
        found
    });
    let Some(end) = end else { return (line, "") };
    let rest = line[end..].trim_start_matches(blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (&line[..end], value.trim_start_matches(blank))
}

/// Undoes the escapes; none where a `\u` is not followed by four hexadecimal digits.
fn unescape(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut units = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' { chars.next().map(|escaped| (true, escaped)) } else { Some((false, c)) };
        match c {
            None => {}
            Some((true, 'u')) => {
                let digits: String = chars.by_ref().take(4).collect();
                let hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                units.push(u16::from_str_radix(&digits, 16).ok().filter(|_| hex)?);
            }
            Some((escaped, c)) => {
                let meant = match (escaped, c) {
                    (true, 't') => '\t',
                    (true, 'n') => '\n',
                    (true, 'r') => '\r',
                    (true, 'f') => '\x0c',
                    _ => c,
                };
                units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
            }
        }
    }
    // Two escapes can make one character. A half of a pair alone is no text; it becomes U+FFFD.
    Some(String::from_utf16_lossy(&units))
}
