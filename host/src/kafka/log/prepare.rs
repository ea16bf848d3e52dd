//! What has to be true before a log is read: its topic is there, compacted, and has as many partitions as it may.

use std::time::{Duration, Instant};

use rdkafka_sys::RDKafkaRespErr as Code;

use super::{LogConf, LogError, Purpose};
use crate::kafka::admin::{self, TopicSpec};
use crate::kafka::consumer::Consumer;
use crate::kafka::facts::{Asker, Description};
use crate::kafka::producer::Producer;
use crate::kafka::{Conf, KafkaError};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

const POLICY: &str = "cleanup.policy";

/// What an open log is made of.
pub(super) struct Prepared {
    pub(super) reading: Reading,
    pub(super) producer: Producer,
}

/// What the reader works with.
pub(super) struct Reading {
    pub(super) consumer: Consumer,
    pub(super) asker: Asker,
    pub(super) description: Description,
}

/// Makes or checks the topic and makes the clients. Blocks its thread for about `conf.timeout` at most.
pub(super) fn prepare(conf: &LogConf) -> Result<Prepared, LogError> {
    admin::greet(&conf.admin, &conf.owner, conf.timeout)?;
    let asker = Asker::new(&conf.admin, conf.owner.clone())?;
    if conf.create && !make(conf)? {
        check_policy(conf, &asker)?;
    }
    let consumer = Consumer::new(&reading(conf), conf.owner.clone())?;
    let description = wait_for_partitions(&consumer, &asker, conf)?;
    if conf.purpose == Purpose::Configs && description.partitions > 1 {
        return Err(LogError::Unfit(format!(
            "Topic '{}' supplied via the '{}' property is required to have a single partition in order to guarantee \
             consistency of connector configurations, but found {} partitions.",
            conf.topic.name,
            conf.purpose.key(),
            description.partitions
        )));
    }
    let producer = Producer::new(&appending(&conf.producer), conf.owner.clone())?;
    // It knows its broker before the first append, which is not to wait for a connection.
    admin::topics(producer.native(), Some(&conf.topic.name), conf.timeout)?;
    Ok(Prepared { reading: Reading { consumer, asker, description }, producer })
}

/// Makes the topic unless it exists; true: it was made now. What passes is tried again until the time is over; as with Kafka Connect
/// that goes for missing replicas too, since brokers may still be joining. Who must not make topics may find one.
fn make(conf: &LogConf) -> Result<bool, LogError> {
    const NOT_OURS: [Code; 3] = [
        Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
    ];
    let mut spec: TopicSpec = conf.topic.clone();
    spec.configs.retain(|(key, _)| key != POLICY);
    spec.configs.push((POLICY.into(), "compact".into()));
    let end = Instant::now() + conf.timeout;
    loop {
        match admin::create_topic(&conf.admin, &conf.owner, &spec, conf.timeout) {
            Err(error) if (error.retriable || error.is_of_replicas()) && Instant::now() < end => {
                tracing::warn!("tried again: {error}");
                std::thread::sleep(PAUSE);
            }
            Err(error) if error.is(&NOT_OURS) => {
                tracing::info!("topic {} is taken to be there, or made by use: {error}", spec.name);
                return Ok(false);
            }
            Err(error) if error.is(&[Code::RD_KAFKA_RESP_ERR_INVALID_CONFIG]) => {
                let text = format!("Unable to create topic(s) '{}': {}", spec.name, error.text);
                return Err(LogError::Unfit(text));
            }
            made => return Ok(made?),
        }
    }
}

/// Whether a topic that was there is compacted, and nothing else. Who must not know passes it.
fn check_policy(conf: &LogConf, asker: &Asker) -> Result<(), LogError> {
    const UNKNOWN: [Code; 4] = [
        Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
        Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    ];
    let topic = &conf.topic.name;
    let policy = match asker.setting(topic, POLICY, conf.timeout) {
        Err(error) if error.is(&UNKNOWN) => {
            tracing::info!("{POLICY} of topic {topic} is not checked: {error}");
            return Ok(());
        }
        told => told?,
    };
    let Some(policy) = policy else { return Ok(()) };
    let lower = policy.to_lowercase();
    let mut policies: Vec<&str> = lower.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    policies.sort_unstable();
    policies.dedup();
    if policies.is_empty() || policies == ["compact"] {
        return Ok(());
    }
    let (key, text) = (conf.purpose.key(), conf.purpose.text());
    Err(LogError::Unfit(format!(
        "Topic '{topic}' supplied via the '{key}' property is required to have '{POLICY}=compact' to guarantee \
         consistency and durability of {text}, but found the topic currently has '{POLICY}={}'. Continuing would likely \
         result in eventually losing {text} and problems restarting this Connect cluster in the future. Change the \
         '{key}' property in the Connect worker configurations to use a topic with '{POLICY}=compact'.",
        policies.join(",")
    )))
}

/// Kafka Connect's settings of producers for its own topics: no idempotence, for whose sake librdkafka lets the first
/// record wait for half a second, but one request at a time, which keeps the order as well.
fn appending(conf: &Conf) -> Conf {
    with(
        conf,
        &[("enable.idempotence", "false"), ("acks", "all"), ("max.in.flight.requests.per.connection", "1")],
    )
}

/// Ends of partitions are told, which count where transactions or compaction leave no record; an offset that is out of range is an
/// error, and never a reason to begin anew.
fn reading(conf: &LogConf) -> Conf {
    let mut settings = with(
        &conf.consumer,
        &[
            ("enable.partition.eof", "true"),
            ("auto.offset.reset", "error"),
            ("enable.auto.commit", "false"),
            ("allow.auto.create.topics", if conf.create { "false" } else { "true" }),
        ],
    );
    settings.entry("group.id".into()).or_insert_with(|| format!("connect-host-{}", conf.topic.name));
    settings
}

fn with(conf: &Conf, more: &[(&str, &str)]) -> Conf {
    let mut settings = conf.clone();
    settings.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    settings
}

/// What the topic is like, once the brokers know it.
fn wait_for_partitions(consumer: &Consumer, asker: &Asker, conf: &LogConf) -> Result<Description, LogError> {
    let topic = &conf.topic.name;
    let end = Instant::now() + conf.timeout;
    loop {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        // On the embedded broker this question makes the topic.
        let found = admin::topics(consumer.native(), Some(topic), left)?;
        if found.first().is_some_and(|topic| topic.partitions > 0) {
            match asker.describe(topic, left) {
                Ok(description) if description.partitions > 0 => return Ok(description),
                Err(error) if !error.retriable => return Err(error.into()),
                _ => {}
            }
        }
        if Instant::now() >= end {
            let what = format!("read topic {topic}");
            let text = "the brokers do not know the topic: create it, compacted";
            return Err(KafkaError::local(what, text).into());
        }
        // Serving the queue is the pause between two questions.
        let _ = consumer.next(Duration::from_millis(100));
    }
}
