//! Each row of the table, and the keys that `adjust`, `ssl` and `sasl` take over.

use std::collections::BTreeSet;

use super::super::tests::{connector_client, translated};
use super::*;

/// Client, Java's name, a value, and what comes of it: `name=value` of librdkafka.
const CARRIED: &[(Client, &str, &str, &[&str])] = &[
    (Client::Admin, "bootstrap.servers", "h:1,i:2", &["bootstrap.servers=h:1,i:2"]),
    (Client::Admin, "client.id", "me", &["client.id=me"]),
    (Client::Consumer, "client.rack", "r", &["client.rack=r"]),
    (
        Client::Producer,
        "client.dns.lookup",
        "resolve_canonical_bootstrap_servers_only",
        &["client.dns.lookup=resolve_canonical_bootstrap_servers_only"],
    ),
    (Client::Consumer, "metadata.max.age.ms", "5000", &["topic.metadata.refresh.interval.ms=5000"]),
    (Client::Admin, "metadata.recovery.strategy", "NONE", &["metadata.recovery.strategy=none"]),
    (
        Client::Admin,
        "metadata.recovery.rebootstrap.trigger.ms",
        "7",
        &["metadata.recovery.rebootstrap.trigger.ms=7"],
    ),
    (Client::Producer, "send.buffer.bytes", "131072", &["socket.send.buffer.bytes=131072"]),
    (Client::Producer, "send.buffer.bytes", "-1", &["socket.send.buffer.bytes=0"]),
    (Client::Consumer, "receive.buffer.bytes", "65536", &["socket.receive.buffer.bytes=65536"]),
    (Client::Consumer, "receive.buffer.bytes", "-1", &["socket.receive.buffer.bytes=0"]),
    (
        Client::Admin,
        "reconnect.backoff.ms",
        "5000",
        &["reconnect.backoff.ms=5000", "reconnect.backoff.max.ms=5000"],
    ),
    (Client::Admin, "reconnect.backoff.max.ms", "9000", &["reconnect.backoff.max.ms=9000"]),
    (Client::Producer, "retry.backoff.ms", "200", &["retry.backoff.ms=200"]),
    (Client::Producer, "retry.backoff.ms", "3000", &["retry.backoff.ms=3000", "retry.backoff.max.ms=3000"]),
    (Client::Producer, "retry.backoff.max.ms", "2000", &["retry.backoff.max.ms=2000"]),
    (
        Client::Producer,
        "socket.connection.setup.timeout.ms",
        "10000",
        &["socket.connection.setup.timeout.ms=10000"],
    ),
    (Client::Admin, "connections.max.idle.ms", "540000", &["connections.max.idle.ms=540000"]),
    (Client::Admin, "connections.max.idle.ms", "-1", &["connections.max.idle.ms=0"]),
    (
        Client::Producer,
        "request.timeout.ms",
        "20000",
        &["request.timeout.ms=20000", "socket.timeout.ms=20000"],
    ),
    (Client::Consumer, "request.timeout.ms", "20000", &["socket.timeout.ms=20000"]),
    (Client::Admin, "security.protocol", "ssl", &["security.protocol=ssl"]),
    (Client::Admin, "security.protocol", "Plaintext", &["security.protocol=plaintext"]),
    (
        Client::Admin,
        "ssl.endpoint.identification.algorithm",
        "",
        &["ssl.endpoint.identification.algorithm=none"],
    ),
    (
        Client::Admin,
        "ssl.endpoint.identification.algorithm",
        "HTTPS",
        &["ssl.endpoint.identification.algorithm=https"],
    ),
    (Client::Consumer, "enable.metrics.push", "False", &["enable.metrics.push=false"]),
    (Client::Producer, "acks", "all", &["acks=all", "enable.idempotence=true"]),
    (Client::Producer, "acks", "-1", &["acks=all"]),
    (
        Client::Producer,
        "acks",
        "1",
        &["acks=1", "enable.idempotence=false", "max.in.flight.requests.per.connection=1"],
    ),
    (Client::Producer, "acks", "0", &["acks=0", "enable.idempotence=false"]),
    (Client::Producer, "enable.idempotence", "true", &["enable.idempotence=true"]),
    (
        Client::Producer,
        "enable.idempotence",
        "false",
        &["enable.idempotence=false", "max.in.flight.requests.per.connection=1"],
    ),
    (
        Client::Producer,
        "max.in.flight.requests.per.connection",
        "3",
        &["max.in.flight.requests.per.connection=3", "enable.idempotence=true"],
    ),
    (
        Client::Producer,
        "max.in.flight.requests.per.connection",
        "6",
        &["max.in.flight.requests.per.connection=6", "enable.idempotence=false"],
    ),
    (Client::Producer, "retries", "7", &["retries=7"]),
    (Client::Producer, "retries", "0", &["retries=0", "enable.idempotence=false"]),
    (Client::Producer, "batch.size", "16384", &["batch.size=16384"]),
    (Client::Producer, "batch.size", "0", &["batch.size=1"]),
    (Client::Producer, "linger.ms", "0", &["linger.ms=0"]),
    (Client::Producer, "buffer.memory", "67108864", &["queue.buffering.max.kbytes=65536"]),
    (Client::Producer, "buffer.memory", "1", &["queue.buffering.max.kbytes=1"]),
    (Client::Producer, "max.request.size", "5242880", &["message.max.bytes=5242880"]),
    (Client::Producer, "delivery.timeout.ms", "120000", &["message.timeout.ms=120000"]),
    (Client::Producer, "delivery.timeout.ms", "2147483647", &["message.timeout.ms=0"]),
    (Client::Producer, "compression.type", "zstd", &["compression.type=zstd"]),
    (Client::Producer, "partitioner.ignore.keys", "true", &["partitioner=random"]),
    (Client::Producer, "partitioner.ignore.keys", "false", &["partitioner=murmur2_random"]),
    (Client::Producer, "partitioner.class", "", &["partitioner=murmur2_random"]),
    (
        Client::Producer,
        "key.serializer",
        "org.apache.kafka.common.serialization.ByteArraySerializer",
        &["partitioner=murmur2_random"],
    ),
    (Client::Consumer, "group.id", "g", &["group.id=g"]),
    (Client::Consumer, "group.instance.id", "i", &["group.instance.id=i"]),
    (Client::Consumer, "group.protocol", "CLASSIC", &["group.protocol=classic"]),
    (Client::Consumer, "group.protocol", "consumer", &["group.protocol=consumer"]),
    (Client::Consumer, "group.remote.assignor", "uniform", &["group.remote.assignor=uniform"]),
    (Client::Consumer, "session.timeout.ms", "10000", &["session.timeout.ms=10000"]),
    (
        Client::Consumer,
        "session.timeout.ms",
        "2000",
        &["session.timeout.ms=2000", "heartbeat.interval.ms=666"],
    ),
    (Client::Consumer, "heartbeat.interval.ms", "1000", &["heartbeat.interval.ms=1000"]),
    (Client::Consumer, "max.poll.interval.ms", "600000", &["max.poll.interval.ms=600000"]),
    (
        Client::Consumer,
        "max.poll.interval.ms",
        "10000",
        &["max.poll.interval.ms=10000", "session.timeout.ms=10000"],
    ),
    (Client::Consumer, "auto.offset.reset", "latest", &["auto.offset.reset=latest"]),
    (Client::Consumer, "auto.offset.reset", "none", &["auto.offset.reset=error"]),
    (Client::Consumer, "enable.auto.commit", "false", &["enable.auto.commit=false"]),
    (Client::Consumer, "fetch.min.bytes", "9", &["fetch.min.bytes=9"]),
    (Client::Consumer, "fetch.max.bytes", "5000", &["fetch.max.bytes=5000", "message.max.bytes=5000"]),
    (Client::Consumer, "fetch.max.bytes", "52428800", &["fetch.max.bytes=52428800"]),
    (Client::Consumer, "fetch.max.wait.ms", "100", &["fetch.wait.max.ms=100"]),
    (Client::Consumer, "max.partition.fetch.bytes", "1", &["max.partition.fetch.bytes=1"]),
    (Client::Consumer, "isolation.level", "read_committed", &["isolation.level=read_committed"]),
    (Client::Consumer, "check.crcs", "false", &["check.crcs=false"]),
    (Client::Consumer, "allow.auto.create.topics", "false", &["allow.auto.create.topics=false"]),
    (Client::Consumer, "exclude.internal.topics", "true", &["isolation.level=read_uncommitted"]),
    (
        Client::Consumer,
        "value.deserializer",
        "org.apache.kafka.common.serialization.ByteArrayDeserializer",
        &["isolation.level=read_uncommitted"],
    ),
    (
        Client::Consumer,
        "partition.assignment.strategy",
        "org.apache.kafka.clients.consumer.RoundRobinAssignor, org.apache.kafka.clients.consumer.RangeAssignor",
        &["partition.assignment.strategy=roundrobin,range"],
    ),
    (
        Client::Consumer,
        "partition.assignment.strategy",
        "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
        &["partition.assignment.strategy=cooperative-sticky"],
    ),
    (
        Client::Consumer,
        "partition.assignment.strategy",
        "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
        &["partition.assignment.strategy=range"],
    ),
];

