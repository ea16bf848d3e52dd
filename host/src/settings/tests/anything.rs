//! Whatever stands in configs: problems by key or settings, never a panic.

use proptest::prelude::*;

use crate::settings::Props;
use crate::settings::clients::{Client, ClientIds, client_config};
use crate::settings::connector::{ConnectorConfig, Kind, validate};
use crate::settings::definitions::common;
use crate::settings::patterns::TopicPattern;
use crate::settings::worker::{WorkerConfig, keys};

/// Names of Java's client settings that are more than carried over.
const CLIENT_KEYS: [&str; 16] = [
    "security.protocol",
    "sasl.mechanism",
    "sasl.jaas.config",
    "ssl.truststore.location",
    "ssl.truststore.type",
    "ssl.truststore.certificates",
    "ssl.keystore.type",
    "ssl.keystore.key",
    "ssl.endpoint.identification.algorithm",
    "ssl.enabled.protocols",
    "bootstrap.servers",
    "acks",
    "linger.ms",
    "max.poll.records",
    "partition.assignment.strategy",
    "enable.idempotence",
];

fn name() -> impl Strategy<Value = String> {
    let mut known: Vec<String> = keys::definitions().iter().map(|d| d.name.clone()).collect();
    for kind in [Kind::Source, Kind::Sink] {
        known.extend(common::connector(kind).iter().map(|d| d.name.clone()));
    }
    for key in CLIENT_KEYS {
        known.push(key.to_owned());
        for prefix in ["producer.", "consumer.", "admin.", "producer.override.", "consumer.override."] {
            known.push(format!("{prefix}{key}"));
        }
    }
    prop_oneof![8 => prop::sample::select(known), 1 => "[a-z.]{0,20}", 1 => "\\PC{0,10}"]
}

fn value() -> impl Strategy<Value = String> {
    let known = [
        "",
        "0",
        "-1",
        "1",
        "99999999999999999999",
        "true",
        "all",
        "none",
        "SASL_SSL",
        "PLAIN",
        "SCRAM-SHA-512",
        "PEM",
        "http://[::1]:8083",
        "https://:1",
        "a:1,b:2",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password='p';",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,30}",
        1 => "[a-zA-Z0-9:/\\[\\],.=\"'; \\\\$()*+-]{0,40}",
    ]
}

fn props() -> impl Strategy<Value = Props> {
    prop::collection::btree_map(name(), value(), 0..12)
}

proptest! {
    #[test]
    fn no_config_makes_its_reader_panic(worker in props(), connector in props()) {
        let _ = WorkerConfig::parse(&worker);
        for kind in [Kind::Source, Kind::Sink] {
            let _ = ConnectorConfig::parse("c", kind, &connector);
            let _ = validate(kind, &connector).problems();
        }
        let ids = ClientIds { client_id: "c".to_owned(), group_id: Some("g".to_owned()) };
        for client in Client::ALL {
            let _ = client_config(client, &worker, None, &ids);
            let _ = client_config(client, &worker, Some(&connector), &ids);
        }
    }

    #[test]
    fn no_jaas_config_makes_its_reader_panic_or_shows_in_an_error(
        rest in "[a-zA-Z ='\";\\\\*/.]{0,40}", secret in "[A-Z]{12}"
    ) {
        let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
        let worker: Props = [
            ("security.protocol", "SASL_PLAINTEXT".to_owned()),
            ("sasl.mechanism", "PLAIN".to_owned()),
            ("sasl.jaas.config", format!("{module} required password=\"{secret}\" {rest}")),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        let ids = ClientIds { client_id: "c".to_owned(), group_id: None };
        if let Err(problems) = client_config(Client::Producer, &worker, None, &ids) {
            let told = format!("{problems:?}");
            prop_assert!(!told.contains(&secret), "{}", told);
        }
    }

    #[test]
    fn no_pattern_makes_its_reader_panic(
        pattern in prop_oneof!["\\PC{0,20}", "[a-c\\\\QEpZh{}\\[\\]()?*+|^$&,1.:=!<>-]{0,24}"], name in "[a-c.]{0,12}"
    ) {
        if let Ok(pattern) = TopicPattern::new(&pattern) {
            pattern.matches(&name);
        }
    }

    #[test]
    fn a_quoted_name_matches_itself_alone(name in "[a-zA-Z0-9._-]{1,20}", other in "[a-zA-Z0-9._-]{1,20}") {
        let pattern = TopicPattern::new(&format!("\\Q{name}\\E")).unwrap();
        prop_assert!(pattern.matches(&name));
        prop_assert_eq!(pattern.matches(&other), name == other);
    }
}
