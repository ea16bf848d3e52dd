//! Settings that need more than a new name: those that hang together, and those whose values mean something
//! else.

use super::table::whole_number;
use super::{Client, Layer, Translation};
use crate::settings::definitions::value::{invalid, list};
use crate::settings::definitions::{Parsed, Type};

/// Carries over what the table leaves, then sees that values agree with each other where librdkafka demands
/// it.
pub(super) fn apply(translation: &mut Translation<'_>) {
    servers(translation);
    backoff(translation, "reconnect.backoff.ms", "reconnect.backoff.max.ms", 1000);
    backoff(translation, "retry.backoff.ms", "retry.backoff.max.ms", 1000);
    match translation.client {
        Client::Producer => {
            request_timeout(translation);
            buffer_memory(translation);
            compression_level(translation);
            partitioner(translation);
            idempotence(translation);
            delivery_timeout(translation);
        }
        Client::Consumer => {
            auto_offset_reset(translation);
            max_poll_records(translation);
            assignors(translation);
            group_timeouts(translation);
            fetch_bytes(translation);
        }
        Client::Admin => {}
    }
}

/// Brokers of a client's own, as Kafka's clients read them. Those of the worker are checked with its settings.
fn servers(translation: &mut Translation<'_>) {
    let name = "bootstrap.servers";
    let Some(given) = translation.given.get(name).filter(|given| given.layer != Layer::Plain) else { return };
    let wrong = list(given.value).into_iter().find(|server| {
        let address = server.split_once("://").map_or(server.as_str(), |(_, address)| address);
        let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        port.is_none_or(|(_, port)| port.parse::<u16>().is_err())
    });
    if let Some(server) = wrong {
        translation.refuse(name, format!("Invalid url in bootstrap.servers: {server}; write host:port"));
    }
}

/// A first pause above the longest one raises the longest one, unless that was given; then it is an error.
fn backoff(translation: &mut Translation<'_>, first: &str, longest: &str, default: i64) {
    let Some(pause) = translation.number(first) else { return };
    if pause <= translation.number(longest).unwrap_or(default) {
        return;
    }
    if translation.value(longest).is_some() {
        translation.refuse(longest, format!("must be at least {first}, which is {pause}"));
    } else {
        translation.set(longest, pause.to_string());
    }
}

/// Both the time that the broker may take to gather acks and the time until the client gives up on the
/// request.
fn request_timeout(translation: &mut Translation<'_>) {
    let name = "request.timeout.ms";
    let Some(value) = translation.value(name) else { return };
    match whole_number(name, value) {
        Ok(number) if number < 0 => {
            translation.refuse(name, invalid(name, value, "Value must be at least 0"))
        }
        Ok(number) => {
            let (ack, socket) = (number.clamp(1, 900_000), number.clamp(10, 300_000));
            if socket != number {
                translation
                    .warn(name, format!("{value} is out of librdkafka's range; {socket} is used instead"));
            }
            translation.set("request.timeout.ms", ack.min(socket).to_string());
            translation.set("socket.timeout.ms", socket.to_string());
        }
        Err(message) => translation.refuse(name, message),
    }
}

/// Bytes in Java, kilobytes in librdkafka.
fn buffer_memory(translation: &mut Translation<'_>) {
    let name = "buffer.memory";
    let Some(value) = translation.value(name) else { return };
    match whole_number(name, value) {
        Ok(bytes) if bytes >= 0 => {
            let kbytes = (bytes / 1024).clamp(1, i64::from(i32::MAX));
            translation.set("queue.buffering.max.kbytes", kbytes.to_string());
        }
        Ok(_) => translation.refuse(name, invalid(name, value, "Value must be at least 0")),
        Err(message) => translation.refuse(name, message),
    }
}

