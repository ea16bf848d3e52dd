//! The HTTP side of the worker: who listens where for what, for whom browsers may call, and the bounds for slow clients.

use std::path::PathBuf;
use std::time::Duration;

use super::https::{HttpsConfig, https};
use super::listeners::{HeaderRule, Listener, header_rules, listeners};
use super::{Mode, Problem, Reader};
use crate::settings::definitions::value::{list, trim};
use crate::settings::patterns::TopicPattern;

/// The one extension that there is.
const BASIC_AUTH: &str = "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension";

/// Where `/admin/loggers` is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminListeners {
    /// On the listeners of the REST API.
    Main,
    /// Nowhere.
    Off,
    /// On listeners of its own, and there alone.
    Own(Vec<Listener>),
}

/// From where browsers may call the REST API, and by which methods.
#[derive(Clone, Debug)]
pub struct CrossOrigin {
    /// Any origin may call.
    pub any: bool,
    /// Patterns of which one must match the whole origin, letter case aside.
    pub origins: Vec<TopicPattern>,
    /// Methods that such calls may use, as in a header.
    pub methods: String,
}

/// The extension that asks callers for user and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicAuth {
    /// The JAAS file; none: the environment tells.
    pub jaas: Option<PathBuf>,
}

/// The HTTP side of the worker.
#[derive(Clone, Debug)]
pub struct RestConfig {
    /// Where the REST API listens; at least one.
    pub listeners: Vec<Listener>,
    /// Where `/admin/loggers` is served.
    pub admin: AdminListeners,
    /// Where `/metrics` is served alone; empty: on the listeners of the REST API.
    pub metrics: Vec<Listener>,
    /// How `listeners` speak HTTPS, if one of them does.
    pub https: Option<HttpsConfig>,
    /// The same of `admin.listeners`.
    pub admin_https: Option<HttpsConfig>,
    /// The same of `metrics.listeners`.
    pub metrics_https: Option<HttpsConfig>,
    /// The host that others should use, if not the listener's.
    pub advertised_host: Option<String>,
    /// The port that others should use, if not the listener's.
    pub advertised_port: Option<u16>,
    /// Whether others should use HTTPS; none: as [`RestConfig::advertised`] finds.
    pub advertised_https: Option<bool>,
    /// Which calls of browsers are taken; none: none.
    pub cross_origin: Option<CrossOrigin>,
    /// Headers for every answer of the REST API.
    pub headers: Vec<HeaderRule>,
    /// Callers say who they are; none: nobody asks.
    pub basic_auth: Option<BasicAuth>,
    /// The most connections of one listener.
    pub connections: usize,
    /// How long a client may keep the worker waiting: for a request, for more of it, or until it takes more of the answer.
    pub idle: Duration,
    /// The largest body of a request, in bytes.
    pub body: usize,
}

impl RestConfig {
    /// Which of the listeners others should use: the first of the advertised protocol, which is HTTP if any listener
    /// speaks it.
    pub fn advertised(&self) -> usize {
        let https = self.advertised_https.unwrap_or_else(|| self.listeners.iter().all(|one| one.https));
        self.listeners.iter().position(|one| one.https == https).unwrap_or(0)
    }
}

