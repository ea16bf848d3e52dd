//! The simulated world: workers, their topics and the messages between them, and what may happen next.

use std::collections::BTreeMap;

use super::coordinator::Coordinator;
use super::met::{Fault, Met};
use super::rng::Rng;
use super::worker::{Client, Origin, Worker, slot_of};
use crate::herder::tests::text;
use crate::herder::*;

/// `worker.sync.timeout.ms`.
const SYNC_TIMEOUT: Millis = 3_000;

/// A batch on its way to the config topic.
pub struct Flight {
    pub who: (usize, u32),
    pub write: WriteId,
    pub records: Vec<ConfigRecord>,
    pub at: Millis,
}

/// A request on its way to a worker.
pub struct Call {
    pub to: usize,
    pub request: Request,
    pub origin: Origin,
    pub at: Millis,
}

/// Something that may arrive now.
#[derive(Clone)]
pub enum Source {
    Pipe(usize, String),
    Config(usize),
    Read(usize),
    Written(usize),
    Status(usize),
    StatusOut(usize),
    ToGroup(usize),
    FromGroup(usize),
    Append(usize),
    Call(usize),
}

pub struct World {
    pub rng: Rng,
    pub now: Millis,
    pub max_delay: Millis,
    /// Messages are lost, late or doubled.
    pub faulty: bool,
    pub slots: Vec<Option<Worker>>,
    pub starts: u32,
    pub coordinator: Coordinator,
    /// The config topic: records by the offset behind them. And its end.
    pub log: Vec<(i64, ConfigRecord)>,
    pub end: i64,
    pub flights: Vec<Flight>,
    pub statuses: Vec<StatusRecord>,
    pub calls: Vec<Call>,
    /// What plugins change by themselves: part of their task configs.
    pub moods: BTreeMap<String, u32>,
    /// Values that were written to the config of each connector, in their order; none: deletions.
    pub written: BTreeMap<String, Vec<Option<String>>>,
    pub trace: Option<Vec<String>>,
    pub met: Met,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> World {
        let mut rng = Rng(seed);
        let max_delay = rng.pick(&[0, 2_000, 20_000, 20_000]);
        World {
            rng,
            now: 1_000,
            max_delay,
            faulty: true,
            slots: (0..4).map(|_| None).collect(),
            starts: 0,
            coordinator: Coordinator::new(),
            log: Vec::new(),
            end: 0,
            flights: Vec::new(),
            statuses: Vec::new(),
            calls: Vec::new(),
            moods: BTreeMap::new(),
            written: BTreeMap::new(),
            trace: traced.then(Vec::new),
            met: Met::new(),
        }
    }

