//! Runs `testdata/*.txt`: a command, dashes, the actions that must come of it.
//!
//! A store in memory echoes each write at once, unless `store hold` says that it waits for `store go` or
//! `store fail WHY`. Everything else that a worker reports is a command. A command is followed by the lines that the
//! herder's actions make; with `UPDATE_CASES=1` in the environment the files are rewritten with what came.

use std::collections::VecDeque;
use std::path::Path;

use super::text;
use crate::herder::*;
use crate::settings::Props;

pub struct Case {
    pub herder: Herder,
    now: Millis,
    /// How far the config topic was read.
    pub offset: i64,
    /// The newest reading of it.
    pub reading: ReadId,
    requests: RequestId,
    hold: bool,
    held: VecDeque<(WriteId, Vec<ConfigRecord>)>,
    /// Newest epoch of each connector and task, by its name.
    pub epochs: std::collections::BTreeMap<String, Epoch>,
    lines: Vec<String>,
}

pub fn catalog() -> Catalog {
    let plugin = |kind, class: &str| PluginInfo::new(kind, class, Some("1.0"));
    Catalog::new(vec![
        plugin(PluginKind::Source, "org.example.NumbersSourceConnector"),
        // Versions that are no order of texts.
        PluginInfo::new(PluginKind::Sink, "org.example.OldSinkConnector", Some("1.10")),
        PluginInfo::new(PluginKind::Sink, "org.example.OldSinkConnector", Some("1.9")),
        plugin(PluginKind::Sink, "org.example.CountSinkConnector"),
        plugin(PluginKind::Converter, "org.example.PlainConverter"),
    ])
}

