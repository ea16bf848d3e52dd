//! Commands of cases about a worker in a group: what it reads, and what its group says.

use std::collections::BTreeMap;

use super::cases::{Case, catalog, pairs, task_id};
use crate::herder::*;

fn item(text: &str) -> Item {
    match text.rsplit_once('-') {
        Some((_, number)) if number.parse::<u32>().is_ok() => Item::Task(task_id(text)),
        _ => Item::Connector(text.to_owned()),
    }
}

/// Reads `[a`, `a-0`, `b]`, or `[]`, off the words.
fn share<'a>(words: &mut impl Iterator<Item = &'a str>) -> Share {
    let mut share = Share::new();
    for word in words {
        let bare = word.trim_start_matches('[').trim_end_matches(']');
        if !bare.is_empty() {
            share.insert(item(bare));
        }
        if word.ends_with(']') {
            break;
        }
    }
    share
}

fn state(text: &str) -> State {
    let all = [State::Unassigned, State::Running, State::Paused, State::Failed, State::Restarting];
    all.into_iter().find(|state| state.name() == text).expect("a state")
}

impl Case {
    /// True if the command was one of these.
    pub fn group_command(&mut self, verb: &str, rest: &[&str]) -> bool {
        let first = rest.first().copied().unwrap_or_default();
        let event = match verb {
            "group" => {
                let settings = GroupSettings {
                    url: "http://here:8083/".to_owned(),
                    max_delay: first.parse().unwrap_or(300_000),
                    unsync_backoff: 300_000,
                    session_key: KeyRules { algorithm: "HmacSHA256".to_owned(), size: 2, ttl: 3_600_000 },
                    clock: 1_000_000,
                };
                let herder = Herder::new("here:8083", catalog(), Assignment::Everything);
                self.herder = herder.with_group(settings);
                self.offset = 0;
                return true;
            }
            "read" => {
                self.offset += 1;
                Event::Config { offset: self.offset, record: record(first, &rest[1..]) }
            }
            "config-read" if first == "ok" => {
                Event::ConfigRead { read: self.reading, outcome: Ok(self.offset) }
            }
            "config-read" => Event::ConfigRead { read: self.reading, outcome: Err("late".to_owned()) },
            "config-lost" => Event::ConfigLost { why: rest.join(" ") },
            "join-due" => Event::Group(GroupEvent::JoinDue),
            "rebalancing" => Event::Group(GroupEvent::Rebalancing),
            "lost" => Event::Group(GroupEvent::Lost),
            "elected" => elected(rest),
            "assigned" => assigned(rest),
            "status-read" => Event::Status(status(rest)),
            "topic-read" => Event::Status(StatusRecord::Topic {
                topic: rest[1].to_owned(),
                connector: first.to_owned(),
                found: (rest.len() == 2).then_some(TopicUse { task: 0, discovered: 1 }),
            }),
            "key-made" if first == "failed" => Event::SessionKeyMade(Err("no".to_owned())),
            "key-made" => Event::SessionKeyMade(Ok(key(1_000_000))),
            "published" => {
                let outcome = if rest.contains(&"failed") { Err("no".to_owned()) } else { Ok(()) };
                Event::TasksPublished { name: first.to_owned(), epoch: self.epochs[first], outcome }
            }
            "put-tasks" => {
                let configs = rest.iter().skip(1).map(|task| pairs(task.split(','))).collect();
                self.ask(Request::PutTaskConfigs { name: first.to_owned(), configs });
                return true;
            }
            "level" => {
                self.ask(Request::SetClusterLevel { namespace: first.to_owned(), level: rest[1].to_owned() });
                return true;
            }
            _ => return false,
        };
        self.step(event);
        true
    }
}

fn key(created: i64) -> SessionKey {
    SessionKey { key: vec![1, 2], algorithm: "HmacSHA256".to_owned(), created }
}

