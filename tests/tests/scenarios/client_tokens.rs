//! Tokens from an endpoint, over a listener that takes signed ones only: all clients get theirs, renew them while records
//! flow, and what the endpoint refuses names the key at fault.

use crate::MINUTE;
use crate::client_security::{assert_blamed, kafka, secured_worker, text, with_prefix};
use connect_tests::configs::{file_sink, file_source};
use connect_tests::{Props, With, WorkerSpec, wait_for};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/token", listener.local_addr().expect("the port"));
        let given = Arc::new(AtomicUsize::new(0));
        let (count, key) = (given.clone(), kafka().security("token.key"));
        let serve = move || {
            for stream in listener.incoming().flatten() {
                if serve(stream, &key, seconds) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        std::thread::spawn(serve);
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

fn tokens(url: &str, secret: &str) -> Props {
    let of = "org.apache.kafka.common.security.oauthbearer";
    let jaas = format!(
        r#"{of}.OAuthBearerLoginModule required clientId="connect" clientSecret="{secret}" scope="kafka";"#
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
fn serve(mut stream: TcpStream, key: &PathBuf, seconds: u32) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a bound");
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
