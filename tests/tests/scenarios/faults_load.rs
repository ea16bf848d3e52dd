//! Plugins that cannot be used: each is left out by name and reason, the worker goes on with the others, and the list
//! tells what can be told without running any of their code.

use connect_tests::configs::{faulty_class, faulty_sink, faulty_source};
use connect_tests::{With, Worker, WorkerSpec, faulty, paths, wait_for};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// What the manifest tells, without loading: each with words of the reason.
const BY_MANIFEST: [(&str, &str); 9] = [
    ("empty_file", "not a shared library"),
    ("manifest_abi", "built for plugin ABI 9.9"),
    ("manifest_empty", "manifest is not valid"),
    ("manifest_garbage", "manifest is not valid"),
    ("manifest_shape", "manifest is not valid"),
    ("manifest_twice", "names class org.connecthost.faulty.ManifestTwiceSource twice"),
    ("manifest_utf8", "manifest is not valid"),
    ("not_elf", "not a shared library"),
    ("truncated", "not a shared library"),
];

/// What comes out when the library is loaded.
const BY_LOADING: [(&str, &str); 24] = [
    ("class_name_length", "a length of 2147483649"),
    ("class_name_utf8", "not UTF-8"),
    ("huge_classes", "a length of 1152921504606846976"),
    ("init_error", "init has failed on purpose"),
    ("init_status", "its init failed: it answered 77"),
    ("manifest_extra_class", "ManifestExtraClassSink: the manifest names it"),
    ("manifest_kind", "ManifestKindSource: its kind"),
    ("manifest_version", "its version is 0.1.0, the manifest says 9.9.9"),
    ("no_entry", "does not export connect_plugin_entry"),
    ("null_classes", "a null pointer"),
    ("null_init", "without init"),
    ("null_ops", "NullOpsSource: its source table is missing"),
    ("null_slot_connector", "required functions are null: task_configs"),
    ("null_slot_sink", "required functions are null: put"),
    ("null_slot_source", "required functions are null: poll"),
    ("null_table", "instead of a table"),
    ("table_extra_class", "TableExtraClassSink: the manifest does not name it"),
    ("unresolved", "a_function_that_nobody_has"),
    ("wrong_machine", "cannot be loaded"),
    ("wrong_magic", "magic"),
    ("wrong_major", "built for plugin ABI 1.1"),
    ("wrong_minor", "built for plugin ABI 0.2"),
    ("wrong_ops_size", "WrongOpsSizeSink: its sink table has"),
    ("wrong_sizes", "sizes of its types"),
];

/// What works beside them.
const GOOD: [&str; 3] = ["numbers", "null_optional", "constructor"];

fn folders<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<PathBuf> {
    names.into_iter().map(faulty::plugin).collect()
}

fn all_faulty() -> impl Iterator<Item = (&'static str, &'static str)> {
    BY_MANIFEST.into_iter().chain(BY_LOADING)
}

/// The line of the log about this library.
fn told(log: &str, name: &str) -> Option<String> {
    log.lines().find(|line| line.contains(&format!("/{name}.so was left out"))).map(str::to_owned)
}

fn classes(worker: &Worker) -> BTreeSet<String> {
    let plugins = worker.rest().get("/connector-plugins").expect(200).json();
    let class = |plugin: &Value| plugin["class"].as_str().map(str::to_owned);
    plugins.as_array().expect("a list").iter().filter_map(class).collect()
}

#[test]
fn each_is_left_out_by_name_and_reason_and_the_others_work() {
    let names = GOOD.into_iter().chain(all_faulty().map(|(name, _)| name)).chain(["private_library"]);
    let spec = WorkerSpec::with_dev_broker().plugins(folders(names));
    let (marker, out) = (spec.dir().join("marker"), spec.dir().join("out"));
    let mut worker = spec.env("FAULTY_MARKER", &marker.display().to_string()).start();
    let log = worker.process().log();
    for (name, words) in all_faulty() {
        let line = told(&log, name).unwrap_or_else(|| panic!("nothing about {name}:\n{log}"));
        assert!(line.contains(words), "{name}: {words:?} is not in {line:?}");
    }
    assert!(!log.contains("private_library"), "a library without manifest is passed over in silence");
    assert_eq!(fs::read_to_string(&marker).expect("code has run"), "loaded\n");
    let classes = classes(&worker);
    let faulty_classes: BTreeSet<_> = classes.iter().filter(|class| class.contains(".faulty.")).collect();
    let good = GOOD.iter().flat_map(|name| ["Source", "Sink"].map(|kind| faulty_class(name, kind)));
    assert_eq!(faulty_classes, good.collect::<Vec<_>>().iter().collect());
    let left_out = worker.metric("kafka_connect_worker_plugins_left_out", &[]);
    assert_eq!(left_out, Some(all_faulty().count() as f64));
    let source = faulty_source("source", "null_optional", "t").with("records", 100);
    worker.create("source", &source).expect(201);
    let sink = faulty_sink("sink", "null_optional", "t").with("file", out.display());
    worker.create("sink", &sink).expect(201);
    wait_for("what flows through the others", Duration::from_secs(60), || {
        fs::read_to_string(&out).is_ok_and(|text| text.lines().count() == 100)
    });
    let answer = worker.create("x", &faulty_source("x", "wrong_magic", "t")).expect(400);
    assert!(answer.body.contains("Failed to find any class"), "{}", answer.body);
    assert!(worker.terminate().success());
}

