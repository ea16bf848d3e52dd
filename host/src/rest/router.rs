//! From method and path to an endpoint: one table, read from the top.

use super::Surface;
use super::errors::Failure;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Root,
    Health,
    ConnectorHealth,
    Metrics,
    List,
    Create,
    Info,
    Delete,
    Config,
    PutConfig,
    PatchConfig,
    Status,
    Pause,
    Resume,
    Stop,
    Restart,
    Tasks,
    TaskStatus,
    RestartTask,
    Offsets,
    AlterOffsets,
    ResetOffsets,
    Topics,
    ResetTopics,
    Plugins,
    PluginConfig,
    Validate,
    Loggers,
    Logger,
    SetLogger,
    /// Task configs from another worker.
    SubmitTasks,
    /// Fencing of older tasks for another worker.
    Fence,
}

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// The path without its first slash; `{name}` stands for one segment, `{task}` for one that is a 32-bit integer.
    pub(super) pattern: &'static str,
    pub(super) endpoint: Endpoint,
    /// It reads a body, which must be JSON.
    pub(super) takes_body: bool,
}

impl Route {
    /// Whether a listener with this surface serves it.
    fn is_on(&self, surface: Surface) -> bool {
        match self.endpoint {
            Endpoint::Loggers | Endpoint::Logger | Endpoint::SetLogger => surface.admin,
            Endpoint::Metrics => surface.metrics,
            _ => surface.main,
        }
    }

    /// Called by other workers, who say in their own way who they are.
    pub(super) fn is_between_workers(&self) -> bool {
        matches!(
            (self.method, self.pattern),
            ("POST", "connectors/{name}/tasks" | "v1/connectors/tasks") | ("PUT", "connectors/{name}/fence")
        )
    }

    /// The connector's name is in the query, not in the path.
    fn named_by_query(&self) -> bool {
        self.pattern.starts_with("v1/connectors") && !self.pattern.contains("{name}")
    }
}

const fn plain(method: &'static str, pattern: &'static str, endpoint: Endpoint) -> Route {
    Route { method, pattern, endpoint, takes_body: false }
}

const fn with_body(method: &'static str, pattern: &'static str, endpoint: Endpoint) -> Route {
    Route { method, pattern, endpoint, takes_body: true }
}

