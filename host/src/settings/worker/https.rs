//! HTTPS of listeners, from Java's `ssl.*` keys: who the worker is, whom it trusts, and how it speaks.
//!
//! A listener's keys have a prefix, such as `listeners.https.`. If there is no key with the prefix at all, the plain
//! keys are taken, as in Kafka Connect.

use std::path::PathBuf;

use super::Problem;
use crate::settings::definitions::value::{invalid, list, trim};
use crate::settings::keystores::{self, StoreType};
use crate::settings::spelling::nearest;
use crate::settings::{Password, Props, with_prefix};

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// They are not asked.
    None,
    /// They are asked, and need not have one.
    Requested,
    /// Who has none is turned away.
    Required,
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorePlace {
    /// In a file.
    File(PathBuf),
    /// In the config itself.
    Text(Password),
}

/// A key or trust store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The key of the config that says where it is.
    pub key: String,
    /// What kind of store it is.
    pub kind: StoreType,
    /// Where it is.
    pub place: StorePlace,
    /// Its password.
    pub password: Option<Password>,
}

/// How a listener speaks HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsConfig {
    /// Who the worker is.
    pub keystore: StoreConfig,
    /// The password of the key in it, if not the store's.
    pub key_password: Option<Password>,
    /// Whose certificates of clients are trusted.
    pub truststore: Option<StoreConfig>,
    /// Whether clients show a certificate.
    pub client_auth: ClientAuth,
    /// TLS 1.2 is spoken.
    pub tls12: bool,
    /// TLS 1.3 is spoken.
    pub tls13: bool,
    /// Where the worker calls others by HTTPS, their certificates have to be made for their names.
    pub check_names: bool,
    /// The suites that may be used, by their names in Java; empty: all of those that this worker has.
    pub cipher_suites: Vec<String>,
}

/// The cipher suites that there are, best first.
pub const SUITES: [&str; 9] = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

/// What is read besides [`keystores::SETTINGS`].
const READ: [&str; 3] = ["ssl.client.auth", "ssl.enabled.protocols", "ssl.cipher.suites"];

const JVM: &str = "has no effect: it is about the JVM's TLS";

/// Keys without effect on a listener, and why.
const NO_EFFECT: [(&str, &str); 6] = [
    ("ssl.protocol", "has no effect: ssl.enabled.protocols says what is spoken"),
    ("ssl.provider", JVM),
    ("ssl.keymanager.algorithm", JVM),
    ("ssl.trustmanager.algorithm", JVM),
    ("ssl.secure.random.implementation", JVM),
    ("ssl.endpoint.identification.algorithm", "has no effect: listeners don't check the names of clients"),
];

/// Of the server that is called: empty is that its name is not checked.
const NAMES: &str = "ssl.endpoint.identification.algorithm";

const ENGINE: &str = "ssl.engine.factory.class";

/// The keys of one kind of listeners.
struct Keys<'a> {
    props: &'a Props,
    prefix: &'a str,
}

impl<'a> Keys<'a> {
    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// A value that is not empty.
    fn text(&self, key: &str) -> Option<&'a str> {
        self.props.get(&self.name(key)).map(|value| trim(value)).filter(|value| !value.is_empty())
    }

    fn password(&self, key: &str) -> Option<Password> {
        let value = self.props.get(&self.name(key)).filter(|value| !value.is_empty())?;
        Some(Password::new(value.as_str()))
    }

    fn problem(&self, key: &str, why: impl Into<String>) -> Problem {
        Problem::new(self.name(key), why)
    }
}

fn read_keys() -> impl Iterator<Item = &'static str> {
    READ.into_iter().chain(keystores::SETTINGS)
}

