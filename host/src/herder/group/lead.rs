//! The leader's part: sharing out, knowing who has what, clearing away the statuses of what is gone.

use std::collections::BTreeMap;

use super::super::assign::cooperative::{Outcome, Round};
use super::super::assign::{Cooperative, Item, Protocol, Share, Shares, eager};
use super::super::group_messages::{CONFIG_MISMATCH, GroupAssignment, MemberState};
use super::super::messages::Action;
use super::super::status_records::StatusRecord;
use super::super::{Herder, State};

/// What a leader remembers from round to round.
pub(super) struct Leading {
    assignor: Cooperative,
    /// Where the owner of each connector and task is to be reached; none: a rebalance is under way.
    owners: Option<BTreeMap<Item, String>>,
    /// `host:port` of the worker that has each connector and task, or had it when it left.
    holders: BTreeMap<Item, String>,
    /// What nobody runs, since its worker may come back.
    waiting: Share,
    /// What members said to run, still or to end soon, when they joined last.
    running: Share,
}

impl Leading {
    pub(super) fn forget_owners(&mut self) {
        self.owners = None;
    }

    /// Remembers who has what after a round.
    fn remember(
        &mut self,
        members: &BTreeMap<String, MemberState>,
        active: &Share,
        configured: &Share,
        next: &Shares,
    ) {
        let (mut owners, mut holders) = (BTreeMap::new(), BTreeMap::new());
        for (member, share) in next {
            let url = members.get(member).map_or("", |state| state.url.as_str());
            for item in share {
                owners.insert(item.clone(), url.to_owned());
                holders.insert(item.clone(), worker_id(url).to_owned());
            }
        }
        self.waiting.clear();
        for (item, holder) in std::mem::take(&mut self.holders) {
            if configured.contains(&item) && !active.contains(&item) && !holders.contains_key(&item) {
                self.waiting.insert(item.clone());
                holders.insert(item, holder);
            }
        }
        self.owners = Some(owners);
        self.holders = holders;
    }
}

/// The `host:port` of a URL.
fn worker_id(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/')
}

impl Herder {
    /// This worker leads: it answers with an assignment for each member.
    pub(super) fn elected(
        &mut self,
        generation: i32,
        member_id: &str,
        protocol: Protocol,
        members: &BTreeMap<String, MemberState>,
    ) {
        let read = self.cluster.offset();
        let Some(group) = &mut self.group else { return };
        let furthest = members.values().map(|member| member.config_offset).max().unwrap_or(-1);
        let told = GroupAssignment {
            error: if read < furthest { CONFIG_MISMATCH } else { 0 },
            leader: member_id.to_owned(),
            leader_url: group.settings.url.clone(),
            config_offset: read.max(furthest),
            ..GroupAssignment::default()
        };
        let outcome = match (told.error, protocol) {
            (CONFIG_MISMATCH, _) => Outcome::default(),
            (_, Protocol::Eager) => self.share_out_anew(members),
            (_, Protocol::Compatible | Protocol::Sessioned) => self.share_out(generation, members),
        };
        let share = |shares: &Shares, member: &String| shares.get(member).cloned().unwrap_or_default();
        let one = |member: &String| GroupAssignment {
            assigned: share(&outcome.added, member),
            revoked: share(&outcome.revoked, member),
            delay_ms: outcome.delay,
            ..told.clone()
        };
        let shares = members.keys().map(|member| (member.clone(), one(member))).collect();
        self.out.push(Action::Share { generation, shares });
    }

    fn leading(&mut self) -> Option<&mut Leading> {
        let group = self.group.as_mut()?;
        let max_delay = group.settings.max_delay;
        Some(group.leading.get_or_insert_with(|| Leading {
            assignor: Cooperative::new(max_delay),
            owners: None,
            holders: BTreeMap::new(),
            waiting: Share::new(),
            running: Share::new(),
        }))
    }

    fn share_out_anew(&mut self, members: &BTreeMap<String, MemberState>) -> Outcome {
        let configured = self.cluster.items();
        let added = eager::assign(members.keys().map(String::as_str), &configured);
        if let Some(leading) = self.leading() {
            leading.remember(members, &configured, &configured, &added);
            // All have stopped everything before they joined.
            leading.running.clear();
        }
        Outcome { added, ..Outcome::default() }
    }

