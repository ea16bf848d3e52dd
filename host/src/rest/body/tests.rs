//! Tables of bodies.

use proptest::prelude::*;

use super::*;

fn problem<T>(outcome: Result<T, Failure>) -> String {
    match outcome {
        Err(Failure::BadBody(problem)) => problem,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[test]
fn configs_are_flat_and_become_text() {
    let body =
        br#" {"a":"x","b":5,"c":1.50,"d":true,"e":null,"f":"","g":12345678901234567890123,"h":1e3,"i":-0.0}"#;
    let given = config(&[b"\xef\xbb\xbf", &body[..]].concat()).unwrap();
    assert!(given.nulls.contains("e") && given.nulls.len() == 1);
    let pairs: Vec<(&str, &str)> = given.config.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        pairs,
        [
            ("a", "x"),
            ("b", "5"),
            ("c", "1.50"),
            ("d", "true"),
            ("f", ""),
            ("g", "12345678901234567890123"),
            ("h", "1e3"),
            ("i", "-0.0")
        ]
    );
}

#[test]
fn bodies_that_are_no_flat_objects_are_refused_without_quoting_them() {
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "\"x\"",
        "null",
        "{'a':'x'}",
        "/**/{}",
        "{} x",
        "{\"a\":{}}",
        "{\"a\":[]}",
    ] {
        problem(config(body.as_bytes()));
        problem(patch(body.as_bytes()));
        problem(new_connector(body.as_bytes()));
    }
    problem(config(b"{\"a\":\"\xff\"}"));
    assert_eq!(
        problem(config(br#"{"password":"geheim","x":[1]}"#)),
        "The value of \"x\" must be a string, not an array"
    );
    assert!(!problem(config(br#"{"password":"geheim"#)).contains("geheim"));
    let deep = "[".repeat(100_000);
    problem(config(deep.as_bytes()));
}

#[test]
fn patches_tell_removal_from_text() {
    let patch = patch(br#"{"a":1.50,"b":false,"c":null,"d":"x"}"#).unwrap();
    let changes: Vec<(&str, Option<&str>)> =
        patch.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
    assert_eq!(changes, [("a", Some("1.50")), ("b", Some("false")), ("c", None), ("d", Some("x"))]);
}

#[test]
fn changes_of_offsets_are_lists_of_objects() {
    let body = br#"{"offsets":[{"partition":{"f":"x"},"offset":{"p":1}},{"partition":{},"offset":null},{}]}"#;
    let entries = offsets(body).unwrap();
    let shape: Vec<_> = entries.iter().map(|e| (e.partition.is_some(), e.offset.is_some())).collect();
    assert_eq!(shape, [(true, true), (true, false), (false, false)]);
    for empty in ["{}", r#"{"offsets":null}"#, r#"{"offsets":[]}"#] {
        assert!(offsets(empty.as_bytes()).unwrap().is_empty(), "{empty}");
    }
    for bad in [
        "",
        "null",
        "[1]",
        r#"{"offsets":5}"#,
        r#"{"offsets":[5]}"#,
        r#"{"offsets":[null]}"#,
        r#"{"bogus":[]}"#,
        r#"{"offsets":[{"partition":"x"}]}"#,
        r#"{"offsets":[{"offset":[]}]}"#,
        r#"{"offsets":[{"x":1}]}"#,
    ] {
        problem(offsets(bad.as_bytes()));
    }
}

#[test]
fn task_configs_are_lists_of_flat_objects() {
    let read = |body: &str| task_configs(body.as_bytes()).unwrap();
    assert!(read("[]") == Some(Vec::new()) && read("[{}]") == Some(vec![Props::new()]));
    let given = [("a", "b"), ("c", "1.50")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert!(read(r#"[{"a":"b","c":1.50,"d":null},{}]"#) == Some(vec![given.into(), Props::new()]));
    assert!(read("null").is_none() && read("[{},null]").is_none());
    for bad in ["", "{}", "[", "\"x\"", "[1]", r#"[{"a":[]}]"#] {
        problem(task_configs(bad.as_bytes()));
    }
}

#[test]
fn new_connectors_have_names_configs_and_states() {
    let new = new_connector(br#"{"name":"\u0000 \t x\u00a0\n","config":{"k":1},"initial_state":"pAUSED"}"#)
        .unwrap();
    assert_eq!(new.name, "x\u{a0}");
    assert_eq!(new.config.config.get("k").map(String::as_str), Some("1"));
    assert_eq!(new.initial_state, Some(TargetState::Paused));
    let bare = new_connector(br#"{"name":null,"config":{},"initial_state":null}"#).unwrap();
    assert_eq!((bare.name.as_str(), bare.config.config.len(), bare.initial_state), ("", 0, None));
    assert_eq!(new_connector(br#"{"name":7,"config":{}}"#).unwrap().name, "7");
    assert!(problem(new_connector(br#"{"config":{},"bogus":1}"#)).contains("bogus"));
    for body in [
        r#"{}"#,
        r#"{"name":"x"}"#,
        r#"{"name":"x","config":null}"#,
        r#"{"name":"x","config":[]}"#,
        r#"{"name":"x","config":"x"}"#,
        r#"{"name":["x"],"config":{}}"#,
        r#"{"name":"x","config":{"nested":{"a":1}}}"#,
        r#"{"name":"x","config":{},"initial_state":"SLEEPY"}"#,
        r#"{"name":"x","config":{},"initial_state":""}"#,
    ] {
        problem(new_connector(body.as_bytes()));
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_where_it_stands() {
    let refused = |body: &str| match config(body.as_bytes()) {
        Err(Failure::HalfSurrogate { line, column }) => Some((line, column)),
        Ok(_) => None,
        Err(other) => panic!("{body}: {other:?}"),
    };
    for (body, place) in [
        (r#"{"a":"\ud800"}"#, (1, 7)),
        (r#"{"a":"\uDFFF"}"#, (1, 7)),
        (r#"{"\ud800":"x"}"#, (1, 3)),
        ("{\"a\":\n \"\\ud83d\\ud83d\\ude00\"}", (2, 3)),
        (r#"{"a":"\ud83d x\ude00"}"#, (1, 7)),
        (r#"{"a":"\\\ude00"}"#, (1, 9)),
        (r#"{"a":"\ud83d\n"}"#, (1, 7)),
    ] {
        assert_eq!(refused(body), Some(place), "{body}");
        assert_eq!(
            patch(body.as_bytes()).err(),
            Some(Failure::HalfSurrogate { line: place.0, column: place.1 })
        );
    }
    for body in [r#"{"a":"\ud83d\ude00"}"#, r#"{"a":"\\ud800"}"#, r#"{"a":"\u00e9\uffff"}"#, r#"{"a":"\\"}"#]
    {
        assert_eq!(refused(body), None, "{body}");
    }
    let nested = r#"{"name":"\udead","config":{}}"#;
    assert!(matches!(new_connector(nested.as_bytes()), Err(Failure::HalfSurrogate { .. })));
    let nested = r#"{"name":"x","config":{"a":"\udead"}}"#;
    assert!(matches!(new_connector(nested.as_bytes()), Err(Failure::HalfSurrogate { .. })));
    let nested = r#"{"offsets":[{"partition":{"p":"\udead"},"offset":null}]}"#;
    assert!(matches!(offsets(nested.as_bytes()), Err(Failure::HalfSurrogate { .. })));
}

#[tokio::test]
async fn reading_stops_at_the_limit_and_at_cuts() {
    let parts = |parts: &[&'static str]| {
        futures_util::stream::iter(parts.iter().map(|part| Ok::<_, ()>(part.as_bytes())).collect::<Vec<_>>())
    };
    let limits = Limits { body: 4, idle: std::time::Duration::from_millis(20), ..Limits::default() };
    assert_eq!(read(parts(&["ab", "", "cd"]), &limits).await, Ok(b"abcd".to_vec()));
    assert_eq!(read(parts(&["ab", "cde"]), &limits).await, Err(Failure::TooLarge(4)));
    let cut = futures_util::stream::iter(vec![Ok(&b"ab"[..]), Err("gone")]);
    assert_eq!(read(cut, &limits).await, Err(Failure::BodyCutOff));
    let stuck = futures_util::stream::pending::<Result<&[u8], ()>>();
    assert_eq!(read(stuck, &limits).await, Err(Failure::BodyCutOff));
}

/// Bodies that are nearly those of the API.
fn nearly() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"name\"",
        "\"config\"",
        "\"initial_state\"",
        "\"offsets\"",
        "\"partition\"",
        "\"offset\"",
        "\"STOPPED\"",
        "\"kafka_topic\"",
        "null",
        "true",
        "1",
        "-1e999",
        "\"\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"x\"",
        " ",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..24).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_body_makes_its_reader_panic(noise in prop::collection::vec(any::<u8>(), 0..60), nearly in nearly()) {
        for body in [noise.as_slice(), nearly.as_bytes()] {
            let _ = new_connector(body);
            let _ = config(body);
            let _ = patch(body);
            let _ = offsets(body);
        }
    }

    #[test]
    fn escapes_are_taken_as_the_json_reader_takes_them(parts in prop::collection::vec(
        prop::sample::select(vec!["\\ud83d", "\\ude00", "\\uD800", "\\\\", "\\n", "u", "d800", "x", "\\u00e9"]), 0..8
    )) {
        let body = format!("{{\"a\":\"{}\"}}", parts.concat());
        let reads = serde_json::from_str::<Value>(&body).is_ok();
        let half = matches!(config(body.as_bytes()), Err(Failure::HalfSurrogate { .. }));
        prop_assert_eq!(reads, !half, "{}", body);
    }

    #[test]
    fn a_config_arrives_as_it_was_sent(sent in prop::collection::btree_map("\\PC{1,12}", "\\PC{0,20}", 0..8)) {
        let body = serde_json::to_vec(&sent).unwrap();
        prop_assert_eq!(config(&body).unwrap_or_else(|_| panic!("refused")).config, sent);
    }
}
