//! Both classes through the acceptance suite.

use std::fs::OpenOptions;
use std::io::Write;

use connect_plugin::Config;
use connect_plugin::testkit::{Plugin, SinkCase, SourceCase, accept_sink, accept_source};

const SOURCE: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";
const SINK: &str = "org.apache.kafka.connect.file.FileStreamSinkConnector";

fn plugin() -> Plugin {
    Plugin::load(connect_file::connect_plugin_entry, connect_file::CONNECT_PLUGIN_MANIFEST)
}

#[test]
fn the_source_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.txt");
    let mut fed = 0;
    let feed = |count: usize| {
        let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        for _ in 0..count {
            writeln!(file, "line {fed}").unwrap();
            fed += 1;
        }
    };
    let config = Config::from([("file", path.to_str().unwrap()), ("topic", "t"), ("batch.size", "700")]);
    accept_source(&plugin(), SourceCase { class: SOURCE, config, feed: Box::new(feed), count: 5000 });
}

#[test]
fn the_sink_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.txt");
    let config = Config::from([("file", path.to_str().unwrap())]);
    let value = Box::new(|offset| format!("line {offset}").into());
    accept_sink(&plugin(), SinkCase { class: SINK, config, value });
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    assert!(text.contains("line 9998\nline 9999\n"), "the lines are not there in their order");
}
