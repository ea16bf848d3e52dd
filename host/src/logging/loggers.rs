//! Levels by the names of loggers, as Kafka Connect's API has them, and the filter that follows from them. Pure.
//!
//! A name stands for the targets of lines in [`targets`]; other names are kept and shown, but nothing is written under
//! them.

use std::collections::BTreeMap;

/// The name of the logger that all others begin from.
pub const ROOT: &str = "root";

/// A level of log4j.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing.
    Off,
    /// What ends the process; nothing here is written at this level.
    Fatal,
    /// What failed.
    Error,
    /// What someone should look at.
    Warn,
    /// What the worker does.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Each step.
    Trace,
    /// Everything.
    All,
}

const LEVELS: &[(Level, &str, &str)] = &[
    (Level::Off, "OFF", "off"),
    (Level::Fatal, "FATAL", "off"),
    (Level::Error, "ERROR", "error"),
    (Level::Warn, "WARN", "warn"),
    (Level::Info, "INFO", "info"),
    (Level::Debug, "DEBUG", "debug"),
    (Level::Trace, "TRACE", "trace"),
    (Level::All, "ALL", "trace"),
];

impl Level {
    /// The level by its name, in any letter case.
    pub fn parse(text: &str) -> Option<Level> {
        LEVELS.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(text)).map(|(level, ..)| *level)
    }

    /// Its name, in capitals.
    pub fn name(self) -> &'static str {
        LEVELS.iter().find(|(level, ..)| *level == self).map_or("", |(_, name, _)| name)
    }

    fn directive(self) -> &'static str {
        LEVELS.iter().find(|(level, ..)| *level == self).map_or("", |(.., directive)| directive)
    }
}

/// A logger whose level was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logger {
    /// Its level.
    pub level: Level,
    /// When it was last changed on request, in milliseconds since 1970.
    pub last_modified: Option<u64>,
}

/// All loggers whose level was set, and the root.
#[derive(Debug, Clone)]
pub struct Loggers {
    /// The filter from the start; none once the root was set.
    base: Option<String>,
    loggers: BTreeMap<String, Logger>,
}

/// The name as it is kept: `root` in any letter case is the root.
fn kept(name: &str) -> &str {
    if name.eq_ignore_ascii_case(ROOT) { ROOT } else { name }
}

impl Loggers {
    /// Only the root, at its level from the settings; `filter` is what holds at the start.
    pub fn new(level: Level, filter: String) -> Loggers {
        let root = Logger { level, last_modified: None };
        Loggers { base: Some(filter), loggers: [(ROOT.to_owned(), root)].into() }
    }

    /// Every logger that has a level of its own, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, Logger)> {
        self.loggers.iter().map(|(name, logger)| (name.as_str(), *logger))
    }

    /// A logger that has a level of its own, or is always there: a class of Java's that does its work here.
    pub fn get(&self, name: &str) -> Option<Logger> {
        let own = self.loggers.get(kept(name)).copied();
        let inherited = || Logger { level: self.inherited(name), last_modified: None };
        own.or_else(|| CLASSES.contains(&name).then(inherited))
    }

    /// Sets a logger and all known ones whose names begin with its name; the root stands for all. Returns the names of
    /// those that had another level before, sorted.
    pub fn set(&mut self, name: &str, level: Level, now: u64) -> Vec<String> {
        let name = kept(name);
        let inherited = self.inherited(name);
        self.loggers.entry(name.to_owned()).or_insert(Logger { level: inherited, last_modified: None });
        if name == ROOT {
            self.base = None;
        }
        let hit = |other: &str| name == ROOT || other == name || (other != ROOT && other.starts_with(name));
        let mut changed = Vec::new();
        for (name, logger) in self.loggers.iter_mut().filter(|(other, _)| hit(other)) {
            if logger.level != level {
                *logger = Logger { level, last_modified: Some(now) };
                changed.push(name.clone());
            }
        }
        changed
    }

    /// The level of the nearest logger above, by the dots in the name.
    fn inherited(&self, name: &str) -> Level {
        let mut above = name;
        while let Some((shorter, _)) = above.rsplit_once('.') {
            above = shorter;
            if let Some(logger) = self.loggers.get(above) {
                return logger.level;
            }
        }
        self.loggers.get(ROOT).map_or(Level::Info, |root| root.level)
    }

    /// The filter of lines that follows: the more a name says, the later it stands.
    pub fn filter(&self) -> String {
        let root = self.loggers.get(ROOT).map_or("info", |root| root.level.directive());
        let mut parts = vec![self.base.clone().unwrap_or_else(|| root.to_owned())];
        for (name, logger) in &self.loggers {
            let named = targets(name).into_iter();
            parts.extend(named.map(|target| format!("{target}={}", logger.level.directive())));
        }
        parts.join(",")
    }
}

