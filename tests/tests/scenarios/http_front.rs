//! The HTTP side of a real worker: slow clients, limits, browsers of other origins, headers, and which listener serves what.

use connect_tests::configs::verifiable_source;
use connect_tests::raw::{Raw, header};
use connect_tests::{Rest, WorkerSpec, free_port, wait_for, wait_until};
use serde_json::json;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);
/// Bound of the workers here for slow clients.
const IDLE: Duration = Duration::from_millis(700);

fn impatient() -> WorkerSpec {
    WorkerSpec::with_dev_broker().set("rest.idle.timeout.ms", IDLE.as_millis())
}

#[test]
fn slow_clients_are_cut_off() {
    let worker = impatient().start();
    let at = worker.rest().base();
    let mut silent = Raw::connect(at);
    let mut halting = Raw::connect(at);
    halting.send(b"GET /connectors HTTP/1.1\r\nHost: w\r\nX-Slow: ");
    let mut resting = Raw::connect(at);
    resting.send(b"GET / HTTP/1.1\r\nHost: w\r\n\r\n");
    let mut body = Raw::connect(at);
    let head = "POST /connectors HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    body.send(head.as_bytes());
    for (what, raw) in [("silent", &mut silent), ("halting", &mut halting)] {
        let (answer, took) = raw.rest();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{what}: {answer}");
        assert!(took < SOON, "{what}: {took:?}");
    }
    let (answer, took) = resting.rest();
    assert!(answer.starts_with("HTTP/1.1 200") && took < SOON, "{answer}");
    let (answer, took) = body.rest();
    assert!(answer.starts_with("HTTP/1.1 408") && took < SOON, "{answer}");
    assert!(answer.contains("did not arrive whole"), "{answer}");
}

#[test]
fn a_client_that_takes_no_answer_is_cut_off() {
    let worker = impatient().start();
    let mut greedy = Raw::connect(worker.rest().base());
    // More and more answers, none of which is read: at last nothing fits into the sockets, and the worker gives up.
    let request = "GET /connector-plugins/FileStreamSource/config HTTP/1.1\r\nHost: w\r\n\r\n".repeat(50);
    wait_for("the end of the connection", Duration::from_secs(30), || !greedy.send(request.as_bytes()));
    worker.rest().get("/connectors").expect(200);
}

#[test]
fn connections_and_bodies_have_limits() {
    let worker = WorkerSpec::with_dev_broker()
        .set("rest.connections.max", 2)
        .set("rest.body.max.bytes", 300)
        .set("rest.idle.timeout.ms", 5000)
        .start();
    let quick = Rest::with_timeout(worker.rest().base(), Duration::from_millis(400));
    let first = Raw::connect(worker.rest().base());
    let second = Raw::connect(worker.rest().base());
    // Both are taken in the end, and a third one waits.
    wait_for("the third to wait", SOON, || quick.try_request("GET", "/connectors", None).is_err());
    drop(first);
    wait_until("a place for the third", SOON, || quick.try_request("GET", "/connectors", None)).expect(200);
    drop(second);
    let config = |length: usize| json!({"name": "x", "config": {"a": "b".repeat(length)}});
    worker.rest().post("/connectors", &config(10)).expect(400);
    let large = worker.rest().post("/connectors", &config(300)).expect(413).json();
    assert_eq!(large["error_code"], 413, "{large}");
}

#[test]
fn odd_requests_are_answered_as_by_kafka() {
    let worker = WorkerSpec::with_dev_broker().start();
    let at = worker.rest().base();
    let status = |line: &str, headers: &[&str]| -> String {
        Raw::with_headers(at, line, headers).get(9..12).unwrap_or_default().to_owned()
    };
    let long = |length: usize| "x".repeat(length);
    assert_eq!(status(&format!("GET /connectors/{}", long(8000)), &[]), "404");
    assert_eq!(status(&format!("GET /connectors/{}", long(9000)), &[]), "414");
    assert_eq!(status("GET /connectors", &[&format!("X: {}", long(8000))]), "200");
    assert_eq!(status("GET /connectors", &[&format!("X: {}", long(9000))]), "431");
    assert_eq!(status("GET /connectors", &["Host: another"]), "400");
    assert_eq!(status("GET /%63onnectors", &[]), "404");
    for (accept, expected) in [
        ("application/json; charset=UTF-8", "application/json;charset=utf-8"),
        ("text/html, */*;q=0.1,", "application/json"),
    ] {
        for path in ["/", "/connectors/none"] {
            let answer = Raw::with_headers(at, &format!("GET {path}"), &[&format!("Accept: {accept}")]);
            assert_eq!(header(&answer, "content-type"), [expected], "{answer}");
        }
    }
    let body: Vec<u8> = r#"{"connector.class":"NoSuch"}"#.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let head = "PUT /connectors/wide/config HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Type: application/json\r\n";
    let mut wide = Raw::connect(at);
    wide.send(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    wide.send(&body);
    let (answer, _) = wide.rest();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("which name matches NoSuch"), "{answer}");
}

