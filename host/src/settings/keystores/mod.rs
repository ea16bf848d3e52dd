//! Key and trust stores as Java's clients and servers take them: PEM, PKCS12 and JKS, from bytes to keys and
//! certificates.
//!
//! A keystore says who one is (a key with its chain), a truststore whom one trusts (certificates).
//!
//! As in Java, a file of the type JKS may hold PKCS12 and the other way round: what it holds decides.

use std::fmt;

use thiserror::Error;

use super::{HIDDEN, Password};

mod jks;
mod pem;
mod pkcs12;

pub use pem::certificates_pem;

/// The settings of stores, as clients and listeners have them.
pub const SETTINGS: [&str; 10] = [
    "ssl.keystore.type",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.key",
    "ssl.keystore.certificate.chain",
    "ssl.key.password",
    "ssl.truststore.type",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.certificates",
];

/// What kind of store a file claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreType {
    /// Text with `-----BEGIN ...-----` blocks.
    Pem,
    /// Also called PFX; what keytool writes since Java 9.
    Pkcs12,
    /// Java's own, and its default name for any store.
    Jks,
}

impl StoreType {
    /// The value of `ssl.keystore.type` or `ssl.truststore.type`, in any case.
    ///
    /// # Errors
    /// Another name than the three.
    pub fn parse(name: &str) -> Result<Self, KeyStoreError> {
        let kinds = [StoreType::Pem, StoreType::Pkcs12, StoreType::Jks];
        kinds.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            KeyStoreError::Unsupported(format!("the type {name} is not known; use PEM, PKCS12 or JKS"))
        })
    }

    /// Its name in configs.
    pub fn name(self) -> &'static str {
        match self {
            StoreType::Pem => "PEM",
            StoreType::Pkcs12 => "PKCS12",
            StoreType::Jks => "JKS",
        }
    }
}

/// What a store holds.
#[derive(Clone, Default)]
pub struct KeyStore {
    /// Private keys with their chains: in the order of the file, or of their aliases for PKCS12.
    pub keys: Vec<KeyEntry>,
    /// Certificates that are trusted for themselves, as DER. Of PEM, all certificates of the text.
    pub trusted: Vec<Vec<u8>>,
}

impl KeyStore {
    /// The first key that has a chain: what a client or a server shows of itself.
    ///
    /// # Errors
    /// There is none.
    pub fn identity(&self) -> Result<&KeyEntry, KeyStoreError> {
        self.keys.iter().find(|entry| !entry.chain.is_empty()).ok_or(KeyStoreError::NoKey)
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("keys", &self.keys)
            .field("trusted", &format_args!("{} certificates", self.trusted.len()))
            .finish()
    }
}

/// A private key and the certificates that go with it.
#[derive(Clone)]
pub struct KeyEntry {
    /// Its name in the store; empty for PEM.
    pub alias: String,
    /// The key as PKCS#8 DER, not encrypted. A secret.
    pub key: Vec<u8>,
    /// DER certificates, the key's own first. PEM and JKS: as written; PKCS12: by issuer.
    pub chain: Vec<Vec<u8>>,
}

impl KeyEntry {
    /// The key as PEM text (`PRIVATE KEY`).
    pub fn key_pem(&self) -> Password {
        Password::new(pem::block("PRIVATE KEY", &self.key))
    }

    /// The chain as PEM text, the key's own certificate first.
    pub fn chain_pem(&self) -> String {
        certificates_pem(&self.chain)
    }
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyEntry")
            .field("alias", &self.alias)
            .field("key", &HIDDEN)
            .field("chain", &format_args!("{} certificates", self.chain.len()))
            .finish()
    }
}

