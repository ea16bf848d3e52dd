//! Requests as Java writes them, answers, and tokens of all shapes.

use std::io::{Read, Write};
use std::net::TcpListener;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

fn source(more: &[(&str, &str)]) -> Source {
    let base = [("token.url", "http://h/t"), ("token.client.id", "me"), ("token.client.secret", "s3cret")];
    let conf = base.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    split(&conf.collect()).1.unwrap()
}

fn jwt(claims: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims))
}

/// An endpoint that gives these answers, one a connection; the requests come out.
fn endpoint(answers: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let serve = move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("grant_type") {
                let count = stream.read(&mut piece).unwrap();
                assert!(count > 0);
                request.extend_from_slice(&piece[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            requests.push(String::from_utf8(request).unwrap());
        }
        requests
    };
    (url, std::thread::spawn(serve))
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn a_token_is_asked_for_as_java_does_and_again_where_that_can_help() {
    let token = jwt(r#"{"sub":"alice","exp":2000000000}"#);
    let good = format!(r#"{{"access_token":"{token}"}}"#);
    let (url, served) = endpoint(vec![answer("503 Busy", ""), answer("200 OK", &good)]);
    let source = source(&[("token.url", &url), ("token.scope", "a b"), ("token.retry.backoff.ms", "1")]);
    let found = source.token(|_| true).map_err(|failure| failure.text).unwrap();
    assert_eq!((found.text, found.expires, found.principal.as_str()), (token, 2_000_000_000_000, "alice"));
    let requests = served.join().unwrap();
    for part in ["POST /token HTTP/1.1\r\n", "\r\n\r\ngrant_type=client_credentials&scope=a+b"] {
        assert!(requests[1].contains(part), "{}", requests[1]);
    }
    for header in [
        "authorization: basic bwu6cznjcmv0",
        "content-type: application/x-www-form-urlencoded",
        "accept: application/json",
    ] {
        assert!(requests[1].to_lowercase().contains(header), "{}", requests[1]);
    }
}

#[test]
fn credentials_are_encoded_only_where_that_is_wanted() {
    let plain = source(&[("token.client.secret", "a b/ü")]);
    assert_eq!(plain.authorization(), format!("Basic {}", STANDARD.encode("me:a b/ü")));
    let encoded = source(&[("token.client.secret", "a b/ü"), ("token.header.urlencode", "true")]);
    assert_eq!(encoded.authorization(), format!("Basic {}", STANDARD.encode("me:a+b%2F%C3%BC")));
    assert_eq!(plain.body(), "grant_type=client_credentials");
}

#[test]
fn answers_give_a_token_or_the_setting_at_fault() {
    let source = source(&[("token.url", "http://u:pw@h/t?key=s3cret")]);
    let table = [
        (200, r#"{"access_token":"x"}"#, Ok("x")),
        (200, r#"{"id_token":"y"}"#, Ok("y")),
        (200, r#"{"access_token":""}"#, Err((Fault::Endpoint, "http://h/t has no access_token", false))),
        (200, "<html>", Err((Fault::Endpoint, "has no access_token", false))),
        (
            401,
            r#"{"error":"invalid_client","error_description":"not s3cret"}"#,
            Err((Fault::Credentials, "http://h/t answers 401: invalid_client: not [hidden]", false)),
        ),
        (400, r#"{"error":"bWU6czNjcmV0"}"#, Err((Fault::Credentials, "400: [hidden]", false))),
        (403, "", Err((Fault::Credentials, "answers 403", false))),
        (302, "", Err((Fault::Endpoint, "answers 302", false))),
        (404, "s3cret", Err((Fault::Endpoint, "answers 404", false))),
        (429, "", Err((Fault::Endpoint, "answers 429", true))),
        (500, "", Err((Fault::Endpoint, "answers 500", true))),
    ];
    for (status, body, expected) in table {
        match (source.answered(status, body), expected) {
            (Ok(token), Ok(expected)) => assert_eq!(token, expected),
            (Err(failure), Err((fault, part, passes))) => {
                assert_eq!((failure.fault, failure.passes), (fault, passes), "{failure:?}");
                assert!(failure.text.contains(part) && !failure.text.contains("s3cret"), "{failure:?}");
            }
            (found, expected) => panic!("{status} {body}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn tokens_are_looked_into_and_never_quoted() {
    let claims = Claims { subject: "sub".into(), scope: "scope".into() };
    let of = |text: &str| jwt::token(text, &claims).map(|token| (token.expires, token.principal));
    let good = [
        (r#"{"sub":"a","exp":10}"#, 10_000),
        (r#"{"sub":" a ","exp":10.5,"iat":1,"scope":"x y"}"#, 10_500),
        (r#"{"sub":"a","exp":10,"scope":["x","y"],"iat":null}"#, 10_000),
    ];
    for (text, expires) in good {
        assert_eq!(of(&jwt(text)), Ok((expires, "a".to_owned())), "{text}");
    }
    let bad = [
        (r#"{"exp":10}"#, "no claim sub"),
        (r#"{"sub":"","exp":10}"#, "no claim sub"),
        (r#"{"sub":7,"exp":10}"#, "no claim sub"),
        (r#"{"sub":"s3cret"}"#, "no claim exp"),
        (r#"{"sub":"s3cret","exp":"10"}"#, "no claim exp"),
        (r#"{"sub":"a","exp":10,"iat":"x"}"#, "iat is no number"),
        (r#"{"sub":"a","exp":10,"scope":[""]}"#, "scope is no text"),
        (r#"{"sub":"a","exp":10,"scope":7}"#, "scope is no text"),
        ("[]", "not JSON"),
        ("s3cret", "not JSON"),
    ];
    for (text, part) in bad {
        let why = of(&jwt(text)).unwrap_err();
        assert!(why.contains(part) && !why.contains("s3cret"), "{text}: {why}");
    }
    for text in ["", "s3cret", "s3cret.b", "a.b.c.d", ".b.c", "a..c", "a.b.", "a.%.c", "a.\u{fc}.c"] {
        let why = of(text).unwrap_err();
        assert!(why.contains("no JWT") && !why.contains("s3cret"), "{text}: {why}");
    }
    let other = Claims { subject: "user".into(), scope: "scp".into() };
    assert_eq!(
        jwt::token(&jwt(r#"{"user":"b","exp":1,"scope":7}"#), &other).map(|t| t.principal),
        Ok("b".into())
    );
}

#[test]
fn nobody_there_or_a_broken_file_names_the_endpoint_within_its_time() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let gone = format!("http://127.0.0.1:{port}/");
    let (missing, https) = (format!("file:{}", path.display()), format!("https://127.0.0.1:{port}/"));
    for url in [&gone, &missing, &https] {
        let source = source(&[("token.url", url), ("token.retry.backoff.max.ms", "300")]);
        let waits = std::cell::RefCell::new(Vec::new());
        let failure = source.token(|wait| {
            waits.borrow_mut().push(wait.as_millis());
            true
        });
        assert_eq!(failure.err().map(|failure| failure.fault), Some(Fault::Endpoint));
        assert_eq!(*waits.borrow(), [100, 200], "{url}");
    }
    std::fs::write(&path, format!("{}\n", jwt(r#"{"sub":"alice","exp":10}"#))).unwrap();
    let found = source(&[("token.url", &format!("file://{}", path.display()))]).token(|_| false);
    assert_eq!(found.map(|token| token.principal).map_err(|failure| failure.text), Ok("alice".to_owned()));
}

const ROOT: &str = include_str!("../../settings/keystores/testdata/root.pem");
const CHAIN: &str = include_str!("../../settings/keystores/testdata/chain.pem");
const KEY: &str = include_str!("../../settings/keystores/testdata/rsa-pkcs8.pem");
const OTHER_KEY: &str = include_str!("../../settings/keystores/testdata/ec-pkcs8.pem");

/// An endpoint with TLS, for so many connections. Its certificate has no name.
fn endpoint_with_tls(connections: usize) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/token", listener.local_addr().unwrap());
    let chain = CertificateDer::pem_slice_iter(CHAIN.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let config = std::sync::Arc::new(config);
    let serve = move || {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = rustls::ServerConnection::new(config.clone()).unwrap();
            assert!(connection.complete_io(&mut stream).is_err(), "the client accepts nothing");
        }
    };
    (url, std::thread::spawn(serve))
}

#[test]
fn a_certificate_that_is_not_accepted_names_who_is_at_fault_at_once() {
    let leaf = CHAIN.split_inclusive("-----END CERTIFICATE-----").next().unwrap();
    let (url, served) = endpoint_with_tls(2);
    for (authorities, fault, part) in
        [(leaf, Fault::Trust, "UnknownIssuer"), (ROOT, Fault::Endpoint, "not valid for name")]
    {
        let source = source(&[("token.url", &url), ("token.ssl.ca.pem", authorities)]);
        let failure = source.token(|_| panic!("nothing passes by itself")).err().unwrap();
        assert_eq!(failure.fault, fault, "{failure:?}");
        assert!(failure.text.contains(part), "{failure:?}");
    }
    served.join().unwrap();
    // Nobody is asked with a key that is of no use.
    for key in [OTHER_KEY, "no key"] {
        let own =
            [("token.url", url.as_str()), ("token.ssl.certificate.pem", CHAIN), ("token.ssl.key.pem", key)];
        let failure =
            source(&[&own[..], &[("token.ssl.ca.pem", ROOT)]].concat()).token(|_| false).err().unwrap();
        assert_eq!(failure.fault, Fault::Identity, "{failure:?}");
        assert!(failure.text.contains("our key cannot be used"), "{failure:?}");
    }
}

#[test]
fn alerts_about_certificates_are_told_from_others() {
    use rustls::AlertDescription as Alert;
    let of = |alert| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, rustls::Error::AlertReceived(alert));
        tls::fault(&ureq::Error::Io(error))
    };
    assert_eq!(of(Alert::CertificateRequired), Some(Fault::Identity));
    assert_eq!(of(Alert::UnknownCA), Some(Fault::Identity));
    assert_eq!(of(Alert::ProtocolVersion), None);
    assert_eq!(tls::fault(&ureq::Error::HostNotFound), None);
}
