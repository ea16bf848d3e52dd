//! Tokens from an endpoint, over a listener that takes signed ones only: all clients get theirs, renew them while records
//! flow, and what the endpoint refuses names the key at fault.

use crate::MINUTE;
use crate::client_security::{assert_blamed, kafka, secured_worker, text, with_prefix};
use connect_tests::configs::{file_sink, file_source};
use connect_tests::{Props, With, WorkerSpec, wait_for};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Of connect, with the password endpoint-secret.
const WELCOME: &str = "authorization: basic y29ubmvjddplbmrwb2ludc1zzwnyzxq=\r\n";
const LINES: &str = "one\ntwo\nthree\n";

/// A token of alice that ends after $2 seconds, signed by the key $1.
const SIGN: &str = r#"
part() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
now=$(date +%s)
unsigned=$(printf '{"alg":"RS256","typ":"JWT","kid":"key"}' | part).$(
  printf '{"sub":"alice","scope":"kafka","aud":"kafka","iss":"test","iat":%d,"exp":%d}' "$now" "$((now + $2))" | part)
printf '%s.%s' "$unsigned" "$(printf '%s' "$unsigned" | openssl dgst -sha256 -sign "$1" | part)"
"#;

/// An endpoint on the loopback interface, until the tests end.
struct Endpoint {
    url: String,
    /// How many tokens it has given.
    given: Arc<AtomicUsize>,
}

impl Endpoint {
    /// Its tokens live for so many seconds.
    fn start(seconds: u32) -> Endpoint {
        let key = kafka().security("token.key");
        Endpoint::serve("http", move |stream| serve(stream, &key, seconds))
    }

    /// The same with TLS and the brokers' certificate; it may want one of the client.
    fn with_tls(wants_certificate: bool) -> Endpoint {
        let (key, config) = (kafka().security("token.key"), tls(wants_certificate));
        Endpoint::serve("https", move |mut stream| {
            let mut connection = ServerConnection::new(config.clone()).expect("a connection");
            if connection.complete_io(&mut stream).is_err() {
                // The client hears why before all ends.
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
                return false;
            }
            serve(StreamOwned::new(connection, stream), &key, 3600)
        })
    }

    /// `serve` answers a connection, and says whether with a token.
    fn serve(scheme: &str, serve: impl Fn(TcpStream) -> bool + Send + 'static) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("{scheme}://{}/token", listener.local_addr().expect("the port"));
        let given = Arc::new(AtomicUsize::new(0));
        let count = given.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a bound");
                if serve(stream) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Endpoint { url, given }
    }

    fn given(&self) -> usize {
        self.given.load(Ordering::Relaxed)
    }

    /// Settings of a client that logs in with tokens of this endpoint.
    fn client(&self, secret: &str) -> Props {
        tokens(&self.url, secret)
    }
}

/// The brokers' certificate, and whether clients must show one of the same authority.
fn tls(wants_certificate: bool) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = |file: &str| -> Vec<CertificateDer<'static>> {
        let found = CertificateDer::pem_file_iter(kafka().security(file)).expect("certificates");
        found.map(|one| one.expect("a certificate")).collect()
    };
    let key = PrivateKeyDer::from_pem_file(kafka().security("broker.pem")).expect("a key");
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions().expect("protocols");
    let builder = if wants_certificate {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates("ca.pem"));
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    Arc::new(builder.with_single_cert(certificates("broker.pem"), key).expect("key and certificate"))
}

fn tokens(url: &str, secret: &str) -> Props {
    tokens_with(url, secret, "")
}

