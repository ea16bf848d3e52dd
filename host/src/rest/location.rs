//! The `Location` of a new connector.

use super::errors::Failure;

/// The URL of a connector on the host that the caller asked; without the host, when the caller didn't name it.
///
/// # Errors
///
/// Braces in a name: in Kafka Connect they are a template that nothing fills, so the answer is an error, although the
/// connector was made.
pub(super) fn connector(secure: bool, host: Option<&str>, name: &str) -> Result<String, Failure> {
    if let Some((_, rest)) = name.split_once('{') {
        let variable = rest.split('}').next().unwrap_or_default();
        return Err(Failure::BadLocation(format!("The template variable '{variable}' has no value")));
    }
    if name.contains('}') {
        return Err(Failure::BadLocation(format!("Illegal character '}}' in the path /connectors/{name}")));
    }
    let path = encode(name.strip_prefix('/').unwrap_or(name));
    Ok(match host {
        Some(host) if secure => format!("https://{host}/connectors/{path}"),
        Some(host) => format!("http://{host}/connectors/{path}"),
        None => format!("/connectors/{path}"),
    })
}

/// Escapes what a path can't hold; slashes and what is escaped already stay.
fn encode(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut out = String::with_capacity(name.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let escaped = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        match byte {
            b'%' if escaped(at + 1) && escaped(at + 2) => out.push('%'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ if b"-._~!$&'()*+,;=:@/".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_names() {
        let cases = [
            ("plain", "plain"),
            ("with space", "with%20space"),
            ("ün-日😀", "%C3%BCn-%E6%97%A5%F0%9F%98%80"),
            ("a/b", "a/b"),
            ("/a", "a"),
            ("50%", "50%25"),
            ("a%20b", "a%20b"),
            ("what?#", "what%3F%23"),
            ("a+b;c=d", "a+b;c=d"),
        ];
        for (name, path) in cases {
            assert_eq!(
                connector(false, Some("h:8083"), name),
                Ok(format!("http://h:8083/connectors/{path}"))
            );
        }
        assert_eq!(connector(true, None, "x"), Ok("/connectors/x".to_owned()));
        for braces in ["{x}", "a{b", "a}b"] {
            assert!(matches!(connector(false, None, braces), Err(Failure::BadLocation(_))));
        }
    }
}
