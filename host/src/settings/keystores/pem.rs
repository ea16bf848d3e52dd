//! PEM: certificates and keys as text, in the forms that openssl writes; keys become PKCS#8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{ContextSpecific, ObjectIdentifier, OctetStringRef};
use der::{Encode as _, Reader as _, SliceReader, TagNumber};
use p12_keystore::{Certificate, PrivateKey};
use pkcs5::EncryptionScheme;
use pkcs5::pbes2::Kdf;

use super::{KeyEntry, KeyStore, KeyStoreError, StoreType};

/// rsaEncryption with its NULL, an AlgorithmIdentifier.
const RSA: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The most rounds that a key's encryption may ask for: bad input must not cost minutes.
const MAX_ROUNDS: u32 = 1_000_000;
/// The most memory, in bytes, that it may ask for (scrypt).
const MAX_MEMORY: u64 = 64 << 20;

/// Reads all certificates, and the key if there is one.
pub(super) fn read(bytes: &[u8], key_password: Option<&str>) -> Result<KeyStore, KeyStoreError> {
    let text = String::from_utf8_lossy(bytes);
    let blocks = blocks(&text)?;
    let trusted = certificates(&blocks)?;
    let mut keys = Vec::new();
    for block in &blocks {
        if let Some(key) = key(block, key_password)? {
            PrivateKey::from_der(&key).map_err(|_| match block.label {
                "ENCRYPTED PRIVATE KEY" => KeyStoreError::KeyPassword,
                _ => damaged("its private key is not PKCS#8"),
            })?;
            keys.push(KeyEntry { alias: String::new(), key, chain: trusted.clone() });
        }
    }
    match keys.len() {
        0 | 1 => Ok(KeyStore { keys, trusted }),
        count => Err(damaged(&format!("it holds {count} private keys; one is expected"))),
    }
}

/// Reads all certificates, and no key.
pub(super) fn read_trusted(bytes: &[u8]) -> Result<KeyStore, KeyStoreError> {
    let text = String::from_utf8_lossy(bytes);
    Ok(KeyStore { keys: Vec::new(), trusted: certificates(&blocks(&text)?)? })
}

/// Certificates, given as DER, as PEM text.
pub fn certificates_pem(certificates: &[Vec<u8>]) -> String {
    certificates.iter().map(|der| block("CERTIFICATE", der)).collect()
}

/// One block of PEM text.
pub(super) fn block(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let encoded = STANDARD.encode(der);
    for (at, c) in encoded.char_indices() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

/// A block as it stands in the text.
struct Block<'a> {
    label: &'a str,
    /// Between the first line and the last one.
    body: &'a str,
}

impl Block<'_> {
    /// The bytes; lines may be of any length, also one for all, and headers (`Name: value`) are left out.
    fn der(&self) -> Result<Vec<u8>, KeyStoreError> {
        let lines = self.body.lines().filter(|line| !line.contains(':'));
        let text: String = lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
        STANDARD.decode(text).map_err(|_| damaged(&format!("a block {} is not base64", self.shown())))
    }

    /// The label, unless broken text has put something else in its place.
    fn shown(&self) -> &str {
        let is_label = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
        if self.label.len() < 40 && self.label.chars().all(is_label) { self.label } else { "..." }
    }
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, KeyStoreError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let Some((label, body)) = begun.split_once("-----") else {
            return Err(damaged("it ends in a first line"));
        };
        let block = Block { label, body };
        let Some((body, after)) = body.split_once(&format!("-----END {label}-----")) else {
            return Err(damaged(&format!("a block {} has no end", block.shown())));
        };
        found.push(Block { label, body });
        rest = after;
    }
    if found.is_empty() { Err(damaged("there is no -----BEGIN line in it")) } else { Ok(found) }
}

