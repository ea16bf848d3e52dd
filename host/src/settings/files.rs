//! The text of a config file to a map: Java properties, JSON in the shapes that connect-standalone takes, YAML.

use std::path::Path;

use serde_json::{Map, Value};

use super::Props;

mod properties;
mod yaml;

/// Why a config file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A `\u` escape of a properties file is broken.
    #[error(
        "line {line}: malformed \\uxxxx escape; write four hexadecimal digits after \\u, or \\\\u for a plain backslash"
    )]
    Escape {
        /// The line on which the escape stands, from 1.
        line: usize,
    },
    /// The text is not JSON.
    #[error("not valid JSON: {0}")]
    Json(String),
    /// The text is not YAML, or not in the form of a config.
    #[error("{}{message}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Yaml {
        /// The line, from 1, where one is known.
        line: Option<usize>,
        /// What is wrong, with the key. Holds no value.
        message: String,
    },
    /// A YAML file has a key beside `config`.
    #[error("'{key}' stands beside 'config'; put it below 'config', or all keys on one level")]
    BesideConfig {
        /// That key.
        key: String,
    },
    /// The text is JSON, but not an object.
    #[error("a JSON object is needed, of keys and their values")]
    NotAnObject,
    /// A value is an object or an array.
    #[error("the value of '{key}' is an object or an array; only text, numbers and booleans can be values")]
    NestedValue {
        /// The key of that value.
        key: String,
    },
    /// A value is null.
    #[error("the value of '{key}' is null; leave the key out instead")]
    NullValue {
        /// The key of that value.
        key: String,
    },
    /// A connector file names no connector.
    #[error("the connector configuration is missing the mandatory 'name' configuration")]
    MissingName,
    /// `name` and `config.name` differ.
    #[error(
        "connector name configuration in 'config' ('{in_config}') doesn't match the one specified in 'name' ('{name}')"
    )]
    NameMismatch {
        /// The value of `name`.
        name: String,
        /// The value of `name` inside `config`.
        in_config: String,
    },
    /// `initial_state` is none of the three.
    #[error("initial_state '{0}' is not one of RUNNING, PAUSED, STOPPED")]
    InitialState(String),
}

/// The state that a new connector is to begin in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialState {
    /// Started at once.
    Running,
    /// Created, with its tasks waiting.
    Paused,
    /// Created without tasks.
    Stopped,
}

impl InitialState {
    /// Reads the name of a state, in any case.
    ///
    /// # Errors
    /// [`FileError::InitialState`] for any other text.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        match text.to_ascii_uppercase().as_str() {
            "RUNNING" => Ok(InitialState::Running),
            "PAUSED" => Ok(InitialState::Paused),
            "STOPPED" => Ok(InitialState::Stopped),
            _ => Err(FileError::InitialState(text.to_owned())),
        }
    }
}

/// A connector as a file describes it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectorFile {
    /// The name of the connector.
    pub name: String,
    /// Its config, with the key `name` in it.
    pub config: Props,
    /// The state to begin in, if the file says so.
    pub initial_state: Option<InitialState>,
}

impl std::fmt::Debug for ConnectorFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectorFile")
            .field("name", &self.name)
            .field("config", &super::KeysOf(&self.config))
            .field("initial_state", &self.initial_state)
            .finish()
    }
}

/// The form of a config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, by the name of the file.
    Yaml,
    /// A JSON object if the text begins like one, else Java properties, as Kafka decides.
    ByText,
}

impl Format {
    /// The form of a file of this name: YAML if it ends in `.yaml` or `.yml`, in any case.
    pub fn of(path: &Path) -> Self {
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        let yaml = end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml");
        if yaml { Format::Yaml } else { Format::ByText }
    }
}

/// The text of a file: UTF-8 where that is what the bytes are, otherwise Latin-1, as Java reads properties.
pub fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Reads a Java `.properties` file. The last of repeated keys wins.
///
/// # Errors
/// [`FileError::Escape`] where a `\u` escape is broken.
pub fn parse_properties(text: &str) -> Result<Props, FileError> {
    properties::parse(text)
}

/// Reads a flat JSON object. Numbers keep the text they are written in.
///
/// # Errors
/// Broken JSON, and values that are no text, number or boolean.
pub fn parse_worker_json(text: &str) -> Result<Props, FileError> {
    flat(&object(text)?)
}

/// Reads YAML: nested maps become keys with dots, lists of texts values with commas, and numbers, dates and
/// words stay as written.
///
/// # Errors
/// [`FileError::Yaml`]: broken YAML, keys given twice in any spelling, several documents, null.
pub fn parse_worker_yaml(text: &str) -> Result<Props, FileError> {
    Ok(yaml::flatten(&yaml::parse(text)?))
}

/// Reads a worker file.
///
/// # Errors
/// As [`parse_worker_yaml`]; as [`parse_worker_json`] and [`parse_properties`].
pub fn parse_worker_file(format: Format, text: &str) -> Result<Props, FileError> {
    match format {
        Format::Yaml => parse_worker_yaml(text),
        Format::ByText if looks_like_json(text) => parse_worker_json(text),
        Format::ByText => parse_properties(text),
    }
}

