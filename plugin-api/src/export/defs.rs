//! Config definitions, and lists of configs and of findings, as the worker sees them.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use connect_plugin_abi as abi;

use crate::config::Config;
use crate::config_def::{ConfigDef, ConfigKey, ConfigValue, Default as KeyDefault, Validator};
use crate::connector::Connector;

/// The definitions of one class and their views; both live as long as the library.
#[derive(Clone, Copy)]
pub(crate) struct Defs {
    pub(crate) def: &'static ConfigDef,
    views: &'static [abi::CpConfigDef],
}

// SAFETY: the views lead into definitions that never change and never go.
unsafe impl Send for Defs {}

impl Defs {
    /// The definitions of `C`, made on the first call.
    pub(crate) fn of<C: Connector>() -> Defs {
        static ALL: Mutex<BTreeMap<TypeId, Defs>> = Mutex::new(BTreeMap::new());
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry(TypeId::of::<C>()).or_insert_with(|| Defs::make(C::config_def()))
    }

    fn make(def: ConfigDef) -> Defs {
        let def: &'static ConfigDef = Box::leak(Box::new(def));
        Defs { def, views: def.keys().iter().map(view).collect::<Vec<_>>().leak() }
    }

    pub(crate) fn views(self) -> abi::CpConfigDefs {
        abi::CpConfigDefs { items: self.views.as_ptr(), count: self.views.len() }
    }
}

fn strs(texts: &[String]) -> Vec<abi::CpStr> {
    texts.iter().map(|text| abi::CpStr::new(text)).collect()
}

fn view(key: &'static ConfigKey) -> abi::CpConfigDef {
    let text = |text: &'static String| abi::CpStr::new(text);
    let (default_flags, default_value) = match &key.default {
        KeyDefault::Required => (0, abi::CpStr::EMPTY),
        KeyDefault::Null => (abi::CONFIG_HAS_DEFAULT | abi::CONFIG_DEFAULT_NULL, abi::CpStr::EMPTY),
        KeyDefault::Text(value) => (abi::CONFIG_HAS_DEFAULT, text(value)),
    };
    let (dependents, recommended) = (strs(&key.dependents).leak(), strs(&key.recommended).leak());
    let validators = key.validators.iter().map(validator).collect::<Vec<_>>().leak();
    abi::CpConfigDef {
        name: text(&key.name),
        config_type: key.kind as u32,
        importance: key.importance as u32,
        width: key.width as u32,
        flags: default_flags | if key.internal { abi::CONFIG_INTERNAL } else { 0 },
        default_value,
        documentation: text(&key.doc),
        group: text(&key.group),
        order: key.order,
        reserved: 0,
        display_name: text(&key.display_name),
        dependents: dependents.as_ptr(),
        dependent_count: dependents.len(),
        recommended: recommended.as_ptr(),
        recommended_count: recommended.len(),
        validators: validators.as_ptr(),
        validator_count: validators.len(),
    }
}

fn validator(validator: &'static Validator) -> abi::CpValidator {
    let (mut kind, mut bounds, mut values) = (abi::VALIDATE_NON_EMPTY, (None, None), Vec::new());
    match validator {
        Validator::NonEmpty => {}
        Validator::Range { min, max } => (kind, bounds) = (abi::VALIDATE_RANGE, (*min, *max)),
        Validator::OneOf(texts) => (kind, values) = (abi::VALIDATE_ONE_OF, strs(texts)),
        Validator::Pattern(text) => (kind, values) = (abi::VALIDATE_PATTERN, vec![abi::CpStr::new(text)]),
    }
    let values = values.leak();
    abi::CpValidator {
        kind,
        has_min: bounds.0.is_some().into(),
        has_max: bounds.1.is_some().into(),
        reserved: 0,
        min: bounds.0.unwrap_or(0.0),
        max: bounds.1.unwrap_or(0.0),
        values: values.as_ptr(),
        value_count: values.len(),
    }
}

/// The task configs of the last answer, and their views.
#[derive(Default)]
pub(crate) struct Configs {
    owned: Vec<Config>,
    pairs: Vec<Vec<abi::CpParam>>,
    views: Vec<abi::CpConfig>,
}

impl Configs {
    /// Views of `configs`, valid until the next call.
    pub(crate) fn keep(&mut self, configs: Vec<Config>) -> abi::CpConfigList {
        self.owned = configs;
        let pair = |(key, value)| abi::CpParam { key: abi::CpStr::new(key), value: abi::CpStr::new(value) };
        self.pairs = self.owned.iter().map(|config| config.iter().map(pair).collect()).collect();
        let view = |pairs: &Vec<_>| abi::CpConfig { entries: pairs.as_ptr(), count: pairs.len() };
        self.views = self.pairs.iter().map(view).collect();
        abi::CpConfigList { items: self.views.as_ptr(), count: self.views.len() }
    }
}

/// The findings of the last validation, and their views.
#[derive(Default)]
pub(crate) struct Findings {
    owned: Vec<ConfigValue>,
    lists: Vec<(Vec<abi::CpStr>, Vec<abi::CpStr>)>,
    views: Vec<abi::CpConfigValue>,
}

impl Findings {
    /// Views of `findings`, valid until the next call.
    pub(crate) fn keep(&mut self, findings: Vec<ConfigValue>) -> abi::CpConfigValues {
        self.owned = findings;
        self.lists = self.owned.iter().map(|value| (strs(&value.errors), strs(&value.recommended))).collect();
        let view = |(value, (errors, recommended)): (&ConfigValue, &(Vec<_>, Vec<_>))| abi::CpConfigValue {
            name: abi::CpStr::new(&value.name),
            errors: errors.as_ptr(),
            error_count: errors.len(),
            recommended: recommended.as_ptr(),
            recommended_count: recommended.len(),
            hidden: value.hidden.into(),
            reserved: 0,
        };
        self.views = self.owned.iter().zip(&self.lists).map(view).collect();
        abi::CpConfigValues { items: self.views.as_ptr(), count: self.views.len() }
    }
}
