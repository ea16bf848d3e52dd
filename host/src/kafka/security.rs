//! What it means when a broker and a client do not come to terms over passwords and certificates.
//!
//! librdkafka tries again for ever; Kafka's clients give up at once, and so does what owns a client here. Most of it
//! comes as an error of the client, but a broker's word against our certificate comes in TLS 1.3 after the handshake,
//! where librdkafka takes it for a connection that ended: that one is found in its log line.

use rdkafka_sys::RDKafkaRespErr as Code;

use super::KafkaError;
use super::token::Fault;

/// What the user should look at, for the end of an error's text; empty where nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remedies {
    /// The broker did not let the client log in.
    pub login: String,
    /// The broker did not accept the client's certificate, or misses one.
    pub identity: String,
    /// The client did not accept the broker's certificate.
    pub trust: String,
    /// They do not speak the same protocol.
    pub protocol: String,
    /// The endpoint of tokens does not accept who asks.
    pub credentials: String,
    /// The endpoint of tokens is not there, or gives what is no token.
    pub endpoint: String,
    /// The client did not accept the certificate of the endpoint of tokens.
    pub endpoint_trust: String,
    /// The endpoint of tokens did not accept the client's certificate, or misses one.
    pub endpoint_identity: String,
}

/// What librdkafka's words of a token that it did not get begin with.
pub(super) const NO_TOKEN: &str = "Failed to acquire SASL OAUTHBEARER token";

/// The error of a client that got no token to log in with.
pub(super) fn without_token(fault: Fault, text: &str, remedies: &Remedies) -> KafkaError {
    let remedy = match fault {
        Fault::Credentials => &remedies.credentials,
        Fault::Endpoint => &remedies.endpoint,
        Fault::Trust => &remedies.endpoint_trust,
        Fault::Identity => &remedies.endpoint_identity,
    };
    let text = if remedy.is_empty() { text.to_owned() } else { format!("{remedy}: {text}") };
    KafkaError { text, ..KafkaError::new("get a token", Code::RD_KAFKA_RESP_ERR__AUTHENTICATION) }
}

/// What was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Login,
    Identity,
    Trust,
    Protocol,
}

/// The error that a line or an error text of librdkafka stands for, if it is about security and does not pass by
/// itself.
pub(super) fn refusal(text: &str, remedies: &Remedies) -> Option<KafkaError> {
    let refusal = meaning(text)?;
    let (code, remedy) = match refusal {
        Refusal::Login => (Code::RD_KAFKA_RESP_ERR__AUTHENTICATION, &remedies.login),
        Refusal::Identity => (Code::RD_KAFKA_RESP_ERR__SSL, &remedies.identity),
        Refusal::Trust => (Code::RD_KAFKA_RESP_ERR__SSL, &remedies.trust),
        Refusal::Protocol => (Code::RD_KAFKA_RESP_ERR__SSL, &remedies.protocol),
    };
    // librdkafka's advice names settings that nobody wrote.
    let text = text.split(": broker certificate could not be verified, verify that").next().unwrap_or(text);
    let text = if remedy.is_empty() { text.to_owned() } else { format!("{remedy}: {text}") };
    Some(KafkaError { text, ..KafkaError::new("connect to the brokers", code) })
}

fn meaning(text: &str) -> Option<Refusal> {
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if has(&["Disconnected", "transport failure", "Timed out", "timed out", "unexpected eof", "Terminating"])
    {
        return None;
    }
    if has(&["SASL authentication error", NO_TOKEN, "SaslAuthenticateRequest failed"]) {
        return Some(Refusal::Login);
    }
    if let Some((_, number)) = text.split_once("SSL alert number ") {
        let number: String = number.chars().take_while(char::is_ascii_digit).collect();
        // From handshake_failure to unknown_ca, and certificate_required: all about certificates.
        let about_certificates = matches!(number.parse(), Ok(40..=49 | 116));
        return Some(if about_certificates { Refusal::Identity } else { Refusal::Protocol });
    }
    if has(&[
        "certificate verify failed",
        "Failed to verify broker certificate",
        "did not provide a certificate",
    ]) {
        return Some(Refusal::Trust);
    }
    has(&["SSL handshake failed"]).then_some(Refusal::Protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        let remedies = Remedies {
            login: "LOGIN".into(),
            identity: "IDENTITY".into(),
            trust: "TRUST".into(),
            protocol: "PROTOCOL".into(),
            ..Remedies::default()
        };
        let table = [
            (
                "SASL authentication error: Authentication failed: Invalid username or password (after 3ms)",
                "LOGIN",
            ),
            ("Failed to acquire SASL OAUTHBEARER token: HTTP 401", "LOGIN"),
            (
                "SASL authentication error: SaslAuthenticateRequest failed: Local: Broker transport failure",
                "",
            ),
            (
                "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could \
              not be verified, verify that ssl.ca.location is correctly configured",
                "TRUST",
            ),
            ("SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?", ""),
            ("SSL handshake failed: error:0A00010B:SSL routines::wrong version number", "PROTOCOL"),
            (
                "Receive failed: error:0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert number 46",
                "IDENTITY",
            ),
            (
                "SSL handshake failed: error:0A00042E:SSL routines::tlsv1 alert protocol version: SSL alert number 70",
                "PROTOCOL",
            ),
            ("Receive failed: error:0A000126:SSL routines::unexpected eof while reading", ""),
            ("Connect to ipv4#127.0.0.1:1 failed: Connection refused", ""),
        ];
        for (text, expected) in table {
            let found = refusal(text, &remedies);
            let start = found.as_ref().map_or("", |error| error.text.split(':').next().unwrap_or_default());
            assert_eq!(start, expected, "{text}");
            assert!(found.iter().all(|error| !error.retriable && !error.text.contains("ssl.ca.location")));
        }
    }
}