/// Reads the keys for the listeners of `key` (`listeners`, `admin.listeners`, `metrics.listeners`). None if none of
/// them speaks HTTPS, or something is wrong.
pub(super) fn https(
    key: &str,
    wanted: bool,
    props: &Props,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<HttpsConfig> {
    let prefix = format!("{key}.https.");
    let own = with_prefix(props, &prefix);
    if !wanted {
        let why = format!("has no effect: no listener of {key} begins with https://");
        warnings.extend(own.keys().map(|name| Problem::new(format!("{prefix}{name}"), why.as_str())));
        return None;
    }
    for name in own.keys() {
        if let Some((_, why)) = NO_EFFECT.iter().find(|(known, _)| known == name) {
            warnings.push(Problem::new(format!("{prefix}{name}"), *why));
        } else if !read_keys().any(|known| known == name) && name != ENGINE {
            let known = read_keys().chain(NO_EFFECT.iter().map(|(known, _)| *known));
            let why = match nearest(name, known) {
                Some(near) => format!("is not a known config and has no effect; was {prefix}{near} meant?"),
                None => "is not a known config and has no effect".to_owned(),
            };
            warnings.push(Problem::new(format!("{prefix}{name}"), why));
        }
    }
    let keys = Keys { props, prefix: if own.is_empty() { "" } else { &prefix } };
    let before = problems.len();
    if keys.text(ENGINE).is_some() {
        problems.push(keys.problem(ENGINE, "classes of the JVM cannot be used; remove the key"));
    }
    let config = read(&keys, problems, warnings);
    config.filter(|_| problems.len() == before)
}

fn read(keys: &Keys<'_>, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) -> Option<HttpsConfig> {
    let client_auth = match keys.text("ssl.client.auth").unwrap_or("none") {
        "none" => ClientAuth::None,
        "requested" => ClientAuth::Requested,
        "required" => ClientAuth::Required,
        // The plain key is checked with the catalogue.
        _ if keys.prefix.is_empty() => ClientAuth::None,
        other => {
            let (name, detail) =
                (keys.name("ssl.client.auth"), "String must be one of: none, requested, required");
            problems.push(Problem::new(name.as_str(), invalid(&name, other, detail)));
            ClientAuth::None
        }
    };
    let (tls12, tls13) = protocols(keys, problems, warnings);
    let cipher_suites = suites(keys, problems, warnings);
    let keystore = keystore(keys, problems);
    let truststore = truststore(keys, problems);
    if client_auth != ClientAuth::None && truststore.is_none() {
        let why = "is needed where ssl.client.auth asks for certificates: it says whose are trusted";
        problems.push(keys.problem("ssl.truststore.location", why));
    }
    Some(HttpsConfig {
        keystore: keystore?,
        key_password: keys.password("ssl.key.password"),
        truststore,
        client_auth,
        tls12,
        tls13,
        check_names: keys.props.get(&keys.name(NAMES)).is_none_or(|value| !trim(value).is_empty()),
        cipher_suites,
    })
}

fn protocols(keys: &Keys<'_>, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) -> (bool, bool) {
    const KEY: &str = "ssl.enabled.protocols";
    let Some(text) = keys.text(KEY) else { return (true, true) };
    let given = list(text);
    for old in given.iter().filter(|one| !["TLSv1.2", "TLSv1.3"].contains(&one.as_str())) {
        let why = match old.as_str() {
            "TLSv1" | "TLSv1.1" | "SSLv3" | "SSLv2Hello" => {
                warnings.push(keys.problem(KEY, format!("{old} is not spoken: it is not safe")));
                continue;
            }
            _ => format!("the protocol '{old}' is unknown; use TLSv1.2 and TLSv1.3"),
        };
        problems.push(keys.problem(KEY, why));
    }
    let speaks = |version: &str| given.iter().any(|one| one == version);
    let found = (speaks("TLSv1.2"), speaks("TLSv1.3"));
    if found == (false, false) {
        problems.push(keys.problem(KEY, "names neither TLSv1.2 nor TLSv1.3, which are what is spoken"));
    }
    found
}

fn suites(keys: &Keys<'_>, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) -> Vec<String> {
    const KEY: &str = "ssl.cipher.suites";
    let given = keys.text(KEY).map(list).unwrap_or_default();
    let (known, unknown): (Vec<_>, Vec<_>) =
        given.into_iter().partition(|suite| SUITES.contains(&suite.as_str()));
    if !unknown.is_empty() && known.is_empty() {
        let why = format!("none of these suites is there; there are {}", SUITES.join(", "));
        problems.push(keys.problem(KEY, why));
    } else if !unknown.is_empty() {
        warnings.push(keys.problem(KEY, format!("these suites are not there: {}", unknown.join(", "))));
    }
    known
}

/// The kind of a store; JKS where nothing is said, as in Java.
fn kind(keys: &Keys<'_>, key: &str, problems: &mut Vec<Problem>) -> Option<StoreType> {
    match StoreType::parse(keys.text(key).unwrap_or("JKS")) {
        Ok(kind) => Some(kind),
        Err(error) => {
            problems.push(keys.problem(key, error.to_string()));
            None
        }
    }
}

fn keystore(keys: &Keys<'_>, problems: &mut Vec<Problem>) -> Option<StoreConfig> {
    let (key, chain) = (keys.password("ssl.keystore.key"), keys.password("ssl.keystore.certificate.chain"));
    let text = match (key, chain) {
        (Some(key), Some(chain)) => Some(Password::new(format!("{}\n{}\n", key.reveal(), chain.reveal()))),
        (None, None) => None,
        (key, _) => {
            let lacks = if key.is_some() { "ssl.keystore.certificate.chain" } else { "ssl.keystore.key" };
            problems.push(keys.problem(lacks, "is needed: a key and its certificates go together"));
            return None;
        }
    };
    let keystore = store(keys, "keystore", ("ssl.keystore.key", text), problems);
    if keystore.is_none() && keys.text("ssl.keystore.location").is_none() {
        let why = "is needed for https: the store that holds the worker's key and certificate";
        problems.push(keys.problem("ssl.keystore.location", why));
    }
    keystore
}

fn truststore(keys: &Keys<'_>, problems: &mut Vec<Problem>) -> Option<StoreConfig> {
    let text = keys.password("ssl.truststore.certificates");
    store(keys, "truststore", ("ssl.truststore.certificates", text), problems)
}

/// A store from a file, or from the text of the config.
fn store(
    keys: &Keys<'_>,
    what: &str,
    (text_key, text): (&str, Option<Password>),
    problems: &mut Vec<Problem>,
) -> Option<StoreConfig> {
    let (location, kind_key) = (format!("ssl.{what}.location"), format!("ssl.{what}.type"));
    let password = keys.password(&format!("ssl.{what}.password"));
    match (keys.text(&location), text) {
        (None, None) => None,
        (Some(_), Some(_)) => {
            let why = format!("is given next to {}; give the file or the text", keys.name(text_key));
            problems.push(keys.problem(&location, why));
            None
        }
        (Some(path), None) => {
            let kind = kind(keys, &kind_key, problems)?;
            let place = StorePlace::File(PathBuf::from(path));
            Some(StoreConfig { key: keys.name(&location), kind, place, password })
        }
        (None, Some(text)) => {
            if kind(keys, &kind_key, problems)? != StoreType::Pem {
                let why = format!("must be PEM where {} is given", keys.name(text_key));
                problems.push(keys.problem(&kind_key, why));
                return None;
            }
            let place = StorePlace::Text(text);
            Some(StoreConfig { key: keys.name(text_key), kind: StoreType::Pem, place, password })
        }
    }
}

#[cfg(test)]
mod tests;
