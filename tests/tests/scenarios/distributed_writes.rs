//! Clients create, change and delete connectors while leaders are killed: what was accepted last is what holds in the end,
//! on every worker.

use crate::MINUTE;
use crate::distributed::{leader, spec, wait_healthy};
use connect_tests::configs::verifiable_source;
use connect_tests::{Answer, Kafka, Rest, Rng, With, Worker, let_run, size, wait_until};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const NAME: &str = "rewritten";
const CLIENTS: u32 = 3;
/// Connectors of each client. A client's requests follow one another, so their order is known.
const CONNECTORS: u32 = 3;

/// What a connector may be by what the workers answered: the marks of its config; none: it is not there.
type Believed = BTreeSet<Option<u32>>;

/// The number in a config by which it is known; it decides on the number of tasks as well.
fn config(name: &str, mark: u32) -> Value {
    json!(verifiable_source(name, NAME, 1).with("tasks.max", tasks(mark)).with("mark", mark))
}

fn tasks(mark: u32) -> u32 {
    1 + mark % 2
}

/// How often requests were accepted, refused, and of an unknown outcome.
#[derive(Debug, Default)]
struct Tally {
    accepted: u32,
    refused: u32,
    unknown: u32,
}

/// Ends the clients when the story is over, also when it ends badly.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Client {
    workers: Vec<Rest>,
    rng: Rng,
    marks: u32,
    believed: BTreeMap<String, Believed>,
    tally: Tally,
}

impl Client {
    fn new(nth: u32, workers: &[Worker], seed: u64) -> Client {
        let names = (0..CONNECTORS).map(|one| (format!("{NAME}-{nth}-{one}"), Believed::from([None])));
        Client {
            workers: workers.iter().map(|one| Rest::with_timeout(one.rest().base(), MINUTE)).collect(),
            rng: Rng::seeded(seed),
            marks: 0,
            believed: names.collect(),
            tally: Tally::default(),
        }
    }

    /// One request about one of its connectors to one of the workers.
    fn ask(&mut self) {
        let names: Vec<String> = self.believed.keys().cloned().collect();
        let (name, worker) = (self.rng.pick(&names).clone(), self.rng.pick(&self.workers).clone());
        let before = self.believed[&name].clone();
        self.marks += 1;
        let (mark, of_name) = (self.marks, format!("/connectors/{name}"));
        let wanted = Some(mark);
        let (wanted, answer) = match self.rng.range(0, 4) {
            0 => (None, worker.try_request("DELETE", &of_name, None)),
            1 => {
                let body = json!({"name": name, "config": config(&name, mark)});
                (wanted, worker.try_request("POST", "/connectors", Some(&body)))
            }
            _ => {
                let body = config(&name, mark);
                (wanted, worker.try_request("PUT", &format!("{of_name}/config"), Some(&body)))
            }
        };
        let there = || before.iter().copied().filter(Option::is_some).collect::<Believed>();
        let absent = || before.iter().copied().filter(Option::is_none).collect::<Believed>();
        let known = |status: u16, was: Believed, now: Believed| {
            assert!(!was.is_empty(), "{name}: {status}, and it was one of {before:?}; seed above");
            now
        };
        let now = Believed::from([wanted]);
        let (count, believed) = match &answer {
            Ok(Answer { status: 200, .. }) => (&mut self.tally.accepted, known(200, there(), now)),
            Ok(Answer { status: 204, .. }) => (&mut self.tally.accepted, known(204, there(), now)),
            Ok(Answer { status: 201, .. }) => (&mut self.tally.accepted, known(201, absent(), now)),
            Ok(Answer { status: 404, .. }) => (&mut self.tally.refused, known(404, absent(), absent())),
            Ok(Answer { status: 409, body, .. }) if body.contains("already exists") => {
                (&mut self.tally.refused, known(409, there(), there()))
            }
            // Not at the moment: nothing was done.
            Ok(Answer { status: 409, .. }) => (&mut self.tally.refused, before.clone()),
            // The worker that was to do it may have been killed before, or after.
            Ok(Answer { status: 500, .. }) | Err(_) => {
                (&mut self.tally.unknown, before.iter().copied().chain([wanted]).collect())
            }
            Ok(other) => panic!("{name}: {other:?}"),
        };
        *count += 1;
        self.believed.insert(name, believed);
    }
}

