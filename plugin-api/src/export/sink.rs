//! The functions of a sink task, as the worker calls them.

use std::ffi::c_void;
use std::task::Poll;

use connect_plugin_abi as abi;

use super::connector::config_of;
use super::instance::{Answer, Call, Instance, Running, done};
use crate::connector::SinkConnector;
use crate::raw;
use crate::sink::{Batch, PartitionOffset, SinkContext, SinkTask, TopicPartition};
use crate::text::Text;

/// The offsets of the last pre_commit, and their views.
#[derive(Default)]
pub(crate) struct Offsets {
    owned: Vec<PartitionOffset>,
    views: Vec<abi::CpPartitionOffset>,
}

type Task<C> = <C as SinkConnector>::Task;
type Of<C> = Instance<Task<C>, Offsets>;
type Inner<C> = super::instance::Inner<Task<C>, Offsets>;

/// The flags of a sink's class.
pub const fn flags<C: SinkConnector>() -> u32 {
    if Task::<C>::BLOCKING { abi::CLASS_BLOCKING } else { 0 }
}

/// The table of a sink's tasks.
pub const fn table<C: SinkConnector>() -> abi::CpSinkTaskOps {
    abi::CpSinkTaskOps {
        size: size_of::<abi::CpSinkTaskOps>() as u64,
        create: Some(create::<C>),
        start: Some(start::<C>),
        open: Some(open::<C>),
        close: Some(close::<C>),
        put: Some(put::<C>),
        flush: Some(flush::<C>),
        pre_commit: Some(pre_commit::<C>),
        stop: Some(stop::<C>),
        cancel: Some(cancel::<C>),
        destroy: Some(destroy::<C>),
        reserved: [0; 4],
    }
}

/// # Safety
/// `partition` is as the contract says.
unsafe fn partition(partition: &abi::CpTopicPartition) -> TopicPartition {
    // SAFETY: texts of the worker are valid UTF-8 for the call.
    TopicPartition::new(Text::copy_from(unsafe { raw::str(partition.topic) }), partition.partition)
}

/// # Safety
/// `partitions` has `count` elements, as the contract says.
unsafe fn partitions(partitions: *const abi::CpTopicPartition, count: usize) -> Vec<TopicPartition> {
    // SAFETY: the caller's promise.
    unsafe { raw::slice(partitions, count).iter().map(|p| partition(p)).collect() }
}

/// # Safety
/// `offsets` has `count` elements, as the contract says.
unsafe fn offsets(offsets: *const abi::CpPartitionOffset, count: usize) -> Vec<PartitionOffset> {
    // SAFETY: the caller's promise.
    unsafe {
        let owned = |o: &abi::CpPartitionOffset| PartitionOffset {
            partition: partition(&o.partition),
            offset: o.offset,
        };
        raw::slice(offsets, count).iter().map(owned).collect()
    }
}

// SAFETY of all functions below: the worker keeps to the contract, which says what each pointer is.

unsafe extern "C" fn create<C: SinkConnector>(
    context: *const abi::CpContext,
    out: *mut *mut c_void,
    err: *mut abi::CpError,
) -> i32 {
    // SAFETY: see above.
    unsafe { Of::<C>::create(context, out, err, Task::<C>::BLOCKING) }
}

unsafe extern "C" fn start<C: SinkConnector>(
    task: *mut c_void,
    config: *const abi::CpConfig,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = || {
            // SAFETY: config is as the contract says.
            let config = unsafe { config_of::<C>(config) };
            let context = SinkContext(instance.context.clone());
            Box::pin(async move { Task::<C>::start(context, config).await.map(Answer::Started) }) as _
        };
        instance.start(inner, begin).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn open<C: SinkConnector>(
    task: *mut c_void,
    list: *const abi::CpTopicPartition,
    count: usize,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>, _: &mut _| -> Running<Task<C>> {
            // SAFETY: list is as the contract says.
            let list = unsafe { partitions(list, count) };
            Box::pin(async move { task.open(&list).await.map(|()| Answer::Done) })
        };
        instance.drive(inner, Call::Open(list as usize, count), begin).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn close<C: SinkConnector>(
    task: *mut c_void,
    list: *const abi::CpTopicPartition,
    count: usize,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>, _: &mut _| -> Running<Task<C>> {
            // SAFETY: list is as the contract says.
            let list = unsafe { partitions(list, count) };
            Box::pin(async move { task.close(&list).await.map(|()| Answer::Done) })
        };
        instance.drive(inner, Call::Close(list as usize, count), begin).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn put<C: SinkConnector>(
    task: *mut c_void,
    records: *const abi::CpRecord,
    count: usize,
    answers: *mut u32,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>, _: &mut _| -> Running<Task<C>> {
            // SAFETY: records and answers stay where they are until the call has ended or was given up by a stop; the
            // batch ends up in the call in progress only, which is dropped before either answers.
            let batch = unsafe { Batch::new(instance.context.token(), records, count, answers) };
            Box::pin(async move { task.put(batch).await.map(|()| Answer::Done) })
        };
        instance.drive(inner, Call::Put(records as usize, count), begin).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn flush<C: SinkConnector>(
    task: *mut c_void,
    list: *const abi::CpPartitionOffset,
    count: usize,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>, _: &mut _| -> Running<Task<C>> {
            // SAFETY: list is as the contract says.
            let list = unsafe { offsets(list, count) };
            Box::pin(async move { task.flush(&list).await.map(|()| Answer::Done) })
        };
        instance.drive(inner, Call::Flush(list as usize, count), begin).map(done)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn pre_commit<C: SinkConnector>(
    task: *mut c_void,
    list: *const abi::CpPartitionOffset,
    count: usize,
    out: *mut abi::CpPartitionOffsets,
    err: *mut abi::CpError,
) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>, _: &mut _| -> Running<Task<C>> {
            // SAFETY: list is as the contract says.
            let list = unsafe { offsets(list, count) };
            Box::pin(async move { task.pre_commit(&list).await.map(Answer::Offsets) })
        };
        let answer = instance.drive(inner, Call::PreCommit(list as usize, count), begin)?;
        let Poll::Ready(Answer::Offsets(allowed)) = answer else { return Ok(abi::PENDING) };
        let kept = &mut inner.kept;
        kept.owned = allowed;
        kept.views = kept.owned.iter().map(PartitionOffset::raw).collect();
        // SAFETY: out is a place for the answer.
        unsafe { *out = abi::CpPartitionOffsets { items: kept.views.as_ptr(), count: kept.views.len() } };
        Ok(abi::READY)
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn stop<C: SinkConnector>(task: *mut c_void, err: *mut abi::CpError) -> i32 {
    let call = |instance: &Of<C>, inner: &mut Inner<C>| {
        let begin = |task: &'static mut Task<C>| async move { task.stop().await.map(|()| Answer::Done) };
        instance.stop(inner, |task| Box::pin(begin(task)))
    };
    // SAFETY: see above.
    unsafe { Of::<C>::enter(task, err, call) }
}

unsafe extern "C" fn cancel<C: SinkConnector>(task: *mut c_void) {
    // SAFETY: see above.
    unsafe { Of::<C>::cancel(task) }
}

unsafe extern "C" fn destroy<C: SinkConnector>(task: *mut c_void, err: *mut abi::CpError) -> i32 {
    // SAFETY: see above.
    unsafe { Of::<C>::destroy(task, err) }
}
