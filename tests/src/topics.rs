//! Topics seen through librdkafka alone: made, filled, counted and read, independent of any worker.

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Bound of everything that is waited for; a busy machine makes brokers slow.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Bound of one question among several.
const TRY: Duration = Duration::from_secs(10);

/// The topics of a cluster.
pub struct Topics {
    bootstrap: String,
    looker: BaseConsumer,
}

/// A record as it lies in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// Its headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Its timestamp in milliseconds.
    pub timestamp: Option<i64>,
}

impl Record {
    /// The value as text; empty when there is none.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }
}

fn must<T>(what: &str, result: Result<T, KafkaError>) -> T {
    result.unwrap_or_else(|e| panic!("{what}: {e}"))
}

impl Topics {
    /// The topics of the cluster at this address.
    ///
    /// # Panics
    /// When no client can be made. All methods panic when the cluster does not answer within 30 s.
    pub fn at(bootstrap: &str) -> Topics {
        let looker = config(bootstrap).set("group.id", "tests").create();
        Topics { bootstrap: bootstrap.to_owned(), looker: must("cannot make a consumer", looker) }
    }

    fn admin<T>(&self, what: &str, call: impl AsyncFnOnce(&AdminClient<DefaultClientContext>) -> T) -> T {
        let admin = must(what, config(&self.bootstrap).create::<AdminClient<_>>());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.unwrap_or_else(|e| panic!("{what}: {e}")).block_on(call(&admin))
    }

