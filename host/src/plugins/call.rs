//! One call at a time into an instance, on the plugin threads, with what it lends kept alive until it returns.

use std::any::Any;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use connect_plugin_abi as abi;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::instance::Instance;
use super::pool::{Manners, Pool};
use super::views::Bad;

/// Kinds of errors that a plugin tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It has failed.
    Failed,
    /// The same call may work later.
    Retriable,
    /// A config is wrong.
    Config,
    /// A record cannot be handled.
    Data,
    /// It does not offer this.
    Unsupported,
    /// Its barrier caught a panic.
    Panic,
}

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The plugin said so.
    #[error("{call} failed: {message}")]
    Plugin {
        /// Which function.
        call: &'static str,
        /// Which kind.
        kind: ErrorKind,
        /// What it said.
        message: String,
        /// Its trace, or empty.
        trace: String,
    },
    /// The plugin broke the contract.
    #[error("{call} broke the plugin contract: {what}; this is an error of the plugin")]
    Contract {
        /// Which function.
        call: &'static str,
        /// How.
        what: String,
    },
    /// An earlier call panicked; the instance is not called any more.
    #[error("{call} was not called, because an earlier call panicked")]
    Unusable {
        /// Which function.
        call: &'static str,
    },
}

impl CallError {
    /// Trying the same call again may work.
    pub fn is_retriable(&self) -> bool {
        matches!(self, CallError::Plugin { kind: ErrorKind::Retriable, .. })
    }

    /// Message and the plugin's trace, for a status.
    pub fn trace(&self) -> String {
        match self {
            CallError::Plugin { trace, .. } if !trace.is_empty() => format!("{self}\n{trace}"),
            _ => self.to_string(),
        }
    }

    /// Something wrong in what `call` handed over.
    pub fn contract(call: &'static str, bad: Bad) -> CallError {
        CallError::Contract { call, what: format!("it handed over {bad}") }
    }
}

/// Where a call puts its error; the plugin sees an opaque pointer.
#[derive(Debug, Default)]
pub struct ErrorSlot {
    set: Option<(u32, String, String)>,
}

impl ErrorSlot {
    /// The pointer for the plugin; valid while the slot is neither moved nor read.
    pub fn raw(&mut self) -> *mut abi::CpError {
        (&raw mut *self).cast()
    }

    /// What `set_error` does. The last one counts.
    pub fn set(&mut self, kind: u32, message: String, trace: String) {
        self.set = Some((kind, message, trace));
    }

    /// The message, for errors outside of instances.
    pub fn message(&self) -> String {
        self.set.as_ref().map_or_else(|| "(no message)".to_owned(), |(_, message, _)| message.clone())
    }

    pub(super) fn into_error(self, call: &'static str) -> CallError {
        let Some((kind, message, trace)) = self.set else {
            let what = "it answered CP_ERROR without set_error".to_owned();
            return CallError::Contract { call, what };
        };
        let kind = match kind {
            abi::ERR_RETRIABLE => ErrorKind::Retriable,
            abi::ERR_CONFIG => ErrorKind::Config,
            abi::ERR_DATA => ErrorKind::Data,
            abi::ERR_UNSUPPORTED => ErrorKind::Unsupported,
            abi::ERR_PANIC => ErrorKind::Panic,
            _ => ErrorKind::Failed,
        };
        CallError::Plugin { call, kind, message, trace }
    }
}

/// The plugin's object behind an instance.
#[derive(Clone, Copy)]
pub(super) struct Object(pub *mut c_void);

// SAFETY: the contract allows calls from any thread as long as they do not overlap, which the gate sees to.
unsafe impl Send for Object {}
// SAFETY: as above.
unsafe impl Sync for Object {}

/// An instance that can be called.
pub(super) struct Callee {
    pub object: Object,
    pub instance: Arc<Instance>,
    pool: Pool,
    manners: Arc<Manners>,
    /// Held by the call in progress, also when nobody waits for it any more.
    gate: Arc<Mutex<()>>,
    panicked: AtomicBool,
    /// What a pending call was lent.
    pending: std::sync::Mutex<Option<Arc<dyn Any + Send + Sync>>>,
}

impl Drop for Callee {
    fn drop(&mut self) {
        // Not destroyed: the object may hold what its pending call was lent for ever.
        if let Some(lent) = self.pending.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            std::mem::forget(lent);
        }
    }
}

impl Callee {
    pub(super) fn new(object: Object, instance: Arc<Instance>, pool: Pool, manners: Arc<Manners>) -> Callee {
        Callee {
            object,
            instance,
            pool,
            manners,
            gate: Arc::default(),
            panicked: AtomicBool::new(false),
            pending: std::sync::Mutex::default(),
        }
    }

    /// Calls `function` until it answers other than pending. `lent` lives until the last call has returned, even if
    /// the caller has given up waiting. Dropping the future abandons the call: one in progress goes on alone, and the
    /// next call on this instance waits for it.
    pub(super) async fn call<L, F>(
        self: &Arc<Callee>,
        call: &'static str,
        lent: Arc<L>,
        function: F,
    ) -> Result<(), CallError>
    where
        L: Send + Sync + 'static,
        F: Fn(Object, &L, *mut abi::CpError) -> i32 + Send + Sync + 'static,
    {
        let function = Arc::new(function);
        loop {
            let (lent, function) = (lent.clone(), function.clone());
            let (seen, kept) = (self.instance.wakes(), lent.clone());
            let answer = self.once(call, move |object, slot| function(object, &lent, slot)).await?;
            match answer {
                abi::READY => return Ok(()),
                abi::PENDING => {
                    self.keep(Some(kept));
                    self.instance.woken(seen).await;
                    self.keep(None);
                }
                other => return Err(contract(call, other)),
            }
        }
    }

