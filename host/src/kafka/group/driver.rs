//! The one task that drives a member: it carries out what the machine wants, and brings it what comes of that.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::connection::Dialer;
use super::link::{self, Heard, Link};
use super::machine::{Ask, Failure, Input, Machine, Output};
use super::messages::Address;
use super::{GroupConf, GroupError, GroupEvent, Lease, millis};

/// What a member is told to do.
pub(super) enum Command {
    Do(Input),
    /// To leave and end.
    Close(oneshot::Sender<()>),
}

/// What came of a request.
struct Done {
    request: u64,
    heard: Result<Heard, Failure>,
    /// Brokers that were told of on the way.
    brokers: Vec<Address>,
}

pub(super) struct Driver {
    conf: Arc<GroupConf>,
    dialer: Arc<Dialer>,
    machine: Machine,
    began: Instant,
    lease: Lease,
    /// Those of the settings, then all that were heard of.
    brokers: Vec<Address>,
    bootstrap: Vec<Address>,
    /// The last coordinator, which is asked last for the next one.
    last: Option<Address>,
    tries: usize,
    /// For joins and syncs, which may be kept waiting.
    rounds: Link,
    /// For what is answered at once.
    beats: Link,
    searches: JoinSet<Done>,
    asked: JoinSet<Done>,
    /// What the worker has no room for yet. Few: the machine waits for its answers.
    untold: VecDeque<GroupEvent>,
    events: mpsc::Sender<GroupEvent>,
}

impl Driver {
    pub(super) fn new(
        conf: GroupConf,
        dialer: Dialer,
        bootstrap: Vec<Address>,
        began: Instant,
        lease: Lease,
        events: mpsc::Sender<GroupEvent>,
    ) -> Driver {
        Driver {
            machine: Machine::new(&conf.group_id, conf.rules(), conf.seed),
            conf: Arc::new(conf),
            dialer: Arc::new(dialer),
            began,
            lease,
            brokers: bootstrap.clone(),
            bootstrap,
            last: None,
            tries: 0,
            rounds: Link::default(),
            beats: Link::default(),
            searches: JoinSet::new(),
            asked: JoinSet::new(),
            untold: VecDeque::new(),
            events,
        }
    }

    /// Until the handle closes it or is gone, or the worker does not listen any more.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let events = self.events.clone();
        self.step(Input::Tick);
        loop {
            let wake = self.machine.wake().map(|at| self.began + Duration::from_millis(at));
            let tick = async {
                match wake {
                    Some(wake) => tokio::time::sleep_until(wake).await,
                    None => std::future::pending().await,
                }
            };
            let input = tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Do(input)) => Some(input),
                    Some(Command::Close(closed)) => {
                        self.close().await;
                        // Nobody may wait for it any more.
                        let _ = closed.send(());
                        break;
                    }
                    None => break,
                },
                Some(done) = self.searches.join_next(), if !self.searches.is_empty() => self.take(done),
                Some(done) = self.asked.join_next(), if !self.asked.is_empty() => self.take(done),
                room = events.reserve(), if !self.untold.is_empty() => match room {
                    Ok(room) => {
                        if let Some(event) = self.untold.pop_front() {
                            room.send(event);
                        }
                        None
                    }
                    Err(_) => break,
                },
                () = tick => Some(Input::Tick),
            };
            if let Some(input) = input {
                self.step(input);
            }
        }
        self.lease.set(None);
    }

    /// Leaves the group, within the bound of the request.
    async fn close(&mut self) {
        self.lease.set(None);
        self.step(Input::Leave("the worker stops".to_owned()));
        while self.asked.join_next().await.is_some() {}
    }

    /// What a request brought. None: it was given up.
    fn take(&mut self, done: Result<Done, JoinError>) -> Option<Input> {
        let done = match done {
            Ok(done) => done,
            Err(error) if error.is_cancelled() => return None,
            Err(error) => {
                let why = format!("the client of group {} broke: {error}", self.conf.group_id);
                self.lease.set(None);
                self.untold.push_back(GroupEvent::Failed(GroupError(why)));
                return None;
            }
        };
        if !done.brokers.is_empty() {
            self.brokers = done.brokers;
            let missing: Vec<_> =
                self.bootstrap.iter().filter(|known| !self.brokers.contains(known)).cloned().collect();
            self.brokers.extend(missing);
        }
        let (sent, outcome) = match done.heard {
            Ok((sent, answer)) => (self.at(sent), Ok(answer)),
            Err(failure) => (self.at(Instant::now()), Err(failure)),
        };
        Some(Input::Answer { request: done.request, sent, outcome })
    }

    fn at(&self, time: Instant) -> u64 {
        millis(time.saturating_duration_since(self.began))
    }

    fn step(&mut self, input: Input) {
        let now = self.at(Instant::now());
        for output in self.machine.step(now, input) {
            match output {
                Output::Ask { request, to, ask, within } => self.ask(request, to, ask, within),
                Output::HangUp => {
                    self.asked = JoinSet::new();
                    (self.rounds, self.beats) = (Link::default(), Link::default());
                }
                Output::Tell(event) => self.untold.push_back(event),
                Output::Hold(until) => self.lease.set(until),
                Output::Note(text) => tracing::info!("{text}"),
            }
        }
    }

    fn ask(&mut self, request: u64, to: Option<Address>, ask: Ask, within: u64) {
        let (conf, dialer) = (self.conf.clone(), self.dialer.clone());
        let within = Duration::from_millis(within);
        let Some(to) = to else {
            let of = self.next_broker();
            self.searches.spawn(async move {
                let found = bounded(within, link::find(&dialer, &of, &conf)).await;
                let (heard, brokers) = match found {
                    Ok((heard, brokers)) => (Ok(heard), brokers),
                    Err(failure) => (Err(failure), Vec::new()),
                };
                Done { request, heard, brokers }
            });
            return;
        };
        if self.last.as_ref() != Some(&to) {
            self.last = Some(to.clone());
        }
        self.tries = 0;
        let waits = matches!(ask, Ask::Join { .. } | Ask::Sync { .. });
        let link = if waits { self.rounds.clone() } else { self.beats.clone() };
        self.asked.spawn(async move {
            let heard = bounded(within, link.ask(&dialer, &to, &conf, &ask)).await;
            Done { request, heard, brokers: Vec::new() }
        });
    }

    /// One broker after the other.
    fn next_broker(&mut self) -> Address {
        let (mut order, last): (Vec<_>, Vec<_>) =
            self.brokers.iter().partition(|broker| Some(*broker) != self.last.as_ref());
        order.extend(last);
        let broker = order[self.tries % order.len()].clone();
        self.tries += 1;
        broker
    }
}

async fn bounded<T>(within: Duration, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(within, call).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Passing(format!("no answer within {} ms", within.as_millis()))),
    }
}
