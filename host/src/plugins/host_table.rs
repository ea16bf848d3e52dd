//! The functions that a plugin may call, from any thread at any time.
//!
//! Each looks its instance up by the token, checks what it was given, notes it and returns: none blocks. A panic here
//! would be a bug of the host; it is caught all the same, since it must not cross into the plugin.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use connect_plugin_abi as abi;

use super::call::ErrorSlot;
use super::instance::{Instance, Report, ReportState, Wish};
use super::registry;
use super::views::{self, Bad};
use crate::records::sink_ledger::TopicPartition;

/// The table that every plugin is given.
pub static HOST: abi::CpHost = abi::CpHost {
    magic: abi::MAGIC,
    abi_major: abi::ABI_MAJOR,
    abi_minor: abi::ABI_MINOR,
    size: size_of::<abi::CpHost>() as u64,
    set_error,
    wake,
    log,
    log_enabled,
    metric_register,
    metric_add,
    metric_set,
    schema_register,
    schema,
    get_extension,
    request_task_reconfiguration,
    raise_error,
    register_partition,
    read_offsets,
    pause,
    resume,
    seek,
    request_commit,
    set_timeout,
    report_bad,
    report_done,
    explain,
    reserved: [0; 8],
};

/// Runs `work` on the instance behind a token; a complaint is logged with the function's name.
fn with(token: u64, function: &str, work: impl FnOnce(&Arc<Instance>) -> Result<i32, Bad>) -> i32 {
    let answer = catch_unwind(AssertUnwindSafe(|| {
        let Some(instance) = registry::find(token) else { return abi::ERROR };
        work(&instance).unwrap_or_else(|bad| {
            let identity = &instance.identity;
            let (connector, task) = (&*identity.connector, identity.task);
            tracing::warn!(connector, task, "the plugin called {function} with {bad}");
            abi::ERROR
        })
    }));
    answer.unwrap_or(abi::ERROR)
}

unsafe extern "C" fn set_error(slot: *mut abi::CpError, kind: u32, message: abi::CpStr, trace: abi::CpStr) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the slot is the one that the host gave to the call in progress, or null.
        let Some(slot) = (unsafe { slot.cast::<ErrorSlot>().as_mut() }) else { return };
        // SAFETY: the plugin lends both texts during this call.
        let (message, trace) = unsafe { (lossy(message), lossy(trace)) };
        slot.set(kind, message, trace);
    }));
}

/// Text for people: what is not UTF-8 is replaced, what cannot be a text is named.
///
/// # Safety
/// As [`views::slice()`].
unsafe fn lossy(text: abi::CpStr) -> String {
    // SAFETY: the caller's promise.
    match unsafe { views::slice(text.ptr, text.len) } {
        Ok(bytes) => String::from_utf8_lossy(&bytes[..bytes.len().min(64 * 1024)]).into_owned(),
        Err(bad) => format!("(a text with {bad})"),
    }
}

unsafe extern "C" fn wake(token: u64) {
    with(token, "wake", |instance| {
        instance.wake();
        Ok(abi::READY)
    });
}

unsafe extern "C" fn log(token: u64, level: u32, target: abi::CpStr, message: abi::CpStr) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the plugin lends both texts during this call.
        let (target, message) = unsafe { (lossy(target), lossy(message)) };
        let instance = registry::find(token);
        let connector = instance.as_ref().map_or("", |instance| &*instance.identity.connector);
        let task = instance.as_ref().and_then(|instance| instance.identity.task);
        match level {
            abi::LOG_ERROR => tracing::error!(target: "plugin", connector, task, from = target, "{message}"),
            abi::LOG_WARN => tracing::warn!(target: "plugin", connector, task, from = target, "{message}"),
            abi::LOG_DEBUG => tracing::debug!(target: "plugin", connector, task, from = target, "{message}"),
            abi::LOG_TRACE => tracing::trace!(target: "plugin", connector, task, from = target, "{message}"),
            _ => tracing::info!(target: "plugin", connector, task, from = target, "{message}"),
        }
    }));
}

unsafe extern "C" fn log_enabled(_token: u64, level: u32) -> u32 {
    let enabled = match level {
        abi::LOG_ERROR => tracing::enabled!(target: "plugin", tracing::Level::ERROR),
        abi::LOG_WARN => tracing::enabled!(target: "plugin", tracing::Level::WARN),
        abi::LOG_INFO => tracing::enabled!(target: "plugin", tracing::Level::INFO),
        abi::LOG_DEBUG => tracing::enabled!(target: "plugin", tracing::Level::DEBUG),
        _ => tracing::enabled!(target: "plugin", tracing::Level::TRACE),
    };
    u32::from(enabled)
}

