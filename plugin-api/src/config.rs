//! A config as a connector or task is given it, read through the connector's definitions.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use connect_plugin_abi as abi;

use crate::config_def::{ConfigDef, Default, missing, parse_boolean, split_list};
use crate::error::{PluginError, Result};
use crate::raw;

/// Pairs of key and value, with the connector's definitions for defaults. Values may be secrets: `Debug` shows only
/// the keys.
#[derive(Clone, std::default::Default)]
pub struct Config {
    entries: BTreeMap<String, String>,
    def: Option<&'static ConfigDef>,
}

impl Config {
    /// What was given for `key`, without default.
    pub fn given(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(String::as_str)
    }

    /// What was given for `key`, else its default; `None` if that is null or if there is neither.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.given(key).or_else(|| match &self.def?.get(key)?.default {
            Default::Text(text) => Some(text.as_str()),
            Default::Required | Default::Null => None,
        })
    }

    /// The value of a key that must have one; as text.
    ///
    /// # Errors
    /// Of kind `Config` if there is none or a check of the definitions fails.
    pub fn string(&self, key: &str) -> Result<&str> {
        let value = self.get(key).ok_or_else(|| PluginError::config(key, missing(key)))?;
        match self.def.and_then(|def| def.get(key)).and_then(|def| def.problem(value)) {
            Some(problem) => Err(PluginError::config(key, problem)),
            None => Ok(value),
        }
    }

    /// The value of a key that must have one, in any type that can be read from text, such as a number.
    ///
    /// # Errors
    /// Of kind `Config` if there is none, or one of another shape.
    pub fn parse<T: FromStr>(&self, key: &str) -> Result<T> {
        let value = self.string(key)?;
        let wrong = || PluginError::config(key, format!("Invalid value {value} for configuration {key}"));
        value.trim().parse().map_err(|_| wrong())
    }

    /// The value of a key that must have one: true or false, in any case.
    ///
    /// # Errors
    /// Of kind `Config` if there is none, or another one.
    pub fn boolean(&self, key: &str) -> Result<bool> {
        let value = self.string(key)?;
        parse_boolean(value).ok_or_else(|| PluginError::config(key, format!("{key} must be true or false")))
    }

    /// The elements of a list, separated by commas; empty if there is no value.
    pub fn list(&self, key: &str) -> Vec<&str> {
        self.get(key).map(|value| split_list(value).collect()).unwrap_or_default()
    }

    /// Sets a key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.entries.insert(key.into(), value.into());
    }

    /// The pairs as given, in the order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The same pairs, read through these definitions.
    pub(crate) fn with_def(mut self, def: &'static ConfigDef) -> Self {
        self.def = Some(def);
        self
    }

    /// A copy of what the worker lends.
    ///
    /// # Safety
    /// `config` is null or as the contract says.
    pub(crate) unsafe fn from_raw(config: *const abi::CpConfig) -> Self {
        // SAFETY: the caller's promise.
        let Some(config) = (unsafe { config.as_ref() }) else { return Config::default() };
        // SAFETY: as above; entries has count elements.
        let entries = unsafe { raw::slice(config.entries, config.count) };
        // SAFETY: texts of the worker are valid UTF-8 for the call.
        let text = |s| unsafe { raw::str(s) }.to_owned();
        Config { entries: entries.iter().map(|e| (text(e.key), text(e.value))).collect(), def: None }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Config {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Config { entries: pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect(), def: None }
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Config {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_def::ConfigKey;

    fn def() -> &'static ConfigDef {
        Box::leak(Box::new(
            ConfigDef::new()
                .key(ConfigKey::int("n").default(7))
                .key(ConfigKey::string("topic"))
                .key(ConfigKey::list("hosts").default_null()),
        ))
    }

    #[test]
    fn defaults_and_types_come_from_the_definitions() {
        let config = Config::from([("hosts", "a, b,,c")]).with_def(def());
        assert_eq!(config.parse::<i32>("n").ok(), Some(7));
        assert_eq!(config.list("hosts"), ["a", "b", "c"]);
        assert_eq!(config.string("topic").unwrap_err().code(), abi::ERR_CONFIG);
        let config = Config::from([("n", "x")]).with_def(def());
        assert!(config.parse::<i32>("n").unwrap_err().to_string().contains("Not a number of type INT"));
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", Config::from([("password", "hunter2")])), "{\"password\"}");
    }
}
