//! What becomes of each key that Kafka Connect knows, from outside; and the tables of the documentation made from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::settings::connector::{ConnectorConfig, Kind};
use crate::settings::definitions::{ConfigDef, DefaultValue, Definition, Validator, common};
use crate::settings::worker::{self, DistributedConfig, WorkerConfig};
use crate::settings::{Problem, Props, restarts, topic_creation};

const KEYS: &str = include_str!("../testdata/keys.txt");
const DOCUMENT: &str = "docs/configuration.md";

/// A key with a value, as the list has it.
struct Line {
    section: &'static str,
    key: &'static str,
    value: &'static str,
    standing: &'static str,
    /// Kafka Connect does not have it.
    ours: bool,
}

fn lines() -> Vec<Line> {
    let (mut section, mut found) = ("", Vec::new());
    for line in KEYS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            continue;
        }
        let (key, rest) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
        let (value, standing) = rest.rsplit_once(" : ").unwrap_or_else(|| panic!("{line}"));
        let (standing, ours) = standing.strip_suffix(", ours").map_or((standing, false), |rest| (rest, true));
        found.push(Line { section, key, value, standing, ours });
    }
    found
}

/// What was found about a key: its standing, and the words of the warning or the error.
type Found = (&'static str, String);

fn about<'a>(problems: &'a [Problem], key: &str) -> Option<&'a Problem> {
    problems.iter().find(|problem| problem.key == key || key.starts_with(&format!("{}.", problem.key)))
}

