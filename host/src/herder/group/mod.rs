//! A worker as one of a group: what it holds, when it joins anew, what it waits for before it starts anything.
//!
//! What is held changes only with an assignment: what is revoked goes, what is added comes. Whatever lives here is reported
//! until it has ended, held or not, and nobody else is given it before. Reasons to join anew are no messages but
//! conditions; they are looked at after every step.

mod behind;
mod key;
mod lead;
mod reports;

use std::collections::BTreeMap;

use super::assign::{Item, Protocol, Share};
use super::group_messages::{GroupAssignment, GroupEvent, MemberState};
use super::messages::{Action, Millis, ReadId, RequestId};
use super::{ApiError, Assignment, Herder, Shutdown};

use behind::Behind;
use key::KeyKeeper;
pub use key::KeyRules;
use lead::Leading;
pub(super) use reports::Reports;

/// How long others wait for what was told to stop here; then it is reported as running.
const HOLD: Millis = 1_000;

/// What a worker of a group is told at its start.
#[derive(Clone)]
pub struct GroupSettings {
    /// Where its REST API is to be reached, with a slash at the end.
    pub url: String,
    /// `scheduled.rebalance.max.delay.ms`.
    pub max_delay: Millis,
    /// `worker.unsync.backoff.ms`.
    pub unsync_backoff: Millis,
    /// What session keys are to be like.
    pub session_key: KeyRules,
    /// The time in milliseconds since 1970 at which the clock of `now` stood at 0.
    pub clock: i64,
}

/// What this worker knows of its group.
pub(super) struct Group {
    settings: GroupSettings,
    /// The last assignment, with all that was held then; none: not in the group, or not told yet.
    told: Option<GroupAssignment>,
    member_id: String,
    generation: i32,
    protocol: Protocol,
    /// [`GroupEvent::JoinDue`] waits for its answer.
    asked: bool,
    /// When something was last told to stop here.
    stopped_at: Millis,
    /// It was answered with this; the assignment is to come.
    reported: Option<Share>,
    /// The group was lost while a join was on its way: the next assignment may be the answer to what it told.
    outdated: bool,
    /// A new join was ordered and has not begun.
    rejoining: bool,
    /// All that lives has to end before the next join.
    clear_out: bool,
    /// When all join anew, as the leader said.
    scheduled: Option<Millis>,
    /// What has to end here before others may be given it; and of that, what was reported as not ended when all joined.
    leaving: Share,
    slow: Share,
    /// The newest record that asks for a new assignment.
    needed: i64,
    /// It has read as far as its assignment, or started from it.
    level: bool,
    /// It was assigned something, or nothing, once.
    joined_once: bool,
    /// It has left, and does not come back.
    left: bool,
    behind: Behind,
    leading: Option<Leading>,
    key: KeyKeeper,
    last_read: ReadId,
    /// Who waits for the config topic to be read to its end, by reading.
    catching_up: BTreeMap<ReadId, RequestId>,
    pub(super) reports: Reports,
}

impl Group {
    fn new(settings: GroupSettings) -> Group {
        Group {
            settings,
            told: None,
            member_id: String::new(),
            generation: -1,
            protocol: Protocol::Eager,
            asked: false,
            stopped_at: 0,
            reported: None,
            outdated: false,
            rejoining: false,
            clear_out: false,
            scheduled: None,
            leaving: Share::new(),
            slow: Share::new(),
            needed: -1,
            level: false,
            joined_once: false,
            left: false,
            behind: Behind::default(),
            leading: None,
            key: KeyKeeper::default(),
            last_read: 0,
            catching_up: BTreeMap::new(),
            reports: Reports::default(),
        }
    }

    /// True once it was a member with an assignment.
    pub(super) fn joined_once(&self) -> bool {
        self.joined_once
    }

    /// Whether this worker is the leader, as far as it knows. It stays so while a rebalance is under way.
    pub(super) fn leads(&self) -> bool {
        self.in_the_group().is_some_and(|told| told.leader == self.member_id)
    }

