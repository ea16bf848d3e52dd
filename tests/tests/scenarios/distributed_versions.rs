//! Workers of two versions in one group: what a newer one writes or says, an older one reads as far as it knows it, and
//! leaves the rest alone. The newer one is played by the test.

use crate::MINUTE;
use crate::distributed::{spec, start, wait_more};
use crate::group::conf;
use connect_host::kafka::group::{GroupEvent, Member};
use connect_host::topics::membership::{Assignment, Member as Told, Part};
use connect_tests::{Kafka, Props, Record, Topics, With, Worker, wait_until};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// What a newer worker may have added to what all of them know.
const LATER: &[u8] = b"\x00\x07added later";

/// A version that none of ours has.
const NEWER: i16 = 3;

/// Writes these keys and values.
pub fn write(topics: &Topics, topic: &str, records: &[(String, serde_json::Value)]) {
    let texts: Vec<_> = records.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    topics.write(topic, texts.iter().map(|(key, value)| (Some(key.as_bytes()), value.as_bytes())));
}

/// The last value of each key.
fn last(records: &[Record]) -> BTreeMap<String, Option<String>> {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let pairs =
        records.iter().map(|one| (text(one.key.as_ref().expect("a key")), one.value.as_ref().map(text)));
    pairs.collect()
}

/// A connector with two tasks as a newer worker stores it.
fn stored(name: &str, topic: &str) -> Vec<(String, serde_json::Value)> {
    let config = connect_tests::configs::verifiable_source(name, topic, 100).with("tasks.max", 2);
    let task = |id: u32| json!({"properties": config.clone().with("id", id), "made.by": {"version": "9.9"}});
    vec![
        (
            format!("connector-{name}"),
            json!({"properties": config, "properties.v2": {"a": 1}, "tags": ["x"]}),
        ),
        (
            format!("target-state-{name}"),
            json!({"state": "STARTED", "state.v2": "STARTED", "state.v3": {"at": 7}}),
        ),
        (format!("task-{name}-0"), task(0)),
        (format!("task-{name}-1"), task(1)),
        (format!("commit-{name}"), json!({"tasks": 2, "digest": "none"})),
    ]
}

/// Records of kinds and states that are not known here.
fn unknown(name: &str) -> Vec<(String, serde_json::Value)> {
    vec![
        (format!("namespace-{name}"), json!({"owner": "someone"})),
        (format!("target-state-{name}-dreaming"), json!({"state": "DREAMING", "state.v2": "DREAMING"})),
        (format!("connector-{name}-odd"), json!({"properties": ["not", "texts"]})),
        ("session-key-v2".to_owned(), json!({"key": 1})),
    ]
}

#[test]
fn what_a_newer_worker_wrote_is_read_or_left_alone() {
    const NAME: &str = "newer-records";
    let topics = Kafka::shared().topics();
    let names = ["configs", "statuss"].map(|topic| format!("{NAME}-{topic}"));
    names.iter().for_each(|topic| topics.create(topic, 1, 1, &[("cleanup.policy", "compact")]));
    topics.create(NAME, 2, 1, &[]);
    let [configs, statuses] = names;
    let odd: Vec<_> = unknown(NAME);
    let running =
        json!({"state": "RUNNING", "trace": null, "worker_id": "gone:1", "generation": 9, "since": 5});
    let dreaming = json!({"state": "DREAMING", "trace": null, "worker_id": "gone:1", "generation": 9});
    let odd_statuses = vec![
        (format!("status-namespace-{NAME}"), json!({"owner": "someone"})),
        ("status-connector-of-others".to_owned(), dreaming.clone()),
    ];
    write(&topics, &configs, &[stored(NAME, NAME), odd.clone()].concat());
    let states =
        vec![(format!("status-connector-{NAME}"), running), (format!("status-task-{NAME}-0"), dreaming)];
    write(&topics, &statuses, &[states, odd_statuses.clone()].concat());
    let mut worker = start(NAME);
    worker.wait_state(NAME, "RUNNING", 2);
    wait_more(NAME);
    // While the worker runs, too.
    write(&topics, &configs, &unknown("newer-still"));
    let mut config = worker.rest().get(&format!("/connectors/{NAME}/config")).expect(200).json();
    config["tasks.max"] = json!("1");
    worker.rest().put(&format!("/connectors/{NAME}/config"), &config).expect(200);
    worker.wait_state(NAME, "RUNNING", 1);
    assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
    // An older one that comes back, or a newer one: both find everything.
    let left = [last(&topics.read(&configs)), last(&topics.read(&statuses))];
    for (key, value) in [odd, unknown("newer-still")].concat() {
        assert_eq!(left[0][&key], Some(value.to_string()), "{key}");
    }
    for (key, value) in odd_statuses {
        assert_eq!(left[1][&key], Some(value.to_string()), "{key}");
    }
    worker.restart();
    worker.wait_state(NAME, "RUNNING", 1);
    assert_eq!(worker.rest().get(&format!("/connectors/{NAME}/config")).expect(200).json(), config);
}

/// A newer member, which runs nothing but says that it does; as the leader it gives all to the others.
struct Newer {
    /// What it was told to run and has not been told to stop.
    held: Arc<Mutex<BTreeSet<(String, i32)>>>,
    member: Arc<Mutex<Option<Member>>>,
    runtime: tokio::runtime::Runtime,
}

