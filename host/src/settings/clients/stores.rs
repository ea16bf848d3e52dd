//! Files of key and trust stores that a client needs, and what becomes of their bytes.

use std::collections::BTreeMap;

use super::{Place, Translation};
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
    /// Where the store itself, its password and its key's password are given, or would be.
    pub(super) places: [Place; 3],
    /// What the names of its settings begin with: nothing, or `token.` where it is for the endpoint of tokens.
    pub(super) prefix: &'static str,
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
            places: [name, store, "ssl.key.password"].map(|one| translation.place(one, name)),
            prefix: "",
        }
    }

    /// The file could not be read.
    pub(super) fn unreadable(&self, why: &str) -> Problem {
        self.places[0].problem(format!("the file {} cannot be read: {why}", self.path))
    }

    /// librdkafka's settings out of the store's bytes.
    pub(super) fn settings(&self, bytes: &[u8]) -> Result<BTreeMap<String, String>, Problem> {
        let read = self.read(bytes).map_err(|error| {
            let place = match error {
                KeyStoreError::StorePassword
                | KeyStoreError::StorePasswordMissing
                | KeyStoreError::StorePasswordForPem => &self.places[1],
                KeyStoreError::KeyPassword | KeyStoreError::KeyPasswordMissing => &self.places[2],
                _ => &self.places[0],
            };
            let store =
                if self.path.is_empty() { "the text".to_owned() } else { format!("the file {}", self.path) };
            place.problem(format!("{store} {error}"))
        })?;
        Ok(read.into_iter().map(|(name, value)| (format!("{}{name}", self.prefix), value)).collect())
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
