//! Requests that another worker has to serve, where workers talk by HTTPS with certificates on both sides and callers need a
//! password.

use crate::MINUTE;
use crate::distributed::spec;
use crate::http_auth::{self, ANN, EXTENSION, WRONG};
use crate::http_tls::{self, Certificates};
use connect_tests::configs::verifiable_source;
use connect_tests::raw::Raw;
use connect_tests::{Kafka, Worker, free_port, wait_for, wait_until};
use serde_json::{Value, json};

const NAME: &str = "sent-on";
/// bob:other, whom one of the workers alone knows.
const BOB: &str = "Authorization: Basic Ym9iOm90aGVy";

/// A worker that others reach by HTTPS, if they show a certificate, and callers by HTTP, if they say who they are.
struct Guarded {
    worker: Worker,
    /// As states name it.
    id: String,
}

impl Guarded {
    fn start(made: &Certificates, users: &str) -> Guarded {
        let (spec, port) = (spec(NAME), free_port());
        let listeners = format!("{},https://127.0.0.1:{port}", spec.listener());
        let options = format!("-Djava.security.auth.login.config={}", http_auth::jaas(spec.dir(), users));
        let spec = http_tls::store(spec, "listeners.https.", "PEM", made.path("worker.pem"))
            .set("listeners", listeners)
            .set("rest.advertised.listener", "https")
            .set("rest.extension.classes", EXTENSION)
            .set("listeners.https.ssl.client.auth", "required")
            .set("listeners.https.ssl.truststore.type", "PEM")
            .set("listeners.https.ssl.truststore.location", made.path("ca.pem").display());
        let worker = spec.env("KAFKA_OPTS", &options).env("RUST_LOG", "debug,librdkafka=info").spawn();
        let guarded = Guarded { worker, id: format!("127.0.0.1:{port}") };
        wait_until("an answer", MINUTE, || guarded.worker.rest().try_request("GET", "/", None));
        wait_for("a member", MINUTE, || guarded.ask("GET /health", ANN, None).0 == "200");
        guarded
    }

    /// Status and body.
    fn ask(&self, line: &str, who: &str, body: Option<&Value>) -> (String, String) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let head = format!("{line} HTTP/1.1\r\nHost: w\r\nConnection: close\r\n{who}\r\n");
        let kind = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let answer = Raw::ask(self.worker.rest().base(), &(head + &kind));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {answer:?}"));
        (head[9..12].to_owned(), body.to_owned())
    }
}

#[test]
fn requests_are_sent_on_by_https_with_who_asked() {
    let made = Certificates::new();
    let mut leader = Guarded::start(&made, "ann=s3cret\n");
    let mut other = Guarded::start(&made, "ann=s3cret\nbob=other\n");
    let may_not_be_sent_on = "DELETE /connectors/none?forward=false";
    assert_eq!(leader.ask(may_not_be_sent_on, ANN, None).0, "404");
    assert_eq!(other.ask(may_not_be_sent_on, ANN, None).0, "409");
    Kafka::shared().topics().create(NAME, 2, 1, &[]);
    // Two connectors: each worker has one, and the tasks that one makes go to the leader.
    let config = |name: &str| json!(verifiable_source(name, NAME, 5));
    let put = |name: &str| format!("PUT /connectors/{name}/config");
    for name in ["sent-on-a", "sent-on-b"] {
        assert_eq!(other.ask(&put(name), "X: y", Some(&config(name))).0, "401");
        assert_eq!(other.ask(&put(name), WRONG, Some(&config(name))).0, "401");
        // This one is known where he asks, but not where it is done.
        assert_eq!(other.ask(&put(name), BOB, Some(&config(name))).0, "401");
        wait_until("the connector to be made", MINUTE, || {
            let (status, body) = other.ask(&put(name), ANN, Some(&config(name)));
            assert!(status == "201" || status == "409", "{status} {body}");
            if status == "201" { Ok(()) } else { Err(body) }
        });
    }
    let all = wait_until("both connectors and their tasks to run", MINUTE, || {
        let (_, body) = leader.ask("GET /connectors?expand=status", ANN, None);
        if body.matches("\"RUNNING\"").count() == 4 { Ok(body) } else { Err(body) }
    });
    assert!(all.contains(&leader.id) && all.contains(&other.id), "{all}");
    // Each command to the worker that it is not for, so one of the two sends it on.
    for guarded in [&leader, &other] {
        for name in ["sent-on-a", "sent-on-b"] {
            wait_until("a restart", MINUTE, || {
                let (status, body) =
                    guarded.ask(&format!("POST /connectors/{name}/tasks/0/restart"), ANN, None);
                if status == "204" { Ok(()) } else { Err(body) }
            });
        }
    }
    let sent_on = |to: &Guarded| format!("is sent on to https://{}", to.id);
    let logs = [leader.worker.process().log(), other.worker.process().log()];
    assert!(logs[1].contains(&sent_on(&leader)) && logs[0].contains(&sent_on(&other)), "nothing was sent on");
    for log in logs {
        let secret =
            ["s3cret", "YW5uOnMz", "Ym9iOm90", "st0re"].into_iter().find(|secret| log.contains(secret));
        assert_eq!(secret, None, "it is in the log");
    }
    for mut one in [other, leader] {
        assert!(one.worker.terminate().success(), "{}", one.worker.process().log_end(20));
    }
}
