//! Tokens for OAUTHBEARER: asked for at an endpoint with a client's id and secret, or read from a file, as Java's
//! OAuthBearerLoginCallbackHandler does.
//!
//! What is to be done stands in the settings of a client beside librdkafka's, under names that begin with `token.`; they
//! are taken out before librdkafka sees them. A client asks on librdkafka's background thread, which may wait.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Conf;

mod jwt;
mod refresh;
mod tls;

pub(super) use refresh::Tokens;

/// What the names of these settings begin with.
const PREFIX: &str = "token.";
/// How long connecting and reading may take where nothing is said; Java waits for ever.
const PATIENCE: u64 = 10_000;
/// The longest answer or file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// How much of an endpoint's words goes into an error, in characters.
const QUOTED: usize = 200;

/// Where tokens come from. Holds the secret, so it has no Debug.
pub(super) struct Source {
    url: String,
    id: String,
    secret: String,
    scope: Option<String>,
    /// Id and secret are encoded as in URLs before they go into the header.
    encoded: bool,
    claims: Claims,
    connect: Duration,
    read: Duration,
    backoff: Duration,
    /// After so long no further attempt is begun.
    patience: Duration,
    /// Whom we trust at the endpoint, and who we are.
    tls: tls::Tls,
    /// Names and values that go to the brokers with each token.
    pub(super) extensions: Vec<(String, String)>,
}

/// The names of the claims that are read.
struct Claims {
    subject: String,
    scope: String,
}

/// A token. Whoever has it is let in, so it has no Debug.
pub(super) struct Token {
    /// The text that brokers take.
    pub(super) text: String,
    /// When it ends, in milliseconds since 1970.
    pub(super) expires: i64,
    /// Whose it is.
    pub(super) principal: String,
}

/// Which setting is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The id or the secret.
    Credentials,
    /// The endpoint, or what it gives out.
    Endpoint,
    /// Whom we trust.
    Trust,
    /// Our certificate, or that there is none.
    Identity,
}

/// Why there is no token. The text holds neither the secret nor a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) text: String,
    /// Trying again can help.
    passes: bool,
}

impl Failure {
    fn of_endpoint(text: impl Into<String>) -> Failure {
        Failure { fault: Fault::Endpoint, text: text.into(), passes: false }
    }

    fn passing(text: impl Into<String>) -> Failure {
        Failure { passes: true, ..Failure::of_endpoint(text) }
    }
}

/// The settings that are librdkafka's, and the source of tokens if there is one.
pub(super) fn split(conf: &Conf) -> (Conf, Option<Source>) {
    let (ours, theirs): (Conf, Conf) = conf.clone().into_iter().partition(|(key, _)| key.starts_with(PREFIX));
    let ours: BTreeMap<&str, &str> =
        ours.iter().map(|(key, value)| (&key[PREFIX.len()..], value.as_str())).collect();
    let text = |name: &str| ours.get(name).map_or(String::new(), |value| (*value).to_owned());
    let or = |name: &str, default: &str| match text(name) {
        value if value.is_empty() => default.to_owned(),
        value => value,
    };
    let time = |name: &str, default: u64| {
        let given = ours.get(name).and_then(|value| value.parse().ok());
        Duration::from_millis(given.filter(|given| *given > 0).unwrap_or(default))
    };
    let source = ours.get("url").map(|url| Source {
        url: (*url).to_owned(),
        id: text("client.id"),
        secret: text("client.secret"),
        scope: ours.get("scope").map(|scope| (*scope).to_owned()),
        encoded: text("header.urlencode") == "true",
        claims: Claims { subject: or("claim.sub", "sub"), scope: or("claim.scope", "scope") },
        connect: time("connect.timeout.ms", PATIENCE),
        read: time("read.timeout.ms", PATIENCE),
        backoff: time("retry.backoff.ms", 100),
        patience: time("retry.backoff.max.ms", 10_000),
        tls: tls::Tls {
            authorities: ours.get("ssl.ca.pem").map(|pem| (*pem).to_owned()),
            identity: ours
                .get("ssl.certificate.pem")
                .zip(ours.get("ssl.key.pem"))
                .map(|(chain, key)| ((*chain).to_owned(), (*key).to_owned())),
        },
        extensions: ours
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("extension.")?.to_owned(), (*value).to_owned()))
            })
            .collect(),
    });
    (theirs, source)
}

