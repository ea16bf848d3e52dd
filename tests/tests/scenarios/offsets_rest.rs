//! Topics, offsets and loggers over REST, on real Kafka and on the embedded broker.

use crate::MINUTE;
use connect_tests::configs::{file_sink, file_source};
use connect_tests::{Kafka, WorkerSpec, wait_for, wait_until};
use serde_json::{Value, json};
use std::fs;

#[test]
fn topics_offsets_and_loggers_are_told_and_changed() {
    let kafka = Kafka::shared();
    let spec = WorkerSpec::connect_host(kafka.bootstrap()).set("offset.flush.interval.ms", 200);
    let [input, out] = ["in", "out"].map(|file| spec.dir().join(file));
    fs::write(&input, "one\ntwo\nthree\n").expect("the input");
    let spec = spec.connector(file_source("told-source", &input, "told"));
    let mut worker = spec.connector(file_sink("told-sink", "told", &out)).start();
    let lines = || fs::read_to_string(&out).unwrap_or_default().lines().count();
    wait_for("the lines", MINUTE, || lines() == 3);
    let get = |path: &str| -> Value { worker.rest().get(path).expect(200).json() };
    for name in ["told-source", "told-sink"] {
        wait_for("the topic", MINUTE, || {
            get(&format!("/connectors/{name}/topics"))[name]["topics"] == json!(["told"])
        });
    }
    let partition = json!({"filename": input.display().to_string()});
    let stored =
        |position: i64| json!({"offsets": [{"partition": partition, "offset": {"position": position}}]});
    wait_for("the source's offset", MINUTE, || get("/connectors/told-source/offsets") == stored(14));
    let sink_at = |offset: i64| json!({"offsets": [{"partition": {"kafka_topic": "told", "kafka_partition": 0}, "offset": {"kafka_offset": offset}}]});
    wait_for("the sink's offset", MINUTE, || get("/connectors/told-sink/offsets") == sink_at(3));
    let again = |name: &str, offsets: &Value| {
        let path = format!("/connectors/{name}/offsets");
        worker.rest().request("PATCH", &path, Some(offsets)).expect(400);
        worker.stop(name);
        wait_until("the change of offsets", MINUTE, || {
            let answer = worker.rest().request("PATCH", &path, Some(offsets));
            if answer.status == 200 { Ok(()) } else { Err(answer.body) }
        });
        worker.rest().call("PUT", &format!("/connectors/{name}/resume")).expect(202);
    };
    again("told-sink", &sink_at(1));
    wait_for("the records from offset 1 on", MINUTE, || lines() == 5);
    again("told-source", &stored(4));
    wait_for("the lines from byte 4 on", MINUTE, || lines() == 7);
    let level = worker.rest().request("PUT", "/admin/loggers/root", Some(&json!({"level": "DEBUG"})));
    level.expect(200);
    assert_eq!(get("/admin/loggers/root")["level"], "DEBUG");
    assert!(worker.terminate().success());
}

#[test]
fn the_embedded_broker_tells_no_offsets_of_sinks() {
    let spec = WorkerSpec::with_dev_broker();
    let out = spec.dir().join("out");
    let mut worker = spec.connector(file_sink("embedded", "t", &out)).start();
    worker.rest().get("/connectors/embedded/offsets").expect(501);
    assert!(worker.terminate().success());
}