fn parts(held: &BTreeSet<(String, i32)>) -> Vec<Part> {
    held.iter().map(|(connector, task)| Part { connector: connector.clone(), tasks: vec![*task] }).collect()
}

fn flat(parts: &[Part]) -> impl Iterator<Item = (String, i32)> + '_ {
    parts.iter().flat_map(|part| part.tasks.iter().map(|task| (part.connector.clone(), *task)))
}

impl Newer {
    /// `gives`: what all others together get where it leads.
    fn join(group: &str, gives: Vec<Part>) -> Newer {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (events, mut inlet) = mpsc::channel(4);
        let client = Props::new().with("bootstrap.servers", Kafka::shared().bootstrap());
        let member = {
            let _inside = runtime.enter();
            Member::spawn(conf(group, &client), events).expect("a member")
        };
        let (held, member) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(Mutex::new(Some(member))));
        let (holds, voice) = (held.clone(), member.clone());
        runtime.spawn(async move {
            while let Some(event) = inlet.recv().await {
                let voice = voice.lock().unwrap();
                let Some(member) = voice.as_ref() else { return };
                let mut holds = holds.lock().unwrap();
                match event {
                    GroupEvent::JoinDue => {
                        let said = told(&holds);
                        member.join(
                            ["sessioned", "compatible"].map(|name| (name.to_owned(), said.clone())).to_vec(),
                        );
                    }
                    GroupEvent::Elected { generation, member_id, members, .. } => {
                        let shares = members.iter().map(|(id, told)| {
                            let told = Told::decode(told).expect("what a worker tells");
                            let before: BTreeSet<_> =
                                told.allocation.iter().flat_map(|one| flat(&one.assigned)).collect();
                            let new: BTreeSet<_> =
                                flat(&gives).filter(|part| !before.contains(part)).collect();
                            let assigned = if *id == member_id { Vec::new() } else { parts(&new) };
                            (id.clone(), with_more(&assignment(&member_id, told.config_offset, assigned)))
                        });
                        member.share(generation, shares.collect());
                    }
                    GroupEvent::Assigned { assignment, .. } => {
                        let assignment = Assignment::decode(&assignment).expect("an assignment of ours");
                        flat(&assignment.revoked).for_each(|part| _ = holds.remove(&part));
                        holds.extend(flat(&assignment.assigned));
                        if !assignment.revoked.is_empty() {
                            member.rejoin("has given up what was revoked");
                        }
                    }
                    _ => {}
                }
            }
        });
        Newer { held, member, runtime }
    }

    fn leave(self) {
        let member = self.member.lock().unwrap().take().expect("a member");
        self.runtime.block_on(member.close());
    }
}

fn assignment(leader: &str, config_offset: i64, assigned: Vec<Part>) -> Assignment {
    let leader_url = "http://127.0.0.1:1/".to_owned();
    let leader = leader.to_owned();
    Assignment { version: NEWER, leader, leader_url, config_offset, assigned, ..Assignment::default() }
}

fn with_more(assignment: &Assignment) -> Vec<u8> {
    [&assignment.encode()[..], LATER].concat()
}

fn told(held: &BTreeSet<(String, i32)>) -> Vec<u8> {
    let allocation = assignment("", 0, parts(held));
    let told = Told {
        version: NEWER,
        url: "http://127.0.0.1:1/".into(),
        config_offset: 0,
        allocation: Some(allocation),
    };
    [&told.encode()[..], LATER].concat()
}

/// How many tasks of the connector run on this worker.
fn running(worker: &Worker, name: &str) -> Result<usize, String> {
    let answer = worker.rest().get(&format!("/connectors/{name}/status"));
    if answer.status != 200 {
        return Err(answer.body);
    }
    let (status, id) = (answer.json(), worker.worker_id());
    let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
    Ok(tasks.iter().filter(|task| task["state"] == "RUNNING" && task["worker_id"] == id.as_str()).count())
}

#[test]
fn a_newer_member_is_given_its_share_and_is_followed_as_a_leader() {
    const NAME: &str = "newer-members";
    let topics = Kafka::shared().topics();
    topics.create(NAME, 2, 1, &[]);
    topics.create(&format!("{NAME}-configs"), 1, 1, &[("cleanup.policy", "compact")]);
    write(&topics, &format!("{NAME}-configs"), &stored(NAME, NAME));
    let all_runs = |worker: &Worker, tasks: usize| {
        wait_until(&format!("{tasks} tasks to run"), MINUTE, || {
            let found = running(worker, NAME)?;
            if found == tasks { Ok(()) } else { Err(format!("{found} tasks")) }
        });
    };
    // It leads: it was there first.
    let everything = [-1, 0, 1].map(|task| Part { connector: NAME.into(), tasks: vec![task] });
    let first = Newer::join(NAME, everything.to_vec());
    let mut worker = spec(NAME).start();
    all_runs(&worker, 2);
    // Ours leads, and gives it a part.
    first.leave();
    all_runs(&worker, 2);
    let second = Newer::join(NAME, Vec::new());
    wait_until("the newer member to have a share", MINUTE, || {
        let held = second.held.lock().unwrap().clone();
        let tasks = held.iter().filter(|(_, task)| *task >= 0).count();
        if tasks == 1 { Ok(()) } else { Err(format!("{held:?}")) }
    });
    all_runs(&worker, 1);
    second.leave();
    all_runs(&worker, 2);
    assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
}
