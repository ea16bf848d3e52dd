//! Keys that are not read: refused because doing without them would change what the worker does, or named in
//! a warning.

use super::distributed::keys as distributed;
use super::{Mode, keys};
use crate::settings::clients::{client_keys, is_client_key, without_effect};
use crate::settings::definitions::ConfigDef;
use crate::settings::definitions::value::trim;
use crate::settings::spelling::meant;
use crate::settings::{Problem, Props};

/// Refused unless empty: what they ask for would silently not happen.
const REFUSED: &[(&str, &str)] = &[(
    "config.providers",
    "config providers are not supported by this version; write the values into the config",
)];

const JVM_METRICS: &str =
    "has no effect: it is about the JVM's metrics; this worker has its own, at /metrics";

/// Read by Kafka's worker, but without effect here.
const NO_EFFECT: &[(&str, &str)] = &[
    ("plugin.discovery", "has no effect: libraries say what they hold, so no mode of discovery is needed"),
    ("metric.reporters", JVM_METRICS),
    ("auto.include.jmx.reporter", JVM_METRICS),
    ("metrics.sample.window.ms", JVM_METRICS),
    ("metrics.num.samples", JVM_METRICS),
    ("metrics.recording.level", JVM_METRICS),
    ("internal.key.converter", "has no effect: Kafka removed it in 3.0"),
    ("internal.value.converter", "has no effect: Kafka removed it in 3.0"),
    ("rest.host.name", "has no effect: Kafka removed it in 3.0; use listeners"),
    ("rest.port", "has no effect: Kafka removed it in 3.0; use listeners"),
    ("interceptor.classes", "has no effect: interceptors are classes of the JVM"),
];

/// Known to distributed mode only.
const DISTRIBUTED: &[&str] = &[
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "rebalance.timeout.ms",
    "config.storage.topic",
    "config.storage.replication.factor",
    "status.storage.topic",
    "status.storage.partitions",
    "status.storage.replication.factor",
    "worker.sync.timeout.ms",
    "worker.unsync.backoff.ms",
    "connect.protocol",
    "scheduled.rebalance.max.delay.ms",
    "exactly.once.source.support",
    "inter.worker.key.ttl.ms",
    "inter.worker.key.generation.algorithm",
    "inter.worker.key.size",
    "inter.worker.signature.algorithm",
    "inter.worker.verification.algorithms",
];

/// Prefixes whose keys are read elsewhere: by clients, converters, the offset store.
const READ_ELSEWHERE: &[&str] = &[
    "producer.",
    "consumer.",
    "admin.",
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "offset.storage.",
    "listeners.https.",
    "metrics.listeners.https.",
];

/// Prefixes whose keys have no effect.
const NO_EFFECT_PREFIXES: &[(&str, &str)] = &[
    ("metrics.context.", JVM_METRICS),
    ("internal.key.converter.", "has no effect: Kafka removed it in 3.0"),
    ("internal.value.converter.", "has no effect: Kafka removed it in 3.0"),
    ("config.providers.", "has no effect without config.providers"),
];

/// Prefixes whose keys a distributed worker reads, and no other.
const DISTRIBUTED_PREFIXES: &[&str] = &["config.storage.", "status.storage."];

const OF_DISTRIBUTED: &str = "has no effect: it belongs to distributed mode";

/// What is refused, and what is merely named, in the order of the keys.
pub(super) fn check(mode: Mode, props: &Props) -> (Vec<Problem>, Vec<Problem>) {
    let (mut refused, mut named) = (Vec::new(), Vec::new());
    let defined = definitions(mode);
    let group = mode == Mode::Distributed;
    for (key, value) in props {
        let value = trim(value);
        if let Some(why) = find(REFUSED, key) {
            if !value.is_empty() {
                refused.push(Problem::new(key.as_str(), why));
            }
        } else if let Some(why) = exactly_once(mode, key, value) {
            refused.push(Problem::new(key.as_str(), why));
        } else if let Some(why) = find(NO_EFFECT, key) {
            named.push(Problem::new(key.as_str(), why));
        } else if group && key == "offset.storage.file.filename" {
            named.push(Problem::new(key.as_str(), "has no effect: it belongs to standalone mode"));
        } else if !group && (DISTRIBUTED.contains(&key.as_str()) || has_prefix(DISTRIBUTED_PREFIXES, key)) {
            named.push(Problem::new(key.as_str(), OF_DISTRIBUTED));
        } else if let Some((_, why)) = NO_EFFECT_PREFIXES.iter().find(|(prefix, _)| key.starts_with(prefix)) {
            named.push(Problem::new(key.as_str(), *why));
        } else if let Some(why) = without_effect(key) {
            named.push(Problem::new(key.as_str(), why));
        } else if is_client_key(key) {
            named.extend(security_hint(props, key));
        } else if !has_prefix(READ_ELSEWHERE, key)
            && !has_prefix(DISTRIBUTED_PREFIXES, key)
            && defined.get(key).is_none()
        {
            named.push(Problem::new(key.as_str(), unknown(mode, key)));
        }
    }
    (refused, named)
}

fn definitions(mode: Mode) -> ConfigDef {
    match mode {
        Mode::Standalone => keys::definitions(),
        Mode::Distributed => distributed::definitions(),
    }
}

/// Why exactly-once sources are refused; none: the key asks for nothing of the kind.
fn exactly_once(mode: Mode, key: &str, value: &str) -> Option<&'static str> {
    if key != distributed::EXACTLY_ONCE {
        return None;
    }
    let is = |name: &str| value.eq_ignore_ascii_case(name);
    match mode {
        Mode::Standalone => is("enabled").then_some(
            "exactly-once sources are not supported by this version; it is at least once; remove the key",
        ),
        Mode::Distributed => (is("enabled") || is("preparing")).then_some(
            "exactly-once sources are not supported by this version; it is at least once; write disabled",
        ),
    }
}

fn has_prefix(prefixes: &[&str], key: &str) -> bool {
    prefixes.iter().any(|prefix| key.starts_with(prefix))
}

fn find(list: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == key).map(|(_, why)| *why)
}

/// Plain client keys reach the worker's own clients and admin clients, not the clients of connectors. With
/// security that is a common surprise: without it, the clients of connectors cannot reach the brokers.
fn security_hint(props: &Props, key: &str) -> Option<Problem> {
    let repeated = |prefix: &str| props.contains_key(&format!("{prefix}{key}"));
    let secured = !trim(props.get(key)?).eq_ignore_ascii_case("PLAINTEXT");
    if key != "security.protocol" || !secured || (repeated("producer.") && repeated("consumer.")) {
        return None;
    }
    let why = "is for the worker's own clients only; those of connectors need it, and the ssl.* and sasl.* keys, with \
               the prefixes producer. and consumer. as well";
    Some(Problem::new(key, why))
}

fn unknown(mode: Mode, key: &str) -> String {
    let defined = definitions(mode);
    let mut known: Vec<&str> = defined.iter().map(|definition| definition.name.as_str()).collect();
    known.extend(REFUSED.iter().chain(NO_EFFECT).map(|(key, _)| *key));
    known.extend(DISTRIBUTED);
    for key in client_keys() {
        known.push(key);
    }
    let prefixes = READ_ELSEWHERE
        .iter()
        .chain(DISTRIBUTED_PREFIXES)
        .copied()
        .chain(NO_EFFECT_PREFIXES.iter().map(|(prefix, _)| *prefix));
    match meant(key, known, prefixes) {
        Some(near) => format!("is not a known config and has no effect; was {near} meant?"),
        None => "is not a known config and has no effect".to_owned(),
    }
}

#[cfg(test)]
mod tests;
