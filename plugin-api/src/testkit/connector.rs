//! A connector in the hands of the worker, and the checks of its configs.

use connect_plugin_abi as abi;

use super::host::{Failure, Seat, text};
use super::lent::LentConfig;
use super::plugin::Class;
use super::task::{Ended, Task};
use crate::config::Config;
use crate::config_def::ConfigValue;
use crate::connector::ExactlyOnce;
use crate::raw;

/// A connector; to be stopped and destroyed by its user.
pub struct ConnectorHandle {
    task: Task,
    ops: &'static abi::CpConnectorOps,
}

impl ConnectorHandle {
    /// Creates it.
    pub fn create(class: &Class) -> Self {
        let ops = class.connector();
        ConnectorHandle { task: Task::create(class, -1, Seat::take(&[]), ops.create), ops }
    }

    fn call(&self, name: &str, call: impl Fn(*mut abi::CpError) -> i32) -> Result<(), Failure> {
        match self.task.once_may_block(name, call) {
            Ended::Ready => Ok(()),
            Ended::Failed(failure) => Err(failure),
            Ended::Pending => panic!("{}: {name} of a connector answered PENDING", self.task.class.name),
        }
    }

    /// Asks what it thinks of a config.
    ///
    /// # Errors
    /// As the connector says.
    pub fn validate(&self, config: &Config) -> Result<Vec<ConfigValue>, Failure> {
        let Some(validate) = self.ops.validate else { return Ok(Vec::new()) };
        let lent = LentConfig::new(config);
        let view = lent.view();
        let out = std::cell::Cell::new(abi::CpConfigValues { items: std::ptr::null(), count: 0 });
        // SAFETY: the config lives during the call; out is a place for the answer.
        self.call("validate", |err| unsafe {
            validate(self.task.pointer, &raw const view, out.as_ptr(), err)
        })?;
        let out = out.get();
        // SAFETY: what the connector hands out is valid until its next call, and so are all texts below.
        let texts = |ptr, count| unsafe { raw::slice(ptr, count).iter().map(|t| text(*t)).collect() };
        // SAFETY: as above.
        let values = unsafe { raw::slice(out.items, out.count) }.iter().map(|value| ConfigValue {
            // SAFETY: as above.
            name: unsafe { text(value.name) },
            errors: texts(value.errors, value.error_count),
            recommended: texts(value.recommended, value.recommended_count),
            hidden: value.hidden == 1,
        });
        Ok(values.collect())
    }

    /// Starts it.
    ///
    /// # Errors
    /// As the connector says.
    pub fn start(&self, config: &Config) -> Result<(), Failure> {
        let start = self.task.slot("start", self.ops.start);
        let lent = LentConfig::new(config);
        let view = lent.view();
        // SAFETY: the config lives during the call.
        self.call("start", |err| unsafe { start(self.task.pointer, &raw const view, err) })
    }

    /// Asks for the configs of its tasks.
    ///
    /// # Errors
    /// As the connector says.
    pub fn task_configs(&self, max_tasks: u32) -> Result<Vec<Config>, Failure> {
        let call = self.task.slot("task_configs", self.ops.task_configs);
        let out = std::cell::Cell::new(abi::CpConfigList { items: std::ptr::null(), count: 0 });
        // SAFETY: out is a place for the answer.
        self.call("task_configs", |err| unsafe { call(self.task.pointer, max_tasks, out.as_ptr(), err) })?;
        let out = out.get();
        // SAFETY: what the connector hands out is valid until its next call.
        let configs = unsafe { raw::slice(out.items, out.count) };
        let copy = |config: &abi::CpConfig| {
            // SAFETY: as above.
            let pairs = unsafe { raw::slice(config.entries, config.count) };
            // SAFETY: as above.
            let pairs: Vec<_> = pairs.iter().map(|p| unsafe { (text(p.key), text(p.value)) }).collect();
            let sorted = pairs.windows(2).all(|two| two[0].0 < two[1].0);
            assert!(sorted, "the keys of a task config are not distinct and in order");
            pairs.into_iter().collect()
        };
        Ok(configs.iter().map(copy).collect())
    }

