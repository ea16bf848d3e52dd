//! A compacted topic as a store: read to its end at the start, appended to afterwards.
//!
//! This is Kafka Connect's `KafkaBasedLog` in as far as a standalone worker needs it: nobody else writes to the topic
//! while the worker runs, so after the first reading the memory is the truth.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::admin::{self, TopicSpec};
use super::consumer::{Consumer, Told};
use super::list::TopicPartition;
use super::native::Owner;
use super::producer::{Outgoing, Producer, Sent};
use super::{Conf, KafkaError};

/// Clients' settings and the topic of a log. Not `Debug`: settings hold secrets.
#[derive(Clone)]
pub struct LogConf {
    /// Topic to make when it is missing.
    pub topic: TopicSpec,
    /// Of the consumer that reads.
    pub consumer: Conf,
    /// Of the producer that appends.
    pub producer: Conf,
    /// Of the client that makes the topic.
    pub admin: Conf,
    /// For errors and log lines of all three.
    pub owner: Owner,
    /// False on the embedded broker, which makes topics by use only.
    pub create: bool,
    /// Bound of making, of each wait for data while reading, and of each append.
    pub timeout: Duration,
}

/// Latest value of each key; none is a tombstone.
pub type Entries = HashMap<Vec<u8>, Option<Vec<u8>>>;

/// The appending end.
pub struct Log {
    producer: Producer,
    topic: String,
    timeout: Duration,
    /// Counts appends: reports that come after their append was given up are told by it.
    appends: u64,
}

/// The reports that an append waits for.
struct Awaited {
    append: u64,
    open: usize,
    failed: Option<KafkaError>,
}

/// Between two tries to make the topic.
const PAUSE: Duration = Duration::from_millis(200);

/// Makes the topic unless it exists. What passes is tried again until the time is over; as with Kafka Connect that goes
/// for missing replicas too, since brokers may still be joining.
fn make(conf: &LogConf) -> Result<(), KafkaError> {
    let end = Instant::now() + conf.timeout;
    loop {
        match admin::create_topic(&conf.admin, &conf.owner, &conf.topic, conf.timeout) {
            Err(error) if (error.retriable || error.is_of_replicas()) && Instant::now() < end => {
                tracing::warn!("tried again: {error}");
                std::thread::sleep(PAUSE);
            }
            made => return made.map(drop),
        }
    }
}

impl Log {
    /// Makes the topic if it is missing and reads it to its end. Runs on a thread that may block.
    ///
    /// # Errors
    /// The topic cannot be made or read; nothing was written.
    pub fn open(conf: &LogConf) -> Result<(Log, Entries), KafkaError> {
        admin::greet(&conf.admin, &conf.owner, conf.timeout)?;
        if conf.create {
            make(conf)?;
        }
        let entries = read_to_end(conf)?;
        let producer = Producer::new(&appending(&conf.producer), conf.owner.clone(), false)?;
        // It knows its broker before the first append, which is not to wait for a connection.
        admin::topics(producer.native(), Some(&conf.topic.name), conf.timeout)?;
        Ok((Log { producer, topic: conf.topic.name.clone(), timeout: conf.timeout, appends: 0 }, entries))
    }

    /// Appends records and waits until the broker has answered for all of them. Runs on a thread that may block.
    ///
    /// # Errors
    /// The first failure; others of the batch may or may not be written, so the same batch is to be written again.
    pub fn append(&mut self, records: &[(Vec<u8>, Option<Vec<u8>>)]) -> Result<(), KafkaError> {
        let end = Instant::now() + self.timeout;
        self.appends += 1;
        let mut awaited = Awaited { append: self.appends, open: 0, failed: None };
        let topic = self.topic.clone();
        for (key, value) in records {
            let outgoing = Outgoing {
                topic: &topic,
                partition: None,
                key: Some(key),
                value: value.as_deref(),
                timestamp: None,
                headers: &[],
                id: awaited.append,
            };
            while let Sent::Full = self.producer.send(&outgoing)? {
                self.wait(end, &mut awaited)?;
            }
            awaited.open += 1;
        }
        while awaited.open > 0 {
            self.wait(end, &mut awaited)?;
        }
        awaited.failed.map_or(Ok(()), Err)
    }

