//! Definitions of configs: what keys there are, of which types, with which defaults, checks and words for people.

use connect_plugin_abi as abi;

use crate::config::Config;

/// Types of config values, Kafka's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)] // they are Kafka's ConfigDef.Type
pub enum ConfigType {
    Boolean = abi::CONFIG_BOOLEAN,
    String = abi::CONFIG_STRING,
    Int = abi::CONFIG_INT,
    Short = abi::CONFIG_SHORT,
    Long = abi::CONFIG_LONG,
    Double = abi::CONFIG_DOUBLE,
    List = abi::CONFIG_LIST,
    Class = abi::CONFIG_CLASS,
    Password = abi::CONFIG_PASSWORD,
}

/// How much a key matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)] // they are Kafka's ConfigDef.Importance
pub enum Importance {
    High = abi::IMPORTANCE_HIGH,
    Medium = abi::IMPORTANCE_MEDIUM,
    Low = abi::IMPORTANCE_LOW,
}

/// How wide a form shows a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)] // they are Kafka's ConfigDef.Width
pub enum Width {
    None = abi::WIDTH_NONE,
    Short = abi::WIDTH_SHORT,
    Medium = abi::WIDTH_MEDIUM,
    Long = abi::WIDTH_LONG,
}

/// A check of one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Validator {
    /// A number between bounds, both inclusive.
    Range {
        /// Smallest.
        min: Option<f64>,
        /// Largest.
        max: Option<f64>,
    },
    /// One of these texts; each element of a list.
    OneOf(Vec<String>),
    /// Not empty.
    NonEmpty,
    /// The whole value matches this regular expression; checked by the worker only.
    Pattern(String),
}

/// What a key has when it is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Default {
    /// It must be set.
    Required,
    /// Null.
    Null,
    /// This, in the text form of a config file.
    Text(String),
}

/// The definition of one key. Without a default the key is required.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the fields have the names and meanings of the methods that set them
pub struct ConfigKey {
    pub name: String,
    pub kind: ConfigType,
    pub default: Default,
    pub importance: Importance,
    pub doc: String,
    pub group: String,
    pub order: i32,
    pub width: Width,
    pub display_name: String,
    pub dependents: Vec<String>,
    pub recommended: Vec<String>,
    pub validators: Vec<Validator>,
    pub internal: bool,
}

macro_rules! of_type {
    ($($function:ident $kind:ident),+) => {$(
        #[doc = concat!("A key of type ", stringify!($kind), ".")]
        pub fn $function(name: impl Into<String>) -> Self {
            Self::new(name, ConfigType::$kind)
        }
    )+};
}

impl ConfigKey {
    of_type! { boolean Boolean, string String, int Int, short Short, long Long, double Double, list List,
    class Class, password Password }

    /// A required key of that type, importance medium.
    pub fn new(name: impl Into<String>, kind: ConfigType) -> Self {
        ConfigKey {
            name: name.into(),
            kind,
            default: Default::Required,
            importance: Importance::Medium,
            doc: String::new(),
            group: String::new(),
            order: -1,
            width: Width::None,
            display_name: String::new(),
            dependents: Vec::new(),
            recommended: Vec::new(),
            validators: Vec::new(),
            internal: false,
        }
    }

    /// The default, in any form that prints as in a config file.
    #[must_use]
    pub fn default(mut self, value: impl ToString) -> Self {
        self.default = Default::Text(value.to_string());
        self
    }

    /// Null as the default: the key may be left out.
    #[must_use]
    pub fn default_null(mut self) -> Self {
        self.default = Default::Null;
        self
    }

    /// How much it matters.
    #[must_use]
    pub fn importance(mut self, importance: Importance) -> Self {
        self.importance = importance;
        self
    }

    /// What it is for.
    #[must_use]
    pub fn doc(mut self, text: impl Into<String>) -> Self {
        self.doc = text.into();
        self
    }

