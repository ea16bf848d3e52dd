//! The source as its users see it: files that appear, grow, shrink, and what is stored of them.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use connect_plugin::testkit::{ConnectorHandle, Plugin, Seen, SourceHandle};
use connect_plugin::{Config, ExactlyOnce, Fields, Value};

const SOURCE: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";
const A_WHILE: Duration = Duration::from_millis(100);

fn plugin() -> Plugin {
    Plugin::load(connect_file::connect_plugin_entry, connect_file::CONNECT_PLUGIN_MANIFEST)
}

fn create(path: &Path, stored: &[(Fields, Fields)]) -> SourceHandle {
    let task = SourceHandle::create(&plugin().class(SOURCE), 0, stored);
    task.start(&Config::from([("file", path.to_str().unwrap()), ("topic", "t")])).unwrap();
    task
}

fn end(task: SourceHandle) {
    task.stop().unwrap();
    task.destroy();
}

fn in_dir(name: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    (dir, path)
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn lines(records: &[Seen]) -> Vec<(&str, i64)> {
    let line = |record| -> Option<(&str, i64)> {
        let record: &Seen = record;
        Some((record.value.0.as_str()?, record.offset.as_ref()?.get("position")?.as_i64()?))
    };
    records.iter().map(|record| line(record).unwrap()).collect()
}

#[test]
fn records_are_as_those_of_kafkas_connector() {
    let (_dir, path) = in_dir("in");
    append(&path, "one\ntwo\n");
    let task = create(&path, &[]);
    let records = task.poll().unwrap();
    assert_eq!(lines(&records), [("one", 4), ("two", 8)]);
    let first = &records[0];
    assert_eq!((first.topic.as_str(), first.kafka_partition), ("t", -1));
    assert_eq!(first.key, (Value::Null, 0));
    assert_eq!(first.value.1, 8, "required STRING");
    assert_eq!(first.timestamp, None, "the time of sending is the record's time");
    assert_eq!(first.partition, Fields::from([("filename", path.to_str().unwrap().to_owned())]));
    end(task);
}

#[test]
fn it_waits_for_the_file_and_follows_its_growth() {
    let (_dir, path) = in_dir("later");
    let task = create(&path, &[]);
    assert!(task.poll_within(A_WHILE).is_none());
    let began = Instant::now();
    append(&path, "first\nunfin");
    assert_eq!(lines(&task.poll().unwrap()), [("first", 6)]);
    assert!(task.poll_within(A_WHILE).is_none(), "an unfinished line is no line");
    append(&path, "ished\r\nthird\n");
    assert_eq!(lines(&task.poll().unwrap()), [("unfinished", 18), ("third", 24)]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let warned = task.seat().logs().iter().any(|line| line.contains("waiting for it to be created"));
    assert!(warned, "{:?}", task.seat().logs());
    end(task);
}

#[test]
fn it_waits_for_a_directory_that_is_not_there_either() {
    let (_dir, path) = in_dir("deep/er/file");
    let task = create(&path, &[]);
    assert!(task.poll_within(A_WHILE).is_none());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    append(&path, "x\n");
    assert_eq!(lines(&task.poll().unwrap()), [("x", 2)]);
    end(task);
}

#[test]
fn it_goes_on_at_the_stored_position() {
    let (_dir, path) = in_dir("in");
    append(&path, "one\ntwo\nthree\n");
    let partition = Fields::from([("filename", path.to_str().unwrap().to_owned())]);
    let stored = |position: Value| [(partition.clone(), Fields::from([("position", position)]))];
    let task = create(&path, &stored(Value::Int64(4)));
    assert_eq!(lines(&task.poll().unwrap()), [("two", 8), ("three", 14)]);
    end(task);
    let task = SourceHandle::create(&plugin().class(SOURCE), 0, &stored("four".into()));
    let config = Config::from([("file", path.to_str().unwrap()), ("topic", "t")]);
    assert_eq!(task.start(&config).unwrap_err().message, "Offset position is the incorrect type");
    end(task);
}

#[test]
fn a_file_that_shrinks_is_told_and_waited_for() {
    let (_dir, path) = in_dir("in");
    append(&path, "one\ntwo\n");
    let task = create(&path, &[]);
    assert_eq!(task.poll().unwrap().len(), 2);
    File::create(&path).unwrap(); // truncates
    assert!(task.poll_within(A_WHILE).is_none());
    let told = task.seat().logs().iter().any(|line| line.contains("is shorter than the position 8"));
    assert!(told, "{:?}", task.seat().logs());
    append(&path, "new\nnew\nthree\n");
    assert_eq!(lines(&task.poll().unwrap()), [("three", 14)]);
    end(task);
}

#[test]
fn batches_have_at_most_batch_size_records() {
    let (_dir, path) = in_dir("in");
    append(&path, &"x\n".repeat(5000));
    let task = create(&path, &[]);
    let sizes: Vec<usize> = (0..3).map(|_| task.poll().unwrap().len()).collect();
    assert_eq!(sizes, [2000, 2000, 1000]);
    end(task);
}

#[test]
fn bytes_that_are_no_utf8_are_replaced() {
    let (_dir, path) = in_dir("in");
    std::fs::write(&path, b"a\xff\nb\n").unwrap();
    let task = create(&path, &[]);
    assert_eq!(lines(&task.poll().unwrap()), [("a\u{fffd}", 3), ("b", 5)]);
    end(task);
}

#[test]
fn a_named_pipe_is_read_without_offsets() {
    let (_dir, path) = in_dir("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let task = create(&path, &[]);
    assert!(
        task.poll_within(A_WHILE).is_none(),
        "nobody writes yet, and no thread of the worker waits for it"
    );
    let mut pipe = OpenOptions::new().write(true).open(&path).unwrap();
    pipe.write_all(b"through a pipe\n").unwrap();
    let records = task.poll().unwrap();
    assert_eq!((records[0].value.0.as_str(), &records[0].offset), (Some("through a pipe"), &None));
    end(task);
}

#[test]
fn a_directory_fails_the_task() {
    let dir = tempfile::tempdir().unwrap();
    let task = create(dir.path(), &[]);
    assert!(task.poll().unwrap_err().message.contains("directory"));
    end(task);
}

#[test]
fn exactly_once_needs_a_file() {
    let connector = ConnectorHandle::create(&plugin().class(SOURCE));
    let support = |config: &Config| connector.exactly_once_support(config).unwrap();
    assert_eq!(support(&Config::from([("file", "f")])), ExactlyOnce::Supported);
    assert_eq!(support(&Config::from([("topic", "t")])), ExactlyOnce::Unsupported);
    connector.destroy();
}
