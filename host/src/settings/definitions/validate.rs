//! A config held against its definitions, and the answer of `PUT /connector-plugins/{x}/config/validate`.

use std::collections::BTreeSet;

use serde::Serialize;

use super::order::hash_order;
use super::value::{Parsed, missing};
use super::{ConfigDef, DefaultValue, Definition, Importance, Type, Width, shown_default};
use crate::settings::{Problem, Props};

/// The definition of a key as REST shows it. Fields are in the order of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigKeyInfo {
    /// The key.
    pub name: String,
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Whether it must be given.
    pub required: bool,
    /// The value that holds without it, as text; passwords hidden.
    pub default_value: Option<String>,
    /// How much it matters.
    pub importance: Importance,
    /// What it does.
    pub documentation: String,
    /// The group under which it is shown.
    pub group: Option<String>,
    /// How wide an input field should be.
    pub width: Width,
    /// A short label.
    pub display_name: String,
    /// Keys whose meaning depends on this one.
    pub dependents: Vec<String>,
    /// Its place in the group; -1 without a group.
    pub order: i32,
}

/// The value of a key as REST shows it. Fields are in the order of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigValueInfo {
    /// The key.
    pub name: String,
    /// The value as text; null when it could not be read or there is none; passwords hidden.
    pub value: Option<String>,
    /// Values worth offering.
    pub recommended_values: Vec<String>,
    /// What is wrong with it.
    pub errors: Vec<String>,
    /// Whether it makes sense to show it, given the other values.
    pub visible: bool,
}

/// One key of a validation's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigInfo {
    /// What the key is; null for a key without definition.
    pub definition: Option<ConfigKeyInfo>,
    /// What was given.
    pub value: ConfigValueInfo,
}

/// The answer of a validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigInfos {
    /// The class as it was given.
    pub name: String,
    /// How many messages `configs` hold.
    pub error_count: usize,
    /// The groups, in order.
    pub groups: Vec<String>,
    /// The keys, those without definition first.
    pub configs: Vec<ConfigInfo>,
}

impl From<&Definition> for ConfigKeyInfo {
    fn from(definition: &Definition) -> Self {
        ConfigKeyInfo {
            name: definition.name.clone(),
            kind: definition.kind,
            required: definition.default == DefaultValue::Required,
            default_value: shown_default(definition),
            importance: definition.importance,
            documentation: definition.documentation.clone(),
            group: definition.group.clone(),
            width: definition.width,
            display_name: definition.display_name.clone(),
            dependents: definition.dependents.clone(),
            order: definition.order,
        }
    }
}

/// What became of one key.
#[derive(Clone, Debug)]
struct Checked {
    name: String,
    value: Option<Parsed>,
    recommended: Vec<String>,
    errors: Vec<String>,
    visible: bool,
}

impl Checked {
    fn undefined(name: &str) -> Self {
        Checked {
            name: name.to_owned(),
            value: None,
            recommended: Vec::new(),
            errors: Vec::new(),
            visible: true,
        }
    }

    fn of(definition: &Definition, props: &Props, nulls: &BTreeSet<String>) -> Self {
        let name = &definition.name;
        let mut errors = Vec::new();
        let is_null = nulls.contains(name);
        let text = match (props.get(name), &definition.default) {
            (Some(given), _) => Some(given),
            (None, _) if is_null => None,
            (None, DefaultValue::Text(default)) => Some(default),
            (None, DefaultValue::Null) => None,
            (None, DefaultValue::Required) => {
                errors.push(missing(name));
                None
            }
        };
        let value = text.and_then(|text| match definition.kind.parse(name, text) {
            Ok(value) => Some(value),
            Err(message) => {
                errors.push(message);
                None
            }
        });
        // Rules run on a value that could not be read, too: so `tasks.max=abc` is two errors, as in Kafka. A
        // null default is what the definition says, so it breaks none.
        if text.is_some() || is_null || definition.default == DefaultValue::Required {
            let faults = definition.validators.iter().map(|rule| rule.check(name, value.as_ref()));
            errors.extend(faults.filter_map(Result::err).take(1));
        }
        let recommended = definition.recommended.clone();
        Checked { name: name.clone(), value, recommended, errors, visible: true }
    }
}

/// A config held against definitions. Every key's value, or what is wrong with it.
#[derive(Clone, Debug)]
pub struct Validation {
    definitions: ConfigDef,
    checked: Vec<Checked>,
    undefined: Vec<Checked>,
    /// Keys with a prefix, and those of their definitions that there are.
    parts: Vec<(Option<Definition>, Checked)>,
}

impl Validation {
    /// Reads and checks the value of each defined key; other keys are left alone, as in Kafka.
    pub fn new(definitions: ConfigDef, props: &Props) -> Self {
        Validation::with_nulls(definitions, props, &BTreeSet::new())
    }

    /// The same, where some keys were given as null: they have neither a value nor their default.
    pub fn with_nulls(definitions: ConfigDef, props: &Props, nulls: &BTreeSet<String>) -> Self {
        let checked = definitions.iter().map(|definition| Checked::of(definition, props, nulls)).collect();
        Validation { definitions, checked, undefined: Vec::new(), parts: Vec::new() }
    }

    /// The value of a key, if it could be read and there is one. A value that breaks a rule is still here.
    pub fn value(&self, name: &str) -> Option<&Parsed> {
        self.all().find(|one| one.name == name).and_then(|one| one.value.as_ref())
    }