pub fn pairs<'a>(words: impl Iterator<Item = &'a str>) -> Props {
    words.filter_map(|word| word.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

pub fn task_id(text: &str) -> TaskId {
    let (connector, task) = text.rsplit_once('-').expect("a task is CONNECTOR-NUMBER");
    TaskId { connector: connector.to_owned(), task: task.parse().expect("a number") }
}

impl Case {
    fn new() -> Case {
        Case {
            herder: Herder::new("here:8083", catalog(), Assignment::Everything),
            now: 0,
            offset: 0,
            reading: 0,
            requests: 0,
            hold: false,
            held: VecDeque::new(),
            epochs: std::collections::BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    pub fn step(&mut self, event: Event) {
        for action in self.herder.step(self.now, event) {
            self.lines.push(text::action(&action));
            match action {
                Action::StartConnector { name, epoch, .. } => drop(self.epochs.insert(name, epoch)),
                Action::StartTask { id, epoch, .. } => drop(self.epochs.insert(id.to_string(), epoch)),
                Action::ReadConfig { read } => self.reading = read,
                Action::Write { write, records } => {
                    self.held.push_back((write, records));
                    if !self.hold {
                        self.store(Ok(()));
                    }
                }
                _ => {}
            }
        }
    }

    fn store(&mut self, outcome: Result<(), String>) {
        let Some((write, records)) = self.held.pop_front() else { return };
        if outcome.is_ok() {
            for record in records {
                self.offset += 1;
                self.step(Event::Config { offset: self.offset, record: Some(record) });
            }
        }
        self.step(Event::Written { write, outcome });
    }

    pub fn ask(&mut self, request: Request) {
        self.requests += 1;
        let id = self.requests;
        self.step(Event::Request { id, request });
    }

    fn run(&mut self, command: &str) -> String {
        self.lines.clear();
        let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_end_matches(':')).collect();
        let (verb, rest) = words.split_first().expect("a command");
        if !self.request(verb, rest) && !self.group_command(verb, rest) {
            self.report(verb, rest, command);
        }
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Commands that ask for something.
    fn request(&mut self, verb: &str, rest: &[&str]) -> bool {
        let name = rest.first().map_or(String::new(), |name| (*name).to_owned());
        let number = || rest.get(1).and_then(|text| text.parse().ok()).expect("a number");
        let config = pairs(rest.iter().skip(1).copied());
        let request = match verb {
            "health" => Request::Health,
            "list" => Request::List,
            "catch-up" => Request::CatchUp,
            "expand" => Request::Expand { status: rest.contains(&"status"), info: rest.contains(&"info") },
            "create" => {
                let initial = rest.iter().find_map(|word| word.strip_prefix("initial:"));
                let initial_state = initial.and_then(TargetState::from_initial_state);
                Request::Create { name, config: config.into(), initial_state }
            }
            "put" => Request::PutConfig { name, config: config.into() },
            "patch" => {
                let change = |word: &&str| match word.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                    None => ((*word).to_owned(), None),
                };
                Request::PatchConfig { name, patch: rest.iter().skip(1).map(change).collect() }
            }
            "offsets" => Request::Offsets(name),
            "alter-offsets" => {
                let entry = |_: &&str| OffsetEntry { partition: None, offset: None };
                Request::AlterOffsets { name, offsets: rest.iter().skip(1).map(entry).collect() }
            }
            "reset-offsets" => Request::ResetOffsets(name),
            "topics" => Request::Topics(name),
            "reset-topics" => Request::ResetTopics(name),
            "delete" => Request::Delete(name),
            "info" => Request::Info(name),
            "config" => Request::Config(name),
            "status" => Request::Status(name),
            "connector-health" => Request::ConnectorHealth(name),
            "tasks" => Request::Tasks(name),
            "task-status" => Request::TaskStatus { name, task: number() },
            "pause" => Request::Pause(name),
            "resume" => Request::Resume(name),
            "stop" => Request::Stop(name),
            "restart" => Request::Restart {
                name,
                include_tasks: rest.contains(&"include-tasks"),
                only_failed: rest.contains(&"only-failed"),
            },
            "restart-task" => Request::RestartTask { name, task: number() },
            "plugins" => Request::Plugins { connectors_only: !rest.contains(&"all") },
            "definitions" => {
                Request::PluginConfig { plugin: name, version: rest.get(1).map(|text| (*text).to_owned()) }
            }
            "validate" => Request::Validate { plugin: name, config: config.into() },
            _ => return false,
        };
        self.ask(request);
        true
    }

    /// Commands that tell what happened. `@N` names another epoch than the newest.
    fn report(&mut self, verb: &str, rest: &[&str], command: &str) {
        let name = rest.first().map_or(String::new(), |name| (*name).to_owned());
        let given = rest.iter().find_map(|word| word.strip_prefix('@')).map(|n| n.parse().expect("an epoch"));
        let epoch = given.or_else(|| self.epochs.get(&name).copied()).unwrap_or(0);
        let trace = || command.split_once(": ").map_or(String::new(), |(_, trace)| trace.to_owned());
        let report = serde_json::json!({"report": true});
        let latest = self.requests;
        match verb {
            "valid" => {
                let outcome = Ok(Validation { errors: vec![], report });
                self.step(Event::Validated { request: latest, outcome });
            }
            "invalid" => {
                let errors = trace().split('|').map(str::to_owned).collect();
                self.step(Event::Validated { request: latest, outcome: Ok(Validation { errors, report }) });
            }
            "described" => self.step(Event::Described { request: latest, outcome: Ok(report) }),
            "started" => self.step(Event::ConnectorStarted { name, epoch }),
            "failed" => self.step(Event::ConnectorFailed { name, epoch, trace: trace() }),
            "ended" => self.step(Event::ConnectorEnded { name, epoch }),
            "reconfigure" => self.step(Event::ReconfigurationRequested { name, epoch }),
            "configs" => {
                let outcome = match rest.get(1) {
                    Some(&"refused") => Err("no idea".to_owned()),
                    // One word a task, commas between its pairs.
                    _ => Ok(rest.iter().skip(1).map(|task| pairs(task.split(','))).collect()),
                };
                self.step(Event::TaskConfigs { name, epoch, outcome });
            }
            "task-running" => self.step(Event::TaskRunning { id: task_id(&name), epoch }),
            "task-paused" => self.step(Event::TaskPaused { id: task_id(&name), epoch }),
            "task-failed" => self.step(Event::TaskFailed { id: task_id(&name), epoch, trace: trace() }),
            "task-ended" => self.step(Event::TaskEnded { id: task_id(&name), epoch }),
            "ready" => self.step(Event::Ready),
            "shutdown" => self.step(Event::Shutdown),
            "tick" => {
                self.now = rest[0].parse().expect("a time");
                self.step(Event::Tick);
            }
            "wake" => self.lines.push(format!("{:?}", self.herder.wake_at())),
            "store" => match rest[0] {
                "hold" => self.hold = true,
                "go" => self.store(Ok(())),
                "fail" => self.store(Err(rest[1..].join(" "))),
                "echo" => {
                    self.hold = false;
                    while !self.held.is_empty() {
                        self.store(Ok(()));
                    }
                }
                other => panic!("no store command {other}"),
            },
            _ => self.report_more(verb, rest, name, epoch),
        }
    }

    /// The same, of offsets and topics.
    fn report_more(&mut self, verb: &str, rest: &[&str], name: String, epoch: Epoch) {
        let latest = self.requests;
        match verb {
            "offsets-read" => {
                let outcome = Ok(vec![OffsetEntry { partition: None, offset: None }]);
                self.step(Event::OffsetsRead { request: latest, outcome });
            }
            "offsets-modified" => {
                let request = rest[0].parse().expect("a request");
                let outcome = match rest[1] {
                    "failed" => Err(ApiError::Internal("no".to_owned())),
                    handled => Ok(handled == "handled"),
                };
                self.step(Event::OffsetsModified { request, outcome });
            }
            "task-stalled" => {
                let stall = rest.get(1).map(|reason| Stall { reason: (*reason).to_owned(), since: self.now });
                self.step(Event::TaskStalled { id: task_id(&name), epoch, stall });
            }
            "activity" => {
                let activity = self.herder.activity().expect("an activity");
                let until = activity.until.map_or("now".to_owned(), |until| until.to_string());
                self.lines.push(format!("{} {} to {until}", activity.what, activity.since));
            }
            "topic" => {
                let topic = rest[1].to_owned();
                self.step(Event::TopicUsed { id: task_id(&name), epoch, topic });
            }
            "tracking" => {
                let tracking = TopicTracking { enabled: name != "off", allow_reset: name == "on" };
                let herder = Herder::new("here:8083", catalog(), Assignment::Everything);
                self.herder = herder.with_topic_tracking(tracking);
            }
            other => panic!("no command {other}"),
        }
    }
}

/// Runs a file and returns it with what really came.
fn replay(text: &str) -> String {
    let mut case = Case::new();
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if lines.next() != Some("----") {
            panic!("no dashes after {line:?}");
        }
        out.push_str("----\n");
        out.push_str(&case.run(line));
        // The old expectation ends with an empty line.
        let more = lines.by_ref().find(|line| line.is_empty()).is_some();
        if more {
            out.push('\n');
        }
    }
    out
}

#[test]
fn cases_do_as_their_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/herder/testdata");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("testdata").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let expected = std::fs::read_to_string(&file).expect("a case");
        let came = replay(&expected);
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::write(&file, came).expect("a writable case");
        } else if came != expected {
            let differs = came.lines().zip(expected.lines()).position(|(a, b)| a != b);
            let line = differs.unwrap_or_else(|| came.lines().count().min(expected.lines().count()));
            panic!("{} line {}:\nexpected:\n{expected}\ncame:\n{came}", file.display(), line + 1);
        }
    }
}
