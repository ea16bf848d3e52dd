//! A simulated group coordinator, as Kafka's is: rounds of JoinGroup and SyncGroup, sessions that end.

use std::collections::BTreeMap;

use crate::herder::*;

pub const SESSION: Millis = 10_000;
const REBALANCE: Millis = 20_000;

#[derive(Clone)]
pub enum Ask {
    Join { member_id: String, state: MemberState, offers: Protocol },
    Sync { member_id: String, generation: i32, shares: Option<BTreeMap<String, GroupAssignment>> },
    Leave { member_id: String },
}

#[derive(Clone)]
pub enum Reply {
    Joined {
        generation: i32,
        member_id: String,
        protocol: Protocol,
        members: Option<BTreeMap<String, MemberState>>,
    },
    Synced {
        generation: i32,
        protocol: Protocol,
        assignment: GroupAssignment,
    },
    Rebalance,
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Preparing(Millis),
    Sharing(Millis),
    Stable,
}

pub struct Member {
    /// Slot of its worker, and which start of it.
    pub who: (usize, u32),
    state: MemberState,
    offers: Protocol,
    joined: bool,
    /// It waits for its share.
    syncing: bool,
    share: Option<GroupAssignment>,
    heard: Millis,
}

pub struct Coordinator {
    pub phase: Phase,
    pub members: BTreeMap<String, Member>,
    pub generation: i32,
    /// What the members told of themselves in each generation.
    pub rounds: BTreeMap<i32, BTreeMap<String, MemberState>>,
    pub protocol: Option<Protocol>,
    leader: String,
    ids: u32,
    /// Answers on their way, and members that were thrown out.
    pub replies: Vec<((usize, u32), Reply)>,
    pub thrown_out: Vec<(usize, u32)>,
    /// The protocol of this round understands less than that of the last.
    pub switched: bool,
}

impl Coordinator {
    pub fn new() -> Coordinator {
        Coordinator {
            phase: Phase::Stable,
            members: BTreeMap::new(),
            generation: 0,
            rounds: BTreeMap::new(),
            protocol: None,
            leader: String::new(),
            ids: 0,
            replies: Vec::new(),
            thrown_out: Vec::new(),
            switched: false,
        }
    }

    pub fn has(&self, who: (usize, u32)) -> bool {
        self.members.values().any(|member| member.who == who)
    }

    pub fn ask(&mut self, now: Millis, who: (usize, u32), ask: Ask) {
        match ask {
            Ask::Join { member_id, state, offers } => self.join(now, who, member_id, state, offers),
            Ask::Sync { member_id, generation, shares } => {
                self.sync(now, who, &member_id, generation, shares)
            }
            Ask::Leave { member_id } => self.remove(now, &member_id),
        }
    }

    fn join(&mut self, now: Millis, who: (usize, u32), id: String, state: MemberState, offers: Protocol) {
        if !id.is_empty() && !self.members.contains_key(&id) {
            return self.replies.push((who, Reply::Unknown));
        }
        let id = if id.is_empty() {
            self.ids += 1;
            format!("m{:04}", (self.ids * 7919) % 10_000)
        } else {
            id
        };
        self.prepare(now);
        let member = Member { who, state, offers, joined: true, syncing: false, share: None, heard: now };
        self.members.insert(id, member);
        self.complete(now);
    }

    /// A round begins, unless one has.
    fn prepare(&mut self, now: Millis) {
        if matches!(self.phase, Phase::Preparing(_)) {
            return;
        }
        self.phase = Phase::Preparing(now);
        for member in self.members.values_mut() {
            member.joined = false;
            if std::mem::take(&mut member.syncing) {
                self.replies.push((member.who, Reply::Rebalance));
            }
        }
    }