/// Why a store cannot be read. No variant holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyStoreError {
    /// The bytes are not what they should be.
    #[error("is not a readable {} store: {why}", .kind.name())]
    Damaged {
        /// What its config calls it.
        kind: StoreType,
        /// What is wrong with it.
        why: String,
    },
    /// The store's password does not fit. A damaged store looks the same.
    #[error("cannot be opened: the store's password is wrong, or the store is damaged")]
    StorePassword,
    /// The store is encrypted.
    #[error("cannot be opened without the store's password")]
    StorePasswordMissing,
    /// PEM text has no password of its own.
    #[error("is PEM, which has no store password; remove it (a key's password is another setting)")]
    StorePasswordForPem,
    /// The key's password does not fit.
    #[error("holds a private key that cannot be decrypted: its password is wrong")]
    KeyPassword,
    /// The key is encrypted.
    #[error("holds an encrypted private key, whose password is missing")]
    KeyPasswordMissing,
    /// There is no private key, or none with a certificate.
    #[error("holds no private key with a certificate")]
    NoKey,
    /// There is nothing to trust.
    #[error(
        "holds no trusted certificate (of PKCS12, those marked as trusted count, as keytool -importcert and \
         openssl pkcs12 -jdktrust mark them)"
    )]
    NoTrusted,
    /// It is in a form that is not supported; the text says what to do.
    #[error("cannot be used: {0}")]
    Unsupported(String),
}

/// Reads a store with its keys.
///
/// `key_password` is that of the keys; where it is none, the store's is taken, as Kafka does.
///
/// # Errors
/// See [`KeyStoreError`]; a key that cannot be decrypted is one, too.
pub fn read(
    kind: StoreType,
    bytes: &[u8],
    store_password: Option<&str>,
    key_password: Option<&str>,
) -> Result<KeyStore, KeyStoreError> {
    match (kind, Content::of(bytes)) {
        (StoreType::Pem, _) if store_password.is_some() => Err(KeyStoreError::StorePasswordForPem),
        (StoreType::Pem, _) => pem::read(bytes, key_password),
        (_, Content::Jks) => jks::read(bytes, store_password, Some(key_password.or(store_password))),
        (_, Content::Jceks) => Err(jceks()),
        (_, Content::Other) => pkcs12::read(kind, bytes, store_password, key_password),
    }
}

/// Reads what a truststore trusts, as DER: its certificates, and as in Java the certificate of each of its
/// keys. Keys need no password.
///
/// # Errors
/// See [`KeyStoreError`]; a store that trusts nobody is an error.
pub fn read_trusted(
    kind: StoreType,
    bytes: &[u8],
    store_password: Option<&str>,
) -> Result<Vec<Vec<u8>>, KeyStoreError> {
    let store = match (kind, Content::of(bytes)) {
        (StoreType::Pem, _) if store_password.is_some() => Err(KeyStoreError::StorePasswordForPem),
        (StoreType::Pem, _) => pem::read_trusted(bytes),
        (_, Content::Jks) => jks::read(bytes, store_password, None),
        (_, Content::Jceks) => Err(jceks()),
        (_, Content::Other) => pkcs12::read(kind, bytes, store_password, None),
    }?;
    let of_keys = store.keys.into_iter().filter_map(|entry| entry.chain.into_iter().next());
    let mut trusted = store.trusted;
    trusted.extend(of_keys);
    if trusted.is_empty() { Err(KeyStoreError::NoTrusted) } else { Ok(trusted) }
}

fn jceks() -> KeyStoreError {
    KeyStoreError::Unsupported(
        "it is of the type JCEKS; convert it with 'keytool -importkeystore -srckeystore OLD -srcstoretype JCEKS \
         -destkeystore NEW.p12 -deststoretype PKCS12'"
            .to_owned(),
    )
}

/// What bytes look like, whatever they are called.
enum Content {
    Jks,
    Jceks,
    Other,
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        match bytes.get(..4) {
            Some([0xfe, 0xed, 0xfe, 0xed]) => Content::Jks,
            Some([0xce, 0xce, 0xce, 0xce]) => Content::Jceks,
            _ => Content::Other,
        }
    }
}

#[cfg(test)]
mod tests;
