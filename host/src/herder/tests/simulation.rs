//! A simulated worker: random requests, and runners and a store that answer late and in any order across their parts.
//! After each step the invariants hold; when everything has been heard, what runs is what shall run.

mod checks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;

use super::asks;
use super::cases::catalog;
use super::text;
use crate::herder::*;
use crate::settings::Props;
use crate::settings::restarts::RestartPolicy;

/// One thing that happens next.
#[derive(Debug, Clone)]
enum Step {
    Ask(u8, u8, u8),
    /// The nth of what is on its way arrives.
    Deliver(usize),
    /// A life fails.
    Fail(usize),
    /// A life asks to be asked again.
    Reconfigure(usize),
    Tick(u16),
    /// The store refuses its batch.
    Refuse,
    /// A report of a life that is long over.
    Ghost(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..24_u8, 0..3_u8, 0..4_u8).prop_map(|(what, name, extra)| Step::Ask(what, name, extra)),
        12 => any::<usize>().prop_map(Step::Deliver),
        2 => any::<usize>().prop_map(Step::Fail),
        1 => any::<usize>().prop_map(Step::Reconfigure),
        1 => any::<u16>().prop_map(Step::Tick),
        1 => Just(Step::Refuse),
        1 => (0..7_u8, 0..3_u8).prop_map(|(what, name)| Step::Ghost(what, name)),
    ];
    proptest::collection::vec(step, 1..160)
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Connector(String),
    Task(TaskId),
}

impl Part {
    fn connector(&self) -> &str {
        match self {
            Part::Connector(name) => name,
            Part::Task(id) => &id.connector,
        }
    }
}

/// What the simulated world knows, independently of the herder.
struct World {
    herder: Herder,
    now: Millis,
    offset: i64,
    requests: RequestId,
    open: BTreeSet<RequestId>,
    /// Epoch that lives, by part.
    live: BTreeMap<Part, Epoch>,
    paused: BTreeSet<TaskId>,
    /// Connectors whose offsets are being modified.
    modifying: BTreeMap<RequestId, String>,
    /// How many sets of task configs each connector has had.
    sets: BTreeMap<String, u32>,
    /// The set that each living task was made from.
    made_from: BTreeMap<TaskId, u32>,
    /// On their way to the herder, in order for each sender.
    pipes: BTreeMap<String, VecDeque<Event>>,
    seen_epochs: BTreeSet<Epoch>,
    /// Restarts that were announced, and for when.
    planned: BTreeMap<Part, Millis>,
    /// Restarts that were announced for now, at this tick.
    restarted: BTreeSet<Part>,
    ticking: bool,
    finished: u32,
    log: Vec<String>,
}

impl World {
    fn new() -> World {
        World {
            herder: Herder::new("here:8083", catalog(), Assignment::Everything)
                .with_restarts(RestartPolicy::default(), 7),
            now: 0,
            offset: 0,
            requests: 0,
            open: BTreeSet::new(),
            live: BTreeMap::new(),
            paused: BTreeSet::new(),
            modifying: BTreeMap::new(),
            sets: BTreeMap::new(),
            made_from: BTreeMap::new(),
            pipes: BTreeMap::new(),
            seen_epochs: BTreeSet::new(),
            planned: BTreeMap::new(),
            restarted: BTreeSet::new(),
            ticking: false,
            finished: 0,
            log: Vec::new(),
        }
    }

    fn send(&mut self, from: &str, event: Event) {
        self.pipes.entry(from.to_owned()).or_default().push_back(event);
    }

    fn step(&mut self, event: Event) {
        self.ticking = matches!(event, Event::Tick);
        self.restarted.clear();
        for action in self.herder.step(self.now, event) {
            self.log.push(text::action(&action));
            self.carry_out(action);
        }
        self.check_statuses();
    }