/// Java has a level for each codec, librdkafka one for the codec in use.
fn compression_level(translation: &mut Translation<'_>) {
    for (codec, min, max) in [("gzip", 1, 9), ("lz4", 1, 12), ("zstd", 1, 12)] {
        let name = format!("compression.{codec}.level");
        let Some(value) = translation.value(&name) else { continue };
        match whole_number(&name, value) {
            Err(message) => translation.refuse(&name, message),
            Ok(_) if translation.conf.get("compression.type").is_none_or(|used| used != codec) => {}
            Ok(level) => {
                // -1 is the codec's default for both.
                let near = if level == -1 { -1 } else { level.clamp(min, max) };
                if near != level {
                    translation
                        .warn(&name, format!("{level} is out of librdkafka's range; {near} is used instead"));
                }
                translation.set("compression.level", near.to_string());
            }
        }
    }
}

/// Java's built-in partitioner is librdkafka's `murmur2_random`; other classes cannot be had.
fn partitioner(translation: &mut Translation<'_>) {
    let known = [
        "",
        "org.apache.kafka.clients.producer.internals.DefaultPartitioner",
        "org.apache.kafka.clients.producer.internals.BuiltInPartitioner",
    ];
    if translation.value("partitioner.class").is_some_and(|class| !known.contains(&class)) {
        let why = "partitioners are classes of the JVM; remove the key to have keys partitioned as Kafka's default \
                   partitioner does";
        translation.refuse("partitioner.class", why);
    }
    let name = "partitioner.ignore.keys";
    match translation.value(name).map(|value| Type::Boolean.parse(name, value)) {
        Some(Ok(Parsed::Boolean(true))) => translation.set("partitioner", "random"),
        Some(Err(message)) => translation.refuse(name, message),
        _ => {}
    }
}

/// Idempotence needs acks=all, retries and few requests in flight. If the user asked for it and for something
/// that rules it out, that is an error, as in Java; if it is on by default only, it goes off.
///
/// Without it, order is kept as Connect keeps it: one request at a time, unless the user set another number.
fn idempotence(translation: &mut Translation<'_>) {
    let in_flight = "max.in.flight.requests.per.connection";
    if translation.conf.get("enable.idempotence").is_some_and(|on| on == "true") {
        idempotence_conflict(translation, in_flight);
    }
    let off = translation.conf.get("enable.idempotence").is_some_and(|on| on == "false");
    if off && translation.value(in_flight).is_none() {
        translation.set(in_flight, "1");
    }
}

fn idempotence_conflict(translation: &mut Translation<'_>, in_flight: &str) {
    let conflict = if translation.conf.get("acks").is_some_and(|acks| acks != "all") {
        Some(("acks", "must be all"))
    } else if translation.number("retries") == Some(0) {
        Some(("retries", "must be above 0"))
    } else if translation.number(in_flight).is_some_and(|requests| requests > 5) {
        Some((in_flight, "must be at most 5"))
    } else {
        None
    };
    let Some((name, demand)) = conflict else { return };
    if translation.value("enable.idempotence").is_some() {
        translation.refuse(name, format!("{demand} with enable.idempotence=true"));
    } else {
        let why = format!(
            "turns enable.idempotence off, for which it {demand}: retries may repeat or reorder records"
        );
        translation.warn(name, why);
        translation.set("enable.idempotence", "false");
    }
}

/// A record that lingers longer than it may take could never be sent.
fn delivery_timeout(translation: &mut Translation<'_>) {
    let timeout = translation.number("message.timeout.ms").unwrap_or_default();
    let linger = translation.number("linger.ms").unwrap_or_default();
    if timeout != 0 && timeout <= linger {
        let name = if translation.value("delivery.timeout.ms").is_some() {
            "delivery.timeout.ms"
        } else {
            "linger.ms"
        };
        translation.refuse(name, "delivery.timeout.ms must be above linger.ms");
    }
}

fn auto_offset_reset(translation: &mut Translation<'_>) {
    let name = "auto.offset.reset";
    let Some(value) = translation.value(name) else { return };
    match value.to_ascii_lowercase().as_str() {
        "earliest" => translation.set(name, "earliest"),
        "latest" => translation.set(name, "latest"),
        "none" => translation.set(name, "error"),
        duration if duration.starts_with("by_duration:") => {
            translation
                .refuse(name, "by_duration has no counterpart in librdkafka; use earliest, latest or none");
        }
        _ => translation.refuse(name, invalid(name, value, "String must be one of: earliest, latest, none")),
    }
}

