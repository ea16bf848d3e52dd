//! The functions of a connector, as the worker calls them.

use std::ffi::c_void;

use connect_plugin_abi as abi;

use super::barrier::{self, Outcome, answer, barrier, null};
use super::defs::{Configs, Defs, Findings};
use crate::config::Config;
use crate::connector::{Connector, ConnectorContext};
use crate::context::Context;
use crate::error::{PluginError, Result};
use crate::raw;
use crate::record::OffsetChange;

/// What the pointer of a connector points to.
struct Instance<C> {
    connector: C,
    context: Context,
    config: Config,
    configs: Configs,
    findings: Findings,
    poisoned: bool,
}

/// The table of a connector's class.
pub const fn table<C: Connector>() -> abi::CpConnectorOps {
    abi::CpConnectorOps {
        size: size_of::<abi::CpConnectorOps>() as u64,
        config_defs: Some(config_defs::<C>),
        create: Some(create::<C>),
        validate: Some(validate::<C>),
        start: Some(start::<C>),
        task_configs: Some(task_configs::<C>),
        stop: Some(stop::<C>),
        exactly_once_support: Some(exactly_once_support::<C>),
        alter_offsets: Some(alter_offsets::<C>),
        destroy: Some(destroy::<C>),
        reserved: [0; 4],
    }
}

/// Runs a call on the instance behind `connector`.
///
/// # Safety
/// `connector` is from create of the same class, not destroyed, and no other call is within it.
unsafe fn enter<C>(
    connector: *mut c_void,
    err: *mut abi::CpError,
    call: impl FnOnce(&mut Instance<C>) -> Result<i32>,
) -> i32 {
    // SAFETY: the caller's promise.
    let Some(instance) = (unsafe { connector.cast::<Instance<C>>().as_mut() }) else {
        return answer(err, || Err(null("instance")));
    };
    if instance.poisoned {
        return barrier::poisoned(err);
    }
    match barrier(err, || call(instance)) {
        Outcome::Answer(answer) => answer,
        Outcome::Panicked => {
            instance.poisoned = true;
            abi::ERROR
        }
    }
}

/// A copy of a lent config that knows the definitions of `C`.
///
/// # Safety
/// `config` is null or as the contract says.
pub(crate) unsafe fn config_of<C: Connector>(config: *const abi::CpConfig) -> Config {
    // SAFETY: the caller's promise.
    unsafe { Config::from_raw(config) }.with_def(Defs::of::<C>().def)
}

// SAFETY of all functions below: the worker keeps to the contract, which says what each pointer is.

unsafe extern "C" fn config_defs<C: Connector>(out: *mut abi::CpConfigDefs, err: *mut abi::CpError) -> i32 {
    answer(err, || {
        // SAFETY: out is a place for the answer.
        unsafe { *out = Defs::of::<C>().views() };
        Ok(abi::READY)
    })
}

unsafe extern "C" fn create<C: Connector>(
    context: *const abi::CpContext,
    out: *mut *mut c_void,
    err: *mut abi::CpError,
) -> i32 {
    answer(err, || {
        // SAFETY: context is as the contract says.
        let context = unsafe { Context::from_raw(context) }?;
        let instance = Instance {
            connector: C::create(ConnectorContext(context.clone())),
            context,
            config: Config::default(),
            configs: Configs::default(),
            findings: Findings::default(),
            poisoned: false,
        };
        // SAFETY: out is a place for the pointer.
        unsafe { *out = Box::into_raw(Box::new(instance)).cast() };
        Ok(abi::READY)
    })
}

unsafe extern "C" fn validate<C: Connector>(
    connector: *mut c_void,
    config: *const abi::CpConfig,
    out: *mut abi::CpConfigValues,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &mut Instance<C>| {
        // SAFETY: config is as the contract says.
        let findings = instance.connector.validate(&unsafe { config_of::<C>(config) })?;
        // SAFETY: out is a place for the answer.
        unsafe { *out = instance.findings.keep(findings) };
        Ok(abi::READY)
    };
    // SAFETY: see above.
    unsafe { enter(connector, err, call) }
}

