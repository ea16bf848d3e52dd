//! Layers, defaults, policies, security, and what hangs together.

use super::*;
use crate::settings::keystores;

pub(super) fn props(entries: &[(&str, &str)]) -> Props {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn ids(client: Client) -> ClientIds {
    match client {
        Client::Producer => ClientIds::source_producer("c", 0),
        Client::Consumer => ClientIds::sink_consumer("c", 0),
        Client::Admin => ClientIds::task_admin("c", 0),
    }
}

/// A client of a connector with these overrides.
pub(super) fn connector_client(
    client: Client,
    overrides: &[(&str, &str)],
) -> Result<ClientConfig, Vec<Problem>> {
    let prefixed =
        |(key, value): &(&str, &str)| (format!("{}{key}", client.override_prefix()), (*value).to_owned());
    let connector: Props = overrides.iter().map(prefixed).collect();
    client_config(client, &Props::new(), Some(&connector), &ids(client))
}

/// The settings that the tests of this file cover.
pub(super) fn translated() -> Vec<&'static str> {
    let security = [SASL_SETTINGS, ssl::tests::SETTINGS, &keystores::SETTINGS].concat();
    let single =
        ["compression.gzip.level", "compression.lz4.level", "compression.zstd.level", "max.poll.records"];
    security.into_iter().chain(single).collect()
}

#[test]
fn consumers_that_share_a_group_hear_soon_of_each_other() {
    let heartbeat = |given: &[(&str, &str)]| {
        let mut config = connector_client(Client::Consumer, given).unwrap();
        config.one_of_several();
        config.conf.get("heartbeat.interval.ms").cloned()
    };
    assert_eq!(heartbeat(&[]).as_deref(), Some("250"));
    let table = [
        ("heartbeat.interval.ms", "3000", Some("3000")),
        // The broker says.
        ("group.protocol", "consumer", None),
        ("session.timeout.ms", "600", Some("200")),
    ];
    for (name, value, expected) in table {
        assert_eq!(heartbeat(&[(name, value)]).as_deref(), expected, "{name}={value}");
    }
}

#[test]
fn connects_defaults_hold_where_the_user_set_nothing() {
    let common = [
        ("allow.auto.create.topics", "true"),
        ("bootstrap.servers", "localhost:9092"),
        ("log.connection.close", "false"),
        ("reconnect.backoff.max.ms", "1000"),
        ("reconnect.backoff.ms", "50"),
        ("socket.keepalive.enable", "true"),
        ("statistics.interval.ms", "0"),
    ];
    let producer = [
        ("acks", "all"),
        ("batch.size", "262144"),
        ("client.id", "connector-producer-c-0"),
        ("enable.idempotence", "true"),
        ("linger.ms", "5"),
        ("max.in.flight.requests.per.connection", "5"),
        ("message.max.bytes", "1048576"),
        ("message.timeout.ms", "0"),
        ("partitioner", "murmur2_random"),
        ("queue.buffering.max.kbytes", "32768"),
        ("queue.buffering.max.messages", "100000"),
    ];
    let consumer = [
        ("auto.offset.reset", "earliest"),
        ("check.crcs", "true"),
        ("client.id", "connector-consumer-c-0"),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("enable.partition.eof", "false"),
        ("fetch.queue.backoff.ms", "10"),
        ("group.id", "connect-c"),
        ("isolation.level", "read_uncommitted"),
        ("partition.assignment.strategy", "range"),
        ("queued.max.messages.kbytes", "16384"),
        ("topic.metadata.refresh.interval.ms", "5000"),
    ];
    let admin = [("client.id", "connector-adminclient-c-0"), ("allow.auto.create.topics", "false")];
    let table =
        [(Client::Producer, &producer[..]), (Client::Consumer, &consumer[..]), (Client::Admin, &admin[..])];
    for (client, own) in table {
        let config = connector_client(client, &[]).unwrap();
        assert_eq!(config.conf, props(&[&common[..], own].concat()));
        assert_eq!((config.max_poll_records, config.warnings.len()), (None, 0));
    }
    let ids = ClientIds::offsets(&Props::new());
    let own = client_config(Client::Producer, &Props::new(), None, &ids).unwrap().conf;
    assert_eq!(own["enable.idempotence"], "false");
    assert_eq!(own["max.in.flight.requests.per.connection"], "1");
    assert_eq!(own["client.id"], "connect-offsets");
    let own = client_config(Client::Consumer, &Props::new(), None, &ids).unwrap().conf;
    assert_eq!(own["group.id"], "connect-offsets");
}

