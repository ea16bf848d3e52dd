//! Tables of the router.

use super::*;

fn find(method: &str, path: &str) -> Result<Found, Failure> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    super::find(method, path, &Query::parse(query), Surface::ALL)
}

fn endpoint(method: &str, path: &str) -> Result<(Endpoint, Vec<String>), Failure> {
    match find(method, path)? {
        Found::Route(route, captured) => Ok((route.endpoint, captured)),
        Found::Options(methods) => panic!("options {methods}"),
    }
}

#[test]
fn every_route_is_found_by_an_example_of_its_pattern() {
    for route in ROUTES {
        let path = format!("/{}", route.pattern.replace("{name}", "some").replace("{task}", "3"));
        let query = if route.named_by_query() { "?name=some" } else { "" };
        let whole = format!("{path}{query}");
        let Ok((found, captured)) = endpoint(route.method, &whole) else {
            panic!("{} {whole}", route.method)
        };
        assert_eq!(found, route.endpoint, "{path}");
        let open = route.pattern.matches('{').count() + usize::from(route.named_by_query());
        assert_eq!(captured.len(), open, "{path}");
        let with_slash = format!("{path}/{query}");
        assert!(endpoint(route.method, &with_slash).is_ok() || path == "/", "{with_slash}");
    }
}

#[test]
fn paths_are_unescaped_once() {
    let cases = [
        ("/connectors/plain", "plain"),
        ("/connectors/plain/", "plain"),
        ("/connectors/%63%63-1", "cc-1"),
        ("/connectors/a%20b", "a b"),
        ("/connectors/%20a", " a"),
        ("/connectors/a+b", "a+b"),
        ("/connectors/a%2Bb", "a+b"),
        ("/connectors/%C3%BC%E6%97%A5", "ü日"),
        ("/connectors/...", "..."),
        ("/connectors/..", ".."),
        ("/connectors/a;v=1", "a"),
        ("/connectors;v=1/a%3Bb", "a;b"),
    ];
    for (path, name) in cases {
        assert_eq!(endpoint("GET", path), Ok((Endpoint::Info, vec![name.to_owned()])), "{path}");
    }
    assert_eq!(
        endpoint("GET", "/connectors/x/tasks/-1/status"),
        Ok((Endpoint::TaskStatus, vec!["x".to_owned(), "-1".to_owned()]))
    );
}

#[test]
fn words_of_endpoints_are_written_plainly() {
    for path in ["/%63onnectors", "/connectors/x/%63onfig", "/admin/%6Coggers", "/connector%2Dplugins"] {
        assert_eq!(find("GET", path), Err(Failure::NoSuchPath), "{path}");
    }
    let number = endpoint("GET", "/connectors/x/tasks/%30/status");
    assert_eq!(number, Ok((Endpoint::TaskStatus, vec!["x".to_owned(), "0".to_owned()])));
}

#[test]
fn ambiguous_paths_are_refused() {
    for path in [
        "/connectors/a%2Fb",
        "/connectors/a%2fb/status",
        "/connectors/a%25b",
        "/connectors/a%5Cb",
        "/connectors/%2e%2E/x",
        "/connectors//x",
        "/connectors//",
        "//",
        "//connectors",
        "/connectors/%0A",
        "/connectors/a%7f",
        "/connectors/%ff",
        "/connectors/{x}",
        "/connectors/a\\b",
        "/connectors/a|b",
        "/connectors/a%2",
        "/connectors/a%zz",
    ] {
        assert!(matches!(find("GET", path), Err(Failure::AmbiguousPath(_))), "{path}");
    }
}

#[test]
fn unknown_paths_are_not_there_for_any_method() {
    for path in [
        "/nope",
        "/connectors/x/tasks-config",
        "/connectors/../connectors",
        "/connectors/x/bogus",
        "/connectors/x/tasks/0",
        "/connectors/x/tasks/x/restart",
        "/connectors/x/tasks/99999999999/restart",
        "/connectors/x/topics/other",
        "/connector-plugins/FileStreamSource",
        "/admin",
        "/CONNECTORS",
    ] {
        for method in ["GET", "POST", "DELETE", "HEAD", "OPTIONS"] {
            assert_eq!(find(method, path), Err(Failure::NoSuchPath), "{method} {path}");
        }
    }
}