#[test]
fn settings_are_carried_over() {
    for (client, key, value, expected) in CARRIED {
        let config =
            connector_client(*client, &[(key, value)]).unwrap_or_else(|e| panic!("{key}={value}: {e:?}"));
        for pair in *expected {
            let (name, value) = pair.split_once('=').unwrap();
            assert_eq!(config.conf.get(name).map(String::as_str), Some(value), "{key}: {name}");
        }
    }
}

/// Client, Java's name, a value, and a part of the error.
const REFUSED: &[(Client, &str, &str, &str)] = &[
    (Client::Admin, "bootstrap.controllers", "h:1", "use bootstrap.servers"),
    (Client::Producer, "client.dns.lookup", "default", "String must be one of: use_all_dns_ips"),
    (Client::Producer, "linger.ms", "abc", "Invalid value abc for configuration linger.ms: Not a number"),
    (Client::Producer, "linger.ms", "-1", "Value must be at least 0"),
    (Client::Producer, "acks", "weird", "String must be one of: all, -1, 0, 1"),
    (Client::Producer, "compression.type", "brotli", "String must be one of: none, gzip"),
    (Client::Producer, "compression.gzip.level", "x", "Not a number"),
    (Client::Producer, "enable.idempotence", "yes", "Expected value to be either true or false"),
    (Client::Producer, "buffer.memory", "-5", "Value must be at least 0"),
    (Client::Producer, "buffer.memory", "x", "Not a number"),
    (Client::Producer, "request.timeout.ms", "x", "Not a number"),
    (Client::Producer, "request.timeout.ms", "-1", "Value must be at least 0"),
    (Client::Producer, "delivery.timeout.ms", "3", "must be above linger.ms"),
    (Client::Producer, "transactional.id", "t", "transactions are not supported"),
    (
        Client::Producer,
        "partitioner.class",
        "org.apache.kafka.clients.producer.RoundRobinPartitioner",
        "classes of",
    ),
    (Client::Producer, "partitioner.ignore.keys", "maybe", "either true or false"),
    (
        Client::Producer,
        "key.serializer",
        "org.apache.kafka.common.serialization.StringSerializer",
        "as bytes",
    ),
    (Client::Producer, "value.serializer", "x", "as bytes"),
    (Client::Consumer, "key.deserializer", "x", "as bytes"),
    (Client::Consumer, "value.deserializer", "x", "as bytes"),
    (Client::Consumer, "enable.auto.commit", "true", "would lose records"),
    (Client::Consumer, "exclude.internal.topics", "false", "name them in topics"),
    (Client::Consumer, "auto.offset.reset", "by_duration:PT1H", "no counterpart"),
    (Client::Consumer, "auto.offset.reset", "smallest", "String must be one of: earliest, latest, none"),
    (Client::Consumer, "max.poll.records", "0", "Value must be at least 1"),
    (Client::Consumer, "max.poll.records", "x", "Not a number"),
    (
        Client::Consumer,
        "heartbeat.interval.ms",
        "45000",
        "Heartbeat must be set lower than the session timeout",
    ),
    (Client::Consumer, "isolation.level", "READ_COMMITTED", "String must be one of"),
    (
        Client::Consumer,
        "partition.assignment.strategy",
        "org.apache.kafka.clients.consumer.StickyAssignor",
        "counterpart",
    ),
    (Client::Admin, "security.protocol", "TLS", "String must be one of: PLAINTEXT, SSL"),
    (Client::Admin, "ssl.endpoint.identification.algorithm", "x", "String must be one of"),
    (Client::Admin, "ssl.cipher.suites", "TLS_AES_128_GCM_SHA256", "let OpenSSL choose"),
    (Client::Admin, "ssl.engine.factory.class", "a.B", "classes of the JVM"),
    (Client::Admin, "sasl.login.class", "a.B", "classes of the JVM"),
    (Client::Admin, "sasl.login.callback.handler.class", "a.B", "classes of the JVM"),
    (Client::Admin, "sasl.client.callback.handler.class", "a.B", "classes of the JVM"),
    (Client::Admin, "sasl.oauthbearer.jwt.retriever.class", "a.B", "classes of the JVM"),
    (Client::Admin, "sasl.oauthbearer.assertion.file", "/a", "assertions are not supported"),
    (Client::Admin, "sasl.oauthbearer.assertion.template.file", "/a", "assertions are not supported"),
    (Client::Admin, "sasl.oauthbearer.assertion.private.key.file", "/a", "assertions are not supported"),
];

