//! What source and sink tasks have in common behind the boundary: made, started, cancelled, stopped, destroyed.

use std::sync::Arc;

use connect_plugin_abi as abi;

use super::call::{self, CallError, Callee};
use super::catalog::Class;
use super::instance::{Identity, Instance, OffsetReader};
use super::lend::LentConfig;
use super::load::TaskTables;
use super::pool::Pool;
use crate::settings::Props;

/// The functions that every task has.
#[derive(Clone, Copy)]
struct Ops {
    start: Option<abi::ConfigFn>,
    cancel: Option<abi::CancelFn>,
    stop: Option<abi::InstanceFn>,
    destroy: Option<abi::InstanceFn>,
}

/// A plugin's task. Calls do not overlap: each waits for the one before, also when that was abandoned.
pub struct TaskObject {
    pub(super) callee: Arc<Callee>,
    ops: Ops,
}

/// A required function is null, which loading should have found.
pub(super) fn missing(call: &'static str) -> CallError {
    CallError::Contract { call, what: "the function is null".into() }
}

impl TaskObject {
    /// Makes a task; `offsets` for sources.
    pub(super) async fn create(
        pool: &Pool,
        class: &Class,
        identity: Identity,
        offsets: Option<Arc<dyn OffsetReader>>,
    ) -> Result<TaskObject, CallError> {
        let (create, ops) = match class.tables.task {
            TaskTables::Source(ops) => (
                ops.create,
                Ops { start: ops.start, cancel: ops.cancel, stop: ops.stop, destroy: ops.destroy },
            ),
            TaskTables::Sink(ops) => (
                ops.create,
                Ops { start: ops.start, cancel: ops.cancel, stop: ops.stop, destroy: ops.destroy },
            ),
        };
        let create = create.ok_or_else(|| missing("create"))?;
        let instance = Instance::enter(identity, offsets);
        let made = call::create(pool, &class.manners, &instance, create).await;
        Ok(TaskObject { callee: made.inspect_err(|_| instance.leave())?, ops })
    }

    /// What the host remembers of it.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.callee.instance
    }

    /// Starts it.
    pub async fn start(&self, config: Props) -> Result<(), CallError> {
        let function = self.ops.start.ok_or_else(|| missing("start"))?;
        let lent = Arc::new(LentConfig::new(config));
        let call = self.callee.call("start", lent, move |object, lent, slot| {
            // SAFETY: config and object live during the call.
            unsafe { function(object.0, &lent.view(), slot) }
        });
        call.await
    }

    /// Asks a call in progress to return soon.
    pub async fn cancel(&self) {
        if let Some(function) = self.ops.cancel {
            // SAFETY: the object is alive; cancel may overlap other calls than stop and destroy, which come later.
            self.callee.beside("cancel", move |object| unsafe { function(object.0) }).await;
        }
    }

    /// Stops it; a pending call is abandoned.
    pub async fn stop(&self) -> Result<(), CallError> {
        let function = self.ops.stop.ok_or_else(|| missing("stop"))?;
        let call = self.callee.call("stop", Arc::new(()), move |object, (), slot| {
            // SAFETY: the object is alive.
            unsafe { function(object.0, slot) }
        });
        call.await
    }

    /// Destroys it. Whoever gives up waiting leaves it to its thread; dropping a task leaks it.
    pub async fn destroy(self) -> Result<(), CallError> {
        self.callee.instance.leave();
        let function = self.ops.destroy.ok_or_else(|| missing("destroy"))?;
        let call = self.callee.once("destroy", move |object, slot| {
            // SAFETY: the object is alive and not called again.
            unsafe { function(object.0, slot) }
        });
        match call.await? {
            abi::READY => {
                self.callee.destroyed();
                Ok(())
            }
            // It may still be there, with what its pending call was lent.
            other => Err(call::contract("destroy", other)),
        }
    }
}
