//! Stores of each type: to PEM, or refused by name without their passwords.

use super::super::tests::connector_client;
use super::super::{Client, ClientConfig};
use crate::settings::Problem;

/// The settings that these tests cover, besides [`crate::settings::keystores::SETTINGS`].
pub(in super::super) const SETTINGS: &[&str] = &["ssl.enabled.protocols", "ssl.protocol"];

/// Settings, and what comes of them: whether who one is and whom one trusts is known, or the key that is refused
/// and a part of why.
type Case = (Pairs, Result<(bool, bool), (&'static str, &'static str)>);
type Pairs = &'static [(&'static str, &'static str)];

const ROOT: &str = include_str!("../../keystores/testdata/root.pem");
const CHAIN: &str = include_str!("../../keystores/testdata/chain.pem");
const KEY: &str = include_str!("../../keystores/testdata/rsa-encrypted-aes.pem");

const CASES: &[Case] = &[
    (&[], Ok((false, false))),
    // Trust, as text and as files.
    (&[("ssl.truststore.type", "PEM"), ("ssl.truststore.certificates", ROOT)], Ok((false, true))),
    (&[("ssl.truststore.type", "pem"), ("ssl.truststore.location", "root.pem")], Ok((false, true))),
    (
        &[("ssl.truststore.location", "keytool-trust.jks"), ("ssl.truststore.password", "store-pw")],
        Ok((false, true)),
    ),
    (&[("ssl.truststore.location", "keytool-trust.jks")], Ok((false, true))),
    (
        &[
            ("ssl.truststore.type", "PKCS12"),
            ("ssl.truststore.location", "keytool-trust.p12"),
            ("ssl.truststore.password", "store-pw"),
        ],
        Ok((false, true)),
    ),
    (
        &[("ssl.truststore.location", "keytool-trust.jks"), ("ssl.truststore.password", "s3cret")],
        Err(("ssl.truststore.password", "password is wrong")),
    ),
    (
        &[("ssl.truststore.type", "PKCS12"), ("ssl.truststore.location", "keytool-trust.p12")],
        Err(("ssl.truststore.password", "without the store's password")),
    ),
    (&[("ssl.truststore.location", "missing")], Err(("ssl.truststore.location", "missing cannot be read"))),
    (
        &[("ssl.truststore.type", "PEM"), ("ssl.truststore.location", "rsa-pkcs8.pem")],
        Err(("ssl.truststore.location", "holds no trusted certificate")),
    ),
    (
        &[("ssl.truststore.type", "PEM"), ("ssl.truststore.certificates", "CA")],
        Err(("ssl.truststore.certificates", "no -----BEGIN")),
    ),
    (&[("ssl.truststore.certificates", ROOT)], Err(("ssl.truststore.type", "must be PEM"))),
    (
        &[("ssl.truststore.type", "BKS"), ("ssl.truststore.location", "/ca")],
        Err(("ssl.truststore.type", "use PEM, PKCS12 or JKS")),
    ),
    (
        &[
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", "root.pem"),
            ("ssl.truststore.password", "s3cret"),
        ],
        Err(("ssl.truststore.password", "cannot be given")),
    ),
    (
        &[
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", "/a"),
            ("ssl.truststore.certificates", ROOT),
        ],
        Err(("ssl.truststore.location", "the file or the text")),
    ),
    // Identity.
    (
        &[
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.key", KEY),
            ("ssl.keystore.certificate.chain", CHAIN),
            ("ssl.key.password", "key-pw"),
        ],
        Ok((true, false)),
    ),
    (&[("ssl.keystore.type", "pem"), ("ssl.keystore.location", "both.pem")], Ok((true, false))),
    (
        &[
            ("ssl.keystore.location", "keytool.jks"),
            ("ssl.keystore.password", "store-pw"),
            ("ssl.key.password", "key-pw"),
        ],
        Ok((true, false)),
    ),
    (
        &[
            ("ssl.keystore.type", "PKCS12"),
            ("ssl.keystore.location", "keytool.p12"),
            ("ssl.keystore.password", "store-pw"),
        ],
        Ok((true, false)),
    ),
    (
        &[
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.key", KEY),
            ("ssl.keystore.certificate.chain", CHAIN),
            ("ssl.key.password", "s3cret"),
        ],
        Err(("ssl.key.password", "its password is wrong")),
    ),
    (
        &[("ssl.keystore.type", "PEM"), ("ssl.keystore.key", KEY), ("ssl.keystore.certificate.chain", CHAIN)],
        Err(("ssl.key.password", "password is missing")),
    ),
    (
        &[("ssl.keystore.location", "keytool.jks"), ("ssl.keystore.password", "s3cret")],
        Err(("ssl.keystore.password", "password is wrong")),
    ),
    (
        &[("ssl.keystore.location", "keytool.jks"), ("ssl.keystore.password", "store-pw")],
        Err(("ssl.key.password", "its password is wrong")),
    ),
    (
        &[("ssl.keystore.location", "keytool-trust.jks"), ("ssl.keystore.password", "store-pw")],
        Err(("ssl.keystore.location", "no private key")),
    ),
    (
        &[("ssl.keystore.type", "PKCS12"), ("ssl.keystore.location", "/k")],
        Err(("ssl.keystore.password", "is needed")),
    ),
    (
        &[
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", "both.pem"),
            ("ssl.keystore.password", "s3cret"),
        ],
        Err(("ssl.keystore.password", "cannot be given")),
    ),
    (
        &[("ssl.keystore.key", KEY), ("ssl.keystore.certificate.chain", CHAIN)],
        Err(("ssl.keystore.type", "must be PEM")),
    ),
    (
        &[("ssl.keystore.type", "PEM"), ("ssl.keystore.key", KEY)],
        Err(("ssl.keystore.certificate.chain", "is needed")),
    ),
    (
        &[("ssl.keystore.type", "PEM"), ("ssl.keystore.certificate.chain", CHAIN)],
        Err(("ssl.keystore.key", "is needed")),
    ),
    (
        &[("ssl.keystore.type", "PEM"), ("ssl.keystore.location", "/k"), ("ssl.keystore.key", KEY)],
        Err(("ssl.keystore.location", "the file or the text")),
    ),
    (&[("ssl.enabled.protocols", "TLSv1.3,TLSv1.2"), ("ssl.protocol", "TLSv1.3")], Ok((false, false))),
    (&[("ssl.enabled.protocols", "TLSv1.3")], Err(("ssl.enabled.protocols", "TLSv1.2"))),
];

