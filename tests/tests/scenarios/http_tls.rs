//! HTTPS of a real worker: key and trust stores of each kind, certificates of clients, protocols. The client is openssl.

use connect_tests::raw::{Raw, header};
use connect_tests::{RunDir, Worker, WorkerSpec, free_port};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const PASSWORD: &str = "st0re-s3cret";

/// A folder with a CA, a certificate of the worker, one of a client, and a client's from nobody known.
pub struct Certificates(RunDir);

impl Certificates {
    pub fn new() -> Certificates {
        let made = Certificates(RunDir::new("certificates"));
        for ca in ["ca", "stranger-ca"] {
            made.openssl(&format!("req -x509 {KEY} -keyout {ca}.key -out {ca}.pem -subj /CN={ca} -days 2"));
        }
        fs::write(made.0.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("the names");
        for (name, ca) in [("worker", "ca"), ("client", "ca"), ("stranger", "stranger-ca")] {
            made.openssl(&format!("req {KEY} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
            made.openssl(&format!(
                "x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -out {name}.crt -days 2 \
                 -extfile names"
            ));
        }
        let read = |name: &str| fs::read_to_string(made.0.join(name)).expect("a file of openssl");
        fs::write(made.0.join("worker.pem"), read("worker.key") + &read("worker.crt"))
            .expect("the PEM store");
        made.openssl(&format!(
            "pkcs12 -export -name worker -inkey worker.key -in worker.crt -certfile ca.pem -out worker.p12 -passout \
             pass:{PASSWORD}"
        ));
        made
    }

    fn run(&self, program: &str, arguments: &str) {
        let mut command = Command::new(program);
        let output = command.args(arguments.split_whitespace()).current_dir(self.0.path()).output();
        let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
        assert!(
            output.status.success(),
            "{program} {arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn openssl(&self, arguments: &str) {
        self.run("openssl", arguments);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// One request by openssl; what came back over TLS, and what openssl says about it.
    fn ask(&self, port: u16, request: &str, options: &[&str]) -> (String, String) {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-verify_return_error", "-CAfile", "ca.pem", "-connect"]);
        command.arg(format!("127.0.0.1:{port}")).args(options).current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("openssl");
        let mut stdin = child.stdin.take().expect("a pipe");
        // It may have ended already, when the handshake failed.
        let _ = stdin.write_all(request.as_bytes());
        let output = child.wait_with_output().expect("openssl");
        drop(stdin);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    }

    fn status(&self, port: u16, options: &[&str]) -> String {
        let (answer, said) = self.ask(port, &get("/connectors"), options);
        answer.get(9..12).map_or(format!("no answer: {said}"), str::to_owned)
    }
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n")
}

/// A worker that listens at this port for HTTPS, besides its usual address.
fn https(port: u16) -> WorkerSpec {
    let spec = WorkerSpec::with_dev_broker();
    let listeners = format!("{},https://127.0.0.1:{port}", spec.listener());
    spec.set("listeners", listeners)
}

/// With a store of the worker under the prefix.
pub fn store(spec: WorkerSpec, prefix: &str, kind: &str, path: PathBuf) -> WorkerSpec {
    let spec = spec
        .set(&format!("{prefix}ssl.keystore.type"), kind)
        .set(&format!("{prefix}ssl.keystore.location"), path.display());
    if kind == "PEM" { spec } else { spec.set(&format!("{prefix}ssl.keystore.password"), PASSWORD) }
}

#[test]
fn stores_of_each_kind_are_taken_and_each_listener_has_its_own() {
    let made = Certificates::new();
    made.run(
        "keytool",
        &format!(
            "-importkeystore -noprompt -srckeystore worker.p12 -srcstoretype PKCS12 -srcstorepass {PASSWORD} \
             -destkeystore worker.jks -deststoretype JKS -deststorepass {PASSWORD}"
        ),
    );
    let [main, admin, metrics] = [0; 3].map(|_| free_port());
    let spec = https(main)
        .set("admin.listeners", format!("https://127.0.0.1:{admin}"))
        .set("metrics.listeners", format!("https://127.0.0.1:{metrics}"));
    // The plain keys are for listeners whose prefix has no key.
    let spec = store(spec, "", "PEM", made.path("worker.pem"));
    let spec = store(spec, "listeners.https.", "PKCS12", made.path("worker.p12"));
    let mut worker = store(spec, "admin.listeners.https.", "JKS", made.path("worker.jks")).start();
    for (port, path) in [(main, "/connectors"), (admin, "/admin/loggers"), (metrics, "/metrics")] {
        let (answer, said) = made.ask(port, &get(path), &[]);
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer} {said}");
    }
    // What is no TLS is turned away, and costs nothing.
    let refused = Raw::ask(&format!("127.0.0.1:{main}"), &get("/connectors"));
    assert!(!refused.contains("HTTP/1.1 200"), "{refused}");
    let config = r#"{"name":"x","config":{"connector.class":"VerifiableSource","topic":"t"}}"#;
    let length = config.len();
    let head = format!(
        "POST /connectors HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    );
    // The answer links to where the caller came from.
    let request = format!("{head}Host: w\r\nConnection: close\r\n\r\n{config}");
    let by_http = Raw::ask(worker.rest().base(), &request);
    assert_eq!(header(&by_http, "location"), ["http://w/connectors/x"], "{by_http}");
    worker.rest().delete("/connectors/x").expect(204);
    let (by_https, _) = made.ask(main, &request, &[]);
    assert_eq!(header(&by_https, "location"), ["https://w/connectors/x"], "{by_https}");
    assert!(!worker.process().log().contains(PASSWORD), "the password is in the log");
}

#[test]
fn clients_show_certificates_where_they_are_asked() {
    let made = Certificates::new();
    let import = |kind: &str, file: &str| {
        let options = format!("-storetype {kind} -storepass {PASSWORD} -keystore {file}");
        made.run("keytool", &format!("-importcert -noprompt -alias ca -file ca.pem {options}"));
    };
    import("JKS", "trust.jks");
    import("PKCS12", "trust.p12");
    let with = |auth: &str, kind: &str, file: &str| {
        let port = free_port();
        let spec = store(https(port), "listeners.https.", "PEM", made.path("worker.pem"))
            .set("listeners.https.ssl.client.auth", auth)
            .set("listeners.https.ssl.truststore.type", kind)
            .set("listeners.https.ssl.truststore.location", made.path(file).display());
        let password = "listeners.https.ssl.truststore.password";
        let spec = if kind == "PEM" { spec } else { spec.set(password, PASSWORD) };
        (spec.start(), port)
    };
    let client = ["-cert", "client.crt", "-key", "client.key"];
    let stranger = ["-cert", "stranger.crt", "-key", "stranger.key"];
    let ways: [(&str, &str, &str, bool); 4] = [
        ("required", "JKS", "trust.jks", false),
        ("required", "PKCS12", "trust.p12", false),
        ("required", "PEM", "ca.pem", false),
        ("requested", "PEM", "ca.pem", true),
    ];
    for (auth, kind, file, without) in ways {
        let (_worker, port): (Worker, u16) = with(auth, kind, file);
        assert_eq!(made.status(port, &client), "200", "{auth} {kind}");
        assert_ne!(made.status(port, &stranger), "200", "{auth} {kind}");
        assert_eq!(made.status(port, &[]) == "200", without, "{auth} {kind}");
    }
}

#[test]
fn protocols_are_those_of_the_settings_and_silent_clients_are_cut_off() {
    let made = Certificates::new();
    let port = free_port();
    let prefix = "listeners.https.";
    let spec = store(https(port), prefix, "PEM", made.path("worker.pem"))
        .set(&format!("{prefix}ssl.enabled.protocols"), "TLSv1.2")
        .set(&format!("{prefix}ssl.cipher.suites"), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
        .set("rest.idle.timeout.ms", 700);
    let _worker = spec.start();
    assert_eq!(made.status(port, &["-tls1_2"]), "200");
    assert_ne!(made.status(port, &["-tls1_3"]), "200");
    assert_ne!(made.status(port, &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"]), "200");
    let (answer, took) = Raw::connect(&format!("127.0.0.1:{port}")).rest();
    assert!(answer.is_empty() && took < Duration::from_secs(10), "{answer} after {took:?}");
}

#[test]
fn stores_that_cannot_be_used_are_refused_by_their_key() {
    let made = Certificates::new();
    let prefix = "listeners.https.";
    let good = || store(https(free_port()), prefix, "PKCS12", made.path("worker.p12"));
    let key = |name: &str| format!("{prefix}{name}");
    for (spec, part) in [
        (good().unset(&key("ssl.keystore.location")), "listeners.https.ssl.keystore.location: is needed"),
        (good().set(&key("ssl.keystore.location"), "/none/x.p12"), "/none/x.p12 cannot be read"),
        (good().set(&key("ssl.keystore.password"), "wr0ng"), "listeners.https.ssl.keystore.location: "),
        (
            good().set(&key("ssl.client.auth"), "required"),
            "listeners.https.ssl.truststore.location: is needed",
        ),
        (good().set(&key("ssl.engine.factory.class"), "a.B"), "listeners.https.ssl.engine.factory.class: "),
    ] {
        let mut worker = spec.spawn();
        assert_eq!(worker.process().wait(Duration::from_secs(30)).code(), Some(64), "{part}");
        let log = worker.process().log();
        assert!(log.contains(part), "{part}: {log}");
        assert!(!log.contains(PASSWORD) && !log.contains("wr0ng"), "a password is in the log: {log}");
    }
}
