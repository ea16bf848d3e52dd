//! The embedded broker: librdkafka's mock cluster, for a first look and fast tests, never for data that matters.

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use super::KafkaError;
use super::admin::TopicSpec;

/// Partitions of topics that come to be by themselves.
const DEFAULT_PARTITIONS: i32 = 4;

/// A broker inside the process. It keeps about 5 MB or 100,000 records a partition in memory, drops older ones
/// without a word, and forgets everything when it is dropped.
pub struct DevBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

// SAFETY: librdkafka's mock cluster runs on a thread of its own, which its functions reach through a locked queue; the
// client that owns it may be used from any thread.
unsafe impl Send for DevBroker {}
// SAFETY: as above.
unsafe impl Sync for DevBroker {}

impl DevBroker {
    /// Starts it on a free port of the loopback interface.
    pub fn start() -> Result<DevBroker, KafkaError> {
        let cluster = MockCluster::new(1)
            .map_err(|error| KafkaError::local("start the embedded broker", error.to_string()))?;
        Ok(DevBroker { cluster })
    }

    /// Its address.
    pub fn bootstrap_servers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// What the worker's settings are to have for it: key, value. The first is its address and always holds; the others
    /// are for keys that nobody has set. When the last member of a group has left, it keeps the next one waiting for as
    /// long as a session lasts: not for Kafka's 45 s with each restart of a sink.
    pub fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("bootstrap.servers", self.bootstrap_servers()),
            ("consumer.session.timeout.ms", "6000".into()),
            ("consumer.heartbeat.interval.ms", "1000".into()),
        ]
    }

    /// Makes a topic that is not there; always true. It knows no topic configs, and is one broker.
    ///
    /// # Errors
    /// What it cannot do, by name.
    pub fn create_topic(&self, spec: &TopicSpec) -> Result<bool, KafkaError> {
        let failed = |why: String| Err(KafkaError::local(format!("create topic {}", spec.name), why));
        if let Some((key, _)) = spec.configs.first() {
            return failed(format!("the embedded broker has no topic configs; remove {key}"));
        }
        if spec.replication_factor > 1 {
            let replicas = spec.replication_factor;
            return failed(format!("the embedded broker has no {replicas} replicas; make it 1 or -1"));
        }
        let partitions = if spec.partitions > 0 { spec.partitions } else { DEFAULT_PARTITIONS };
        match self.cluster.create_topic(&spec.name, partitions, 1) {
            Ok(()) => Ok(true),
            Err(error) => failed(error.to_string()),
        }
    }
}