fn with_tls(given: &[(&str, &str)]) -> Result<ClientConfig, Vec<Problem>> {
    let mut config = connector_client(Client::Admin, &[&[("security.protocol", "SSL")][..], given].concat())?;
    assert!(!format!("{config:?}").contains("-pw"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/settings/keystores/testdata");
    config
        .read_stores(|path| std::fs::read(format!("{folder}/{path}")).map_err(|error| error.to_string()))?;
    Ok(config)
}

#[test]
fn stores_of_every_type_become_pem_or_are_refused_by_name() {
    let plain = with_tls(&[]).unwrap().conf;
    for (given, expected) in CASES {
        match (with_tls(given), expected) {
            (Ok(config), Ok((identity, trust))) => {
                let added: Vec<&str> = config
                    .conf
                    .keys()
                    .filter(|name| !plain.contains_key(*name))
                    .map(String::as_str)
                    .collect();
                let mut expected = Vec::new();
                if *trust {
                    expected.push("ssl.ca.pem");
                }
                if *identity {
                    expected.extend(["ssl.certificate.pem", "ssl.key.pem"]);
                }
                assert_eq!(added, expected, "{given:?}");
                for (name, text) in [("ssl.ca.pem", ROOT), ("ssl.certificate.pem", CHAIN)] {
                    assert!(config.conf.get(name).is_none_or(|found| found == text), "{given:?}");
                }
                assert!(config.warnings.is_empty(), "{given:?}");
                assert!(!format!("{config:?}").contains("BEGIN"));
            }
            (Err(errors), Err((key, part))) => {
                assert_eq!(errors.len(), 1, "{errors:?}");
                assert_eq!(errors[0].key, format!("admin.override.{key}"), "{given:?}");
                assert!(errors[0].message.contains(part), "{errors:?}");
                assert!(!errors[0].message.contains("s3cret"));
            }
            (found, _) => panic!("{given:?}: {found:?}"),
        }
    }
    for given in [("ssl.enabled.protocols", "TLSv1.2"), ("ssl.protocol", "TLSv1.1")] {
        let config = with_tls(&[given]).unwrap();
        assert_eq!(config.warnings.len(), 1);
    }
    // Without TLS they are of no use, in Java as well.
    assert!(connector_client(Client::Admin, &[("ssl.keystore.location", "/k")]).is_ok());
}

#[test]
fn what_is_at_fault_is_named_as_the_user_wrote_it() {
    let keys = |given: &[(&str, &str)]| connector_client(Client::Producer, given).unwrap().security;
    let plain = keys(&[]);
    assert!(plain.trust().contains("ssl.truststore.location is not given"));
    let given = [
        ("security.protocol", "SSL"),
        ("ssl.truststore.type", "PEM"),
        ("ssl.truststore.certificates", ROOT),
        ("ssl.keystore.location", "/k"),
        ("ssl.keystore.password", "s3cret"),
    ];
    let keys = keys(&given);
    assert!(keys.trust().ends_with("by producer.override.ssl.truststore.certificates"));
    assert!(keys.identity().ends_with("of producer.override.ssl.keystore.location"));
    assert!(keys.protocol().contains("producer.override.security.protocol"));
    assert!(!format!("{keys:?}").contains("s3cret"));
}
