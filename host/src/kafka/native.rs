//! A librdkafka client: made from settings, woken by its queue, destroyed when dropped.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka_sys as sys;
use tokio::sync::Notify;

use super::list::{self, TopicPartition};
use super::said::Said;
use super::security::{self, Remedies};
use super::token::{self, Tokens};
use super::{Conf, KafkaError, sockets};

/// What the clients of this process have told.
static SAID: Said = Said::nothing();

fn is_news(owner: &Owner, line: &str) -> bool {
    SAID.is_news(Instant::now(), &format!("{} {:?}", owner.connector, owner.task), line)
}

/// Text that describes a code.
pub(super) fn error_text(code: sys::RDKafkaRespErr) -> String {
    // SAFETY: librdkafka returns a static string for every code.
    unsafe { text(sys::rd_kafka_err2str(code)) }
}

/// The code's name in the protocol.
pub(super) fn error_name(code: sys::RDKafkaRespErr) -> String {
    // SAFETY: as above.
    unsafe { text(sys::rd_kafka_err2name(code)) }
}

/// Copies a C string; null gives an empty one.
///
/// # Safety
/// `ptr` is null or a terminated string that lives during the call.
pub(super) unsafe fn text(ptr: *const c_char) -> String {
    if ptr.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(ptr) }.to_string_lossy().into_owned()
}

/// Whose client it is, for the log lines that librdkafka writes on its threads.
#[derive(Debug, Clone, Default)]
pub struct Owner {
    /// Connector, or empty for the worker's own clients.
    pub connector: String,
    /// Task, if it is one's.
    pub task: Option<u32>,
    /// What to look at when a broker does not accept the client, or the client a broker.
    pub remedies: Remedies,
}

/// What the client's opaque pointer leads to while the client lives.
struct Shared {
    owner: Owner,
    notify: Arc<Notify>,
    /// Why the client cannot be used, if it was told so: see [`security`].
    refusal: Mutex<Option<KafkaError>>,
    /// Where tokens come from, if the client logs in with them.
    tokens: Option<Tokens>,
}

impl Shared {
    /// Notes the first error that is about passwords and certificates, and wakes the owner.
    fn note(&self, text: &str) {
        // What comes of our own tokens is known better where they are fetched.
        if self.tokens.is_some() && text.contains(security::NO_TOKEN) {
            return;
        }
        if let Some(error) = security::refusal(text, &self.owner.remedies) {
            self.refuse(error);
        }
    }

    fn refuse(&self, error: KafkaError) {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.notify.notify_one();
    }
}

/// A producer or consumer handle with its event queue. Every call on it is thread-safe in librdkafka.
pub struct Native {
    client: NonNull<sys::rd_kafka_t>,
    queue: NonNull<sys::rd_kafka_queue_t>,
    notify: Arc<Notify>,
    shared: *mut Shared,
}

// SAFETY: librdkafka's handles may be used from any thread; `shared` is only read, and freed after the client is gone.
unsafe impl Send for Native {}
// SAFETY: as above.
unsafe impl Sync for Native {}

/// Which queue of a client is served.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Delivery reports arrive in the main queue.
    Producer,
    /// Messages, rebalances and commit results arrive in the consumer's queue; the main queue is led there too.
    Consumer,
}

impl Native {
    /// Makes a client. `events` are the kinds (`RD_KAFKA_EVENT_*`) that are wanted as events.
    pub(super) fn new(role: Role, conf: &Conf, events: i32, owner: Owner) -> Result<Native, KafkaError> {
        let what = if role == Role::Producer { "create producer" } else { "create consumer" };
        let (conf, source) = token::split(conf);
        let native = native_conf(what, &conf)?;
        let tokens = source.map(Tokens::new);
        let with_tokens = tokens.is_some();
        let notify = Arc::new(Notify::new());
        let refusal = Mutex::default();
        let shared = Box::into_raw(Box::new(Shared { owner, notify: notify.clone(), refusal, tokens }));
        let mut error = [0 as c_char; 512];
        let kind = match role {
            Role::Producer => sys::rd_kafka_type_t::RD_KAFKA_PRODUCER,
            Role::Consumer => sys::rd_kafka_type_t::RD_KAFKA_CONSUMER,
        };
        // SAFETY: `native` is a valid conf, which rd_kafka_new takes over on success only; `shared` outlives the
        // client; `error` has the length given.
        let client = unsafe {
            sys::rd_kafka_conf_set_opaque(native, shared.cast());
            sys::rd_kafka_conf_set_log_cb(native, Some(on_log));
            sys::rd_kafka_conf_set_socket_cb(native, Some(sockets::open));
            sys::rd_kafka_conf_set_events(native, events);
            if with_tokens {
                sys::rd_kafka_conf_enable_sasl_queue(native, 1);
                sys::rd_kafka_conf_set_oauthbearer_token_refresh_cb(native, Some(on_token_wanted));
            }
            sys::rd_kafka_new(kind, native, error.as_mut_ptr(), error.len())
        };
        let Some(client) = NonNull::new(client) else {
            // SAFETY: after a failure the conf is still ours, and nothing refers to `shared`.
            let text = unsafe {
                sys::rd_kafka_conf_destroy(native);
                drop(Box::from_raw(shared));
                text(error.as_ptr())
            };
            return Err(KafkaError::local(what, text));
        };
        // SAFETY: `client` is valid; a producer's main queue and a consumer's queue always exist.
        let queue = unsafe {
            if role == Role::Consumer {
                sys::rd_kafka_poll_set_consumer(client.as_ptr());
                sys::rd_kafka_queue_get_consumer(client.as_ptr())
            } else {
                sys::rd_kafka_queue_get_main(client.as_ptr())
            }
        };
        let Some(queue) = NonNull::new(queue) else {
            return Err(KafkaError::local(what, "the client has no event queue"));
        };
        // SAFETY: `shared` lives until after the client was destroyed, and no callback comes after that.
        unsafe { sys::rd_kafka_queue_cb_event_enable(queue.as_ptr(), Some(on_event), shared.cast()) };
        let native = Native { client, queue, notify, shared };
        if with_tokens { native.serve_tokens(what) } else { Ok(native) }
    }