    /// What it was told; none: it is not in the group, or not told yet.
    fn in_the_group(&self) -> Option<&GroupAssignment> {
        self.told.as_ref().filter(|_| !self.behind.is_out())
    }

    /// Whether it knows all that its assignment was made from.
    pub(super) fn is_level(&self) -> bool {
        self.level
    }

    /// Where the leader is to be reached.
    pub(super) fn leader_url(&self) -> Option<String> {
        self.in_the_group().map(|told| told.leader_url.clone()).filter(|url| !url.is_empty())
    }

    /// Whether who runs what is about to change.
    pub(super) fn rebalance_due(&self) -> bool {
        let moved = |told: &GroupAssignment| told.error != 0 || self.needed > told.config_offset;
        self.rejoining || self.asked || self.reported.is_some() || self.told.as_ref().is_some_and(moved)
    }

    /// What is done about it, in words; none: nothing at the moment.
    pub(super) fn activity(&self) -> Option<&'static str> {
        if self.behind.is_reading() {
            return Some("reading to the end of the config topic");
        }
        let moves = self.rejoining || self.asked || self.reported.is_some();
        (moves || self.in_the_group().is_none()).then_some("ensuring membership in the cluster")
    }

    /// From now on it is in no group.
    pub(super) fn forget(&mut self) {
        self.told = None;
        self.leading = None;
        self.asked = false;
        self.reported = None;
        self.rejoining = false;
        self.scheduled = None;
        self.leaving = Share::new();
        self.behind = Behind::default();
    }

    /// A record up to this offset asks for a new assignment.
    pub(super) fn need(&mut self, offset: i64) {
        self.needed = offset;
    }

    /// The newest offset from whose configs work may be started; none: nothing may be. What begins while all has to end
    /// would never let the next join come.
    fn started_up_to(&self, read: i64) -> Option<i64> {
        self.told
            .as_ref()
            .filter(|told| !self.clear_out && told.error == 0 && read >= told.config_offset)
            .map(|told| told.config_offset)
    }
}

impl Herder {
    /// The same as one worker of a group. It runs nothing before its first assignment.
    pub fn with_group(mut self, settings: GroupSettings) -> Herder {
        self.assignment = Assignment::Share(Share::new());
        self.group = Some(Group::new(settings));
        self
    }

    pub(super) fn group_event(&mut self, event: GroupEvent) {
        let Some(group) = self.group.as_mut().filter(|_| self.lost_config.is_none()) else { return };
        match event {
            // It has left; the question came before that was heard.
            GroupEvent::JoinDue if group.behind.is_out() => {}
            GroupEvent::JoinDue => {
                group.asked = true;
                group.rejoining = false;
                group.reported = None;
                group.scheduled = None;
                let eager =
                    group.protocol == Protocol::Eager && group.told.take_if(|told| told.error == 0).is_some();
                if eager {
                    group.clear_out = true;
                    self.hold(Share::new());
                }
            }
            GroupEvent::Elected { generation, member_id, protocol, members } => {
                self.elected(generation, &member_id, protocol, &members);
            }
            GroupEvent::Assigned { generation, member_id, protocol, assignment } => {
                group.generation = generation;
                group.member_id = member_id;
                group.protocol = protocol;
                self.assigned(assignment);
            }
            GroupEvent::Rebalancing => {
                if let Some(leading) = &mut group.leading {
                    leading.forget_owners();
                }
            }
            GroupEvent::Lost => self.lost(),
        }
    }

