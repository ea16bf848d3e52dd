//! The catalogue: each key that a standalone worker reads, with its type, default, rules and meaning.

use crate::settings::definitions::{ConfigDef, Definition, Importance, Type, Validator};
use crate::settings::restarts;

use Importance::{High, Low, Medium};
use Type::{Boolean, Class, Int, List, Long, Short, String as Text};

/// The keys that a standalone worker reads. Those that it accepts but that change nothing here are checked,
/// too.
pub fn definitions() -> ConfigDef {
    let mut keys = ConfigDef::new();
    for part in [
        kafka(),
        converters(),
        offsets(),
        rest(),
        rest_front(),
        plugins(),
        logging(),
        health(),
        without_effect(),
    ] {
        part.into_iter().for_each(|definition| keys.push(definition));
    }
    keys.extend(restarts::definitions());
    keys
}

pub(super) fn key(name: &str, kind: Type, importance: Importance, doc: &str) -> Definition {
    Definition::new(name, kind, importance, doc)
}

fn kafka() -> Vec<Definition> {
    vec![
        key("bootstrap.servers", List, High, "Brokers to begin with: host:port, comma separated.")
            .default("localhost:9092"),
        key("client.id", Text, Low, "Part of the client ids of the worker's own clients.").default(""),
        key(
            "group.id",
            Text,
            Low,
            "First part of the client ids of the worker's own clients; 'connect' if not given.",
        ),
        key(
            "topic.creation.enable",
            Boolean,
            Low,
            "Whether source connectors may make topics by topic.creation.*.",
        )
        .default("true"),
        key(
            "topic.tracking.enable",
            Boolean,
            Low,
            "Whether GET /connectors/NAME/topics tells the topics that a connector uses.",
        )
        .default("true"),
        key(
            "topic.tracking.allow.reset",
            Boolean,
            Low,
            "Whether PUT /connectors/NAME/topics/reset is allowed.",
        )
        .default("true"),
        key(
            "connector.client.config.override.policy",
            Text,
            Medium,
            "Which client settings a connector may override: All, None, Principal or Allowlist.",
        )
        .default("All"),
        key(
            "connector.client.config.override.allowlist",
            List,
            Medium,
            "With the policy Allowlist: the client settings that a connector may override, without prefix, comma separated.",
        )
        .default(""),
    ]
}

fn version(name: &str, what: &str) -> Definition {
    let doc = format!("{what}: one, or a range in Maven's syntax. There is one of each, that of the API.");
    key(name, Text, Low, &doc).check(Validator::Versions)
}

fn converters() -> Vec<Definition> {
    vec![
        key(
            "key.converter",
            Class,
            High,
            "Converter for the keys of records; its settings follow as key.converter.*.",
        )
        .required(),
        key(
            "value.converter",
            Class,
            High,
            "Converter for the values of records; its settings follow as value.converter.*.",
        )
        .required(),
        key(
            "header.converter",
            Class,
            Low,
            "Converter for the headers of records; its settings follow as header.converter.*.",
        )
        .default("org.apache.kafka.connect.storage.SimpleHeaderConverter"),
        version("key.converter.plugin.version", "Version of the key converter"),
        version("value.converter.plugin.version", "Version of the value converter"),
        version("header.converter.plugin.version", "Version of the header converter"),
    ]
}

fn offsets() -> Vec<Definition> {
    vec![
        key(
            "offset.storage.file.filename",
            Text,
            High,
            "File for the offsets of source connectors. Needed unless offset.storage.topic is given.",
        ),
        key(
            "offset.storage.topic",
            Text,
            High,
            "Compacted topic for the offsets of source connectors, instead of a file; made if it is missing.",
        )
        .check(Validator::NonEmpty),
        key(
            "offset.storage.partitions",
            Int,
            Low,
            "Partitions with which that topic is made; -1 for the broker's default.",
        )
        .default("25"),
        key(
            "offset.storage.replication.factor",
            Short,
            Low,
            "Replication factor with which that topic is made; -1 for the broker's default.",
        )
        .default("3"),
        key(
            "offset.flush.interval.ms",
            Long,
            Low,
            "How often offsets of sources and sinks are committed, in ms; about what may repeat after a crash.",
        )
        .default("60000")
        .check(Validator::at_least(1)),
        key(
            "offset.flush.timeout.ms",
            Long,
            Low,
            "How long one such commit may take before it is tried again, in ms.",
        )
        .default("5000")
        .check(Validator::at_least(0)),
        key(
            "task.shutdown.graceful.timeout.ms",
            Long,
            Low,
            "How long the tasks that are stopped together may take, in ms.",
        )
        .default("5000"),
    ]
}

