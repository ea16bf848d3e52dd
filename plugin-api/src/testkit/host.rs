//! The fake host: its table of functions, and a seat with what each instance did.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::null;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use connect_plugin_abi as abi;

use super::lent;
use crate::raw;
use crate::sink::{PartitionOffset, TopicPartition};
use crate::text::Text;
use crate::value::Fields;

/// An error as the plugin told it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// One of the `ERR_` constants of the contract.
    pub kind: u32,
    /// What went wrong.
    pub message: String,
    /// More for people.
    pub trace: String,
}

/// What the host knows of one instance.
#[derive(Debug)]
pub struct Seat {
    pub(super) token: u64,
    pub(super) notes: Mutex<Notes>,
    woken: Condvar,
}

/// What an instance did.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub wakes: u64,
    pub logs: Vec<(u32, String)>,
    pub metrics: Vec<(String, f64)>,
    pub schemas: Vec<(String, &'static abi::CpSchema)>,
    pub partitions: Vec<Fields>,
    pub stored: Vec<(Fields, Fields)>,
    read_before: bool,
    /// What the last read_offsets lent.
    lent: Vec<lent::LentFields>,
    pub bad: Vec<(TopicPartition, i64, String)>,
    pub explained: BTreeMap<usize, String>,
    pub requests: Vec<String>,
    pub error: Option<String>,
}

// SAFETY: the pointers in what is lent lead into fields that are kept beside them and never change.
unsafe impl Send for Notes {}

static SEATS: Mutex<BTreeMap<u64, Arc<Seat>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn seat(token: u64) -> Option<Arc<Seat>> {
    lock(&SEATS).get(&token).cloned()
}

impl Seat {
    /// A seat for a new instance, with these stored offsets.
    pub(super) fn take(stored: &[(Fields, Fields)]) -> Arc<Seat> {
        let token = NEXT.fetch_add(1, Ordering::Relaxed);
        let notes = Notes { stored: stored.to_vec(), ..Notes::default() };
        let seat = Arc::new(Seat { token, notes: Mutex::new(notes), woken: Condvar::new() });
        lock(&SEATS).insert(token, seat.clone());
        seat
    }

    /// The instance is gone: its token is unknown from now on.
    pub(super) fn leave(&self) {
        lock(&SEATS).remove(&self.token);
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        lock(&self.notes)
    }

    /// Lines logged so far.
    pub fn logs(&self) -> Vec<String> {
        self.notes().logs.iter().map(|(_, line)| line.clone()).collect()
    }

    /// Source partitions registered so far; number `n` is at `n - 1`.
    pub fn partitions(&self) -> Vec<Fields> {
        self.notes().partitions.clone()
    }

    /// Records reported as bad, with the reason.
    pub fn reported(&self) -> Vec<(TopicPartition, i64, String)> {
        self.notes().bad.clone()
    }

    /// Why records of the last put were answered other than ok, by index.
    pub fn explained(&self) -> BTreeMap<usize, String> {
        self.notes().explained.clone()
    }

    /// Pauses, resumes, seeks and other wishes, as text.
    pub fn requests(&self) -> Vec<String> {
        self.notes().requests.clone()
    }

    /// Waits for a wake, no longer than until `deadline`; whether one came.
    pub(super) fn wait_for_wake(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.woken.wait_timeout_while(self.notes(), left, |notes| notes.wakes == 0);
        let (mut notes, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut notes.wakes) > 0
    }

    fn wake_later(token: u64) {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(3));
            // SAFETY: wake is legal from any thread at any time.
            unsafe { wake(token) }
        });
    }
}

/// The table that the plugin is given.
pub(super) static TABLE: abi::CpHost = abi::CpHost {
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

/// A copy of a text of the plugin; not UTF-8 is a violation.
///
/// # Safety
/// As the contract says.
pub(super) unsafe fn text(text: abi::CpStr) -> String {
    assert!(text.len <= abi::MAX_LEN, "a text of {} bytes", text.len);
    // SAFETY: the caller's promise.
    let bytes = unsafe { raw::slice(text.ptr, text.len) };
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(e) => panic!("a text is not UTF-8: {e}"),
    }
}

/// Notes something down; what an unknown token is answered.
fn note(token: u64, what: impl FnOnce(&mut Notes) -> i32) -> i32 {
    seat(token).map_or(abi::ERROR, |seat| what(&mut seat.notes()))
}