/// Reads all of it; what is wrong goes to the problems.
pub(super) fn read(
    reader: &Reader<'_>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> RestConfig {
    let main = listeners("listeners", &reader.list("listeners"), problems);
    if reader.list("listeners").is_empty() {
        let why = "at least one URL is expected, for example http://localhost:8083";
        problems.push(Problem::new("listeners", why));
    }
    let admin = match reader.list("admin.listeners") {
        _ if !reader.props.contains_key("admin.listeners") => AdminListeners::Main,
        items if items.is_empty() => AdminListeners::Off,
        items => AdminListeners::Own(listeners("admin.listeners", &items, problems)),
    };
    let advertised = reader.some_text("rest.advertised.listener");
    let advertised_https = advertised.map(|protocol| protocol.eq_ignore_ascii_case("https"));
    if advertised_https.is_some_and(|https| main.iter().all(|one| one.https != https)) {
        let why = "has no effect: no listener of listeners speaks it";
        warnings.push(Problem::new("rest.advertised.listener", why));
    }
    let metrics = listeners("metrics.listeners", &reader.list("metrics.listeners"), problems);
    let own: &[Listener] = if let AdminListeners::Own(listeners) = &admin { listeners } else { &[] };
    let mut tls = |key: &str, listeners: &[Listener]| {
        https(key, listeners.iter().any(|one| one.https), reader.props, problems, warnings)
    };
    let main_https = tls("listeners", &main);
    let admin_https = tls("admin.listeners", own);
    let metrics_https = tls("metrics.listeners", &metrics);
    if reader.mode == Mode::Distributed {
        // With it the worker reaches the others of its group.
        warnings.retain(|warning| warning.key != "listeners.https.ssl.endpoint.identification.algorithm");
    }
    if main_https.is_none() && admin_https.is_none() && metrics_https.is_none() && problems.is_empty() {
        unused_client_auth(reader, warnings);
    }
    let size = |key: &str| usize::try_from(reader.number(key)).unwrap_or(usize::MAX);
    RestConfig {
        listeners: main,
        admin,
        metrics,
        https: main_https,
        admin_https,
        metrics_https,
        advertised_host: reader.some_text("rest.advertised.host.name"),
        advertised_port: u16::try_from(reader.number("rest.advertised.port")).ok().filter(|port| *port > 0),
        advertised_https,
        cross_origin: cross_origin(reader, problems),
        headers: header_rules(&reader.text("response.http.headers.config"), problems),
        basic_auth: basic_auth(reader, problems, warnings),
        connections: size("rest.connections.max"),
        idle: reader.millis("rest.idle.timeout.ms"),
        body: size("rest.body.max.bytes"),
    }
}

/// The other plain `ssl.` keys are for Kafka clients, too.
fn unused_client_auth(reader: &Reader<'_>, warnings: &mut Vec<Problem>) {
    const KEY: &str = "ssl.client.auth";
    if reader.props.contains_key(KEY) {
        warnings.push(Problem::new(KEY, "has no effect: no listener begins with https://"));
    }
}

/// Of all extensions there is one.
fn basic_auth(
    reader: &Reader<'_>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<BasicAuth> {
    const KEY: &str = "rest.extension.classes";
    const JAAS: &str = "rest.basic.auth.jaas.config";
    let simple = BASIC_AUTH.rsplit('.').next().unwrap_or_default();
    let classes = reader.list(KEY);
    let (basic, others): (Vec<_>, Vec<_>) =
        classes.into_iter().partition(|class| class == BASIC_AUTH || class == simple);
    for other in others {
        let why = format!("the extension {other} is not there; the only one is {BASIC_AUTH}");
        problems.push(Problem::new(KEY, why));
    }
    let jaas = reader.some_text(JAAS).map(PathBuf::from);
    if basic.is_empty() {
        if jaas.is_some() {
            warnings.push(Problem::new(JAAS, format!("has no effect without {BASIC_AUTH} in {KEY}")));
        }
        return None;
    }
    Some(BasicAuth { jaas })
}

/// Origins are cut at commas and are patterns, but for a lone `*`, as in Kafka Connect since its 4.0.
fn cross_origin(reader: &Reader<'_>, problems: &mut Vec<Problem>) -> Option<CrossOrigin> {
    let given = reader.some_text("access.control.allow.origin")?;
    let (mut any, mut origins) = (false, Vec::new());
    for origin in list(&given).iter().filter(|origin| !origin.is_empty()) {
        if origin == "*" {
            any = true;
            continue;
        }
        match TopicPattern::new(&format!("(?i){origin}")) {
            Ok(pattern) => origins.push(pattern),
            Err(why) => {
                let why = format!("'{origin}' is neither * nor a regular expression: {why}");
                problems.push(Problem::new("access.control.allow.origin", why));
            }
        }
    }
    let methods = reader.text("access.control.allow.methods");
    let methods =
        if trim(&methods).is_empty() { "GET,POST,HEAD".to_owned() } else { list(&methods).join(",") };
    if !methods.chars().all(|c| c.is_ascii_graphic()) {
        let why = "a method is made of letters; write them separated by commas";
        problems.push(Problem::new("access.control.allow.methods", why));
    }
    Some(CrossOrigin { any, origins, methods })
}
