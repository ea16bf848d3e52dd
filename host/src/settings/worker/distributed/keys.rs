//! The catalogue of a distributed worker: each key that it reads, with its type, default, rules and meaning.

use crate::settings::definitions::{ConfigDef, Definition, Importance, Type, Validator};
use crate::settings::worker::keys::{self, key};

use Importance::{High, Low, Medium};
use Type::{Int, List, Long, Short, String as Text};

pub(super) const SESSION: &str = "session.timeout.ms";
pub(super) const HEARTBEAT: &str = "heartbeat.interval.ms";
pub(super) const PROTOCOL: &str = "connect.protocol";
pub(super) const KEY_ALGORITHM: &str = "inter.worker.key.generation.algorithm";
pub(super) const KEY_SIZE: &str = "inter.worker.key.size";
pub(super) const KEY_TTL: &str = "inter.worker.key.ttl.ms";
pub(super) const SIGNATURE: &str = "inter.worker.signature.algorithm";
pub(super) const VERIFICATION: &str = "inter.worker.verification.algorithms";
/// Sources that write each record once, which is not there yet.
pub(in super::super) const EXACTLY_ONCE: &str = "exactly.once.source.support";

/// The keys that a distributed worker reads.
pub fn definitions() -> ConfigDef {
    let mut keys = ConfigDef::new();
    of_group().into_iter().for_each(|definition| keys.push(definition));
    for standalone in keys::definitions().iter().filter(|key| key.name != "offset.storage.file.filename") {
        keys.push(standalone.clone());
    }
    keys
}

/// The keys that only a distributed worker has, or that mean something else on it.
pub(in super::super) fn of_group() -> Vec<Definition> {
    let mut all = membership();
    all.extend(storage());
    all.extend(inter_worker());
    all
}

fn membership() -> Vec<Definition> {
    let at_least_1 = || Validator::at_least(1);
    vec![
        key("group.id", Text, High, "The worker's group: workers with the same one share their work.")
            .required()
            .check(Validator::NonEmpty),
        key(SESSION, Int, High, "Without a heartbeat for so long, in ms, a worker is out of its group.")
            .default("10000")
            .check(at_least_1()),
        key(HEARTBEAT, Int, High, "How long a coordinator may be missing before tasks are stopped, in ms, and how often a worker says that it is there, which \
             it does every second at least. Less than session.timeout.ms.")
            .default("3000")
            .check(at_least_1()),
        key(
            "rebalance.timeout.ms",
            Int,
            High,
            "How long, in ms, workers may take to join a rebalance once one has begun.",
        )
        .default("60000")
        .check(at_least_1()),
        key(
            "scheduled.rebalance.max.delay.ms",
            Int,
            Low,
            "How long at most, in ms, the work of a worker that is gone waits for its return before others get it.",
        )
        .default("300000")
        .check(Validator::Range { min: Some(0.0), max: Some(f64::from(i32::MAX)) }),
        key(
            PROTOCOL,
            Text,
            Low,
            "How work is shared out: everything stops for a rebalance (eager), what can go on goes on (compatible), \
             and workers sign what they ask of each other (sessioned). The group uses the least that a worker of it has.",
        )
        .default("sessioned")
        .check(Validator::one_of_ignore_case(&["eager", "compatible", "sessioned"])),
        key(
            "worker.sync.timeout.ms",
            Int,
            Medium,
            "How long the topic of configs may take to be read to its end, in ms.",
        )
        .default("3000")
        .check(at_least_1()),
        key(
            "worker.unsync.backoff.ms",
            Int,
            Medium,
            "How long a worker that could not do that in time stays out of its group, in ms; with connect.protocol=eager only.",
        )
        .default("300000")
        .check(Validator::at_least(0)),
        key("retry.backoff.ms", Long, Low, "The first pause between tries to reach the group's coordinator, in ms.")
            .default("100")
            .check(Validator::at_least(0)),
        key("request.timeout.ms", Int, Medium, "How long brokers may take to answer the group's client, in ms.")
            .default("40000")
            .check(at_least_1()),
        key(EXACTLY_ONCE, Text, High, "Whether sources write each record exactly once. Only disabled is supported.")
            .default("disabled")
            .check(Validator::one_of_ignore_case(&["disabled", "preparing", "enabled"])),
    ]
}

fn storage() -> Vec<Definition> {
    let mut keys = Vec::new();
    for (prefix, what, partitions) in [
        ("config", "configs of connectors and tasks", None),
        ("offset", "offsets of source connectors", Some("25")),
        ("status", "states of connectors and tasks", Some("5")),
    ] {
        let name = |part: &str| format!("{prefix}.storage.{part}");
        let doc = format!("Compacted topic for the {what}; made if it is missing.");
        keys.push(key(&name("topic"), Text, High, &doc).required().check(Validator::NonEmpty));
        if let Some(partitions) = partitions {
            let doc = "Partitions with which that topic is made; -1 for the broker's default.";
            keys.push(key(&name("partitions"), Int, Low, doc).default(partitions));
        }
        let doc = "Replication factor with which that topic is made; -1 for the broker's default.";
        keys.push(key(&name("replication.factor"), Short, Low, doc).default("3"));
    }
    keys
}

fn inter_worker() -> Vec<Definition> {
    vec![
        key(
            KEY_ALGORITHM,
            Text,
            Low,
            "What session keys are made for: HmacSHA1, HmacSHA256, HmacSHA384 or HmacSHA512.",
        )
        .default("HmacSHA256"),
        key(KEY_SIZE, Int, Low, "Bits of a session key; what suits the algorithm by default."),
        key(KEY_TTL, Int, Low, "How long a session key is used, in ms; 0 for as long as the group lasts.")
            .default("3600000")
            .check(Validator::Range { min: Some(0.0), max: Some(f64::from(i32::MAX)) }),
        key(SIGNATURE, Text, Low, "With what workers sign what they ask of each other.")
            .default("HmacSHA256"),
        key(
            VERIFICATION,
            List,
            Low,
            "With what others may have signed; the worker's own must be among them.",
        )
        .default("HmacSHA256"),
    ]
}
