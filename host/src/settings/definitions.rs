//! Kafka's ConfigDef: what a config key is, and how its text is read.
//!
//! [`ConfigDef`] lists definitions in the order in which they are shown; [`validate::Validation`] holds a
//! config against them. [`common`] has the keys that the worker itself adds to every connector.

use std::fmt;

use serde::Serialize;

use super::Password;

pub mod common;
mod order;
pub mod validate;
pub mod value;

pub use validate::{ConfigInfo, ConfigInfos, ConfigKeyInfo, ConfigValueInfo, Validation};
pub use value::Parsed;

/// The type of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Type {
    /// `true` or `false`, in any case.
    Boolean,
    /// Trimmed text.
    String,
    /// 32 bits, signed.
    Int,
    /// 16 bits, signed.
    Short,
    /// 64 bits, signed.
    Long,
    /// A 64-bit floating point number.
    Double,
    /// Comma separated text.
    List,
    /// The name of a class.
    Class,
    /// Text that is never shown.
    Password,
}

impl Type {
    /// The name that Kafka gives the type, for example `INT`.
    pub fn name(self) -> &'static str {
        match self {
            Type::Boolean => "BOOLEAN",
            Type::String => "STRING",
            Type::Int => "INT",
            Type::Short => "SHORT",
            Type::Long => "LONG",
            Type::Double => "DOUBLE",
            Type::List => "LIST",
            Type::Class => "CLASS",
            Type::Password => "PASSWORD",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much a key matters to most users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Importance {
    /// Most users set it.
    High,
    /// Some users set it.
    Medium,
    /// Few users set it.
    Low,
}

/// How wide an input field for the value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Width {
    /// Not said.
    None,
    /// A number or a word.
    Short,
    /// A name.
    Medium,
    /// A list or a path.
    Long,
}

/// What holds when a key is not given.
#[derive(Clone, PartialEq, Eq)]
pub enum DefaultValue {
    /// The key must be given.
    Required,
    /// The key has no value.
    Null,
    /// The value, in the text form of a config file.
    Text(String),
}

impl fmt::Debug for DefaultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DefaultValue::Required => "Required",
            DefaultValue::Null => "Null",
            DefaultValue::Text(_) => "Text(..)",
        })
    }
}

/// A rule that a parsed value must meet.
#[derive(Clone, Debug, PartialEq)]
pub enum Validator {
    /// A number of at least this; no value is fine.
    AtLeastIfAny(f64),
    /// A number within bounds, both inclusive. No value breaks this rule, as in Kafka.
    Range {
        /// The least value.
        min: Option<f64>,
        /// The greatest value.
        max: Option<f64>,
    },
    /// One of these texts.
    OneOf(Vec<String>),
    /// One of these texts, in any case.
    OneOfIgnoreCase(Vec<String>),
    /// Text with at least one character; no value is fine.
    NonEmpty,
    /// A name: not empty and without control characters; no value is fine.
    NameText,
    /// A list without repeats, as the aliases of transformations.
    UniqueAliases,
    /// Text that is a valid Java regular expression.
    Regex,
    /// Text that this regular expression matches as a whole; no value is fine.
    Pattern(String),
    /// Text that is a version or a range of versions, see [`crate::settings::versions`]; no value is fine.
    Versions,
}

impl Validator {
    /// At least `min`.
    pub fn at_least(min: i32) -> Self {
        Validator::Range { min: Some(f64::from(min)), max: None }
    }

    /// One of these texts, exactly.
    pub fn one_of(values: &[&str]) -> Self {
        Validator::OneOf(values.iter().map(|v| (*v).to_owned()).collect())
    }

    /// One of these texts, in any case.
    pub fn one_of_ignore_case(values: &[&str]) -> Self {
        Validator::OneOfIgnoreCase(values.iter().map(|v| (*v).to_owned()).collect())
    }
}

