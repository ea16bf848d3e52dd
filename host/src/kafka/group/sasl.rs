//! Logging in to a broker: PLAIN, SCRAM or OAUTHBEARER, with what librdkafka is given for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Mutex;

use super::GroupError;
use super::connection::Connection;
use super::machine::Failure;
use super::scram::{self, Hash};
use super::with_remedy;
use crate::kafka::Conf;
use crate::kafka::security::Remedies;
use crate::kafka::token::{self, Fault, Source};

/// Who logs in, and how. Holds secrets, so it has no Debug.
pub(super) enum Login {
    Plain { user: String, password: String },
    Scram { hash: Hash, user: String, password: String },
    Bearer(Bearer),
}

/// Tokens, and the one in use.
pub(super) struct Bearer {
    kind: Kind,
    /// What goes to the broker with a token, and until when it is fresh enough.
    fresh: Mutex<Option<(String, SystemTime)>>,
    /// Nobody waits for tokens any more.
    closing: Arc<AtomicBool>,
}

enum Kind {
    /// Asked for, or read from a file.
    From(Arc<Source>),
    Unsecured(Unsecured),
}

/// A token that nobody signs, for development.
struct Unsecured {
    claims: serde_json::Map<String, serde_json::Value>,
    lifetime: u64,
    extensions: Vec<(String, String)>,
}

impl Login {
    /// The login that the settings want.
    ///
    /// # Errors
    /// The mechanism is none that is supported, by its name.
    pub(super) fn of(conf: &Conf) -> Result<Login, GroupError> {
        let text = |name: &str| conf.get(name).cloned().unwrap_or_default();
        let (user, password) = (text("sasl.username"), text("sasl.password"));
        Ok(match text("sasl.mechanism").as_str() {
            "PLAIN" => Login::Plain { user, password },
            "SCRAM-SHA-256" => Login::Scram { hash: Hash::Sha256, user, password },
            "SCRAM-SHA-512" => Login::Scram { hash: Hash::Sha512, user, password },
            "OAUTHBEARER" => {
                let kind = match token::split(conf).1 {
                    Some(source) => Kind::From(Arc::new(source)),
                    None => Kind::Unsecured(Unsecured::of(&text("sasl.oauthbearer.config"))),
                };
                Login::Bearer(Bearer { kind, fresh: Mutex::default(), closing: Arc::default() })
            }
            other => return Err(GroupError(format!("sasl.mechanism: {other} is not supported"))),
        })
    }

    pub(super) fn mechanism(&self) -> &'static str {
        match self {
            Login::Plain { .. } => "PLAIN",
            Login::Scram { hash: Hash::Sha256, .. } => "SCRAM-SHA-256",
            Login::Scram { hash: Hash::Sha512, .. } => "SCRAM-SHA-512",
            Login::Bearer(_) => "OAUTHBEARER",
        }
    }

    /// Logs in on a connection whose broker has agreed to the mechanism.
    pub(super) async fn log_in(
        &self,
        connection: &mut Connection,
        remedies: &Remedies,
    ) -> Result<(), Failure> {
        match self {
            Login::Plain { user, password } => {
                let said = format!("\0{user}\0{password}");
                connection.authenticate(said.as_bytes(), remedies).await.map(drop)
            }
            Login::Scram { hash, user, password } => {
                let nonce = nonce()?;
                let said = scram::first(user, &nonce);
                let answer = connection.authenticate(said.as_bytes(), remedies).await?;
                let (hash, user, password) = (*hash, user.clone(), password.clone());
                let proof = move || scram::last(hash, &user, &password, &nonce, &answer);
                // Some thousand rounds of hashing.
                let made = tokio::task::spawn_blocking(proof).await;
                let refused = |error: &dyn std::fmt::Display| {
                    Failure::Refused(with_remedy(&remedies.login, &error.to_string()))
                };
                let (said, expected) = match made {
                    Ok(made) => made.map_err(|error| refused(&error))?,
                    Err(error) => return Err(Failure::Passing(error.to_string())),
                };
                let answer = connection.authenticate(said.as_bytes(), remedies).await?;
                scram::check(&expected, &answer).map_err(|error| refused(&error))
            }
            Login::Bearer(bearer) => {
                let said = bearer.said(remedies).await?;
                let answer = connection.authenticate(said.as_bytes(), remedies).await?;
                if answer.is_empty() {
                    return Ok(());
                }
                // The broker says what is wrong with the token, and wants to be heard out.
                bearer.fresh.lock().await.take();
                let why = String::from_utf8_lossy(&answer).into_owned();
                connection.authenticate(b"\x01", remedies).await?;
                Err(Failure::Refused(with_remedy(&remedies.login, &why)))
            }
        }
    }
}

