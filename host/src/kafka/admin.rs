//! Questions to the cluster and topics to make, each on a client that lives for the call.

use std::ffi::{CString, c_char};
use std::time::{Duration, Instant};

use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaRespErr as Code;

use super::native::{Event, Native, Owner, Role, text};
use super::{Conf, KafkaError, meet};

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

/// A client for one question; errors of its own are told in its log lines.
fn client(conf: &Conf, owner: &Owner) -> Result<Native, KafkaError> {
    Native::new(Role::Producer, conf, 0, owner.clone())
}

/// How long one question may take while it is looked at whether the client was refused meanwhile, and what is left to one
/// whose time went by until there were brokers.
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
    let native = client(conf, owner)?;
    // SAFETY: a live client; the text is ours, and freed after it was copied.
    let id = unsafe {
        let id = sys::rd_kafka_clusterid(native.ptr(), millis(timeout));
        let copy = text(id);
        sys::rd_kafka_mem_free(native.ptr(), id.cast());
        copy
    };
    Ok(Some(id).filter(|id| !id.is_empty()))
}

pub(super) fn millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}

/// The names of all topics, asked for up to `timeout` on this thread. Looking at all makes none, as looking for one would.
///
/// # Errors
/// No broker answered, or it refused to.
pub fn topic_names(conf: &Conf, owner: &Owner, timeout: Duration) -> Result<Vec<String>, KafkaError> {
    let native = client(conf, owner)?;
    let topics = topics(&native, None, timeout).map_err(|error| native.refusal().unwrap_or(error))?;
    Ok(topics.into_iter().map(|topic| topic.name).collect())
}

/// Makes the topic unless it exists, waiting up to `timeout` on this thread. True: it was made now.
///
/// # Errors
/// What the broker or the client said; an existing topic is not an error.
pub fn create_topic(
    conf: &Conf,
    owner: &Owner,
    spec: &TopicSpec,
    timeout: Duration,
) -> Result<bool, KafkaError> {
    let what = format!("create topic {}", spec.name);
    let native = client(conf, owner)?;
    let mut topic = Some(NewTopic::of(&what, spec)?);
    let answer = ask(
        &native,
        &what,
        sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_CREATETOPICS,
        sys::RD_KAFKA_EVENT_CREATETOPICS_RESULT,
        timeout,
        |options, queue| {
            let Some(topic) = topic.take() else { return };
            let mut error = [0 as c_char; 512];
            let mut pointer = topic.0;
            // SAFETY: live handles; the topic is copied; `error` has the length given.
            unsafe {
                sys::rd_kafka_AdminOptions_set_operation_timeout(
                    options,
                    millis(timeout),
                    error.as_mut_ptr(),
                    error.len(),
                );
                sys::rd_kafka_CreateTopics(native.ptr(), &mut pointer, 1, options, queue);
            }
        },
    )?;
    // SAFETY: the event is of this kind; the results live as long as it does, and what they lend is copied.
    unsafe {
        let mut count = 0;
        let result = sys::rd_kafka_event_CreateTopics_result(answer.ptr());
        let topics = sys::rd_kafka_CreateTopics_result_topics(result, &mut count);
        if topics.is_null() || count == 0 {
            return Ok(true);
        }
        match sys::rd_kafka_topic_result_error(*topics) {
            Code::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(true),
            Code::RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS => Ok(false),
            code => Err(KafkaError::new(what, code)),
        }
    }
}

/// librdkafka's form of a [`TopicSpec`].
struct NewTopic(*mut sys::rd_kafka_NewTopic_t);