    fn share_out(&mut self, generation: i32, members: &BTreeMap<String, MemberState>) -> Outcome {
        let (now, configured, released) = (self.now, self.cluster.items(), self.released());
        let completed = self.group.as_ref().map_or(-1, |group| group.generation);
        let Some(leading) = self.leading() else { return Outcome::default() };
        let runs = |state: &MemberState| state.allocation.as_ref().map(|told| told.assigned.clone());
        let allocations: Shares =
            members.iter().map(|(id, state)| (id.clone(), runs(state).unwrap_or_default())).collect();
        let round = Round {
            generation,
            completed,
            allocations: &allocations,
            configured: &configured,
            released: &released,
        };
        let outcome = leading.assignor.assign(now, &round);
        let of = |shares: &Shares, member: &String| shares.get(member).cloned().unwrap_or_default();
        let next = allocations.iter().map(|(member, share)| {
            (member.clone(), &(share - &of(&outcome.revoked, member)) | &of(&outcome.added, member))
        });
        let active: Share = allocations.values().flatten().cloned().collect();
        leading.remember(members, &active, &configured, &next.collect());
        leading.running = active;
        outcome
    }

    /// What had been given to a worker that has said since that it runs there no more.
    fn released(&self) -> Share {
        let leading = self.group.as_ref().and_then(|group| group.leading.as_ref());
        let holders = leading.into_iter().flat_map(|leading| &leading.holders);
        let free = holders.filter(|(item, holder)| {
            let said = self.statuses.of(item);
            said.is_some_and(|said| said.state == State::Unassigned && said.worker_id == **holder)
        });
        free.map(|(item, _)| item.clone()).collect()
    }

    /// Whether some of what waits need not wait.
    pub(super) fn has_released_work(&self) -> bool {
        let waiting =
            self.group.as_ref().and_then(|group| group.leading.as_ref()).map(|leading| &leading.waiting);
        waiting.is_some_and(|waiting| !waiting.is_empty() && !waiting.is_disjoint(&self.released()))
    }

    /// Whether a leader has to take it that another worker runs a task of the connector: the group has not come together
    /// since the tasks were taken away, or one was not at its end by then.
    pub(in super::super) fn may_run_elsewhere(&self, name: &str) -> bool {
        let Some(group) = self.group.as_ref().filter(|group| group.leads()) else { return false };
        let of_it = |item: &Item| matches!(item, Item::Task(id) if id.connector == name);
        group.rebalance_due()
            || group.leading.as_ref().is_none_or(|leading| leading.running.iter().any(of_it))
    }

    /// Where the owner of a connector or task is to be reached, as far as this worker knows.
    pub(in super::super) fn owner_url(&self, item: &Item) -> Option<String> {
        let leading = self.group.as_ref()?.leading.as_ref()?;
        leading.owners.as_ref()?.get(item).filter(|url| !url.is_empty()).cloned()
    }

    /// A leader takes away the statuses and topics of what is configured no more.
    pub(super) fn clear_statuses(&mut self) {
        if !self.group.as_ref().is_some_and(super::Group::leads) {
            return;
        }
        let configured = self.cluster.items();
        let gone = self.statuses.items().filter(|item| !configured.contains(item));
        let mut records: Vec<StatusRecord> = gone
            .map(|item| match item {
                Item::Connector(name) => StatusRecord::Connector { name, status: None },
                Item::Task(id) => StatusRecord::Task { id, status: None },
            })
            .collect();
        let unknown = self.topics.iter().filter(|(name, _)| self.cluster.connector(name).is_none());
        records.extend(unknown.flat_map(|(connector, topics)| {
            let gone = |topic: &String| (topic.clone(), connector.clone());
            topics.iter().map(gone).map(|(topic, connector)| StatusRecord::Topic {
                topic,
                connector,
                found: None,
            })
        }));
        self.out.extend(records.into_iter().map(|record| Action::PutStatus { record, safe: false }));
    }
}