/// One key of a config: everything that Kafka's ConfigDef.ConfigKey says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The key.
    pub name: String,
    /// The type of its value.
    pub kind: Type,
    /// What holds when it is not given.
    pub default: DefaultValue,
    /// How much it matters.
    pub importance: Importance,
    /// What it does, for people.
    pub documentation: String,
    /// The group under which it is shown.
    pub group: Option<String>,
    /// Its place in the group; -1 without a group.
    pub order: i32,
    /// How wide an input field should be.
    pub width: Width,
    /// A short label.
    pub display_name: String,
    /// Keys whose meaning depends on this one.
    pub dependents: Vec<String>,
    /// Values worth offering.
    pub recommended: Vec<String>,
    /// The rules that its value must meet, in order.
    pub validators: Vec<Validator>,
}

impl Definition {
    /// A key without default value (null), group, rules.
    pub fn new(name: impl Into<String>, kind: Type, importance: Importance, doc: impl Into<String>) -> Self {
        let name = name.into();
        Definition {
            display_name: name.clone(),
            name,
            kind,
            default: DefaultValue::Null,
            importance,
            documentation: doc.into(),
            group: None,
            order: -1,
            width: Width::None,
            dependents: Vec::new(),
            recommended: Vec::new(),
            validators: Vec::new(),
        }
    }

    /// The key must be given.
    pub fn required(mut self) -> Self {
        self.default = DefaultValue::Required;
        self
    }

    /// The value that holds when the key is not given, in the text form of a config file.
    pub fn default(mut self, text: impl Into<String>) -> Self {
        self.default = DefaultValue::Text(text.into());
        self
    }

    /// One more rule.
    pub fn check(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Where and how the key is shown.
    pub fn shown(mut self, group: &str, order: i32, width: Width, display_name: &str) -> Self {
        self.group = Some(group.to_owned());
        self.order = order;
        self.width = width;
        self.display_name = display_name.to_owned();
        self
    }
}

/// Definitions in the order in which they are shown. Names are distinct: the first of two wins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigDef {
    definitions: Vec<Definition>,
}

impl ConfigDef {
    /// No definitions.
    pub fn new() -> Self {
        ConfigDef::default()
    }

    /// Adds a definition, unless its name is taken.
    pub fn define(mut self, definition: Definition) -> Self {
        self.push(definition);
        self
    }

    /// Adds a definition, unless its name is taken.
    pub fn push(&mut self, definition: Definition) {
        if self.get(&definition.name).is_none() {
            self.definitions.push(definition);
        }
    }

    /// Adds all definitions of `other` whose names are not taken.
    pub fn extend(&mut self, other: ConfigDef) {
        other.definitions.into_iter().for_each(|definition| self.push(definition));
    }

    /// The definition of a key.
    pub fn get(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.name == name)
    }

    /// The definition of a key, to change it (recommended values, for example).
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Definition> {
        self.definitions.iter_mut().find(|definition| definition.name == name)
    }

    /// All definitions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter()
    }

    /// How many definitions there are.
    pub fn len(&self) -> usize {
        self.definitions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.definitions.is_empty()
    }

    /// The groups, in the order of their first key.
    pub fn groups(&self) -> Vec<String> {
        let mut groups = Vec::new();
        for group in self.definitions.iter().filter_map(|definition| definition.group.as_ref()) {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
        groups
    }

    /// The same definitions with `prefix` before each name, as the keys of a converter on a connector.
    pub fn prefixed(&self, prefix: &str) -> ConfigDef {
        let mut definitions = self.definitions.clone();
        for definition in &mut definitions {
            definition.name.insert_str(0, prefix);
            definition.dependents.iter_mut().for_each(|name| name.insert_str(0, prefix));
        }
        ConfigDef { definitions }
    }
}

/// The default of a definition as it may be shown: passwords hidden.
pub(crate) fn shown_default(definition: &Definition) -> Option<String> {
    match &definition.default {
        DefaultValue::Required | DefaultValue::Null => None,
        DefaultValue::Text(text) if definition.kind == Type::Password => {
            Some(Password::new(text.as_str()).to_string())
        }
        DefaultValue::Text(text) => Some(text.clone()),
    }
}