/// `connect-host plugins list --json`.
fn list(folders: &[PathBuf], marker: &std::path::Path) -> Vec<Value> {
    let path: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let mut command = Command::new(paths::connect_host());
    command.args(["plugins", "list", "--json", "--plugin-path", &path.join(",")]);
    let output = command.env("FAULTY_MARKER", marker).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    list.as_array().expect("a list").clone()
}

#[test]
fn the_list_tells_what_it_can_and_runs_no_code() {
    let dir = connect_tests::RunDir::new("list");
    let marker = dir.join("marker");
    let names = all_faulty().map(|(name, _)| name).chain(GOOD).chain(["private_library"]);
    let libraries = list(&folders(names), &marker);
    assert!(!marker.exists(), "the list has run code of a plugin");
    let of = |name: &str| {
        let file = faulty::plugin_file(name).display().to_string();
        libraries.iter().find(|library| library["library"] == file).cloned()
    };
    for (name, words) in BY_MANIFEST {
        let library = of(name).unwrap_or_else(|| panic!("{name} is not in the list"));
        assert!(library["left_out"].as_str().is_some_and(|reason| reason.contains(words)), "{library}");
        assert!(library.get("classes").is_none(), "{library}");
    }
    for name in GOOD.into_iter().chain(BY_LOADING.map(|(name, _)| name)) {
        let library = of(name).unwrap_or_else(|| panic!("{name} is not in the list"));
        assert!(library.get("left_out").is_none(), "only loading can tell: {library}");
        assert_eq!(library["abi"], "0.1");
    }
    assert_eq!(of("private_library"), None);
    let numbers = of("numbers").expect("numbers");
    let source = &numbers["classes"][0];
    assert_eq!(source["class"], "org.connecthost.faulty.NumbersSource");
    assert_eq!((&source["kind"], &source["version"]), (&"source".into(), &"0.1.0".into()));
    let text = Command::new(paths::connect_host())
        .args(["plugins", "list", "--plugin-path"])
        .arg(faulty::plugin("manifest_abi"))
        .output();
    let text = String::from_utf8(text.expect("the program runs").stdout).expect("text");
    assert!(text.contains("manifest_abi.so is left out: it was built for plugin ABI 9.9"), "{text}");
}

#[test]
fn of_two_libraries_with_one_class_the_first_counts_and_the_second_is_told() {
    let spec = WorkerSpec::with_dev_broker().plugins(folders(["same_class_b", "same_class_a"]));
    let mut worker = spec.start();
    let log = worker.process().log();
    let line = told(&log, "same_class_a").unwrap_or_else(|| panic!("nothing is told:\n{log}"));
    let words = "class org.connecthost.faulty.SameClassSource in version 0.1.0 is already in ";
    assert!(line.contains(words) && line.contains("same_class_b.so"), "{line}");
    assert_eq!(told(&log, "same_class_b"), None, "{log}");
    assert!(classes(&worker).contains("org.connecthost.faulty.SameClassSource"));
    worker.create("s", &faulty_source("s", "same_class", "t")).expect(201);
    worker.wait_state("s", "RUNNING", 1);
    assert!(worker.terminate().success());
}

#[test]
fn a_class_of_a_kind_that_is_reserved_is_left_out_by_name() {
    let mut worker = WorkerSpec::with_dev_broker().plugins(folders(["reserved_kind"])).start();
    let log = worker.process().log();
    let named = |line: &str| line.contains("ReservedKindConverter") && line.contains("left out");
    assert!(log.lines().any(named), "the log does not name the class:\n{log}");
    let classes = classes(&worker);
    assert!(classes.contains("org.connecthost.faulty.ReservedKindSource"), "{classes:?}");
    assert!(!classes.contains("org.connecthost.faulty.ReservedKindConverter"), "{classes:?}");
    worker.create("s", &faulty_source("s", "reserved_kind", "t")).expect(201);
    worker.wait_state("s", "RUNNING", 1);
    assert!(worker.terminate().success());
}

#[test]
fn a_path_that_is_not_there_is_told_and_costs_nothing_else() {
    let mut worker = WorkerSpec::with_dev_broker().plugins(["/no/such/folder"]).start();
    let log = worker.process().log();
    assert!(log.contains("plugin /no/such/folder was left out: cannot be read"), "{log}");
    assert!(classes(&worker).iter().any(|class| class.contains("FileStreamSource")));
    assert!(worker.terminate().success());
}