/// Every endpoint. HEAD is served by GET, OPTIONS by the table itself.
pub(super) const ROUTES: &[Route] = &[
    plain("GET", "", Endpoint::Root),
    plain("GET", "health", Endpoint::Health),
    plain("GET", "metrics", Endpoint::Metrics),
    plain("GET", "connectors", Endpoint::List),
    with_body("POST", "connectors", Endpoint::Create),
    plain("GET", "connectors/{name}", Endpoint::Info),
    plain("DELETE", "connectors/{name}", Endpoint::Delete),
    plain("GET", "connectors/{name}/config", Endpoint::Config),
    with_body("PUT", "connectors/{name}/config", Endpoint::PutConfig),
    with_body("PATCH", "connectors/{name}/config", Endpoint::PatchConfig),
    plain("GET", "connectors/{name}/status", Endpoint::Status),
    plain("PUT", "connectors/{name}/pause", Endpoint::Pause),
    plain("PUT", "connectors/{name}/resume", Endpoint::Resume),
    plain("PUT", "connectors/{name}/stop", Endpoint::Stop),
    plain("POST", "connectors/{name}/restart", Endpoint::Restart),
    plain("GET", "connectors/{name}/tasks", Endpoint::Tasks),
    plain("POST", "connectors/{name}/tasks", Endpoint::SubmitTasks),
    plain("GET", "connectors/{name}/tasks/{task}/status", Endpoint::TaskStatus),
    plain("POST", "connectors/{name}/tasks/{task}/restart", Endpoint::RestartTask),
    plain("PUT", "connectors/{name}/fence", Endpoint::Fence),
    plain("GET", "connectors/{name}/topics", Endpoint::Topics),
    plain("PUT", "connectors/{name}/topics/reset", Endpoint::ResetTopics),
    plain("GET", "connectors/{name}/offsets", Endpoint::Offsets),
    with_body("PATCH", "connectors/{name}/offsets", Endpoint::AlterOffsets),
    plain("DELETE", "connectors/{name}/offsets", Endpoint::ResetOffsets),
    plain("GET", "connector-plugins", Endpoint::Plugins),
    plain("GET", "connector-plugins/{name}/config", Endpoint::PluginConfig),
    with_body("PUT", "connector-plugins/{name}/config/validate", Endpoint::Validate),
    plain("GET", "admin/loggers", Endpoint::Loggers),
    plain("GET", "admin/loggers/{name}", Endpoint::Logger),
    with_body("PUT", "admin/loggers/{name}", Endpoint::SetLogger),
    // Ours: does it come on?
    plain("GET", "v1/connectors/{name}/health", Endpoint::ConnectorHealth),
    // Ours: a connector by any name, which is in the query.
    plain("GET", "v1/connectors", Endpoint::Info),
    plain("DELETE", "v1/connectors", Endpoint::Delete),
    plain("GET", "v1/connectors/config", Endpoint::Config),
    with_body("PUT", "v1/connectors/config", Endpoint::PutConfig),
    with_body("PATCH", "v1/connectors/config", Endpoint::PatchConfig),
    plain("GET", "v1/connectors/status", Endpoint::Status),
    plain("GET", "v1/connectors/health", Endpoint::ConnectorHealth),
    plain("PUT", "v1/connectors/pause", Endpoint::Pause),
    plain("PUT", "v1/connectors/resume", Endpoint::Resume),
    plain("PUT", "v1/connectors/stop", Endpoint::Stop),
    plain("POST", "v1/connectors/restart", Endpoint::Restart),
    plain("GET", "v1/connectors/tasks", Endpoint::Tasks),
    plain("POST", "v1/connectors/tasks", Endpoint::SubmitTasks),
    plain("GET", "v1/connectors/tasks/{task}/status", Endpoint::TaskStatus),
    plain("POST", "v1/connectors/tasks/{task}/restart", Endpoint::RestartTask),
    plain("GET", "v1/connectors/topics", Endpoint::Topics),
    plain("PUT", "v1/connectors/topics/reset", Endpoint::ResetTopics),
    plain("GET", "v1/connectors/offsets", Endpoint::Offsets),
    with_body("PATCH", "v1/connectors/offsets", Endpoint::AlterOffsets),
    plain("DELETE", "v1/connectors/offsets", Endpoint::ResetOffsets),
];

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// To an endpoint; with the open parts of its path, decoded.
    Route(&'static Route, Vec<String>),
    /// It only asks which methods there are.
    Options(String),
}

/// Finds the endpoint among those that the listener serves. `path` is that of the URL, still escaped.
pub(super) fn find(method: &str, path: &str, query: &Query, surface: Surface) -> Result<Found, Failure> {
    let segments = segments(path)?;
    let mut hits = Vec::new();
    for route in ROUTES.iter().filter(|route| route.is_on(surface)) {
        if let Some(mut captured) = captured(route.pattern, &segments) {
            if route.named_by_query() {
                captured.insert(0, query.all("name").next().ok_or(Failure::NoName)?.to_owned());
            }
            hits.push((route, captured));
        }
    }
    if hits.is_empty() {
        return Err(Failure::NoSuchPath);
    }
    let served = if method == "HEAD" { "GET" } else { method };
    let methods = allowed(hits.iter().map(|(route, _)| route.method));
    match hits.into_iter().find(|(route, _)| route.method == served) {
        Some((route, captured)) => Ok(Found::Route(route, captured)),
        None if method == "OPTIONS" => Ok(Found::Options(methods)),
        None => Err(Failure::WrongMethod(methods)),
    }
}

