//! The second check of plugins in Rust: types that differ where sizes and version do not tell are refused by name, what
//! cannot be compared is used with a warning, and what tells nothing is used.

use connect_tests::configs::faulty_class;
use connect_tests::{WorkerSpec, faulty, paths};
use std::process::Command;

const CHANGED: &str = "org.connecthost.faulty.ChangedLayoutSource";

#[test]
fn a_changed_type_is_refused_by_name_and_other_headers_only_warn() {
    let folders = [faulty::changed_layout(), faulty::plugin("other_header"), faulty::plugin("numbers")];
    let mut worker = WorkerSpec::with_dev_broker().plugins(folders).set("log.level", "debug").start();
    let log = worker.process().log();
    let about = |library: &str| {
        let lines = log.lines().filter(|line| line.contains(&format!("/{library}.so")));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let changed = about("libconnect_changed_layout").join("\n");
    for words in [
        "was left out: type CpAck is another one: offset: u64 instead of i64",
        "connect-plugin-abi 0.1.0 in the plugin, connect-plugin-abi 0.1.0 in this worker",
        "rebuild it against this version",
    ] {
        assert!(changed.contains(words), "{words:?} is not in {changed:?}");
    }
    assert_eq!(worker.metric("kafka_connect_worker_plugins_left_out", &[]), Some(1.0));
    let other = about("other_header").join("\n");
    assert!(other.contains("abi_stable is of version 0.99, this worker compares 0.11"), "{other:?}");
    for compared in ["libconnect_file", "libconnect_verifiable", "libconnect_datagen"] {
        let lines = about(compared).join("\n");
        assert!(lines.contains("were compared"), "{compared}: {lines:?}");
    }
    for silent in ["numbers", "connect_c_sink"] {
        let lines = about(silent).join("\n");
        assert!(!lines.contains("compar"), "{silent}: {lines:?}");
    }
    let classes = worker.rest().get("/connector-plugins").expect(200).body;
    assert!(!classes.contains(CHANGED), "{classes}");
    for class in [faulty_class("other_header", "Source"), faulty_class("numbers", "Sink")] {
        assert!(classes.contains(&class), "{class} is not in {classes}");
    }
    assert!(worker.terminate().success());
}

/// The list reads manifests, so it knows the class and cannot know of its types.
#[test]
fn the_list_does_not_look_at_types() {
    let mut list = Command::new(paths::connect_host());
    let output = list.args(["plugins", "list", "--plugin-path"]).arg(faulty::changed_layout()).output();
    let text = String::from_utf8(output.expect("the program runs").stdout).expect("text");
    assert!(text.contains(CHANGED) && !text.contains("left out"), "{text}");
}
