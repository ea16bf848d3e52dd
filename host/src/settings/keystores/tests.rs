//! Stores that keytool and openssl made (`testdata/make.sh`), wrong passwords, and broken bytes, which never
//! cost more than an error.

use proptest::prelude::*;

use super::StoreType::{Jks, Pem, Pkcs12};
use super::*;

macro_rules! stores {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("testdata/", $name)))),*]
    };
}

const STORES: &[(&str, &[u8])] = stores![
    "both.pem",
    "chain.pem",
    "ec-pkcs8.pem",
    "ec-sec1.pem",
    "keytool-legacy.p12",
    "keytool-trust.jks",
    "keytool-trust.p12",
    "keytool.jceks",
    "keytool.jks",
    "keytool.p12",
    "openssl-legacy.p12",
    "openssl-open.p12",
    "openssl-unmarked.p12",
    "openssl.p12",
    "root.pem",
    "rsa-encrypted-3des.pem",
    "rsa-encrypted-aes.pem",
    "rsa-encrypted-pbes1.pem",
    "rsa-pkcs1-encrypted.pem",
    "rsa-pkcs1.pem",
    "rsa-pkcs8.pem",
];

const STORE: Option<&str> = Some("store-pw");
const KEY: Option<&str> = Some("key-pw");

fn bytes(name: &str) -> &'static [u8] {
    STORES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}")).1
}

fn certificates(name: &str) -> Vec<Vec<u8>> {
    read_trusted(Pem, bytes(name), None).unwrap()
}

fn key(name: &str, password: Option<&str>) -> Result<Vec<u8>, KeyStoreError> {
    Ok(read(Pem, bytes(name), None, password)?.keys.remove(0).key)
}

#[test]
fn keys_and_chains_are_found_in_every_form() {
    let expected = key("rsa-pkcs8.pem", None).unwrap();
    let table = [
        (Pem, "both.pem", None, None),
        (Pkcs12, "openssl.p12", STORE, None),
        (Pkcs12, "openssl.p12", STORE, STORE),
        (Jks, "openssl.p12", STORE, None),
        (Pkcs12, "openssl-legacy.p12", STORE, None),
        (Pkcs12, "openssl-open.p12", None, None),
        (Pkcs12, "keytool.p12", STORE, None),
        (Jks, "keytool.p12", STORE, None),
        (Pkcs12, "keytool-legacy.p12", STORE, None),
        (Jks, "keytool.jks", STORE, KEY),
        (Pkcs12, "keytool.jks", STORE, KEY),
        (Jks, "keytool.jks", None, KEY),
    ];
    for (kind, name, store_password, key_password) in table {
        let store =
            read(kind, bytes(name), store_password, key_password).unwrap_or_else(|e| panic!("{name}: {e}"));
        let entry = store.identity().unwrap();
        assert!(entry.key == expected, "{name}");
        assert!(entry.chain == certificates("chain.pem"), "{name}: {} certificates", entry.chain.len());
        assert_eq!(entry.alias, if kind == Pem { "" } else { "mine" });
        assert!(!format!("{store:?}").contains("48, 130"), "{store:?}");
        assert_eq!(store.trusted.is_empty(), kind != Pem, "{name}");
    }
}

#[test]
fn keys_of_openssl_become_pkcs8() {
    let expected = key("rsa-pkcs8.pem", None).unwrap();
    assert!(key("rsa-pkcs1.pem", None).unwrap() == expected);
    for name in ["rsa-encrypted-aes.pem", "rsa-encrypted-3des.pem"] {
        assert!(key(name, KEY).unwrap() == expected, "{name}");
        assert_eq!(key(name, None), Err(KeyStoreError::KeyPasswordMissing), "{name}");
        assert_eq!(key(name, Some("wrong")), Err(KeyStoreError::KeyPassword), "{name}");
    }
    for name in ["rsa-encrypted-pbes1.pem", "rsa-pkcs1-encrypted.pem"] {
        let error = key(name, KEY).unwrap_err().to_string();
        assert!(error.contains("openssl pkcs8 -topk8 -v2 aes-256-cbc"), "{name}: {error}");
    }
    // openssl puts the public key into PKCS#8 from SEC1 and leaves the curve there; else they are the same.
    let (sec1, pkcs8) = (key("ec-sec1.pem", None).unwrap(), key("ec-pkcs8.pem", None).unwrap());
    assert_eq!(sec1[3..27], pkcs8[3..27]);
    let secret = pkcs8.windows(34).find(|part| part.starts_with(&[0x04, 0x20])).unwrap();
    assert!(sec1.windows(34).any(|part| part == secret));
}