    /// A call that may overlap others.
    pub(super) async fn beside(
        self: &Arc<Callee>,
        call: &'static str,
        function: impl FnOnce(Object) + Send + 'static,
    ) {
        if self.panicked.load(Ordering::Acquire) {
            return;
        }
        let (what, callee) = (format!("{call} of {}", self.instance.identity), self.clone());
        let done = dispatch(&self.pool, what, &self.manners, move || function(callee.object));
        // It answers nothing; one that never ran was dropped with its thread.
        let _ = done.await;
    }

    /// Keeps what a pending call was lent, in case nobody repeats it: the plugin holds it until it is destroyed.
    fn keep(&self, lent: Option<Arc<dyn Any + Send + Sync>>) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = lent;
    }

    /// The object is gone, and with it every claim on what it was lent.
    pub(super) fn destroyed(&self) {
        self.keep(None);
    }

    /// One call, without repeating it. The answer is ready or pending; an error is an error.
    pub(super) async fn once(
        self: &Arc<Callee>,
        call: &'static str,
        function: impl FnOnce(Object, *mut abi::CpError) -> i32 + Send + 'static,
    ) -> Result<i32, CallError> {
        self.held(call, function).await.map(|(answer, _gate)| answer)
    }

    /// As [`Callee::once`], and no other call can begin before the guard is dropped: what the call handed over stays
    /// valid as long.
    pub(super) async fn held(
        self: &Arc<Callee>,
        call: &'static str,
        function: impl FnOnce(Object, *mut abi::CpError) -> i32 + Send + 'static,
    ) -> Result<(i32, OwnedMutexGuard<()>), CallError> {
        let gate = self.gate.clone().lock_owned().await;
        // Looked at behind the gate: the call that held it may be the one that panicked.
        if self.panicked.load(Ordering::Acquire) {
            return Err(CallError::Unusable { call });
        }
        let what = format!("{call} of {}", self.instance.identity);
        let callee = self.clone();
        let answer = dispatch(&self.pool, what, &self.manners, move || {
            let mut slot = ErrorSlot::default();
            let status = function(callee.object, slot.raw());
            // The gate goes with the answer, so that whoever waits for this call hears of it before the next one begins.
            (callee.finish(call, status, slot), gate)
        });
        match answer.await {
            Ok((result, gate)) => result.map(|status| (status, gate)),
            Err(_) => Err(CallError::Unusable { call }),
        }
    }

    fn finish(&self, call: &'static str, status: i32, slot: ErrorSlot) -> Result<i32, CallError> {
        let result = match status {
            abi::READY | abi::PENDING => Ok(status),
            abi::ERROR => Err(slot.into_error(call)),
            other => Err(contract(call, other)),
        };
        if let Err(CallError::Plugin { kind: ErrorKind::Panic, .. }) = &result {
            self.panicked.store(true, Ordering::Release);
        }
        result
    }
}

pub(super) fn contract(call: &'static str, status: i32) -> CallError {
    CallError::Contract { call, what: format!("it answered {status}, which means nothing here") }
}

/// Makes an object on a plugin thread.
pub(super) async fn create(
    pool: &Pool,
    manners: &Arc<Manners>,
    instance: &Arc<Instance>,
    function: abi::CreateFn,
) -> Result<Arc<Callee>, CallError> {
    let call = "create";
    let what = format!("{call} of {}", instance.identity);
    let lent = instance.clone();
    let made = dispatch(pool, what, manners, move || {
        let identity = &lent.identity;
        let context = abi::CpContext {
            token: lent.token,
            connector: abi::CpStr::new(&identity.connector),
            class_name: abi::CpStr::new(&identity.class),
            task: identity.task.and_then(|task| i32::try_from(task).ok()).unwrap_or(-1),
            reserved: 0,
        };
        let (mut object, mut slot) = (std::ptr::null_mut(), ErrorSlot::default());
        // SAFETY: context, place and slot live during the call.
        match unsafe { function(&context, &mut object, slot.raw()) } {
            abi::READY => Ok(Object(object)),
            abi::ERROR => Err(slot.into_error(call)),
            other => Err(contract(call, other)),
        }
    });
    let object = made.await.unwrap_or(Err(CallError::Unusable { call }))?;
    Ok(Arc::new(Callee::new(object, instance.clone(), pool.clone(), manners.clone())))
}

/// Runs `work` on a plugin thread and hands its result back; an error if it never came.
pub(super) fn dispatch<R: Send + 'static>(
    pool: &Pool,
    what: String,
    manners: &Arc<Manners>,
    work: impl FnOnce() -> R + Send + 'static,
) -> oneshot::Receiver<R> {
    let (answer, result) = oneshot::channel();
    pool.run(what.into(), manners.clone(), move || {
        // Nobody may be waiting any more.
        let _ = answer.send(work());
    });
    result
}
