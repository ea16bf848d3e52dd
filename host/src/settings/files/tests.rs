//! Properties as Java reads them, and the JSON shapes.

use proptest::prelude::*;

use super::*;

mod yaml;

fn props(entries: &[(&str, &str)]) -> Props {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn properties_are_read_as_java_does() {
    let table: &[(&str, &[(&str, &str)])] = &[
        ("", &[]),
        ("a=1\nb: 2\nc 3\n", &[("a", "1"), ("b", "2"), ("c", "3")]),
        ("a = 1 \r\nb=2\rc=3", &[("a", "1 "), ("b", "2"), ("c", "3")]),
        ("# comment\n  ! too\n\n \t\na=#1!", &[("a", "#1!")]),
        ("# C:\\users\\name\na=1", &[("a", "1")]),
        ("# ends in \\\na=1", &[("a", "1")]),
        ("a=x,\\\n    y,\\\r\n\tz", &[("a", "x,y,z")]),
        ("a=x\\\n\nb=2", &[("a", "x"), ("b", "2")]),
        ("a=x\\\n#y", &[("a", "x#y")]),
        ("a=x\\\\\nb=y", &[("a", "x\\"), ("b", "y")]),
        ("a=x\\", &[("a", "x")]),
        (r"a\ b\=c\:d=1", &[("a b=c:d", "1")]),
        ("a==1", &[("a", "=1")]),
        ("a  =  = 1", &[("a", "= 1")]),
        ("a\\\\=1", &[("a\\", "1")]),
        ("a", &[("a", "")]),
        ("a=", &[("a", "")]),
        ("=1", &[("", "1")]),
        (r"a=\t\n\r\f\q\u0041\u00e9", &[("a", "\t\n\r\u{c}qAé")]),
        (r"a=\ud83d\ude00 \ud83d!", &[("a", "😀 \u{fffd}!")]),
        ("ключ=значение ☃", &[("ключ", "значение ☃")]),
        ("a=1\na=2", &[("a", "2")]),
        ("\u{c}a\u{c}1", &[("a", "1")]),
    ];
    for (text, expected) in table {
        assert_eq!(parse_properties(text), Ok(props(expected)), "{text:?}");
    }
    for text in [r"a=\u12", r"a=\u12g4", "a=\\u+123"] {
        assert_eq!(parse_properties(&format!("# one\n{text}")), Err(FileError::Escape { line: 2 }), "{text}");
    }
}

#[test]
fn bytes_are_utf8_or_latin1() {
    assert_eq!(decode("a=é".as_bytes()), "a=é");
    assert_eq!(decode(b"a=\xe9"), "a=é");
    assert_eq!(decode(b"\xef\xbb\xbfa=1"), "a=1");
}

#[test]
fn a_worker_file_is_properties_or_a_flat_object() {
    assert_eq!(parse_worker_file(Format::ByText, "a=1"), Ok(props(&[("a", "1")])));
    let text = r#" {"a":"x","b":1.50,"c":1e3,"d":true,"e":-0}"#;
    let expected = props(&[("a", "x"), ("b", "1.50"), ("c", "1e3"), ("d", "true"), ("e", "-0")]);
    assert_eq!(parse_worker_file(Format::ByText, text), Ok(expected.clone()));
    assert_eq!(parse_worker_json(text), Ok(expected));
    assert_eq!(parse_worker_json("[]"), Err(FileError::NotAnObject));
    assert!(matches!(parse_worker_json("{"), Err(FileError::Json(_))));
    for text in [r#"{"a":{}}"#, r#"{"a":["b"]}"#] {
        assert_eq!(parse_worker_json(text), Err(FileError::NestedValue { key: "a".to_owned() }));
    }
    assert_eq!(parse_worker_json(r#"{"a":null}"#), Err(FileError::NullValue { key: "a".to_owned() }));
}

#[test]
fn a_connector_file_has_one_of_three_shapes() {
    let flat = props(&[("name", "c"), ("tasks.max", "2")]);
    let table: &[(&str, Props, Option<InitialState>)] = &[
        ("name=c\ntasks.max=2", flat.clone(), None),
        (r#"{"name":"c","tasks.max":2}"#, flat.clone(), None),
        (r#"{"name":"c","config":{"tasks.max":2}}"#, flat.clone(), None),
        (r#"{"name":"c","config":{"name":"c","tasks.max":"2"},"more":[1]}"#, flat.clone(), None),
        (
            r#"{"name":"c","config":{"tasks.max":"2"},"initial_state":"stopped"}"#,
            flat.clone(),
            Some(InitialState::Stopped),
        ),
        (r#"{"name":"c","config":{"tasks.max":"2"},"initial_state":null}"#, flat.clone(), None),
        (r#"{"name":"c","config":"x"}"#, props(&[("name", "c"), ("config", "x")]), None),
    ];
    for (text, config, initial_state) in table {
        let expected =
            ConnectorFile { name: "c".to_owned(), config: config.clone(), initial_state: *initial_state };
        assert_eq!(parse_connector_file(Format::ByText, text), Ok(expected), "{text}");
    }
}

#[test]
fn a_connector_file_that_will_not_do_is_refused() {
    let mismatch = FileError::NameMismatch { name: "a".to_owned(), in_config: "b".to_owned() };
    let table = [
        ("tasks.max=2", FileError::MissingName),
        (r#"{"tasks.max":2}"#, FileError::MissingName),
        (r#"{"config":{"name":"c"}}"#, FileError::MissingName),
        (r#"{"name":"a","config":{"name":"b"}}"#, mismatch),
        (
            r#"{"name":"a","config":{},"initial_state":"DESTROYED"}"#,
            FileError::InitialState("DESTROYED".to_owned()),
        ),
        (r#"{"name":"a","config":{"b":{}}}"#, FileError::NestedValue { key: "b".to_owned() }),
        (r#"{"name":"a","b":[]}"#, FileError::NestedValue { key: "b".to_owned() }),
    ];
    for (text, expected) in table {
        assert_eq!(parse_connector_file(Format::ByText, text), Err(expected), "{text}");
    }
}

#[test]
fn debug_shows_no_values() {
    let file = parse_connector_file(Format::ByText, "name=c\nconnection.password=s3cret").unwrap();
    assert!(!format!("{file:?}").contains("s3cret"));
}

/// Escapes for a properties file what could be read as something else.
fn escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in r#"[\{\}\[\]":=\\ua0-9 \r\n#!,é☃]{0,60}"#) {
        let _ = parse_worker_file(Format::ByText, &text);
        let _ = parse_connector_file(Format::ByText, &text);
        let _ = parse_properties(&text);
        let _ = parse_connector_json(&text);
    }

    #[test]
    fn what_was_escaped_comes_back(key in ".{1,20}", value in ".{0,40}") {
        let text = format!("{}={}", escaped(&key), escaped(&value));
        prop_assert_eq!(parse_properties(&text), Ok(props(&[(&key, &value)])));
    }
}
