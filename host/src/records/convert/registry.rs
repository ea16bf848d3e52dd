//! The converters that are built in, by class name and alias, and what each may be used for.

use std::sync::Arc;

use super::byte_array::ByteArrayConverter;
use super::json::JsonConverter;
use super::primitive::{NumberKind, PrimitiveConverter};
use super::simple_header::SimpleHeaderConverter;
use super::string::StringConverter;
use super::{Converter, ForHeaders, HeaderConverter};
use crate::settings::connector::{ConnectorConfig, ConverterConfig};
use crate::settings::versions::API_VERSION;
use crate::settings::worker::WorkerConfig;
use crate::settings::{Problem, Props};

/// What a converter is asked to convert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The keys of records: `key.converter`.
    Key,
    /// The values of records: `value.converter`.
    Value,
    /// The values of headers: `header.converter`.
    Header,
}

impl Role {
    /// All of them, in the order in which faults are told.
    pub const ALL: [Role; 3] = [Role::Key, Role::Value, Role::Header];

    /// The setting that names the converter's class, which prefixes the converter's own settings too.
    pub fn key(self) -> &'static str {
        match self {
            Role::Key => "key.converter",
            Role::Value => "value.converter",
            Role::Header => "header.converter",
        }
    }

    /// The setting that asks for a version of the converter.
    pub fn version_key(self) -> &'static str {
        match self {
            Role::Key => "key.converter.plugin.version",
            Role::Value => "value.converter.plugin.version",
            Role::Header => "header.converter.plugin.version",
        }
    }

    /// What the worker's config says of the converter.
    pub fn of_worker(self, config: &WorkerConfig) -> &ConverterConfig {
        match self {
            Role::Key => &config.key_converter,
            Role::Value => &config.value_converter,
            Role::Header => &config.header_converter,
        }
    }

    /// What a connector's config says of the converter, if it does.
    pub fn of_connector(self, config: &ConnectorConfig) -> Option<&ConverterConfig> {
        match self {
            Role::Key => config.key_converter.as_ref(),
            Role::Value => config.value_converter.as_ref(),
            Role::Header => config.header_converter.as_ref(),
        }
    }
}

/// One built-in class, as the list of plugins shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConverterClass {
    /// The full name, as in Kafka.
    pub class: &'static str,
    /// `converter` or `header_converter`; a class that is both is listed once for each.
    pub kind: &'static str,
    /// The version of Kafka Connect whose converter it does the same as.
    pub version: &'static str,
}

#[derive(Clone, Copy)]
enum Built {
    String,
    ByteArray,
    Json,
    Primitive(NumberKind),
    SimpleHeader,
}

const CLASSES: [(&str, Built); 10] = [
    ("org.apache.kafka.connect.converters.BooleanConverter", Built::Primitive(NumberKind::Boolean)),
    ("org.apache.kafka.connect.converters.ByteArrayConverter", Built::ByteArray),
    ("org.apache.kafka.connect.converters.DoubleConverter", Built::Primitive(NumberKind::Double)),
    ("org.apache.kafka.connect.converters.FloatConverter", Built::Primitive(NumberKind::Float)),
    ("org.apache.kafka.connect.converters.IntegerConverter", Built::Primitive(NumberKind::Integer)),
    ("org.apache.kafka.connect.converters.LongConverter", Built::Primitive(NumberKind::Long)),
    ("org.apache.kafka.connect.converters.ShortConverter", Built::Primitive(NumberKind::Short)),
    ("org.apache.kafka.connect.json.JsonConverter", Built::Json),
    ("org.apache.kafka.connect.storage.SimpleHeaderConverter", Built::SimpleHeader),
    ("org.apache.kafka.connect.storage.StringConverter", Built::String),
];

/// Every built-in class once for each kind, in the order of class names.
pub fn converter_classes() -> Vec<ConverterClass> {
    let entry = |class, kind| ConverterClass { class, kind, version: API_VERSION };
    let mut list = Vec::with_capacity(CLASSES.len() * 2);
    for (class, built) in CLASSES {
        if !matches!(built, Built::SimpleHeader) {
            list.push(entry(class, "converter"));
        }
        list.push(entry(class, "header_converter"));
    }
    list
}

/// The classes that can be used in a role, in the order of their names.
pub fn classes_for(role: Role) -> Vec<&'static str> {
    let kind = if role == Role::Header { "header_converter" } else { "converter" };
    converter_classes().iter().filter(|c| c.kind == kind).map(|c| c.class).collect()
}

/// The full name of the class that `class` means: itself, the part after the last dot, or that without
/// `Converter`.
pub fn resolve(class: &str) -> Option<&'static str> {
    find(class).map(|(name, _)| name)
}

