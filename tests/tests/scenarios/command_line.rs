//! The command line: files of both forms, exit codes, every problem at once by its key, signals.

use crate::MINUTE;
use connect_tests::configs::{faulty_source, file_source, verifiable_source};
use connect_tests::{
    Process, Props, RunDir, With, Worker, WorkerSpec, faulty, free_port, paths, props, wait_for,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs `connect-host` with these arguments to its end: exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(paths::connect_host()).args(arguments).output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The settings that every worker needs, in a folder of its own.
fn worker_props(dir: &RunDir) -> Props {
    props([
        ("bootstrap.servers", "127.0.0.1:1".to_owned()),
        ("listeners", format!("http://127.0.0.1:{}", free_port())),
        ("key.converter", "org.apache.kafka.connect.storage.StringConverter".to_owned()),
        ("value.converter", "org.apache.kafka.connect.storage.StringConverter".to_owned()),
        ("offset.storage.file.filename", dir.join("offsets").display().to_string()),
        ("plugin.path", paths::plugins().display().to_string()),
    ])
}

fn write(dir: &RunDir, name: &str, text: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, text).expect("a file");
    path.display().to_string()
}

fn write_props(dir: &RunDir, name: &str, given: &Props) -> String {
    write(dir, name, &connect_tests::worker::properties(given))
}

fn assert_told(told: &str, words: &[&str]) {
    for word in words {
        assert!(told.contains(word), "{word:?} is not in\n{told}");
    }
}

#[test]
fn wrong_usage_is_64_and_help_is_0() {
    for arguments in
        [&[][..], &["nonsense"], &["standalone"], &["standalone", "a", "--no-such"], &["plugins", "list"]]
    {
        let (code, out, told) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(64), ""), "{arguments:?}: {told}");
        assert!(!told.is_empty());
    }
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    assert_told(&out, &["standalone", "plugins"]);
    assert_eq!(run(&["--version"]).0, Some(0));
    let (code, _, told) = run(&["standalone", "/no/such/worker.properties"]);
    assert_eq!(code, Some(64), "{told}");
    assert_told(&told, &["/no/such/worker.properties"]);
}

#[test]
fn all_problems_of_the_worker_are_told_at_once_by_key() {
    let dir = RunDir::new("problems");
    let mut given =
        worker_props(&dir).with("offset.flush.interval.ms", "soon").with("listeners", "ftp://x:1");
    given.remove("value.converter");
    let given = given.with("producer.acks", "maybe").with("connector.client.config.override.policy", "Some");
    let (code, out, told) = run(&["standalone", &write_props(&dir, "worker.properties", &given)]);
    assert_eq!((code, out.as_str()), (Some(64), ""), "{told}");
    for key in [
        "offset.flush.interval.ms",
        "listeners",
        "value.converter",
        "producer.acks",
        "connector.client.config.override.policy",
    ] {
        let lines = told.lines().filter(|line| line.contains(&format!(" {key}: "))).count();
        assert_eq!(lines, 1, "{key} in\n{told}");
    }
    let (code, _, told) = run(&["standalone", &write(&dir, "worker.json", "{\"a\": ")]);
    assert_eq!(code, Some(64), "{told}");
    assert_told(&told, &["worker.json"]);
}

#[test]
fn all_problems_of_connector_files_are_told_at_once() {
    let dir = RunDir::new("problems");
    let worker = write_props(&dir, "worker.properties", &worker_props(&dir));
    let nameless = write(&dir, "nameless.properties", "connector.class=FileStreamSource\ntopic=t\n");
    let broken = write(&dir, "broken.json", "{\"name\": \"x\", ");
    let (code, _, told) =
        run(&["standalone", &worker, &nameless, &broken, "/no/such/file.properties", "--dev-broker"]);
    assert_eq!(code, Some(64), "{told}");
    assert_told(&told, &["nameless.properties", "broken.json", "/no/such/file.properties"]);
    let incomplete = verifiable_source("incomplete", "", 1).with("throughput", "fast");
    let incomplete = write_props(&dir, "incomplete.properties", &incomplete);
    let unknown = file_source("unknown", Path::new("/dev/null"), "t").with("connector.class", "NoSuch");
    let unknown = write_props(&dir, "unknown.properties", &unknown);
    let (code, _, told) = run(&["standalone", &worker, &incomplete, &unknown, "--dev-broker"]);
    assert_eq!(code, Some(64), "{told}");
    assert_told(&told, &["incomplete.properties", "topic", "throughput", "unknown.properties", "NoSuch"]);
}