/// Reads a connector in JSON: a flat object with `name` in it, or `{"name", "config", "initial_state"}`,
/// whose unknown fields are ignored.
///
/// # Errors
/// Broken JSON, a missing name, names that differ, an unknown initial state, nested values.
pub fn parse_connector_json(text: &str) -> Result<ConnectorFile, FileError> {
    let object = object(text)?;
    match object.get("config") {
        Some(Value::Object(config)) => request(&object, config),
        _ => named(flat(&object)?),
    }
}

/// Reads a connector in Java properties, with `name` among them.
///
/// # Errors
/// As [`parse_properties`]; a missing name.
pub fn parse_connector_properties(text: &str) -> Result<ConnectorFile, FileError> {
    named(parse_properties(text)?)
}

/// Reads a connector in YAML: keys with `name` among them, or `name`, `config` and `initial_state`, if what
/// stands below `config` is nested.
///
/// # Errors
/// As [`parse_worker_yaml`] and [`parse_connector_json`]; other keys beside `config`.
pub fn parse_connector_yaml(text: &str) -> Result<ConnectorFile, FileError> {
    let mut entries = yaml::parse(text)?;
    let nested = |(key, node): &(String, yaml::Node)| key == "config" && matches!(node, yaml::Node::Map(_));
    let Some(at) = entries.iter().position(nested) else { return named(yaml::flatten(&entries)) };
    let config = yaml::flatten(&[entries.swap_remove(at)]);
    let config = super::with_prefix(&config, "config.");
    let mut beside = yaml::flatten(&entries);
    let (name, initial_state) = (beside.remove("name"), beside.remove("initial_state"));
    if let Some((key, _)) = beside.pop_first() {
        return Err(FileError::BesideConfig { key });
    }
    joined(name, config, initial_state)
}

/// Reads a connector file.
///
/// # Errors
/// As [`parse_connector_yaml`], [`parse_connector_json`] and [`parse_connector_properties`].
pub fn parse_connector_file(format: Format, text: &str) -> Result<ConnectorFile, FileError> {
    match format {
        Format::Yaml => parse_connector_yaml(text),
        Format::ByText if looks_like_json(text) => parse_connector_json(text),
        Format::ByText => parse_connector_properties(text),
    }
}

/// A JSON value as a config value, as Kafka reads request bodies: text as it is, numbers and booleans as they
/// are written, `Ok(None)` for null.
///
/// # Errors
/// [`FileError::NestedValue`] for objects and arrays.
pub fn scalar(key: &str, value: &Value) -> Result<Option<String>, FileError> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value.to_string())),
        Value::Number(number) => Ok(Some(as_written(&number.to_string()))),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Array(_) | Value::Object(_) => Err(FileError::NestedValue { key: key.to_owned() }),
    }
}

/// serde_json keeps the text of a number but for one thing: `1e3` becomes `1e+3`. Nobody writes the plus.
fn as_written(number: &str) -> String {
    number.replacen("e+", "e", 1).replacen("E+", "E", 1)
}

/// Properties cannot begin with a brace in practice: it would be part of a key.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn object(text: &str) -> Result<Map<String, Value>, FileError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(FileError::NotAnObject),
        Err(error) => Err(FileError::Json(error.to_string())),
    }
}

fn flat(object: &Map<String, Value>) -> Result<Props, FileError> {
    object
        .iter()
        .map(|(key, value)| match scalar(key, value)? {
            Some(text) => Ok((key.clone(), text)),
            None => Err(FileError::NullValue { key: key.clone() }),
        })
        .collect()
}

fn named(config: Props) -> Result<ConnectorFile, FileError> {
    let name = config.get("name").cloned().ok_or(FileError::MissingName)?;
    Ok(ConnectorFile { name, config, initial_state: None })
}

fn request(object: &Map<String, Value>, config: &Map<String, Value>) -> Result<ConnectorFile, FileError> {
    let field = |key: &str| object.get(key).map_or(Ok(None), |value| scalar(key, value));
    let (name, initial_state) = (field("name")?, field("initial_state")?);
    joined(name, flat(config)?, initial_state)
}

/// A connector whose name and state stand beside its config.
fn joined(
    name: Option<String>,
    mut config: Props,
    initial_state: Option<String>,
) -> Result<ConnectorFile, FileError> {
    let name = name.ok_or(FileError::MissingName)?;
    let initial_state = initial_state.map(|text| InitialState::parse(&text)).transpose()?;
    match config.get("name") {
        Some(in_config) if *in_config != name => {
            return Err(FileError::NameMismatch { in_config: in_config.clone(), name });
        }
        Some(_) => {}
        None => {
            config.insert("name".to_owned(), name.clone());
        }
    }
    Ok(ConnectorFile { name, config, initial_state })
}

#[cfg(test)]
mod tests;
