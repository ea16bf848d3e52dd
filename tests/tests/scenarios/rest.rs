//! The REST interface of a real worker: the shapes of its answers, and what its calls do to the flow of records.

use crate::MINUTE;
use connect_tests::configs::{faulty_sink, faulty_source, file_sink, verifiable_source};
use connect_tests::{Props, With, Worker, WorkerSpec, faulty, let_run, wait_for};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

const STILL: Duration = Duration::from_millis(500);

fn spec() -> WorkerSpec {
    let spec = WorkerSpec::with_dev_broker().plugins([faulty::plugin("numbers")]);
    spec.set("offset.flush.interval.ms", 200)
}

/// Numbered records, about 1,000 a second, into topic `t`.
fn source() -> Props {
    faulty_source("source", "numbers", "t")
}

fn sink(file: &Path) -> Props {
    faulty_sink("sink", "numbers", "t").with("file", file.display())
}

fn create(worker: &Worker, config: &Props) {
    worker.create(&config["name"], config).expect(201);
}

fn numbers(file: &Path) -> Vec<i64> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut numbers: Vec<i64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

fn assert_each_once(file: &Path) {
    let numbers = numbers(file);
    assert!(numbers.iter().copied().eq(0..numbers.len() as i64), "{} of {:?}", numbers.len(), numbers.last());
}

fn flows(file: &Path) {
    let before = numbers(file).len();
    wait_for("records", MINUTE, || numbers(file).len() > before + 300);
}

/// What has come to a rest stays there.
fn rests(what: &str, value: impl Fn() -> f64) {
    let mut last = -1.0;
    wait_for(&format!("{what} to rest"), MINUTE, || {
        let before = std::mem::replace(&mut last, value());
        let_run(STILL);
        before == last
    });
    let_run(STILL);
    assert_eq!(value(), last, "{what} went on");
}

#[test]
fn shapes_of_a_connectors_life() {
    let worker = spec().start();
    let (rest, id) = (worker.rest(), worker.rest().base().trim_start_matches("http://").to_owned());
    assert_eq!(rest.get("/connectors").expect(200).json(), json!([]));
    let config = source().with("tasks", 2).with("tasks.max", 2);
    let answer = worker.create("source", &config).expect(201);
    assert_eq!(answer.header("location"), Some(format!("{}/connectors/source", rest.base()).as_str()));
    let as_json: Value = config.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect();
    let info = json!({"name": "source", "config": as_json, "tasks": [], "type": "source"});
    assert_eq!(answer.json(), info);
    let status = worker.wait_state("source", "RUNNING", 2);
    let task = |n: u32| json!({"id": n, "state": "RUNNING", "worker_id": id, "version": "0.1.0"});
    let connector = json!({"state": "RUNNING", "worker_id": id, "version": "0.1.0"});
    let tasks = json!([task(0), task(1)]);
    assert_eq!(status, json!({"name": "source", "connector": connector, "tasks": tasks, "type": "source"}));
    assert_eq!(rest.get("/connectors/source/tasks/1/status").expect(200).json(), task(1));
    let id_of = |n: u32| json!({"connector": "source", "task": n});
    let info = json!({"name": "source", "config": as_json, "tasks": [id_of(0), id_of(1)], "type": "source"});
    assert_eq!(rest.get("/connectors/source").expect(200).json(), info);
    assert_eq!(rest.get("/connectors/source/config").expect(200).json(), as_json);
    let tasks = rest.get("/connectors/source/tasks").expect(200).json();
    assert_eq!(tasks[1]["id"], id_of(1));
    assert_eq!(tasks[1]["config"]["topic"], "t");
    assert!(tasks[1]["config"]["task.class"].is_string(), "{tasks}");
    let all = rest.get("/connectors?expand=status&expand=info").expect(200).json();
    assert_eq!(all["source"]["info"], info);
    assert_eq!(all["source"]["status"]["connector"], connector);
    let again = rest.put("/connectors/source/config", &as_json).expect(200).json();
    assert_eq!(again["config"], as_json);
    let other = rest.put(
        "/connectors/other/config",
        &json!({"connector.class": "CSink", "topics": "t", "file": "/dev/null"}),
    );
    assert_eq!(other.expect(201).json()["config"]["name"], "other");
    let names = rest.get("/connectors").expect(200).json();
    assert!(names == json!(["other", "source"]) || names == json!(["source", "other"]), "{names}");
    assert_eq!(rest.delete("/connectors/other").expect(204).body, "");
    rest.get("/connectors/other").expect(404);
}