fn find(class: &str) -> Option<(&'static str, Built)> {
    let wanted = class.trim();
    CLASSES.into_iter().find(|(name, _)| {
        let short = name.rsplit('.').next().unwrap_or(name);
        // Kafka's own aliases: the simple class name, and that name without the kind of plugin at its end.
        let pruned =
            short.strip_suffix("HeaderConverter").or(short.strip_suffix("Converter")).unwrap_or(short);
        wanted == *name || wanted == short || wanted == pruned
    })
}

fn unknown(role: Role, class: &str) -> Vec<Problem> {
    let known = classes_for(role);
    let key = role.key();
    let message = format!(
        "Invalid value {class} for configuration {key}: Class {class} could not be found; the worker has {}",
        known.join(", ")
    );
    vec![Problem { key: key.to_owned(), message }]
}

/// Makes the converter of keys or values that `class` names, from settings whose prefix is stripped.
///
/// # Errors
/// Every problem at once, under the full key of the setting: an unknown class (with those that exist), and
/// settings that the class cannot take.
pub fn converter(class: &str, props: &Props, is_key: bool) -> Result<Arc<dyn Converter>, Vec<Problem>> {
    let role = if is_key { Role::Key } else { Role::Value };
    Ok(match find(class) {
        Some((_, Built::String)) => Arc::new(StringConverter::configure(props, role)?),
        Some((_, Built::ByteArray)) => Arc::new(ByteArrayConverter::new()),
        Some((_, Built::Json)) => Arc::new(JsonConverter::configure(props, role)?),
        Some((_, Built::Primitive(kind))) => Arc::new(PrimitiveConverter::new(kind)),
        Some((_, Built::SimpleHeader)) | None => return Err(unknown(role, class)),
    })
}

/// Makes the converter of headers that `class` names, from settings whose prefix is stripped.
///
/// # Errors
/// As for [`converter`].
pub fn header_converter(class: &str, props: &Props) -> Result<Arc<dyn HeaderConverter>, Vec<Problem>> {
    let role = Role::Header;
    Ok(match find(class) {
        Some((_, Built::String)) => Arc::new(ForHeaders(StringConverter::configure(props, role)?)),
        Some((_, Built::ByteArray)) => Arc::new(ForHeaders(ByteArrayConverter::new())),
        Some((_, Built::Json)) => Arc::new(ForHeaders(JsonConverter::configure(props, role)?)),
        Some((_, Built::Primitive(kind))) => Arc::new(ForHeaders(PrimitiveConverter::new(kind))),
        Some((_, Built::SimpleHeader)) => Arc::new(SimpleHeaderConverter::new()),
        None => return Err(unknown(role, class)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_by_name_and_alias() {
        let names = [
            ("org.apache.kafka.connect.storage.StringConverter", "StringConverter", "String"),
            ("org.apache.kafka.connect.converters.ByteArrayConverter", "ByteArrayConverter", "ByteArray"),
            ("org.apache.kafka.connect.json.JsonConverter", "JsonConverter", "Json"),
            ("org.apache.kafka.connect.converters.LongConverter", "LongConverter", "Long"),
            ("org.apache.kafka.connect.storage.SimpleHeaderConverter", "SimpleHeaderConverter", "Simple"),
        ];
        for (full, short, pruned) in names {
            for name in [full, short, pruned] {
                assert_eq!(resolve(name), Some(full));
                assert!(header_converter(name, &Props::new()).is_ok(), "{name}");
                assert_eq!(converter(name, &Props::new(), true).is_ok(), pruned != "Simple", "{name}");
            }
        }
    }

    #[test]
    fn an_unknown_class_is_named_with_those_that_exist() {
        let problems = converter("io.confluent.AvroConverter", &Props::new(), true).err().unwrap();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].key, "key.converter");
        assert!(problems[0].message.contains("io.confluent.AvroConverter"));
        assert!(problems[0].message.contains("org.apache.kafka.connect.json.JsonConverter"));
        assert!(!problems[0].message.contains("SimpleHeaderConverter"));
    }

    #[test]
    fn problems_of_settings_carry_the_full_key() {
        let props = Props::from([
            ("schemas.enable".to_owned(), "maybe".to_owned()),
            ("decimal.format".to_owned(), "HEX".to_owned()),
        ]);
        let problems = converter("Json", &props, false).err().unwrap();
        let keys: Vec<&str> = problems.iter().map(|p| p.key.as_str()).collect();
        assert_eq!(keys, ["value.converter.schemas.enable", "value.converter.decimal.format"]);
    }

    #[test]
    fn every_class_is_listed() {
        let list = converter_classes();
        assert_eq!(list.iter().filter(|c| c.kind == "converter").count(), 9);
        assert_eq!(list.iter().filter(|c| c.kind == "header_converter").count(), 10);
    }
}