    fn assigned(&mut self, assignment: GroupAssignment) {
        let (now, read) = (self.now, self.cluster.offset());
        let Some(group) = &mut self.group else { return };
        if group.behind.is_out() {
            return;
        }
        let reported = group.reported.take().unwrap_or_default();
        let (held, slow) = match group.protocol {
            Protocol::Eager => (assignment.assigned.clone(), Share::new()),
            Protocol::Compatible | Protocol::Sessioned => {
                let kept = self.assignment.share() - &assignment.revoked;
                // What ended too slowly was reported though it was not held, so nobody has it until the next join.
                let slow = &(&reported - self.assignment.share()) & &self.cluster.items();
                (&kept | &assignment.assigned, slow)
            }
        };
        group.asked = false;
        group.scheduled = (assignment.delay_ms > 0).then(|| now + assignment.delay_ms);
        (group.leaving, group.slow) = (&assignment.revoked | &slow, slow);
        if assignment.leader != group.member_id {
            group.leading = None;
        }
        // Until it has read as far, a leader or a worker behind it assigns and starts nothing.
        let reads =
            read < assignment.config_offset || assignment.error != 0 && assignment.leader == group.member_id;
        group.told = Some(GroupAssignment { assigned: held.clone(), ..assignment });
        group.level = false;
        group.joined_once = true;
        self.hold(held);
        if reads {
            self.read_config();
        }
    }

    /// The group goes on without this worker.
    fn lost(&mut self) {
        let Some(group) = &mut self.group else { return };
        group.outdated |= group.reported.is_some();
        let (asked, behind) = (group.asked, std::mem::take(&mut group.behind));
        group.forget();
        (group.asked, group.behind) = (asked, behind);
        group.clear_out = true;
        self.hold(Share::new());
    }

    /// From now on this is what shall run here.
    pub(super) fn hold(&mut self, share: Share) {
        let lost = self.assignment.share() - &share;
        self.assignment = Assignment::Share(share);
        let mut waiting = Vec::new();
        for item in lost {
            let run = match &item {
                Item::Connector(name) => self.connectors.get_mut(name).map(|connector| &mut connector.run),
                Item::Task(id) => self.tasks.get_mut(id),
            };
            if let Some(run) = run {
                run.let_go();
                waiting.append(&mut run.waiting);
            }
        }
        for request in waiting {
            self.answer(request, Err(ApiError::RebalanceNeeded));
        }
        self.settle_all();
    }

    fn settle_all(&mut self) {
        let known = self.cluster.names().map(str::to_owned);
        let left = self.connectors.keys().cloned().chain(self.tasks.keys().map(|id| id.connector.clone()));
        let names: std::collections::BTreeSet<String> = known.chain(left).collect();
        for name in names {
            self.settle(&name);
        }
    }

    /// Whether a connector may be started: its worker knows what it was told to start from.
    pub(super) fn may_start(&self) -> bool {
        self.group.as_ref().is_none_or(|group| group.started_up_to(self.cluster.offset()).is_some())
    }

    /// Whether a task of these configs may be started. New ones wait for the assignment that follows them: by then all
    /// workers have stopped the old ones, with which they would share the work.
    pub(super) fn may_start_tasks(&self, version: u64) -> bool {
        let Some(group) = &self.group else { return true };
        let up_to = group.started_up_to(self.cluster.offset());
        up_to.and_then(|up_to| u64::try_from(up_to).ok()).is_some_and(|up_to| version <= up_to)
    }

    /// What lives here: all; and of that, what is not held, or is made from older task configs.
    fn living(&self) -> (Share, bool) {
        let connectors = self.connectors.iter().filter(|(_, run)| run.run.life.is_some());
        let connectors = connectors.map(|(name, _)| Item::Connector(name.clone()));
        let tasks = self.tasks.iter().filter(|(_, run)| run.life.is_some());
        let tasks = tasks.map(|(id, _)| Item::Task(id.clone()));
        let living: Share = connectors.chain(tasks).collect();
        let old = |(id, run): (&super::TaskId, &super::lifecycle::Run)| {
            let made = run.life.as_ref().map(|life| life.generation.0);
            made.is_some() && made != self.task_generation(id).map(|generation| generation.0)
        };
        let leaving = !living.is_subset(self.assignment.share()) || self.tasks.iter().any(old);
        (living, leaving)
    }

