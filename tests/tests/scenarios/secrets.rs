//! Secrets: a marked one stands wherever one can be, and is looked for in all that the worker tells.
//!
//! Kafka Connect gives the config of a connector and of its tasks back as it was given, and so does this worker; nothing
//! else may hold a mark.

use crate::MINUTE;
use connect_tests::configs::{connector, faulty_sink};
use connect_tests::{
    Answer, Process, Props, RunDir, With, Worker, WorkerSpec, faulty, free_port, paths, wait_for,
};
use serde_json::json;
use std::fs;
use std::process::Command;

/// All secrets begin with this; what follows says where one stood.
const MARK: &str = "pa55-w0rd";

fn jaas(place: &str) -> String {
    let class = "org.apache.kafka.common.security.plain.PlainLoginModule";
    format!("{class} required username=\"u\" password=\"{MARK}-{place}\";")
}

/// A worker with secrets in its file, as noisy as can be.
fn worker(format: &str) -> Worker {
    let spec = WorkerSpec::with_dev_broker().plugins([faulty::rust_plugin(), faulty::plugin("numbers")]);
    let mut spec =
        spec.env("RUST_LOG", "trace").set("log.format", format).set("offset.flush.interval.ms", 100);
    for prefix in ["producer.", "consumer.", "admin."] {
        spec = spec.set(&format!("{prefix}sasl.mechanism"), "PLAIN");
        spec = spec.set(&format!("{prefix}sasl.jaas.config"), jaas(prefix));
        spec = spec.set(&format!("{prefix}ssl.key.password"), format!("{MARK}-{prefix}key"));
    }
    for key in [
        "ssl.keystore.password",
        "ssl.key.password",
        "ssl.truststore.password",
        "listeners.https.ssl.key.password",
        "metrics.listeners.https.ssl.keystore.password",
        "sasl.oauthbearer.client.credentials.client.secret",
    ] {
        spec = spec.set(key, format!("{MARK}-{key}"));
    }
    // Not a key of anybody, and one that is misspelt: named, without the value.
    let spec =
        spec.set("my.password", format!("{MARK}-unknown")).set("sasl.jaas.confg", format!("{MARK}-misspelt"));
    spec.start()
}

/// A connector with secrets wherever its config may have them.
fn source(name: &str) -> Props {
    connector(name, "org.connecthost.faulty.PanicsSource")
        .with("topic", "t")
        .with("secret", format!("good-{MARK}-plugin"))
        .with("connection.password", format!("{MARK}-undefined"))
        .with("secrett", format!("{MARK}-misspelt"))
        .with("producer.override.sasl.mechanism", "PLAIN")
        .with("producer.override.sasl.jaas.config", jaas("override"))
        .with("producer.override.ssl.key.password", format!("{MARK}-override"))
        .with("admin.override.ssl.truststore.password", format!("{MARK}-override"))
        .with("value.converter", "Json")
        .with("value.converter.password", format!("{MARK}-converter"))
}

fn assert_secret(what: &str, told: &str) {
    let line = told.lines().find(|line| line.contains(MARK));
    assert!(line.is_none(), "{what} tells a secret: {}", line.unwrap_or_default());
}

fn assert_refused(what: &str, answer: &Answer) {
    assert!(answer.status >= 400, "{what} is not refused: {}", answer.body);
    assert_secret(what, &answer.body);
}

/// Connectors that run, that fail in each place, and that are refused.
fn connectors(worker: &Worker) {
    worker.create("runs", &source("runs")).expect(201);
    worker.create("sink", &faulty_sink("sink", "numbers", "t").with("connection.password", MARK)).expect(201);
    for call in ["connector.start", "connector.task_configs", "start", "poll"] {
        worker.create(call, &source(call).with("panic.in", call)).expect(201);
    }
    // Its client is told to log in, which the embedded broker does not know.
    let secured = source("secured").with("producer.override.security.protocol", "SASL_PLAINTEXT");
    worker.create("secured", &secured).expect(201);
    let validate = source("validate").with("panic.in", "connector.validate");
    assert_refused("a panic in validate", &worker.create("validate", &validate));
    let wrong = [
        ("secret", format!("bad-{MARK}")),
        ("producer.override.sasl.jaas.config", format!("nonsense {MARK}")),
        ("producer.override.sasl.jaas.config", jaas("x").replace(';', "")),
        ("value.converter.schemas.enable", "maybe".to_owned()),
        ("tasks.max", "many".to_owned()),
    ];
    for (key, value) in wrong {
        let answer = worker.create("wrong", &source("wrong").with(key, value));
        // What is wrong with a client's settings may show only when the task starts.
        if key != "producer.override.sasl.jaas.config" || answer.status >= 400 {
            assert_refused(key, &answer);
        }
        worker.rest().delete("/connectors/wrong");
    }
    worker.wait_state("runs", "RUNNING", 1);
    for (name, task) in [("start", 0), ("poll", 0)] {
        assert_secret(name, &worker.wait_task_failed(name, task));
    }
}

