//! JKS, Java's own format: entries one after another, keys hidden by a stream of SHA-1 digests, and a digest
//! over all of it with the password.

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Reader as _, SliceReader};
use p12_keystore::{Certificate, PrivateKey};
use sha1::{Digest, Sha1};

use super::{KeyEntry, KeyStore, KeyStoreError, StoreType};

/// Sun's KeyProtector.
const KEY_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");
const DIGEST: usize = 20;

/// Reads a store that begins with the JKS magic.
///
/// Without a store password its digest is not checked, as in Java. `key_password` is none where keys are not
/// wanted: then their entries have chains only.
pub(super) fn read(
    bytes: &[u8],
    store_password: Option<&str>,
    key_password: Option<Option<&str>>,
) -> Result<KeyStore, KeyStoreError> {
    let Some((content, digest)) = bytes.split_last_chunk::<DIGEST>() else {
        return Err(damaged("it is too short"));
    };
    let mut rest = Rest(content);
    rest.take(4)?;
    let version = rest.number()?;
    if version != 1 && version != 2 {
        return Err(damaged(&format!("its version is {version}")));
    }
    // The digest first: what comes of a wrong password is told apart from damage where possible.
    if let Some(password) = store_password {
        let found = Sha1::new()
            .chain_update(utf16(password))
            .chain_update("Mighty Aphrodite")
            .chain_update(content)
            .finalize();
        if found[..] != digest[..] {
            return Err(KeyStoreError::StorePassword);
        }
    }
    let mut store = KeyStore::default();
    for _ in 0..rest.number()? {
        let tag = rest.number()?;
        let alias = rest.text()?;
        rest.take(8)?;
        match tag {
            1 => {
                let protected = rest.bytes()?;
                let mut chain = Vec::new();
                for _ in 0..rest.number()? {
                    chain.push(rest.certificate(version)?);
                }
                let key = match key_password {
                    Some(password) => unprotect(protected, password)?,
                    None => Vec::new(),
                };
                store.keys.push(KeyEntry { alias, key, chain });
            }
            2 => store.trusted.push(rest.certificate(version)?),
            other => return Err(damaged(&format!("it has an entry of the kind {other}"))),
        }
    }
    if rest.0.is_empty() { Ok(store) } else { Err(damaged("it is longer than its entries")) }
}

/// A protected key is salt, key and digest; key and stream are xored, the stream is made of the digests of
/// the password and what came before.
fn unprotect(protected: &[u8], password: Option<&str>) -> Result<Vec<u8>, KeyStoreError> {
    let (algorithm, data) = algorithm_and_data(protected).map_err(|e| damaged(&format!("a key: {e}")))?;
    if algorithm != KEY_PROTECTION {
        return Err(KeyStoreError::Unsupported(format!(
            "a key of it is protected by {algorithm}, not as JKS does"
        )));
    }
    let password = utf16(password.ok_or(KeyStoreError::KeyPasswordMissing)?);
    let Some((salt, rest)) = data.split_first_chunk::<DIGEST>() else {
        return Err(damaged("a key is too short"));
    };
    let Some((hidden, check)) = rest.split_last_chunk::<DIGEST>() else {
        return Err(damaged("a key is too short"));
    };
    let mut key = Vec::with_capacity(hidden.len());
    let mut stream = *salt;
    for part in hidden.chunks(DIGEST) {
        stream = Sha1::new().chain_update(&password).chain_update(stream).finalize().into();
        key.extend(part.iter().zip(stream).map(|(hidden, mask)| hidden ^ mask));
    }
    if Sha1::new().chain_update(&password).chain_update(&key).finalize()[..] != check[..] {
        return Err(KeyStoreError::KeyPassword);
    }
    PrivateKey::from_der(&key).map_err(|_| damaged("a key is not PKCS#8"))?;
    Ok(key)
}

/// The two members of an EncryptedPrivateKeyInfo.
fn algorithm_and_data(der: &[u8]) -> der::Result<(ObjectIdentifier, &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let read = reader.sequence(|inner| {
        let algorithm = inner.sequence(|inner| {
            let algorithm: ObjectIdentifier = inner.decode()?;
            inner.read_slice(inner.remaining_len())?;
            Ok::<_, der::Error>(algorithm)
        })?;
        let data: &OctetStringRef = inner.decode()?;
        Ok::<_, der::Error>((algorithm, data.as_bytes()))
    })?;
    Ok(read)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn damaged(why: &str) -> KeyStoreError {
    KeyStoreError::Damaged { kind: StoreType::Jks, why: why.to_owned() }
}

/// What is still unread.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], KeyStoreError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| damaged("it ends early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, KeyStoreError> {
        Ok(self.take(4)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn bytes(&mut self) -> Result<&'a [u8], KeyStoreError> {
        let length = self.number()?;
        self.take(usize::try_from(length).map_err(|_| damaged("it ends early"))?)
    }

    /// Java's DataOutput.writeUTF; differs from UTF-8 in rare characters only, and is merely shown.
    fn text(&mut self) -> Result<String, KeyStoreError> {
        let length = self.take(2)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn certificate(&mut self, version: u32) -> Result<Vec<u8>, KeyStoreError> {
        if version == 2 {
            let kind = self.text()?;
            if kind != "X.509" {
                return Err(damaged("it has a certificate that is not X.509"));
            }
        }
        let der = self.bytes()?;
        Certificate::from_der(der).map_err(|_| damaged("a certificate is not X.509"))?;
        Ok(der.to_vec())
    }
}