    /// What is to be done about the group after each step.
    pub(super) fn mind_the_group(&mut self) {
        let read = self.cluster.offset();
        let Some(group) = &mut self.group else { return };
        if !group.level && group.started_up_to(read).is_some() {
            group.level = true;
            self.settle_all();
            self.clear_statuses();
            self.say_again();
        }
        let stops =
            |action: &Action| matches!(action, Action::StopConnector { .. } | Action::StopTask { .. });
        if let Some(group) = self.group.as_mut().filter(|_| self.out.iter().any(stops)) {
            group.stopped_at = self.now;
        }
        // What was said of the work comes before whatever moves it.
        self.report();
        self.join_where_asked();
        self.rejoin_where_due();
        self.keep_session_key();
    }

    /// Answers [`GroupEvent::JoinDue`] as soon as it may be.
    fn join_where_asked(&mut self) {
        let (now, ready) = (self.now, self.ready && self.shutdown == Shutdown::No);
        if !self.group.as_ref().is_some_and(|group| group.asked && ready && !group.reads_for_the_group()) {
            return;
        }
        let (living, leaving) = self.living();
        let read = self.cluster.offset();
        let Some(group) = &mut self.group else { return };
        let waits =
            if group.clear_out { !living.is_empty() } else { leaving && now < group.stopped_at + HOLD };
        if waits {
            return;
        }
        group.clear_out = false;
        group.asked = false;
        let reported = self.assignment.share() | &living;
        let allocation = |told: &GroupAssignment| GroupAssignment {
            assigned: reported.clone(),
            revoked: Share::new(),
            ..told.clone()
        };
        let state = MemberState {
            url: group.settings.url.clone(),
            config_offset: read,
            allocation: group.told.as_ref().map(allocation),
        };
        group.reported = Some(reported);
        self.out.push(Action::Join(state));
    }

    /// Orders a new join if there is a reason, unless one is under way.
    fn rejoin_where_due(&mut self) {
        if self.shutdown != Shutdown::No {
            return;
        }
        let Some(reason) = self.rejoin_reason() else { return };
        let Some(group) = &mut self.group else { return };
        group.rejoining = true;
        group.outdated = false;
        group.scheduled = None;
        group.leaving.clear();
        self.out.push(Action::Rejoin { reason: reason.to_owned() });
    }

    fn rejoin_reason(&self) -> Option<&'static str> {
        let group = self.group.as_ref()?;
        let told = group.told.as_ref()?;
        if group.rejoining || group.asked || group.reported.is_some() || group.behind.is_out() {
            return None;
        }
        if told.error != 0 {
            return (!group.behind.is_reading()).then_some("the leader had not read all configs");
        }
        if group.outdated {
            return Some("the leader was told of work that has been stopped since");
        }
        if group.needed > told.config_offset {
            return Some("connectors or tasks have changed");
        }
        if !group.leaving.is_empty() {
            let living = self.living().0;
            // What has ended does not wait for long for what has not, and that once.
            let some =
                || group.leaving.iter().any(|item| !group.slow.contains(item) && !living.contains(item));
            if group.leaving.is_disjoint(&living) || self.now >= group.stopped_at + HOLD && some() {
                return Some("what was revoked can be assigned to others");
            }
        }
        if group.scheduled.is_some_and(|at| at <= self.now) {
            return Some("the time for which lost work waits is over");
        }
        self.has_released_work().then_some("a worker that left has freed its work")
    }

    /// Nothing runs here any more, nor will: others are not kept waiting.
    pub(super) fn leave_for_good(&mut self) {
        let Some(group) = self.group.as_mut().filter(|group| !group.left) else { return };
        group.left = true;
        let reason = match self.lost_config {
            Some(_) => "the config topic is not the one any more that was read",
            None => "the worker stops",
        };
        self.out.push(Action::Leave { reason: reason.to_owned() });
    }

    /// When the group needs a tick.
    pub(super) fn group_wake_at(&self) -> Option<Millis> {
        let group = self.group.as_ref().filter(|_| self.shutdown == Shutdown::No)?;
        let waits = group.asked && !group.clear_out || !group.leaving.is_empty();
        let patient = waits.then_some(group.stopped_at + HOLD).filter(|at| *at > self.now);
        let times = [patient, group.scheduled, group.behind.wake_at(), self.key_wake_at()];
        times.into_iter().flatten().min()
    }
}