/// Bodies that are refused: broken, of the wrong shape, of a wrong type.
fn bodies(worker: &Worker) {
    let raw = |method: &str, path: &str, body: &str| {
        let answer = worker.rest().try_raw(method, path, Some("application/json"), body.as_bytes());
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    };
    let validate = "/connector-plugins/org.connecthost.faulty.PanicsSource/config/validate";
    let paths = [
        ("POST", "/connectors"),
        ("PUT", "/connectors/runs/config"),
        ("PATCH", "/connectors/runs/config"),
        ("PUT", validate),
    ];
    for (method, path) in paths {
        for body in [
            format!("{{\"secret\": \"{MARK}"),
            format!("\"{MARK}\""),
            format!("[\"{MARK}\"]"),
            format!("{{\"secret\": {MARK}}}"),
            format!("{{\"name\": \"x\", \"config\": \"{MARK}\"}}"),
            format!("{{\"name\": \"x\", \"config\": {{\"secret\": [\"{MARK}\"]}}}}"),
            format!("{{\"secret\": {{\"a\": \"{MARK}\"}}}}"),
            format!("{{\"name\": \"x\", \"secret\": \"{MARK}\"}}{MARK}"),
        ] {
            let answer = raw(method, path, &body);
            // A PATCH with an unknown key is a good one: it hands the config back.
            if answer.status >= 400 || path == validate {
                assert_secret(&format!("{method} {path} of {body}"), &answer.body);
            }
        }
    }
    for value in [format!("good-{MARK}"), format!("bad-{MARK}")] {
        let config = source("runs").with("secret", value);
        let answer = worker.rest().put(validate, &json!(config)).expect(200);
        assert_secret("validate", &answer.body);
        assert!(answer.body.contains("[hidden]"), "{}", answer.body);
    }
}

fn answers(worker: &Worker) {
    let rest = worker.rest();
    for path in [
        "/",
        "/health",
        "/metrics",
        "/connectors",
        "/connectors?expand=status",
        "/connectors/runs/status",
        "/connectors/secured/status",
        "/connectors/runs/topics",
        "/connectors/runs/offsets",
        "/connectors/runs/tasks/0/status",
        "/connectors/poll/tasks/0/status",
        "/v1/connectors/runs/health",
        "/connector-plugins",
        "/connector-plugins?connectorsOnly=false",
        "/connector-plugins/org.connecthost.faulty.PanicsSource/config",
        "/admin/loggers",
        "/no/such/path",
    ] {
        assert_secret(path, &rest.get(path).body);
    }
    // As in Kafka Connect, who may read configs reads them as they were given.
    for path in [
        "/connectors/runs",
        "/connectors/runs/config",
        "/connectors/runs/tasks",
        "/connectors?expand=info",
        "/v1/connectors?name=runs",
    ] {
        let body = rest.get(path).expect(200).body;
        assert!(body.contains(&format!("good-{MARK}-plugin")), "{path}: {body}");
    }
}

#[test]
fn no_secret_leaves_a_running_worker() {
    for format in ["text", "json"] {
        let mut worker = worker(format);
        connectors(&worker);
        bodies(&worker);
        answers(&worker);
        worker.rest().call("PUT", "/connectors/runs/pause").expect(202);
        worker.rest().call("POST", "/connectors/poll/restart?includeTasks=true&onlyFailed=true");
        worker.stop("sink");
        worker.rest().delete("/connectors/sink");
        assert!(worker.terminate().success());
        let log = worker.process().log();
        assert!(log.lines().count() > 50, "{log}");
        assert!(log.contains("my.password") && log.contains("secrett"), "keys are named");
        assert_secret(format, &log);
    }
}