/// The value of `Allow`, in the order in which Kafka Connect has it.
fn allowed<'a>(methods: impl Iterator<Item = &'a str>) -> String {
    let given: Vec<&str> = methods.collect();
    let served = |method: &&str| match *method {
        "HEAD" => given.contains(&"GET"),
        "OPTIONS" => true,
        other => given.contains(&other),
    };
    let all = ["HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"];
    all.into_iter().filter(served).collect::<Vec<_>>().join(",")
}

/// The decoded segments of a path. A slash at the end changes nothing. What could be cut in two ways is refused.
fn segments(path: &str) -> Result<Vec<Segment>, Failure> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(segment).collect()
}

/// A part of a path between slashes.
struct Segment {
    text: String,
    /// It was written with escapes. Names may be, the words of an endpoint are not known by them.
    escaped: bool,
}

/// A segment without its parameters, which follow a semicolon and mean nothing here.
fn segment(raw: &str) -> Result<Segment, Failure> {
    let ambiguous = |why| Err(Failure::AmbiguousPath(why));
    if raw.is_empty() {
        return ambiguous("Ambiguous URI empty segment");
    }
    if raw.contains(['"', '<', '>', '[', '\\', ']', '^', '`', '{', '|', '}']) {
        return ambiguous("Illegal Path Character");
    }
    let raw = raw.split(';').next().unwrap_or_default();
    let Some(decoded) = decode(raw, false) else { return ambiguous("Bad escape in URI path") };
    if decoded.contains(char::REPLACEMENT_CHARACTER) {
        return ambiguous("Bad UTF-8 encoding");
    }
    if decoded.contains(|c: char| c < ' ' || c == '\u{7f}') {
        return ambiguous("Suspicious Path Character");
    }
    if raw != decoded {
        let upper = raw.to_ascii_uppercase();
        for (escape, why) in [
            ("%2F", "Ambiguous URI path separator"),
            ("%25", "Ambiguous URI path encoding"),
            ("%5C", "Suspicious Path Character"),
        ] {
            if upper.contains(escape) {
                return ambiguous(why);
            }
        }
        if decoded == "." || decoded == ".." {
            return ambiguous("Ambiguous URI path segment");
        }
    }
    Ok(Segment { escaped: raw != decoded, text: decoded })
}

/// Undoes percent escapes, once; none if one is broken. `form`: a plus is a blank.
fn decode(raw: &str, form: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let value = digit(rest.next())? * 16 + digit(rest.next())?;
                bytes.push(u8::try_from(value).ok()?);
            }
            b'+' if form => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Escapes all but letters, digits and what is never in the way.
pub(super) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// The segments that the pattern leaves open, if it fits.
fn captured(pattern: &str, segments: &[Segment]) -> Option<Vec<String>> {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut captured = Vec::new();
    for (part, segment) in parts.into_iter().zip(segments) {
        match part {
            "{name}" => captured.push(segment.text.clone()),
            "{task}" => {
                segment.text.parse::<i32>().ok()?;
                captured.push(segment.text.clone());
            }
            literal if literal == segment.text && !segment.escaped => {}
            _ => return None,
        }
    }
    Some(captured)
}

/// The parameters behind the question mark, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Takes a query apart. What is escaped badly stays as it is.
    pub(super) fn parse(raw: &str) -> Query {
        let text = |raw: &str| decode(raw, true).unwrap_or_else(|| raw.to_owned());
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (text(key), text(value))
        };
        Query(raw.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// The same parameters, but this one only once and with this value; escaped, as after the question mark.
    pub(super) fn with(&self, key: &str, value: &str) -> String {
        let others = self.0.iter().filter(|(name, _)| name != key);
        let all = others.map(|(name, value)| (name.as_str(), value.as_str())).chain([(key, value)]);
        let pairs: Vec<String> =
            all.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.join("&")
    }

    /// The first value, read as Java does: `true` in any letter case is true, anything else is false; an empty one is absent.
    pub(super) fn flag(&self, key: &str, absent: bool) -> bool {
        self.all(key)
            .next()
            .filter(|value| !value.is_empty())
            .map_or(absent, |value| value.eq_ignore_ascii_case("true"))
    }
}

#[cfg(test)]
mod tests;
