//! What the worker offers every instance: who it is, log, metrics, schemas, and the wish to stop.

use std::fmt;
use std::sync::Arc;

use connect_plugin_abi as abi;

use crate::cancel::CancelToken;
use crate::error::{PluginError, Result};
use crate::host;
use crate::raw;
use crate::schema::{Field, Schema, SchemaParts, Type};
use crate::text::Text;
use crate::value::Value;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)] // they say what they are
pub enum Level {
    Error = abi::LOG_ERROR,
    Warn = abi::LOG_WARN,
    Info = abi::LOG_INFO,
    Debug = abi::LOG_DEBUG,
    Trace = abi::LOG_TRACE,
}

/// The part of a context that every instance has. Cheap to clone, usable from any thread, harmless after the end of
/// the instance.
#[derive(Clone, Debug)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    token: u64,
    connector: String,
    class: String,
    task: Option<u32>,
    cancel: CancelToken,
}

impl Context {
    /// A copy of what the worker gives at create.
    ///
    /// # Safety
    /// `context` is null or as the contract says.
    pub(crate) unsafe fn from_raw(context: *const abi::CpContext) -> Result<Self> {
        // SAFETY: the caller's promise.
        let context = unsafe { context.as_ref() };
        let context = context.ok_or_else(|| PluginError::failed("the worker gave no context"))?;
        Ok(Context(Arc::new(Inner {
            token: context.token,
            // SAFETY: texts of the worker are valid UTF-8 for the call.
            connector: unsafe { raw::str(context.connector) }.to_owned(),
            // SAFETY: as above.
            class: unsafe { raw::str(context.class_name) }.to_owned(),
            task: u32::try_from(context.task).ok(),
            cancel: CancelToken::default(),
        })))
    }

    pub(crate) fn token(&self) -> u64 {
        self.0.token
    }

    /// The worker's table, or an error before `init`.
    pub(crate) fn host(&self) -> Result<&'static abi::CpHost> {
        host::host().ok_or_else(|| PluginError::failed("the library was not initialised by a worker"))
    }

    /// The connector's name.
    pub fn connector(&self) -> &str {
        &self.0.connector
    }

    /// The class as the manifest names it.
    pub fn class(&self) -> &str {
        &self.0.class
    }

    /// Number of the task; `None` for the connector itself.
    pub fn task(&self) -> Option<u32> {
        self.0.task
    }

    /// Tells when a call in progress is to return soon.
    pub fn cancel_token(&self) -> &CancelToken {
        &self.0.cancel
    }

    /// Whether a line of that level would be kept.
    pub fn log_enabled(&self, level: Level) -> bool {
        // SAFETY: log_enabled is legal from any thread at any time.
        host::host().is_some_and(|host| unsafe { (host.log_enabled)(self.0.token, level as u32) } != 0)
    }

    /// Logs a line; the worker adds connector and task. The macros [`error!`](crate::error!), [`warn!`](crate::warn!),
    /// [`info!`](crate::info!), [`debug!`](crate::debug!) are handier.
    pub fn log(&self, level: Level, target: &str, message: fmt::Arguments<'_>) {
        if self.log_enabled(level) {
            match message.as_str() {
                Some(text) => host::log(self.0.token, level as u32, target, text),
                None => host::log(self.0.token, level as u32, target, &message.to_string()),
            }
        }
    }

    /// A metric that only grows. The same name gives the same metric.
    ///
    /// # Errors
    /// If the worker refuses it: a name not in snake_case, or too many.
    pub fn counter(&self, name: &str, help: &str) -> Result<Metric> {
        self.metric(abi::METRIC_COUNTER, name, help)
    }

    /// A metric that goes up and down.
    ///
    /// # Errors
    /// As [`counter`](Self::counter).
    pub fn gauge(&self, name: &str, help: &str) -> Result<Metric> {
        self.metric(abi::METRIC_GAUGE, name, help)
    }

    fn metric(&self, kind: u32, name: &str, help: &str) -> Result<Metric> {
        let mut id = 0;
        let (text, words) = (abi::CpStr::new(name), abi::CpStr::new(help));
        // SAFETY: the texts live during the call and id is a place for the answer.
        let answer = unsafe { (self.host()?.metric_register)(self.token(), kind, text, words, &raw mut id) };
        match answer {
            abi::READY => Ok(Metric { context: self.clone(), id }),
            _ => Err(PluginError::failed(format!("the worker refused the metric {name}"))),
        }
    }

    /// Registers a schema. An equal one gives the same number; at most 10,000 an instance.
    ///
    /// # Errors
    /// If the worker refuses it.
    pub fn register_schema(&self, parts: SchemaParts) -> Result<Schema> {
        let name = |text: &Option<Text>| text.as_deref().map_or(abi::CpStr::EMPTY, abi::CpStr::new);
        let pair = |(key, value): &(Text, Text)| abi::CpParam {
            key: abi::CpStr::new(key),
            value: abi::CpStr::new(value),
        };
        let params: Vec<abi::CpParam> = parts.parameters.iter().map(pair).collect();
        let field =
            |f: &Field| abi::CpField { name: abi::CpStr::new(&f.name), schema: f.schema.id(), reserved: 0 };
        let fields: Vec<abi::CpField> = parts.fields.iter().map(field).collect();
        let default = parts.default.as_ref().map(primitive).transpose()?;
        let optional = if parts.optional { abi::SCHEMA_IS_OPTIONAL } else { 0 };
        let flags = optional | if parts.version.is_some() { abi::SCHEMA_HAS_VERSION } else { 0 };
        let schema = abi::CpSchema {
            tag: parts.kind as u32,
            flags,
            name: name(&parts.name),
            doc: name(&parts.doc),
            version: parts.version.unwrap_or(0),
            key_schema: parts.key.id(),
            value_schema: parts.value.id(),
            reserved: 0,
            params: params.as_ptr(),
            param_count: params.len(),
            fields: fields.as_ptr(),
            field_count: fields.len(),
            default_value: default.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
        };
        let mut id = 0;
        // SAFETY: all that schema points to lives until the end of this function; the worker copies it.
        let answer = unsafe { (self.host()?.schema_register)(self.token(), &raw const schema, &raw mut id) };
        match answer {
            abi::READY => Ok(Schema::registered(id, parts)),
            _ => Err(PluginError::failed(format!("the worker refused a schema of type {:?}", parts.kind))),
        }
    }

    /// The schema of that number, with all its parts; `None` if the worker knows none. Keep it rather than ask for
    /// each record.
    pub fn schema(&self, id: u32) -> Option<Schema> {
        self.schema_within(id, abi::MAX_DEPTH)
    }

    fn schema_within(&self, id: u32, depth: usize) -> Option<Schema> {
        if let Some(schema) = Schema::built_in(id) {
            return Some(schema);
        }
        let depth = depth.checked_sub(1)?;
        // SAFETY: schema answers null or a schema that lives as long as the instance.
        let schema = unsafe { (self.host().ok()?.schema)(self.token(), id).as_ref()? };
        // SAFETY: texts and arrays of the worker's schema are valid as long as it is.
        let text = |s| Text::copy_from(unsafe { raw::str(s) });
        let named = |s: abi::CpStr| (s.len > 0).then(|| text(s));
        // SAFETY: as above.
        let (params, fields) = unsafe {
            (raw::slice(schema.params, schema.param_count), raw::slice(schema.fields, schema.field_count))
        };
        let field = |f: &abi::CpField| {
            Some(Field { name: text(f.name), schema: self.schema_within(f.schema, depth)? })
        };
        let parts = SchemaParts {
            kind: Type::from_tag(schema.tag)?,
            optional: schema.flags & abi::SCHEMA_IS_OPTIONAL != 0,
            name: named(schema.name),
            version: (schema.flags & abi::SCHEMA_HAS_VERSION != 0).then_some(schema.version),
            doc: named(schema.doc),
            parameters: params.iter().map(|p| (text(p.key), text(p.value))).collect(),
            // SAFETY: as above.
            default: unsafe { schema.default_value.as_ref().map(|v| raw::to_owned(v)) },
            fields: fields.iter().map(field).collect::<Option<_>>()?,
            key: self.schema_within(schema.key_schema, depth)?,
            value: self.schema_within(schema.value_schema, depth)?,
        };
        Some(Schema::registered(id, parts))
    }
}

