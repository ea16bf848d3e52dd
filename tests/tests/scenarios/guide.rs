//! The connector that docs/writing-a-connector-in-c.md builds piece by piece: it compiles without a warning, runs, and
//! goes on counting after a restart.

use crate::lines;
use connect_tests::configs::{connector, file_sink};
use connect_tests::{With, WorkerSpec, paths, wait_for};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The blocks of C of the guide, in their order.
fn code() -> String {
    let guide = paths::repo().join("docs/writing-a-connector-in-c.md");
    let text = std::fs::read_to_string(&guide).expect("the guide");
    let blocks = text.split("```c\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.collect()
}

fn compile(code: &str, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    let source = folder.join("ticks.c");
    std::fs::write(&source, code).expect("the source is written");
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c11",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fPIC",
        "-fvisibility=hidden",
        "-shared",
        "-I",
    ]);
    cc.arg(paths::repo().join("plugin-api/include")).arg("-o").arg(folder.join("ticks.so")).arg(&source);
    let output = cc.output().expect("cc runs: install gcc");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_connector_of_the_guide_in_c_runs_and_resumes() {
    let spec = WorkerSpec::with_dev_broker();
    let (folder, out) = (spec.dir().join("plugins"), spec.dir().join("out"));
    compile(&code(), &folder);
    let source = connector("ticks", "CTicks").with("topic", "ticks").with("interval.ms", 10);
    let spec = spec.plugins([&folder]).connector(source).connector(file_sink("lines", "ticks", &out));
    let mut worker = spec.start();
    for count in [5, 10] {
        wait_for("ticks", Duration::from_secs(60), || lines(&out).len() >= count);
        assert!(worker.terminate().success(), "a clean stop");
        let seen = lines(&out);
        let different: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(different.len(), seen.len(), "a tick came twice");
        assert!(seen.iter().all(|line| line.strip_prefix("tick ").is_some_and(|n| n.parse::<u32>().is_ok())));
        worker.restart();
    }
    // A wrong value is refused by the definitions that the connector gives.
    let wrong = connector("wrong", "CTicks").with("topic", "ticks").with("interval.ms", 0);
    let answer = worker.create("wrong", &wrong).expect(400);
    assert!(answer.body.contains("interval.ms"), "{}", answer.body);
    assert!(worker.terminate().success(), "a clean stop");
}
