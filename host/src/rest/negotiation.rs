//! Content types: what a caller sends, what a caller takes.

use super::errors::Failure;
use super::router::{Endpoint, Route};

/// Refuses requests that say of themselves that they aren't JSON, with a body or without, and bodies of which nothing is
/// said. An empty one may go without a type: it is refused for being empty.
pub(super) fn check_content_type(
    route: &Route,
    content_type: Option<&str>,
    empty: bool,
) -> Result<(), Failure> {
    let fits = match content_type {
        Some(value) => media_type(value).eq_ignore_ascii_case("application/json") || takes_any(route),
        None => empty || !route.takes_body,
    };
    if fits { Ok(()) } else { Err(Failure::NotJson) }
}

/// What answers whatever the request says of itself.
fn takes_any(route: &Route) -> bool {
    use Endpoint::{Fence, Health, Metrics, Root, SubmitTasks};
    matches!(route.endpoint, Root | Health | Metrics | SubmitTasks | Fence)
}

/// Refuses callers whose `Accept` headers leave no room for JSON.
pub(super) fn check_accept<'a>(route: &Route, accept: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let mut ranges =
        accept.flat_map(|value| value.split(',')).map(str::trim).filter(|range| !range.is_empty());
    let takes_json = |range: &str| {
        let media = media_type(range);
        let json = ["*/*", "application/*", "application/json", "*/json", "*"]
            .iter()
            .any(|m| media.eq_ignore_ascii_case(m));
        json && !refused(range)
    };
    let Some(first) = ranges.next() else { return Ok(()) };
    if route.endpoint == Endpoint::Metrics || takes_json(first) || ranges.any(takes_json) {
        Ok(())
    } else {
        Err(Failure::NotAcceptable)
    }
}

/// The type without its parameters.
fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// True for a range with `q=0`.
fn refused(range: &str) -> bool {
    let quality = range.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    quality.into_iter().any(|(key, value)| {
        key.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().is_ok_and(|q| q == 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::Surface;
    use crate::rest::router::{Found, Query, find};

    fn route(method: &str, path: &str) -> &'static Route {
        match find(method, path, &Query::default(), Surface::ALL) {
            Ok(Found::Route(route, _)) => route,
            other => panic!("no route: {other:?}"),
        }
    }

    #[test]
    fn bodies_must_be_json() {
        let create = route("POST", "/connectors");
        for good in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
            assert_eq!(check_content_type(create, Some(good), false), Ok(()), "{good}");
        }
        for bad in ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", ""] {
            assert_eq!(check_content_type(create, Some(bad), false), Err(Failure::NotJson), "{bad}");
            assert_eq!(check_content_type(create, Some(bad), true), Err(Failure::NotJson), "{bad}");
        }
        assert_eq!(check_content_type(create, None, true), Ok(()));
        assert_eq!(check_content_type(create, None, false), Err(Failure::NotJson));
        let pause = route("PUT", "/connectors/x/pause");
        assert_eq!(check_content_type(pause, None, false), Ok(()));
        assert_eq!(check_content_type(pause, Some("application/json"), true), Ok(()));
        assert_eq!(check_content_type(pause, Some("text/plain"), true), Err(Failure::NotJson));
        for (method, path) in [("GET", "/"), ("GET", "/metrics"), ("PUT", "/connectors/x/fence")] {
            assert_eq!(check_content_type(route(method, path), Some("text/plain"), true), Ok(()), "{path}");
        }
    }

    #[test]
    fn callers_must_take_json() {
        let list = route("GET", "/connectors");
        for good in ["*/*", "application/json", "text/html, application/*;q=0.5", "", "text/html,*/*;q=0.8"] {
            assert_eq!(check_accept(list, [good].into_iter()), Ok(()), "{good}");
        }
        assert_eq!(check_accept(list, std::iter::empty()), Ok(()));
        assert_eq!(check_accept(list, ["text/html", "application/json"].into_iter()), Ok(()));
        for bad in ["text/html", "application/xml", "application/json;q=0", "text/*"] {
            assert_eq!(check_accept(list, [bad].into_iter()), Err(Failure::NotAcceptable), "{bad}");
        }
        assert_eq!(check_accept(route("GET", "/metrics"), ["text/plain"].into_iter()), Ok(()));
    }
}
