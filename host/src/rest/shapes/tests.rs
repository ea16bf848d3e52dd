//! The shapes, letter by letter.

use super::*;
use crate::herder::State;

fn status(state: State, version: Option<&str>, trace: Option<&str>) -> Status {
    Status {
        state,
        worker_id: "h:1".to_owned(),
        version: version.map(str::to_owned),
        trace: trace.map(str::to_owned),
        restarts: crate::herder::Restarts::default(),
    }
}

fn sample_status() -> ConnectorStatus {
    ConnectorStatus {
        name: "s".to_owned(),
        connector: status(State::Running, Some("4.1"), None),
        tasks: vec![TaskStatus { task: 0, status: status(State::Failed, None, Some("boom\n\tat x")) }],
        kind: Some(PluginKind::Source),
    }
}

fn sample_info() -> ConnectorInfo {
    let tasks = vec![TaskId { connector: "s".to_owned(), task: 0 }];
    let config = Props::from([("name".to_owned(), "s".to_owned())]);
    ConnectorInfo { name: "s".to_owned(), config, tasks, kind: None }
}

const STATUS: &str = r#"{"name":"s","connector":{"state":"RUNNING","worker_id":"h:1","version":"4.1"},"tasks":[{"id":0,"state":"FAILED","worker_id":"h:1","version":null,"trace":"boom\n\tat x"}],"type":"source"}"#;
const INFO: &str =
    r#"{"name":"s","config":{"name":"s"},"tasks":[{"connector":"s","task":0}],"type":"unknown"}"#;

#[test]
fn connectors_and_tasks() {
    assert_eq!(connector_status(&sample_status()).to_string(), STATUS);
    assert_eq!(connector_info(&sample_info()).to_string(), INFO);
    assert_eq!(
        task_status(&TaskStatus { task: 3, status: status(State::Paused, Some("1"), Some("")) }).to_string(),
        r#"{"id":3,"state":"PAUSED","worker_id":"h:1","version":"1"}"#
    );
    let id = TaskId { connector: "s".to_owned(), task: 1 };
    let config = Props::from([("task.class".to_owned(), "T".to_owned())]);
    assert_eq!(
        task_infos(&[TaskInfo { id, config }]).to_string(),
        r#"[{"id":{"connector":"s","task":1},"config":{"task.class":"T"}}]"#
    );
}

#[test]
fn expansions_show_what_was_asked_for() {
    let expansion = |status: bool, info: bool| Expansion {
        status: status.then(sample_status),
        info: info.then(sample_info),
    };
    let shape = |e: Expansion| expanded(&BTreeMap::from([("s".to_owned(), e)])).to_string();
    assert_eq!(shape(expansion(false, false)), r#"{"s":{}}"#);
    assert_eq!(shape(expansion(true, false)), format!(r#"{{"s":{{"status":{STATUS}}}}}"#));
    assert_eq!(shape(expansion(true, true)), format!(r#"{{"s":{{"status":{STATUS},"info":{INFO}}}}}"#));
}

#[test]
fn the_worker_and_its_plugins() {
    let mut it = About { version: "4.1.1".to_owned(), commit: "abc".to_owned(), kafka_cluster_id: None };
    assert_eq!(about(&it).to_string(), r#"{"version":"4.1.1","commit":"abc","kafka_cluster_id":null}"#);
    it.kafka_cluster_id = Some("id".to_owned());
    assert_eq!(about(&it).to_string(), r#"{"version":"4.1.1","commit":"abc","kafka_cluster_id":"id"}"#);
    let known = PluginInfo::new(PluginKind::Sink, "a.B", Some("2"));
    let silent = PluginInfo::new(PluginKind::HeaderConverter, "a.C", None);
    assert_eq!(
        plugins(&[known, silent]).to_string(),
        r#"[{"class":"a.B","type":"sink","version":"2"},{"class":"a.C","type":"header_converter"}]"#
    );
}
