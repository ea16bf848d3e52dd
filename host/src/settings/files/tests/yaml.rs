//! YAML: dotted keys from nested maps, texts as written, and what is refused with its line.

use super::*;

fn worker(text: &str) -> Result<Props, String> {
    parse_worker_yaml(text).map_err(|error| error.to_string())
}

#[test]
fn nested_and_dotted_keys_are_the_same() {
    let expected = props(&[("a.b.c", "1"), ("a.b.d", "2"), ("e", "x")]);
    for text in [
        "a.b.c: 1\na.b.d: 2\ne: x",
        "a:\n  b:\n    c: 1\n    d: 2\ne: x",
        "a:\n  b.c: 1\na.b:\n  d: 2\n\"e\": 'x'",
        "{a: {b: {c: 1, d: 2}}, e: x}",
        "---\n# comment\na: {b.c: 1}\na.b.d: 2 # comment\ne: x\n...\n",
    ] {
        assert_eq!(worker(text), Ok(expected.clone()), "{text}");
    }
    let both = "key.converter: Json\nkey.converter.schemas.enable: false\nkey: {converter.x: 1}";
    let expected = props(&[
        ("key.converter", "Json"),
        ("key.converter.schemas.enable", "false"),
        ("key.converter.x", "1"),
    ]);
    assert_eq!(worker(both), Ok(expected));
    for text in ["", "\n", "# nothing\n", "---\n", "{}", "~", "a: {}"] {
        assert_eq!(worker(text), Ok(Props::new()), "{text:?}");
    }
}

#[test]
fn texts_stay_as_written() {
    for text in [
        "1.10",
        "007",
        "1e3",
        "1E+3",
        "0x10",
        "0o17",
        "0b1",
        "-0",
        "+1",
        "9223372036854775808",
        ".5",
        "1_000",
        "340282366920938463463374607431768211456",
        "yes",
        "no",
        "on",
        "off",
        "True",
        "FALSE",
        "~",
        ".inf",
        ".NaN",
        "2024-02-30",
        "2001-12-14t21:59:43.10-05:00",
        "12:30:45",
        "x: y".replace(": ", ":").as_str(),
        "a b",
        "http://:8083",
        "localhost:9092",
        "-1",
        "é☃",
        "C:\\x",
    ] {
        assert_eq!(worker(&format!("a: {text}")), Ok(props(&[("a", text)])), "{text}");
        assert_eq!(worker(&format!("a: [{text}, {text}]")), Ok(props(&[("a", &format!("{text},{text}"))])));
    }
    for (text, expected) in [
        ("\"\"", ""),
        ("''", ""),
        ("'null'", "null"),
        ("\"~\"", "~"),
        ("\" x \\t\"", " x \t"),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two\n", "one two"),
        ("\n  plain\n  folded", "plain folded"),
        ("!!str 1.10", "1.10"),
        ("[]", ""),
        ("\n  - a\n  - 'b,c'\n  - 1.0", "a,b,c,1.0"),
        ("\n- a\n- b", "a,b"),
    ] {
        assert_eq!(worker(&format!("a: {text}")), Ok(props(&[("a", expected)])), "{text}");
    }
}

#[test]
fn anchors_and_merges_are_resolved() {
    let text =
        "a: &x\n  p: 1\n  q: 2\nb:\n  <<: *x\n  q: 3\nc: {<<: [{p: 4}, *x]}\nd: *x\ne: &t 007\nf: [*t, *t]";
    let expected = props(&[
        ("a.p", "1"),
        ("a.q", "2"),
        ("b.p", "1"),
        ("b.q", "3"),
        ("c.p", "4"),
        ("c.q", "2"),
        ("d.p", "1"),
        ("d.q", "2"),
        ("e", "007"),
        ("f", "007,007"),
    ]);
    assert_eq!(worker(text), Ok(expected));
    // What stands in the file itself goes before what is merged, in any spelling.
    assert_eq!(worker("<<: {a: {b: 1}, c: 2}\na.b: 3"), Ok(props(&[("a.b", "3"), ("c", "2")])));
    assert_eq!(worker("a.b: 3\n<<: {a: {b: 1}}"), Ok(props(&[("a.b", "3")])));
}

