//! The sink as its users see it: what stands in the file.

use std::path::Path;

use connect_plugin::testkit::{Plugin, SinkHandle, SinkInput};
use connect_plugin::{Bytes, Config, SchemaAndValue};

const SINK: &str = "org.apache.kafka.connect.file.FileStreamSinkConnector";

fn put(path: &Path, values: impl IntoIterator<Item = SchemaAndValue>) -> SinkHandle {
    let plugin = Plugin::load(connect_file::connect_plugin_entry, connect_file::CONNECT_PLUGIN_MANIFEST);
    let task = SinkHandle::create(&plugin.class(SINK), 0);
    task.start(&Config::from([("file", path.to_str().unwrap())])).unwrap();
    let input = |(offset, value)| SinkInput::new("t", 0, offset, value);
    let inputs: Vec<_> = (0..).zip(values).map(input).collect();
    assert!(task.put(&inputs).unwrap().iter().all(|answer| *answer == 0));
    task
}

#[test]
fn a_line_is_there_once_put_has_answered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let task = put(&path, ["one".into(), "zwei".into()]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\nzwei\n");
    task.stop().unwrap();
    task.destroy();
    put(&path, ["three".into()]).destroy();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\nzwei\nthree\n");
}

#[test]
fn values_are_printed_as_by_java() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let values: [SchemaAndValue; 7] = [
        SchemaAndValue::NULL,
        true.into(),
        (-5i8).into(),
        i64::MAX.into(),
        1.5f64.into(),
        2.0f32.into(),
        Bytes::from_static(b"bytes").into(),
    ];
    put(&path, values).destroy();
    let expected = "null\ntrue\n-5\n9223372036854775807\n1.5\n2.0\nbytes\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
}

#[test]
fn a_torn_last_line_is_ended_and_the_next_stays_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    std::fs::write(&path, "whole\nto").unwrap();
    let task = put(&path, ["torn".into()]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole\nto\ntorn\n");
    assert!(task.seat().logs().iter().any(|line| line.contains("has no end")), "{:?}", task.seat().logs());
    task.destroy();
}

#[test]
fn a_file_that_cannot_be_written_fails_the_start_by_name() {
    let plugin = Plugin::load(connect_file::connect_plugin_entry, connect_file::CONNECT_PLUGIN_MANIFEST);
    let task = SinkHandle::create(&plugin.class(SINK), 0);
    let failure = task.start(&Config::from([("file", "/no/such/dir/out")])).unwrap_err();
    assert!(failure.message.contains("/no/such/dir/out"), "{failure:?}");
    task.destroy();
}
