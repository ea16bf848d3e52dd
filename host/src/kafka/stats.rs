//! What a client of a task counts, out of librdkafka's statistics, which it tells as an event every few seconds.

use std::collections::BTreeMap;

use rdkafka_sys as sys;
use serde::Deserialize;

use super::Conf;
use super::meet;
use super::native::Event;
use crate::metrics::{ClientCounts, TopicCounts};

/// Milliseconds between two statistics of a client.
const INTERVAL_MS: &str = "5000";

/// Asks for statistics. Only for clients whose events are always served: those of tasks.
pub fn wanted(conf: &mut Conf) {
    conf.insert("statistics.interval.ms".to_owned(), INTERVAL_MS.to_owned());
}

/// The statistics of an event, if it has some that can be read.
pub(super) fn of(event: &Event) -> Option<ClientCounts> {
    // SAFETY: the text lives as long as the event.
    let text = unsafe { super::native::text(sys::rd_kafka_event_stats(event.ptr())) };
    read(&text)
}

fn read(text: &str) -> Option<ClientCounts> {
    let told: Told = serde_json::from_str(text).ok()?;
    let brokers = told.brokers.values();
    let answered = brokers.clone().filter(|broker| broker.rtt.cnt > 0);
    let (sum, count) = answered.fold((0.0, 0.0), |(sum, count), broker| {
        (sum + broker.rtt.avg as f64 * broker.rtt.cnt as f64, count + broker.rtt.cnt as f64)
    });
    Some(ClientCounts {
        client_id: told.client_id,
        requests: told.tx,
        bytes_out: told.tx_bytes,
        responses: told.rx,
        bytes_in: told.rx_bytes,
        connections: brokers.filter(|broker| broker.state == "UP").count() as u64,
        request_latency_ms: (count > 0.0).then(|| sum / count / 1000.0),
        topics: told.topics.into_values().filter(|told| !meet::is_no_topic(&told.topic)).map(topic).collect(),
    })
}

/// A client either writes or reads, so one of the two counts is 0.
fn topic(told: ToldTopic) -> TopicCounts {
    let batch_bytes = (told.batchsize.cnt > 0).then_some(told.batchsize.avg as f64);
    let mut counts = TopicCounts { topic: told.topic, batch_bytes, ..TopicCounts::default() };
    for it in told.partitions.into_values().filter(|it| it.partition >= 0) {
        counts.records += it.txmsgs + it.rxmsgs;
        counts.bytes += it.txbytes + it.rxbytes;
        counts.lags.extend(u64::try_from(it.consumer_lag).ok().map(|lag| (it.partition, lag)));
    }
    counts
}

/// The part of librdkafka's document that is of use; see its STATISTICS.md.
#[derive(Deserialize)]
struct Told {
    client_id: String,
    #[serde(default)]
    tx: u64,
    #[serde(default)]
    tx_bytes: u64,
    #[serde(default)]
    rx: u64,
    #[serde(default)]
    rx_bytes: u64,
    #[serde(default)]
    brokers: BTreeMap<String, ToldBroker>,
    #[serde(default)]
    topics: BTreeMap<String, ToldTopic>,
}

#[derive(Deserialize)]
struct ToldBroker {
    #[serde(default)]
    state: String,
    #[serde(default)]
    rtt: ToldWindow,
}

/// A window over the last interval.
#[derive(Deserialize, Default)]
struct ToldWindow {
    #[serde(default)]
    avg: i64,
    #[serde(default)]
    cnt: i64,
}

#[derive(Deserialize)]
struct ToldTopic {
    topic: String,
    #[serde(default)]
    batchsize: ToldWindow,
    #[serde(default)]
    partitions: BTreeMap<String, ToldPartition>,
}

#[derive(Deserialize)]
struct ToldPartition {
    partition: i32,
    #[serde(default)]
    txmsgs: u64,
    #[serde(default)]
    txbytes: u64,
    #[serde(default)]
    rxmsgs: u64,
    #[serde(default)]
    rxbytes: u64,
    #[serde(default = "unknown")]
    consumer_lag: i64,
}

fn unknown() -> i64 {
    -1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_read_as_far_as_they_are_of_use() {
        let text = r#"{"name":"x#producer-1","client_id":"x","type":"producer","ts":1,"tx":5,"tx_bytes":700,"rx":4,
            "rx_bytes":300,"brokers":{
              "a:1/1":{"name":"a:1/1","nodeid":1,"state":"UP","rtt":{"min":1,"avg":2000,"cnt":3}},
              "b:1/2":{"nodeid":2,"state":"INIT","rtt":{"avg":0,"cnt":0}}},
            "topics":{".":{"topic":".","partitions":{}},"t":{"topic":"t","batchsize":{"avg":512,"cnt":2},"partitions":{
              "0":{"partition":0,"txmsgs":10,"txbytes":100,"rxmsgs":0,"rxbytes":0,"consumer_lag":-1},
              "1":{"partition":1,"rxmsgs":7,"rxbytes":70,"consumer_lag":9},
              "-1":{"partition":-1,"txmsgs":0}}}}}"#;
        let stats = read(text).unwrap();
        assert_eq!(
            stats,
            ClientCounts {
                client_id: "x".to_owned(),
                requests: 5,
                bytes_out: 700,
                responses: 4,
                bytes_in: 300,
                connections: 1,
                request_latency_ms: Some(2.0),
                topics: vec![TopicCounts {
                    topic: "t".to_owned(),
                    records: 17,
                    bytes: 170,
                    batch_bytes: Some(512.0),
                    lags: vec![(1, 9)],
                }],
            }
        );
        assert_eq!(read("{"), None);
    }
}
