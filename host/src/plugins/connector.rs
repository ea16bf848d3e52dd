//! A connector behind the boundary.

use std::ptr;
use std::sync::Arc;

use connect_plugin_abi as abi;

use super::call::{self, CallError, Callee, ErrorSlot};
use super::definitions;
use super::instance::{Identity, Instance, OffsetReader};
use super::lend::{Lender, LentConfig};
use super::load::ClassTables;
use super::pool::{Manners, Pool};
use super::views::{self, Bad};
use crate::records::value::Value;
use crate::settings::Props;
use crate::settings::definitions::ConfigDef;

/// What validation by the plugin says of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatedKey {
    /// Key.
    pub name: String,
    /// What is wrong.
    pub errors: Vec<String>,
    /// Values worth offering.
    pub recommended: Vec<String>,
    /// Whether it has a meaning with the rest of the config.
    pub visible: bool,
}

/// Whether a source can take part in exactly-once delivery, as its plugin says of a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExactlyOnce {
    /// It does not say.
    Unknown,
    /// It can.
    Supported,
    /// It cannot.
    Unsupported,
}

/// A connector. Its calls may block for long; whoever waits bounds the wait.
pub struct Connector {
    callee: Arc<Callee>,
    ops: &'static abi::CpConnectorOps,
}

/// The config definitions of a class; needs no instance.
pub async fn config_defs(pool: &Pool, class: &str, tables: ClassTables) -> Result<ConfigDef, CallError> {
    let call = "config_defs";
    let Some(function) = tables.connector.config_defs else { return Err(missing(call)) };
    let manners = Arc::new(Manners::new(true));
    let read = call::dispatch(pool, format!("{call} of class {class}"), &manners, move || {
        let mut out = abi::CpConfigDefs { items: ptr::null(), count: 0 };
        let mut slot = ErrorSlot::default();
        // SAFETY: the places live during the call; the result lives as long as the process.
        match unsafe { function(&mut out, slot.raw()) } {
            // SAFETY: as above.
            abi::READY => unsafe { definitions::read(&out) }.map_err(|bad| CallError::contract(call, bad)),
            abi::ERROR => Err(slot.into_error(call)),
            other => Err(call::contract(call, other)),
        }
    });
    read.await.unwrap_or(Err(CallError::Unusable { call }))
}

fn missing(call: &'static str) -> CallError {
    CallError::Contract { call, what: "the function is null".into() }
}

impl Connector {
    /// Makes one; `offsets` for sources.
    pub async fn create(
        pool: &Pool,
        tables: ClassTables,
        identity: Identity,
        offsets: Option<Arc<dyn OffsetReader>>,
    ) -> Result<Connector, CallError> {
        let ops = tables.connector;
        let Some(function) = ops.create else { return Err(missing("create")) };
        let instance = Instance::enter(identity, offsets);
        let manners = Arc::new(Manners::new(true));
        let callee =
            call::create(pool, &manners, &instance, function).await.inspect_err(|_| instance.leave())?;
        Ok(Connector { callee, ops })
    }

