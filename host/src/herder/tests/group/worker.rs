//! A simulated worker process: a herder with its runners, its client of the group and its place in the topics.

use std::collections::{BTreeMap, VecDeque};

use super::super::cases::catalog;
use super::coordinator::{Ask, Reply};
use crate::herder::*;
use crate::settings::Props;

/// How long a client waits for the coordinator's answer to a join.
const JOIN_TIMEOUT: Millis = 25_000;

/// Where the client of the group is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Client {
    /// It has left, or has not begun.
    Out,
    /// The herder was asked for what to join with.
    Due,
    Joining(Millis),
    /// It waits for its share.
    Syncing(i32, Millis),
    Member,
}

/// A connector or task that runs.
pub struct Life {
    pub epoch: Epoch,
    /// Its worker was outside of the group at some time of this life.
    pub orphan: bool,
    pub stopping: bool,
    pub target: TaskTarget,
    pub config: Props,
}

/// Who waits for an answer.
#[derive(Clone)]
pub enum Origin {
    /// Somebody outside; the request, for forwarding, and how often that was done.
    Caller { request: Request, hops: u8 },
    /// The owner of a connector.
    Owner { who: (usize, u32), name: String, epoch: Epoch },
}

pub struct Worker {
    pub who: (usize, u32),
    pub herder: Herder,
    pub protocol: Protocol,
    pub client: Client,
    pub member_id: String,
    /// When the coordinator last answered.
    pub heard: Millis,
    pub paused: bool,
    /// The group goes on without it, and it has heard nothing of that.
    pub outside: bool,
    /// Until when nothing goes to the coordinator and comes from there.
    pub cut: Millis,
    /// Until when the config topic cannot be read.
    pub stuck: Millis,
    /// It was told to stop.
    pub stopping: bool,
    pub lives: BTreeMap<Item, Life>,
    /// Events on their way to the herder, in order for each sender, with the time from which on they may arrive.
    pub pipes: BTreeMap<String, VecDeque<(Millis, Event)>>,
    pub to_group: VecDeque<(Millis, Ask)>,
    pub from_group: VecDeque<(Millis, Reply)>,
    pub config_read: i64,
    pub status_read: usize,
    /// Readings of the config topic: number, how far, until when.
    pub readings: Vec<(ReadId, i64, Millis)>,
    /// Writes that have to be read back: number and how far.
    pub written: Vec<(WriteId, i64)>,
    pub statuses: VecDeque<StatusRecord>,
    pub open: BTreeMap<RequestId, Origin>,
    pub requests: RequestId,
    pub finished: bool,
}

pub fn url(slot: usize) -> String {
    format!("http://w{slot}:8083/")
}

pub fn slot_of(url: &str) -> Option<usize> {
    url.strip_prefix("http://w")?.strip_suffix(":8083/")?.parse().ok()
}

impl Worker {
    pub fn new(who: (usize, u32), now: Millis, protocol: Protocol, max_delay: Millis) -> Worker {
        let settings = GroupSettings {
            url: url(who.0),
            max_delay,
            unsync_backoff: 5_000,
            session_key: KeyRules { algorithm: "HmacSHA256".to_owned(), size: 4, ttl: 3_600_000 },
            clock: 1_700_000_000_000,
        };
        let worker_id = format!("w{}:8083", who.0);
        Worker {
            who,
            herder: Herder::new(&worker_id, catalog(), Assignment::Everything).with_group(settings),
            protocol,
            client: Client::Out,
            member_id: String::new(),
            heard: now,
            paused: false,
            outside: true,
            cut: 0,
            stuck: 0,
            stopping: false,
            lives: BTreeMap::new(),
            pipes: BTreeMap::new(),
            to_group: VecDeque::new(),
            from_group: VecDeque::new(),
            config_read: 0,
            status_read: 0,
            readings: Vec::new(),
            written: Vec::new(),
            statuses: VecDeque::new(),
            open: BTreeMap::new(),
            requests: 0,
            finished: false,
        }
    }

    pub fn send(&mut self, from: &str, at: Millis, event: Event) {
        match self.pipes.get_mut(from) {
            Some(pipe) => pipe.push_back((at, event)),
            None => drop(self.pipes.insert(from.to_owned(), [(at, event)].into())),
        }
    }

    pub fn send_group(&mut self, now: Millis, event: GroupEvent) {
        self.send("group", now, Event::Group(event));
    }

    /// When the client no longer waits for the coordinator's answer, and joins again.
    pub fn gives_up_at(&self) -> Option<Millis> {
        match self.client {
            Client::Joining(since) | Client::Syncing(_, since) => Some(since + JOIN_TIMEOUT),
            Client::Out | Client::Due | Client::Member => None,
        }
    }

    /// What it holds, by its herder.
    pub fn held(&self) -> &Share {
        self.herder.assignment.share()
    }
}