fn props(entries: &[(&str, &str)]) -> Props {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Reads a worker's config that has the key, and what its rules want beside it.
fn probe_worker(line: &Line, key: &str, beside: Props) -> Found {
    let mut given = props(&[
        ("key.converter", "x"),
        ("value.converter", "x"),
        ("offset.storage.file.filename", "x"),
        ("plugin.path", "x"),
    ]);
    if key.starts_with("offset.storage.") && key != "offset.storage.file.filename" {
        given.remove("offset.storage.file.filename");
        given.insert("offset.storage.topic".to_owned(), "x".to_owned());
    }
    if key == "rest.basic.auth.jaas.config" {
        given.insert("rest.extension.classes".to_owned(), "BasicAuthSecurityRestExtension".to_owned());
    }
    given.extend(beside);
    given.insert(key.to_owned(), line.value.to_owned());
    match WorkerConfig::parse(&given) {
        Err(problems) => refused(key, &problems),
        Ok((_, warnings)) => named(&warnings, key),
    }
}

/// Reads the config of a worker of a group that has the key.
fn probe_distributed(line: &Line) -> Found {
    let mut given = props(&[("key.converter", "x"), ("value.converter", "x"), ("plugin.path", "x")]);
    for key in ["group.id", "config.storage.topic", "offset.storage.topic", "status.storage.topic"] {
        given.insert(key.to_owned(), "x".to_owned());
    }
    given.insert(line.key.to_owned(), line.value.to_owned());
    match DistributedConfig::parse(&given) {
        Err(problems) => refused(line.key, &problems),
        Ok((_, warnings)) => named(&warnings, line.key),
    }
}

/// With the protocol and the login that a `sasl.` key belongs to.
fn probe_client(line: &Line) -> Found {
    let oauth = line.key.contains("oauthbearer") || line.key.starts_with("sasl.login");
    let mechanism = match line.key {
        "sasl.mechanism" => line.value,
        _ if oauth => "OAUTHBEARER",
        _ => "PLAIN",
    };
    let login = match mechanism {
        "PLAIN" => "plain.PlainLoginModule required username=\"u\" password=\"p\";",
        "OAUTHBEARER" => "oauthbearer.OAuthBearerLoginModule required clientId=\"u\" clientSecret=\"p\";",
        _ => "scram.ScramLoginModule required username=\"u\" password=\"p\";",
    };
    let jaas = format!("org.apache.kafka.common.security.{login}");
    let mut beside = props(&[
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", mechanism),
        ("sasl.jaas.config", &jaas),
    ]);
    if mechanism == "OAUTHBEARER" {
        beside.insert("sasl.oauthbearer.token.endpoint.url".to_owned(), "http://h/t".to_owned());
    }
    probe_worker(line, line.key, if line.key.starts_with("sasl.") { beside } else { Props::new() })
}

/// On a worker that listens by HTTPS, with the stores that the key needs.
fn probe_https(line: &Line) -> Found {
    let key = format!("listeners.https.{}", line.key);
    let mut beside = props(&[("listeners", "https://:1")]);
    let mut add = |name: &str, value: &str| {
        beside.insert(format!("listeners.https.ssl.{name}"), value.to_owned());
    };
    if matches!(line.key, "ssl.keystore.key" | "ssl.keystore.certificate.chain") {
        for (name, value) in
            [("keystore.type", "PEM"), ("keystore.key", "x"), ("keystore.certificate.chain", "x")]
        {
            add(name, value);
        }
    } else {
        add("keystore.location", "x");
    }
    match line.key {
        "ssl.truststore.certificates" => add("truststore.type", "PEM"),
        _ => add("truststore.location", "x"),
    }
    probe_worker(line, &key, beside)
}

fn probe_connector(line: &Line, kind: Kind) -> Found {
    let mut given = props(&[("connector.class", "x")]);
    if kind == Kind::Sink && line.key != "topics.regex" {
        given.insert("topics".to_owned(), "x".to_owned());
    }
    if line.key.starts_with("transforms.") {
        given.extend(props(&[("transforms", "a"), ("transforms.a.type", "x")]));
    }
    if let Some(converter) = line.key.strip_suffix(".plugin.version").filter(|key| key.ends_with("converter"))
    {
        given.insert(converter.to_owned(), "x".to_owned());
    }
    if line.key.starts_with("predicates.") {
        given.insert("predicates".to_owned(), "p".to_owned());
    }
    if line.key.starts_with("topic.creation.") {
        given.extend(props(&[
            ("topic.creation.groups", "G"),
            ("topic.creation.G.include", "x"),
            ("topic.creation.default.partitions", "1"),
            ("topic.creation.default.replication.factor", "1"),
        ]));
    }
    given.insert(line.key.to_owned(), line.value.to_owned());
    match ConnectorConfig::parse("x", kind, &given) {
        Err(problems) => refused(line.key, &problems),
        Ok(config) => named(&config.warnings, line.key),
    }
}

fn refused(key: &str, problems: &[Problem]) -> Found {
    let problem = about(problems, key);
    let Some(problem) = problem else { return ("broken", format!("its value breaks others: {problems:?}")) };
    ("refused", problem.message.clone())
}

fn named(warnings: &[Problem], key: &str) -> Found {
    match warnings.iter().find(|warning| warning.key == key) {
        Some(warning) if warning.message.starts_with("has no effect") => ("warned", warning.message.clone()),
        Some(warning) if warning.message.starts_with("is not a ") => ("unknown", warning.message.clone()),
        _ => ("honoured", String::new()),
    }
}

fn probe(line: &Line) -> Found {
    match line.section {
        "worker" => probe_worker(line, line.key, Props::new()),
        "distributed" => probe_distributed(line),
        "clients" => probe_client(line),
        "https" => probe_https(line),
        "source" => probe_connector(line, Kind::Source),
        "sink" => probe_connector(line, Kind::Sink),
        other => panic!("no section [{other}]"),
    }
}

#[test]
fn each_key_of_kafka_connect_stands_as_listed() {
    let mut wrong = String::new();
    for line in lines() {
        let (standing, why) = probe(&line);
        if standing != line.standing {
            let _ = writeln!(wrong, "[{}] {} = {} is {standing}: {why}", line.section, line.key, line.value);
        }
    }
    assert!(wrong.is_empty(), "host/src/settings/testdata/keys.txt says otherwise:\n{wrong}");
}

#[test]
fn each_key_of_the_catalogues_is_listed() {
    let listed: Vec<_> = lines().iter().map(|line| (line.section, line.key)).collect();
    let known = |section, definitions: &ConfigDef| -> Vec<(&str, String)> {
        definitions.iter().map(|definition| (section, definition.name.clone())).collect()
    };
    let mut keys = known("worker", &worker::definitions());
    let (alone, grouped) = (worker::definitions(), worker::distributed_definitions());
    let differs = |key: &&Definition| alone.get(&key.name) != Some(*key);
    keys.extend(grouped.iter().filter(differs).map(|key| ("distributed", key.name.clone())));
    keys.extend(known("source", &common::connector(Kind::Source)));
    keys.extend(known("sink", &common::connector(Kind::Sink)));
    for (section, key) in &keys {
        let (section, key) = (*section, key.as_str());
        let there =
            listed.contains(&(section, key)) || section == "sink" && listed.contains(&("source", key));
        assert!(there, "host/src/settings/testdata/keys.txt has no line for {key} of [{section}]");
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn default(definition: &Definition) -> String {
    match &definition.default {
        DefaultValue::Required => "required".to_owned(),
        DefaultValue::Null => "none".to_owned(),
        DefaultValue::Text(text) if text.is_empty() => "empty".to_owned(),
        DefaultValue::Text(text) => {
            format!(
                "`{}`",
                text.rsplit_once("org.apache.kafka.connect.storage.").map_or(text.as_str(), |(_, c)| c)
            )
        }
    }
}

fn values(definition: &Definition) -> String {
    let rules = definition.validators.iter().map(|validator| match validator {
        Validator::AtLeastIfAny(min) | Validator::Range { min: Some(min), max: None } => {
            format!("at least {min}")
        }
        Validator::Range { min, max } => {
            format!("{} to {}", min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY))
        }
        Validator::OneOf(words) => words.join(", "),
        Validator::OneOfIgnoreCase(words) => format!("{}, in any case", words.join(", ")),
        Validator::NonEmpty => "not empty".to_owned(),
        Validator::NameText => "no control characters".to_owned(),
        Validator::UniqueAliases => "no repeats".to_owned(),
        Validator::Regex => "a regular expression".to_owned(),
        Validator::Pattern(pattern) => format!("as the pattern {pattern}"),
        Validator::Versions => "a version, or a range of versions".to_owned(),
    });
    let rules: Vec<_> = rules.collect();
    if rules.is_empty() { "any".to_owned() } else { rules.join("; ") }
}

fn importance(definition: &Definition) -> String {
    format!("{:?}", definition.importance).to_lowercase()
}

fn of_sources(key: &str) -> bool {
    common::connector(Kind::Sink).get(key).is_none() && restarts::definitions().get(key).is_none()
}

/// The tables of some sections: what is honoured and defined, what is warned of, what is refused.
fn tables(sections: &[&str], definitions: &ConfigDef) -> [String; 3] {
    let columns =
        "| key | type | default | values | importance | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
    let why = "| key | why |\n| --- | --- |\n";
    let [mut honoured, mut warned, mut refused] = [columns, why, why].map(str::to_owned);
    let of_sections: Vec<_> = lines().into_iter().filter(|line| sections.contains(&line.section)).collect();
    for line in &of_sections {
        let (standing, message) = probe(line);
        let differs =
            of_sections.iter().any(|other| other.key == line.key && other.standing != line.standing);
        let message =
            cell(message.trim_start_matches("has no effect: ").trim_start_matches("has no effect "));
        let shown =
            if differs { format!("`{}={}`", line.key, line.value) } else { format!("`{}`", line.key) };
        let _ = match (standing, definitions.get(line.key)) {
            ("honoured", Some(found)) => {
                let only = match line.section {
                    "sink" => "Sinks: ",
                    "source" if of_sources(line.key) => "Sources: ",
                    _ => "",
                };
                let ours = if line.ours { "Ours: " } else { "" };
                let (kind, doc) = (found.kind.name().to_lowercase(), cell(&found.documentation));
                let (default, values, importance) = (default(found), cell(&values(found)), importance(found));
                writeln!(
                    honoured,
                    "| `{}` | {kind} | {default} | {values} | {importance} | {only}{ours}{doc} |",
                    line.key
                )
            }
            ("warned", _) => writeln!(warned, "| {shown} | {message} |"),
            ("refused", _) => writeln!(refused, "| {shown} | {message} |"),
            _ => Ok(()),
        };
    }
    [honoured, warned, refused]
}

/// The document with what stands between its marks made anew.
fn made_anew(document: &str) -> String {
    let mut connector = common::connector(Kind::Source);
    connector.extend(common::connector(Kind::Sink));
    connector.extend(restarts::definitions());
    connector.extend(topic_creation::definitions(&props(&[("topic.creation.groups", "G")])));
    let [worker, worker_warned, worker_refused] = tables(&["worker"], &worker::definitions());
    let [grouped, grouped_warned, grouped_refused] =
        tables(&["distributed"], &worker::distributed_definitions());
    let [shared, shared_warned, shared_refused] = tables(&["source", "sink"], &connector);
    let parts = BTreeMap::from([
        ("worker keys", worker),
        ("worker keys without effect", worker_warned),
        ("worker keys that are refused", worker_refused),
        ("distributed keys", grouped),
        ("distributed keys without effect", grouped_warned),
        ("distributed keys that are refused", grouped_refused),
        ("connector keys", shared),
        ("connector keys without effect", shared_warned),
        ("connector keys that are refused", shared_refused),
    ]);
    let mut text = document.to_owned();
    for (name, table) in parts {
        let (begin, end) = (format!("<!-- generated: {name} -->\n"), "<!-- end -->");
        let from =
            text.find(&begin).unwrap_or_else(|| panic!("{DOCUMENT} has no mark {begin}")) + begin.len();
        let to = text[from..].find(end).unwrap_or_else(|| panic!("{DOCUMENT}: {name} has no end")) + from;
        text.replace_range(from..to, &format!("\n{table}\n"));
    }
    text
}

/// `CONNECT_BLESS=1` writes the tables instead.
#[test]
fn the_reference_is_made_from_the_catalogues() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(DOCUMENT);
    let document = std::fs::read_to_string(&path).unwrap();
    let wanted = made_anew(&document);
    if std::env::var_os("CONNECT_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        let remedy = "run CONNECT_BLESS=1 cargo test -p connect-host --lib reference";
        let differs = document.lines().zip(wanted.lines()).find(|(is, wanted)| is != wanted);
        assert!(document == wanted, "the tables of {DOCUMENT} are old: {remedy}; {differs:?}");
    }
}