    pub fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>7} {}", line()));
        }
    }

    /// A while from now, often none.
    pub fn later(&mut self) -> Millis {
        if !self.faulty {
            return self.now;
        }
        let late = self.rng.pick(&[0, 0, 0, 20, 200]);
        if late > 0 {
            self.met.insert(Fault::Late);
        }
        self.now + late
    }

    /// Whether this goes wrong now.
    pub fn fails(&mut self, percent: u64, fault: Fault) -> bool {
        let fails = self.faulty && self.rng.chance(percent);
        if fails {
            self.met.insert(fault);
        }
        fails
    }

    pub fn worker(&mut self, slot: usize) -> &mut Worker {
        self.slots[slot].as_mut().expect("a worker")
    }

    pub fn workers(&self) -> impl Iterator<Item = &Worker> {
        self.slots.iter().flatten()
    }

    /// Starts a worker in an empty slot: it reads both topics, then joins.
    pub fn start(&mut self, slot: usize, protocol: Protocol) {
        self.starts += 1;
        self.note(|| format!("w{slot} starts, {protocol:?}"));
        self.slots[slot] = Some(Worker::new((slot, self.starts), self.now, protocol, self.max_delay));
        while self.worker(slot).config_read < self.end {
            self.read_config(slot);
        }
        while self.worker(slot).status_read < self.statuses.len() {
            self.read_status(slot);
        }
        self.step(slot, Event::Ready);
        self.join(slot);
    }

    /// The client of the group wants to join.
    pub fn join(&mut self, slot: usize) {
        let now = self.now;
        let worker = self.worker(slot);
        worker.client = Client::Due;
        worker.heard = now;
        worker.send_group(now, GroupEvent::JoinDue);
    }

    pub fn step(&mut self, slot: usize, event: Event) {
        let now = self.now;
        self.note(|| format!("w{slot} < {}", super::tell(&event)));
        for action in self.worker(slot).herder.step(now, event) {
            self.note(|| format!("w{slot}   > {}", text::action(&action)));
            self.carry_out(slot, action);
        }
        if self.worker(slot).finished {
            self.slots[slot] = None;
        }
        self.check_alone();
    }

    pub fn read_config(&mut self, slot: usize) {
        let (from, end) = (self.worker(slot).config_read, self.end);
        let at = self.log.partition_point(|(offset, _)| *offset <= from);
        let Some((offset, record)) = self.log.get(at).cloned() else {
            // The last ones were compacted away.
            self.worker(slot).config_read = end;
            return self.step(slot, Event::Config { offset: end, record: None });
        };
        self.worker(slot).config_read = offset;
        self.step(slot, Event::Config { offset, record: Some(record) });
    }

    pub fn read_status(&mut self, slot: usize) {
        let worker = self.worker(slot);
        let at = worker.status_read;
        worker.status_read += 1;
        let record = self.statuses[at].clone();
        self.step(slot, Event::Status(record));
    }

    /// All that may arrive now.
    pub fn sources(&self) -> Vec<Source> {
        let mut found = Vec::new();
        let ready = |at: Millis| at <= self.now;
        for worker in self.workers() {
            let slot = worker.who.0;
            if worker.to_group.front().is_some_and(|(at, _)| ready(*at)) && worker.cut <= self.now {
                found.push(Source::ToGroup(slot));
            }
            if !worker.statuses.is_empty() {
                found.push(Source::StatusOut(slot));
            }
            if worker.paused {
                continue;
            }
            for (from, pipe) in &worker.pipes {
                if pipe.front().is_some_and(|(at, _)| ready(*at)) {
                    found.push(Source::Pipe(slot, from.clone()));
                }
            }
            if worker.config_read < self.end && worker.stuck <= self.now {
                found.push(Source::Config(slot));
            }
            let over =
                |(_, end, until): &(ReadId, i64, Millis)| worker.config_read >= *end || *until <= self.now;
            if worker.readings.iter().any(over) {
                found.push(Source::Read(slot));
            }
            if worker.written.first().is_some_and(|(_, end)| worker.config_read >= *end) {
                found.push(Source::Written(slot));
            }
            if worker.status_read < self.statuses.len() {
                found.push(Source::Status(slot));
            }
            if worker.from_group.front().is_some_and(|(at, _)| ready(*at)) && worker.cut <= self.now {
                found.push(Source::FromGroup(slot));
            }
        }
        let flights = self.flights.iter().enumerate().filter(|(_, flight)| ready(flight.at));
        found.extend(flights.map(|(nth, _)| Source::Append(nth)));
        let up = |slot: usize| self.slots[slot].as_ref().is_none_or(|worker| !worker.paused);
        let calls = self.calls.iter().enumerate().filter(|(_, call)| ready(call.at) && up(call.to));
        found.extend(calls.map(|(nth, _)| Source::Call(nth)));
        found
    }

    pub fn deliver(&mut self, source: Source) {
        match source {
            Source::Pipe(slot, from) => {
                let worker = self.worker(slot);
                let pipe = worker.pipes.get_mut(&from).expect("a pipe");
                let (_, event) = pipe.pop_front().expect("an event");
                if pipe.is_empty() {
                    worker.pipes.remove(&from);
                }
                self.arrive(slot, event);
            }
            Source::Config(slot) => self.read_config(slot),
            Source::Read(slot) => {
                let now = self.now;
                let worker = self.worker(slot);
                let read = worker.config_read;
                let over = |(_, end, until): &(ReadId, i64, Millis)| read >= *end || *until <= now;
                let at = worker.readings.iter().position(over).expect("a reading");
                let (number, end, _) = worker.readings.remove(at);
                let outcome = if read >= end { Ok(read) } else { Err("too slow".to_owned()) };
                self.step(slot, Event::ConfigRead { read: number, outcome });
            }
            Source::Written(slot) => {
                let (write, _) = self.worker(slot).written.remove(0);
                self.step(slot, Event::Written { write, outcome: Ok(()) });
            }
            Source::Status(slot) => self.read_status(slot),
            Source::StatusOut(slot) => {
                let record = self.worker(slot).statuses.pop_front().expect("a status");
                if self.fails(2, Fault::StatusTwice) {
                    // The acknowledgement: it is sent again.
                    self.statuses.push(record.clone());
                }
                self.statuses.push(record);
            }
            Source::ToGroup(slot) => {
                let (now, worker) = (self.now, self.worker(slot));
                let (_, ask) = worker.to_group.pop_front().expect("a question");
                let who = worker.who;
                if !self.fails(3, Fault::QuestionLost) {
                    self.coordinator.ask(now, who, ask);
                }
                self.send_replies();
            }
            Source::FromGroup(slot) => {
                let (at, reply) = self.worker(slot).from_group.pop_front().expect("an answer");
                self.reply(slot, at, reply);
            }
            Source::Append(nth) => {
                if nth > 0 {
                    self.met.insert(Fault::Overtaken);
                }
                let flight = self.flights.remove(nth);
                self.append(flight);
            }
            Source::Call(nth) => {
                let call = self.calls.remove(nth);
                self.call(call);
            }
        }
    }

    /// An event of a runner is the end of its life here as well.
    fn arrive(&mut self, slot: usize, event: Event) {
        let worker = self.worker(slot);
        let (item, epoch) = match &event {
            Event::ConnectorEnded { name, epoch } => (Item::Connector(name.clone()), *epoch),
            Event::TaskEnded { id, epoch } => (Item::Task(id.clone()), *epoch),
            // It tells nobody what is whose.
            Event::Group(GroupEvent::Assigned { assignment, .. }) if assignment.error != 0 => {
                self.met.insert(Fault::Mismatch);
                return self.step(slot, event);
            }
            Event::Group(GroupEvent::Assigned { member_id, .. }) => {
                // It may be old news.
                let inside = self.coordinator.members.contains_key(member_id);
                self.worker(slot).outside = !inside;
                self.step(slot, event);
                if inside {
                    self.check_told(slot);
                }
                return;
            }
            Event::Group(GroupEvent::Lost) => {
                self.step(slot, event);
                return self.check_stops(slot);
            }
            _ => return self.step(slot, event),
        };
        if worker.lives.get(&item).is_some_and(|life| life.epoch == epoch) {
            worker.lives.remove(&item);
        }
        self.step(slot, event);
    }

    /// Time passes.
    pub fn pass(&mut self, time: Millis) {
        self.now += time;
        for slot in 0..self.slots.len() {
            let due =
                |worker: &Worker| !worker.paused && worker.herder.wake_at().is_some_and(|at| at <= self.now);
            if self.slots[slot].as_ref().is_some_and(due) {
                self.step(slot, Event::Tick);
            }
        }
        self.beat();
    }

    /// A batch reaches the config topic, or does not; in faulty times in part, twice, or without the writer knowing.
    fn append(&mut self, flight: Flight) {
        let fate = if self.faulty { self.rng.below(40) } else { 40 };
        let fates = [Fault::WriteLost, Fault::WriteInPart, Fault::WriteTwice, Fault::WriteUnknown];
        self.met.extend(fates.get(fate));
        self.note_asked(&flight.records);
        let whole = flight.records.len();
        let count = if fate == 0 {
            0
        } else if fate == 1 {
            self.rng.below(whole + 1)
        } else {
            whole
        };
        let times = if fate == 2 { 2 } else { 1 };
        for _ in 0..times {
            for record in &flight.records[..count] {
                self.end += 1;
                if let ConfigRecord::Connector { name, config } = record {
                    let value = config.as_ref().and_then(|config| config.get("v").cloned());
                    self.written.entry(name.clone()).or_default().push(value);
                }
                let (end, line) = (self.end, text::record(record));
                self.note(|| format!("config {end}: {line}"));
                self.log.push((end, record.clone()));
            }
        }
        let (end, who) = (self.end, flight.who);
        let first_of_two = matches!(flight.records.first(), Some(ConfigRecord::TaskConfig { .. }));
        if first_of_two
            && self.slots[who.0].as_ref().is_some_and(|worker| worker.who == who)
            && self.fails(4, Fault::HalfWritten)
        {
            self.note(|| format!("w{} dies between task configs and their commit", who.0));
            return self.kill(who.0);
        }
        let Some(worker) = self.slots[who.0].as_mut().filter(|worker| worker.who == who) else { return };
        if fate < 2 || fate == 3 {
            let outcome = Err("the broker is away".to_owned());
            return worker.send("store", self.now, Event::Written { write: flight.write, outcome });
        }
        worker.written.push((flight.write, end));
    }

    /// A request arrives at a worker, or finds nobody there.
    fn call(&mut self, call: Call) {
        let gone = self.slots[call.to].is_none();
        if gone || self.fails(3, Fault::RequestLost) {
            return self.answered(call.origin, Err(ApiError::Internal("connection lost".to_owned())));
        }
        let worker = self.worker(call.to);
        worker.requests += 1;
        let id = worker.requests;
        worker.open.insert(id, call.origin);
        self.step(call.to, Event::Request { id, request: call.request });
    }

    /// An answer, or the lack of one, reaches who has asked.
    pub fn answered(&mut self, origin: Origin, outcome: Result<Response, ApiError>) {
        let at = self.later();
        match (origin, outcome) {
            (Origin::Caller { request, hops }, Err(ApiError::Forward { url: Some(url), .. })) if hops < 2 => {
                let Some(to) = slot_of(&url) else { panic!("no worker has the URL {url}") };
                let origin = Origin::Caller { request: request.clone(), hops: hops + 1 };
                self.calls.push(Call { to, request, origin, at });
            }
            (Origin::Caller { request, .. }, outcome) => self.check_answer(&request, &outcome),
            (Origin::Owner { who, name, epoch }, outcome) => {
                let lost = self.fails(3, Fault::ReplyLost);
                let outcome = match outcome {
                    Ok(_) if !lost => Ok(()),
                    Ok(_) => Err("the answer was lost".to_owned()),
                    Err(error) => Err(error.to_string()),
                };
                if let Some(worker) = self.slots[who.0].as_mut().filter(|worker| worker.who == who) {
                    worker.send(
                        &format!("publish {name}"),
                        at,
                        Event::TasksPublished { name, epoch, outcome },
                    );
                }
            }
        }
    }
}

pub fn sync_timeout(now: Millis) -> Millis {
    now + SYNC_TIMEOUT
}
