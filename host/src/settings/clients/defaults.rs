//! What Connect's clients do where the user set nothing, wherever librdkafka alone would do something else.

use super::{Client, ClientIds, Translation};

/// For every client. Java reconnects after 50 ms, then up to 1 s; librdkafka would wait up to 10 s.
const COMMON: &[(&str, &str)] = &[
    ("bootstrap.servers", "localhost:9092"),
    ("socket.keepalive.enable", "true"),
    ("log.connection.close", "false"),
    ("statistics.interval.ms", "0"),
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "1000"),
    ("allow.auto.create.topics", "true"),
];

/// For admin clients: to ask about a topic must not make it.
const ADMIN: &[(&str, &str)] = &[("allow.auto.create.topics", "false")];

/// For producers. `murmur2_random` sends a key to the partition to which Java sends it; a timeout of 0 is
/// none; the queue holds 32 MB as Java's; lingering and batches are chosen for speed.
const PRODUCER: &[(&str, &str)] = &[
    ("acks", "all"),
    ("enable.idempotence", "true"),
    ("max.in.flight.requests.per.connection", "5"),
    ("partitioner", "murmur2_random"),
    ("message.timeout.ms", "0"),
    ("message.max.bytes", "1048576"),
    ("queue.buffering.max.messages", "100000"),
    ("queue.buffering.max.kbytes", "32768"),
    ("linger.ms", "5"),
    ("batch.size", "262144"),
];

/// For producers of the worker's own, which write its topics in order.
const OWN_PRODUCER: &[(&str, &str)] =
    &[("enable.idempotence", "false"), ("max.in.flight.requests.per.connection", "1")];

/// For consumers. The queue is small, so a full one must be looked at again soon: by default librdkafka would
/// wait a second. A topic that was not there when its consumer subscribed is found by the next look at the metadata, for
/// which Java's consumer does not wait either.
const CONSUMER: &[(&str, &str)] = &[
    ("auto.offset.reset", "earliest"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "false"),
    ("isolation.level", "read_uncommitted"),
    ("check.crcs", "true"),
    ("partition.assignment.strategy", "range"),
    ("queued.max.messages.kbytes", "16384"),
    ("fetch.queue.backoff.ms", "10"),
    ("topic.metadata.refresh.interval.ms", "5000"),
];

/// `heartbeat.interval.ms` of consumers that share a group, a twelfth of Kafka's: four small requests a second each.
pub(super) const QUICK_HEARTBEAT: &str = "250";

/// Sets the defaults of the client; `own` is whether it is the worker's own.
pub(super) fn apply(translation: &mut Translation<'_>, own: bool, ids: &ClientIds) {
    let mut lists = vec![COMMON];
    match translation.client {
        Client::Producer if own => lists.extend([PRODUCER, OWN_PRODUCER]),
        Client::Producer => lists.push(PRODUCER),
        Client::Consumer => lists.push(CONSUMER),
        Client::Admin => lists.push(ADMIN),
    }
    for (name, value) in lists.into_iter().flatten() {
        translation.set(name, *value);
    }
    translation.set("client.id", ids.client_id.as_str());
    if let (Client::Consumer, Some(group)) = (translation.client, &ids.group_id) {
        translation.set("group.id", group.as_str());
    }
}
