//! The functions of a source task, as the worker calls them.

use std::ffi::c_void;
use std::ptr::NonNull;

use connect_plugin_abi as abi;

use super::connector::config_of;
use super::instance::{Answer, Call, Instance, Running, done};
use crate::batch::SourceBatch;
use crate::connector::SourceConnector;
use crate::error::Result;
use crate::raw;
use crate::record::Ack;
use crate::source::{SourceContext, SourceTask};

type Task<C> = <C as SourceConnector>::Task;
type Of<C> = Instance<Task<C>, Kept>;
type Inner<C> = super::instance::Inner<Task<C>, Kept>;

/// The batch, in a place of its own: a poll in progress borrows it.
pub(crate) struct Kept {
    batch: NonNull<SourceBatch>,
    /// From the begin of a poll until its records are handed out or dropped; in between, polls may be dropped where
    /// they wait and begin again.
    filling: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Kept { batch: NonNull::from(Box::leak(Box::default())), filling: false }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: the pointer is from a box, and the call that could borrow from it went before.
        drop(unsafe { Box::from_raw(self.batch.as_ptr()) });
    }
}

impl Kept {
    /// # Safety
    /// No poll is in progress for as long as the reference lives, but the one it is given to.
    unsafe fn batch(&mut self) -> &'static mut SourceBatch {
        // SAFETY: the pointer is from a box that lives as long as the instance; the caller's promise.
        unsafe { self.batch.as_mut() }
    }
}

/// The flags of a source's class.
pub const fn flags<C: SourceConnector>() -> u32 {
    if Task::<C>::BLOCKING { abi::CLASS_BLOCKING } else { 0 }
}

/// The table of a source's tasks.
pub const fn table<C: SourceConnector>() -> abi::CpSourceTaskOps {
    abi::CpSourceTaskOps {
        size: size_of::<abi::CpSourceTaskOps>() as u64,
        create: Some(create::<C>),
        start: Some(start::<C>),
        poll: Some(poll::<C>),
        acks: if Task::<C>::WANTS_ACKS { Some(acks::<C>) } else { None },
        commit: if Task::<C>::WANTS_COMMIT { Some(commit::<C>) } else { None },
        stop: Some(stop::<C>),
        cancel: Some(cancel::<C>),
        destroy: Some(destroy::<C>),
        reserved: [0; 4],
    }
}

// SAFETY of all functions below: the worker keeps to the contract, which says what each pointer is.

unsafe extern "C" fn create<C: SourceConnector>(
    context: *const abi::CpContext,
    out: *mut *mut c_void,
    err: *mut abi::CpError,
) -> i32 {
    // SAFETY: see above.
    unsafe { Of::<C>::create(context, out, err, Task::<C>::BLOCKING) }
}

unsafe extern "C" fn start<C: SourceConnector>(
    task: *mut c_void,
    config: *const abi::CpConfig,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = || {
            // SAFETY: config is as the contract says.
            let config = unsafe { config_of::<C>(config) };
            let context = SourceContext(instance.context.clone());
            Box::pin(async move { Task::<C>::start(context, config).await.map(Answer::Started) }) as _
        };
        instance.start(inner, begin).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn poll<C: SourceConnector>(
    task: *mut c_void,
    out: *mut abi::CpBatch,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let mut full = false;
        if !inner.waits_for(Call::Poll) {
            // SAFETY: no poll is in progress.
            let batch = unsafe { inner.kept.batch() };
            match inner.kept.filling {
                true => full = !batch.is_empty(), // put there by a poll that was dropped thereafter
                false => batch.clear(),
            }
            inner.kept.filling = true;
        }
        if !full {
            let begin = |task: &'static mut Task<C>, kept: &mut Kept| -> Running<Task<C>> {
                // SAFETY: this poll is the one in progress.
                let batch = unsafe { kept.batch() };
                Box::pin(async move { task.poll(batch).await.map(|()| Answer::Done) })
            };
            let answer = instance.drive(inner, Call::Poll, begin);
            if answer.is_err() {
                inner.kept.filling = false;
            }
            if answer?.is_pending() {
                return Ok(abi::PENDING);
            }
        }
        inner.kept.filling = false;
        // SAFETY: the poll has ended.
        let views = unsafe { inner.kept.batch() }.views();
        let batch = abi::CpBatch { records: views.as_ptr(), count: views.len(), reserved: [0; 2] };
        // SAFETY: out is a place for the answer.
        unsafe { *out = batch };
        Ok(abi::READY)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn acks<C: SourceConnector>(
    task: *mut c_void,
    acks: *const abi::CpAck,
    count: usize,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>, _: &mut _| -> Running<Task<C>> {
            // SAFETY: acks has count elements, as the contract says; Ack is a transparent CpAck.
            let acks: Vec<Ack> = unsafe { raw::slice(acks.cast(), count) }.to_vec();
            Box::pin(async move { task.acks(&acks).await.map(|()| Answer::Done) })
        };
        instance.drive(inner, Call::Acks(acks as usize, count), begin).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn commit<C: SourceConnector>(task: *mut c_void, err: *mut abi::CpError) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| -> Result<i32> {
        let begin = |task: &'static mut Task<C>| async move { task.commit().await.map(|()| Answer::Done) };
        instance.drive(inner, Call::Commit, |task, _| Box::pin(begin(task))).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn stop<C: SourceConnector>(task: *mut c_void, err: *mut abi::CpError) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>| async move { task.stop().await.map(|()| Answer::Done) };
        instance.stop(inner, |task| Box::pin(begin(task)))
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn cancel<C: SourceConnector>(task: *mut c_void) {
    // SAFETY: see above.
    unsafe { Of::<C>::cancel(task) }
}

unsafe extern "C" fn destroy<C: SourceConnector>(task: *mut c_void, err: *mut abi::CpError) -> i32 {
    // SAFETY: see above.
    unsafe { Of::<C>::destroy(task, err) }
}
