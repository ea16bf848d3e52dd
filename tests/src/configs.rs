//! Configs of the connectors that tests use, one function for each class.

use crate::Props;
use std::path::Path;

/// Adds settings one after the other.
pub trait With: Sized {
    /// With this setting too, or in place of what it was.
    fn with(self, key: &str, value: impl ToString) -> Self;
}

impl With for Props {
    fn with(mut self, key: &str, value: impl ToString) -> Props {
        self.insert(key.to_owned(), value.to_string());
        self
    }
}

/// A connector of this name and class, with one task.
pub fn connector(name: &str, class: &str) -> Props {
    Props::new().with("name", name).with("connector.class", class).with("tasks.max", 1)
}

/// Lines of a file into a topic.
pub fn file_source(name: &str, file: &Path, topic: &str) -> Props {
    connector(name, "FileStreamSource").with("file", file.display()).with("topic", topic)
}

/// Records of a topic into the lines of a file.
pub fn file_sink(name: &str, topic: &str, file: &Path) -> Props {
    connector(name, "FileStreamSink").with("topics", topic).with("file", file.display())
}

/// The same by the connector in C.
pub fn c_sink(name: &str, topic: &str, file: &Path) -> Props {
    connector(name, "CSink").with("topics", topic).with("file", file.display())
}

/// Numbered records, `throughput` a second of each task.
pub fn verifiable_source(name: &str, topic: &str, throughput: u32) -> Props {
    connector(name, "VerifiableSource").with("topic", topic).with("throughput", throughput)
}

/// Checks numbered records and reports into a file.
pub fn verifiable_sink(name: &str, topic: &str, report: &Path) -> Props {
    connector(name, "VerifiableSink").with("topics", topic).with("report.file", report.display())
}

/// The source of a faulty plugin, by the plugin's name: `wrong_magic` has `WrongMagicSource`.
pub fn faulty_source(name: &str, plugin: &str, topic: &str) -> Props {
    connector(name, &faulty_class(plugin, "Source")).with("topic", topic)
}

/// The sink of a faulty plugin.
pub fn faulty_sink(name: &str, plugin: &str, topic: &str) -> Props {
    connector(name, &faulty_class(plugin, "Sink")).with("topics", topic)
}

/// The full name of a faulty plugin's class; `kind` is `Source` or `Sink`.
pub fn faulty_class(plugin: &str, kind: &str) -> String {
    let words = plugin.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
    format!("org.connecthost.faulty.{}{kind}", words.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_faulty_plugins_are_named_after_them() {
        assert_eq!(faulty_class("wrong_magic", "Sink"), "org.connecthost.faulty.WrongMagicSink");
    }
}