#[test]
fn brokers_of_a_clients_own_are_addresses() {
    for good in ["a:1", "a:1, b:2", "[::1]:9092", "PLAINTEXT://a:1"] {
        assert!(connector_client(Client::Producer, &[("bootstrap.servers", good)]).is_ok(), "{good}");
    }
    for bad in ["x", "a:1,b", "a:", ":1", "a:99999"] {
        let problems = connector_client(Client::Consumer, &[("bootstrap.servers", bad)]).unwrap_err();
        assert_eq!(problems[0].key, "consumer.override.bootstrap.servers", "{bad}");
        assert!(problems[0].message.starts_with("Invalid url in bootstrap.servers: "), "{problems:?}");
    }
}

#[test]
fn later_layers_win() {
    let worker = props(&[
        ("bootstrap.servers", "plain:1"),
        ("client.id", "worker"),
        ("group.id", "worker"),
        ("linger.ms", "1"),
        ("retry.backoff.ms", "101"),
        ("producer.linger.ms", "2"),
        ("producer.batch.size", "3"),
        ("admin.retry.backoff.ms", "102"),
        ("consumer.group.id", "of-worker"),
    ]);
    let connector = props(&[
        ("producer.override.batch.size", "4"),
        ("producer.override.bootstrap.servers", "own:1"),
        ("consumer.override.group.id", "own"),
        ("admin.override.client.id", "own"),
    ]);
    let ids_of = ids;
    let conf = |client, connector| client_config(client, &worker, connector, &ids_of(client)).unwrap().conf;
    let table = [
        (Client::Producer, None, "linger.ms", "1"),
        (Client::Producer, None, "bootstrap.servers", "plain:1"),
        (Client::Producer, None, "batch.size", "262144"),
        (Client::Producer, None, "client.id", "connector-producer-c-0"),
        (Client::Producer, Some(&connector), "linger.ms", "2"),
        (Client::Producer, Some(&connector), "batch.size", "4"),
        (Client::Producer, Some(&connector), "bootstrap.servers", "own:1"),
        (Client::Consumer, Some(&connector), "bootstrap.servers", "plain:1"),
        (Client::Consumer, Some(&connector), "group.id", "own"),
        (Client::Consumer, Some(&Props::new()), "group.id", "of-worker"),
        (Client::Consumer, None, "group.id", "connect-c"),
        (Client::Admin, Some(&Props::new()), "retry.backoff.ms", "102"),
        (Client::Admin, None, "retry.backoff.ms", "101"),
        (Client::Admin, Some(&connector), "client.id", "own"),
    ];
    for (client, connector, name, expected) in table {
        assert_eq!(conf(client, connector)[name], expected, "{client:?} {name}");
    }
    assert!(!conf(Client::Producer, Some(&connector)).contains_key("retry.backoff.ms"));
}

#[test]
fn overrides_need_the_policys_leave() {
    let connector =
        props(&[("producer.override.acks", "1"), ("producer.override.security.protocol", "PLAINTEXT")]);
    let errors = |policy| {
        let worker = props(&[("connector.client.config.override.policy", policy)]);
        client_config(Client::Producer, &worker, Some(&connector), &ids(Client::Producer))
            .map_or_else(|problems| problems.into_iter().map(|problem| problem.key).collect(), |_| Vec::new())
    };
    assert!(errors("All").is_empty());
    assert_eq!(errors("Principal"), ["producer.override.acks"]);
    assert_eq!(errors("None").len(), 2);
    assert_eq!(errors("NoSuchPolicy").len(), 2);
}

#[test]
fn warnings_about_the_worker_come_from_its_check_and_once() {
    let worker = props(&[
        ("producer.max.block.ms", "1"),
        ("linger.ms", "abc"),
        ("consumer.session.timeout.ms", "x"),
        ("consumer.fetch.max.wait.ms", "999999"),
        ("metric.reporters", "x"),
    ]);
    let (errors, warnings) = check_worker(&worker);
    let keys = |problems: &[Problem]| problems.iter().map(|problem| problem.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&errors), ["consumer.session.timeout.ms", "linger.ms"]);
    assert_eq!(keys(&warnings), ["producer.max.block.ms"]);
    let worker = props(&[("producer.max.block.ms", "1")]);
    let connector = props(&[("producer.override.max.block.ms", "1")]);
    let warned = |connector: &Props| {
        keys(
            &client_config(Client::Producer, &worker, Some(connector), &ids(Client::Producer))
                .unwrap()
                .warnings,
        )
    };
    assert_eq!(warned(&Props::new()), Vec::<String>::new());
    assert_eq!(warned(&connector), ["producer.override.max.block.ms"]);
}

