//! The tokio runtime that is private to the library: one thread, started with the first task that needs it.

use crate::error::Result;

#[cfg(feature = "tokio")]
mod private {
    use std::sync::OnceLock;

    use tokio::runtime::{Builder, EnterGuard, Handle};

    use crate::error::{PluginError, Result};

    static RUNTIME: OnceLock<Result<Handle, String>> = OnceLock::new();

    /// What stays entered while it lives.
    pub(crate) type Guard = EnterGuard<'static>;

    /// Timers, file descriptors and spawned tasks run on this thread; tasks of the worker are polled on the worker's
    /// own threads, within this runtime's context.
    fn launch() -> Result<Handle, String> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let handle = runtime.handle().clone();
        let name = super::super::library().to_owned();
        let run = move || runtime.block_on(std::future::pending::<()>());
        std::thread::Builder::new().name(name).spawn(run).map_err(|e| e.to_string())?;
        Ok(handle)
    }

    pub(crate) fn enter(create: bool) -> Result<Option<Guard>> {
        let runtime = if create { Some(RUNTIME.get_or_init(launch)) } else { RUNTIME.get() };
        match runtime {
            Some(Ok(handle)) => Ok(Some(handle.enter())),
            Some(Err(why)) => {
                Err(PluginError::failed(format!("cannot start the plugin's tokio runtime: {why}")))
            }
            None => Ok(None),
        }
    }
}

#[cfg(not(feature = "tokio"))]
mod private {
    /// Nothing to enter.
    pub(crate) type Guard = std::convert::Infallible;

    pub(crate) fn enter(_: bool) -> crate::error::Result<Option<Guard>> {
        Ok(None)
    }
}

/// Enters the runtime of an async class, made if `create`; nothing for blocking classes and without the feature.
pub(crate) fn enter(blocking: bool, create: bool) -> Result<Option<private::Guard>> {
    if blocking { Ok(None) } else { private::enter(create) }
}
