//! Who may call: user and password by HTTP's basic authentication, as Kafka Connect's extension does it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::settings::{Password, Props};

/// The users who may call, with their passwords. Without any, everybody may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials(BTreeMap<String, Password>);

impl Credentials {
    /// From the properties of the credentials file: `user=password`.
    pub fn new(users: Props) -> Credentials {
        Credentials(users.into_iter().map(|(user, password)| (user, Password::new(password))).collect())
    }

    /// Nobody has to say who he is.
    pub fn are_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the caller with this `Authorization` header may come in. Takes as long for a wrong password as for an
    /// unknown user.
    pub(super) fn admit(&self, header: Option<&str>) -> bool {
        if self.are_empty() {
            return true;
        }
        let Some((user, password)) = header.and_then(basic) else { return false };
        let known = self.0.get(&user);
        let kept = known.map_or(password.as_bytes(), |kept| kept.reveal().as_bytes());
        let same = bool::from(password.as_bytes().ct_eq(kept));
        same && known.is_some()
    }
}

/// User and password of `Basic BASE64`.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8_lossy(&decoded).into_owned();
    let (user, password) = text.split_once(':')?;
    (!user.is_empty()).then(|| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_come_in_with_their_own_password() {
        let users = [("ann", "p:w"), ("bob", ""), ("ü", "日")];
        let users = users.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let users = Credentials::new(users.into());
        let header = |scheme: &str, text: &str| format!("{scheme} {}", STANDARD.encode(text));
        for (scheme, text, admitted) in [
            ("Basic", "ann:p:w", true),
            ("bASIC", "ann:p:w", true),
            ("Basic", "bob:", true),
            ("Basic", "ü:日", true),
            ("Basic", "ann:p", false),
            ("Basic", "ann:p:wx", false),
            ("Basic", "ann", false),
            ("Basic", "bob:p:w", false),
            ("Basic", "eve:p:w", false),
            ("Basic", ":p:w", false),
            ("Bearer", "ann:p:w", false),
        ] {
            assert_eq!(users.admit(Some(&header(scheme, text))), admitted, "{scheme} {text}");
        }
        for header in ["", "Basic", "Basic ???", "Basic ", " "] {
            assert!(!users.admit(Some(header)), "{header}");
        }
        assert!(!users.admit(None));
        assert!(!format!("{users:?}").contains("p:w"));
        assert!(Credentials::new(Props::new()).admit(None), "a file without users lets everybody in");
    }
}
