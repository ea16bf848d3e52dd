//! SCRAM (RFC 5802) from the client's side, as brokers speak it: what to say, and whether the broker knows the password too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

/// As few rounds as Kafka's clients take, and as many as are computed for a broker.
const ROUNDS: std::ops::RangeInclusive<u32> = 4_096..=1_000_000;

/// The hash of a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn digest(self) -> &'static digest::Algorithm {
        if self == Hash::Sha256 { &digest::SHA256 } else { &digest::SHA512 }
    }

    fn hmac(self) -> hmac::Algorithm {
        if self == Hash::Sha256 { hmac::HMAC_SHA256 } else { hmac::HMAC_SHA512 }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        if self == Hash::Sha256 { pbkdf2::PBKDF2_HMAC_SHA256 } else { pbkdf2::PBKDF2_HMAC_SHA512 }
    }
}

/// What is wrong with what a broker says. Holds no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScramError {
    #[error("the broker's SCRAM message is not one")]
    Message,
    #[error("the broker wants fewer than 4096 or more than 1000000 rounds of SCRAM")]
    Rounds,
    #[error("the broker does not know the password itself")]
    Broker,
}

/// What the client says first.
pub(super) fn first(user: &str, nonce: &str) -> String {
    format!("n,,{}", first_bare(user, nonce))
}

fn first_bare(user: &str, nonce: &str) -> String {
    format!("n={},r={nonce}", user.replace('=', "=3D").replace(',', "=2C"))
}

/// What the client says to the broker's first message, and what the broker's last one has to be.
///
/// # Errors
/// The message is none, or demands what is not done.
pub(super) fn last(
    hash: Hash,
    user: &str,
    password: &str,
    nonce: &str,
    said: &[u8],
) -> Result<(String, String), ScramError> {
    let said = std::str::from_utf8(said).map_err(|_| ScramError::Message)?;
    let field = |name: &str| said.split(',').find_map(|part| part.strip_prefix(name));
    let whole_nonce = field("r=").filter(|whole| whole.starts_with(nonce) && whole.len() > nonce.len());
    let whole_nonce = whole_nonce.ok_or(ScramError::Message)?;
    let salt = field("s=").and_then(|salt| STANDARD.decode(salt).ok()).ok_or(ScramError::Message)?;
    let rounds: u32 = field("i=").and_then(|rounds| rounds.parse().ok()).ok_or(ScramError::Message)?;
    let rounds = Some(rounds).filter(|rounds| ROUNDS.contains(rounds)).and_then(std::num::NonZeroU32::new);
    let rounds = rounds.ok_or(ScramError::Rounds)?;

    let mut salted = vec![0; hash.digest().output_len()];
    pbkdf2::derive(hash.pbkdf2(), rounds, &salt, password.as_bytes(), &mut salted);
    let salted = hmac::Key::new(hash.hmac(), &salted);
    let client_key = hmac::sign(&salted, b"Client Key");
    let stored_key = digest::digest(hash.digest(), client_key.as_ref());
    let without_proof = format!("c=biws,r={whole_nonce}");
    let signed = format!("{},{said},{without_proof}", first_bare(user, nonce));
    let signature = hmac::sign(&hmac::Key::new(hash.hmac(), stored_key.as_ref()), signed.as_bytes());
    let proof: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
    let server_key = hmac::sign(&salted, b"Server Key");
    let of_server = hmac::sign(&hmac::Key::new(hash.hmac(), server_key.as_ref()), signed.as_bytes());
    let expected = format!("v={}", STANDARD.encode(of_server.as_ref()));
    Ok((format!("{without_proof},p={}", STANDARD.encode(proof)), expected))
}

/// Whether the broker's last message is the expected one.
///
/// # Errors
/// It is not: the broker does not know the password.
pub(super) fn check(expected: &str, said: &[u8]) -> Result<(), ScramError> {
    let signature = said.split(|byte| *byte == b',').next().unwrap_or_default();
    if signature == expected.as_bytes() { Ok(()) } else { Err(ScramError::Broker) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677, 3.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let nonce = "rOprNGfwEbeRWgbNEkqO";
        let said = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        assert_eq!(first("user", nonce), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let (answer, expected) = last(Hash::Sha256, "user", "pencil", nonce, said).unwrap();
        assert_eq!(
            answer,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(expected, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        assert_eq!(check(&expected, expected.as_bytes()), Ok(()));
        assert_eq!(check(&expected, b"v=AAAA"), Err(ScramError::Broker));
        assert_eq!(check(&expected, b"e=other-error"), Err(ScramError::Broker));
    }

    #[test]
    fn what_a_broker_may_not_say_is_refused() {
        for (said, error) in [
            ("r=other,s=AAAA,i=4096", ScramError::Message),
            ("r=nonce,s=AAAA,i=4096", ScramError::Message),
            ("r=nonce1,s=?,i=4096", ScramError::Message),
            ("r=nonce1,s=AAAA,i=many", ScramError::Message),
            ("r=nonce1,s=AAAA,i=4095", ScramError::Rounds),
            ("r=nonce1,s=AAAA,i=2000000000", ScramError::Rounds),
            ("", ScramError::Message),
        ] {
            assert_eq!(last(Hash::Sha512, "u", "p", "nonce", said.as_bytes()), Err(error), "{said}");
        }
        assert_eq!(first("a=b,c", "n"), "n,,n=a=3Db=2Cc,r=n");
    }
}