    fn begin(&mut self, part: Part, epoch: Epoch) {
        assert!(!self.modifying.values().any(|name| name == part.connector()), "a start beside a change");
        assert!(!self.ticking || self.restarted.contains(&part), "a start at a tick that nobody announced");
        self.planned.remove(&part);
        assert!(self.seen_epochs.insert(epoch), "epoch {epoch} twice");
        assert!(self.live.insert(part, epoch).is_none(), "two lives at once, epoch {epoch}");
        assert_eq!(self.finished, 0, "a start after the end");
    }

    fn modify(&mut self, request: RequestId, name: String) {
        assert!(!self.live.keys().any(|part| part.connector() == name), "{name} runs beside a change");
        self.modifying.insert(request, name);
        let outcome =
            if request.is_multiple_of(3) { Err(ApiError::Internal(String::new())) } else { Ok(true) };
        self.send(&format!("check {request}"), Event::OffsetsModified { request, outcome });
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Answer { request, .. } => {
                assert!(self.open.remove(&request), "request {request} answered twice");
            }
            Action::Write { write, records } => {
                for record in records {
                    self.offset += 1;
                    let event = Event::Config { offset: self.offset, record: Some(record) };
                    self.send("store", event);
                }
                self.send("store", Event::Written { write, outcome: Ok(()) });
            }
            Action::Validate { request, .. } => {
                let errors = if request % 7 == 0 { vec!["bad".to_owned()] } else { vec![] };
                let outcome = Ok(Validation { errors, report: serde_json::Value::Null });
                self.send(&format!("check {request}"), Event::Validated { request, outcome });
            }
            Action::Describe { request, .. } => {
                self.send(&format!("check {request}"), Event::Described { request, outcome: Ok("x".into()) });
            }
            Action::ReadOffsets { request, .. } => {
                self.send(&format!("check {request}"), Event::OffsetsRead { request, outcome: Ok(vec![]) });
            }
            Action::ModifyOffsets { request, name, .. } => self.modify(request, name),
            Action::StartConnector { name, epoch, .. } => {
                self.begin(Part::Connector(name.clone()), epoch);
                self.send(&format!("life {epoch}"), Event::ConnectorStarted { name, epoch });
            }
            Action::StopConnector { name, epoch } => {
                if self.live.get(&Part::Connector(name.clone())) == Some(&epoch) {
                    self.send(&format!("life {epoch}"), Event::ConnectorEnded { name, epoch });
                }
            }
            Action::AskTaskConfigs { name, epoch, max_tasks } => {
                let count = self.now.wrapping_mul(7).wrapping_add(epoch) % 4;
                let config = |n: Epoch| Props::from([("n".to_owned(), (n * (epoch % 2)).to_string())]);
                let configs: Vec<Props> = (0..count).map(config).collect();
                let outcome = if epoch % 5 == 0 { Err("no".to_owned()) } else { Ok(configs) };
                assert!(max_tasks > 0);
                self.send(&format!("life {epoch}"), Event::TaskConfigs { name, epoch, outcome });
            }
            Action::StartTask { id, epoch, target, .. } => {
                self.begin(Part::Task(id.clone()), epoch);
                let used = Event::TopicUsed { id: id.clone(), epoch, topic: "t".to_owned() };
                self.send(&format!("life {epoch}"), used);
                let set = self.sets.get(&id.connector).copied().unwrap_or(0);
                self.made_from.insert(id.clone(), set);
                let others = self.made_from.iter().filter(|(other, _)| other.connector == id.connector);
                assert!(others.into_iter().all(|(_, other)| *other == set), "{id} runs beside an older task");
                self.aim(id, epoch, target);
            }
            Action::PauseTask { id, epoch } => self.aim(id, epoch, TaskTarget::Paused),
            Action::ResumeTask { id, epoch } => self.aim(id, epoch, TaskTarget::Running),
            Action::StopTask { id, epoch } => {
                if self.live.get(&Part::Task(id.clone())) == Some(&epoch) {
                    self.send(&format!("life {epoch}"), Event::TaskEnded { id, epoch });
                }
            }
            Action::ForgetTopics { id, epoch } => {
                assert_eq!(self.live.get(&Part::Task(id)), Some(&epoch), "a task told after its end");
            }
            Action::Tell { connector, task, notice } => self.told(connector, task, notice),
            Action::Finished => {
                self.finished += 1;
                assert!(self.live.is_empty() && self.finished == 1);
            }
            other => panic!("not an action of a standalone worker: {}", text::action(&other)),
        }
    }

    /// Nothing comes back sooner, or more often, than was said.
    fn told(&mut self, connector: String, task: Option<u32>, notice: Notice) {
        let limit = if connector == "b" { Some(2) } else { None };
        assert_ne!(connector, "a", "it asked for no restarts");
        let part = match task {
            Some(task) => Part::Task(TaskId { connector, task }),
            None => Part::Connector(connector),
        };
        match notice {
            Notice::RestartPlanned { attempt, limit: told, wait } => {
                assert!(told == limit && limit.is_none_or(|limit| attempt <= limit));
                assert!((800..=60_000).contains(&wait), "{wait}");
                self.planned.insert(part, self.now + wait);
            }
            Notice::Restarting { .. } => {
                let due = self.planned.remove(&part).expect("a restart was planned");
                assert!(self.ticking && self.now >= due, "too early");
                self.restarted.insert(part);
            }
            Notice::NoRestartLeft { attempts } => assert_eq!(Some(attempts), limit),
            Notice::TooManyTasks { .. } => panic!("nobody lets more tasks pass"),
        }
    }

    fn aim(&mut self, id: TaskId, epoch: Epoch, target: TaskTarget) {
        assert_eq!(self.live.get(&Part::Task(id.clone())), Some(&epoch), "a task told after its end");
        let event = match target {
            TaskTarget::Running => {
                self.paused.remove(&id);
                Event::TaskRunning { id, epoch }
            }
            TaskTarget::Paused => {
                self.paused.insert(id.clone());
                Event::TaskPaused { id, epoch }
            }
        };
        self.send(&format!("life {epoch}"), event);
    }

    /// Takes the next event of a pipe; an end is the end of the life here as well.
    fn deliver(&mut self, nth: usize) -> bool {
        let busy: Vec<String> =
            self.pipes.iter().filter(|(_, pipe)| !pipe.is_empty()).map(|(from, _)| from.clone()).collect();
        let Some(from) = busy.get(nth % busy.len().max(1)) else { return false };
        let Some(event) = self.pipes.get_mut(from).and_then(VecDeque::pop_front) else { return false };
        match &event {
            Event::ConnectorEnded { name, epoch } => self.bury(Part::Connector(name.clone()), *epoch),
            Event::TaskEnded { id, epoch } => {
                self.made_from.remove(id);
                self.bury(Part::Task(id.clone()), *epoch);
            }
            Event::OffsetsModified { request, .. } => drop(self.modifying.remove(request)),
            Event::Config { record: Some(ConfigRecord::TaskCommit { name, .. }), .. } => {
                *self.sets.entry(name.clone()).or_default() += 1
            }
            _ => {}
        }
        self.step(event);
        true
    }

    fn bury(&mut self, part: Part, epoch: Epoch) {
        if self.live.get(&part) == Some(&epoch) {
            self.live.remove(&part);
        }
        self.pipes.remove(&format!("life {epoch}"));
    }

    fn request(&mut self, what: u8, name: u8, extra: u8) {
        let request = asks::request(what, name, extra);
        self.requests += 1;
        self.open.insert(self.requests);
        self.step(Event::Request { id: self.requests, request });
    }

    fn life(&self, nth: usize) -> Option<(Part, Epoch)> {
        self.live.iter().nth(nth % self.live.len().max(1)).map(|(part, epoch)| (part.clone(), *epoch))
    }

    fn fail(&mut self, nth: usize) {
        let Some((part, epoch)) = self.life(nth) else { return };
        let from = format!("life {epoch}");
        // What it had to say is cut short; the failure and the end come.
        self.pipes.remove(&from);
        let trace = "broke".to_owned();
        match part {
            Part::Connector(name) => {
                self.send(&from, Event::ConnectorFailed { name: name.clone(), epoch, trace });
                self.send(&from, Event::ConnectorEnded { name, epoch });
            }
            Part::Task(id) => {
                self.send(&from, Event::TaskFailed { id: id.clone(), epoch, trace });
                self.send(&from, Event::TaskEnded { id, epoch });
            }
        }
    }

    fn play(&mut self, step: Step) {
        self.log.push(format!("> {step:?}"));
        match step {
            Step::Ask(what, name, extra) => self.request(what, name, extra),
            Step::Deliver(nth) => drop(self.deliver(nth)),
            Step::Fail(nth) => self.fail(nth),
            Step::Reconfigure(nth) => {
                if let Some((Part::Connector(name), epoch)) = self.life(nth) {
                    self.send(&format!("life {epoch}"), Event::ReconfigurationRequested { name, epoch });
                }
            }
            Step::Tick(millis) => {
                self.now += Millis::from(millis);
                self.step(Event::Tick);
            }
            Step::Refuse => self.refuse(),
            Step::Ghost(what, name) => self.ghost(what, ["a", "b", "c"][usize::from(name)]),
        }
    }

    /// The store fails in the middle of its batch: what is still on its way of it never comes.
    fn refuse(&mut self) {
        let Some(store) = self.pipes.get_mut("store") else { return };
        if let Some(Event::Written { write, .. }) = store.pop_back() {
            store.clear();
            store.push_back(Event::Written { write, outcome: Err("full".to_owned()) });
        }
    }

    fn ghost(&mut self, what: u8, name: &str) {
        let (name, epoch) = (name.to_owned(), 0);
        let id = TaskId { connector: name.clone(), task: 0 };
        let event = match what {
            0 => Event::ConnectorStarted { name, epoch },
            1 => Event::ConnectorFailed { name, epoch, trace: "ghost".to_owned() },
            2 => Event::ConnectorEnded { name, epoch },
            3 => Event::TaskConfigs { name, epoch, outcome: Ok(vec![]) },
            4 => Event::TaskFailed { id, epoch, trace: "ghost".to_owned() },
            5 => Event::TopicUsed { id, epoch, topic: "ghost".to_owned() },
            _ => Event::TaskEnded { id, epoch },
        };
        let before = self.log.len();
        self.step(event);
        assert_eq!(self.log.len(), before, "a ghost was listened to");
    }

    /// Lets everything arrive, time pass, and compares what runs with what shall run.
    fn calm_down(&mut self) {
        let mut nth = 0;
        for _ in 0..10_000 {
            nth += 13;
            if self.deliver(nth) {
                continue;
            }
            match self.herder.wake_at() {
                // Some never answer: a few rounds are enough of them.
                Some(at) if self.now < 1_000_000 => {
                    self.now = self.now.max(at);
                    self.step(Event::Tick);
                }
                _ => break,
            }
        }
        assert!(self.open.is_empty(), "unanswered: {:?}", self.open);
    }
}

fn run(steps: Vec<Step>) {
    let mut world = World::new();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for step in steps {
            world.play(step);
        }
        world.calm_down();
        world.check_calm();
        world.request(4, 0, 0);
        world.request(4, 1, 0);
        world.calm_down();
        assert!(world.live.keys().all(|part| match part {
            Part::Connector(name) => name == "c",
            Part::Task(id) => id.connector == "c",
        }));
        world.request(9, 2, 0);
        world.step(Event::Shutdown);
        assert!(world.open.is_empty(), "unanswered at shutdown");
        world.calm_down();
        assert_eq!(world.finished, 1);
    }));
    if let Err(panic) = outcome {
        eprintln!("{}", world.log.join("\n"));
        std::panic::resume_unwind(panic);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_runs_twice_and_nobody_is_left_waiting(steps in steps()) {
        run(steps);
    }
}