/// What loggers of Java stand for: a package with all that is in it, or a class; the first that fits counts.
const JAVA: &[(&str, &[&str])] = &[
    ("org.apache.kafka.connect.runtime.rest", &["connect_host::rest"]),
    ("org.apache.kafka.connect.runtime.isolation", &["connect_host::plugins"]),
    ("org.apache.kafka.connect.runtime.WorkerSinkTask", &["connect_host::worker::sink_task"]),
    ("org.apache.kafka.connect.runtime.WorkerSourceTask", &["connect_host::worker::source_task"]),
    ("org.apache.kafka.connect.runtime.AbstractWorkerSourceTask", &["connect_host::worker::source_task"]),
    (
        "org.apache.kafka.connect.runtime.SourceTaskOffsetCommitter",
        &["connect_host::worker::source_task::commit"],
    ),
    ("org.apache.kafka.connect.runtime.WorkerConnector", &["connect_host::worker::connector"]),
    ("org.apache.kafka.connect.runtime", &["connect_host::worker"]),
    ("org.apache.kafka.connect.cli", &["connect_host"]),
    ("org.apache.kafka.connect.storage.FileOffsetBackingStore", &["connect_host::worker::offset_store"]),
    ("org.apache.kafka.connect.storage.KafkaOffsetBackingStore", &["connect_host::worker::offset_store"]),
    ("org.apache.kafka.connect.storage", &["connect_host::worker::offset_store", "connect_host::records"]),
    ("org.apache.kafka.connect.json", &["connect_host::records"]),
    ("org.apache.kafka.connect.converters", &["connect_host::records"]),
    ("org.apache.kafka.clients", &["connect_host::kafka"]),
];

/// Java's classes that whoever knows Kafka Connect looks for, and whose work is done here.
const CLASSES: &[&str] = &[
    "org.apache.kafka.clients.NetworkClient",
    "org.apache.kafka.clients.admin.KafkaAdminClient",
    "org.apache.kafka.clients.consumer.KafkaConsumer",
    "org.apache.kafka.clients.producer.KafkaProducer",
    "org.apache.kafka.connect.cli.ConnectStandalone",
    "org.apache.kafka.connect.runtime.AbstractWorkerSourceTask",
    "org.apache.kafka.connect.runtime.SourceTaskOffsetCommitter",
    "org.apache.kafka.connect.runtime.Worker",
    "org.apache.kafka.connect.runtime.WorkerConnector",
    "org.apache.kafka.connect.runtime.WorkerSinkTask",
    "org.apache.kafka.connect.runtime.WorkerSourceTask",
    "org.apache.kafka.connect.runtime.WorkerTask",
    "org.apache.kafka.connect.runtime.isolation.Plugins",
    "org.apache.kafka.connect.runtime.rest.RestServer",
    "org.apache.kafka.connect.storage.FileOffsetBackingStore",
];

