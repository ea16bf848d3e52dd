//! What the other scenarios take for granted of the brokers they start and kill: records and topics are as they were.

use connect_tests::{Kafka, wait_for};
use std::time::Duration;

#[test]
fn records_survive_a_killed_broker() {
    let kafka = Kafka::start();
    let topics = kafka.topics();
    topics.create("t", 2, 1, &[]);
    let values: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    topics.write("t", values.iter().map(|v| (Some(v.as_bytes()), v.as_bytes())));
    kafka.kill9(1);
    assert_eq!(kafka.pid(1), None);
    kafka.restart();
    assert_eq!(topics.count("t"), 1000);
    let mut read: Vec<String> = topics.read("t").iter().map(|r| r.text()).collect();
    read.sort_by_key(|v| v.parse::<u32>().unwrap_or(u32::MAX));
    assert_eq!(read, values);
    assert_eq!(topics.committed("nobody", "t"), [None, None]);
    topics.delete("t");
    wait_for("the topic to be gone", Duration::from_secs(10), || topics.partitions("t") == 0);
    assert_eq!(topics.read("t"), []);
}
