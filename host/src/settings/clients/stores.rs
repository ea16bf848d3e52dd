//! Files of key and trust stores that a client needs, and what becomes of their bytes.

use std::collections::BTreeMap;

use super::Translation;
use crate::settings::keystores::{self, KeyStoreError, StoreType, certificates_pem};
use crate::settings::{Password, Problem};

/// What a store is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Who the client is.
    Identity,
    /// Whom it trusts.
    Trust,
}

/// A store that is to be read before its client can be made. Debug shows no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoreFile {
    pub(super) purpose: Use,
    pub(super) kind: StoreType,
    pub(super) path: String,
    pub(super) store_password: Option<Password>,
    pub(super) key_password: Option<Password>,
    /// The keys of the store itself, its password and its key's password, as the user wrote them or would.
    pub(super) keys: [String; 3],
}

impl StoreFile {
    /// A store of type PEM without passwords, given by the setting `name`.
    pub(super) fn of_text(purpose: Use, name: &str, translation: &Translation<'_>) -> Self {
        let store = match purpose {
            Use::Identity => "ssl.keystore.password",
            Use::Trust => "ssl.truststore.password",
        };
        StoreFile {
            purpose,
            kind: StoreType::Pem,
            path: String::new(),
            store_password: None,
            key_password: None,
            keys: [name, store, "ssl.key.password"].map(|one| translation.key_of(one, name)),
        }
    }

    /// The file could not be read.
    pub(super) fn unreadable(&self, why: &str) -> Problem {
        Problem::new(self.keys[0].as_str(), format!("the file {} cannot be read: {why}", self.path))
    }

    /// librdkafka's settings out of the store's bytes.
    pub(super) fn settings(&self, bytes: &[u8]) -> Result<BTreeMap<String, String>, Problem> {
        self.read(bytes).map_err(|error| {
            let key = match error {
                KeyStoreError::StorePassword
                | KeyStoreError::StorePasswordMissing
                | KeyStoreError::StorePasswordForPem => &self.keys[1],
                KeyStoreError::KeyPassword | KeyStoreError::KeyPasswordMissing => &self.keys[2],
                _ => &self.keys[0],
            };
            let store =
                if self.path.is_empty() { "the text".to_owned() } else { format!("the file {}", self.path) };
            Problem::new(key.as_str(), format!("{store} {error}"))
        })
    }

    fn read(&self, bytes: &[u8]) -> Result<BTreeMap<String, String>, KeyStoreError> {
        let store_password = self.store_password.as_ref().map(Password::reveal);
        match self.purpose {
            Use::Trust => {
                let trusted = keystores::read_trusted(self.kind, bytes, store_password)?;
                Ok([("ssl.ca.pem".to_owned(), certificates_pem(&trusted))].into())
            }
            Use::Identity => {
                let key_password = self.key_password.as_ref().map(Password::reveal);
                let store = keystores::read(self.kind, bytes, store_password, key_password)?;
                let identity = store.identity()?;
                Ok([
                    ("ssl.key.pem".to_owned(), identity.key_pem().reveal().to_owned()),
                    ("ssl.certificate.pem".to_owned(), identity.chain_pem()),
                ]
                .into())
            }
        }
    }
}
