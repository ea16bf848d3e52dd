//! The series of a task's Kafka client, under the names that Java's clients have.

use super::page::Page;
use crate::settings::connector::Kind;

/// What the client of a task counts, since it was made unless told otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientCounts {
    /// The `client.id`.
    pub client_id: String,
    /// Requests sent to brokers.
    pub requests: u64,
    /// Bytes sent to brokers.
    pub bytes_out: u64,
    /// Responses from brokers.
    pub responses: u64,
    /// Bytes from brokers.
    pub bytes_in: u64,
    /// Brokers that are connected now.
    pub connections: u64,
    /// Mean milliseconds between request and response, lately.
    pub request_latency_ms: Option<f64>,
    /// By topic.
    pub topics: Vec<TopicCounts>,
}

/// What a client counts of a topic.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TopicCounts {
    /// Its name.
    pub topic: String,
    /// Records written by a producer, or read by a consumer.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Mean bytes of a batch written lately.
    pub batch_bytes: Option<f64>,
    /// Records between what was read and the end, for partitions of which it is known.
    pub lags: Vec<(i32, u64)>,
}

/// Adds the series of one client: a producer for a source, a consumer for a sink.
pub(super) fn series(page: &mut Page, kind: Kind, counts: &ClientCounts) {
    let client = if kind == Kind::Source { "producer" } else { "consumer" };
    let labels = [("clientid", counts.client_id.as_str())];
    let name = |attribute: &str| format!("kafka_{client}_{attribute}");
    let mut total = |attribute: &str, help: &str, value: u64| {
        page.counter(&name(attribute), help, &labels, value as f64);
    };
    total("outgoing_byte_total", "Bytes sent to brokers", counts.bytes_out);
    total("incoming_byte_total", "Bytes received from brokers", counts.bytes_in);
    total("request_total", "Requests sent to brokers", counts.requests);
    total("response_total", "Responses received from brokers", counts.responses);
    let help = "Brokers that the client is connected to";
    page.gauge(&name("connection_count"), help, &labels, counts.connections as f64);
    let help = "Mean time between request and response lately, in milliseconds";
    let latency = counts.request_latency_ms.unwrap_or(f64::NAN);
    page.gauge(&name("request_latency_avg"), help, &labels, latency);
    match kind {
        Kind::Source => producer(page, counts),
        Kind::Sink => consumer(page, counts),
    }
}

fn producer(page: &mut Page, counts: &ClientCounts) {
    let client = ("clientid", counts.client_id.as_str());
    let records: u64 = counts.topics.iter().map(|topic| topic.records).sum();
    page.counter("kafka_producer_record_send_total", "Records written", &[client], records as f64);
    let batches: Vec<f64> = counts.topics.iter().filter_map(|topic| topic.batch_bytes).collect();
    let mean = batches.iter().sum::<f64>() / batches.len() as f64;
    page.gauge("kafka_producer_batch_size_avg", "Mean bytes of a batch lately", &[client], mean);
    for topic in &counts.topics {
        let labels = [client, ("topic", topic.topic.as_str())];
        let help = "Records written to the topic";
        page.counter("kafka_producer_topic_record_send_total", help, &labels, topic.records as f64);
        let help = "Bytes of records written to the topic";
        page.counter("kafka_producer_topic_byte_total", help, &labels, topic.bytes as f64);
    }
}

fn consumer(page: &mut Page, counts: &ClientCounts) {
    let client = ("clientid", counts.client_id.as_str());
    let name = |attribute: &str| format!("kafka_consumer_fetch_manager_{attribute}");
    for topic in &counts.topics {
        let labels = [client, ("topic", topic.topic.as_str())];
        let help = "Records read from the topic";
        page.counter(&name("records_consumed_total"), help, &labels, topic.records as f64);
        let help = "Bytes of records read from the topic";
        page.counter(&name("bytes_consumed_total"), help, &labels, topic.bytes as f64);
        for (partition, lag) in &topic.lags {
            let partition = partition.to_string();
            let labels = [client, ("topic", topic.topic.as_str()), ("partition", partition.as_str())];
            let help = "Records between what was read and the end of the partition";
            page.gauge(&name("records_lag"), help, &labels, *lag as f64);
        }
    }
    let lags = counts.topics.iter().flat_map(|topic| topic.lags.iter().map(|(_, lag)| *lag));
    let most = lags.max().map_or(f64::NAN, |lag| lag as f64);
    page.gauge(&name("records_lag_max"), "The longest of these", &[client], most);
}