fn rest() -> Vec<Definition> {
    vec![
        key(
            "listeners",
            List,
            Low,
            "Where the REST API listens: http://host:port or https://host:port, comma separated. No host is \
             all IPv4 addresses.",
        )
        .default("http://:8083"),
        key("rest.advertised.host.name", Text, Low, "Host in the worker's id, which states show; the listener's by default."),
        key("rest.advertised.port", Int, Low, "Port in the worker's id; the listener's by default.")
            .check(Validator::Range { min: Some(1.0), max: Some(65535.0) }),
        key("rest.advertised.listener", Text, Low, "Whose first listener gives host and port of the worker's id; http by default, if a listener speaks it.")
            .check(Validator::one_of_ignore_case(&["http", "https"])),
        key(
            "admin.listeners",
            List,
            Low,
            "Where /admin/loggers is served, and there alone; with the REST API if not given, nowhere if empty.",
        ),
        key(
            "metrics.listeners",
            List,
            Low,
            "Where /metrics is served, and there alone; with the REST API if not given.",
        )
        .default(""),
        key("ssl.client.auth", Text, Low, "Whether HTTPS listeners ask clients for certificates: they may show one (requested) or must.")
            .default("none")
            .check(Validator::one_of(&["none", "requested", "required"])),
    ]
}

fn rest_front() -> Vec<Definition> {
    vec![
        key(
            "access.control.allow.origin",
            Text,
            Low,
            "Origins from which browsers may call the REST API: *, or regular expressions for the whole origin, comma \
             separated; none if empty.",
        )
        .default(""),
        key("access.control.allow.methods", Text, Low, "Methods of such calls; GET, POST and HEAD if empty.")
            .default(""),
        key(
            "response.http.headers.config",
            Text,
            Low,
            "Headers for all answers of listeners, comma separated: 'action name:value' with set, add, setDate or addDate.",
        )
        .default(""),
        key(
            "rest.extension.classes",
            List,
            Low,
            "Extensions of the REST API. There is one, org.apache.kafka.connect.rest.basic.auth.extension.\
             BasicAuthSecurityRestExtension; others are refused.",
        )
        .default(""),
        key("rest.basic.auth.jaas.config", Text, Low, "The JAAS file of that extension; the one that KAFKA_OPTS names by default."),
        key("rest.connections.max", Int, Low, "The most connections of one listener; further ones wait.")
            .default("1000")
            .check(Validator::at_least(1)),
        key(
            "rest.idle.timeout.ms",
            Long,
            Low,
            "How long a client may keep a connection waiting for a request, for more of it, or until it takes more of the \
             answer, in ms.",
        )
        .default("30000")
        .check(Validator::at_least(1)),
        key("rest.body.max.bytes", Int, Low, "The largest body of a request, in bytes; a larger one is answered 413.")
            .default("16777216")
            .check(Validator::at_least(1)),
    ]
}

fn plugins() -> Vec<Definition> {
    vec![key(
        "plugin.path",
        List,
        Low,
        "Folders or files with plugins, comma separated. Folders are searched three levels deep.",
    )]
}

fn logging() -> Vec<Definition> {
    vec![
        key("log.format", Text, Low, "How log lines look.")
            .default("text")
            .check(Validator::one_of_ignore_case(&["text", "json"])),
        key("log.level", Text, Low, "Which log lines are written. RUST_LOG in the environment stands above it.")
            .default("info")
            .check(Validator::one_of_ignore_case(&["trace", "debug", "info", "warn", "error", "off"])),
        key("metrics.names", Text, Low, "Whose names the series of /metrics have: those of the rules of strimzi, jmx_exporter (its example) or confluent.")
            .default("strimzi")
            .check(Validator::one_of_ignore_case(&["strimzi", "jmx_exporter", "confluent"])),
    ]
}

fn health() -> Vec<Definition> {
    let doc = "How long a running task may wait for a call of its plugin, for brokers or for offsets before it counts as stalled, \
               in ms.";
    vec![key("health.stall.timeout.ms", Long, Low, doc).default("60000").check(Validator::at_least(1))]
}

/// Checked like in Kafka, so that a config that Kafka refuses is refused here; `standing` tells why they do
/// nothing.
fn without_effect() -> Vec<Definition> {
    let discovery = ["only_scan", "hybrid_warn", "hybrid_fail", "service_load"];
    vec![
        key("plugin.discovery", Text, Low, "How a JVM finds plugins.")
            .default("hybrid_warn")
            .check(Validator::one_of_ignore_case(&discovery)),
        key("metrics.sample.window.ms", Long, Low, "Window of the JVM's metrics.")
            .default("30000")
            .check(Validator::at_least(0)),
        key("metrics.num.samples", Int, Low, "Samples of the JVM's metrics.")
            .default("2")
            .check(Validator::at_least(1)),
        key("metrics.recording.level", Text, Low, "Which of the JVM's metrics are recorded.")
            .default("INFO")
            .check(Validator::one_of(&["INFO", "DEBUG"])),
    ]
}