unsafe extern "C" fn metric_register(
    token: u64,
    kind: u32,
    name: abi::CpStr,
    help: abi::CpStr,
    id: *mut u64,
) -> i32 {
    with(token, "metric_register", |instance| {
        let counter = match kind {
            abi::METRIC_COUNTER => true,
            abi::METRIC_GAUGE => false,
            other => return Err(Bad::Other(format!("metric kind {other}"))),
        };
        // SAFETY: the plugin lends both texts during this call.
        let (name, help) = unsafe { (views::text(name)?, views::text(help)?) };
        // SAFETY: the plugin owns the place.
        unsafe { put(id, instance.register_metric(name, help, counter)?) }
    })
}

/// Writes a result to the plugin's place.
///
/// # Safety
/// `place` is null or may be written.
unsafe fn put<T>(place: *mut T, value: T) -> Result<i32, Bad> {
    if place.is_null() || !place.is_aligned() {
        return Err(Bad::Other("no place for the result".into()));
    }
    // SAFETY: the caller's promise.
    unsafe { place.write(value) };
    Ok(abi::READY)
}

unsafe extern "C" fn metric_add(token: u64, id: u64, amount: f64) -> i32 {
    with(token, "metric_add", |instance| {
        instance.change_metric(id, |metric| {
            (!metric.counter || amount >= 0.0).then_some(metric.value + amount)
        })?;
        Ok(abi::READY)
    })
}

unsafe extern "C" fn metric_set(token: u64, id: u64, value: f64) -> i32 {
    with(token, "metric_set", |instance| {
        instance.change_metric(id, |metric| (!metric.counter).then_some(value))?;
        Ok(abi::READY)
    })
}

unsafe extern "C" fn schema_register(token: u64, schema: *const abi::CpSchema, id: *mut u32) -> i32 {
    with(token, "schema_register", |instance| {
        // SAFETY: the plugin lends the schema during this call.
        let view = unsafe { one(schema)? };
        instance.with_schemas_mut(|schemas| {
            // SAFETY: as above, with all it points to.
            let read = unsafe { schemas.read(view)? };
            // SAFETY: the plugin owns the place.
            unsafe { put(id, schemas.register(Arc::new(read))?) }
        })
    })
}

/// # Safety
/// `ptr` is null or leads to a value that lives for `'a`.
unsafe fn one<'a, T>(ptr: *const T) -> Result<&'a T, Bad> {
    // SAFETY: the caller's promise.
    unsafe { views::slice(ptr, 1) }.map(|items| &items[0])
}

unsafe extern "C" fn schema(token: u64, id: u32) -> *const abi::CpSchema {
    let mut found = std::ptr::null();
    with(token, "schema", |instance| {
        found = instance.with_schemas_mut(|schemas| schemas.lend(id)).ok_or(Bad::SchemaId(id))?;
        Ok(abi::READY)
    });
    found
}

unsafe extern "C" fn get_extension(_id: abi::CpStr) -> *const c_void {
    // Version 0.1 has none.
    std::ptr::null()
}

unsafe extern "C" fn request_task_reconfiguration(token: u64) -> i32 {
    with(token, "request_task_reconfiguration", |instance| {
        instance.connectors_only()?;
        wish(instance, Wish::Reconfigure)
    })
}

fn wish(instance: &Arc<Instance>, wish: Wish) -> Result<i32, Bad> {
    instance.wish(wish)?;
    Ok(abi::READY)
}

unsafe extern "C" fn raise_error(token: u64, message: abi::CpStr) -> i32 {
    with(token, "raise_error", |instance| {
        instance.connectors_only()?;
        // SAFETY: the plugin lends the text during this call.
        wish(instance, Wish::Fail(unsafe { lossy(message) }))
    })
}

unsafe extern "C" fn register_partition(token: u64, partition: *const abi::CpValue, number: *mut u64) -> i32 {
    with(token, "register_partition", |instance| {
        instance.sources_only()?;
        // SAFETY: the plugin lends the value during this call, and owns the place.
        unsafe {
            let view = one(partition)?;
            views::schema(view.schema, &instance.with_schemas(|schemas| schemas.snapshot()))?;
            let partition = views::value(view)?.into_owned();
            put(number, instance.register_partition(partition)?)
        }
    })
}

