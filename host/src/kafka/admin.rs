//! Questions to the cluster and topics to make, each on a client that lives for the call.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;

use super::native::{Native, Owner, Role, text};
use super::{Conf, KafkaError};

/// A topic to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Name.
    pub name: String,
    /// Partitions; -1 leaves it to the broker.
    pub partitions: i32,
    /// Replicas of each; -1 leaves it to the broker.
    pub replication_factor: i16,
    /// Topic configs.
    pub configs: Vec<(String, String)>,
}

fn told(what: String, error: &rdkafka::error::KafkaError) -> KafkaError {
    match error.rdkafka_error_code() {
        Some(code) => KafkaError::of(what, code),
        None => KafkaError::local(what, error.to_string()),
    }
}

fn client(conf: &Conf) -> Result<AdminClient<DefaultClientContext>, KafkaError> {
    let mut config = ClientConfig::new();
    config.extend(conf.iter().map(|(key, value)| (key.clone(), value.clone())));
    config.create().map_err(|error| KafkaError::local("create admin client", error.to_string()))
}

/// How long one question may take while it is looked at whether the client was refused meanwhile.
const GLANCE: Duration = Duration::from_millis(250);

/// Finds out, for up to `timeout` on this thread, whether brokers accept a client with such settings; at once where
/// there is nothing to accept. A broker that does not answer is no error.
///
/// # Errors
/// Brokers or client refuse: wrong passwords, certificates, protocols.
pub fn greet(conf: &Conf, owner: &Owner, timeout: Duration) -> Result<(), KafkaError> {
    if conf.get("security.protocol").is_none_or(|protocol| protocol == "plaintext") {
        return Ok(());
    }
    let native = Native::new(Role::Producer, conf, sys::RD_KAFKA_EVENT_ERROR, owner.clone())?;
    let end = Instant::now() + timeout;
    while Instant::now() < end && topics(&native, None, GLANCE).is_err() {
        while native.next_event(Duration::ZERO).is_some() {}
        if let Some(error) = native.refusal() {
            return Err(error);
        }
    }
    Ok(())
}

/// The cluster's id, asked for up to `timeout` on this thread; none if no broker answered.
///
/// # Errors
/// See [`greet`].
pub fn cluster_id(conf: &Conf, owner: &Owner, timeout: Duration) -> Result<Option<String>, KafkaError> {
    greet(conf, owner, timeout)?;
    Ok(client(conf)?.inner().fetch_cluster_id(timeout).filter(|id| !id.is_empty()))
}

/// The names of all topics, asked for up to `timeout` on this thread. Looking at all makes none, as looking for one would.
///
/// # Errors
/// No broker answered, or it refused to.
pub fn topic_names(conf: &Conf, timeout: Duration) -> Result<Vec<String>, KafkaError> {
    let what = "list topics";
    let metadata =
        client(conf)?.inner().fetch_metadata(None, timeout).map_err(|error| told(what.into(), &error))?;
    Ok(metadata.topics().iter().map(|topic| topic.name().to_owned()).collect())
}

/// Makes the topic unless it exists. True: it was made now.
///
/// # Errors
/// What the broker or the client said; an existing topic is not an error.
pub async fn create_topic(conf: &Conf, spec: &TopicSpec, timeout: Duration) -> Result<bool, KafkaError> {
    let what = || format!("create topic {}", spec.name);
    let admin = client(conf)?;
    let mut topic = NewTopic::new(
        &spec.name,
        spec.partitions,
        TopicReplication::Fixed(i32::from(spec.replication_factor)),
    );
    for (key, value) in &spec.configs {
        topic = topic.set(key, value);
    }
    let options = AdminOptions::new().request_timeout(Some(timeout)).operation_timeout(Some(timeout));
    let results = admin.create_topics([&topic], &options).await.map_err(|error| told(what(), &error))?;
    match results.into_iter().next() {
        None | Some(Ok(_)) => Ok(true),
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(false),
        Some(Err((_, code))) => Err(KafkaError::of(what(), code)),
    }
}

/// A topic of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicInfo {
    /// Name.
    pub name: String,
    /// How many partitions it has; 0 while it is not known.
    pub partitions: i32,
}

/// Every topic of the cluster, or the one named, asked for up to `timeout` on this thread.
pub fn topics(native: &Native, only: Option<&str>, timeout: Duration) -> Result<Vec<TopicInfo>, KafkaError> {
    let what = "list topics";
    let wait = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let name =
        std::ffi::CString::new(only.unwrap_or_default()).map_err(|_| KafkaError::local(what, "zero byte"))?;
    let mut metadata = std::ptr::null();
    // SAFETY: a live client; the topic handle is released here, and the metadata it gives is copied and freed below.
    let code = unsafe {
        let topic = match only {
            Some(_) => sys::rd_kafka_topic_new(native.ptr(), name.as_ptr(), std::ptr::null_mut()),
            None => std::ptr::null_mut(),
        };
        let code =
            sys::rd_kafka_metadata(native.ptr(), i32::from(only.is_none()), topic, &mut metadata, wait);
        if !topic.is_null() {
            sys::rd_kafka_topic_destroy(topic);
        }
        code
    };
    if code != sys::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Err(KafkaError::new(what, code));
    }
    // SAFETY: on success the metadata is valid, its arrays have the counts given, and it is ours to free once.
    unsafe {
        let topics = (0..usize::try_from((*metadata).topic_cnt).unwrap_or(0))
            .map(|index| &*(*metadata).topics.add(index))
            .map(|topic| TopicInfo { name: text(topic.topic), partitions: topic.partition_cnt })
            .collect();
        sys::rd_kafka_metadata_destroy(metadata);
        Ok(topics)
    }
}
