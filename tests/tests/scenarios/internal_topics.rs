//! The topics in which workers keep what they share, on real Kafka: how they are made and checked, followed, and given up.

use crate::MINUTE;
use connect_host::kafka::admin::TopicSpec;
use connect_host::kafka::log::{Log, LogConf, LogError, Patience, Purpose, Read};
use connect_host::kafka::native::Owner;
use connect_tests::{Kafka, wait_for};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::block_in_place;

/// A topic of the shared broker, or of the one given.
pub fn conf(kafka: &Kafka, topic: &str, purpose: Purpose, partitions: i32) -> LogConf {
    let client = [("bootstrap.servers", kafka.bootstrap()), ("reconnect.backoff.max.ms", "1000")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let (name, configs) = (topic.to_owned(), vec![("segment.ms".to_owned(), "600000".to_owned())]);
    LogConf {
        topic: TopicSpec { name, partitions, replication_factor: 1, configs },
        purpose,
        consumer: client.clone().into(),
        producer: client.clone().into(),
        admin: client.into(),
        owner: Owner::default(),
        create: true,
        timeout: MINUTE,
    }
}

fn configs(topic: &str) -> LogConf {
    conf(Kafka::shared(), topic, Purpose::Configs, 1)
}

pub fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(test)
}

/// A log, and what comes out of it.
struct Open {
    log: Log,
    reads: Receiver<Read>,
}

impl Open {
    async fn of(conf: LogConf) -> Open {
        let (log, reads) = Log::open(conf).await.unwrap_or_else(|error| panic!("{error}"));
        Open { log, reads }
    }

    async fn append(&self, records: &[(&str, Option<&str>)]) -> Result<(), LogError> {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let records = records.iter().map(|(key, value)| (bytes(key), value.map(bytes))).collect();
        self.log.append(records, MINUTE).await
    }