#[test]
fn wrong_methods_are_told_the_right_ones() {
    let cases = [
        ("PUT", "/connectors", "HEAD,POST,GET,OPTIONS"),
        ("PATCH", "/connectors/", "HEAD,POST,GET,OPTIONS"),
        ("POST", "/", "HEAD,GET,OPTIONS"),
        ("POST", "/connectors/x", "HEAD,DELETE,GET,OPTIONS"),
        ("DELETE", "/connectors/x/config", "HEAD,GET,OPTIONS,PUT,PATCH"),
        ("GET", "/connectors/x/restart", "POST,OPTIONS"),
        ("HEAD", "/connectors/x/restart", "POST,OPTIONS"),
        ("GET", "/connectors/x/resume", "OPTIONS,PUT"),
        ("TRACE", "/health", "HEAD,GET,OPTIONS"),
    ];
    for (method, path, methods) in cases {
        assert_eq!(find(method, path), Err(Failure::WrongMethod(methods.to_owned())), "{method} {path}");
    }
    assert_eq!(find("OPTIONS", "/connectors"), Ok(Found::Options("HEAD,POST,GET,OPTIONS".to_owned())));
    assert_eq!(endpoint("HEAD", "/connectors"), Ok((Endpoint::List, vec![])));
}

#[test]
fn queries_are_taken_apart() {
    let query = Query::parse("expand=status&expand=info&x&includeTasks=True&onlyFailed=1&a%20b=c+d&bad=%zz");
    assert_eq!(query.all("expand").collect::<Vec<_>>(), ["status", "info"]);
    assert_eq!(query.all("x").collect::<Vec<_>>(), [""]);
    assert_eq!(query.all("a b").collect::<Vec<_>>(), ["c d"]);
    assert_eq!(query.all("bad").collect::<Vec<_>>(), ["%zz"]);
    assert!(query.flag("includeTasks", false));
    assert!(!query.flag("onlyFailed", true));
    assert!(query.flag("absent", true));
    assert!(query.flag("x", true) && !query.flag("x", false));
    assert_eq!(Query::parse(""), Query::default());
}

/// Paths stand two blanks deep in the file, their methods four.
#[test]
fn the_openapi_file_has_exactly_these_routes() {
    let file = include_str!("../../../../docs/openapi.yaml");
    let paths = file.split("\npaths:\n").nth(1).unwrap().split("\ncomponents:\n").next().unwrap();
    let mut documented = std::collections::BTreeSet::new();
    let mut path = "";
    for line in paths.lines() {
        let Some(word) = line.trim_start().strip_suffix(':') else { continue };
        match line.len() - line.trim_start().len() {
            2 => path = word,
            4 if word != "parameters" => {
                assert!(documented.insert(format!("{} {path}", word.to_uppercase())), "{word} {path} twice");
            }
            _ => {}
        }
    }
    let served = ROUTES.iter().map(|route| format!("{} /{}", route.method, route.pattern)).collect();
    assert_eq!(documented, served, "docs/openapi.yaml (left) and the table of routes differ");
}

#[test]
fn a_name_in_the_query_may_be_any() {
    for name in ["a%2Fb", "%25", "..", "%5C", "%7Bx%7D", "%C3%BC", ""] {
        let Ok((_, captured)) = endpoint("GET", &format!("/v1/connectors/status?name={name}")) else {
            panic!("{name}")
        };
        assert_eq!(captured, [Query::parse(&format!("x={name}")).all("x").collect::<String>()]);
    }
    assert_eq!(
        endpoint("GET", "/v1/connectors?name=a+b&name=c"),
        Ok((Endpoint::Info, vec!["a b".to_owned()]))
    );
    assert_eq!(endpoint("GET", "/v1/connectors"), Err(Failure::NoName));
    assert_eq!(
        endpoint("POST", "/v1/connectors/tasks/1/restart?name=health"),
        Ok((Endpoint::RestartTask, vec!["health".to_owned(), "1".to_owned()]))
    );
    assert_eq!(
        endpoint("GET", "/v1/connectors/x/health"),
        Ok((Endpoint::ConnectorHealth, vec!["x".to_owned()]))
    );
}

#[test]
fn a_listener_serves_what_it_is_for() {
    let served = |surface, path: &str| super::find("GET", path, &Query::default(), surface).is_ok();
    let without = Surface { main: true, admin: false, metrics: false };
    let paths = ["/", "/connectors", "/health", "/connector-plugins", "/admin/loggers", "/metrics"];
    for (surface, expected) in [
        (Surface::ALL, [true; 6]),
        (without, [true, true, true, true, false, false]),
        (Surface::ADMIN, [false, false, false, false, true, false]),
        (Surface::METRICS, [false, false, false, false, false, true]),
    ] {
        assert_eq!(paths.map(|path| served(surface, path)), expected, "{surface:?}");
    }
}