#[test]
fn browsers_of_allowed_origins_may_call() {
    let worker = WorkerSpec::with_dev_broker()
        .set("access.control.allow.origin", "https://.*\\.example\\.com, http://other")
        .set("access.control.allow.methods", "GET,PUT")
        .start();
    let at = worker.rest().base();
    let origin = |answer: &str| header(answer, "access-control-allow-origin").join(",");
    let plain = Raw::with_headers(at, "GET /connectors", &[]);
    assert_eq!((origin(&plain), header(&plain, "vary")), (String::new(), vec!["Origin"]));
    for allowed in ["https://a.example.com", "HTTPS://A.EXAMPLE.COM", "http://other"] {
        let answer = Raw::with_headers(at, "GET /connectors", &[&format!("Origin: {allowed}")]);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(origin(&answer), allowed);
        assert!(header(&answer, "access-control-allow-credentials").is_empty(), "{answer}");
        assert!(header(&answer, "access-control-allow-methods").is_empty(), "{answer}");
    }
    for stranger in ["https://example.com.evil", "http://a.example.com", "null"] {
        let answer = Raw::with_headers(at, "GET /connectors", &[&format!("Origin: {stranger}")]);
        assert!(answer.starts_with("HTTP/1.1 200") && origin(&answer).is_empty(), "{answer}");
    }
    let asks = ["Origin: http://other", "Access-Control-Request-Method: PUT"];
    let preflight = Raw::with_headers(at, "OPTIONS /connectors", &asks);
    assert!(preflight.starts_with("HTTP/1.1 200"), "{preflight}");
    assert_eq!(header(&preflight, "allow"), ["HEAD,POST,GET,OPTIONS"]);
    assert_eq!(origin(&preflight), "http://other");
    assert_eq!(header(&preflight, "access-control-allow-methods"), ["GET,PUT"]);
    assert_eq!(header(&preflight, "access-control-allow-headers"), ["Content-Type"]);
    assert_eq!(header(&preflight, "access-control-max-age"), ["60"]);
    let missing = Raw::with_headers(at, "GET /nope", &["Origin: http://other"]);
    assert!(missing.starts_with("HTTP/1.1 404") && origin(&missing) == "http://other", "{missing}");
    // Without the key nothing is said.
    let silent = WorkerSpec::with_dev_broker().start();
    let answer = Raw::with_headers(silent.rest().base(), "GET /connectors", &["Origin: http://other"]);
    assert!(origin(&answer).is_empty() && header(&answer, "vary").is_empty(), "{answer}");
}

