//! The keys that all connectors share: checked, and refused by name where this version does not support them.

use std::fmt;

use super::definitions::value::trim;
use super::definitions::{ConfigDef, DefaultValue, Parsed, Validation, common};
use super::restarts;
use super::spelling::meant;
use super::topic_creation::{self, TopicCreation};
use super::{Given, KeysOf, Problem, Props, with_prefix};

/// Which way a connector moves records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Into Kafka.
    Source,
    /// Out of Kafka.
    Sink,
}

impl Kind {
    /// The name as REST writes it: `source` or `sink`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Source => "source",
            Kind::Sink => "sink",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A converter and its own settings.
#[derive(Clone, PartialEq, Eq)]
pub struct ConverterConfig {
    /// Its class or alias.
    pub class: String,
    /// What is asked of its version; see [`super::versions::requirement`].
    pub version: Option<String>,
    /// Its settings, without their prefix.
    pub props: Props,
}

impl ConverterConfig {
    /// The converter that `key` (for example `value.converter`) names in `props`, with what stands below the
    /// key.
    pub fn read(key: &str, props: &Props) -> Option<Self> {
        let class = trim(props.get(key)?);
        let mut own = with_prefix(props, &format!("{key}."));
        let version = own.remove("plugin.version");
        Some(ConverterConfig { class: class.to_owned(), version, props: own })
    }
}

impl fmt::Debug for ConverterConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConverterConfig")
            .field("class", &self.class)
            .field("version", &self.version)
            .field("props", &KeysOf(&self.props))
            .finish()
    }
}

/// What happens to a record that cannot be processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// It fails its task.
    None,
    /// It is skipped.
    All,
}

/// The `errors.*` keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorsConfig {
    /// What happens to a record that cannot be processed.
    pub tolerance: Tolerance,
    /// Whether each such record is logged.
    pub log_enable: bool,
    /// Whether that line holds the record's coordinates.
    pub log_include_messages: bool,
}

/// What a sink consumes: topics by name, or all whose name matches; exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkTopics {
    /// Names, without repeats; empty with a pattern.
    pub topics: Vec<String>,
    /// A valid pattern in Java's syntax; see [`super::patterns::TopicPattern`].
    pub topics_regex: Option<String>,
}

/// What the worker itself reads from a connector's config.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectorConfig {
    /// The name.
    pub name: String,
    /// The converter for keys; the worker's if none.
    pub key_converter: Option<ConverterConfig>,
    /// The converter for values; the worker's if none.
    pub value_converter: Option<ConverterConfig>,
    /// The converter for headers; the worker's if none.
    pub header_converter: Option<ConverterConfig>,
    /// The `errors.*` keys.
    pub errors: ErrorsConfig,
    /// Whether it may have several tasks: `tasks.max` says more than one.
    pub several_tasks: bool,
    /// What a sink consumes; none for a source.
    pub sink: Option<SinkTopics>,
    /// How a source's topics are made, where it says so.
    pub topic_creation: Option<TopicCreation>,
    /// Keys that were given but change nothing, for the log.
    pub warnings: Vec<Problem>,
    /// The config as given, with `name` in it. Holds secrets.
    pub raw: Props,
}

impl fmt::Debug for ConnectorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorConfig")
            .field("name", &self.name)
            .field("raw", &KeysOf(&self.raw))
            .finish_non_exhaustive()
    }
}

/// Holds a config against the keys that all connectors of the kind share: what the validate endpoint shows of
/// them. What is right but not supported here is no error yet; see [`unsupported`].
pub fn validate(kind: Kind, props: &Props) -> Validation {
    validate_on(kind, &props.clone().into(), &[])
}