    /// What the host remembers of it.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.callee.instance
    }

    /// Starts it.
    pub async fn start(&self, config: Props) -> Result<(), CallError> {
        let Some(function) = self.ops.start else { return Err(missing("start")) };
        let lent = Arc::new(LentConfig::new(config));
        // SAFETY: the config is kept alive by `lent`, the object by the callee.
        self.call("start", move |object, slot| unsafe { function(object, &lent.view(), slot) }).await
    }

    /// A call that must not answer pending.
    async fn call(
        &self,
        name: &'static str,
        function: impl FnOnce(*mut std::ffi::c_void, *mut abi::CpError) -> i32 + Send + 'static,
    ) -> Result<(), CallError> {
        match self.callee.once(name, move |object, slot| function(object.0, slot)).await? {
            abi::READY => Ok(()),
            other => Err(call::contract(name, other)),
        }
    }

    /// Its task configs, at most `max_tasks` as far as it keeps to the contract.
    pub async fn task_configs(&self, max_tasks: u32) -> Result<Vec<Props>, CallError> {
        let name = "task_configs";
        let Some(function) = self.ops.task_configs else { return Err(missing(name)) };
        self.read(name, move |object, slot| {
            let mut out = abi::CpConfigList { items: ptr::null(), count: 0 };
            // SAFETY: the places live during the call.
            let status = unsafe { function(object, max_tasks, &mut out, slot) };
            // SAFETY: the list is valid until the next call, which cannot begin before this closure is done.
            (status, move || unsafe {
                views::slice(out.items, out.count)?.iter().map(|view| views::config(view)).collect()
            })
        })
        .await
    }

    /// A call whose result is read at once, before the next call can begin.
    async fn read<R, F>(
        &self,
        name: &'static str,
        function: impl FnOnce(*mut std::ffi::c_void, *mut abi::CpError) -> (i32, F) + Send + 'static,
    ) -> Result<R, CallError>
    where
        R: Send + 'static,
        F: FnOnce() -> Result<R, Bad>,
    {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.call(name, move |object, slot| {
            let (status, read) = function(object, slot);
            if status == abi::READY {
                let _ = tell.send(read());
            }
            status
        })
        .await?;
        match told.try_recv() {
            Ok(result) => result.map_err(|bad| CallError::contract(name, bad)),
            Err(_) => Err(CallError::Unusable { call: name }),
        }
    }

    /// What the plugin says of a config, beyond its definitions; none if it does not validate by itself.
    pub async fn validate(&self, config: Props) -> Result<Option<Vec<ValidatedKey>>, CallError> {
        let Some(function) = self.ops.validate else { return Ok(None) };
        let lent = LentConfig::new(config);
        self.read("validate", move |object, slot| {
            let mut out = abi::CpConfigValues { items: ptr::null(), count: 0 };
            // SAFETY: config and places live during the call.
            let status = unsafe { function(object, &lent.view(), &mut out, slot) };
            // SAFETY: the list is valid until the next call.
            (status, move || unsafe { validated(&out) })
        })
        .await
        .map(Some)
    }

    /// Whether it can take part in exactly-once delivery with this config.
    pub async fn exactly_once_support(&self, config: Props) -> Result<ExactlyOnce, CallError> {
        let call = "exactly_once_support";
        let Some(function) = self.ops.exactly_once_support else { return Ok(ExactlyOnce::Unknown) };
        let lent = LentConfig::new(config);
        let answer = self.read(call, move |object, slot| {
            let mut out = abi::EXACTLY_ONCE_UNKNOWN;
            // SAFETY: config and places live during the call.
            let status = unsafe { function(object, &lent.view(), &mut out, slot) };
            (status, move || Ok(out))
        });
        match answer.await? {
            abi::EXACTLY_ONCE_UNKNOWN => Ok(ExactlyOnce::Unknown),
            abi::EXACTLY_ONCE_SUPPORTED => Ok(ExactlyOnce::Supported),
            abi::EXACTLY_ONCE_UNSUPPORTED => Ok(ExactlyOnce::Unsupported),
            other => {
                let what = format!("it handed over {other}, which is no answer to this");
                Err(CallError::Contract { call, what })
            }
        }
    }

    /// Has it check changes of stored offsets, each a partition and its new offset or null; none at all: every offset
    /// is to be forgotten. True if it has taken care of what it keeps elsewhere.
    pub async fn alter_offsets(
        &self,
        config: Props,
        changes: Vec<(Value<'static>, Value<'static>)>,
    ) -> Result<bool, CallError> {
        let Some(function) = self.ops.alter_offsets else { return Ok(false) };
        let lent = LentConfig::new(config);
        self.read("alter_offsets", move |object, slot| {
            let mut lender = Lender::default();
            let mut view = |(partition, offset)| abi::CpOffsetChange {
                partition: lender.value(partition),
                offset: lender.value(offset),
            };
            let views: Vec<abi::CpOffsetChange> = changes.into_iter().map(&mut view).collect();
            let first = if views.is_empty() { ptr::null() } else { views.as_ptr() };
            let mut out = 0;
            // SAFETY: config, changes and what they lead to, and the places live during the call.
            let status = unsafe { function(object, &lent.view(), first, views.len(), &mut out, slot) };
            (status, move || Ok(out != 0))
        })
        .await
    }

    /// Stops it.
    pub async fn stop(&self) -> Result<(), CallError> {
        let Some(function) = self.ops.stop else { return Err(missing("stop")) };
        // SAFETY: the object is alive.
        self.call("stop", move |object, slot| unsafe { function(object, slot) }).await
    }

    /// Destroys it. Whoever gives up waiting leaves it to its thread; dropping a connector leaks it.
    pub async fn destroy(self) -> Result<(), CallError> {
        self.callee.instance.leave();
        let Some(function) = self.ops.destroy else { return Err(missing("destroy")) };
        // SAFETY: the object is alive and not called again.
        self.call("destroy", move |object, slot| unsafe { function(object, slot) }).await
    }
}

/// # Safety
/// The list and all it points to live during the call.
unsafe fn validated(list: &abi::CpConfigValues) -> Result<Vec<ValidatedKey>, Bad> {
    // SAFETY: the caller's promise.
    unsafe {
        views::slice(list.items, list.count)?
            .iter()
            .map(|value| {
                Ok(ValidatedKey {
                    name: views::text(value.name)?.to_owned(),
                    errors: views::texts(value.errors, value.error_count)?,
                    recommended: views::texts(value.recommended, value.recommended_count)?,
                    visible: value.hidden == 0,
                })
            })
            .collect()
    }
}
