//! Having a client connect before there is anything to ask or to send.

use std::ffi::CStr;
use std::ptr;
use std::time::{Duration, Instant};

use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaRespErr as Code;

use super::admin::millis;
use super::native::Native;

/// No topic can have this name, so that asking for it makes none. Asked for no topic, librdkafka asks for all of the cluster.
const NO_TOPIC: &CStr = c".";

/// Whether it is the name that no topic can have: librdkafka tells of it for a while, and the embedded broker, which makes topics
/// of all names, has made it.
pub(super) fn is_no_topic(name: &str) -> bool {
    name.as_bytes() == NO_TOPIC.to_bytes()
}

/// Waits on this thread until a broker of the cluster has answered; what was found at `bootstrap.servers` alone is left again
/// by librdkafka as soon as it knows the cluster.
pub(super) fn meet(native: &Native, timeout: Duration) -> Code {
    let until = Instant::now() + timeout;
    // SAFETY: a live client; the handle is destroyed below, once.
    let topic = unsafe { sys::rd_kafka_topic_new(native.ptr(), NO_TOPIC.as_ptr(), ptr::null_mut()) };
    if topic.is_null() {
        return Code::RD_KAFKA_RESP_ERR__INVALID_ARG;
    }
    let code = loop {
        let left = until.saturating_duration_since(Instant::now());
        let mut metadata = ptr::null();
        // SAFETY: a live client and its topic.
        let code = unsafe { sys::rd_kafka_metadata(native.ptr(), 0, topic, &mut metadata, millis(left)) };
        let mut by = -1;
        if !metadata.is_null() {
            // SAFETY: what came is ours to read, and to free once.
            unsafe {
                by = (*metadata).orig_broker_id;
                sys::rd_kafka_metadata_destroy(metadata);
            }
        }
        if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR || by >= 0 || left.is_zero() {
            break code;
        }
    };
    // SAFETY: made above, of a client that lives.
    unsafe { sys::rd_kafka_topic_destroy(topic) };
    code
}