    /// Waits for some reports, and counts those of this append.
    fn wait(&mut self, end: Instant, awaited: &mut Awaited) -> Result<(), KafkaError> {
        let left = end.saturating_duration_since(Instant::now());
        let mut told = Vec::new();
        self.producer.deliveries(1000, left.min(Duration::from_millis(500)), &mut told);
        if let Some(error) = self.producer.native().refusal() {
            return Err(KafkaError { what: format!("write to topic {}", self.topic), ..error });
        }
        for delivery in told.into_iter().filter(|delivery| delivery.id == awaited.append) {
            awaited.open -= 1;
            if let Some(error) = delivery.error {
                awaited.failed.get_or_insert(*error);
            }
        }
        if awaited.open > 0 && left.is_zero() {
            // What is still queued must not be written later, over something newer.
            self.producer.purge();
            let text = format!("not acknowledged within {} ms", self.timeout.as_millis());
            return Err(KafkaError {
                retriable: true,
                ..KafkaError::local(format!("write to topic {}", self.topic), text)
            });
        }
        Ok(())
    }
}

/// Kafka Connect's settings of producers for its own topics: no idempotence, for whose sake librdkafka lets the first
/// record wait for half a second, but one request at a time, which keeps the order as well.
fn appending(conf: &Conf) -> Conf {
    let mut settings = conf.clone();
    for (key, value) in
        [("enable.idempotence", "false"), ("acks", "all"), ("max.in.flight.requests.per.connection", "1")]
    {
        settings.insert(key.into(), value.into());
    }
    settings
}

/// Reads all partitions to the end that each has when it gets there.
fn read_to_end(conf: &LogConf) -> Result<Entries, KafkaError> {
    let topic = &conf.topic.name;
    let what = || format!("read topic {topic} to its end");
    let mut settings = conf.consumer.clone();
    settings.insert("enable.partition.eof".into(), "true".into());
    settings.insert("auto.offset.reset".into(), "earliest".into());
    // A broker holds a fetch back that long when it has nothing, as it does with each empty partition.
    settings.insert("fetch.wait.max.ms".into(), "10".into());
    settings.entry("group.id".into()).or_insert_with(|| format!("connect-host-{topic}"));
    let consumer = Consumer::new(&settings, conf.owner.clone())?;
    let partitions = wait_for_partitions(&consumer, conf)?;
    let all: Vec<_> = (0..partitions)
        .map(|partition| {
            let at = TopicPartition { topic: topic.as_str().into(), partition };
            (at, i64::from(rdkafka_sys::RD_KAFKA_OFFSET_BEGINNING))
        })
        .collect();
    consumer.assign(&all)?;
    let mut open = all.len();
    let mut entries = Entries::new();
    let mut last = Instant::now();
    while open > 0 {
        match consumer.next(Duration::from_millis(200)) {
            Some(Told::Message(message)) => {
                if let Some(key) = message.key() {
                    entries.insert(key.to_vec(), message.value().map(<[u8]>::to_vec));
                }
                last = Instant::now();
            }
            Some(Told::End(_)) => {
                open -= 1;
                last = Instant::now();
            }
            Some(Told::Trouble(error)) if !error.retriable => {
                return Err(KafkaError { what: what(), ..error });
            }
            _ => {}
        }
        if last.elapsed() > conf.timeout {
            return Err(KafkaError::local(
                what(),
                format!("nothing came for {} ms", conf.timeout.as_millis()),
            ));
        }
    }
    Ok(entries)
}

/// How many partitions the topic has, once the brokers know it.
fn wait_for_partitions(consumer: &Consumer, conf: &LogConf) -> Result<i32, KafkaError> {
    let end = Instant::now() + conf.timeout;
    loop {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        let found = admin::topics(consumer.native(), Some(&conf.topic.name), left)?;
        if let Some(topic) = found.first().filter(|topic| topic.partitions > 0) {
            return Ok(topic.partitions);
        }
        if Instant::now() >= end {
            let what = format!("read topic {}", conf.topic.name);
            return Err(KafkaError::local(what, "the brokers do not know the topic: create it, compacted"));
        }
        // Serving the queue is the pause between two questions.
        let _ = consumer.next(Duration::from_millis(100));
    }
}