/// As [`validate`], on a worker whose own settings are the defaults of these keys.
pub fn validate_on(kind: Kind, given: &Given, defaults: &[(&str, &str)]) -> Validation {
    let mut definitions = common::connector(kind);
    // Keys that Kafka has not are shown to those who use them: all others see what Kafka shows.
    if restarts::given(&given.config) {
        definitions.extend(restarts::definitions());
    }
    let makes_topics = kind == Kind::Source && topic_creation::given(&given.config);
    if makes_topics {
        definitions.extend(topic_creation::definitions(&given.config));
    }
    for (key, value) in defaults {
        if let Some(definition) = definitions.get_mut(key) {
            definition.default = DefaultValue::Text((*value).to_owned());
        }
    }
    let mut validation = Validation::with_nulls(definitions, &given.config, &given.nulls);
    if kind == Kind::Sink {
        check_topics(&given.config, &mut validation);
    }
    if makes_topics {
        topic_creation::check(&given.config, &mut validation);
    }
    validation
}

/// The settings that are valid in Kafka Connect and that this version cannot honour: an error each, by key.
pub fn unsupported(kind: Kind, props: &Props) -> Vec<Problem> {
    let given = |key: &str| props.get(key).map(|text| trim(text)).filter(|text| !text.is_empty());
    let mut problems = Vec::new();
    let mut refuse = |key: &str, why: &str| problems.push(Problem::new(key, why));
    for (key, what) in [("transforms", "transformations"), ("predicates", "predicates")] {
        if given(key).is_some() {
            refuse(key, &format!("{what} are not supported by this version; remove {key} and {key}.*"));
        }
    }
    match kind {
        Kind::Sink => {
            if given("errors.deadletterqueue.topic.name").is_some() {
                let why = "dead letter queues are not supported by this version; remove the key, or use \
                           errors.log.enable=true to see failed records";
                refuse("errors.deadletterqueue.topic.name", why);
            }
        }
        Kind::Source => unsupported_source(&given, &mut refuse),
    }
    problems
}

/// Why a source that requires exactly-once delivery is refused, in Kafka Connect's words.
pub const WITHOUT_EXACTLY_ONCE: &str = "This worker does not have exactly-once source support enabled.";

fn unsupported_source<'a>(given: &impl Fn(&str) -> Option<&'a str>, refuse: &mut impl FnMut(&str, &str)) {
    if given("exactly.once.support").is_some_and(|text| text.eq_ignore_ascii_case("required")) {
        refuse("exactly.once.support", WITHOUT_EXACTLY_ONCE);
    }
    if given("transaction.boundary").is_some_and(|text| !text.eq_ignore_ascii_case("poll")) {
        let why = "transactions are not supported by this version; remove the key";
        refuse("transaction.boundary", why);
    }
    if given("offsets.storage.topic").is_some() {
        let why = "an offsets topic of a connector's own is not supported by this version; remove the key to use the \
                   worker's offset storage";
        refuse("offsets.storage.topic", why);
    }
}

/// Exactly one of `topics` and `topics.regex`. Both keys get the error, as in Kafka.
fn check_topics(props: &Props, validation: &mut Validation) {
    let given = |key: &str| props.get(key).is_some_and(|text| !trim(text).is_empty());
    let fault = match (given("topics"), given("topics.regex")) {
        (true, true) => "topics and topics.regex are mutually exclusive options, but both are set.",
        (false, false) => "Must configure one of topics or topics.regex",
        _ => return,
    };
    validation.add_error("topics", fault);
    validation.add_error("topics.regex", fault);
}

