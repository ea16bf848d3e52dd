//! TLS and logins against brokers that demand them: records and offsets flow over every mechanism and store type, and
//! whatever is refused ends at once with an error that names the key at fault.

use crate::MINUTE;
use connect_tests::configs::{file_sink, file_source};
use connect_tests::{Kafka, Props, With, Worker, WorkerSpec, wait_for};
use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const LINES: &str = "one\ntwo\nthree\n";

pub(crate) fn kafka() -> &'static Kafka {
    static SHARED: OnceLock<Kafka> = OnceLock::new();
    SHARED.get_or_init(Kafka::secured)
}

/// A file of the brokers' `security` folder.
fn file(name: &str) -> String {
    kafka().security(name).display().to_string()
}

/// Client settings for a listener of the brokers, by Java's names.
pub(crate) fn client(listener: &str, settings: &[(&str, &str)]) -> Props {
    let protocol = match listener {
        "SASL_PLAINTEXT" | "SASL_SSL" => listener,
        _ => "SSL",
    };
    let mut props = Props::new().with("bootstrap.servers", kafka().listener(listener));
    props = props.with("security.protocol", protocol);
    if protocol.ends_with("SSL") && !settings.iter().any(|(key, _)| key.contains("truststore")) {
        props = props.with("ssl.truststore.type", "PEM").with("ssl.truststore.location", file("ca.pem"));
    }
    settings.iter().fold(props, |props, (key, value)| props.with(key, value))
}

fn module(of: &str, options: &str) -> String {
    let class = match of {
        "PLAIN" => "plain.PlainLoginModule",
        "OAUTHBEARER" => "oauthbearer.OAuthBearerLoginModule",
        _ => "scram.ScramLoginModule",
    };
    format!("org.apache.kafka.common.security.{class} required {options};")
}

/// Settings of a login.
pub(crate) fn login(listener: &str, mechanism: &str, options: &str) -> Props {
    let jaas = module(mechanism, options);
    client(listener, &[("sasl.mechanism", mechanism), ("sasl.jaas.config", &jaas)])
}

