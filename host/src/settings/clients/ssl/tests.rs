//! Stores of each type: carried over, or refused by name without their passwords.

use super::super::tests::{connector_client, props};
use super::super::{Client, ClientConfig};
use crate::settings::{Problem, Props};

/// The settings that these tests cover.
pub(in super::super) const SETTINGS: &[&str] = &[
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
    "ssl.enabled.protocols",
    "ssl.protocol",
];

/// Settings, and what comes of them: librdkafka's, or the key that is refused.
type Case = (Pairs, Result<Pairs, &'static str>);
type Pairs = &'static [(&'static str, &'static str)];

const CASES: &[Case] = &[
    (&[], Ok(&[])),
    (
        &[("ssl.truststore.type", "PEM"), ("ssl.truststore.location", "/ca.pem")],
        Ok(&[("ssl.ca.location", "/ca.pem")]),
    ),
    (&[("ssl.truststore.type", "PEM"), ("ssl.truststore.certificates", "CA")], Ok(&[("ssl.ca.pem", "CA")])),
    (&[("ssl.truststore.location", "/ca.jks")], Err("ssl.truststore.location")),
    (&[("ssl.truststore.type", "JKS"), ("ssl.truststore.location", "/ca")], Err("ssl.truststore.type")),
    (&[("ssl.truststore.type", "PKCS12"), ("ssl.truststore.location", "/ca")], Err("ssl.truststore.type")),
    (&[("ssl.truststore.certificates", "CA")], Err("ssl.truststore.type")),
    (
        &[
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", "/a"),
            ("ssl.truststore.password", "s3cret"),
        ],
        Err("ssl.truststore.password"),
    ),
    (
        &[
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", "/a"),
            ("ssl.truststore.certificates", "CA"),
        ],
        Err("ssl.truststore.location"),
    ),
    (
        &[
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.key", "K"),
            ("ssl.keystore.certificate.chain", "C"),
            ("ssl.key.password", "s3cret"),
        ],
        Ok(&[("ssl.key.pem", "K"), ("ssl.certificate.pem", "C"), ("ssl.key.password", "s3cret")]),
    ),
    (
        &[("ssl.keystore.type", "pem"), ("ssl.keystore.location", "/k")],
        Ok(&[("ssl.key.location", "/k"), ("ssl.certificate.location", "/k")]),
    ),
    (
        &[
            ("ssl.keystore.type", "PKCS12"),
            ("ssl.keystore.location", "/k"),
            ("ssl.keystore.password", "s3cret"),
        ],
        Ok(&[("ssl.keystore.location", "/k"), ("ssl.keystore.password", "s3cret")]),
    ),
    (&[("ssl.keystore.type", "PKCS12"), ("ssl.keystore.location", "/k")], Err("ssl.keystore.password")),
    (
        &[
            ("ssl.keystore.type", "PKCS12"),
            ("ssl.keystore.location", "/k"),
            ("ssl.keystore.password", "s3cret"),
            ("ssl.key.password", "other"),
        ],
        Err("ssl.key.password"),
    ),
    (&[("ssl.keystore.location", "/k.jks")], Err("ssl.keystore.location")),
    (&[("ssl.keystore.type", "JKS"), ("ssl.keystore.location", "/k.jks")], Err("ssl.keystore.type")),
    (&[("ssl.keystore.key", "K"), ("ssl.keystore.certificate.chain", "C")], Err("ssl.keystore.type")),
    (&[("ssl.keystore.type", "PEM"), ("ssl.keystore.key", "K")], Err("ssl.keystore.certificate.chain")),
    (&[("ssl.keystore.type", "PEM"), ("ssl.keystore.certificate.chain", "C")], Err("ssl.keystore.key")),
    (
        &[("ssl.keystore.type", "PEM"), ("ssl.keystore.location", "/k"), ("ssl.keystore.key", "K")],
        Err("ssl.keystore.location"),
    ),
    (&[("ssl.enabled.protocols", "TLSv1.3,TLSv1.2"), ("ssl.protocol", "TLSv1.3")], Ok(&[])),
    (&[("ssl.enabled.protocols", "TLSv1.3")], Err("ssl.enabled.protocols")),
];

fn with_tls(given: &[(&str, &str)]) -> Result<ClientConfig, Vec<Problem>> {
    connector_client(Client::Admin, &[&[("security.protocol", "SSL")][..], given].concat())
}

#[test]
fn stores_are_carried_over_or_refused_by_name() {
    let plain = with_tls(&[]).unwrap().conf;
    for (given, expected) in CASES {
        match (with_tls(given), expected) {
            (Ok(config), Ok(expected)) => {
                let added = config.conf.iter().filter(|(name, _)| !plain.contains_key(*name));
                let added: Props = added.map(|(name, value)| (name.clone(), value.clone())).collect();
                assert_eq!(added, props(expected), "{given:?}");
                assert!(config.warnings.is_empty(), "{given:?}");
                assert!(!format!("{config:?}").contains("s3cret"));
            }
            (Err(errors), Err(key)) => {
                assert_eq!(errors.len(), 1, "{errors:?}");
                assert_eq!(errors[0].key, format!("admin.override.{key}"), "{given:?}");
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