unsafe extern "C" fn read_offsets(
    token: u64,
    partitions: *const u64,
    count: usize,
    out: *mut abi::CpValue,
) -> i32 {
    with(token, "read_offsets", |instance| {
        // SAFETY: the plugin lends the numbers during this call.
        let numbers = unsafe { views::slice(partitions, count)? };
        let Some(offsets) = instance.read_offsets(numbers)? else { return Ok(abi::PENDING) };
        for (index, offset) in offsets.into_iter().enumerate() {
            // SAFETY: the plugin owns count places.
            unsafe { put(out.wrapping_add(index), offset)? };
        }
        Ok(abi::READY)
    })
}

/// Reads partitions and checks that they are the instance's.
///
/// # Safety
/// As [`views::slice()`].
unsafe fn assigned(instance: &Instance, view: &abi::CpTopicPartition) -> Result<TopicPartition, Bad> {
    // SAFETY: the caller's promise.
    let at = TopicPartition::new(unsafe { views::text(view.topic)? }, view.partition);
    if instance.is_assigned(&at) {
        return Ok(at);
    }
    Err(Bad::Other(format!("partition {at}, which is not assigned to it")))
}

/// # Safety
/// As [`views::slice()`].
unsafe fn all_assigned(
    instance: &Instance,
    partitions: *const abi::CpTopicPartition,
    count: usize,
) -> Result<Vec<TopicPartition>, Bad> {
    // SAFETY: the caller's promise.
    let views = unsafe { views::slice(partitions, count)? };
    // SAFETY: as above.
    views.iter().map(|view| unsafe { assigned(instance, view) }).collect()
}

unsafe extern "C" fn pause(token: u64, partitions: *const abi::CpTopicPartition, count: usize) -> i32 {
    with(token, "pause", |instance| {
        // SAFETY: the plugin lends the partitions during this call.
        wish(instance, Wish::Pause(unsafe { all_assigned(instance, partitions, count)? }))
    })
}

unsafe extern "C" fn resume(token: u64, partitions: *const abi::CpTopicPartition, count: usize) -> i32 {
    with(token, "resume", |instance| {
        // SAFETY: the plugin lends the partitions during this call.
        wish(instance, Wish::Resume(unsafe { all_assigned(instance, partitions, count)? }))
    })
}

unsafe extern "C" fn seek(token: u64, offsets: *const abi::CpPartitionOffset, count: usize) -> i32 {
    with(token, "seek", |instance| {
        let mut targets = Vec::new();
        // SAFETY: the plugin lends the offsets during this call.
        for target in unsafe { views::slice(offsets, count)? } {
            if target.offset < 0 {
                return Err(Bad::Other(format!("offset {}", target.offset)));
            }
            // SAFETY: as above.
            targets.push((unsafe { assigned(instance, &target.partition)? }, target.offset));
        }
        wish(instance, Wish::Seek(targets))
    })
}

unsafe extern "C" fn request_commit(token: u64) -> i32 {
    with(token, "request_commit", |instance| {
        instance.sink_tasks_only()?;
        wish(instance, Wish::Commit)
    })
}

unsafe extern "C" fn set_timeout(token: u64, milliseconds: u64) -> i32 {
    with(token, "set_timeout", |instance| {
        instance.sink_tasks_only()?;
        wish(instance, Wish::Timeout(milliseconds))
    })
}

unsafe extern "C" fn report_bad(
    token: u64,
    partition: *const abi::CpTopicPartition,
    offset: i64,
    message: abi::CpStr,
    ticket: *mut u64,
) -> i32 {
    with(token, "report_bad", |instance| {
        // SAFETY: the plugin lends partition and text during this call, and owns the place.
        unsafe {
            let partition = assigned(instance, one(partition)?)?;
            let number = instance.open_report();
            put(ticket, number)?;
            wish(
                instance,
                Wish::Report(Report { ticket: number, partition, offset, message: lossy(message) }),
            )
        }
    })
}

unsafe extern "C" fn report_done(token: u64, ticket: u64) -> i32 {
    with(token, "report_done", |instance| match instance.report_state(ticket) {
        Some(ReportState::Done) => Ok(abi::READY),
        Some(ReportState::Open) => Ok(abi::PENDING),
        None => Err(Bad::Other(format!("ticket {ticket}, which is not open"))),
    })
}

unsafe extern "C" fn explain(token: u64, index: usize, message: abi::CpStr) {
    with(token, "explain", |instance| {
        instance.sink_tasks_only()?;
        // SAFETY: the plugin lends the text during this call.
        instance.explain(index, unsafe { lossy(message) });
        Ok(abi::READY)
    });
}