    /// Has the background thread ask for tokens, which may take its time.
    fn serve_tokens(self, what: &str) -> Result<Native, KafkaError> {
        // SAFETY: a live client; an error is ours to destroy, after its text was copied.
        unsafe {
            let error = sys::rd_kafka_sasl_background_callbacks_enable(self.ptr());
            if error.is_null() {
                return Ok(self);
            }
            let text = text(sys::rd_kafka_error_string(error));
            sys::rd_kafka_error_destroy(error);
            Err(KafkaError::local(what, text))
        }
    }

    /// Whose client it is.
    pub(super) fn owner(&self) -> &Owner {
        &self.shared().owner
    }

    /// Whether a line is to be told of this client: the same was not told of its owner within the last minute.
    pub fn is_news(&self, line: &str) -> bool {
        is_news(self.owner(), line)
    }

    pub(super) fn ptr(&self) -> *mut sys::rd_kafka_t {
        self.client.as_ptr()
    }

    pub(super) fn queue(&self) -> *mut sys::rd_kafka_queue_t {
        self.queue.as_ptr()
    }

    /// Resolves once the queue may have something. Serve the queue until it is empty before waiting again.
    pub async fn ready(&self) {
        self.notify.notified().await;
    }

    /// What [`Native::ready`] waits on, for a waiter that must not borrow the client.
    pub fn notify(&self) -> Arc<Notify> {
        self.notify.clone()
    }

    /// The next event, waiting up to `timeout` on this thread (zero: not at all).
    pub(super) fn next_event(&self, timeout: Duration) -> Option<Event> {
        let wait = timeout.as_millis().min(i32::MAX as u128) as c_int;
        // SAFETY: the queue lives as long as self.
        let event =
            NonNull::new(unsafe { sys::rd_kafka_queue_poll(self.queue.as_ptr(), wait) }).map(Event)?;
        if event.kind() == sys::RD_KAFKA_EVENT_ERROR {
            self.shared().note(&event.error_text());
        }
        Some(event)
    }

    fn shared(&self) -> &Shared {
        // SAFETY: `shared` is freed when self is dropped, and only read until then.
        unsafe { &*self.shared }
    }

    /// Why no broker takes the client, or the client no broker, if it was found so: it is to be given up.
    pub fn refusal(&self) -> Option<KafkaError> {
        self.shared().refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The fatal error of the client, if it has one: it can only be replaced.
    pub fn fatal_error(&self) -> Option<KafkaError> {
        let mut error = [0 as c_char; 512];
        // SAFETY: `error` has the length given.
        let code = unsafe { sys::rd_kafka_fatal_error(self.ptr(), error.as_mut_ptr(), error.len()) };
        if code == sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        let mut fatal = KafkaError::new("client", code);
        // SAFETY: librdkafka terminated the text.
        fatal.text = unsafe { text(error.as_ptr()) };
        Some(fatal)
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        if let Some(tokens) = &self.shared().tokens {
            tokens.close();
        }
        // SAFETY: each handle is released once, the queue before the client; no callback runs after rd_kafka_destroy,
        // so `shared` can go last.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.queue.as_ptr(), None, std::ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.queue.as_ptr());
            sys::rd_kafka_destroy_flags(self.client.as_ptr(), sys::RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
            drop(Box::from_raw(self.shared));
        }
    }
}

/// An event; what it lends lives as long as it does.
pub(super) struct Event(NonNull<sys::rd_kafka_event_t>);

// SAFETY: an event is owned by whoever holds it; librdkafka does not tie it to a thread.
unsafe impl Send for Event {}
// SAFETY: shared use only reads.
unsafe impl Sync for Event {}

impl Event {
    pub(super) fn ptr(&self) -> *mut sys::rd_kafka_event_t {
        self.0.as_ptr()
    }

