//! Classes in several versions: which one a connector gets, and what is told where none fits.

use connect_tests::configs::faulty_source;
use connect_tests::{Props, With, Worker, WorkerSpec, faulty};
use serde_json::{Value, json};

const CLASS: &str = "org.connecthost.faulty.VersionsSource";
const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";
const VERSION: &str = "connector.plugin.version";
const KEY_VERSION: &str = "key.converter.plugin.version";

fn worker() -> Worker {
    // The newer one comes first, which must not matter.
    let folders = ["versions_10", "versions_9"].map(faulty::plugin);
    WorkerSpec::with_dev_broker().plugins(folders).start()
}

fn source(name: &str) -> Props {
    faulty_source(name, "versions", "t")
}

/// Key, value and so on of one key, in the answer of a validation.
fn of<'a>(report: &'a Value, key: &str) -> &'a Value {
    let keys = report["configs"].as_array().expect("configs");
    keys.iter().find(|config| config["value"]["name"] == key).unwrap_or_else(|| panic!("no {key}: {report}"))
}

#[test]
fn the_newest_version_that_fits_is_run() {
    let worker = worker();
    let table = [
        ("any", None, "1.10"),
        ("latest", Some("latest"), "1.10"),
        ("exact", Some("1.9"), "1.9"),
        ("range", Some("[1,1.10)"), "1.9"),
        ("open", Some("(,1.9),[1.10,)"), "1.10"),
    ];
    for (name, wanted, version) in table {
        let config = wanted.map_or(source(name), |wanted| source(name).with(VERSION, wanted));
        worker.create(name, &config).expect(201);
        let status = worker.wait_state(name, "RUNNING", 1);
        assert_eq!(status["connector"]["version"], version, "{name}");
        assert_eq!(status["tasks"][0]["version"], version, "{name}");
    }
    let plugins = worker.rest().get("/connector-plugins").expect(200).json();
    let versions = plugins.as_array().expect("a list").iter().filter(|plugin| plugin["class"] == CLASS);
    let versions: Vec<&Value> = versions.map(|plugin| &plugin["version"]).collect();
    assert_eq!(versions, ["1.9", "1.10"]);
}

#[test]
fn a_version_that_is_not_there_is_refused_with_those_that_are() {
    let worker = worker();
    let rest = worker.rest();
    let missing = |class: &str, range: &str, there: &str| {
        format!(
            "Plugin {class} not found that matches the version range {range}, available versions: [{there}]"
        )
    };
    let refused = |config: Props, words: &str| {
        let answer = worker.create("x", &config).expect(400).json();
        assert!(answer["message"].as_str().is_some_and(|text| text.contains(words)), "{words}: {answer}");
    };
    refused(source("x").with(VERSION, "2"), &missing(CLASS, "[2,2]", "1.9, 1.10"));
    refused(source("x").with(VERSION, "[2"), "Unbounded range: [2");
    let json_keys = source("x").with("key.converter", JSON);
    refused(json_keys.clone().with(KEY_VERSION, "[1,2)"), &missing(JSON, "[1,2)", "4.1.1"));
    let no_range = format!("Invalid value [1 for configuration {KEY_VERSION}: Unbounded range: [1");
    refused(json_keys.clone().with(KEY_VERSION, "[1"), &no_range);
    worker.create("x", &json_keys.with(KEY_VERSION, "[4.1,5)")).expect(201);

    let validate = |version: &str| {
        let path = format!("/connector-plugins/{CLASS}/config/validate");
        rest.put(&path, &json!({"connector.class": CLASS, "name": "n", VERSION: version})).expect(200).json()
    };
    let report = validate("2");
    let told = json!([missing(CLASS, "[2,2]", "1.9, 1.10")]);
    assert_eq!(report["error_count"], 2);
    for key in ["connector.class", VERSION] {
        assert_eq!(of(&report, key)["value"]["errors"], told);
    }
    assert_eq!(of(&report, VERSION)["value"]["recommended_values"], json!(["1.9", "1.10"]));
    let report = validate("1.9");
    assert_eq!(of(&report, VERSION)["value"]["errors"], json!([]));
    assert_eq!(of(&report, VERSION)["definition"]["default_value"], "1.10");
    assert_eq!(of(&report, KEY_VERSION)["value"]["recommended_values"], json!(["4.1.1"]));
}

#[test]
fn definitions_are_those_of_a_version() {
    let worker = worker();
    let asked = |plugin: &str, version: &str| {
        worker.rest().get(&format!("/connector-plugins/{plugin}/config?version={version}"))
    };
    for version in ["1.9", "%5B1%2C2)", "latest"] {
        assert!(asked("VersionsSource", version).expect(200).json().is_array(), "{version}");
    }
    assert!(asked("JsonConverter", "4.1.1").expect(200).json().is_array());
    let refused = |plugin: &str, version: &str, words: &str| {
        let body = asked(plugin, version).expect(400).json();
        assert_eq!(body, json!({"error_code": 400, "message": words}));
    };
    let there = "available versions: [1.9, 1.10]";
    refused(
        "VersionsSource",
        "3",
        &format!("Plugin {CLASS} not found that matches the version range [3,3], {there}"),
    );
    refused("VersionsSource", "%5B3", "Invalid version specification: [3");
    asked("nope", "3").expect(404);
}
