//! The keys that every connector has, whatever its class: what the worker adds to the keys of a plugin.

use super::{ConfigDef, Definition, Importance, Type, Validator, Width};
use crate::settings::connector::Kind;

const COMMON: &str = "Common";
const TRANSFORMS: &str = "Transforms";
const PREDICATES: &str = "Predicates";
const ERRORS: &str = "Error Handling";
const TOPIC_CREATION: &str = "Topic Creation";
const EXACTLY_ONCE: &str = "Exactly Once Support";
const OFFSETS_TOPIC: &str = "offsets.topic";

/// The keys of all connectors of a kind, in the order in which Kafka shows them.
pub fn connector(kind: Kind) -> ConfigDef {
    let mut definitions = any_connector();
    match kind {
        Kind::Source => source(&mut definitions),
        Kind::Sink => sink(&mut definitions),
    }
    definitions
}

/// The keys of connectors of both kinds.
pub fn any_connector() -> ConfigDef {
    let mut definitions = ConfigDef::new();
    identity(&mut definitions);
    converters(&mut definitions);
    chains(&mut definitions);
    errors(&mut definitions);
    definitions
}

fn identity(to: &mut ConfigDef) {
    let doc = "Name of the connector, unique on this worker.";
    to.push(
        Definition::new("name", Type::String, Importance::High, doc)
            .required()
            .check(Validator::NameText)
            .shown(COMMON, 1, Width::Medium, "Connector name"),
    );
    let doc =
        "Class of the connector: its full name, its simple name, or its simple name without 'Connector'.";
    to.push(Definition::new("connector.class", Type::String, Importance::High, doc).required().shown(
        COMMON,
        2,
        Width::Long,
        "Connector class",
    ));
    let doc = "Version of the connector: one, or a range in Maven's syntax such as [1.0,2.0), of which the newest \
               installed one is taken. The newest of all, by default.";
    to.push(
        Definition::new("connector.plugin.version", Type::String, Importance::Medium, doc)
            .check(Validator::Versions)
            .shown(COMMON, 3, Width::Medium, "Connector version"),
    );
    let doc = "The most tasks that the connector may have.";
    to.push(
        Definition::new("tasks.max", Type::Int, Importance::High, doc)
            .default("1")
            .check(Validator::at_least(1))
            .shown(COMMON, 4, Width::Short, "Tasks max"),
    );
    let doc = "Whether a connector that generates more than tasks.max tasks fails. Deprecated.";
    to.push(Definition::new("tasks.max.enforce", Type::Boolean, Importance::Low, doc).default("true").shown(
        COMMON,
        5,
        Width::Short,
        "Enforce tasks max",
    ));
}

fn converters(to: &mut ConfigDef) {
    for (at, (part, label)) in
        [("key", "Key"), ("value", "Value"), ("header", "Header")].into_iter().enumerate()
    {
        let order = 6 + 2 * i32::try_from(at).unwrap_or_default();
        let doc = format!(
            "Converter for {part}s between Connect's data and the bytes in Kafka; its own settings follow as \
             {part}.converter.*. The worker's converter with the worker's settings, by default."
        );
        to.push(Definition::new(format!("{part}.converter"), Type::Class, Importance::Low, doc).shown(
            COMMON,
            order,
            Width::Short,
            &format!("{label} converter class"),
        ));
        let doc = format!(
            "Version of the {part} converter of this connector: one, or a range in Maven's syntax. There is one of each, \
             that of the API."
        );
        to.push(
            Definition::new(format!("{part}.converter.plugin.version"), Type::String, Importance::Low, doc)
                .check(Validator::Versions)
                .shown(COMMON, order + 1, Width::Short, &format!("{label} converter version")),
        );
    }
}

fn chains(to: &mut ConfigDef) {
    let doc = "Aliases of the transformations that records go through, in order.";
    to.push(
        Definition::new("transforms", Type::List, Importance::Low, doc)
            .default("")
            .check(Validator::UniqueAliases)
            .shown(TRANSFORMS, 12, Width::Long, "Transforms"),
    );
    let doc = "Aliases of the predicates that transformations may refer to.";
    to.push(
        Definition::new("predicates", Type::List, Importance::Low, doc)
            .default("")
            .check(Validator::UniqueAliases)
            .shown(PREDICATES, 13, Width::Long, "Predicates"),
    );
    let doc = "What happens when a value from a config provider changes: 'restart' the connector, or 'none'.";
    to.push(
        Definition::new("config.action.reload", Type::String, Importance::Low, doc)
            .default("restart")
            .check(Validator::one_of(&["none", "restart"]))
            .shown(COMMON, 14, Width::Medium, "Reload Action"),
    );
}