impl ConnectorConfig {
    /// Reads the shared keys of the connector `name`. The key `name` may be missing; it is added to `raw`.
    ///
    /// # Errors
    /// Every problem at once: what is wrong, in Kafka's words, then what this version does not support.
    pub fn parse(name: &str, kind: Kind, props: &Props) -> Result<Self, Vec<Problem>> {
        let mut raw = props.clone();
        raw.entry("name".to_owned()).or_insert_with(|| name.to_owned());
        let validation = validate(kind, &raw);
        let mut problems = validation.problems();
        let unsupported = unsupported(kind, &raw);
        problems.extend(unsupported);
        if !problems.is_empty() {
            return Err(problems);
        }
        let text = |key: &str| validation.value(key).and_then(Parsed::as_str).unwrap_or_default();
        let flag = |key: &str| validation.value(key).and_then(Parsed::as_bool).unwrap_or_default();
        let all = text("errors.tolerance") == "all";
        Ok(ConnectorConfig {
            name: name.to_owned(),
            key_converter: ConverterConfig::read("key.converter", &raw),
            value_converter: ConverterConfig::read("value.converter", &raw),
            header_converter: ConverterConfig::read("header.converter", &raw),
            errors: ErrorsConfig {
                tolerance: if all { Tolerance::All } else { Tolerance::None },
                log_enable: flag("errors.log.enable"),
                log_include_messages: flag("errors.log.include.messages"),
            },
            several_tasks: validation.value("tasks.max") != Some(&Parsed::Integer(1)),
            sink: (kind == Kind::Sink).then(|| sink_topics(&validation)),
            topic_creation: if kind == Kind::Source { TopicCreation::read(&raw) } else { None },
            warnings: warnings(kind, &raw),
            raw,
        })
    }
}

fn sink_topics(validation: &Validation) -> SinkTopics {
    let mut topics: Vec<String> = Vec::new();
    for topic in validation.value("topics").and_then(Parsed::as_list).unwrap_or_default() {
        if !topic.is_empty() && !topics.contains(topic) {
            topics.push(topic.clone());
        }
    }
    let regex = validation.value("topics.regex").and_then(Parsed::as_str);
    SinkTopics { topics, topics_regex: regex.filter(|text| !text.is_empty()).map(str::to_owned) }
}

/// Keys that are valid and change nothing in this version.
const WITHOUT_EFFECT: [(&str, &str); 6] = [
    ("config.action.reload", "there are no config providers whose values could change"),
    ("errors.retry.timeout", "converters never fail in a way that may pass"),
    ("errors.retry.delay.max.ms", "converters never fail in a way that may pass"),
    ("errors.deadletterqueue.topic.replication.factor", "there are no dead letter queues"),
    ("errors.deadletterqueue.context.headers.enable", "there are no dead letter queues"),
    ("transaction.boundary.interval.ms", "there are no transactions"),
];

fn warnings(kind: Kind, props: &Props) -> Vec<Problem> {
    let given = WITHOUT_EFFECT.iter().filter(|(key, _)| props.contains_key(*key));
    let named =
        given.map(|(key, why)| Problem::new(*key, format!("has no effect in this version, because {why}")));
    let topics = if kind == Kind::Source { topic_creation::warnings(props) } else { Vec::new() };
    let converters = ["key.converter", "value.converter", "header.converter"].into_iter();
    let versions = converters.filter(|key| !props.contains_key(*key)).filter_map(|key| {
        let version = format!("{key}.plugin.version");
        let why = format!("has no effect without {key}: it is about a converter of the connector's own");
        props.contains_key(&version).then(|| Problem::new(version, why))
    });
    named.chain(topics).chain(versions).collect()
}

/// Prefixes below which a connector's config has the keys of others.
const PREFIXES: [&str; 9] = [
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "producer.override.",
    "consumer.override.",
    "admin.override.",
    "transforms.",
    "predicates.",
    "topic.creation.",
];

/// Keys that neither the worker nor the connector, with its own definitions `own`, knows, but that are nearly one
/// of theirs. Any other unknown key is the connector's own business.
pub fn misspelt(kind: Kind, own: &ConfigDef, props: &Props) -> Vec<Problem> {
    let mut shared = common::connector(kind);
    shared.extend(restarts::definitions());
    let known: Vec<&str> =
        shared.iter().chain(own.iter()).map(|definition| definition.name.as_str()).collect();
    let strange = props
        .keys()
        .map(String::as_str)
        .filter(|key| !known.contains(key) && !PREFIXES.iter().any(|prefix| key.starts_with(prefix)));
    let named = strange.filter_map(|key| {
        let near = meant(key, known.iter().copied(), PREFIXES)?;
        Some(Problem::new(key, format!("is not a known config of this connector; was {near} meant?")))
    });
    named.collect()
}

#[cfg(test)]
mod tests;