/// The targets of the lines that a logger's name stands for: a target itself as the lines show it; packages and classes
/// of Kafka Connect and of Kafka's clients; every other package of Kafka Connect for what plugins write.
pub fn targets(name: &str) -> Vec<&str> {
    let within = |package: &str| {
        name.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '$']))
    };
    if name.starts_with("connect_host") || name == "plugin" || name == "panic" {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        return if plain { vec![name] } else { Vec::new() };
    }
    if ["org", "org.apache", "org.apache.kafka", "org.apache.kafka.connect"].contains(&name) {
        return vec!["connect_host", "plugin"];
    }
    match JAVA.iter().find(|(package, _)| within(package)) {
        Some((_, targets)) => targets.to_vec(),
        None if within("org.apache.kafka.connect") => vec!["plugin"],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_goes_to_all_loggers_that_begin_with_the_name() {
        let mut loggers = Loggers::new(Level::Info, "info".to_owned());
        assert_eq!(loggers.set("x.b", Level::Debug, 1), ["x.b"]);
        assert_eq!(loggers.set("x.a.y", Level::Error, 2), ["x.a.y"]);
        assert_eq!(loggers.set("x", Level::Debug, 3), ["x", "x.a.y"]);
        assert_eq!(loggers.set("x", Level::Debug, 4), Vec::<String>::new());
        assert_eq!(loggers.get("x.b"), Some(Logger { level: Level::Debug, last_modified: Some(1) }));
        assert_eq!(loggers.get("x.a.y"), Some(Logger { level: Level::Debug, last_modified: Some(3) }));
        assert_eq!(loggers.get("nobody"), None);
        let class = "org.apache.kafka.connect.runtime.Worker";
        assert_eq!(loggers.get(class), Some(Logger { level: Level::Info, last_modified: None }));
        assert_eq!(loggers.set("org.apache.kafka", Level::Warn, 3), ["org.apache.kafka"]);
        assert_eq!(loggers.get(class), Some(Logger { level: Level::Warn, last_modified: None }));
        assert_eq!(loggers.set("org.apache.kafka", Level::Info, 3), ["org.apache.kafka"]);
        assert_eq!(loggers.set("ROOT", Level::All, 5), ["org.apache.kafka", "root", "x", "x.a.y", "x.b"]);
        assert_eq!(loggers.get("Root").map(|root| root.level.name()), Some("ALL"));
        assert_eq!(loggers.all().count(), 5);
    }

    #[test]
    fn the_filter_names_the_targets_of_known_names_only() {
        let mut loggers = Loggers::new(Level::Info, "info,plugin=debug".to_owned());
        loggers.set("org.apache.kafka.connect.runtime.WorkerSinkTask", Level::Trace, 1);
        loggers.set("com.example,=[", Level::Trace, 1);
        loggers.set("connect_host::kafka", Level::Fatal, 1);
        let named = "connect_host::kafka=off,connect_host::worker::sink_task=trace";
        assert_eq!(loggers.filter(), format!("info,plugin=debug,{named}"));
        loggers.set("root", Level::Warn, 2);
        assert_eq!(loggers.filter(), "warn,connect_host::kafka=warn,connect_host::worker::sink_task=warn");
        crate::logging::parse("test", &loggers.filter()).unwrap();
    }

    #[test]
    fn names_of_java_stand_for_the_part_that_does_the_same() {
        let table: &[(&str, &[&str])] = &[
            ("connect_host::kafka", &["connect_host::kafka"]),
            ("connect_host=x", &[]),
            ("org.apache.kafka.connect", &["connect_host", "plugin"]),
            ("org.apache.kafka.connect.runtime", &["connect_host::worker"]),
            ("org.apache.kafka.connect.runtime.Worker", &["connect_host::worker"]),
            ("org.apache.kafka.connect.runtime.WorkerSourceTask", &["connect_host::worker::source_task"]),
            ("org.apache.kafka.connect.runtime.WorkerSinkTask$X", &["connect_host::worker::sink_task"]),
            ("org.apache.kafka.connect.runtime.rest.RestServer", &["connect_host::rest"]),
            ("org.apache.kafka.connect.runtime.restless", &["connect_host::worker"]),
            ("org.apache.kafka.connect.runtime.isolation.Plugins", &["connect_host::plugins"]),
            ("org.apache.kafka.connect.json.JsonConverter", &["connect_host::records"]),
            ("org.apache.kafka.connect.file.FileStreamSinkTask", &["plugin"]),
            ("org.apache.kafka.clients.consumer.KafkaConsumer", &["connect_host::kafka"]),
            ("com.example", &[]),
        ];
        for (name, expected) in table {
            assert_eq!(targets(name), *expected, "{name}");
        }
    }

    #[test]
    fn classes_that_are_always_there_stand_for_something() {
        for class in CLASSES {
            assert_ne!(targets(class), Vec::<&str>::new(), "{class}");
        }
    }

    #[test]
    fn levels_are_known_in_any_letter_case() {
        for (level, name, _) in LEVELS {
            assert_eq!(Level::parse(&name.to_lowercase()), Some(*level));
        }
        assert_eq!(Level::parse("loud"), None);
    }
}