    /// Adds an error, for example one that a plugin found. A key without definition gets an entry of its own.
    pub fn add_error(&mut self, name: &str, message: impl Into<String>) {
        let message = message.into();
        self.entry(name).errors.push(message);
    }

    /// Replaces the value of a defined key as it is shown; none: it could not be read.
    pub fn show(&mut self, name: &str, value: Option<Parsed>) {
        self.entry(name).value = value;
    }

    /// Replaces the values worth offering for a key.
    pub fn recommend(&mut self, name: &str, values: Vec<String>) {
        self.entry(name).recommended = values;
    }

    /// Says whether a key makes sense, given the other values.
    pub fn set_visible(&mut self, name: &str, visible: bool) {
        self.entry(name).visible = visible;
    }

    /// Adds another validation behind this one, as the keys of a plugin follow those of the worker. A key
    /// that both define keeps the first definition and gathers the errors of both.
    pub fn append(&mut self, other: Validation) {
        for (definition, checked) in other.definitions.iter().zip(other.checked) {
            if self.definitions.get(&definition.name).is_some() {
                for message in checked.errors {
                    self.add_error(&checked.name, message);
                }
            } else {
                self.definitions.push(definition.clone());
                self.checked.push(checked);
            }
        }
        self.parts.extend(other.parts);
        for checked in other.undefined {
            self.entry(&checked.name).errors.extend(checked.errors);
        }
    }

    /// Shows a key that nothing defines, with its value.
    pub fn tell(&mut self, name: &str, text: &str) {
        self.entry(name).value = Some(Parsed::String(text.to_owned()));
    }

    /// Adds the keys of a part that has a prefix, such as those of a converter, behind all others. Its groups follow, and each
    /// key counts as one error at most, as in Kafka.
    pub fn append_part(&mut self, prefix: &str, part: Validation) {
        let defined = part.definitions.iter().cloned().map(Some).zip(part.checked);
        let undefined = part.undefined.into_iter().map(|checked| (None, checked));
        let mut keys: Vec<(Option<Definition>, Checked)> = defined.chain(undefined).collect();
        hash_order(&mut keys, |(_, checked)| &checked.name);
        for (mut definition, mut checked) in keys {
            checked.name.insert_str(0, prefix);
            if let Some(definition) = &mut definition {
                definition.name.clone_from(&checked.name);
            }
            self.parts.push((definition, checked));
        }
    }

    /// Whether anything is wrong with a key.
    pub fn is_faulty(&self, name: &str) -> bool {
        self.all().any(|one| one.name == name && !one.errors.is_empty())
    }

    /// Every error, keys without definition first, then in the order of the definitions.
    pub fn problems(&self) -> Vec<Problem> {
        self.all()
            .flat_map(|one| {
                one.errors.iter().map(|message| Problem::new(one.name.as_str(), message.as_str()))
            })
            .collect()
    }

    /// How many errors there are.
    pub fn error_count(&self) -> usize {
        let parts = self.parts.iter().filter(|(_, one)| !one.errors.is_empty());
        self.undefined.iter().chain(&self.checked).map(|one| one.errors.len()).sum::<usize>() + parts.count()
    }

    /// The definitions held against.
    pub fn definitions(&self) -> &ConfigDef {
        &self.definitions
    }

    /// The answer for REST. `name` is the text of `connector.class` in the request.
    pub fn infos(&self, name: &str) -> ConfigInfos {
        let undefined = self.undefined.iter().map(|one| (None, one));
        let defined = self.definitions.iter().map(Some).zip(&self.checked);
        let parts = self.parts.iter().map(|(definition, one)| (definition.as_ref(), one));
        let configs = undefined.chain(defined).chain(parts).map(|(definition, one)| ConfigInfo {
            definition: definition.map(ConfigKeyInfo::from),
            value: ConfigValueInfo {
                name: one.name.clone(),
                value: one.value.as_ref().map(Parsed::text),
                recommended_values: one.recommended.clone(),
                errors: one.errors.clone(),
                visible: one.visible,
            },
        });
        ConfigInfos {
            name: name.to_owned(),
            error_count: self.error_count(),
            groups: self.groups(),
            configs: configs.collect(),
        }
    }

    /// The groups in the order of their first key.
    fn groups(&self) -> Vec<String> {
        let mut groups = self.definitions.groups();
        for group in self.parts.iter().filter_map(|(definition, _)| definition.as_ref()?.group.as_ref()) {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
        groups
    }

    fn all(&self) -> impl Iterator<Item = &Checked> {
        let parts = self.parts.iter().map(|(_, one)| one);
        self.undefined.iter().chain(&self.checked).chain(parts)
    }

    fn entry(&mut self, name: &str) -> &mut Checked {
        if let Some(at) = self.checked.iter().position(|one| one.name == name) {
            return &mut self.checked[at];
        }
        if let Some(at) = self.parts.iter().position(|(_, one)| one.name == name) {
            return &mut self.parts[at].1;
        }
        let at = self.undefined.iter().position(|one| one.name == name).unwrap_or_else(|| {
            self.undefined.push(Checked::undefined(name));
            self.undefined.len() - 1
        });
        &mut self.undefined[at]
    }
}

impl ConfigDef {
    /// The definitions as `GET /connector-plugins/{x}/config` shows them.
    pub fn key_infos(&self) -> Vec<ConfigKeyInfo> {
        self.iter().map(ConfigKeyInfo::from).collect()
    }
}

#[cfg(test)]
mod tests;
