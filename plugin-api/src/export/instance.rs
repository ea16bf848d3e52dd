//! A task behind its pointer: async calls that go on where they waited, one at a time.
//!
//! A worker may bring acknowledgements or a commit while poll waits. They need the task that poll borrows, so a poll
//! that still waits then is dropped where it waits, and the worker is woken to poll again; what poll has put into its
//! batch until then stays. Other calls are never interrupted but by a stop.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::future::Future;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};

use connect_plugin_abi as abi;

use super::barrier::{self, Outcome, answer, barrier, null};
use super::runtime;
use crate::context::Context;
use crate::error::{PluginError, Result};
use crate::host;
use crate::sink::PartitionOffset;

/// What a call ends with.
pub(crate) enum Answer<T> {
    /// The task, from start.
    Started(T),
    /// Nothing but success.
    Done,
    /// What pre_commit allows.
    Offsets(Vec<PartitionOffset>),
}

/// A call in progress.
pub(crate) type Running<T> = Pin<Box<dyn Future<Output = Result<Answer<T>>> + Send>>;

/// Which call is in progress, with where its lent arguments are: a repeated call is known by being equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Start,
    Poll,
    Acks(usize, usize),
    Commit,
    Open(usize, usize),
    Close(usize, usize),
    Put(usize, usize),
    Flush(usize, usize),
    PreCommit(usize, usize),
    Stop,
}

impl Call {
    /// Calls that the worker may bring while another one of them waits.
    fn of_a_source(self) -> bool {
        matches!(self, Call::Poll | Call::Acks(..) | Call::Commit)
    }
}

/// What the pointer of a task points to. `cancel` reads `context` while another thread is within `inner`.
pub(crate) struct Instance<T, K> {
    pub(crate) context: Context,
    waker: Waker,
    blocking: bool,
    inner: UnsafeCell<Inner<T, K>>,
}

/// The part that only one call at a time touches. `K` is what the last answer keeps for the worker.
pub(crate) struct Inner<T, K> {
    // A running call borrows from the task, so it always goes first: see drive and drop.
    call: Option<(Call, Running<T>)>,
    /// Calls that ended while another one was asked for; their answers wait for them to be repeated.
    ended: Vec<(Call, Result<Answer<T>>)>,
    /// A poll was dropped where it waited: the worker is to be woken once the task is free.
    interrupted: bool,
    task: Option<NonNull<T>>,
    poisoned: bool,
    pub(crate) kept: K,
}

impl<T, K> Drop for Inner<T, K> {
    fn drop(&mut self) {
        self.call = None;
        if let Some(task) = self.task.take() {
            // SAFETY: the pointer is from Box::into_raw, and the call that could borrow from it is gone.
            drop(unsafe { Box::from_raw(task.as_ptr()) });
        }
    }
}

impl<T, K> Inner<T, K> {
    /// Whether `call` is in progress, or has ended and waits for the worker to ask again.
    pub(crate) fn waits_for(&self, call: Call) -> bool {
        let mut ended = self.ended.iter();
        matches!(&self.call, Some((running, _)) if *running == call) || ended.any(|(other, _)| *other == call)
    }
}

struct HostWaker(u64);

impl Wake for HostWaker {
    fn wake(self: Arc<Self>) {
        host::wake(self.0);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        host::wake(self.0);
    }
}

