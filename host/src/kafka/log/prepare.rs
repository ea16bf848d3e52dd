//! What has to be true before a log is read: its topic is there, compacted, and has as many partitions as it may.

use std::time::{Duration, Instant};

use rdkafka_sys::RDKafkaRespErr as Code;

use super::{LogConf, LogError, Purpose};
use crate::kafka::admin::{self, TopicSpec};
use crate::kafka::consumer::Consumer;
use crate::kafka::facts::{Asker, Description, Edge};
use crate::kafka::producer::Producer;
use crate::kafka::{Conf, KafkaError};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);
/// What goes by without a word: brokers learn of a new topic one after the other.
const USUAL: Duration = Duration::from_secs(2);
/// What a try gets at least.
const GLANCE: Duration = Duration::from_millis(100);

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
    /// The first offset of each partition.
    pub(super) starts: Vec<i64>,
}

/// Makes or checks the topic and makes the clients. Blocks its thread for about `conf.timeout` at most, in which everything that may
/// pass is tried again: brokers that have just started, or slept, learn of new topics at different times.
pub(super) fn prepare(conf: &LogConf) -> Result<Prepared, LogError> {
    let bound = Bound(Instant::now() + conf.timeout);
    admin::greet(&conf.admin, &conf.owner, bound.left())?;
    let asker = Asker::new(&conf.admin, conf.owner.clone())?;
    if conf.create {
        match make(conf, &bound)? {
            Found::New => {}
            found => check_policy(conf, &asker, &bound, found)?,
        }
    }
    let consumer = Consumer::new(&reading(conf), conf.owner.clone())?;
    let description = wait_for_partitions(&consumer, &asker, conf, &bound)?;
    let (topic, partitions) = (&conf.topic.name, description.partitions);
    if conf.purpose == Purpose::Configs && partitions > 1 {
        return Err(LogError::Unfit(format!(
            "Topic '{topic}' supplied via the '{}' property is required to have a single partition in order to guarantee \
             consistency of connector configurations, but found {partitions} partitions.",
            conf.purpose.key(),
        )));
    }
    let starts = bound.retried(passes, |left| asker.edges(topic, partitions, Edge::Start, left))?;
    let producer = Producer::new(&appending(&conf.producer), conf.owner.clone())?;
    // It knows its broker before the first append, which is not to wait for a connection.
    bound.retried(passes, |left| admin::topics(producer.native(), Some(topic), left))?;
    Ok(Prepared { reading: Reading { consumer, asker, description, starts }, producer })
}

/// When preparing has to be done.
struct Bound(Instant);

impl Bound {
    fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now()).max(GLANCE)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.0
    }

    /// Tries until it succeeds, fails with what does not pass, or the time is over.
    fn retried<T>(
        &self,
        passes: impl Fn(&KafkaError) -> bool,
        mut attempt: impl FnMut(Duration) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaError> {
        let (begun, mut told) = (Instant::now(), String::new());
        loop {
            match attempt(self.left()) {
                Err(error) if passes(&error) && !self.is_over() => {
                    let line = error.to_string();
                    if line != told && begun.elapsed() > USUAL {
                        tracing::warn!("tried again: {line}");
                        told = line;
                    }
                    std::thread::sleep(PAUSE);
                }
                done => return done,
            }
        }
    }
}

fn passes(error: &KafkaError) -> bool {
    error.retriable
}

/// What was found where a topic is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It was made now.
    New,
    /// It was there.
    Old,
    /// Nobody knows; this worker must not make it.
    Perhaps,
}

/// Makes the topic unless it exists. As with Kafka Connect missing replicas are waited for too, since brokers may still be joining.
/// Who must not make topics may find one.
fn make(conf: &LogConf, bound: &Bound) -> Result<Found, LogError> {
    const NOT_OURS: [Code; 3] = [
        Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
    ];
    let mut spec: TopicSpec = conf.topic.clone();
    spec.configs.retain(|(key, _)| key != POLICY);
    spec.configs.push((POLICY.into(), "compact".into()));
    let passes = |error: &KafkaError| error.retriable || error.is_of_replicas();
    let made = bound.retried(passes, |left| admin::create_topic(&conf.admin, &conf.owner, &spec, left));
    match made {
        Ok(true) => Ok(Found::New),
        Ok(false) => Ok(Found::Old),
        Err(error) if error.is(&NOT_OURS) => {
            tracing::info!("topic {} is taken to be there, or made by use: {error}", spec.name);
            Ok(Found::Perhaps)
        }
        Err(error) if error.is(&[Code::RD_KAFKA_RESP_ERR_INVALID_CONFIG]) => {
            let text = format!("Unable to create topic(s) '{}': {}", spec.name, error.text);
            Err(LogError::Unfit(text))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a topic that was there is compacted, and nothing else. Who must not know passes it.
fn check_policy(conf: &LogConf, asker: &Asker, bound: &Bound, found: Found) -> Result<(), LogError> {
    const UNKNOWN: [Code; 4] = [
        Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        Code::RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
        Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    ];
    let topic = &conf.topic.name;
    let passes = |error: &KafkaError| error.retriable && (found == Found::Old || !error.is(&UNKNOWN));
    let policy = match bound.retried(passes, |left| asker.setting(topic, POLICY, left)) {
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
fn wait_for_partitions(
    consumer: &Consumer,
    asker: &Asker,
    conf: &LogConf,
    bound: &Bound,
) -> Result<Description, LogError> {
    let topic = &conf.topic.name;
    loop {
        // On the embedded broker this question makes the topic.
        let found = bound.retried(passes, |left| admin::topics(consumer.native(), Some(topic), left))?;
        if found.first().is_some_and(|topic| topic.partitions > 0) {
            match asker.describe(topic, bound.left()) {
                Ok(description) if description.partitions > 0 => return Ok(description),
                Err(error) if !error.retriable => return Err(error.into()),
                _ => {}
            }
        }
        if bound.is_over() {
            let what = format!("read topic {topic}");
            let text = "the brokers do not know the topic: create it, compacted";
            return Err(KafkaError::local(what, text).into());
        }
        // Serving the queue is the pause between two questions.
        let _ = consumer.next(GLANCE);
    }
}