fn max_poll_records(translation: &mut Translation<'_>) {
    let name = "max.poll.records";
    let Some(value) = translation.value(name) else { return };
    match whole_number(name, value) {
        Ok(number) if number >= 1 => translation.max_poll_records = usize::try_from(number).ok(),
        Ok(_) => translation.refuse(name, invalid(name, value, "Value must be at least 1")),
        Err(message) => translation.refuse(name, message),
    }
}

/// Class names to librdkafka's words. Eager and cooperative assignors are never mixed: Java speaks the eager
/// protocol while the list holds both, so the eager ones are taken.
fn assignors(translation: &mut Translation<'_>) {
    let name = "partition.assignment.strategy";
    let Some(value) = translation.value(name) else { return };
    let mut found = Vec::new();
    for class in list(value).into_iter().filter(|class| !class.is_empty()) {
        match class.strip_prefix("org.apache.kafka.clients.consumer.").unwrap_or(&class) {
            "RangeAssignor" | "range" => found.push("range"),
            "RoundRobinAssignor" | "roundrobin" => found.push("roundrobin"),
            "CooperativeStickyAssignor" | "cooperative-sticky" => found.push("cooperative-sticky"),
            _ => {
                let why = format!(
                    "'{class}' has no counterpart; use RangeAssignor, RoundRobinAssignor or CooperativeStickyAssignor"
                );
                translation.refuse(name, why);
            }
        }
    }
    if found.is_empty() {
        return;
    }
    let eager: Vec<_> = found.iter().copied().filter(|one| *one != "cooperative-sticky").collect();
    if !eager.is_empty() && eager.len() < found.len() {
        let why = "eager and cooperative assignors cannot be mixed: the eager ones are used, as Kafka does until all \
                   members know the other";
        translation.warn(name, why);
    }
    translation.set(name, if eager.is_empty() { found } else { eager }.join(","));
}

/// librdkafka wants `session.timeout.ms` to be no longer than `max.poll.interval.ms`; Java does not mind.
/// With the group protocol `consumer`, the broker sets timeouts and assignors.
fn group_timeouts(translation: &mut Translation<'_>) {
    if translation.conf.get("group.protocol").is_some_and(|protocol| protocol == "consumer") {
        for name in ["session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy"] {
            if translation.value(name).is_some() {
                translation.refuse(name, format!("{name} cannot be set when group.protocol=CONSUMER"));
            }
            translation.conf.remove(name);
        }
        return;
    }
    let interval = translation.number("max.poll.interval.ms").unwrap_or(300_000);
    let session = translation.number("session.timeout.ms").unwrap_or(45_000);
    if session > interval {
        let name = if translation.value("session.timeout.ms").is_some() {
            "session.timeout.ms"
        } else {
            "max.poll.interval.ms"
        };
        let why = format!(
            "librdkafka's session.timeout.ms cannot exceed max.poll.interval.ms; {interval} is used for it"
        );
        translation.warn(name, why);
        translation.set("session.timeout.ms", interval.to_string());
    }
    let session = session.min(interval);
    let heartbeat = translation.number("heartbeat.interval.ms").unwrap_or(3000);
    if heartbeat >= session {
        if translation.value("heartbeat.interval.ms").is_some() {
            let why = format!("Heartbeat must be set lower than the session timeout, which is {session}");
            translation.refuse("heartbeat.interval.ms", why);
        } else {
            translation.set("heartbeat.interval.ms", (session / 3).max(1).to_string());
        }
    }
}

/// librdkafka wants `message.max.bytes`, of no other use to a consumer, to be no more than `fetch.max.bytes`.
fn fetch_bytes(translation: &mut Translation<'_>) {
    if let Some(bytes) = translation.number("fetch.max.bytes").filter(|bytes| *bytes < 1_000_000) {
        translation.set("message.max.bytes", bytes.to_string());
    }
}