fn request(token: u64, words: String) -> i32 {
    note(token, |notes| {
        notes.requests.push(words);
        abi::READY
    })
}

// SAFETY of all functions below: the plugin keeps to the contract, which says what each pointer is.

unsafe extern "C" fn set_error(err: *mut abi::CpError, kind: u32, message: abi::CpStr, trace: abi::CpStr) {
    // SAFETY: err is a Failure in every call of the testkit.
    if let Some(failure) = unsafe { err.cast::<Failure>().as_mut() } {
        // SAFETY: see above.
        *failure = unsafe { Failure { kind, message: text(message), trace: text(trace) } };
    }
}

unsafe extern "C" fn wake(token: u64) {
    if let Some(seat) = seat(token) {
        seat.notes().wakes += 1;
        seat.woken.notify_all();
    }
}

unsafe extern "C" fn log(token: u64, level: u32, target: abi::CpStr, message: abi::CpStr) {
    assert!((abi::LOG_ERROR..=abi::LOG_TRACE).contains(&level), "log level {level}");
    // SAFETY: see above.
    let line = unsafe { format!("{}: {}", text(target), text(message)) };
    note(token, |notes| {
        notes.logs.push((level, line));
        abi::READY
    });
}

unsafe extern "C" fn log_enabled(_: u64, level: u32) -> u32 {
    (level <= abi::LOG_DEBUG).into()
}

unsafe extern "C" fn metric_register(
    token: u64,
    _: u32,
    name: abi::CpStr,
    _: abi::CpStr,
    id: *mut u64,
) -> i32 {
    // SAFETY: see above.
    let name = unsafe { text(name) };
    note(token, |notes| {
        let known = notes.metrics.iter().position(|(other, _)| *other == name);
        let place = known.unwrap_or_else(|| {
            notes.metrics.push((name, 0.0));
            notes.metrics.len() - 1
        });
        // SAFETY: see above.
        unsafe { *id = place as u64 };
        abi::READY
    })
}

fn metric(token: u64, id: u64, change: impl FnOnce(&mut f64)) -> i32 {
    note(token, |notes| match notes.metrics.get_mut(id as usize) {
        Some((_, value)) => {
            change(value);
            abi::READY
        }
        None => abi::ERROR,
    })
}

unsafe extern "C" fn metric_add(token: u64, id: u64, amount: f64) -> i32 {
    metric(token, id, |value| *value += amount)
}

unsafe extern "C" fn metric_set(token: u64, id: u64, value: f64) -> i32 {
    metric(token, id, |place| *place = value)
}

unsafe extern "C" fn schema_register(token: u64, schema: *const abi::CpSchema, id: *mut u32) -> i32 {
    // SAFETY: see above.
    let (key, copy) = unsafe { lent::schema_copy(&*schema) };
    note(token, |notes| {
        let known = notes.schemas.iter().position(|(other, _)| *other == key);
        let place = known.unwrap_or_else(|| {
            notes.schemas.push((key, copy));
            notes.schemas.len() - 1
        });
        // SAFETY: see above.
        unsafe { *id = abi::SCHEMA_FIRST_REGISTERED + place as u32 };
        abi::READY
    })
}

unsafe extern "C" fn schema(token: u64, id: u32) -> *const abi::CpSchema {
    let place = id.checked_sub(abi::SCHEMA_FIRST_REGISTERED);
    let seat = seat(token);
    let find = || Some(seat?.notes().schemas.get(place? as usize)?.1);
    find().map_or(null(), std::ptr::from_ref)
}

unsafe extern "C" fn get_extension(_: abi::CpStr) -> *const c_void {
    null()
}

unsafe extern "C" fn request_task_reconfiguration(token: u64) -> i32 {
    request(token, "reconfigure".into())
}

unsafe extern "C" fn raise_error(token: u64, message: abi::CpStr) -> i32 {
    // SAFETY: see above.
    let message = unsafe { text(message) };
    note(token, |notes| {
        notes.error = Some(message);
        abi::READY
    })
}

unsafe extern "C" fn register_partition(token: u64, partition: *const abi::CpValue, number: *mut u64) -> i32 {
    // SAFETY: see above.
    let fields = unsafe { lent::fields(&*partition, "a source partition") };
    let Some(fields) = fields else { return abi::ERROR };
    note(token, |notes| {
        let known = notes.partitions.iter().position(|other| *other == fields);
        let place = known.unwrap_or_else(|| {
            notes.partitions.push(fields);
            notes.partitions.len() - 1
        });
        // SAFETY: see above.
        unsafe { *number = place as u64 + 1 };
        abi::READY
    })
}