    /// Where a form shows it: a group, and the order in it.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>, order: i32) -> Self {
        self.group = group.into();
        self.order = order;
        self
    }

    /// How wide a form shows it.
    #[must_use]
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// Its name for people.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Keys that matter or not depending on this one.
    #[must_use]
    pub fn dependents<S: Into<String>>(mut self, keys: impl IntoIterator<Item = S>) -> Self {
        self.dependents = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Values to offer.
    #[must_use]
    pub fn recommended<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.recommended = values.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a check; all must agree.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Checks that it is not empty.
    #[must_use]
    pub fn non_empty(self) -> Self {
        self.validator(Validator::NonEmpty)
    }

    /// Checks that it is a number of at least `min`.
    #[must_use]
    pub fn at_least(self, min: i32) -> Self {
        self.validator(Validator::Range { min: Some(min.into()), max: None })
    }

    /// Leaves it out of listings.
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// What is wrong with `value`, in Kafka's words; patterns are left to the worker.
    pub fn problem(&self, value: &str) -> Option<String> {
        let reason = self.wrong_type(value).or_else(|| self.wrong_value(value))?;
        let shown = if self.kind == ConfigType::Password { "[hidden]" } else { value };
        Some(format!("Invalid value {shown} for configuration {}: {reason}", self.name))
    }

    fn wrong_type(&self, value: &str) -> Option<String> {
        let value = value.trim();
        let (fits, words) = match self.kind {
            ConfigType::Boolean => {
                (parse_boolean(value).is_some(), "Expected value to be either true or false")
            }
            ConfigType::Int => (value.parse::<i32>().is_ok(), "Not a number of type INT"),
            ConfigType::Short => (value.parse::<i16>().is_ok(), "Not a number of type SHORT"),
            ConfigType::Long => (value.parse::<i64>().is_ok(), "Not a number of type LONG"),
            ConfigType::Double => (value.parse::<f64>().is_ok(), "Not a number of type DOUBLE"),
            ConfigType::String | ConfigType::List | ConfigType::Class | ConfigType::Password => (true, ""),
        };
        (!fits).then(|| words.to_owned())
    }

    fn wrong_value(&self, value: &str) -> Option<String> {
        self.validators.iter().find_map(|validator| match validator {
            Validator::NonEmpty => value.is_empty().then(|| "String must be non-empty".to_owned()),
            Validator::Pattern(_) => None,
            Validator::OneOf(allowed) => {
                let known = |item: &str| allowed.iter().any(|a| a == item);
                let ok = match self.kind {
                    ConfigType::List => split_list(value).all(known),
                    _ => known(value),
                };
                (!ok).then(|| format!("String must be one of: {}", allowed.join(", ")))
            }
            Validator::Range { min, max } => {
                let number = value.trim().parse::<f64>().ok()?;
                let below = min.filter(|min| number < *min);
                let above = max.filter(|max| number > *max);
                below
                    .map(|min| format!("Value must be at least {min}"))
                    .or_else(|| above.map(|max| format!("Value must be no more than {max}")))
            }
        })
    }
}

pub(crate) fn parse_boolean(value: &str) -> Option<bool> {
    match value.trim() {
        v if v.eq_ignore_ascii_case("true") => Some(true),
        v if v.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

pub(crate) fn split_list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// All definitions of a connector.
#[derive(Clone, Debug, std::default::Default, PartialEq)]
pub struct ConfigDef {
    keys: Vec<ConfigKey>,
}

impl ConfigDef {
    /// No key.
    pub fn new() -> Self {
        std::default::Default::default()
    }

    /// Adds a key.
    #[must_use]
    pub fn key(mut self, key: ConfigKey) -> Self {
        self.keys.push(key);
        self
    }

    /// The keys, in the order of their definition.
    pub fn keys(&self) -> &[ConfigKey] {
        &self.keys
    }

    /// The definition of `name`.
    pub fn get(&self, name: &str) -> Option<&ConfigKey> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Everything that is wrong with `config`: pairs of key and problem.
    pub fn problems(&self, config: &Config) -> Vec<(&str, String)> {
        self.keys
            .iter()
            .filter_map(|key| {
                let problem = match config.given(&key.name) {
                    Some(value) => key.problem(value),
                    None if key.default == Default::Required => Some(missing(&key.name)),
                    None => None,
                };
                problem.map(|problem| (key.name.as_str(), problem))
            })
            .collect()
    }
}

pub(crate) fn missing(name: &str) -> String {
    format!("Missing required configuration \"{name}\" which has no default value.")
}

/// What a connector's `validate` finds out about one key, beyond what the definitions say.
#[derive(Clone, Debug, std::default::Default, PartialEq, Eq)]
pub struct ConfigValue {
    /// The key.
    pub name: String,
    /// What is wrong with it.
    pub errors: Vec<String>,
    /// Values to offer.
    pub recommended: Vec<String>,
    /// Not to be shown with these configs.
    pub hidden: bool,
}

impl ConfigValue {
    /// One problem with one key.
    pub fn error(name: impl Into<String>, error: impl Into<String>) -> Self {
        ConfigValue { name: name.into(), errors: vec![error.into()], ..std::default::Default::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_told_in_kafkas_words() {
        let def = ConfigDef::new()
            .key(ConfigKey::string("topic").non_empty())
            .key(ConfigKey::int("batch.size").default(2000).at_least(1))
            .key(ConfigKey::password("secret").default_null().validator(Validator::OneOf(vec!["x".into()])))
            .key(ConfigKey::boolean("flag").default(false));
        let all = |pairs: &[(&str, &str)]| -> Vec<String> {
            let config: Config = pairs.iter().copied().collect();
            def.problems(&config).into_iter().map(|(_, problem)| problem).collect()
        };
        assert_eq!(all(&[]), ["Missing required configuration \"topic\" which has no default value."]);
        assert_eq!(
            all(&[("topic", ""), ("batch.size", "many"), ("secret", "s3cret"), ("flag", "yes")]),
            [
                "Invalid value  for configuration topic: String must be non-empty",
                "Invalid value many for configuration batch.size: Not a number of type INT",
                "Invalid value [hidden] for configuration secret: String must be one of: x",
                "Invalid value yes for configuration flag: Expected value to be either true or false",
            ]
        );
        assert_eq!(
            all(&[("topic", "t"), ("batch.size", "0")]),
            ["Invalid value 0 for configuration batch.size: Value must be at least 1"]
        );
    }
}
