//! The session key of the group: made here, and with it requests between workers are signed and checked.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{self, Algorithm};
use ring::rand::{SecureRandom, SystemRandom};

use crate::herder::{ApiError, SessionKey};
use crate::rest::{Sessions, Signature};

/// Algorithms by the names that they have in Java.
const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("HmacSHA1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
    ("HmacSHA256", hmac::HMAC_SHA256),
    ("HmacSHA384", hmac::HMAC_SHA384),
    ("HmacSHA512", hmac::HMAC_SHA512),
];

fn algorithm(name: &str) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, algorithm)| *algorithm)
}

/// What there is to sign and check with at the moment.
#[derive(Default)]
struct Current {
    key: Option<SessionKey>,
    verify: bool,
}

/// The session of this worker with its group.
pub struct Session {
    /// `inter.worker.signature.algorithm`.
    signature: String,
    /// `inter.worker.verification.algorithms`.
    verification: Vec<String>,
    current: Mutex<Current>,
}

impl Session {
    /// Without a key yet. `signature`: the algorithm with which requests are signed; `verification`: those with which
    /// others may sign theirs.
    pub fn new(signature: &str, verification: Vec<String>) -> Session {
        Session { signature: signature.to_owned(), verification, current: Mutex::default() }
    }

    /// From now on this key is used; `verify`: whether requests are signed and checked at all.
    pub fn use_key(&self, key: Option<SessionKey>, verify: bool) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Current { key, verify };
    }

    /// The signature of a body; none where the group does not sign.
    ///
    /// # Errors
    /// There is nothing to sign with; for people.
    pub fn sign(&self, body: &[u8]) -> Result<Option<Signature>, String> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.verify {
            return Ok(None);
        }
        let key = current.key.as_ref().ok_or("no session key has been read from the config topic yet")?;
        let unknown = || format!("inter.worker.signature.algorithm: {} is not there", self.signature);
        let algorithm = algorithm(&self.signature).ok_or_else(unknown)?;
        let tag = hmac::sign(&hmac::Key::new(algorithm, &key.key), body);
        Ok(Some(Signature { value: STANDARD.encode(tag.as_ref()), algorithm: self.signature.clone() }))
    }
}

impl Sessions for Session {
    fn admit(&self, signature: Option<&Signature>, body: &[u8]) -> Result<(), ApiError> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.verify {
            return Ok(());
        }
        let bad = |text: String| Err(ApiError::BadRequest(text));
        let Some(Signature { value, algorithm: name }) = signature else {
            return bad("Internal request missing required signature".to_owned());
        };
        let Some(algorithm) = algorithm(name) else {
            return bad(format!("Cannot find any provider supporting {name}"));
        };
        let Ok(tag) = STANDARD.decode(value.trim()) else {
            return bad("The signature of the internal request is not Base64".to_owned());
        };
        if !self.verification.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return bad(format!(
                "This worker does not support the '{name}' key signing algorithm used by other workers. This worker is \
                 currently configured to use: [{}]. Check that all workers' configuration files permit the same set of \
                 signature algorithms, and correct any misconfigured worker and restart it.",
                self.verification.join(", ")
            ));
        }
        let Some(key) = &current.key else {
            return Err(ApiError::Unavailable(
                "This worker is still starting up and has not been able to read a session key from the config topic yet"
                    .to_owned(),
            ));
        };
        // Takes as long for a signature that is nearly right.
        hmac::verify(&hmac::Key::new(algorithm, &key.key), body, &tag)
            .map_err(|_| ApiError::Forbidden("Internal request contained invalid signature.".to_owned()))
    }
}

/// A new key of so many random bytes.
///
/// # Errors
/// The system has no random bytes to give.
pub fn make_key(algorithm: &str, bytes: usize) -> Result<SessionKey, String> {
    let mut key = vec![0; bytes];
    SystemRandom::new().fill(&mut key).map_err(|_| "the system has no random bytes to give".to_owned())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let created = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    Ok(SessionKey { key, algorithm: algorithm.to_owned(), created })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(key: Option<&[u8]>) -> Session {
        let session = Session::new("HmacSHA256", vec!["HmacSHA256".into(), "HmacSHA512".into()]);
        let key = key.map(|key| SessionKey { key: key.to_vec(), algorithm: "HmacSHA256".into(), created: 0 });
        session.use_key(key, true);
        session
    }

    fn status(outcome: Result<(), ApiError>) -> u16 {
        match outcome {
            Ok(()) => 200,
            Err(ApiError::BadRequest(_)) => 400,
            Err(ApiError::Forbidden(_)) => 403,
            Err(ApiError::Unavailable(_)) => 503,
            Err(error) => panic!("{error}"),
        }
    }

    /// The second case of RFC 4231.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let signed = session(Some(b"Jefe")).sign(b"what do ya want for nothing?").unwrap().unwrap();
        assert_eq!(signed.value, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        assert_eq!(signed.algorithm, "HmacSHA256");
    }

    #[test]
    fn only_what_is_signed_with_the_key_is_admitted() {
        let (ours, theirs) = (session(Some(b"key")), session(Some(b"other")));
        let good = ours.sign(b"body").unwrap().unwrap();
        let admit = |signature: Option<&Signature>, body: &[u8]| status(ours.admit(signature, body));
        assert_eq!(admit(Some(&good), b"body"), 200);
        assert_eq!(admit(Some(&good), b"body."), 403);
        assert_eq!(admit(Some(&theirs.sign(b"body").unwrap().unwrap()), b"body"), 403);
        assert_eq!(admit(None, b"body"), 400);
        let with =
            |value: &str, algorithm: &str| Signature { value: value.into(), algorithm: algorithm.into() };
        for (value, algorithm, expected) in [
            ("", "HmacSHA256", 403),
            ("???", "HmacSHA256", 400),
            (good.value.as_str(), "HmacSHA512", 403),
            (good.value.as_str(), "HmacSHA1", 400),
            (good.value.as_str(), "Rot13", 400),
        ] {
            assert_eq!(admit(Some(&with(value, algorithm)), b"body"), expected, "{value} {algorithm}");
        }
        assert_eq!(status(session(None).admit(Some(&good), b"body")), 503);
        assert!(session(None).sign(b"body").is_err());
    }

    #[test]
    fn where_the_group_does_not_sign_nothing_is_asked() {
        let session = Session::new("HmacSHA256", vec!["HmacSHA256".into()]);
        session.admit(None, b"body").unwrap();
        assert_eq!(session.sign(b"body"), Ok(None));
    }

    #[test]
    fn keys_differ_and_have_their_size() {
        let (one, other) = (make_key("HmacSHA256", 32).unwrap(), make_key("HmacSHA256", 32).unwrap());
        assert!(one.key.len() == 32 && one.key != other.key && one.algorithm == "HmacSHA256");
        assert!(one.created > 1_600_000_000_000);
    }
}