/// With further options of the login module.
fn tokens_with(url: &str, secret: &str, options: &str) -> Props {
    let of = "org.apache.kafka.common.security.oauthbearer";
    let jaas = format!(
        r#"{of}.OAuthBearerLoginModule required clientId="connect" clientSecret="{secret}" scope="kafka" {options};"#
    );
    Props::new()
        .with("bootstrap.servers", kafka().listener("OIDC"))
        .with("security.protocol", "SASL_PLAINTEXT")
        .with("sasl.mechanism", "OAUTHBEARER")
        .with("sasl.login.callback.handler.class", format!("{of}.secured.OAuthBearerLoginCallbackHandler"))
        .with("sasl.oauthbearer.token.endpoint.url", url)
        .with("sasl.login.connect.timeout.ms", "5000")
        .with("sasl.login.read.timeout.ms", "5000")
        .with("sasl.login.retry.backoff.max.ms", "300")
        .with("sasl.jaas.config", jaas)
}

/// Answers one request. True: with a token.
fn serve(mut stream: impl Read + Write, key: &Path, seconds: u32) -> bool {
    let (mut request, mut piece) = (String::new(), [0; 4096]);
    while !request.ends_with("grant_type=client_credentials&scope=kafka") {
        match stream.read(&mut piece) {
            Ok(count) if count > 0 => request.push_str(&String::from_utf8_lossy(&piece[..count])),
            _ => return false,
        }
    }
    let welcome = request.to_lowercase().contains(WELCOME);
    let (status, body) = if welcome {
        let mut sign = Command::new("bash");
        let signed = sign.args(["-c", SIGN, "sign"]).arg(key).arg(seconds.to_string()).output();
        let token = String::from_utf8(signed.expect("openssl signs").stdout).expect("a token");
        ("200 OK", format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{seconds}}}"#))
    } else {
        ("401 Unauthorized", r#"{"error":"invalid_client"}"#.to_owned())
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).is_ok() && welcome
}

#[test]
fn tokens_of_an_endpoint_are_fetched_and_renewed() {
    let endpoint = Endpoint::start(8);
    let topic = "tokens";
    kafka().topics().create(topic, 1, 1, &[]);
    let spec =
        secured_worker(&endpoint.client("endpoint-secret")).set("offset.storage.topic", "offsets-tokens");
    let (input, copy) = (spec.dir().join("input"), spec.dir().join("copy"));
    fs::write(&input, LINES).expect("the input");
    let source = file_source("from-tokens", &input, topic);
    let mut worker = spec.connector(source).connector(file_sink("to-tokens", topic, &copy)).start();
    wait_for("the lines", MINUTE, || text(&copy) == LINES);
    // Three clients stay: of the offsets, the source and the sink. Each has another token twice, so the first has ended.
    let before = endpoint.given();
    wait_for("new tokens", MINUTE, || endpoint.given() >= before + 6);
    fs::write(&input, format!("{LINES}four\n")).expect("more input");
    wait_for("the new line", MINUTE, || text(&copy) == format!("{LINES}four\n"));
    assert!(worker.terminate().success());
    worker.restart();
    assert!(worker.terminate().success());
    assert!(!worker.process().log().contains("endpoint-secret"));
    assert_eq!((kafka().topics().count(topic), text(&copy)), (4, format!("{LINES}four\n")));
}