/// Pending at first, so that every caller has to cope with it.
unsafe extern "C" fn read_offsets(
    token: u64,
    numbers: *const u64,
    count: usize,
    out: *mut abi::CpValue,
) -> i32 {
    note(token, |notes| {
        if !std::mem::replace(&mut notes.read_before, true) {
            Seat::wake_later(token);
            return abi::PENDING;
        }
        notes.read_before = false;
        // SAFETY: see above.
        let numbers = unsafe { raw::slice(numbers, count) };
        notes.lent.clear();
        for (i, number) in numbers.iter().enumerate() {
            let Some(partition) = number.checked_sub(1).and_then(|n| notes.partitions.get(n as usize)) else {
                return abi::ERROR;
            };
            let stored = notes.stored.iter().find(|(other, _)| other == partition);
            let value = match stored {
                None => abi::CpValue::NULL,
                Some((_, offset)) => {
                    notes.lent.push(lent::LentFields::new(offset));
                    notes.lent.last().map_or(abi::CpValue::NULL, lent::LentFields::value)
                }
            };
            // SAFETY: see above; what is lent does not move with the vector that holds it.
            unsafe { *out.add(i) = value };
        }
        abi::READY
    })
}

/// # Safety
/// As the contract says.
pub(super) unsafe fn topic_partition(partition: &abi::CpTopicPartition) -> TopicPartition {
    // SAFETY: the caller's promise.
    TopicPartition::new(Text::from(unsafe { text(partition.topic) }), partition.partition)
}

/// # Safety
/// As the contract says.
unsafe fn list(word: &str, partitions: *const abi::CpTopicPartition, count: usize) -> String {
    // SAFETY: the caller's promise.
    let all = unsafe { raw::slice(partitions, count) }.iter().map(|p| unsafe { topic_partition(p) });
    all.fold(word.to_owned(), |words, p| format!("{words} {}-{}", p.topic, p.partition))
}

unsafe extern "C" fn pause(token: u64, partitions: *const abi::CpTopicPartition, count: usize) -> i32 {
    // SAFETY: see above.
    request(token, unsafe { list("pause", partitions, count) })
}

unsafe extern "C" fn resume(token: u64, partitions: *const abi::CpTopicPartition, count: usize) -> i32 {
    // SAFETY: see above.
    request(token, unsafe { list("resume", partitions, count) })
}

unsafe extern "C" fn seek(token: u64, offsets: *const abi::CpPartitionOffset, count: usize) -> i32 {
    // SAFETY: see above.
    let offsets = unsafe { raw::slice(offsets, count) }.iter().map(|o| PartitionOffset {
        // SAFETY: see above.
        partition: unsafe { topic_partition(&o.partition) },
        offset: o.offset,
    });
    request(token, format!("seek {:?}", offsets.collect::<Vec<_>>()))
}

unsafe extern "C" fn request_commit(token: u64) -> i32 {
    request(token, "commit".into())
}

unsafe extern "C" fn set_timeout(token: u64, milliseconds: u64) -> i32 {
    request(token, format!("timeout {milliseconds}"))
}

unsafe extern "C" fn report_bad(
    token: u64,
    partition: *const abi::CpTopicPartition,
    offset: i64,
    message: abi::CpStr,
    ticket: *mut u64,
) -> i32 {
    // SAFETY: see above.
    let (partition, message) = unsafe { (topic_partition(&*partition), text(message)) };
    note(token, |notes| {
        notes.bad.push((partition, offset, message));
        // SAFETY: see above.
        unsafe { *ticket = notes.bad.len() as u64 };
        abi::READY
    })
}

unsafe extern "C" fn report_done(token: u64, ticket: u64) -> i32 {
    note(token, |notes| if ticket as usize <= notes.bad.len() { abi::READY } else { abi::ERROR })
}

unsafe extern "C" fn explain(token: u64, index: usize, message: abi::CpStr) {
    // SAFETY: see above.
    let message = unsafe { text(message) };
    note(token, |notes| {
        notes.explained.insert(index, message);
        abi::READY
    });
}