impl<T: Send + 'static, K: Default> Instance<T, K> {
    /// create: an instance without a task yet.
    ///
    /// # Safety
    /// The arguments are as the contract says.
    pub(crate) unsafe fn create(
        context: *const abi::CpContext,
        out: *mut *mut c_void,
        err: *mut abi::CpError,
        blocking: bool,
    ) -> i32 {
        answer(err, || {
            // SAFETY: the caller's promise.
            let context = unsafe { Context::from_raw(context) }?;
            let waker = Waker::from(Arc::new(HostWaker(context.token())));
            let inner = Inner {
                call: None,
                ended: Vec::new(),
                interrupted: false,
                task: None,
                poisoned: false,
                kept: K::default(),
            };
            let instance = Box::new(Self { context, waker, blocking, inner: UnsafeCell::new(inner) });
            // SAFETY: out is a place for a pointer.
            unsafe { *out = Box::into_raw(instance).cast() };
            Ok(abi::READY)
        })
    }

    /// Runs a call on the instance behind `task`.
    ///
    /// # Safety
    /// `task` is from [`create`](Self::create) of the same types, not destroyed, and no other call but cancel is
    /// within it.
    pub(crate) unsafe fn enter(
        task: *mut c_void,
        err: *mut abi::CpError,
        call: impl FnOnce(&Self, &mut Inner<T, K>) -> Result<i32>,
    ) -> i32 {
        // SAFETY: the caller's promise; only shared references to the whole exist.
        let Some(instance) = (unsafe { task.cast::<Self>().as_ref() }) else {
            return answer(err, || Err(null("instance")));
        };
        // SAFETY: calls never overlap, and cancel does not touch inner.
        let inner = unsafe { &mut *instance.inner.get() };
        if inner.poisoned {
            return barrier::poisoned(err);
        }
        match barrier(err, || call(instance, inner)) {
            Outcome::Answer(answer) => answer,
            Outcome::Panicked => {
                inner.poisoned = true;
                abi::ERROR
            }
        }
    }

    /// cancel: legal while another call is in progress.
    ///
    /// # Safety
    /// As [`enter`](Self::enter), but for the other call.
    pub(crate) unsafe fn cancel(task: *mut c_void) {
        // SAFETY: the caller's promise.
        if let Some(instance) = unsafe { task.cast::<Self>().as_ref() } {
            answer(std::ptr::null_mut(), || {
                instance.context.cancel_token().cancel();
                Ok(abi::READY)
            });
        }
    }

    /// destroy: drops everything, or nothing after a panic.
    ///
    /// # Safety
    /// As [`enter`](Self::enter); the pointer is dead thereafter.
    pub(crate) unsafe fn destroy(task: *mut c_void, err: *mut abi::CpError) -> i32 {
        // SAFETY: the caller's promise; the references end before anything is dropped.
        let (blocking, poisoned) = match unsafe { task.cast::<Self>().as_ref() } {
            // SAFETY: as in enter.
            Some(instance) => (instance.blocking, unsafe { (*instance.inner.get()).poisoned }),
            None => return abi::READY,
        };
        if poisoned {
            return abi::READY; // leaked: nobody knows what state it is in
        }
        answer(err, || {
            let _guard = runtime::enter(blocking, false)?;
            // SAFETY: the pointer is from Box::into_raw in create, and the worker does not use it again.
            drop(unsafe { Box::from_raw(task.cast::<Self>()) });
            Ok(abi::READY)
        })
    }

    /// Begins a call on the task, or goes on with it if it is the one that waits. `begin` gets the task.
    pub(crate) fn drive(
        &self,
        inner: &mut Inner<T, K>,
        call: Call,
        begin: impl FnOnce(&'static mut T, &mut K) -> Running<T>,
    ) -> Result<Poll<Answer<T>>> {
        self.run(inner, call, false, |inner| {
            let mut task = inner.task.ok_or_else(|| PluginError::failed("the task was not started"))?;
            // SAFETY: the task lives in a box of its own until this instance drops it. The reference ends up in the
            // call in progress only; run drops that before it begins another, and Inner's Drop before the task.
            Ok(begin(unsafe { task.as_mut() }, &mut inner.kept))
        })
    }

    /// Begins the start of the task, or goes on with it.
    pub(crate) fn start(
        &self,
        inner: &mut Inner<T, K>,
        begin: impl FnOnce() -> Running<T>,
    ) -> Result<Poll<Answer<T>>> {
        match self.run(inner, Call::Start, true, |_| Ok(begin()))? {
            Poll::Ready(Answer::Started(task)) => {
                inner.task = NonNull::new(Box::into_raw(Box::new(task)));
                Ok(Poll::Ready(Answer::Done))
            }
            other => Ok(other),
        }
    }

    fn run(
        &self,
        inner: &mut Inner<T, K>,
        call: Call,
        create_runtime: bool,
        begin: impl FnOnce(&mut Inner<T, K>) -> Result<Running<T>>,
    ) -> Result<Poll<Answer<T>>> {
        let _guard = runtime::enter(self.blocking, create_runtime)?;
        if let Some(at) = inner.ended.iter().position(|(ended, _)| *ended == call) {
            return inner.ended.swap_remove(at).1.map(Poll::Ready);
        }
        if !self.make_way(inner, call) {
            return Ok(Poll::Pending);
        }
        if inner.call.is_none() {
            let begun = begin(inner)?;
            inner.call = Some((call, begun));
        }
        let answer = self.step(inner);
        if inner.call.is_none() && call != Call::Poll && std::mem::take(&mut inner.interrupted) {
            host::wake(self.context.token());
        }
        match answer {
            Some(result) => result.map(Poll::Ready),
            None => Ok(Poll::Pending),
        }
    }

    /// Polls the call in progress; its result if it ends.
    fn step(&self, inner: &mut Inner<T, K>) -> Option<Result<Answer<T>>> {
        let (_, running) = inner.call.as_mut()?;
        // Polled in its place: should it panic, it stays there and is never touched again.
        match running.as_mut().poll(&mut std::task::Context::from_waker(&self.waker)) {
            Poll::Pending => None,
            Poll::Ready(result) => {
                inner.call = None;
                Some(result)
            }
        }
    }

    /// Sees to it that no call but `call` is in progress; false if the one in progress has to end first.
    fn make_way(&self, inner: &mut Inner<T, K>, call: Call) -> bool {
        let other = match &inner.call {
            Some((other, _)) if *other != call => *other,
            _ => return true,
        };
        if !(call.of_a_source() && other.of_a_source()) {
            inner.call = None; // a call that the worker gave up
            return true;
        }
        match self.step(inner) {
            Some(result) => {
                inner.ended.push((other, result));
                host::wake(self.context.token()); // so that it is repeated
            }
            None if other == Call::Poll => {
                inner.call = None;
                inner.interrupted = true;
            }
            None => return false,
        }
        true
    }

    /// stop: gives up a call in progress, then stops the task if there is one.
    pub(crate) fn stop(
        &self,
        inner: &mut Inner<T, K>,
        begin: impl FnOnce(&'static mut T) -> Running<T>,
    ) -> Result<i32> {
        inner.ended.clear();
        inner.interrupted = false;
        if inner.task.is_none() {
            let _guard = runtime::enter(self.blocking, false)?;
            inner.call = None;
            return Ok(abi::READY);
        }
        self.drive(inner, Call::Stop, |task, _| begin(task)).map(done)
    }
}

/// The answer of a call that gives nothing but success.
pub(crate) fn done<T>(poll: Poll<Answer<T>>) -> i32 {
    if poll.is_pending() { abi::PENDING } else { abi::READY }
}
