//! The rows of the table, with librdkafka's names and bounds. One row for a setting and the clients that have
//! it.

use super::super::Client::{self, Admin, Consumer, Producer};
use super::super::sasl::HANDLERS;
use super::Form::{Bool, Number, Text, Word};
use super::Rule::{Elsewhere, Only, Refuse, To, Warn};
use super::{Form, Row, Rule};

const ALL: &[Client] = &Client::ALL;
const P: &[Client] = &[Producer];
const C: &[Client] = &[Consumer];
const A: &[Client] = &[Admin];
const PC: &[Client] = &[Producer, Consumer];
const CA: &[Client] = &[Consumer, Admin];

const fn row(key: &'static str, clients: &'static [Client], rule: Rule) -> Row {
    Row { key, clients, rule }
}

const fn number(min: i64, max: i64) -> Form {
    Number { min, max, meaning: &[] }
}

const I32: i64 = i32::MAX as i64;
const HOUR: i64 = 3_600_000;

const JVM: &str = "has no effect: it is about the JVM; see /metrics for the metrics of this worker";
const JVM_TLS: &str = "has no effect: it is about the JVM's TLS";
const SERIALIZER: &str = "records reach the client as bytes; what they look like is for key.converter and \
                          value.converter to say, so only Kafka's ByteArray serializers and deserializers can be used";
const NO_LOGIN: &str = "classes of the JVM cannot be used to log in; use sasl.mechanism PLAIN, SCRAM or OAUTHBEARER \
                        with sasl.jaas.config";
const KERBEROS: &str = "has no effect: Kerberos (GSSAPI) is not supported";
const REFRESH: &str = "has no effect: librdkafka asks for tokens anew by a rule of its own";
const OF_BROKERS: &str = "has no effect: it is the broker's to check tokens";
const ASSERTION: &str = "assertions are not supported; give clientId and clientSecret in sasl.jaas.config";

