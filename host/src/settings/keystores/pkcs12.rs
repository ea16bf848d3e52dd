//! PKCS12, by the crate p12-keystore: its errors in our words, and Java's idea of what is trusted.

use p12_keystore::error::Error;
use p12_keystore::{KeyStoreEntry, Pkcs12ImportPolicy};

use super::{KeyEntry, KeyStore, KeyStoreError, StoreType};

/// Reads a PKCS12 store; `kind` is what its config calls it. Keys have the store's password, as keytool and
/// openssl make them.
pub(super) fn read(
    kind: StoreType,
    bytes: &[u8],
    store_password: Option<&str>,
    key_password: Option<&str>,
) -> Result<KeyStore, KeyStoreError> {
    let password = store_password.unwrap_or_default();
    let found = p12_keystore::KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Strict)
        .map_err(|error| told(kind, error, store_password))?;
    let mut store = KeyStore::default();
    for (alias, entry) in found.entries() {
        match entry {
            KeyStoreEntry::PrivateKeyChain(keys) => store.keys.push(KeyEntry {
                alias: alias.clone(),
                key: keys.key().as_der().to_vec(),
                chain: keys.certs().iter().map(|certificate| certificate.as_der().to_vec()).collect(),
            }),
            KeyStoreEntry::Certificate(certificate) => store.trusted.push(certificate.as_der().to_vec()),
            KeyStoreEntry::Secret(_) => {}
        }
    }
    // Keys came out by the store's password, so another one is wrong, as it would be in Java.
    if !store.keys.is_empty() && key_password.is_some_and(|own| own != password) {
        return Err(KeyStoreError::KeyPassword);
    }
    Ok(store)
}

fn told(kind: StoreType, error: Error, password: Option<&str>) -> KeyStoreError {
    match error {
        // Without a password, nothing encrypted can be read; with one, a digest or a padding tells.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) if password.is_none() => {
            KeyStoreError::StorePasswordMissing
        }
        Error::MacError(_) => KeyStoreError::StorePassword,
        Error::UnpadError | Error::Pkcs5Error(_) => KeyStoreError::Unsupported(
            "a part of it cannot be decrypted with the store's password; keys with a password of their own are \
             not supported in PKCS12"
                .to_owned(),
        ),
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm | Error::InvalidParameters => {
            KeyStoreError::Unsupported(
                "it is protected in a way that is not known; write it anew with 'keytool -importkeystore' or \
                 'openssl pkcs12 -export'"
                    .to_owned(),
            )
        }
        other => KeyStoreError::Damaged { kind, why: other.to_string() },
    }
}