impl Drop for Bearer {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
    }
}

impl Bearer {
    async fn said(&self, remedies: &Remedies) -> Result<String, Failure> {
        let mut fresh = self.fresh.lock().await;
        let now = SystemTime::now();
        if let Some((said, until)) = &*fresh
            && now < *until
        {
            return Ok(said.clone());
        }
        let (token, expires, extensions) = match &self.kind {
            Kind::Unsecured(unsecured) => {
                let lifetime = Duration::from_secs(unsecured.lifetime);
                (unsecured.token(now), now + lifetime, &unsecured.extensions)
            }
            Kind::From(source) => {
                let (asked, closing) = (source.clone(), self.closing.clone());
                let rest = move |pause| {
                    std::thread::sleep(pause);
                    !closing.load(Ordering::Relaxed)
                };
                let token = tokio::task::spawn_blocking(move || asked.token(rest)).await;
                let token = token.map_err(|error| Failure::Passing(error.to_string()))?;
                let token = token.map_err(|failure| {
                    let credentials = failure.fault == Fault::Credentials;
                    let remedy = if credentials { &remedies.credentials } else { &remedies.endpoint };
                    Failure::Refused(with_remedy(remedy, &failure.text))
                })?;
                let expires = UNIX_EPOCH + Duration::from_millis(u64::try_from(token.expires).unwrap_or(0));
                (token.text, expires, &source.extensions)
            }
        };
        let mut said = format!("n,,\x01auth=Bearer {token}\x01");
        for (name, value) in extensions {
            said.push_str(&format!("{name}={value}\x01"));
        }
        said.push('\x01');
        let left = expires.duration_since(now).unwrap_or_default();
        *fresh = Some((said.clone(), now + left.mul_f64(0.8)));
        Ok(said)
    }
}

impl Unsecured {
    /// From librdkafka's text for such tokens.
    fn of(config: &str) -> Unsecured {
        let parts: Vec<(&str, &str)> =
            config.split_whitespace().filter_map(|part| part.split_once('=')).collect();
        let get = |name: &str| parts.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let mut claims = serde_json::Map::new();
        let principal = get("principal").unwrap_or_default();
        claims.insert(get("principalClaimName").unwrap_or("sub").to_owned(), principal.into());
        if let Some(scope) = get("scope") {
            let scopes: Vec<&str> = scope.split(',').collect();
            claims.insert(get("scopeClaimName").unwrap_or("scope").to_owned(), scopes.into());
        }
        Unsecured {
            claims,
            lifetime: get("lifeSeconds").and_then(|seconds| seconds.parse().ok()).unwrap_or(3_600),
            extensions: parts
                .iter()
                .filter_map(|(key, value)| {
                    Some((key.strip_prefix("extension_")?.to_owned(), (*value).to_owned()))
                })
                .collect(),
        }
    }

    fn token(&self, now: SystemTime) -> String {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut claims = self.claims.clone();
        claims.insert("iat".to_owned(), now.into());
        claims.insert("exp".to_owned(), (now + self.lifetime).into());
        let claims = serde_json::Value::Object(claims).to_string();
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
    }
}

/// Fresh for each login.
fn nonce() -> Result<String, Failure> {
    let mut bytes = [0; 18];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Failure::Passing("the system gives no random numbers".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsecured_token_has_the_claims_that_were_asked_for() {
        let config = "scope=a,b lifeSeconds=60 principalClaimName=who scopeClaimName=scp principal=alice extension_x=y";
        let unsecured = Unsecured::of(config);
        let token = unsecured.token(UNIX_EPOCH + Duration::from_secs(1_000));
        let parts: Vec<&str> = token.split('.').collect();
        let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let expected = serde_json::json!({"who": "alice", "scp": ["a", "b"], "iat": 1000, "exp": 1060});
        assert_eq!((claims, parts[2]), (expected, ""));
        assert_eq!(unsecured.extensions, [("x".to_owned(), "y".to_owned())]);
    }

    #[test]
    fn a_mechanism_that_is_not_supported_is_refused_by_name() {
        let conf = Conf::from([("sasl.mechanism".to_owned(), "GSSAPI".to_owned())]);
        let error = Login::of(&conf).err().unwrap();
        assert_eq!(error.to_string(), "sasl.mechanism: GSSAPI is not supported");
    }
}