    pub(super) fn kind(&self) -> i32 {
        // SAFETY: the event is alive.
        unsafe { sys::rd_kafka_event_type(self.ptr()) }
    }

    pub(super) fn error(&self) -> sys::RDKafkaRespErr {
        // SAFETY: the event is alive.
        unsafe { sys::rd_kafka_event_error(self.ptr()) }
    }

    pub(super) fn error_text(&self) -> String {
        // SAFETY: the text lives as long as the event.
        unsafe { text(sys::rd_kafka_event_error_string(self.ptr())) }
    }

    /// The partition that the event is about, if it is about one, and the offset that it names.
    pub(super) fn topic_partition(&self) -> Option<(TopicPartition, i64)> {
        // SAFETY: the event is alive; what it gives is null or ours to destroy, and is copied before.
        unsafe {
            let at = sys::rd_kafka_event_topic_partition(self.ptr());
            let copy = list::item(at).map(|(at, offset, _)| (at, offset));
            if !at.is_null() {
                sys::rd_kafka_topic_partition_destroy(at);
            }
            copy
        }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: we own the event.
        unsafe { sys::rd_kafka_event_destroy(self.ptr()) }
    }
}

/// Translates settings into librdkafka's form; an unknown or wrong one is named.
fn native_conf(what: &str, conf: &Conf) -> Result<*mut sys::rd_kafka_conf_t, KafkaError> {
    // SAFETY: plain allocation.
    let native = unsafe { sys::rd_kafka_conf_new() };
    let mut error = [0 as c_char; 512];
    for (key, value) in conf {
        let (Ok(c_key), Ok(c_value)) = (CString::new(key.as_str()), CString::new(value.as_str())) else {
            // SAFETY: the conf is ours.
            unsafe { sys::rd_kafka_conf_destroy(native) };
            return Err(KafkaError::local(what, format!("the value of {key} contains a zero byte")));
        };
        // SAFETY: valid strings, and `error` has the length given.
        let result = unsafe {
            sys::rd_kafka_conf_set(native, c_key.as_ptr(), c_value.as_ptr(), error.as_mut_ptr(), error.len())
        };
        if result != sys::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK {
            // librdkafka's own text may quote the value, which may be a secret: name the key only.
            // SAFETY: the conf is ours.
            unsafe { sys::rd_kafka_conf_destroy(native) };
            return Err(KafkaError::local(what, format!("the value of {key} is not accepted by the client")));
        }
    }
    Ok(native)
}

/// Wakes the owner of a queue; runs on a thread of librdkafka.
unsafe extern "C" fn on_event(_client: *mut sys::rd_kafka_t, opaque: *mut c_void) {
    // SAFETY: `opaque` is the Shared given when the callback was enabled, alive until the client is gone.
    unsafe { (*opaque.cast::<Shared>()).notify.notify_one() };
}

/// Fetches a token; runs on the background thread of librdkafka, and takes its time there.
unsafe extern "C" fn on_token_wanted(
    client: *mut sys::rd_kafka_t,
    _config: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: `opaque` is the Shared set in the conf, alive until the client is gone, which waits for this thread.
    let Some(shared) = (unsafe { opaque.cast::<Shared>().as_ref() }) else { return };
    let Some(tokens) = &shared.tokens else { return };
    let remedies = &shared.owner.remedies;
    // SAFETY: as above.
    unsafe {
        tokens.refresh(client, |failure| {
            shared.refuse(security::without_token(failure.fault, &failure.text, remedies));
        });
    }
}

/// Hands a log line of librdkafka to tracing; runs on a thread of librdkafka.
unsafe extern "C" fn on_log(
    client: *const sys::rd_kafka_t,
    level: c_int,
    facility: *const c_char,
    line: *const c_char,
) {
    // SAFETY: the opaque is the Shared set in the conf, alive as long as the client; the strings are terminated and
    // live during the call.
    let (shared, facility, line) =
        unsafe { (sys::rd_kafka_opaque(client).cast::<Shared>().as_ref(), text(facility), text(line)) };
    let connector = shared.map_or("", |shared| shared.owner.connector.as_str());
    let task = shared.and_then(|shared| shared.owner.task);
    // "ERROR" is what a client without error events does with them.
    if ["FAIL", "ERROR"].contains(&facility.as_str())
        && let Some(shared) = shared
    {
        shared.note(&line);
    }
    match level {
        // The end of a connection is told for the sake of the above; Kafka's own clients do not tell it.
        4..=6 if facility == "FAIL" && line.contains("Disconnected") => {
            tracing::debug!(connector, task, facility, "{line}");
        }
        told if told <= 4 && shared.is_some_and(|shared| !is_news(&shared.owner, &line)) => {
            tracing::debug!(connector, task, facility, "{line}");
        }
        0..=3 => tracing::error!(connector, task, facility, "{line}"),
        4 => tracing::warn!(connector, task, facility, "{line}"),
        5 | 6 => tracing::info!(connector, task, facility, "{line}"),
        _ => tracing::debug!(connector, task, facility, "{line}"),
    }
}
