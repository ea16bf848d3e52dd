//! Kafka, through librdkafka: the only room that knows rdkafka. Membership in a group of workers alone is spoken without it
//! ([`group`]).
//!
//! Producers and consumers are driven by their event queues, so that one task owns a client and no callback runs on a
//! foreign thread: [`native`] owns the client and wakes its task when its queue has something, [`producer`] and
//! [`consumer`] give the events meaning. [`log`] follows a compacted topic and appends to it, [`admin`] makes topics and
//! asks for metadata, [`facts`] asks what one topic is like, [`stats`] reads what clients count, [`groups`] looks after the offsets of consumer
//! groups, [`dev_broker`] is librdkafka's mock cluster inside the process, [`security`] tells what nobody can mend by
//! waiting, `token` gets what OAUTHBEARER logs in with, [`leave`] ends a process whose clients still run.

pub mod admin;
pub mod consumer;
pub mod dev_broker;
pub mod facts;
pub mod group;
pub mod groups;
pub mod leave;
pub mod list;
pub mod log;
mod meet;
mod sockets;
pub mod message;
pub mod native;
pub mod producer;
mod said;
pub mod security;
pub mod stats;
mod token;

use std::collections::BTreeMap;

/// The partition number that stands for "any": `RD_KAFKA_PARTITION_UA`, a macro the bindings leave out.
const PARTITION_ANY: i32 = -1;

/// librdkafka settings by their names.
pub type Conf = BTreeMap<String, String>;

/// What went wrong with a client, and whether trying again can help.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}: {text} ({name})")]
pub struct KafkaError {
    /// What was tried: "produce to topic orders", "create consumer".
    pub what: String,
    /// librdkafka's description.
    pub text: String,
    /// The error's name as in the protocol, such as `UNKNOWN_TOPIC_OR_PART`.
    pub name: String,
    /// librdkafka's code.
    pub code: i32,
    /// Trying again later can succeed.
    pub retriable: bool,
}

impl KafkaError {
    /// An error with librdkafka's code `code`.
    pub fn new(what: impl Into<String>, code: rdkafka_sys::RDKafkaRespErr) -> KafkaError {
        KafkaError {
            what: what.into(),
            text: native::error_text(code),
            name: native::error_name(code),
            code: code as i32,
            retriable: retriable(code),
        }
    }

    /// Whether a topic cannot be made with so many replicas. That passes where brokers are still joining.
    pub fn is_of_replicas(&self) -> bool {
        self.code == rdkafka_sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR as i32
    }

    /// Whether it is one of these.
    pub(crate) fn is(&self, codes: &[rdkafka_sys::RDKafkaRespErr]) -> bool {
        codes.iter().any(|code| *code as i32 == self.code)
    }

    /// Whether a broker did not accept the client, or the client a broker.
    pub fn is_refusal(&self) -> bool {
        use rdkafka_sys::RDKafkaRespErr::{RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL};
        [RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL]
            .iter()
            .any(|code| *code as i32 == self.code)
    }

    /// An error found before librdkafka was asked, or told by it in words.
    pub fn local(what: impl Into<String>, text: impl Into<String>) -> KafkaError {
        KafkaError { what: what.into(), text: text.into(), name: "local".into(), code: 0, retriable: false }
    }
}

/// Whether an error of librdkafka or a broker passes by itself, in the sense of Kafka's `RetriableException`.
fn retriable(code: rdkafka_sys::RDKafkaRespErr) -> bool {
    use rdkafka_sys::RDKafkaRespErr::*;
    matches!(
        code,
        RD_KAFKA_RESP_ERR__TRANSPORT
            | RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN
            | RD_KAFKA_RESP_ERR__TIMED_OUT
            | RD_KAFKA_RESP_ERR__QUEUE_FULL
            | RD_KAFKA_RESP_ERR__WAIT_COORD
            | RD_KAFKA_RESP_ERR__NO_OFFSET
            | RD_KAFKA_RESP_ERR__RETRY
            | RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
            | RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
            | RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE
            | RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR
            | RD_KAFKA_RESP_ERR_LISTENER_NOT_FOUND
            | RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH
            | RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH
            | RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE
            | RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE
            | RD_KAFKA_RESP_ERR_ELIGIBLE_LEADERS_NOT_AVAILABLE
            | RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND
            | RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH
            | RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS
            | RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT
            | RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED
            | RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID
            | RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT
            | RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION
            | RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS
            | RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE
            | RD_KAFKA_RESP_ERR_NOT_COORDINATOR
            | RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS
            | RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND
            | RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            | RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS
            | RD_KAFKA_RESP_ERR_NOT_CONTROLLER
    )
}