unsafe extern "C" fn start<C: Connector>(
    connector: *mut c_void,
    config: *const abi::CpConfig,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &mut Instance<C>| {
        // SAFETY: config is as the contract says.
        instance.config = unsafe { config_of::<C>(config) };
        let problems = Defs::of::<C>().def.problems(&instance.config);
        if let Some((key, _)) = problems.first() {
            let all: Vec<&str> = problems.iter().map(|(_, problem)| problem.as_str()).collect();
            return Err(PluginError::config(*key, all.join("\n")));
        }
        instance.connector.start(&instance.config)?;
        Ok(abi::READY)
    };
    // SAFETY: see above.
    unsafe { enter(connector, err, call) }
}

unsafe extern "C" fn task_configs<C: Connector>(
    connector: *mut c_void,
    max_tasks: u32,
    out: *mut abi::CpConfigList,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &mut Instance<C>| {
        let configs = instance.connector.task_configs(&instance.config, max_tasks)?;
        // SAFETY: out is a place for the answer.
        unsafe { *out = instance.configs.keep(configs) };
        Ok(abi::READY)
    };
    // SAFETY: see above.
    unsafe { enter(connector, err, call) }
}

unsafe extern "C" fn stop<C: Connector>(connector: *mut c_void, err: *mut abi::CpError) -> i32 {
    let call = |instance: &mut Instance<C>| {
        instance.context.cancel_token().cancel();
        instance.connector.stop().map(|()| abi::READY)
    };
    // SAFETY: see above.
    unsafe { enter(connector, err, call) }
}

unsafe extern "C" fn exactly_once_support<C: Connector>(
    connector: *mut c_void,
    config: *const abi::CpConfig,
    out: *mut u32,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &mut Instance<C>| {
        // SAFETY: config is as the contract says.
        let support = instance.connector.exactly_once_support(&unsafe { config_of::<C>(config) })?;
        // SAFETY: out is a place for the answer.
        unsafe { *out = support as u32 };
        Ok(abi::READY)
    };
    // SAFETY: see above.
    unsafe { enter(connector, err, call) }
}

unsafe extern "C" fn alter_offsets<C: Connector>(
    connector: *mut c_void,
    config: *const abi::CpConfig,
    changes: *const abi::CpOffsetChange,
    count: usize,
    out: *mut u32,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &mut Instance<C>| {
        // SAFETY: config and changes are as the contract says.
        let (config, changes) = unsafe { (config_of::<C>(config), raw::slice(changes, count)) };
        // SAFETY: as above, for the values of each change.
        let owned = |change: &abi::CpOffsetChange| unsafe {
            OffsetChange {
                partition: raw::to_fields(&change.partition).unwrap_or_default(),
                offset: raw::to_fields(&change.offset),
            }
        };
        let changes: Vec<OffsetChange> = changes.iter().map(owned).collect();
        let handled = instance.connector.alter_offsets(&config, &changes)?;
        // SAFETY: out is a place for the answer.
        unsafe { *out = handled.into() };
        Ok(abi::READY)
    };
    // SAFETY: see above.
    unsafe { enter(connector, err, call) }
}

unsafe extern "C" fn destroy<C: Connector>(connector: *mut c_void, err: *mut abi::CpError) -> i32 {
    // SAFETY: connector is from create.
    match unsafe { connector.cast::<Instance<C>>().as_ref() } {
        None => return abi::READY,
        Some(instance) if instance.poisoned => return abi::READY, // leaked: nobody knows its state
        Some(_) => {}
    }
    answer(err, || {
        // SAFETY: the pointer is from Box::into_raw in create, and the worker does not use it again.
        drop(unsafe { Box::from_raw(connector.cast::<Instance<C>>()) });
        Ok(abi::READY)
    })
}