    fn complete(&mut self, now: Millis) {
        let Phase::Preparing(_) = self.phase else { return };
        if self.members.is_empty() {
            self.phase = Phase::Stable;
            return;
        }
        if !self.members.values().all(|member| member.joined) {
            return;
        }
        self.generation += 1;
        self.phase = Phase::Sharing(now);
        let protocol = self.members.values().map(|member| member.offers).min().expect("a member");
        self.switched = protocol == Protocol::Eager && self.protocol.is_some_and(|last| last != protocol);
        self.protocol = Some(protocol);
        if !self.members.contains_key(&self.leader) {
            self.leader = self.members.keys().next().expect("a member").clone();
        }
        let told = |member: &Member| {
            let eager = protocol == Protocol::Eager;
            let allocation = member.state.allocation.clone().filter(|_| !eager);
            MemberState { allocation, ..member.state.clone() }
        };
        let all: BTreeMap<String, MemberState> =
            self.members.iter().map(|(id, member)| (id.clone(), told(member))).collect();
        self.rounds.insert(self.generation, all.clone());
        for (id, member) in &mut self.members {
            member.heard = now;
            member.share = None;
            let members = (*id == self.leader).then(|| all.clone());
            let (generation, member_id) = (self.generation, id.clone());
            self.replies.push((member.who, Reply::Joined { generation, member_id, protocol, members }));
        }
    }

    fn sync(
        &mut self,
        now: Millis,
        who: (usize, u32),
        id: &str,
        generation: i32,
        shares: Option<BTreeMap<String, GroupAssignment>>,
    ) {
        let Some(member) = self.members.get_mut(id) else {
            return self.replies.push((who, Reply::Unknown));
        };
        member.heard = now;
        if generation != self.generation || matches!(self.phase, Phase::Preparing(_)) {
            return self.replies.push((who, Reply::Rebalance));
        }
        member.syncing = true;
        if let (Some(shares), Phase::Sharing(_)) = (shares, self.phase) {
            self.phase = Phase::Stable;
            for (id, member) in &mut self.members {
                member.share = shares.get(id).cloned();
            }
        }
        let (generation, protocol) = (self.generation, self.protocol.expect("a round"));
        if self.phase == Phase::Stable {
            for member in self.members.values_mut().filter(|member| member.syncing) {
                member.syncing = false;
                let assignment = member.share.clone().unwrap_or_default();
                self.replies.push((member.who, Reply::Synced { generation, protocol, assignment }));
            }
        }
    }

    fn remove(&mut self, now: Millis, id: &str) {
        if let Some(member) = self.members.remove(id) {
            if !self.has(member.who) {
                self.thrown_out.push(member.who);
            }
            self.prepare(now);
            self.complete(now);
        }
    }

    /// A heartbeat arrives. What to answer besides that all is well.
    pub fn heartbeat(&mut self, now: Millis, id: &str) -> Option<Reply> {
        let Some(member) = self.members.get_mut(id) else { return Some(Reply::Unknown) };
        member.heard = now;
        (matches!(self.phase, Phase::Preparing(_)) && !member.joined).then_some(Reply::Rebalance)
    }

    /// When something ends by itself.
    pub fn wake_at(&self) -> Option<Millis> {
        let sessions = self.members.values().map(|member| member.heard + SESSION);
        let round = match self.phase {
            Phase::Preparing(since) | Phase::Sharing(since) => Some(since + REBALANCE),
            Phase::Stable => None,
        };
        sessions.chain(round).min()
    }

    pub fn tick(&mut self, now: Millis) {
        let slow = match self.phase {
            Phase::Preparing(since) | Phase::Sharing(since) => now >= since + REBALANCE,
            Phase::Stable => false,
        };
        let preparing = matches!(self.phase, Phase::Preparing(_));
        let gone = self.members.iter().filter(|(_, member)| {
            let late = slow && if preparing { !member.joined } else { !member.syncing };
            late || now >= member.heard + SESSION
        });
        let gone: Vec<String> = gone.map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.remove(now, &id);
        }
    }
}