/// Runs a worker that shall not come up, with a connector: its exit code and all that it told.
fn refused(dir: &RunDir, file: (&str, &str), connector: (&str, &str)) -> String {
    let write = |(name, text): (&str, &str)| {
        fs::write(dir.join(name), text).expect("a file");
        dir.join(name)
    };
    let mut command = Command::new(paths::connect_host());
    command
        .arg("standalone")
        .arg(write(file))
        .arg(write(connector))
        .arg("--dev-broker")
        .env("RUST_LOG", "trace");
    let mut process = Process::start("connect-host", &mut command, &dir.join("log"));
    let mut ended = None;
    wait_for("the end", MINUTE, || {
        ended = process.exited();
        ended.is_some()
    });
    let told = process.log();
    assert_eq!(ended.and_then(|status| status.code()), Some(64), "{told}");
    fs::remove_file(dir.join("log")).expect("the log");
    told
}

#[test]
fn no_secret_is_told_at_a_start_that_fails() {
    let dir = RunDir::new("secrets");
    let port = free_port();
    let good = format!(
        "key.converter=String\nvalue.converter=String\nlisteners=http://127.0.0.1:{port}\nplugin.path={}\n\
         offset.storage.file.filename={}\n",
        faulty::rust_plugin().display(),
        dir.join("offsets").display()
    );
    let fine = "name=c\nconnector.class=PanicsSource\n";
    for line in [
        format!(
            "producer.sasl.mechanism=PLAIN\nproducer.sasl.jaas.config=nonsense {MARK}\nproducer.security.protocol=SASL_SSL"
        ),
        format!(
            "consumer.sasl.mechanism=SCRAM-SHA-256\nconsumer.security.protocol=SASL_SSL\nconsumer.sasl.jaas.config={MARK}"
        ),
        format!(
            "security.protocol=SSL\nssl.keystore.type=PEM\nssl.keystore.key={MARK}\nssl.key.password={MARK}"
        ),
        format!("security.protocol=SSL\nssl.truststore.type=WRONG\nssl.truststore.certificates={MARK}"),
        format!("producer.acks=wrong\nproducer.ssl.keystore.password={MARK}"),
        format!("ssl.key.password=\\uZZ{MARK}"),
        format!("sasl.jaas.config={}\nsasl.mechanism=GSSAPI\nsecurity.protocol=SASL_SSL", jaas("gssapi")),
        format!(
            "metrics.listeners=https://:1\nmetrics.listeners.https.ssl.keystore.type=WRONG\nmetrics.listeners.https.ssl.keystore.location=x\nmetrics.listeners.https.ssl.keystore.password={MARK}"
        ),
        format!(
            "admin.listeners=https://:1\nadmin.listeners.https.ssl.keystore.type=PEM\nadmin.listeners.https.ssl.keystore.key={MARK}\nadmin.listeners.https.ssl.keystore.certificate.chain={MARK}"
        ),
    ] {
        let told = refused(&dir, ("worker.properties", &format!("{good}{line}\n")), ("c.properties", fine));
        assert_secret(&line, &told);
    }
    for (name, text) in [
        ("worker.json", format!("{{\"ssl.key.password\": {{\"a\": \"{MARK}\"}}}}")),
        ("worker.json", format!("{{\"ssl.key.password\": {MARK}}}")),
        ("worker.yaml", format!("ssl.key.password: [[{MARK}]]")),
        ("worker.yaml", format!("ssl.key.password: !!int {MARK}")),
        ("worker.yaml", format!("ssl:\n\tkey: {MARK}")),
        ("worker.yaml", format!("ssl.key.password={MARK}")),
    ] {
        assert_secret(&text, &refused(&dir, (name, &text), ("c.properties", fine)));
    }
    for (name, text) in [
        ("c.properties", format!("{fine}secret=bad-{MARK}\n")),
        ("c.properties", format!("{fine}tasks.max=0\nsecret=good-{MARK}\nconnection.password={MARK}\n")),
        ("c.json", format!("{{\"name\": \"c\", \"config\": {{\"secret\": [\"{MARK}\"]}}}}")),
        ("c.yaml", format!("name: c\nconfig: {{secret: {{a: {MARK}}}}}\nsecret: {MARK}")),
    ] {
        assert_secret(&text, &refused(&dir, ("worker.properties", &good), (name, &text)));
    }
}