#[test]
fn settings_whose_loss_would_matter_are_refused() {
    for (client, key, value, part) in REFUSED {
        let errors = connector_client(*client, &[(key, value)]).unwrap_err();
        assert_eq!(errors.len(), 1, "{key}: {errors:?}");
        assert_eq!(errors[0].key, format!("{}{key}", client.override_prefix()));
        assert!(errors[0].message.contains(part), "{key}: {}", errors[0].message);
    }
}

#[test]
fn settings_without_counterpart_are_named() {
    let mut seen = 0;
    for row in ROWS.iter().filter(|row| matches!(row.rule, Rule::Warn(_))) {
        for client in row.clients {
            let config = connector_client(*client, &[(row.key, "1")]).unwrap();
            assert_eq!(config.warnings.len(), 1, "{}", row.key);
            assert_eq!(config.warnings[0].key, format!("{}{}", client.override_prefix(), row.key));
            assert_eq!(config.conf, connector_client(*client, &[]).unwrap().conf, "{}", row.key);
            seen += 1;
        }
    }
    assert!(seen > 60);
    let warned = |key| connector_client(Client::Producer, &[(key, "1")]).unwrap().warnings[0].message.clone();
    assert!(warned("linger.mss").contains("was linger.ms meant?"));
    assert!(warned("auto.offset.reset").ends_with("is not a setting of Kafka's producer and has no effect"));
    assert!(warned("metrics.context.a").contains("JVM"));
}