    /// Asks whether it supports exactly-once with this config.
    ///
    /// # Errors
    /// As the connector says.
    pub fn exactly_once_support(&self, config: &Config) -> Result<ExactlyOnce, Failure> {
        let Some(call) = self.ops.exactly_once_support else { return Ok(ExactlyOnce::Unknown) };
        let lent = LentConfig::new(config);
        let (view, out) = (lent.view(), std::cell::Cell::new(u32::MAX));
        // SAFETY: the config lives during the call; out is a place for the answer.
        self.call("exactly_once_support", |err| unsafe {
            call(self.task.pointer, &raw const view, out.as_ptr(), err)
        })?;
        match out.get() {
            abi::EXACTLY_ONCE_UNKNOWN => Ok(ExactlyOnce::Unknown),
            abi::EXACTLY_ONCE_SUPPORTED => Ok(ExactlyOnce::Supported),
            abi::EXACTLY_ONCE_UNSUPPORTED => Ok(ExactlyOnce::Unsupported),
            other => panic!("exactly_once_support gave {other}"),
        }
    }

    /// Stops it.
    ///
    /// # Errors
    /// As the connector says.
    pub fn stop(&self) -> Result<(), Failure> {
        let stop = self.task.slot("stop", self.ops.stop);
        // SAFETY: the pointer is from create.
        self.call("stop", |err| unsafe { stop(self.task.pointer, err) })
    }

    /// Ends it.
    pub fn destroy(self) {
        self.task.destroy(self.ops.destroy);
    }
}

/// Checks the definitions of a class; answers the keys that must be set.
pub(super) fn check_definitions(class: &Class) -> Vec<String> {
    let Some(call) = class.connector().config_defs else { panic!("{}: config_defs is null", class.name) };
    let mut out = abi::CpConfigDefs { items: std::ptr::null(), count: 0 };
    let mut failure = Failure::default();
    // SAFETY: out is a place for the answer.
    let answer = unsafe { call(&raw mut out, (&raw mut failure).cast()) };
    assert_eq!(answer, abi::READY, "{}: config_defs: {failure:?}", class.name);
    // SAFETY: the answer lives as long as the process.
    let defs = unsafe { raw::slice(out.items, out.count) };
    let mut required = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for def in defs {
        // SAFETY: as above.
        let (name, default) = unsafe { (text(def.name), text(def.default_value)) };
        let who = format!("{}: config {name}", class.name);
        assert!(!name.is_empty() && names.insert(name.clone()), "{who} is defined twice or has no name");
        assert!((abi::CONFIG_BOOLEAN..=abi::CONFIG_PASSWORD).contains(&def.config_type), "{who}: type");
        assert!((abi::IMPORTANCE_HIGH..=abi::IMPORTANCE_LOW).contains(&def.importance), "{who}: importance");
        assert!(def.width <= abi::WIDTH_LONG, "{who}: width");
        // SAFETY: as above.
        assert!(!unsafe { text(def.documentation) }.is_empty(), "{who} has no documentation");
        let has_default = def.flags & abi::CONFIG_HAS_DEFAULT != 0;
        let null = def.flags & abi::CONFIG_DEFAULT_NULL != 0;
        assert!(has_default || !null, "{who} has the default null, but no default");
        assert!(!null || default.is_empty(), "{who} has two defaults");
        if has_default && !null {
            let fits = match def.config_type {
                abi::CONFIG_BOOLEAN => crate::config_def::parse_boolean(&default).is_some(),
                abi::CONFIG_INT => default.parse::<i32>().is_ok(),
                abi::CONFIG_SHORT => default.parse::<i16>().is_ok(),
                abi::CONFIG_LONG => default.parse::<i64>().is_ok(),
                abi::CONFIG_DOUBLE => default.parse::<f64>().is_ok(),
                _ => true,
            };
            assert!(fits, "{who}: the default {default:?} is not of its type");
        }
        if !has_default {
            required.push(name);
        }
    }
    required
}
