//! The embedded broker: librdkafka's mock cluster, for a first look and fast tests, never for data that matters.

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use super::KafkaError;

/// A broker inside the process. It keeps about 5 MB or 100,000 records a partition in memory, drops older ones
/// without a word, and forgets everything when it is dropped.
pub struct DevBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

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
}