impl Source {
    /// A token, asked for as often as the settings say. `rest` waits between attempts for the time given; false: stop.
    ///
    /// # Errors
    /// That of the last attempt.
    pub(super) fn token(&self, rest: impl Fn(Duration) -> bool) -> Result<Token, Failure> {
        let (mut waited, mut wait) = (Duration::ZERO, self.backoff);
        loop {
            let failure = match self.ask() {
                Ok(token) => return Ok(token),
                Err(failure) => failure,
            };
            let pause = wait.min(self.patience.saturating_sub(waited));
            if !failure.passes || pause.is_zero() || !rest(pause) {
                return Err(failure);
            }
            waited += pause;
            wait *= 2;
        }
    }

    fn ask(&self) -> Result<Token, Failure> {
        let text = match file(&self.url) {
            Some(path) => read(path)?,
            None => self.post()?,
        };
        jwt::token(text.trim(), &self.claims).map_err(Failure::of_endpoint)
    }

    /// Asks the endpoint once.
    fn post(&self) -> Result<String, Failure> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_resolve(Some(self.connect))
            .timeout_connect(Some(self.connect))
            .timeout_global(Some(self.connect * 2 + self.read * 2))
            .timeout_recv_response(Some(self.read))
            .timeout_recv_body(Some(self.read))
            .tls_config(self.tls.config(&self.url)?)
            .build()
            .new_agent();
        let answer = agent
            .post(&self.url)
            .header("Accept", "application/json")
            .header("Authorization", self.authorization())
            .header("Cache-Control", "no-cache")
            .content_type("application/x-www-form-urlencoded")
            .send(self.body().as_bytes());
        let mut answer = answer.map_err(|error| self.broken(&error))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LONGEST).read_to_string();
        let body = body.map_err(|error| self.broken(&error))?;
        self.answered(status, &body)
    }

    /// No answer came. Certificates that are not accepted now are not in a moment either.
    fn broken(&self, error: &ureq::Error) -> Failure {
        let text = format!("no token from {}: {error}", shown(&self.url));
        match tls::fault(error) {
            Some(fault) => Failure { fault, ..Failure::of_endpoint(text) },
            None => Failure::passing(text),
        }
    }

    fn authorization(&self) -> String {
        let (id, secret) = match self.encoded {
            true => (form(&self.id), form(&self.secret)),
            false => (self.id.clone(), self.secret.clone()),
        };
        format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
    }

    fn body(&self) -> String {
        match &self.scope {
            Some(scope) => format!("grant_type=client_credentials&scope={}", form(scope)),
            None => "grant_type=client_credentials".to_owned(),
        }
    }

    /// The token in an answer, or what the endpoint says against it.
    fn answered(&self, status: u16, body: &str) -> Result<String, Failure> {
        let json: Option<serde_json::Value> = serde_json::from_str(body).ok();
        let field = |name: &str| json.as_ref().and_then(|json| json.get(name)?.as_str());
        if (200..300).contains(&status) {
            let token = ["access_token", "id_token"].iter().find_map(|name| field(name));
            let why =
                || Failure::of_endpoint(format!("the answer of {} has no access_token", shown(&self.url)));
            return token.map(str::to_owned).filter(|token| !token.is_empty()).ok_or_else(why);
        }
        let mut text = format!("{} answers {status}", shown(&self.url));
        for part in ["error", "error_description"].iter().filter_map(|name| field(name)) {
            text.push_str(": ");
            text.push_str(&self.quoted(part));
        }
        let fault = if matches!(status, 400 | 401 | 403) { Fault::Credentials } else { Fault::Endpoint };
        // Java does not try these again.
        Err(Failure { fault, text, passes: !(300..500).contains(&status) || matches!(status, 408 | 429) })
    }

    /// An endpoint's words for an error: short, in one line, and without our secret if it echoes it.
    fn quoted(&self, part: &str) -> String {
        let secrets =
            [self.authorization().split_off("Basic ".len()), form(&self.secret), self.secret.clone()];
        let mut part = part.to_owned();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            part = part.replace(secret.as_str(), "[hidden]");
        }
        part.chars().filter(|c| !c.is_control()).take(QUOTED).collect()
    }
}

/// A URL without user, query and fragment, which may hold secrets.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or_default())
        }
        None => url.to_owned(),
    }
}

/// The path of a `file:` URL.
fn file(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("file:")?;
    Some(rest.strip_prefix("//").unwrap_or(rest))
}

fn read(path: &str) -> Result<String, Failure> {
    let why = |error: String| Failure::passing(format!("the file {path} cannot be read: {error}"));
    let length = std::fs::metadata(path).map_err(|error| why(error.to_string()))?.len();
    if length > LONGEST {
        return Err(Failure::of_endpoint(format!("the file {path} has {length} bytes, which is no token")));
    }
    std::fs::read_to_string(path).map_err(|error| why(error.to_string()))
}

/// As Java's URLEncoder writes a value of a form.
fn form(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