/// A primitive as a value of the contract; it points into `value`.
pub(crate) fn primitive(value: &Value) -> Result<abi::CpValue> {
    Ok(match value {
        Value::Null => abi::CpValue::NULL,
        Value::Boolean(b) => raw::number(abi::BOOLEAN, 0, u64::from(*b)),
        Value::Int8(n) => raw::number(abi::INT8, 0, *n as u64),
        Value::Int16(n) => raw::number(abi::INT16, 0, *n as u64),
        Value::Int32(n) => raw::number(abi::INT32, 0, *n as u64),
        Value::Int64(n) => raw::number(abi::INT64, 0, *n as u64),
        Value::Float32(n) => raw::number(abi::FLOAT32, 0, n.to_bits().into()),
        Value::Float64(n) => raw::number(abi::FLOAT64, 0, n.to_bits()),
        Value::String(text) => raw::pointing(abi::STRING, 0, text.as_ptr().cast(), text.len()),
        Value::Bytes(bytes) => raw::pointing(abi::BYTES, 0, bytes.as_ptr().cast(), bytes.len()),
        Value::Array(_) | Value::Map(_) | Value::Struct(_) => {
            return Err(PluginError::failed("a nested value stands where only a primitive may"));
        }
    })
}

/// A metric of one instance.
#[derive(Clone, Debug)]
pub struct Metric {
    context: Context,
    id: u64,
}

impl Metric {
    /// Adds to it; a counter only takes what is not negative.
    pub fn add(&self, amount: f64) {
        if let Ok(host) = self.context.host() {
            // SAFETY: legal from any thread at any time. A refusal means that the instance is gone.
            unsafe { (host.metric_add)(self.context.token(), self.id, amount) };
        }
    }

    /// Sets a gauge.
    pub fn set(&self, value: f64) {
        if let Ok(host) = self.context.host() {
            // SAFETY: as in add.
            unsafe { (host.metric_set)(self.context.token(), self.id, value) };
        }
    }
}

/// Logs an error through a context: `error!(ctx, "cannot reach {host}")`.
#[macro_export]
macro_rules! error {
    ($ctx:expr, $($arg:tt)+) => { $ctx.log($crate::Level::Error, module_path!(), format_args!($($arg)+)) };
}

/// Logs a warning through a context.
#[macro_export]
macro_rules! warn {
    ($ctx:expr, $($arg:tt)+) => { $ctx.log($crate::Level::Warn, module_path!(), format_args!($($arg)+)) };
}

/// Logs a line of level INFO through a context.
#[macro_export]
macro_rules! info {
    ($ctx:expr, $($arg:tt)+) => { $ctx.log($crate::Level::Info, module_path!(), format_args!($($arg)+)) };
}

/// Logs a line of level DEBUG through a context.
#[macro_export]
macro_rules! debug {
    ($ctx:expr, $($arg:tt)+) => { $ctx.log($crate::Level::Debug, module_path!(), format_args!($($arg)+)) };
}
