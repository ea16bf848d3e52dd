//! The functions of a source task, as the worker calls them.

use std::ffi::c_void;
use std::task::Poll;

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
type Of<C> = Instance<Task<C>, SourceBatch>;
type Inner<C> = super::instance::Inner<Task<C>, SourceBatch>;

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
        commit: Some(commit::<C>),
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
        if inner.kept.begin() {
            let begin = |task: &'static mut Task<C>, kept: &mut Kept| -> Running<Task<C>> {
                // SAFETY: the batch lives until the instance does, and is looked at again only after this call has
                // ended or was dropped: what is handed out is kept back while a call waits.
                let batch = unsafe { kept.lend() };
                Box::pin(async move { task.poll(batch).await.map(|()| Answer::Done) })
            };
            match instance.drive(inner, Call::Poll, begin) {
                Ok(Poll::Ready(_)) => {}
                Ok(Poll::Pending) => return Ok(abi::PENDING),
                Err(error) => {
                    inner.kept.drop_records();
                    return Err(error);
                }
            }
        }
        let batch = inner.kept.hand_out();
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
        // SAFETY: the acks stay where they are until the call has ended or was given up by a stop; the reference ends
        // up in the call in progress only. Ack is a transparent CpAck.
        let acks: &'static [Ack] = unsafe { raw::slice(acks.cast(), count) };
        let call = Call::Acks(acks.as_ptr() as usize, count);
        let begin = |task: &'static mut Task<C>| async move { task.acks(acks).await.map(|()| Answer::Done) };
        instance.drive(inner, call, |task, _| Box::pin(begin(task))).map(done)
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