#[test]
fn a_port_in_use_is_1() {
    let dir = RunDir::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address");
    let given = worker_props(&dir).with("listeners", format!("http://{address}"));
    let (code, _, told) =
        run(&["standalone", &write_props(&dir, "worker.properties", &given), "--dev-broker"]);
    assert_eq!(code, Some(1), "{told}");
    assert_told(&told, &["listeners", &address.to_string()]);
    let garbage = write(&dir, "offsets", "no map of Java's");
    let (code, _, told) =
        run(&["standalone", &write_props(&dir, "worker.properties", &worker_props(&dir)), "--dev-broker"]);
    assert_eq!(code, Some(1), "an offset file that cannot be read: {told}");
    assert_told(&told, &[&garbage, "remove it"]);
    assert_eq!(fs::read_to_string(&garbage).expect("the file"), "no map of Java's", "it is left as it was");
}

/// Both files as JSON, a connector in each of the shapes that connect-standalone takes, one of them paused.
#[test]
fn files_may_be_json() {
    let dir = RunDir::new("json");
    let given = worker_props(&dir);
    let rest = connect_tests::Rest::new(&given["listeners"]);
    let worker = write(&dir, "worker.json", &json!(given).to_string());
    let flat = verifiable_source("flat", "t", 100);
    let flat = write(&dir, "flat.json", &json!(flat).to_string());
    let config = verifiable_source("nested", "t", 100);
    let nested = json!({"name": "nested", "config": config, "initial_state": "PAUSED"});
    let nested = write(&dir, "nested.json", &nested.to_string());
    let mut process = start(&dir, [&worker, &flat, &nested]);
    let status = |name: &str| status(&rest, name);
    wait_for("the flat one", MINUTE, || status("flat")["tasks"][0]["state"] == "RUNNING");
    // Nothing has asked it for tasks yet.
    wait_for("the paused one", MINUTE, || status("nested")["connector"]["state"] == "PAUSED");
    assert_eq!(status("nested")["tasks"], json!([]));
    rest.call("PUT", "/connectors/nested/resume").expect(202);
    wait_for("its task", MINUTE, || status("nested")["tasks"][0]["state"] == "RUNNING");
    assert_eq!(process.terminate(MINUTE).code(), Some(0));
}

/// A worker of these files, with the embedded broker.
fn start(dir: &RunDir, files: [&str; 3]) -> Process {
    let mut command = Command::new(paths::connect_host());
    command.arg("standalone").args(files).arg("--dev-broker");
    Process::start("connect-host", &mut command, &dir.join("log"))
}

/// The status of a connector; empty while nobody answers.
fn status(rest: &connect_tests::Rest, name: &str) -> Value {
    let answer = rest.try_request("GET", &format!("/connectors/{name}/status"), None);
    answer.map_or_else(|_| json!({}), |answer| answer.json())
}