fn certificates(blocks: &[Block<'_>]) -> Result<Vec<Vec<u8>>, KeyStoreError> {
    let labels = ["CERTIFICATE", "X509 CERTIFICATE"];
    let certificates = blocks.iter().filter(|block| labels.contains(&block.label));
    certificates
        .map(|block| {
            let der = block.der()?;
            Certificate::from_der(&der).map_err(|_| damaged("a certificate is not X.509"))?;
            Ok(der)
        })
        .collect()
}

/// The key of a block as PKCS#8; none if the block is about something else.
fn key(block: &Block<'_>, password: Option<&str>) -> Result<Option<Vec<u8>>, KeyStoreError> {
    if block.body.contains("ENCRYPTED") {
        let why = "its key is encrypted in openssl's old way; write it anew with 'openssl pkcs8 -topk8 -v2 aes-256-cbc'";
        return Err(KeyStoreError::Unsupported(why.to_owned()));
    }
    match block.label {
        "PRIVATE KEY" => block.der().map(Some),
        "ENCRYPTED PRIVATE KEY" => decrypt(&block.der()?, password).map(Some),
        "RSA PRIVATE KEY" => Ok(Some(wrap(RSA, &block.der()?))),
        "EC PRIVATE KEY" => {
            let sec1 = block.der()?;
            let curve = curve(&sec1).map_err(|e| damaged(&format!("its EC key: {e}")))?;
            let curve = curve.ok_or_else(|| damaged("its EC key does not name its curve"))?;
            let algorithm = algorithm(curve).map_err(|e| damaged(&format!("its EC key: {e}")))?;
            Ok(Some(wrap(&algorithm, &sec1)))
        }
        label if label.ends_with("PRIVATE KEY") => {
            let why = format!("a key of the form {} is not known; write it as PKCS#8", block.shown());
            Err(KeyStoreError::Unsupported(why))
        }
        _ => Ok(None),
    }
}

/// The content of an EncryptedPrivateKeyInfo.
fn decrypt(der: &[u8], password: Option<&str>) -> Result<Vec<u8>, KeyStoreError> {
    let unknown = || {
        let why = "its key is encrypted in a way that is not known; write it anew with 'openssl pkcs8 -topk8 -v2 \
                   aes-256-cbc'";
        KeyStoreError::Unsupported(why.to_owned())
    };
    let (scheme, data) = scheme_and_data(der).map_err(|_| unknown())?;
    let EncryptionScheme::Pbes2(parameters) = &scheme else { return Err(unknown()) };
    let bearable = match &parameters.kdf {
        Kdf::Pbkdf2(rounds) => rounds.iteration_count <= MAX_ROUNDS,
        Kdf::Scrypt(cost) => {
            let memory =
                cost.cost_parameter.checked_mul(u64::from(cost.block_size)).and_then(|n| n.checked_mul(128));
            memory.is_some_and(|memory| memory <= MAX_MEMORY) && cost.parallelization <= 16
        }
        _ => false,
    };
    if !bearable {
        return Err(unknown());
    }
    let password = password.ok_or(KeyStoreError::KeyPasswordMissing)?;
    scheme.decrypt(password, data).map_err(|error| match error {
        pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs5::Error::AlgorithmParametersInvalid { .. } => {
            unknown()
        }
        _ => KeyStoreError::KeyPassword,
    })
}

fn scheme_and_data(der: &[u8]) -> der::Result<(EncryptionScheme, &[u8])> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|inner| {
        let scheme = inner.decode()?;
        let data: &OctetStringRef = inner.decode()?;
        Ok((scheme, data.as_bytes()))
    })
}

/// The curve that a SEC1 key names.
fn curve(sec1: &[u8]) -> der::Result<Option<ObjectIdentifier>> {
    let mut reader = SliceReader::new(sec1)?;
    reader.sequence(|inner| {
        let _version: u8 = inner.decode()?;
        let _key: &OctetStringRef = inner.decode()?;
        let named = ContextSpecific::<ObjectIdentifier>::decode_explicit(inner, TagNumber(0))?;
        inner.read_slice(inner.remaining_len())?;
        Ok::<_, der::Error>(named.map(|named| named.value))
    })
}

/// The AlgorithmIdentifier of an EC key.
fn algorithm(curve: ObjectIdentifier) -> der::Result<Vec<u8>> {
    Ok(element(0x30, &[EC.to_der()?, curve.to_der()?].concat()))
}

/// A PrivateKeyInfo of version 0.
fn wrap(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let version = [0x02, 0x01, 0x00];
    element(0x30, &[&version[..], algorithm, &element(0x04, key)].concat())
}

/// Tag, length, content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut der = vec![tag];
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        der.push(short);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        der.push(0x80 | bytes.len() as u8);
        der.extend(bytes);
    }
    der.extend(content);
    der
}

fn damaged(why: &str) -> KeyStoreError {
    KeyStoreError::Damaged { kind: StoreType::Pem, why: why.to_owned() }
}