/// Marks of all connectors as a worker knows them, once each is RUNNING with its tasks as its config wants them.
fn settled(worker: &Worker) -> Result<BTreeMap<String, u32>, String> {
    let all = worker.rest().get("/connectors?expand=info&expand=status");
    if all.status != 200 {
        return Err(all.body);
    }
    let mut marks = BTreeMap::new();
    for (name, one) in all.json().as_object().expect("connectors by name") {
        let mark = one["info"]["config"]["mark"].as_str().and_then(|mark| mark.parse().ok());
        let mark: u32 = mark.unwrap_or_else(|| panic!("{name} has a config of nobody: {one}"));
        let states = one["status"]["tasks"].as_array().into_iter().flatten();
        let states: Vec<_> = states.chain([&one["status"]["connector"]]).map(|one| &one["state"]).collect();
        let counts = (states.len() - 1, one["info"]["tasks"].as_array().map_or(0, Vec::len));
        let wanted = tasks(mark) as usize;
        if counts != (wanted, wanted) || states.iter().any(|state| *state != "RUNNING") {
            return Err(one.to_string());
        }
        // Tasks run with the config that is shown.
        let configs = worker.rest().get(&format!("/connectors/{name}/tasks")).body;
        if configs.matches(&format!("\"mark\":\"{mark}\"")).count() != wanted {
            return Err(configs);
        }
        marks.insert(name.clone(), mark);
    }
    Ok(marks)
}

#[test]
fn what_was_accepted_outlives_leaders_that_are_killed() {
    Kafka::shared().topics().create(NAME, 2, 1, &[]);
    let mut rng = Rng::for_test(NAME);
    // The shortest session that brokers allow.
    let one = || spec(NAME).set("session.timeout.ms", 6_000).start();
    let mut workers = [one(), one(), one()];
    workers.iter().for_each(wait_healthy);
    let over = AtomicBool::new(false);
    let mut clients: Vec<Client> = (0..CLIENTS).map(|nth| Client::new(nth, &workers, rng.bits())).collect();
    thread::scope(|scope| {
        for client in &mut clients {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    client.ask();
                    let_run(client.rng.time(Duration::ZERO, Duration::from_millis(60)));
                }
            });
        }
        let _over = Over(&over);
        for _ in 0..size(1, 10) {
            let_run(rng.time(Duration::from_secs(1), Duration::from_secs(3)));
            let killed = leader(&workers);
            workers[killed].kill9();
            // It comes back before it is missed, or afterwards.
            let_run(rng.time(Duration::ZERO, Duration::from_secs(12)));
            workers[killed].restart();
            wait_healthy(&workers[killed]);
            let_run(Duration::from_secs(2));
        }
    });
    for client in &clients {
        eprintln!("{:?}, and at last {:?}", client.tally, client.believed);
        assert!(client.tally.accepted > 0);
    }
    let believed: BTreeMap<&String, &Believed> = clients.iter().flat_map(|one| &one.believed).collect();
    wait_until("every worker to know what was accepted last", MINUTE, || {
        let marks: Vec<_> = workers.iter().map(settled).collect::<Result<_, _>>()?;
        let odd = |marks: &BTreeMap<String, u32>| {
            let mut held =
                believed.iter().map(|(name, held)| (*name, held.contains(&marks.get(*name).copied())));
            held.find_map(|(name, held)| (!held).then(|| format!("{name}: {marks:?}")))
        };
        let faults: Vec<String> = marks.iter().filter_map(odd).collect();
        if faults.is_empty() && marks.iter().all(|one| *one == marks[0]) {
            Ok(())
        } else {
            Err(format!("{faults:?}, of {marks:?}"))
        }
    });
    for worker in &mut workers {
        assert!(worker.terminate().success(), "{}", worker.process().log_end(20));
    }
}