    /// Makes a topic; one that is there already is left as it is.
    pub fn create(&self, name: &str, partitions: i32, replicas: i32, settings: &[(&str, &str)]) {
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
        topic.config = settings.to_vec();
        let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
        let results = self.admin("create topic", async |a| a.create_topics([&topic], &options).await);
        for result in must("create topic", results) {
            assert!(
                matches!(result, Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))),
                "create topic: {result:?}"
            );
        }
        crate::wait_for(&format!("topic {name} to be seen"), TIMEOUT, || self.partitions(name) == partitions);
    }

    /// Deletes a topic; its absence is no error.
    pub fn delete(&self, name: &str) {
        let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
        let results = self.admin("delete topic", async |a| a.delete_topics(&[name], &options).await);
        for result in must("delete topic", results) {
            assert!(
                matches!(result, Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition))),
                "delete topic: {result:?}"
            );
        }
    }

    /// All topics by name with their number of partitions.
    pub fn list(&self) -> BTreeMap<String, i32> {
        let metadata = must("metadata", self.looker.fetch_metadata(None, TIMEOUT));
        metadata.topics().iter().map(|t| (t.name().to_owned(), t.partitions().len() as i32)).collect()
    }

    /// The number of partitions of a topic; 0 when there is no such topic. Never makes the topic.
    pub fn partitions(&self, name: &str) -> i32 {
        self.list().get(name).copied().unwrap_or(0)
    }

    /// The id of the broker that leads a partition; -1 when there is none at the moment, or no such partition.
    pub fn leader(&self, topic: &str, partition: i32) -> i32 {
        let metadata = must("metadata", self.looker.fetch_metadata(Some(topic), TIMEOUT));
        let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
        partitions.into_iter().find(|one| one.id() == partition).map_or(-1, |one| one.leader())
    }

    /// The end offset of one partition, or what went wrong.
    pub fn end_offset(&self, topic: &str, partition: i32) -> Result<i64, KafkaError> {
        self.looker.fetch_watermarks(topic, partition, TIMEOUT).map(|(_, end)| end)
    }

    /// How many offsets all partitions hold between their start and end; 0 when there is no such topic. That is the
    /// number of records, unless the topic is compacted or written in transactions.
    pub fn count(&self, topic: &str) -> u64 {
        let held = |partition| {
            // A topic that was just made may have no leader yet.
            let (start, end) = crate::wait_until(&format!("watermarks of {topic}"), TIMEOUT, || {
                self.looker.fetch_watermarks(topic, partition, TRY)
            });
            (end - start) as u64
        };
        (0..self.partitions(topic)).map(held).sum()
    }

    /// The value of a topic's setting, such as `cleanup.policy`.
    ///
    /// # Panics
    /// When there is no such topic or setting.
    pub fn setting(&self, topic: &str, name: &str) -> String {
        let (asked, options) = (ResourceSpecifier::Topic(topic), AdminOptions::new());
        let answer = self.admin("describe topic", async |a| a.describe_configs([&asked], &options).await);
        let found = must("describe topic", answer).into_iter().next().and_then(Result::ok);
        let value = found.and_then(|found| found.get(name).and_then(|entry| entry.value.clone()));
        value.unwrap_or_else(|| panic!("topic {topic} has no setting {name}"))
    }

    /// The last record of a partition; `None` when it is empty.
    pub fn last(&self, topic: &str, partition: i32) -> Option<Record> {
        let end = self.end_offset(topic, partition).ok().filter(|end| *end > 0)?;
        let reader: BaseConsumer =
            must("cannot make a consumer", config(&self.bootstrap).set("group.id", "tests").create());
        let mut at = TopicPartitionList::new();
        must("assign", at.add_partition_offset(topic, partition, Offset::Offset(end - 1)));
        must("assign", reader.assign(&at));
        let found = reader.poll(TIMEOUT).map(|message| record(&must("reading the last record", message)));
        Some(found.unwrap_or_else(|| panic!("the last record of {topic}-{partition} did not come")))
    }

    /// All records of a topic as it is now, partition by partition; none when there is no such topic.
    pub fn read(&self, topic: &str) -> Vec<Record> {
        self.read_with(topic, &[])
    }

    /// The same with more consumer settings, such as `isolation.level`.
    pub fn read_with(&self, topic: &str, settings: &[(&str, &str)]) -> Vec<Record> {
        let partitions = self.partitions(topic);
        let mut config = config(&self.bootstrap);
        config
            .set("group.id", "tests")
            .set("enable.partition.eof", "true")
            .set("enable.auto.commit", "false");
        config.set("isolation.level", "read_uncommitted");
        settings.iter().for_each(|(k, v)| _ = config.set(*k, *v));
        let reader: BaseConsumer = must("cannot make a consumer", config.create());
        let mut all = TopicPartitionList::new();
        for partition in 0..partitions {
            must("assign", all.add_partition_offset(topic, partition, Offset::Beginning));
        }
        must("assign", reader.assign(&all));
        let (mut records, mut at_end, deadline) = (Vec::new(), 0, Instant::now() + TIMEOUT * 4);
        while at_end < partitions {
            assert!(
                Instant::now() < deadline,
                "reading {topic} took too long: {} records so far",
                records.len()
            );
            match reader.poll(Duration::from_millis(200)) {
                Some(Ok(message)) => records.push(record(&message)),
                Some(Err(KafkaError::PartitionEOF(_))) => at_end += 1,
                Some(Err(e)) => panic!("reading {topic}: {e}"),
                None => {}
            }
        }
        records.sort_by_key(|r| (r.partition, r.offset));
        records
    }

    /// Appends records and returns once the broker has them all.
    pub fn write<'a>(&self, topic: &str, records: impl IntoIterator<Item = (Option<&'a [u8]>, &'a [u8])>) {
        let mut config = config(&self.bootstrap);
        config.set("enable.idempotence", "true").set("linger.ms", "5");
        let producer: BaseProducer = must("cannot make a producer", config.create());
        for (key, value) in records {
            let mut record = BaseRecord::to(topic).payload(value);
            record.key = key;
            while let Err((e, again)) = producer.send(record) {
                let full = e.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                assert!(full, "writing to {topic}: {e}");
                producer.poll(Duration::from_millis(10));
                record = again;
            }
        }
        must("flush", producer.flush(TIMEOUT * 2));
    }

    /// The ids of a consumer group's members, sorted; none when there is no such group.
    pub fn members(&self, group: &str) -> Vec<String> {
        let list = must("group members", self.looker.fetch_group_list(Some(group), TIMEOUT));
        let members = list.groups().iter().flat_map(|group| group.members());
        let mut ids: Vec<String> = members.map(|member| member.id().to_owned()).collect();
        ids.sort();
        ids
    }

    /// The committed offset of a consumer group for each of the topic's partitions; `None` where there is none.
    pub fn committed(&self, group: &str, topic: &str) -> Vec<Option<i64>> {
        let member: BaseConsumer =
            must("cannot make a consumer", config(&self.bootstrap).set("group.id", group).create());
        let mut asked = TopicPartitionList::new();
        (0..self.partitions(topic)).for_each(|p| _ = asked.add_partition(topic, p));
        // While the coordinator moves, or its broker comes back, nobody is it for a moment.
        let found = crate::wait_until(&format!("what {group} has committed"), TIMEOUT, || {
            member.committed_offsets(asked.clone(), TRY)
        });
        let offset = |o| if let Offset::Offset(n) = o { Some(n) } else { None };
        found.elements().iter().map(|e| offset(e.offset())).collect()
    }
}

fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("client.id", "tests")
        .set("allow.auto.create.topics", "false");
    config
}

fn record(message: &impl Message) -> Record {
    let headers = message
        .headers()
        .map(|h| h.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect());
    Record {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
        timestamp: message.timestamp().to_millis(),
    }
}