/// A token in a file, a wrong secret, and an endpoint that is not there.
#[test]
fn tokens_come_from_files_and_what_is_refused_names_its_key() {
    let endpoint = Endpoint::start(3600);
    let gone = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("the port");
    let refusals = [
        ("secret", endpoint.client("wrong-secret"), "sasl.jaas.config"),
        ("gone", tokens(&format!("http://{gone}/"), "wrong-secret"), "sasl.oauthbearer.token.endpoint.url"),
    ];
    let topic = "token-file";
    kafka().topics().create(topic, 1, 1, &[]);
    let mut spec = WorkerSpec::connect_host(kafka().bootstrap());
    let (input, copy) = (spec.dir().join("input"), spec.dir().join("copy"));
    fs::write(&input, LINES).expect("the input");
    let file = tokens(&format!("file://{}", kafka().security("token").display()), "unused");
    let good = [("file", file, "")];
    for (name, client, _) in refusals.iter().chain(&good) {
        let source = file_source(&format!("from-{name}"), &input, topic);
        let sink = file_sink(&format!("to-{name}"), topic, &copy);
        spec = spec.connector(with_prefix(source, "producer.override.", client)).connector(with_prefix(
            sink,
            "consumer.override.",
            client,
        ));
    }
    let mut worker = spec.start();
    for (name, _, key) in &refusals {
        assert_blamed(&worker, &format!("from-{name}"), &format!("producer.override.{key}"));
        assert_blamed(&worker, &format!("to-{name}"), &format!("consumer.override.{key}"));
    }
    wait_for("the lines by a token in a file", MINUTE, || text(&copy) == LINES);
    assert!(!worker.process().log().contains("wrong-secret"));
    assert!(worker.terminate().success());
    for (name, client, key) in &refusals {
        let began = Instant::now();
        let mut worker = secured_worker(client).set("offset.storage.topic", "offsets-no-token").spawn();
        let status = worker.process().wait(MINUTE);
        let log = worker.process().log();
        assert_eq!(status.code(), Some(1), "{name}: {log}");
        assert!(log.contains(key) && !log.contains("wrong-secret"), "{name}: {log}");
        assert!(began.elapsed() < Duration::from_secs(20), "{name}: {:?}", began.elapsed());
    }
}

/// An option of the login module that names a file of the brokers' folder.
fn store(option: &str, kind: &str, name: &str, password: &str) -> String {
    let path = kafka().security(name);
    let password =
        if password.is_empty() { String::new() } else { format!(r#"ssl.{option}.password="{password}""#) };
    format!(r#"ssl.{option}.type="{kind}" ssl.{option}.location="{}" {password}"#, path.display())
}

#[test]
fn an_endpoint_with_tls_is_trusted_by_options_of_the_login() {
    let (open, strict) = (Endpoint::with_tls(false), Endpoint::with_tls(true));
    let (pem, jks) =
        (store("truststore", "PEM", "ca.pem", ""), store("truststore", "JKS", "trust.jks", "store-pw"));
    let both = format!("{pem} {}", store("keystore", "PKCS12", "client.p12", "store-pw"));
    let client = |endpoint: &Endpoint, options: &str| tokens_with(&endpoint.url, "endpoint-secret", options);
    let good = [
        ("token-pem", client(&open, &pem)),
        ("token-jks", client(&open, &jks)),
        ("token-mtls", client(&strict, &both)),
    ];
    let locked = store("truststore", "JKS", "trust.jks", "wrong-secret");
    let refusals = [
        (
            "token-other",
            client(&open, &store("truststore", "PEM", "other.pem", "")),
            "option ssl.truststore.location",
        ),
        ("token-system", client(&open, ""), "no option ssl.truststore.location"),
        ("token-unknown", client(&strict, &pem), "no option ssl.keystore.location"),
        ("token-locked", client(&open, &locked), "option ssl.truststore.password"),
    ];
    let mut spec = WorkerSpec::connect_host(kafka().bootstrap());
    let input = spec.dir().join("input");
    fs::write(&input, LINES).expect("the input");
    let all = good.iter().map(|(name, client)| (name, client));
    for (name, client) in all.chain(refusals.iter().map(|(name, client, _)| (name, client))) {
        kafka().topics().create(name, 1, 1, &[]);
        spec = spec.connector(with_prefix(file_source(name, &input, name), "producer.override.", client));
    }
    let mut worker = spec.start();
    for (name, _) in &good {
        wait_for(&format!("the lines of {name}: {}", worker.status(name)), MINUTE, || {
            kafka().topics().count(name) == 3
        });
    }
    for (name, _, option) in &refusals {
        assert_blamed(&worker, name, "producer.override.sasl.jaas.config");
        assert_blamed(&worker, name, option);
    }
    assert!(open.given() >= 2 && strict.given() >= 1);
    let log = worker.process().log();
    assert!(
        !["endpoint-secret", "store-pw", "wrong-secret"].iter().any(|secret| log.contains(secret)),
        "{log}"
    );
    assert!(worker.terminate().success());
}