/// All files as YAML, which goes by their names: nested keys, lists, numbers as written.
#[test]
fn files_may_be_yaml() {
    let dir = RunDir::new("yaml");
    let given = worker_props(&dir);
    let rest = connect_tests::Rest::new(&given["listeners"]);
    let worker = format!(
        "bootstrap:\n  servers: [127.0.0.1:1]\nlisteners:\n- {}\nkey.converter: {converter}\nvalue:\n  converter: \
         {converter}\noffset.storage.file:\n  filename: {}\nplugin.path: [{}]\noffset:\n  flush.interval.ms: 00100\n",
        given["listeners"],
        given["offset.storage.file.filename"],
        given["plugin.path"],
        converter = given["key.converter"],
    );
    let worker = write(&dir, "worker.yaml", &worker);
    let flat = "name: flat\nconnector: {class: VerifiableSource}\ntasks.max: 1\ntopic: t\nthroughput: 100\nid: 007\n";
    let flat = write(&dir, "flat.yml", flat);
    let nested = "name: nested\nconfig:\n  connector.class: VerifiableSource\n  topic: t\n  throughput: 100\n\
                  initial_state: PAUSED\n";
    let nested = write(&dir, "nested.yaml", nested);
    let mut process = start(&dir, [&worker, &flat, &nested]);
    let status = |name: &str| status(&rest, name);
    wait_for("the flat one", MINUTE, || status("flat")["tasks"][0]["state"] == "RUNNING");
    wait_for("the paused one", MINUTE, || status("nested")["connector"]["state"] == "PAUSED");
    let config = rest.get("/connectors/flat/config").json();
    assert_eq!((&config["id"], &config["connector.class"]), (&json!("007"), &json!("VerifiableSource")));
    assert_eq!(process.terminate(MINUTE).code(), Some(0));
    let twice = write(&dir, "twice.yaml", "a.b: 1\na:\n  b: pa55-w0rd\n");
    let (code, _, told) = run(&["standalone", &twice]);
    assert_eq!(code, Some(64), "{told}");
    assert_told(&told, &["twice.yaml: line 3: 'a.b' is given twice"]);
    assert!(!told.contains("pa55-w0rd"));
}

#[test]
fn completions_and_manual_come_from_the_command_line_itself() {
    for (shell, word) in [("bash", "complete"), ("zsh", "#compdef"), ("fish", "complete -c")] {
        let (code, out, told) = run(&["completions", shell]);
        assert_eq!((code, told.as_str()), (Some(0), ""), "{shell}");
        assert_told(&out, &[word, "connect-host", "dev-broker", "plugin-path"]);
    }
    assert_eq!(run(&["completions", "csh"]).0, Some(64));
    let (code, out, _) = run(&["manual"]);
    assert_eq!(code, Some(0));
    assert_told(
        &out,
        &[".TH", "connect\\-host", "standalone", "plugins list", "\\-\\-dev\\-broker", "EXIT STATUS"],
    );
}

/// A worker with a task whose stop would take for ever.
fn stuck() -> Worker {
    let spec = WorkerSpec::with_dev_broker().plugins([faulty::plugin("hang")]);
    let spec = spec.set("task.shutdown.graceful.timeout.ms", 60_000);
    let worker = spec.connector(faulty_source("stuck", "hang", "t").with("fault", "stop")).start();
    worker.wait_state("stuck", "RUNNING", 1);
    worker
}

#[test]
fn a_second_signal_ends_the_worker_at_once() {
    for second in [Signal::TERM, Signal::INT] {
        let mut worker = stuck();
        let asked = Instant::now();
        worker.process().signal(Signal::INT);
        wait_for("the worker to stop", MINUTE, || worker.process().log().contains("the worker stops"));
        worker.process().signal(second);
        let ended = worker.process().wait(Duration::from_secs(10));
        assert_eq!(ended.code(), Some(1), "{second:?} after {:?}", asked.elapsed());
        assert!(worker.process().log().contains("a second signal"), "{second:?}");
    }
}

#[test]
fn an_interrupt_is_a_clean_stop() {
    let mut worker = WorkerSpec::with_dev_broker().connector(verifiable_source("v", "t", 100)).start();
    worker.wait_state("v", "RUNNING", 1);
    worker.process().signal(Signal::INT);
    assert_eq!(worker.process().wait(MINUTE).code(), Some(0));
    assert!(worker.process().log().contains("the worker has stopped"));
}