#[test]
fn shapes_of_the_worker_itself() {
    let worker = spec().start();
    let rest = worker.rest();
    let root = rest.get("/").expect(200).json();
    assert!(root["version"].is_string() && root["commit"].is_string(), "{root}");
    wait_for("the cluster's id", MINUTE, || rest.get("/").json()["kafka_cluster_id"].is_string());
    let health = rest.get("/health").expect(200).json();
    let words = "Worker has completed startup and is ready to handle requests.";
    assert_eq!(health, json!({"status": "healthy", "message": words}));
    let plugins = rest.get("/connector-plugins").expect(200).json();
    let file = json!({"class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "type": "sink", "version": "0.1.0"});
    assert!(plugins.as_array().expect("a list").contains(&file), "{plugins}");
    let more = rest.get("/connector-plugins?connectorsOnly=false").expect(200).json();
    let converter = |plugin: &Value| {
        plugin["class"] == "org.apache.kafka.connect.json.JsonConverter" && plugin["type"] == "converter"
    };
    assert!(more.as_array().expect("a list").iter().any(converter), "{more}");
    let keys = rest.get("/connector-plugins/FileStreamSource/config").expect(200).json();
    let key = keys.as_array().expect("a list").iter().find(|key| key["name"] == "topic").expect("topic");
    assert_eq!(
        (&key["type"], &key["required"], &key["importance"]),
        (&"STRING".into(), &true.into(), &"HIGH".into())
    );
    let given = json!({"connector.class": "FileStreamSource", "name": "f", "tasks.max": "many"});
    let path = "/connector-plugins/FileStreamSource/config/validate";
    let report = rest.put(path, &given).expect(200).json();
    let wrong: Vec<&str> = report["configs"]
        .as_array()
        .expect("configs")
        .iter()
        .filter(|config| config["value"]["errors"].as_array().is_some_and(|errors| !errors.is_empty()))
        .filter_map(|config| config["value"]["name"].as_str())
        .collect();
    // As in Kafka, a value that cannot be read is also one that is missing.
    assert_eq!((report["error_count"].as_u64(), wrong.len()), (Some(3), 2), "{report}");
    assert!(wrong.contains(&"topic") && wrong.contains(&"tasks.max"), "{wrong:?}");
}

#[test]
fn errors_are_told_as_by_kafka() {
    let worker = spec().start();
    let rest = worker.rest();
    create(&worker, &source());
    let told = |status: u16, answer: connect_tests::Answer, words: &str| {
        let body = answer.expect(status).json();
        assert_eq!(body["error_code"], status, "{body}");
        assert!(body["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {body}");
    };
    told(409, worker.create("source", &source()), "Connector source already exists");
    told(404, rest.get("/connectors/none"), "Connector none not found");
    told(404, rest.get("/connectors/none/status"), "No status found for connector none");
    told(404, rest.call("PUT", "/connectors/none/pause"), "Unknown connector none");
    told(404, rest.delete("/connectors/none"), "Connector none not found");
    told(404, rest.call("POST", "/connectors/source/tasks/7/restart"), "Task source-7 not found");
    told(404, rest.get("/no/such/path"), "HTTP 404 Not Found");
    told(405, rest.call("PATCH", "/connectors"), "HTTP 405 Method Not Allowed");
    told(400, worker.create("x", &Props::new().with("tasks.max", 1)), "contains no connector type");
    told(400, worker.create("x", &source().with("name", "y")), "doesn't match connector name");
    let class = source().with("name", "x").with("connector.class", "NoSuch");
    told(400, worker.create("x", &class), "Failed to find any class that implements Connector");
    let wrong = file_sink("x", "t", Path::new("/dev/null")).with("topics.regex", "t.*").with("tasks.max", 0);
    told(400, worker.create("x", &wrong), "contains the following 3 error(s)");
    let half = r#"{"connector.class": "FileStreamSource", "topic": "\ud800"}"#;
    let answer = rest.try_raw("PUT", "/connectors/half/config", Some("application/json"), half.as_bytes());
    told(400, answer.expect("an answer"), "half a surrogate pair at line 1, column 51");
    let tasks = rest.request("POST", "/connectors/source/tasks", Some(&json!([])));
    told(500, tasks, "standalone mode does not support externally setting task configurations");
    told(500, rest.call("PUT", "/connectors/source/fence"), "standalone mode does not support exactly-once");
}

#[test]
fn nulls_are_refused_for_every_key_and_a_patch_removes_by_them() {
    let worker = spec().start();
    let rest = worker.rest();
    let config = |key: &str, value: Value| {
        let mut config = json!({"connector.class": "FileStreamSource", "topic": "t"});
        config[key] = value;
        config
    };
    // Keys of the worker, of the plugin (one with a default, one that is required), and of nobody.
    for key in ["tasks.max", "batch.size", "topic", "strange"] {
        let answer = rest.put("/connectors/n/config", &config(key, Value::Null)).expect(400).json();
        let told = answer["message"].as_str().is_some_and(|text| text.contains("contains the following"));
        assert!(told, "{key}: {answer}");
    }
    let answer = rest.put("/connectors/n/config", &config("batch.size", Value::Null)).expect(400);
    let told = "batch.size: Null value can not be supplied as the configuration value.";
    assert!(answer.body.contains(told), "{}", answer.body);
    rest.get("/connectors/n").expect(404);
    rest.put("/connectors/n/config", &config("batch.size", json!(5))).expect(201);
    let patched =
        rest.request("PATCH", "/connectors/n/config", Some(&json!({"batch.size": null}))).expect(200);
    assert_eq!(patched.json()["config"].get("batch.size"), None, "{}", patched.body);
}

#[test]
fn more_tasks_than_tasks_max_fail_the_connector_or_are_warned_of() {
    let spec = WorkerSpec::with_dev_broker().plugins([faulty::plugin("garbage_connector")]);
    let mut worker = spec.start();
    let words = "The connector many has generated 2 tasks, which is greater than 1";
    let please = "Please report this to the maintainers";
    let many = faulty_source("many", "garbage_connector", "t").with("fault", "tasks_many");
    create(&worker, &many);
    let failed = worker.wait_state("many", "FAILED", 0);
    assert!(failed["connector"]["trace"].as_str().is_some_and(|trace| trace.contains(words)), "{failed}");
    assert!(!worker.process().log().contains(please));
    let tolerated = many.with("tasks.max.enforce", false);
    worker.rest().put("/connectors/many/config", &json!(tolerated)).expect(200);
    worker.wait_state("many", "RUNNING", 2);
    let log = worker.process().log();
    assert!(log.lines().any(|line| line.contains(words) && line.contains(please)), "{log}");
}

#[test]
fn pause_resume_and_stop_hold_the_flow_and_let_it_go_on() {
    let spec = spec();
    let out = spec.dir().join("out");
    let worker = spec.start();
    let call = |method: &str, path: &str, status: u16| worker.rest().call(method, path).expect(status);
    let written = || worker.metric("kafka_connect_source_task_source_record_write_total", &["\"source\""]);
    create(&worker, &source());
    create(&worker, &sink(&out));
    flows(&out);
    call("PUT", "/connectors/source/pause", 202);
    let status = worker.wait_state("source", "PAUSED", 1);
    assert_eq!(status["tasks"][0]["state"], "PAUSED");
    rests("a paused source", || written().unwrap_or(0.0));
    call("PUT", "/connectors/source/resume", 202);
    worker.wait_state("source", "RUNNING", 1);
    flows(&out);
    call("PUT", "/connectors/sink/pause", 202);
    worker.wait_state("sink", "PAUSED", 1);
    rests("a paused sink", || numbers(&out).len() as f64);
    call("PUT", "/connectors/sink/resume", 202);
    flows(&out);
    for name in ["source", "sink"] {
        call("PUT", &format!("/connectors/{name}/stop"), 204);
        worker.wait_state(name, "STOPPED", 0);
        assert_eq!(call("GET", &format!("/connectors/{name}/tasks"), 200).json(), json!([]));
    }
    rests("stopped connectors", || numbers(&out).len() as f64);
    // A new config does not start what is stopped.
    worker.rest().put("/connectors/source/config", &json!(source().with("batch", 20))).expect(200);
    worker.wait_state("source", "STOPPED", 0);
    for name in ["source", "sink"] {
        call("PUT", &format!("/connectors/{name}/resume"), 202);
        worker.wait_state(name, "RUNNING", 1);
    }
    flows(&out);
    call("PUT", "/connectors/source/stop", 204);
    rests("the rest", || numbers(&out).len() as f64);
    assert_each_once(&out);
}

#[test]
fn restarts_reconfiguration_and_deletion() {
    let spec = spec();
    let out = spec.dir().join("out");
    let worker = spec.start();
    let call = |method: &str, path: &str, status: u16| worker.rest().call(method, path).expect(status);
    let restarts = || worker.metric("kafka_connect_worker_task_startup_attempts_total", &[]).unwrap_or(0.0);
    create(&worker, &source());
    create(&worker, &sink(&out));
    flows(&out);
    let before = restarts();
    call("POST", "/connectors/source/restart", 204);
    worker.wait_state("source", "RUNNING", 1);
    assert_eq!(restarts(), before, "the connector alone");
    call("POST", "/connectors/source/tasks/0/restart", 204);
    wait_for("the task's restart", MINUTE, || restarts() == before + 1.0);
    let body = call("POST", "/connectors/source/restart?includeTasks=true", 202).json();
    assert_eq!(
        (&body["connector"]["state"], &body["tasks"][0]["state"]),
        (&"RESTARTING".into(), &"RESTARTING".into())
    );
    wait_for("the restart of all", MINUTE, || restarts() == before + 2.0);
    worker.wait_state("source", "RUNNING", 1);
    call("POST", "/connectors/source/restart?includeTasks=true&onlyFailed=true", 202);
    flows(&out);
    assert_eq!(restarts(), before + 2.0, "nothing had failed");
    worker.rest().put("/connectors/source/config", &json!(source().with("topic", "elsewhere"))).expect(200);
    wait_for("the task with the new config", MINUTE, || restarts() == before + 3.0);
    rests("the old topic", || numbers(&out).len() as f64);
    let both = sink(&out).with("topics", "t,elsewhere");
    worker.rest().put("/connectors/sink/config", &json!(both)).expect(200);
    flows(&out);
    call("DELETE", "/connectors/source", 204);
    call("GET", "/connectors/source/status", 404);
    rests("a deleted source", || numbers(&out).len() as f64);
    assert_each_once(&out);
    // Its offsets are kept: the next of that name goes on.
    create(&worker, &source());
    flows(&out);
    call("PUT", "/connectors/source/stop", 204);
    rests("the rest", || numbers(&out).len() as f64);
    assert_each_once(&out);
}

#[test]
fn a_failed_task_is_restarted_by_request() {
    let worker = spec().start();
    create(&worker, &verifiable_source("source", "t", 100));
    let folder = worker.dir().join("not/yet");
    create(&worker, &file_sink("sink", "t", &folder.join("out")));
    let trace = worker.wait_task_failed("sink", 0);
    assert!(trace.contains("not/yet/out"), "{trace}");
    assert_eq!(worker.status("sink")["connector"]["state"], "RUNNING");
    worker.wait_state("source", "RUNNING", 1);
    fs::create_dir_all(&folder).expect("the folder");
    worker.rest().call("POST", "/connectors/sink/restart?includeTasks=true&onlyFailed=true").expect(202);
    wait_for("lines", MINUTE, || fs::read_to_string(folder.join("out")).is_ok_and(|text| text.len() > 100));
    assert_eq!(worker.wait_state("sink", "RUNNING", 1)["tasks"][0].get("trace"), None);
}

#[test]
fn connectors_of_rest_are_gone_after_a_restart_and_their_offsets_are_not() {
    let spec = spec();
    let out = spec.dir().join("out");
    let mut worker = spec.connector(source().with("name", "of-a-file")).start();
    create(&worker, &source().with("records", 500));
    create(&worker, &sink(&out));
    let written = |worker: &Worker| {
        worker.metric("kafka_connect_source_task_source_record_write_total", &["connector=\"source\""])
    };
    wait_for("the records", MINUTE, || written(&worker) == Some(500.0));
    assert!(worker.terminate().success());
    worker.restart();
    worker.wait_state("of-a-file", "RUNNING", 1);
    assert_eq!(worker.rest().get("/connectors").json(), json!(["of-a-file"]));
    create(&worker, &source().with("records", 600));
    wait_for("the rest of the records", MINUTE, || written(&worker) == Some(100.0));
    let_run(STILL);
    assert_eq!(written(&worker), Some(100.0), "from the stored offset on");
}
