//! Lines as the layer writes them, with fields of events and of spans.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Kept;

    fn make_writer(&'a self) -> Kept {
        self.clone()
    }
}

fn logged(format: LogFormat, filter: EnvFilter, work: impl FnOnce()) -> String {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::registry().with(filter).with(LineLayer::new(format, kept.clone()));
    tracing::subscriber::with_default(subscriber, work);
    String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
}

fn info() -> EnvFilter {
    parse("test", "info").unwrap()
}

#[test]
fn fields_of_events_and_of_spans_are_the_context() {
    let text = logged(LogFormat::Text, info(), || {
        tracing::info!("bare");
        tracing::info!(connector = "c", task = Some(1_u32), "as fields");
        tracing::info!(connector = "c", task = None::<u32>, "of the connector");
        tracing::info!(connector = "", task = None::<u32>, "of nobody");
        let span = tracing::info_span!("task", connector = "s", task = tracing::field::Empty).entered();
        tracing::info!("in a span");
        span.record("task", 4);
        tracing::info!(step = "poll", "recorded later");
        let _inner = tracing::info_span!("call", name = "put").entered();
        tracing::warn!("deeper");
    });
    let lines: Vec<_> = text.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    let target = "(connect_host::logging::tests)";
    let expected = [
        "INFO  bare",
        "INFO  [c|task-1] as fields",
        "INFO  [c|worker] of the connector",
        "INFO  of nobody",
        "INFO  [s|worker] in a span",
        "INFO  [s|task-4] recorded later step=poll",
        "WARN  [s|task-4] deeper name=put",
    ];
    for (line, expected) in lines.iter().zip(expected) {
        assert_eq!(*line, format!("{expected} {target}").replace("connect_host", env!("CARGO_CRATE_NAME")));
    }
    assert_eq!(lines.len(), expected.len());
}

#[test]
fn json_is_one_object_a_line_with_a_time_in_utc() {
    let text = logged(LogFormat::Json, info(), || {
        let name: Arc<str> = "c".into();
        tracing::error!(connector = &*name, task = %7, count = 3, "one\ntwo");
        tracing::debug!("not this");
    });
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!((line["connector"].as_str(), line["task"].as_u64()), (Some("c"), Some(7)));
    assert_eq!((line["level"].as_str(), line["message"].as_str()), (Some("ERROR"), Some("one\ntwo")));
    assert_eq!(line["fields"]["count"].as_u64(), Some(3));
    let time = line["timestamp"].as_str().unwrap();
    assert!(time.len() == "2024-05-06T07:08:09.000010Z".len() && time.ends_with('Z') && &time[10..11] == "T");
}

#[test]
fn the_environment_stands_above_the_filter_and_that_above_the_level() {
    let mut settings = LogSettings { level: LogLevel::Warn, ..LogSettings::default() };
    assert_eq!(chosen(None, &settings).unwrap().to_string(), "warn");
    settings.filter = Some("info,plugin=debug".to_owned());
    assert_eq!(chosen(Some(" "), &settings).unwrap().to_string(), "plugin=debug,info");
    assert_eq!(chosen(Some("trace"), &settings).unwrap().to_string(), "trace");
    settings = LogSettings { level: LogLevel::Off, ..LogSettings::default() };
    assert_eq!(chosen(None, &settings).unwrap().to_string(), "off");
    let error = chosen(Some("a=loud"), &settings).unwrap_err().to_string();
    assert!(error.starts_with(r#"RUST_LOG "a=loud" is not understood"#), "{error}");
}

#[test]
fn the_filter_can_be_changed_while_lines_are_written() {
    let (filter, handle) = reload::Layer::new(info());
    let control = LogControl { filter: handle };
    let kept = Kept::default();
    let layer = LineLayer::new(LogFormat::Text, kept.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(filter).with(layer), || {
        let say = |text: &str| tracing::debug!("{text}");
        say("first");
        control.set("debug").unwrap();
        say("second");
        assert!(control.set("debug=what=ever").is_err());
        assert_eq!(control.filter(), "debug");
    });
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("second") && !text.contains("first"), "{text}");
}

/// Set for the process that the next test starts: this test binary with that one test.
const CHILD: &str = "CONNECT_HOST_TEST_OF_LOGGING";

#[test]
fn a_process_logs_to_standard_error_and_so_do_panics_of_any_thread() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let (_, module) = module_path!().split_once("::").unwrap();
    let name = format!("{module}::a_process_logs_to_standard_error_and_so_do_panics_of_any_thread");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", &name])
        .env(CHILD, "1")
        .env("RUST_BACKTRACE", "1")
        .env_remove(VARIABLE)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{out}\n{err}");
    assert!(err.contains("INFO  [c|task-3] hello (") && !out.contains("hello"), "{out}\n{err}");
    assert!(err.contains("ERROR [c|task-3] panicked: on purpose\n    [c|task-3]    0: "), "{err}");
    assert!(
        err.contains("thread=worker-7") && err.contains("logging/tests.rs:") && err.contains("(panic)"),
        "{err}"
    );
}

fn child() {
    let control = init(&LogSettings::default()).unwrap();
    assert!(matches!(init(&LogSettings::default()), Err(LogError::Twice)));
    let work = || {
        let _span = tracing::info_span!("task", connector = "c", task = 3).entered();
        tracing::info!("hello");
        panic!("on purpose");
    };
    std::thread::Builder::new().name("worker-7".into()).spawn(work).unwrap().join().unwrap_err();
    control.set("off").unwrap();
}
