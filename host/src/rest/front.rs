//! What stands before the REST API: who may call, browsers of other origins, and headers of the user's own.

use std::time::{Duration, SystemTime};

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, VARY,
};
use warp::http::{Method, Response};

use super::auth::Credentials;
use crate::settings::worker::{CrossOrigin, HeaderAction, HeaderRule};

/// What the settings ask for on the main listeners. By default nothing.
#[derive(Debug, Default)]
pub struct Front {
    /// Which calls of browsers are taken; none: none.
    pub cross_origin: Option<CrossOrigin>,
    /// Headers for every answer.
    pub headers: Vec<HeaderRule>,
    /// Who may call; none: everybody.
    pub credentials: Option<Credentials>,
}

impl Front {
    /// Whether the caller may come in, by the headers of its request.
    pub(super) fn admits(&self, request: &HeaderMap) -> bool {
        let header = request.get(AUTHORIZATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
        self.credentials.as_ref().is_none_or(|known| known.admit(header.as_deref()))
    }
}

/// Adds to an answer what the front asks for. What the answer says itself stands above the user's headers.
pub(super) fn dress(
    front: &Front,
    method: &Method,
    request: &HeaderMap,
    mut response: Response<Vec<u8>>,
) -> Response<Vec<u8>> {
    let mut headers = HeaderMap::new();
    front.headers.iter().for_each(|rule| apply(rule, &mut headers));
    if let Some(cross_origin) = &front.cross_origin {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        share(cross_origin, method, request, &mut headers);
    }
    for (name, value) in response.headers() {
        headers.insert(name, value.clone());
    }
    *response.headers_mut() = headers;
    response
}

/// One rule of `response.http.headers.config`.
fn apply(rule: &HeaderRule, headers: &mut HeaderMap) {
    let value = match rule.action {
        HeaderAction::Set | HeaderAction::Add => HeaderValue::from_str(&rule.value).ok(),
        HeaderAction::SetDate | HeaderAction::AddDate => date(&rule.value),
    };
    // Both were checked with the settings.
    let (Ok(name), Some(value)) = (HeaderName::from_bytes(rule.name.as_bytes()), value) else { return };
    if matches!(rule.action, HeaderAction::Set | HeaderAction::SetDate) {
        headers.insert(name, value);
    } else {
        headers.append(name, value);
    }
}

/// The time so many milliseconds from now, as in a header; none if it lies beyond the years that a header can tell.
fn date(offset: &str) -> Option<HeaderValue> {
    /// 9999-12-31T23:59:59Z
    const LAST: u64 = 253_402_300_799;
    let offset: i64 = offset.parse().ok()?;
    let by = Duration::from_millis(offset.unsigned_abs());
    let now = SystemTime::now();
    let time = if offset < 0 { now.checked_sub(by) } else { now.checked_add(by) }?;
    time.duration_since(SystemTime::UNIX_EPOCH).ok().filter(|since| since.as_secs() <= LAST)?;
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok()
}

/// The headers that let a browser use the answer, if the origin may; as Jetty's CrossOriginHandler.
fn share(rules: &CrossOrigin, method: &Method, request: &HeaderMap, headers: &mut HeaderMap) {
    let Some(given) = request.get(ORIGIN) else { return };
    let text = String::from_utf8_lossy(given.as_bytes());
    let mut origins = text.split(' ').map(str::trim).filter(|origin| !origin.is_empty());
    if !origins.any(|origin| rules.any || rules.origins.iter().any(|known| known.matches(origin))) {
        return;
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, given.clone());
    if method == Method::OPTIONS && request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        if let Ok(methods) = HeaderValue::from_str(&rules.methods) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("60"));
    }
}