#[test]
fn what_hangs_together_is_checked_together() {
    type Case<'a> = (Client, &'a [(&'a str, &'a str)], &'a str, &'a str);
    let table: &[Case<'_>] = &[
        (Client::Producer, &[("enable.idempotence", "true"), ("acks", "1")], "acks", "must be all"),
        (Client::Producer, &[("enable.idempotence", "true"), ("retries", "0")], "retries", "must be above 0"),
        (
            Client::Producer,
            &[("enable.idempotence", "true"), ("max.in.flight.requests.per.connection", "6")],
            "max.in.flight.requests.per.connection",
            "must be at most 5",
        ),
        (
            Client::Producer,
            &[("reconnect.backoff.ms", "900"), ("reconnect.backoff.max.ms", "800")],
            "reconnect.backoff.max.ms",
            "must be at least reconnect.backoff.ms, which is 900",
        ),
        (
            Client::Consumer,
            &[("group.protocol", "consumer"), ("session.timeout.ms", "6000")],
            "session.timeout.ms",
            "cannot be set when group.protocol=CONSUMER",
        ),
    ];
    for (client, given, key, part) in table {
        let errors = connector_client(*client, given).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].key, format!("{}{key}", client.override_prefix()));
        assert!(errors[0].message.contains(part), "{errors:?}");
    }
    let conf = connector_client(Client::Consumer, &[("group.protocol", "consumer")]).unwrap().conf;
    assert!(!conf.contains_key("partition.assignment.strategy"));
    let given = [("session.timeout.ms", "30000"), ("max.poll.interval.ms", "20000")];
    let config = connector_client(Client::Consumer, &given).unwrap();
    assert_eq!(config.conf["session.timeout.ms"], "20000");
    assert_eq!(config.warnings[0].key, "consumer.override.session.timeout.ms");
    let given = [("enable.idempotence", "false"), ("max.in.flight.requests.per.connection", "4")];
    let conf = connector_client(Client::Producer, &given).unwrap().conf;
    assert_eq!(conf["max.in.flight.requests.per.connection"], "4");
    let polled = connector_client(Client::Consumer, &[("max.poll.records", "500")]).unwrap();
    assert_eq!(polled.max_poll_records, Some(500));
}

#[test]
fn the_level_of_the_codec_in_use_counts() {
    let table: &[(&str, &str, &str, Option<&str>)] = &[
        ("gzip", "gzip", "9", Some("9")),
        ("gzip", "gzip", "-1", Some("-1")),
        ("lz4", "lz4", "17", Some("12")),
        ("zstd", "zstd", "-5", Some("1")),
        ("zstd", "gzip", "3", None),
        ("none", "gzip", "3", None),
    ];
    for (codec, of, level, expected) in table {
        let key = format!("compression.{of}.level");
        let config =
            connector_client(Client::Producer, &[("compression.type", codec), (&key, level)]).unwrap();
        assert_eq!(
            config.conf.get("compression.level").map(String::as_str),
            *expected,
            "{codec} {key}={level}"
        );
    }
}

const SASL_SETTINGS: &[&str] = &[
    "sasl.mechanism",
    "sasl.jaas.config",
    "sasl.login.callback.handler.class",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.oauthbearer.client.credentials.client.id",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.scope",
    "sasl.oauthbearer.header.urlencode",
    "sasl.oauthbearer.sub.claim.name",
    "sasl.oauthbearer.scope.claim.name",
    "sasl.login.connect.timeout.ms",
    "sasl.login.read.timeout.ms",
    "sasl.login.retry.backoff.ms",
    "sasl.login.retry.backoff.max.ms",
];
const JAAS: &str =
    r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="s3cret";"#;

#[test]
fn logging_in_takes_user_and_password() {
    let given =
        [("security.protocol", "SASL_SSL"), ("sasl.mechanism", "SCRAM-SHA-512"), ("sasl.jaas.config", JAAS)];
    let config = connector_client(Client::Producer, &given).unwrap();
    let expected = [
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", "u"),
        ("sasl.password", "s3cret"),
    ];
    expected.iter().for_each(|(name, value)| assert_eq!(config.conf[*name], *value));
    assert!(!format!("{config:?}").contains("s3cret"));
    // Without SASL they are of no use, in Java as well.
    assert!(!connector_client(Client::Producer, &given[1..]).unwrap().conf.contains_key("sasl.password"));
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("security.protocol", "SASL_SSL")], "sasl.mechanism"),
        (&[("security.protocol", "SASL_SSL"), ("sasl.mechanism", "GSSAPI")], "sasl.mechanism"),
        (&[("security.protocol", "SASL_SSL"), ("sasl.mechanism", "OAUTHBEARER")], "sasl.jaas.config"),
        (&[("security.protocol", "SASL_SSL"), ("sasl.mechanism", "PLAIN")], "sasl.jaas.config"),
        (
            &[("security.protocol", "SASL_SSL"), ("sasl.mechanism", "PLAIN"), ("sasl.jaas.config", JAAS)],
            "sasl.jaas.config",
        ),
    ];
    for (given, key) in table {
        let errors = connector_client(Client::Producer, given).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].key, format!("producer.override.{key}"));
        assert!(!errors[0].message.contains("s3cret"), "{errors:?}");
    }
}