    /// What comes until the end that the topic has now, as `key=value`.
    async fn read_all(&mut self) -> Result<Vec<String>, LogError> {
        self.log.read_to_end(7, Patience::Total(MINUTE)).await?;
        let mut texts = Vec::new();
        while let Some(read) = self.reads.recv().await {
            match read {
                Read::Record(record) => {
                    let text = |bytes: Option<Vec<u8>>| {
                        bytes.map_or("none".into(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
                    };
                    texts.push(format!("{}={}", text(record.key), text(record.value)));
                }
                Read::End { token, outcome } => {
                    assert_eq!(token, 7);
                    return outcome.map(|()| texts);
                }
                Read::Lost(error) => return Err(error),
            }
        }
        panic!("the log ended without a word");
    }
}

async fn refused(conf: LogConf) -> String {
    match Log::open(conf).await {
        Ok(_) => panic!("the topic was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn internal_topics_are_made_and_checked_as_kafka_connect_does() {
    let topics = Kafka::shared().topics();
    run(async {
        let offsets = || conf(Kafka::shared(), "made-offsets", Purpose::Offsets, 25);
        assert_eq!(Open::of(offsets()).await.read_all().await.expect("its end"), [""; 0]);
        let _again = Open::of(offsets()).await;
        assert_eq!(topics.partitions("made-offsets"), 25);
        let setting = |key: &str| block_in_place(|| topics.setting("made-offsets", key));
        assert_eq!((setting("cleanup.policy"), setting("segment.ms")), ("compact".into(), "600000".into()));
        for policy in ["delete", "compact,delete"] {
            let name = format!("policy-{}", policy.len());
            block_in_place(|| topics.create(&name, 1, 1, &[("cleanup.policy", policy)]));
            assert_eq!(
                refused(configs(&name)).await,
                format!(
                    "Topic '{name}' supplied via the 'config.storage.topic' property is required to have \
                     'cleanup.policy=compact' to guarantee consistency and durability of connector configurations, but \
                     found the topic currently has 'cleanup.policy={policy}'. Continuing would likely result in eventually \
                     losing connector configurations and problems restarting this Connect cluster in the future. Change \
                     the 'config.storage.topic' property in the Connect worker configurations to use a topic with \
                     'cleanup.policy=compact'."
                )
            );
        }
        block_in_place(|| topics.create("wide-configs", 3, 1, &[("cleanup.policy", "compact")]));
        assert_eq!(
            refused(configs("wide-configs")).await,
            "Topic 'wide-configs' supplied via the 'config.storage.topic' property is required to have a single \
             partition in order to guarantee consistency of connector configurations, but found 3 partitions."
        );
        let mut odd = configs("odd-configs");
        odd.topic.configs.push(("segment.bytes".into(), "-5".into()));
        let text = refused(odd).await;
        assert!(text.starts_with("Unable to create topic(s) 'odd-configs': "), "{text}");
    });
}

#[test]
fn two_workers_see_each_others_records_in_one_order() {
    run(async {
        let mut one = Open::of(configs("both")).await;
        let mut other = Open::of(configs("both")).await;
        one.append(&[("a", Some("1")), ("b", Some("1"))]).await.expect("written");
        assert_eq!(other.read_all().await.expect("its end"), ["a=1", "b=1"]);
        let (first, second) = ([("a", Some("2")), ("b", None)], [("c", Some("3"))]);
        let (first, second) = tokio::join!(one.append(&first), other.append(&second));
        first.and(second).expect("written");
        let (seen, there) =
            (one.read_all().await.expect("its end"), other.read_all().await.expect("its end"));
        assert_eq!(seen[..2], ["a=1", "b=1"]);
        assert_eq!(seen[2..], there);
        assert_eq!(there.len(), 3, "{there:?}");
        assert!(there.contains(&"b=none".to_owned()), "{there:?}");
        // What is written comes without a question too.
        one.append(&[("d", Some("4"))]).await.expect("written");
        let next = tokio::time::timeout(MINUTE, other.reads.recv()).await.expect("the record in time");
        assert!(matches!(next, Some(Read::Record(record)) if record.key.as_deref() == Some(b"d")));
        let mut late = Open::of(configs("both")).await;
        assert_eq!(late.read_all().await.expect("its end").len(), 6);
    });
}

#[test]
fn a_topic_deleted_underneath_is_refused_and_nothing_is_read_anew() {
    let topics = Kafka::shared().topics();
    run(async {
        let mut deleted = Open::of(configs("gone")).await;
        let mut renewed = Open::of(configs("renewed")).await;
        let mut grown = Open::of(conf(Kafka::shared(), "grown", Purpose::Statuses, 1)).await;
        for open in [&mut deleted, &mut renewed, &mut grown] {
            open.append(&[("a", Some("1")), ("a", Some("2"))]).await.expect("written");
            assert_eq!(open.read_all().await.expect("its end").len(), 2);
        }
        // They read no more meanwhile, so that the test knows what they find.
        block_in_place(|| {
            for topic in ["gone", "renewed", "grown"] {
                topics.delete(topic);
                wait_for("the topic to be gone", MINUTE, || topics.partitions(topic) == 0);
            }
            topics.create("renewed", 1, 1, &[("cleanup.policy", "compact")]);
            topics.create("grown", 1, 1, &[("cleanup.policy", "compact")]);
            topics.write("grown", ["x", "y", "z", "z"].map(|value| (Some(&b"old"[..]), value.as_bytes())));
        });
        for (open, topic, key) in [
            (deleted, "gone", "config.storage.topic"),
            (renewed, "renewed", "config.storage.topic"),
            (grown, "grown", "status.storage.topic"),
        ] {
            is_lost(open, topic, key).await;
        }
    });
}

async fn is_lost(mut open: Open, topic: &str, key: &str) {
    let end = open.read_all().await;
    let Err(error) = end else { panic!("{topic} was read on: {:?}", end.ok()) };
    let text = error.to_string();
    assert!(matches!(error, LogError::Lost { .. }), "{text}");
    assert!(text.starts_with(&format!("topic {topic} was ")), "{text}");
    assert!(text.contains("no old record comes back to life") && text.contains(key), "{text}");
    while let Some(read) = open.reads.recv().await {
        assert!(!matches!(read, Read::Record(_)), "{topic}: a record after the end");
    }
    let error = open.append(&[("b", Some("1"))]).await.expect_err("nothing is written any more");
    assert!(matches!(error, LogError::Lost { .. }), "{error}");
    assert!(matches!(open.log.lost(), Some(LogError::Lost { .. })));
}

#[test]
fn a_log_without_its_broker_answers_in_time_and_goes_on() {
    let kafka = Kafka::start();
    run(async {
        let mut open = Open::of(conf(&kafka, "outage", Purpose::Configs, 1)).await;
        open.append(&[("a", Some("1"))]).await.expect("written");
        assert_eq!(open.read_all().await.expect("its end"), ["a=1"]);
        kafka.kill9(1);
        let second = Duration::from_secs(1);
        let error =
            open.log.append(vec![(b"b".to_vec(), None)], second).await.expect_err("nobody to write to");
        assert!(error.is_retriable() && matches!(error, LogError::Late { .. }), "{error}");
        open.log.read_to_end(8, Patience::Total(second)).await.expect("asked");
        let Some(Read::End { token: 8, outcome: Err(error) }) = open.reads.recv().await else {
            panic!("something else was read");
        };
        assert!(matches!(error, LogError::Late { .. }), "{error}");
        kafka.restart();
        open.append(&[("c", Some("3"))]).await.expect("written");
        assert_eq!(open.read_all().await.expect("its end"), ["c=3"]);
    });
}