/// Every setting of Kafka's producer, consumer and admin client.
pub(super) const ROWS: &[Row] = &[
    // Where the brokers are, and the way there.
    row("bootstrap.servers", ALL, To(&["bootstrap.servers"], Text)),
    row("bootstrap.controllers", A, Refuse("librdkafka talks to brokers only; use bootstrap.servers")),
    row("client.id", ALL, To(&["client.id"], Text)),
    row("client.rack", C, To(&["client.rack"], Text)),
    row(
        "client.dns.lookup",
        ALL,
        To(
            &["client.dns.lookup"],
            Word(
                false,
                &[
                    ("use_all_dns_ips", "use_all_dns_ips"),
                    ("resolve_canonical_bootstrap_servers_only", "resolve_canonical_bootstrap_servers_only"),
                ],
            ),
        ),
    ),
    row("metadata.max.age.ms", ALL, To(&["topic.metadata.refresh.interval.ms"], number(100, HOUR))),
    row(
        "metadata.max.idle.ms",
        P,
        Warn("has no effect: librdkafka forgets unused topics by a rule of its own"),
    ),
    row(
        "metadata.recovery.strategy",
        ALL,
        To(&["metadata.recovery.strategy"], Word(true, &[("none", "none"), ("rebootstrap", "rebootstrap")])),
    ),
    row(
        "metadata.recovery.rebootstrap.trigger.ms",
        ALL,
        To(&["metadata.recovery.rebootstrap.trigger.ms"], number(0, I32)),
    ),
    row(
        "send.buffer.bytes",
        ALL,
        To(&["socket.send.buffer.bytes"], Number { min: 0, max: 100_000_000, meaning: &[(-1, 0)] }),
    ),
    row(
        "receive.buffer.bytes",
        ALL,
        To(&["socket.receive.buffer.bytes"], Number { min: 0, max: 100_000_000, meaning: &[(-1, 0)] }),
    ),
    row("reconnect.backoff.ms", ALL, To(&["reconnect.backoff.ms"], number(0, HOUR))),
    row("reconnect.backoff.max.ms", ALL, To(&["reconnect.backoff.max.ms"], number(0, HOUR))),
    row("retry.backoff.ms", ALL, To(&["retry.backoff.ms"], number(1, 300_000))),
    row("retry.backoff.max.ms", ALL, To(&["retry.backoff.max.ms"], number(1, 300_000))),
    row(
        "socket.connection.setup.timeout.ms",
        ALL,
        To(&["socket.connection.setup.timeout.ms"], number(1000, I32)),
    ),
    row(
        "socket.connection.setup.timeout.max.ms",
        ALL,
        Warn(
            "has no effect: in librdkafka the time for a connection does not grow; see \
              socket.connection.setup.timeout.ms",
        ),
    ),
    row(
        "connections.max.idle.ms",
        ALL,
        To(&["connections.max.idle.ms"], Number { min: 1, max: I32, meaning: &[(-1, 0)] }),
    ),
    row("request.timeout.ms", P, Elsewhere),
    row("request.timeout.ms", CA, To(&["socket.timeout.ms"], number(10, 300_000))),
    row("default.api.timeout.ms", CA, Warn("has no effect: each call of this worker has a limit of its own")),
    // Security.
    row(
        "security.protocol",
        ALL,
        To(
            &["security.protocol"],
            Word(
                true,
                &[
                    ("PLAINTEXT", "plaintext"),
                    ("SSL", "ssl"),
                    ("SASL_PLAINTEXT", "sasl_plaintext"),
                    ("SASL_SSL", "sasl_ssl"),
                ],
            ),
        ),
    ),
    row("security.providers", ALL, Warn(JVM_TLS)),
    row("sasl.mechanism", ALL, Elsewhere),
    row("sasl.jaas.config", ALL, Elsewhere),
    row("sasl.client.callback.handler.class", ALL, Refuse(NO_LOGIN)),
    row("sasl.login.class", ALL, Refuse(NO_LOGIN)),
    row("sasl.login.callback.handler.class", ALL, Only(HANDLERS, NO_LOGIN)),
    row("sasl.kerberos.service.name", ALL, Warn(KERBEROS)),
    row("sasl.kerberos.kinit.cmd", ALL, Warn(KERBEROS)),
    row("sasl.kerberos.ticket.renew.window.factor", ALL, Warn(KERBEROS)),
    row("sasl.kerberos.ticket.renew.jitter", ALL, Warn(KERBEROS)),
    row("sasl.kerberos.min.time.before.relogin", ALL, Warn(KERBEROS)),
    row("sasl.login.refresh.window.factor", ALL, Warn(REFRESH)),
    row("sasl.login.refresh.window.jitter", ALL, Warn(REFRESH)),
    row("sasl.login.refresh.min.period.seconds", ALL, Warn(REFRESH)),
    row("sasl.login.refresh.buffer.seconds", ALL, Warn(REFRESH)),
    row("sasl.login.connect.timeout.ms", ALL, Elsewhere),
    row("sasl.login.read.timeout.ms", ALL, Elsewhere),
    row("sasl.login.retry.backoff.ms", ALL, Elsewhere),
    row("sasl.login.retry.backoff.max.ms", ALL, Elsewhere),
    row("sasl.oauthbearer.token.endpoint.url", ALL, Elsewhere),
    row("sasl.oauthbearer.client.credentials.client.id", ALL, Elsewhere),
    row("sasl.oauthbearer.client.credentials.client.secret", ALL, Elsewhere),
    row("sasl.oauthbearer.scope", ALL, Elsewhere),
    row(
        "sasl.oauthbearer.jwt.retriever.class",
        ALL,
        Only(
            &[
                "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
                "org.apache.kafka.common.security.oauthbearer.ClientCredentialsJwtRetriever",
            ],
            NO_LOGIN,
        ),
    ),
    row("sasl.oauthbearer.jwt.validator.class", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.assertion.file", ALL, Refuse(ASSERTION)),
    row("sasl.oauthbearer.assertion.template.file", ALL, Refuse(ASSERTION)),
    row("sasl.oauthbearer.assertion.private.key.file", ALL, Refuse(ASSERTION)),
    row("sasl.oauthbearer.scope.claim.name", ALL, Elsewhere),
    row("sasl.oauthbearer.sub.claim.name", ALL, Elsewhere),
    row("sasl.oauthbearer.jwks.endpoint.url", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.jwks.endpoint.refresh.ms", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.clock.skew.seconds", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.expected.audience", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.expected.issuer", ALL, Warn(OF_BROKERS)),
    row("sasl.oauthbearer.header.urlencode", ALL, Elsewhere),
    row("ssl.keystore.type", ALL, Elsewhere),
    row("ssl.keystore.location", ALL, Elsewhere),
    row("ssl.keystore.password", ALL, Elsewhere),
    row("ssl.keystore.key", ALL, Elsewhere),
    row("ssl.keystore.certificate.chain", ALL, Elsewhere),
    row("ssl.key.password", ALL, Elsewhere),
    row("ssl.truststore.type", ALL, Elsewhere),
    row("ssl.truststore.location", ALL, Elsewhere),
    row("ssl.truststore.password", ALL, Elsewhere),
    row("ssl.truststore.certificates", ALL, Elsewhere),
    row("ssl.enabled.protocols", ALL, Elsewhere),
    row("ssl.protocol", ALL, Elsewhere),
    row(
        "ssl.endpoint.identification.algorithm",
        ALL,
        To(&["ssl.endpoint.identification.algorithm"], Word(true, &[("https", "https"), ("", "none")])),
    ),
    row(
        "ssl.cipher.suites",
        ALL,
        Only(
            &[""],
            "the JVM's names of cipher suites have no counterpart; remove the key to let OpenSSL choose",
        ),
    ),
    row("ssl.engine.factory.class", ALL, Refuse("classes of the JVM cannot be used; remove the key")),
    row("ssl.provider", ALL, Warn(JVM_TLS)),
    row("ssl.keymanager.algorithm", ALL, Warn(JVM_TLS)),
    row("ssl.trustmanager.algorithm", ALL, Warn(JVM_TLS)),
    row("ssl.secure.random.implementation", ALL, Warn(JVM_TLS)),
    // What is measured, and what watches.
    row("enable.metrics.push", ALL, To(&["enable.metrics.push"], Bool)),
    row("metric.reporters", ALL, Warn(JVM)),
    row("auto.include.jmx.reporter", ALL, Warn(JVM)),
    row("metrics.num.samples", ALL, Warn(JVM)),
    row("metrics.sample.window.ms", ALL, Warn(JVM)),
    row("metrics.recording.level", ALL, Warn(JVM)),
    row("interceptor.classes", PC, Warn("has no effect: interceptors are classes of the JVM")),
    // Producer.
    row("acks", P, To(&["acks"], Word(false, &[("all", "all"), ("-1", "all"), ("0", "0"), ("1", "1")]))),
    row("enable.idempotence", P, To(&["enable.idempotence"], Bool)),
    row(
        "max.in.flight.requests.per.connection",
        P,
        To(&["max.in.flight.requests.per.connection"], number(1, 1_000_000)),
    ),
    row("retries", P, To(&["retries"], number(0, I32))),
    row("retries", A, Warn("has no effect: librdkafka tries admin requests again until their time is over")),
    row("batch.size", P, To(&["batch.size"], Number { min: 1, max: I32, meaning: &[(0, 1)] })),
    row("linger.ms", P, To(&["linger.ms"], number(0, 900_000))),
    row("buffer.memory", P, Elsewhere),
    row("max.block.ms", P, Warn("has no effect: a task waits as long as needed for room in the queue")),
    row("max.request.size", P, To(&["message.max.bytes"], number(1000, 1_000_000_000))),
    row(
        "delivery.timeout.ms",
        P,
        To(&["message.timeout.ms"], Number { min: 1, max: I32, meaning: &[(I32, 0)] }),
    ),
    row(
        "compression.type",
        P,
        To(
            &["compression.type"],
            Word(
                false,
                &[("none", "none"), ("gzip", "gzip"), ("snappy", "snappy"), ("lz4", "lz4"), ("zstd", "zstd")],
            ),
        ),
    ),
    row("compression.gzip.level", P, Elsewhere),
    row("compression.lz4.level", P, Elsewhere),
    row("compression.zstd.level", P, Elsewhere),
    row("partitioner.class", P, Elsewhere),
    row("partitioner.ignore.keys", P, Elsewhere),
    row(
        "partitioner.adaptive.partitioning.enable",
        P,
        Warn("has no effect: librdkafka does not weigh partitions by the speed of their brokers"),
    ),
    row(
        "partitioner.availability.timeout.ms",
        P,
        Warn("has no effect: librdkafka does not weigh partitions by the speed of their brokers"),
    ),
    row("transactional.id", P, Refuse("transactions are not supported by this version; remove the key")),
    row("transaction.timeout.ms", P, Warn("has no effect without transactions")),
    row("transaction.two.phase.commit.enable", P, Warn("has no effect without transactions")),
    row(
        "key.serializer",
        P,
        Only(&["org.apache.kafka.common.serialization.ByteArraySerializer"], SERIALIZER),
    ),
    row(
        "value.serializer",
        P,
        Only(&["org.apache.kafka.common.serialization.ByteArraySerializer"], SERIALIZER),
    ),
    // Consumer.
    row("group.id", C, To(&["group.id"], Text)),
    row("group.instance.id", C, To(&["group.instance.id"], Text)),
    row(
        "group.protocol",
        C,
        To(&["group.protocol"], Word(true, &[("classic", "classic"), ("consumer", "consumer")])),
    ),
    row("group.remote.assignor", C, To(&["group.remote.assignor"], Text)),
    row("partition.assignment.strategy", C, Elsewhere),
    row("session.timeout.ms", C, To(&["session.timeout.ms"], number(1, HOUR))),
    row("heartbeat.interval.ms", C, To(&["heartbeat.interval.ms"], number(1, HOUR))),
    row("max.poll.interval.ms", C, To(&["max.poll.interval.ms"], number(1, 86_400_000))),
    row("max.poll.records", C, Elsewhere),
    row("auto.offset.reset", C, Elsewhere),
    row(
        "enable.auto.commit",
        C,
        Only(
            &["false"],
            "offsets are committed after put has returned; a consumer that commits by itself would lose \
                          records",
        ),
    ),
    row("auto.commit.interval.ms", C, Warn("has no effect: see offset.flush.interval.ms of the worker")),
    row("fetch.min.bytes", C, To(&["fetch.min.bytes"], number(1, 100_000_000))),
    row("fetch.max.bytes", C, To(&["fetch.max.bytes"], number(1000, 2_147_483_135))),
    row("fetch.max.wait.ms", C, To(&["fetch.wait.max.ms"], number(0, 300_000))),
    row("max.partition.fetch.bytes", C, To(&["max.partition.fetch.bytes"], number(1, 1_000_000_000))),
    row(
        "isolation.level",
        C,
        To(
            &["isolation.level"],
            Word(false, &[("read_uncommitted", "read_uncommitted"), ("read_committed", "read_committed")]),
        ),
    ),
    row("check.crcs", C, To(&["check.crcs"], Bool)),
    row("allow.auto.create.topics", C, To(&["allow.auto.create.topics"], Bool)),
    row(
        "exclude.internal.topics",
        C,
        Only(&["true"], "Kafka's internal topics are never consumed by pattern; name them in topics"),
    ),
    row(
        "key.deserializer",
        C,
        Only(&["org.apache.kafka.common.serialization.ByteArrayDeserializer"], SERIALIZER),
    ),
    row(
        "value.deserializer",
        C,
        Only(&["org.apache.kafka.common.serialization.ByteArrayDeserializer"], SERIALIZER),
    ),
];