#[test]
fn answers_carry_the_users_headers() {
    let rules = "set X-Frame-Options: DENY, \"add Cache-Control: no-cache, no-store\", add Cache-Control: private, \
                 setDate Expires: 0, set Content-Type: text/plain";
    let worker = WorkerSpec::with_dev_broker().set("response.http.headers.config", rules).start();
    for (line, status) in [("GET /connectors", "200"), ("GET /nope", "404"), ("DELETE /connectors/x", "404")]
    {
        let answer = Raw::with_headers(worker.rest().base(), line, &[]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert_eq!(header(&answer, "x-frame-options"), ["DENY"]);
        assert_eq!(header(&answer, "cache-control"), ["no-cache, no-store", "private"]);
        assert!(header(&answer, "expires")[0].ends_with(" GMT"), "{answer}");
        assert_eq!(
            header(&answer, "content-type"),
            ["application/json"],
            "what the answer says stands above"
        );
    }
    let mut refused = WorkerSpec::with_dev_broker().set("response.http.headers.config", "put X: y").spawn();
    let status = refused.process().wait(SOON);
    assert_eq!(status.code(), Some(64));
    assert!(
        refused.process().log().contains("response.http.headers.config: Invalid header config 'put X: y'")
    );
}

#[test]
fn each_listener_serves_what_it_is_for() {
    let [second, admin, metrics] = [0; 3].map(|_| free_port());
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let spec = WorkerSpec::with_dev_broker();
    let listeners = format!("{},{}", spec.listener(), at(second));
    let worker = spec
        .set("listeners", listeners)
        .set("admin.listeners", at(admin))
        .set("metrics.listeners", at(metrics))
        .set("response.http.headers.config", "set X-Main: yes")
        .set("rest.advertised.host.name", "worker.example")
        .set("rest.advertised.port", 1234)
        .start();
    let mine = ["/", "/health", "/connectors"];
    for path in mine.iter().chain(&["/admin/loggers", "/metrics"]) {
        for (base, main, serves) in [
            (worker.rest().base().to_owned(), true, mine.contains(path)),
            (at(second), true, mine.contains(path)),
            (at(admin), false, *path == "/admin/loggers"),
            (at(metrics), false, *path == "/metrics"),
        ] {
            let answer = Rest::new(&base).get(path).expect(if serves { 200 } else { 404 });
            assert_eq!(answer.header("x-main").is_some(), main, "{path}");
        }
    }
    let rest = Rest::new(&at(second));
    rest.post("/connectors", &json!({"name": "s", "config": verifiable_source("s", "t", 10)})).expect(201);
    let status = wait_until("the status", SOON, || {
        let status = rest.get("/connectors/s/status");
        if status.status == 200 { Ok(status.json()) } else { Err(status.body) }
    });
    assert_eq!(status["connector"]["worker_id"], "worker.example:1234");
    drop(worker);
    let off = WorkerSpec::with_dev_broker().set("admin.listeners", "").start();
    off.rest().get("/admin/loggers").expect(404);
    off.rest().get("/metrics").expect(200);
}

#[test]
fn connectors_are_reached_by_any_name_and_tell_their_health() {
    let worker = WorkerSpec::with_dev_broker().start();
    let rest = worker.rest();
    for (name, escaped) in [("a/b", "a%2Fb"), ("50%", "50%25"), ("back\\slash", "back%5Cslash"), ("..", "..")]
    {
        let config = verifiable_source(name, "t", 100);
        assert_eq!(worker.create(name, &config).expect(201).json()["name"], name);
        let path = |rest: &str| format!("/v1/connectors{rest}?name={escaped}");
        assert_eq!(rest.get(&path("")).expect(200).json()["config"], json!(config));
        let config = config.into_iter().chain([("tasks.max".to_owned(), "2".to_owned())]);
        let config: connect_tests::Props = config.collect();
        assert_eq!(rest.put(&path("/config"), &json!(config)).expect(200).json()["config"]["tasks.max"], "2");
        wait_for("it to run", SOON, || {
            rest.get(&path("/status")).expect(200).json()["tasks"][0]["state"] == "RUNNING"
        });
        assert_eq!(rest.get(&path("/tasks/0/status")).expect(200).json()["id"], 0);
        rest.call("PUT", &path("/pause")).expect(202);
        rest.call("POST", &path("/restart")).expect(204);
        rest.delete(&path("")).expect(204);
        let gone = rest.get(&path("")).expect(404).json();
        assert_eq!(gone["message"], format!("Connector {name} not found"));
    }
    assert!(rest.get("/v1/connectors").expect(400).body.contains("lacks the parameter name"));
    rest.get("/v1/connectors/none/health").expect(404);

    worker.create("s", &verifiable_source("s", "t", 100)).expect(201);
    worker.wait_state("s", "RUNNING", 1);
    let seen = rest.get("/v1/connectors/s/health").expect(200).json();
    assert_eq!(
        (&seen["name"], &seen["verdict"], &seen["connector"]["state"]),
        (&json!("s"), &json!("OK"), &json!("RUNNING"))
    );
    assert_eq!((&seen["tasks"][0]["id"], &seen["tasks"][0]["verdict"]), (&json!(0), &json!("OK")));
    worker.stop("s");
    assert_eq!(rest.get("/v1/connectors/health?name=s").expect(200).json()["verdict"], "NOT_RUNNING");
}
