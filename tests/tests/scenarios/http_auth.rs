//! Basic authentication of a real worker, configured as for Kafka Connect.

use crate::MINUTE;
use connect_tests::raw::{Raw, header};
use connect_tests::{Rest, RunDir, Worker, WorkerSpec, free_port, wait_for, wait_until};
use std::fs;

/// What asks callers for a password.
pub const EXTENSION: &str =
    "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension";
const MODULE: &str = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";
/// ann:s3cret
pub const ANN: &str = "Authorization: Basic YW5uOnMzY3JldA==";
/// ann:wrong
pub const WRONG: &str = "Authorization: Basic YW5uOndyb25n";

/// Writes the JAAS file and the file of users; hands out the path of the first.
pub fn jaas(dir: &RunDir, users: &str) -> String {
    fs::write(dir.join("users.properties"), users).expect("the users");
    let file = dir.join("users.properties");
    let text = format!(
        "// who may call\nKafkaConnect {{\n  {MODULE} required\n  file=\"{}\";\n}};\n",
        file.display()
    );
    fs::write(dir.join("jaas.conf"), text).expect("the JAAS file");
    dir.join("jaas.conf").display().to_string()
}

fn secured() -> WorkerSpec {
    WorkerSpec::with_dev_broker().set("rest.extension.classes", EXTENSION)
}

/// Starts it, and waits until it answers at all.
fn answering(spec: WorkerSpec) -> Worker {
    let worker = spec.spawn();
    wait_until("an answer", MINUTE, || worker.rest().try_request("GET", "/", None));
    worker
}

fn status(worker: &Worker, line: &str, headers: &[&str]) -> String {
    Raw::with_headers(worker.rest().base(), line, headers)[9..12].to_owned()
}

#[test]
fn who_says_who_he_is_comes_in() {
    let spec = secured();
    let path = jaas(spec.dir(), "ann=s3cret\nbob=other\n");
    let admin = format!("http://127.0.0.1:{}", free_port());
    let options = format!("-Xmx1g -Djava.security.auth.login.config={path}");
    let spec = spec.env("KAFKA_OPTS", &options).env("RUST_LOG", "trace");
    let mut worker = answering(spec.set("admin.listeners", &admin));
    wait_for("a healthy worker", MINUTE, || status(&worker, "GET /health", &[ANN]) == "200");
    for line in
        ["GET /", "GET /connectors", "GET /health", "GET /metrics", "OPTIONS /connectors", "HEAD /connectors"]
    {
        assert_eq!(status(&worker, line, &[ANN]), "200", "{line}");
        assert_eq!(status(&worker, line, &[]), "401", "{line}");
        assert_eq!(status(&worker, line, &[WRONG]), "401", "{line}");
    }
    let answer = Raw::with_headers(worker.rest().base(), "DELETE /connectors/x", &[WRONG]);
    assert!(answer.ends_with("\r\n\r\nUser cannot access the resource."), "{answer}");
    assert!(header(&answer, "www-authenticate").is_empty(), "{answer}");
    // Routing comes first; and what workers say among themselves is not for users.
    assert_eq!(status(&worker, "GET /nope", &[]), "404");
    assert_eq!(status(&worker, "PUT /connectors", &[]), "405");
    assert_ne!(status(&worker, "PUT /connectors/x/fence", &[]), "401");
    Rest::new(&admin).get("/admin/loggers").expect(200);
    let log = worker.process().log();
    assert!(log.contains("DEBUG"), "the log is noisy");
    assert!(!log.contains("s3cret") && !log.contains("YW5uOnMz"), "the password is in the log");
}

#[test]
fn the_file_may_be_named_by_a_key_and_be_empty() {
    let spec = secured();
    let path = jaas(spec.dir(), "# nobody\n");
    let mut worker = answering(spec.set("rest.basic.auth.jaas.config", path));
    assert_eq!(status(&worker, "GET /connectors", &[]), "200");
    assert!(worker.process().log().contains("everybody is let in"));
}

#[test]
fn what_is_missing_or_not_there_is_refused_by_name() {
    let ends = |spec: WorkerSpec, part: &str| {
        let mut worker = spec.spawn();
        assert_eq!(worker.process().wait(MINUTE).code(), Some(64), "{part}");
        let log = worker.process().log();
        assert!(log.contains(part), "{part}: {log}");
    };
    ends(secured(), "rest.extension.classes: basic authentication needs a JAAS file");
    ends(secured().set("rest.basic.auth.jaas.config", "/none/jaas"), "/none/jaas: cannot be read");
    ends(
        secured().set("rest.extension.classes", "com.acme.Audit"),
        "the extension com.acme.Audit is not there",
    );
}