impl NewTopic {
    fn of(what: &str, spec: &TopicSpec) -> Result<NewTopic, KafkaError> {
        let zero = |_| KafkaError::local(what, "zero byte in the name or the configs");
        let name = CString::new(spec.name.as_str()).map_err(zero)?;
        let replicas = i32::from(spec.replication_factor);
        let mut error = [0 as c_char; 512];
        // SAFETY: the name is copied; `error` has the length given.
        let topic = unsafe {
            sys::rd_kafka_NewTopic_new(
                name.as_ptr(),
                spec.partitions,
                replicas,
                error.as_mut_ptr(),
                error.len(),
            )
        };
        if topic.is_null() {
            // SAFETY: librdkafka terminated the text.
            return Err(KafkaError::local(what, unsafe { text(error.as_ptr()) }));
        }
        let topic = NewTopic(topic);
        for (key, value) in &spec.configs {
            let (key, value) =
                (CString::new(key.as_str()).map_err(zero)?, CString::new(value.as_str()).map_err(zero)?);
            // SAFETY: a live topic; both texts are copied.
            let code = unsafe { sys::rd_kafka_NewTopic_set_config(topic.0, key.as_ptr(), value.as_ptr()) };
            if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                return Err(KafkaError::new(what, code));
            }
        }
        Ok(topic)
    }
}

impl Drop for NewTopic {
    fn drop(&mut self) {
        // SAFETY: it is ours, and not used after this.
        unsafe { sys::rd_kafka_NewTopic_destroy(self.0) }
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
    let wait = millis(timeout);
    let name = CString::new(only.unwrap_or_default()).map_err(|_| KafkaError::local(what, "zero byte"))?;
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
            .filter(|topic| !meet::is_no_topic(&topic.name))
            .collect();
        sys::rd_kafka_metadata_destroy(metadata);
        Ok(topics)
    }
}

/// Waits on this thread until some broker answers.
///
/// A request of an admin client that waits for its broker connects anew at each refusal, without a pause: thousands of
/// times a second (librdkafka 2.12.1, where `RD_KAFKA_OP_CONNECT` makes the backoff void). So it is sent only where brokers are
/// known to be there.
fn reach(native: &Native, what: &str, until: Instant) -> Result<(), KafkaError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let code = meet::meet(native, left.min(GLANCE));
        if code == Code::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Ok(());
        }
        if let Some(error) = native.refusal() {
            return Err(KafkaError { what: what.to_owned(), ..error });
        }
        if left.is_zero() {
            return Err(KafkaError::new(what, code));
        }
    }
}

/// Lets `send` send a request of an admin client, and waits on this thread for the answer of that kind, for `timeout` and
/// as long as the client takes to say that it gave up.
///
/// # Errors
/// What the broker or the client said of the request as a whole.
pub(super) fn ask(
    native: &Native,
    what: &str,
    op: sys::rd_kafka_admin_op_t,
    kind: i32,
    timeout: Duration,
    send: impl FnOnce(*mut sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
) -> Result<Event, KafkaError> {
    let until = Instant::now() + timeout;
    reach(native, what, until)?;
    let left = until.saturating_duration_since(Instant::now()).max(GLANCE);
    let mut error = [0 as c_char; 512];
    // SAFETY: a live client; the options are freed after they were copied into the request; `error` has the length given.
    unsafe {
        let options = sys::rd_kafka_AdminOptions_new(native.ptr(), op);
        sys::rd_kafka_AdminOptions_set_request_timeout(
            options,
            millis(left),
            error.as_mut_ptr(),
            error.len(),
        );
        send(options, native.queue());
        sys::rd_kafka_AdminOptions_destroy(options);
    }
    // The client itself gives up after the timeout, and says why.
    let until = until + Duration::from_secs(2);
    loop {
        if let Some(error) = native.refusal() {
            return Err(KafkaError { what: what.to_owned(), ..error });
        }
        let left = until.saturating_duration_since(Instant::now());
        let Some(event) = native.next_event(left.min(Duration::from_millis(250))) else {
            if !left.is_zero() {
                continue;
            }
            return Err(KafkaError::new(what, Code::RD_KAFKA_RESP_ERR__TIMED_OUT));
        };
        if event.kind() == kind {
            return match event.error() {
                Code::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(event),
                code => Err(KafkaError { text: event.error_text(), ..KafkaError::new(what, code) }),
            };
        }
    }
}