#[test]
fn what_is_refused_names_key_and_line() {
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3", "line 3: 'a' is given twice"),
        ("a:\n  b: 2\n  b: 3", "line 3: 'a.b' is given twice"),
        ("a: 1\n\"a\": 1", "line 2: 'a' is given twice"),
        ("a.b: 1\na:\n  b: 2", "line 3: 'a.b' is given twice, nested and with dots"),
        ("a: {b.c: 1}\na.b: {c: 2}", "line 2: 'a.b.c' is given twice, nested and with dots"),
        (
            "a.b: 1\na:\n  b:\n    c: 2",
            "line 3: 'a.b' has a value and keys below it; write the latter with dots, as",
        ),
        (
            "a:\n  b:\n    c: 2\na.b: 1",
            "line 4: 'a.b' has a value and keys below it; write the latter with dots, as",
        ),
        ("x: 1\na:", "line 2: 'a' has no value; leave the key out, or write \"\" for an empty text"),
        ("a: null", "line 1: 'a' has no value"),
        ("a: [x, Null]", "line 1: 'a' has no value"),
        ("a: [[x]]", "line 1: 'a' is a list of lists; a list holds texts"),
        ("a:\n  - b: 1", "line 2: 'a' is a list of maps; a list holds texts"),
        ("a: !secret hunter2", "line 1: 'a' has a tag of its own; values have none"),
        ("a: !!int hunter2", "line 1: not valid YAML: a value does not fit its tag"),
        ("a: 1\n---\nb: 2", "the file holds several documents"),
        ("hunter2", "a map is needed, of keys and their values"),
        ("password=hunter2", "a map is needed, of keys and their values"),
        ("- a: 1", "line 1: a map is needed, of keys and their values"),
        ("a: 1\n\tb: hunter2", "line 2: not valid YAML: "),
        ("a: *hunter2", "line 1: not valid YAML: unknown anchor"),
        ("? [a, b]\n: 1", "line 1: not valid YAML: invalid type: sequence, expected the name of a key"),
        ("'': 1", "line 1: a key has no name"),
        ("a: {<<: 1}", "line 1: '<<' merges maps; no map is given"),
        ("a: {<<: [x]}", "line 1: '<<' merges maps; no map is given"),
        ("a: &x [*x]", "line 1: "),
    ] {
        let told = worker(text).unwrap_err();
        assert!(told.starts_with(expected), "{text}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn aliases_cannot_blow_a_file_up() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for at in 1..30 {
        let below = at - 1;
        laughs.push_str(&format!(
            "a{at}: &a{at} {{k0: *a{below}, k1: *a{below}, k2: *a{below}, k3: *a{below}}}\n"
        ));
    }
    assert!(worker(&laughs).is_err());
    let many = format!("a: &a [{}]\n", vec!["x"; 1000].join(","));
    let many = (0..200).fold(many, |text, at| text + &format!("b{at}: *a\n"));
    assert!(worker(&many).unwrap_err().contains("more than 100000 values"));
    let long = format!("a: &a {}\n", "x".repeat(1 << 20));
    let long = (0..20).fold(long, |text, at| text + &format!("b{at}: *a\n"));
    assert!(worker(&long).unwrap_err().contains("bytes of text"));
    assert!(worker(&format!("{}x{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
}

#[test]
fn a_connector_is_flat_or_has_its_config_below_a_key() {
    let config = props(&[("name", "c"), ("tasks.max", "2"), ("topics", "a,b")]);
    let file = |initial_state| ConnectorFile { name: "c".to_owned(), config: config.clone(), initial_state };
    let table = [
        ("name: c\ntasks.max: 2\ntopics: [a, b]", None),
        ("name: c\ntasks: {max: 2}\ntopics:\n- a\n- b", None),
        ("name: c\nconfig:\n  tasks.max: 2\n  topics: 'a,b'", None),
        (
            "name: c\ninitial_state: paused\nconfig: {name: c, tasks: {max: 2}, topics: [a, b]}",
            Some(InitialState::Paused),
        ),
    ];
    for (text, state) in table {
        assert_eq!(parse_connector_file(Format::Yaml, text), Ok(file(state)), "{text}");
    }
    assert_eq!(parse_connector_yaml("name: c\nconfig: x").unwrap().config["config"], "x");
    let mismatch = FileError::NameMismatch { name: "a".to_owned(), in_config: "b".to_owned() };
    for (text, expected) in [
        ("tasks.max: 2", FileError::MissingName),
        ("config: {name: c}", FileError::MissingName),
        ("name: a\nconfig: {name: b}", mismatch),
        ("name: a\nconfig: {}\ninitial_state: GONE", FileError::InitialState("GONE".to_owned())),
        ("name: a\ntasks.max: 1\nconfig: {b: c}", FileError::BesideConfig { key: "tasks.max".to_owned() }),
    ] {
        assert_eq!(parse_connector_yaml(text), Err(expected), "{text}");
    }
}

#[test]
fn the_form_goes_by_the_name_of_the_file() {
    for (name, format) in [
        ("a.yaml", Format::Yaml),
        ("a/b.YML", Format::Yaml),
        ("yaml", Format::ByText),
        ("a.yaml.properties", Format::ByText),
        ("a.json", Format::ByText),
    ] {
        assert_eq!(Format::of(Path::new(name)), format, "{name}");
    }
    assert_eq!(parse_worker_file(Format::Yaml, "{\"a\": 1.50}"), Ok(props(&[("a", "1.50")])));
    assert_eq!(parse_worker_file(Format::ByText, "a: 1"), Ok(props(&[("a", "1")])));
}

#[test]
fn the_examples_in_yaml_are_those_in_properties() {
    macro_rules! example {
        ($name:literal) => {
            include_str!(concat!("../../../../config/", $name))
        };
    }
    for (yaml, properties) in [
        (example!("connect-standalone.yaml"), example!("connect-standalone.properties")),
        (example!("connect-distributed.yaml"), example!("connect-distributed.properties")),
    ] {
        assert_eq!(parse_worker_yaml(yaml), parse_properties(properties));
    }
    for (yaml, properties) in [
        (example!("connect-file-source.yaml"), example!("connect-file-source.properties")),
        (example!("connect-file-sink.yaml"), example!("connect-file-sink.properties")),
    ] {
        assert_eq!(parse_connector_yaml(yaml), parse_connector_properties(properties));
    }
}

proptest! {
    #[test]
    fn no_yaml_makes_the_reader_panic(text in r#"[\{\}\[\]":=\\a-c0-9 \n#!,é&*<|>'?~\-\t%@.]{0,80}"#) {
        let _ = parse_worker_yaml(&text);
        let _ = parse_connector_yaml(&text);
    }

    #[test]
    fn no_likely_yaml_makes_the_reader_panic(
        lines in prop::collection::vec(
            r"( ){0,6}(- |\? |a: |b\.c: |<<: |&x |\*x|!!int |\[|\]|\{|\}|a|1\.0|~|null|---|\.\.\.){1,4}", 0..12)
    ) {
        let text = lines.join("\n");
        let _ = parse_worker_yaml(&text);
        let _ = parse_connector_yaml(&text);
    }

    #[test]
    fn quoted_texts_come_back(entries in prop::collection::btree_map("[a-z]{1,4}(\\.[a-z]{1,4}){0,3}", ".{0,40}", 0..8)) {
        let quoted = |text: &str| text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect::<String>();
        let lines = entries.iter().map(|(key, text)| format!("{key}: \"{}\"\n", quoted(text)));
        prop_assert_eq!(parse_worker_yaml(&lines.collect::<String>()), Ok(entries));
    }
}