fn alice(listener: &str, mechanism: &str) -> Props {
    login(listener, mechanism, r#"username="alice" password="alice-secret""#)
}

pub(crate) fn with_prefix(props: Props, prefix: &str, client: &Props) -> Props {
    client.iter().fold(props, |props, (key, value)| props.with(&format!("{prefix}{key}"), value))
}

/// Each way to be let in.
pub(crate) fn ways() -> Vec<(&'static str, Props)> {
    let (pem, jks, p12) = (file("client.pem"), file("client.jks"), file("client.p12"));
    let ca = fs::read_to_string(file("ca.pem")).expect("the authority");
    let mtls = |kind, location: &str, more: &[(&str, &str)]| {
        let own = [("ssl.keystore.type", kind), ("ssl.keystore.location", location)];
        client("MTLS", &[&own[..], more].concat())
    };
    let store = ("ssl.keystore.password", "store-pw");
    let trust = |kind: &str, name: &str| {
        let location = file(name);
        let settings = [
            ("ssl.truststore.type", kind),
            ("ssl.truststore.location", location.as_str()),
            ("ssl.truststore.password", "store-pw"),
        ];
        client("SSL", &settings)
    };
    vec![
        ("tls-text", client("SSL", &[("ssl.truststore.type", "PEM"), ("ssl.truststore.certificates", &ca)])),
        ("tls-pkcs12", trust("PKCS12", "trust.p12")),
        ("tls-jks", trust("JKS", "trust.jks")),
        ("mtls-pem", mtls("PEM", &pem, &[])),
        ("mtls-pkcs12", mtls("PKCS12", &p12, &[store])),
        ("mtls-jks", mtls("JKS", &jks, &[store, ("ssl.key.password", "key-pw")])),
        ("plain", alice("SASL_PLAINTEXT", "PLAIN")),
        ("plain-tls", alice("SASL_SSL", "PLAIN")),
        ("scram-256", alice("SASL_SSL", "SCRAM-SHA-256")),
        ("scram-512", alice("SASL_PLAINTEXT", "SCRAM-SHA-512")),
        ("unsecured", login("SASL_SSL", "OAUTHBEARER", r#"unsecuredLoginStringClaim_sub="alice""#)),
    ]
}

pub(crate) fn text(path: &std::path::Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn records_flow_over_every_mechanism() {
    let mut spec = WorkerSpec::connect_host(kafka().bootstrap());
    let input = spec.dir().join("input");
    fs::write(&input, LINES).expect("the input");
    let ways = ways();
    for (name, client) in &ways {
        kafka().topics().create(name, 1, 1, &[]);
        let copy = spec.dir().join(name);
        let source = file_source(&format!("from-{name}"), &input, name);
        let sink = file_sink(&format!("to-{name}"), name, &copy);
        spec = spec.connector(with_prefix(source, "producer.override.", client)).connector(with_prefix(
            sink,
            "consumer.override.",
            client,
        ));
    }
    let mut worker = spec.start();
    for (name, _) in &ways {
        let copy = worker.dir().join(name);
        wait_for(
            &format!("the lines over {name}: {}", worker.status(&format!("from-{name}"))),
            MINUTE,
            || text(&copy) == LINES,
        );
    }
    let log = worker.process().log();
    assert!(!["alice-secret", "store-pw", "key-pw"].iter().any(|secret| log.contains(secret)));
    assert!(worker.terminate().success());
}

/// A worker whose own clients, producers and consumers are let in so.
pub(crate) fn secured_worker(client: &Props) -> WorkerSpec {
    let spec = WorkerSpec::connect_host("").set_all(client);
    let spec = spec.set_all(&with_prefix(Props::new(), "producer.", client));
    let spec = spec.set_all(&with_prefix(Props::new(), "consumer.", client));
    let spec = spec.unset("offset.storage.file.filename").set("offset.storage.partitions", 1);
    spec.set("offset.storage.replication.factor", 1).set("offset.flush.interval.ms", 200)
}

#[test]
fn the_worker_keeps_its_offsets_behind_a_login() {
    let ways = [("scram", alice("SASL_SSL", "SCRAM-SHA-512")), ("plain", alice("SASL_PLAINTEXT", "PLAIN"))];
    for (name, client) in ways {
        let topic = format!("kept-{name}");
        kafka().topics().create(&topic, 1, 1, &[]);
        let spec = secured_worker(&client).set("offset.storage.topic", format!("offsets-{name}"));
        let (input, copy) = (spec.dir().join("input"), spec.dir().join("copy"));
        fs::write(&input, LINES).expect("the input");
        let source = file_source(&format!("from-{name}"), &input, &topic);
        let mut worker =
            spec.connector(source).connector(file_sink(&format!("to-{name}"), &topic, &copy)).start();
        wait_for("the lines", MINUTE, || text(&copy) == LINES);
        assert!(worker.terminate().success());
        fs::write(&input, format!("{LINES}four\n")).expect("more input");
        worker.restart();
        wait_for("the new line only", MINUTE, || text(&copy) == format!("{LINES}four\n"));
        assert!(worker.terminate().success());
        assert_eq!(kafka().topics().count(&topic), 4);
    }
}

/// Each way to be refused, and the key that is at fault.
fn refusals() -> Vec<(&'static str, Props, &'static str)> {
    let wrong = r#"username="alice" password="wrong-secret""#;
    let (expired, pem, jks) = (file("expired.pem"), file("other.pem"), file("client.jks"));
    let identity = [("ssl.keystore.type", "PEM"), ("ssl.keystore.location", expired.as_str())];
    let other = [("ssl.truststore.type", "PEM"), ("ssl.truststore.location", pem.as_str())];
    let locked = [("ssl.keystore.location", jks.as_str()), ("ssl.keystore.password", "wrong-secret")];
    vec![
        ("plain-password", login("SASL_PLAINTEXT", "PLAIN", wrong), "sasl.jaas.config"),
        ("scram-password", login("SASL_SSL", "SCRAM-SHA-256", wrong), "sasl.jaas.config"),
        ("wrong-authority", client("SSL", &other), "ssl.truststore.location"),
        ("expired-broker", client("EXPIRED", &[]), "ssl.truststore.location"),
        ("expired-client", client("MTLS", &identity), "ssl.keystore.location"),
        ("no-certificate", client("MTLS", &[]), "ssl.keystore.location"),
        ("store-password", client("MTLS", &locked), "ssl.keystore.password"),
    ]
}

/// Waits until the task has failed; its trace names the key and no secret.
pub(crate) fn assert_blamed(worker: &Worker, name: &str, key: &str) {
    let trace = worker.wait_task_failed(name, 0);
    assert!(trace.contains(key), "{name}: {trace}");
    assert!(!trace.contains("wrong-secret"), "{name}: {trace}");
}

#[test]
fn what_is_refused_fails_with_the_key_at_fault() {
    kafka().topics().create("refused", 1, 1, &[]);
    let mut spec = WorkerSpec::connect_host(kafka().bootstrap());
    let input = spec.dir().join("input");
    fs::write(&input, LINES).expect("the input");
    let refusals = refusals();
    for (name, client, _) in &refusals {
        let source = file_source(&format!("from-{name}"), &input, "refused");
        let sink = file_sink(&format!("to-{name}"), "refused", &spec.dir().join(name));
        spec = spec.connector(with_prefix(source, "producer.override.", client)).connector(with_prefix(
            sink,
            "consumer.override.",
            client,
        ));
    }
    let began = Instant::now();
    let mut worker = spec.start();
    for (name, _, key) in &refusals {
        assert_blamed(&worker, &format!("from-{name}"), &format!("producer.override.{key}"));
        assert_blamed(&worker, &format!("to-{name}"), &format!("consumer.override.{key}"));
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(!worker.process().log().contains("wrong-secret"));
    assert!(worker.terminate().success());
    assert_eq!(kafka().topics().count("refused"), 0);
}

#[test]
fn a_worker_that_is_refused_ends_with_the_key_at_fault() {
    for (name, client, key) in refusals() {
        let began = Instant::now();
        let mut worker = secured_worker(&client).set("offset.storage.topic", "offsets-refused").spawn();
        let status = worker.process().wait(MINUTE);
        let log = worker.process().log();
        // A store that cannot be opened is a wrong config.
        let code = if name == "store-password" { 64 } else { 1 };
        assert_eq!(status.code(), Some(code), "{name}: {log}");
        assert!(log.contains(key) && !log.contains("wrong-secret"), "{name}: {log}");
        assert!(began.elapsed() < Duration::from_secs(20), "{name}: {:?}", began.elapsed());
    }
}