#[test]
fn numbers_beyond_librdkafkas_bounds_become_the_nearest_bound() {
    let table = [
        (Client::Consumer, "max.poll.interval.ms", "2147483647", "max.poll.interval.ms", "86400000"),
        (Client::Consumer, "metadata.max.age.ms", "0", "topic.metadata.refresh.interval.ms", "100"),
        (Client::Producer, "retry.backoff.ms", "0", "retry.backoff.ms", "1"),
        (Client::Producer, "linger.ms", "9000000", "linger.ms", "900000"),
        (Client::Producer, "request.timeout.ms", "600000", "socket.timeout.ms", "300000"),
        (Client::Producer, "max.request.size", "2147483647", "message.max.bytes", "1000000000"),
        (Client::Consumer, "fetch.max.bytes", "2147483647", "fetch.max.bytes", "2147483135"),
    ];
    for (client, key, value, name, expected) in table {
        let config = connector_client(client, &[(key, value)]).unwrap();
        assert_eq!(config.conf[name], expected, "{key}");
        assert_eq!(config.warnings.len(), 1, "{key}");
        assert!(config.warnings[0].message.contains(expected), "{:?}", config.warnings);
    }
}

#[test]
fn every_row_is_tested() {
    let mut tested: BTreeSet<&str> = CARRIED.iter().map(|row| row.1).collect();
    tested.extend(REFUSED.iter().map(|row| row.1));
    tested.extend(translated());
    let untested: Vec<_> = ROWS
        .iter()
        .filter(|row| !matches!(row.rule, Rule::Warn(_)) && !tested.contains(row.key))
        .map(|row| row.key)
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn a_setting_has_one_row_for_each_client() {
    for (at, row) in ROWS.iter().enumerate() {
        for other in &ROWS[..at] {
            let shared = row.clients.iter().any(|client| other.clients.contains(client));
            assert!(other.key != row.key || !shared, "{}", row.key);
        }
    }
}