/// `read connector c k=v`, `read gone c`, `read task c-0 k=v`, `read commit c 2`, `read target c PAUSED`, ...
fn record(kind: &str, rest: &[&str]) -> Option<ConfigRecord> {
    let name = rest.first().map_or(String::new(), |name| (*name).to_owned());
    let config = pairs(rest.iter().skip(1).copied());
    Some(match kind {
        "connector" => ConfigRecord::Connector { name, config: Some(config) },
        "gone" => ConfigRecord::Connector { name, config: None },
        "task" => {
            let TaskId { connector, task } = task_id(&name);
            ConfigRecord::TaskConfig { name: connector, task, config }
        }
        "commit" => ConfigRecord::TaskCommit { name, tasks: rest[1].parse().expect("a number") },
        "target" => ConfigRecord::Target { name, state: TargetState::from_initial_state(rest[1]) },
        "restart" => ConfigRecord::Restart {
            name,
            include_tasks: rest.contains(&"include-tasks"),
            only_failed: rest.contains(&"only-failed"),
        },
        "key" => ConfigRecord::SessionKey(key(name.parse().expect("a time"))),
        "level" => ConfigRecord::LoggerLevel { namespace: name, level: rest[1].to_owned() },
        _ => return None,
    })
}

/// `status-read c-0 RUNNING there:8083 3`, or only `status-read c-0` for what is gone.
fn status(rest: &[&str]) -> StatusRecord {
    let status = (rest.len() > 1).then(|| PartStatus {
        state: state(rest[1]),
        trace: None,
        worker_id: rest[2].to_owned(),
        generation: rest[3].parse().expect("a generation"),
        version: Some("1.0".to_owned()),
    });
    match item(rest[0]) {
        Item::Connector(name) => StatusRecord::Connector { name, status },
        Item::Task(id) => StatusRecord::Task { id, status },
    }
}

/// `elected 3 sessioned m1 m1@5 [c c-0] m2@5 []`: members with how far they have read and what they run. `m1` is at
/// `http://here:8083/`, `m2` at `http://m2:8083/`.
fn elected(rest: &[&str]) -> Event {
    let (generation, protocol) = (rest[0].parse().expect("a generation"), Protocol::of_name(rest[1]));
    let me = rest[2];
    let mut words = rest[3..].iter().copied();
    let mut members = BTreeMap::new();
    while let Some(word) = words.next() {
        let (member, offset) = word.split_once('@').expect("MEMBER@OFFSET");
        let assigned = share(&mut words);
        let told = GroupAssignment { assigned, ..GroupAssignment::default() };
        let host = if member == me { "here" } else { member };
        let state = MemberState {
            url: format!("http://{host}:8083/"),
            config_offset: offset.parse().expect("an offset"),
            allocation: Some(told),
        };
        members.insert(member.to_owned(), state);
    }
    let protocol = protocol.expect("a protocol");
    Event::Group(GroupEvent::Elected { generation, member_id: me.to_owned(), protocol, members })
}

/// `assigned 3 sessioned m1 of m2 at 5 [c c-0] revoked [d] delay 100 mismatch`
fn assigned(rest: &[&str]) -> Event {
    let (generation, protocol) = (rest[0].parse().expect("a generation"), Protocol::of_name(rest[1]));
    let mut told = GroupAssignment { leader: rest[4].to_owned(), ..GroupAssignment::default() };
    let host = if rest[4] == rest[2] { "here" } else { rest[4] };
    told.leader_url = format!("http://{host}:8083/");
    told.config_offset = rest[6].parse().expect("an offset");
    let mut words = rest[7..].iter().copied();
    told.assigned = share(&mut words);
    while let Some(word) = words.next() {
        match word {
            "revoked" => told.revoked = share(&mut words),
            "delay" => told.delay_ms = words.next().and_then(|text| text.parse().ok()).expect("milliseconds"),
            "mismatch" => told.error = CONFIG_MISMATCH,
            other => panic!("no part of an assignment: {other}"),
        }
    }
    let (member_id, protocol) = (rest[2].to_owned(), protocol.expect("a protocol"));
    Event::Group(GroupEvent::Assigned { generation, member_id, protocol, assignment: told })
}