#[test]
fn trusted_certificates_are_found() {
    let root = certificates("root.pem");
    for (kind, name) in [
        (Jks, "keytool-trust.jks"),
        (Pkcs12, "keytool-trust.jks"),
        (Pkcs12, "keytool-trust.p12"),
        (Jks, "keytool-trust.p12"),
    ] {
        assert!(read_trusted(kind, bytes(name), STORE).unwrap() == root, "{name}");
        assert!(read(kind, bytes(name), STORE, None).unwrap().trusted == root, "{name}");
    }
    // JKS shows certificates without its password, as in Java.
    assert!(read_trusted(Jks, bytes("keytool-trust.jks"), None).unwrap() == root);
    // Of entries with a key, their own certificate is trusted.
    for (kind, name) in [(Jks, "keytool.jks"), (Pkcs12, "keytool.p12")] {
        assert!(read_trusted(kind, bytes(name), STORE).unwrap() == certificates("chain.pem")[..1], "{name}");
    }
    let unmarked = read_trusted(Pkcs12, bytes("openssl-unmarked.p12"), STORE);
    assert_eq!(unmarked, Err(KeyStoreError::NoTrusted));
    assert_eq!(read_trusted(Pem, bytes("rsa-pkcs8.pem"), None), Err(KeyStoreError::NoTrusted));
}

#[test]
fn what_is_wrong_is_told_apart() {
    use KeyStoreError::{KeyPassword, StorePassword, StorePasswordForPem, StorePasswordMissing};
    let wrong = Some("wrong");
    let table = [
        (Pkcs12, "openssl.p12", wrong, None, StorePassword),
        (Pkcs12, "openssl-legacy.p12", wrong, None, StorePassword),
        (Pkcs12, "keytool.p12", None, None, StorePasswordMissing),
        (Pkcs12, "keytool.p12", STORE, wrong, KeyPassword),
        (Jks, "keytool.jks", wrong, KEY, StorePassword),
        (Jks, "keytool.jks", STORE, None, KeyPassword),
        (Jks, "keytool.jks", STORE, wrong, KeyPassword),
        (Jks, "keytool.jks", None, None, KeyStoreError::KeyPasswordMissing),
        (Pem, "both.pem", STORE, None, StorePasswordForPem),
    ];
    for (kind, name, store, key, expected) in table {
        assert_eq!(read(kind, bytes(name), store, key).unwrap_err(), expected, "{name}");
    }
    let texts = [
        (Jks, "keytool.jceks", "type JCEKS"),
        (Jks, "both.pem", "is not a readable JKS store"),
        (Pkcs12, "both.pem", "is not a readable PKCS12 store"),
        (Pem, "keytool.p12", "no -----BEGIN"),
    ];
    for (kind, name, part) in texts {
        let password = STORE.filter(|_| kind != Pem);
        let error = read(kind, bytes(name), password, None).unwrap_err().to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
    assert_eq!(
        read(Pem, bytes("root.pem"), None, None).unwrap().identity().unwrap_err(),
        KeyStoreError::NoKey
    );
    assert_eq!(StoreType::parse("pkcs12"), Ok(Pkcs12));
    assert!(StoreType::parse("BKS").unwrap_err().to_string().contains("PEM, PKCS12 or JKS"));
}

#[test]
fn pem_that_is_written_is_read_again() {
    let store = read(Pkcs12, bytes("openssl.p12"), STORE, None).unwrap();
    let entry = store.identity().unwrap();
    let text = format!("{}{}", entry.key_pem().reveal(), entry.chain_pem());
    let again = read(Pem, text.as_bytes(), None, None).unwrap();
    assert!(again.keys[0].key == entry.key && again.keys[0].chain == entry.chain);
    assert!(text.lines().all(|line| line.len() <= 64));
    // As a value of a properties file: one line, spaces for line ends.
    let one_line = text.replace('\n', " ");
    assert!(read(Pem, one_line.as_bytes(), None, None).unwrap().keys[0].key == entry.key);
}

fn read_all(bytes: &[u8]) {
    for kind in [Pem, Pkcs12, Jks] {
        for store in [None, STORE] {
            let _ = read(kind, bytes, store, KEY);
            let _ = read_trusted(kind, bytes, store);
        }
    }
}

#[test]
fn truncated_stores_are_errors() {
    for (name, whole) in STORES.iter().filter(|(name, _)| !name.ends_with(".pem")) {
        for end in (0..whole.len()).step_by(31) {
            for kind in [Pkcs12, Jks] {
                assert!(read(kind, &whole[..end], STORE, KEY).is_err(), "{name} up to {end}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_cost_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
        read_all(&[&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2][..], &bytes].concat());
    }

    #[test]
    fn no_change_of_a_store_costs_a_panic(
        which in 0..STORES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = STORES[which].1.to_vec();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(&bytes);
    }
}
