//! Content types: what a caller sends, what a caller takes.

use super::errors::Failure;
use super::media_types;
use super::router::{Endpoint, Route};

/// Refuses a content type that is none, whatever is asked for.
pub(super) fn check_form(content_type: Option<&str>) -> Result<(), Failure> {
    match content_type {
        Some(value) if media_types::read(value).is_none() => Err(Failure::Malformed("Content-Type")),
        _ => Ok(()),
    }
}

/// Refuses requests that say of themselves that they aren't JSON, with a body or without, and bodies of which nothing is
/// said. An empty one may go without a type: it is refused for being empty.
pub(super) fn check_content_type(
    route: &Route,
    content_type: Option<&str>,
    empty: bool,
) -> Result<(), Failure> {
    let is_json = |value: &str| {
        media_types::read(value).is_some_and(|(kind, subtype)| {
            // A bare star stands for itself, but where the subtype is named.
            let kind = kind.eq_ignore_ascii_case("application") || kind == "*";
            kind && subtype.eq_ignore_ascii_case("json")
        })
    };
    let fits = match content_type {
        Some(value) => is_json(value) || takes_any(route),
        None => empty || !route.takes_body,
    };
    if fits { Ok(()) } else { Err(Failure::NotJson) }
}

/// What answers whatever the request says of itself.
fn takes_any(route: &Route) -> bool {
    use Endpoint::{Fence, Health, Metrics, Root, SubmitTasks};
    matches!(route.endpoint, Root | Health | Metrics | SubmitTasks | Fence)
}

/// Refuses callers whose `Accept` headers leave no room for JSON. As in Kafka Connect a type is no less welcome for
/// `q=0`, and JSON that is asked for with parameters is called by them: the name is what comes back.
pub(super) fn check_accept<'a>(
    route: &Route,
    accept: impl Iterator<Item = &'a str>,
) -> Result<Option<String>, Failure> {
    if route.endpoint == Endpoint::Metrics {
        return Ok(None);
    }
    let mut any = false;
    // The most welcome range that JSON is in: its quality, whether it names JSON, its parameters. Of equals the first.
    let mut best: Option<(f32, bool, String)> = None;
    for list in accept.map(blank_free).filter(|list| !list.is_empty()) {
        let list = list.strip_suffix(',').filter(|list| !list.is_empty()).unwrap_or(list);
        for range in media_types::split(list) {
            let range = media_types::accepted(range).ok_or(Failure::Malformed("Accept"))?;
            let (kind, subtype) = range.media;
            let fits = |part: &str, name: &str| part == "*" || part.eq_ignore_ascii_case(name);
            any = true;
            if !fits(kind, "application") || !fits(subtype, "json") {
                continue;
            }
            let named = kind != "*" && subtype != "*";
            if best
                .as_ref()
                .is_none_or(|(quality, was_named, _)| (range.quality, named) > (*quality, *was_named))
            {
                best = Some((range.quality, named, range.parameters));
            }
        }
    }
    match best {
        None if any => Err(Failure::NotAcceptable),
        Some((_, true, parameters)) if !parameters.is_empty() => {
            Ok(Some(format!("application/json{parameters}")))
        }
        _ => Ok(None),
    }
}

fn blank_free(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
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
        for good in ["application/json", "Application/JSON", "application/json; charset=utf-8", "*/json"] {
            assert_eq!(check_content_type(create, Some(good), false), Ok(()), "{good}");
        }
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/merge-patch+json",
            "application/*",
        ] {
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
    fn types_must_be_types() {
        for good in [None, Some("text/plain"), Some("application/json;"), Some("a/b; c=\"d e\"")] {
            assert_eq!(check_form(good), Ok(()), "{good:?}");
        }
        for bad in [
            "",
            "json",
            "application/",
            "/",
            "a/b/c",
            "application/json;charset",
            "application/json, text/plain",
        ] {
            assert_eq!(check_form(Some(bad)), Err(Failure::Malformed("Content-Type")), "{bad}");
        }
    }

    #[test]
    fn callers_must_take_json() {
        let list = route("GET", "/connectors");
        let good = [
            "*/*",
            "*",
            "application",
            "application/json",
            "text/html, application/*;q=0.5",
            "",
            "text/html,*/*;q=0.8",
        ];
        for good in good.into_iter().chain([
            "application/json;q=0",
            "foo, application/json;q=0.001",
            "application/json, ",
        ]) {
            assert_eq!(check_accept(list, [good].into_iter()), Ok(None), "{good}");
        }
        assert_eq!(check_accept(list, std::iter::empty()), Ok(None));
        assert_eq!(check_accept(list, ["text/html", "application/json"].into_iter()), Ok(None));
        for bad in ["text/html", "text/html,", "application/xml", "text/*", "foo", "application/vnd.x+json"] {
            assert_eq!(check_accept(list, [bad].into_iter()), Err(Failure::NotAcceptable), "{bad}");
        }
        for broken in [
            ",",
            ",application/json",
            "application/json,,",
            "application/",
            "a/b/c",
            "*/*;q=2",
            "application/json, ,",
            "application/json;q=0.0001",
        ] {
            let refused = Err(Failure::Malformed("Accept"));
            assert_eq!(check_accept(list, [broken].into_iter()), refused, "{broken}");
        }
        assert_eq!(check_accept(route("GET", "/metrics"), ["text/plain"].into_iter()), Ok(None));
    }

    // What comes back was tried on Kafka Connect 4.1.1.
    #[test]
    fn json_is_called_as_it_was_asked_for() {
        let list = route("GET", "/connectors");
        let table = [
            ("application/json; charset=\"UTF-8\"", ";charset=utf-8"),
            ("Application/JSON;Charset=utf-8", ";charset=utf-8"),
            ("application/json;q=0.9;charset=utf-8", ";charset=utf-8"),
            ("application/json;c=d;a=b", ";a=b;c=d"),
            ("application/json;a=\"b c\"", ";a=\"b c\""),
            ("*/*, application/json;charset=utf-8", ";charset=utf-8"),
            ("text/plain, application/json;v=1", ";v=1"),
            ("application/json;q=0.5, application/json;v=1;q=0.9", ";v=1"),
            ("application/json;v=1, application/json", ";v=1"),
            ("application/json, application/json;v=1", ""),
            ("application/json;v=1;q=0.1, */*", ""),
            ("application/*;v=1, application/json", ""),
            ("*/*;charset=utf-8", ""),
        ];
        for (accept, parameters) in table {
            let expected = (!parameters.is_empty()).then(|| format!("application/json{parameters}"));
            assert_eq!(check_accept(list, [accept].into_iter()), Ok(expected), "{accept}");
        }
    }
}
