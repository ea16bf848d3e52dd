//! The connectors of the guide are accepted, and the guide shows them as they are.

#[path = "lib.rs"]
mod guide;

use connect_plugin::testkit::{
    Plugin, SinkCase, SinkHandle, SinkInput, SourceCase, accept_sink, accept_source,
};
use connect_plugin::{Config, SchemaAndValue};

fn plugin() -> Plugin {
    Plugin::load(guide::connect_plugin_entry, guide::CONNECT_PLUGIN_MANIFEST)
}

#[test]
fn the_source_is_accepted() {
    let config = Config::from([("topic", "t"), ("places", "here"), ("interval.ms", "1")]);
    // It makes its own records, so there is nothing to feed it with.
    let feed = Box::new(|_| {});
    accept_source(&plugin(), SourceCase { class: "com.example.TicksConnector", config, feed, count: 50 });
}

#[test]
fn the_sink_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lines");
    let config = Config::from([("path", path.to_str().unwrap())]);
    let value = Box::new(|offset| format!("line {offset}").into());
    accept_sink(&plugin(), SinkCase { class: "com.example.LinesConnector", config, value });
}

#[test]
fn what_is_no_string_is_a_bad_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lines");
    let task = SinkHandle::create(&plugin().class("com.example.LinesConnector"), 0);
    task.start(&Config::from([("path", path.to_str().unwrap())])).unwrap();
    let number = SinkInput::new("t", 0, 1, SchemaAndValue::from(5));
    let answers = task.put(&[SinkInput::new("t", 0, 0, "a line"), number]).unwrap();
    assert_eq!(answers, [0, 2]);
    assert_eq!(task.seat().explained()[&1], "not a string");
    task.stop().unwrap();
    task.destroy();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a line\n");
}

/// Each block of Rust in the guide stands in one of these files, line by line.
#[test]
fn the_guide_shows_this_code() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let guide = std::fs::read_to_string(format!("{root}/docs/writing-a-connector-in-rust.md")).unwrap();
    let files = [
        include_str!("lib.rs"),
        include_str!("source.rs"),
        include_str!("sink.rs"),
        include_str!("tests.rs"),
    ];
    let mut shown = 0;
    for block in guide.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        shown += 1;
        assert!(files.iter().any(|file| file.contains(block)), "no code of the guide's examples: {block}");
    }
    assert!(shown >= 5, "only {shown} blocks of Rust in the guide");
}