fn errors(to: &mut ConfigDef) {
    let doc = "How long an operation that failed with a retriable error is tried again, in ms; 0 is not at all, \
               -1 without end.";
    to.push(Definition::new("errors.retry.timeout", Type::Long, Importance::Medium, doc).default("0").shown(
        ERRORS,
        1,
        Width::Medium,
        "Retry Timeout for Errors",
    ));
    let doc = "The longest pause between two tries, in ms. Pauses of that length get jitter.";
    to.push(
        Definition::new("errors.retry.delay.max.ms", Type::Long, Importance::Medium, doc)
            .default("60000")
            .shown(ERRORS, 2, Width::Medium, "Maximum Delay Between Retries for Errors"),
    );
    let doc = "'none': a record that cannot be processed fails its task. 'all': it is skipped.";
    to.push(
        Definition::new("errors.tolerance", Type::String, Importance::Medium, doc)
            .default("none")
            .check(Validator::one_of(&["none", "all"]))
            .shown(ERRORS, 3, Width::Short, "Error Tolerance"),
    );
    let doc = "Whether each record that cannot be processed is logged, the tolerated ones too.";
    to.push(
        Definition::new("errors.log.enable", Type::Boolean, Importance::Medium, doc).default("false").shown(
            ERRORS,
            4,
            Width::Short,
            "Log Errors",
        ),
    );
    let doc = "Whether that log line tells where the record comes from: of sinks topic, partition, offset and timestamp, of \
               sources the source partition and offset, topic, partition and timestamp. Never keys, values or headers.";
    to.push(
        Definition::new("errors.log.include.messages", Type::Boolean, Importance::Medium, doc)
            .default("false")
            .shown(ERRORS, 5, Width::Short, "Log Error Details"),
    );
}

fn source(to: &mut ConfigDef) {
    let doc = "Groups of topics that the worker creates before first use, each with its own topic.creation.* settings.";
    to.push(
        Definition::new("topic.creation.groups", Type::List, Importance::Low, doc)
            .default("")
            .check(Validator::UniqueAliases)
            .shown(TOPIC_CREATION, 1, Width::Long, "Topic Creation Groups"),
    );
    let doc = "'required': refused unless records can be delivered exactly once. 'requested': as well as can be done.";
    to.push(
        Definition::new("exactly.once.support", Type::String, Importance::Medium, doc)
            .default("requested")
            .check(Validator::one_of_ignore_case(&["required", "requested"]))
            .shown(EXACTLY_ONCE, 2, Width::Short, "Exactly once support"),
    );
    let doc =
        "With exactly-once: a transaction for each 'poll', each 'interval', or as the 'connector' says.";
    to.push(
        Definition::new("transaction.boundary", Type::String, Importance::Medium, doc)
            .default("poll")
            .check(Validator::one_of_ignore_case(&["interval", "poll", "connector"]))
            .shown(EXACTLY_ONCE, 3, Width::Short, "Transaction Boundary"),
    );
    let doc = "The interval of transaction.boundary=interval, in ms; the worker's offset.flush.interval.ms by default.";
    to.push(
        Definition::new("transaction.boundary.interval.ms", Type::Long, Importance::Low, doc)
            .check(Validator::AtLeastIfAny(0.0))
            .shown(EXACTLY_ONCE, 4, Width::Short, "Transaction boundary interval"),
    );
    let doc = "Topic for the offsets of this connector alone; the worker's by default.";
    to.push(
        Definition::new("offsets.storage.topic", Type::String, Importance::Low, doc)
            .check(Validator::NonEmpty)
            .shown(OFFSETS_TOPIC, 1, Width::Long, "Offsets topic"),
    );
}

fn sink(to: &mut ConfigDef) {
    let doc = "Topics to consume, comma separated. Either this or topics.regex.";
    to.push(Definition::new("topics", Type::List, Importance::High, doc).default("").shown(
        COMMON,
        4,
        Width::Long,
        "Topics",
    ));
    let doc = "Regular expression in Java's syntax: topics whose whole name it matches are consumed; looked up \
               every 10 seconds.";
    to.push(
        Definition::new("topics.regex", Type::String, Importance::High, doc)
            .default("")
            .check(Validator::Regex)
            .shown(COMMON, 4, Width::Long, "Topics regex"),
    );
    let doc = "Topic for records that could not be processed; none if empty.";
    to.push(
        Definition::new("errors.deadletterqueue.topic.name", Type::String, Importance::Medium, doc)
            .default("")
            .shown(ERRORS, 6, Width::Medium, "Dead Letter Queue Topic Name"),
    );
    let doc = "Replication factor with which that topic is created.";
    to.push(
        Definition::new(
            "errors.deadletterqueue.topic.replication.factor",
            Type::Short,
            Importance::Medium,
            doc,
        )
        .default("3")
        .shown(ERRORS, 7, Width::Medium, "Dead Letter Queue Topic Replication Factor"),
    );
    let doc = "Whether records in that topic get headers that tell what went wrong and where.";
    to.push(
        Definition::new(
            "errors.deadletterqueue.context.headers.enable",
            Type::Boolean,
            Importance::Medium,
            doc,
        )
        .default("false")
        .shown(ERRORS, 8, Width::Medium, "Enable Error Context Headers"),
    );
}
