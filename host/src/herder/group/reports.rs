//! What this worker says in the status topic of what it runs.
//!
//! After each step the state of what was touched is compared with what was said of it last.

use std::collections::{BTreeMap, BTreeSet};

use super::super::assign::{Item, Share};
use super::super::messages::{Action, TaskId, TaskTarget};
use super::super::status_records::{PartStatus, StatusRecord, TopicUse};
use super::super::{Herder, Shutdown, State, TargetState};

/// What was said.
#[derive(Default)]
pub(in super::super) struct Reports {
    /// Connectors of which something has changed.
    touched: BTreeSet<String>,
    /// State and trace of what is, or was, run here.
    said: BTreeMap<Item, (State, Option<String>)>,
    /// What was said to run here no more since this worker was told to stop.
    freed: Share,
}

impl Reports {
    /// Whether this worker knows best how it is.
    pub(in super::super) fn is_ours(&self, item: &Item) -> bool {
        self.said.contains_key(item)
    }
}

impl Herder {
    /// Something of the connector may have changed.
    pub(in super::super) fn touch(&mut self, name: &str) {
        if let Some(group) = self.group.as_mut().filter(|group| !group.reports.touched.contains(name)) {
            group.reports.touched.insert(name.to_owned());
        }
    }

    /// Says what is new.
    pub(super) fn report(&mut self) {
        let touched = self.group.as_mut().map(|group| std::mem::take(&mut group.reports.touched));
        for name in touched.unwrap_or_default() {
            let Some(group) = &self.group else { return };
            let of = |task: u32| Item::Task(TaskId { connector: name.clone(), task });
            let said = group.reports.said.range(of(0)..=of(u32::MAX)).map(|(item, _)| item.clone());
            let runs = self.runs_of(&name).map(|(id, _)| Item::Task(id.clone()));
            let connector = std::iter::once(Item::Connector(name.clone()));
            let items: BTreeSet<Item> = connector.chain(said).chain(runs).collect();
            for item in items {
                self.report_item(item);
            }
        }
    }

    fn report_item(&mut self, item: Item) {
        let Some(group) = &self.group else { return };
        let said = group.reports.said.get(&item);
        let Some(now) = self.state_of(&item).filter(|now| said != Some(now)) else { return };
        if now.0 == State::Unassigned && said.is_none() && !self.must_free(&item) {
            return;
        }
        let safe = matches!(now.0, State::Unassigned | State::Failed);
        let may = !safe || self.statuses.may_put(&item, &self.worker_id, group.generation);
        let name = item.connector();
        let status = Some(PartStatus {
            state: now.0,
            trace: now.1.clone(),
            worker_id: self.worker_id.clone(),
            generation: group.generation.max(0),
            version: self.plugin(name).and_then(|plugin| plugin.version.clone()),
        });
        let record = match &item {
            Item::Connector(_) => StatusRecord::Connector { name: name.to_owned(), status },
            Item::Task(id) => StatusRecord::Task { id: id.clone(), status },
        };
        if may {
            self.out.push(Action::PutStatus { record, safe });
        }
        let Some(group) = &mut self.group else { return };
        if now.0 == State::Unassigned {
            group.reports.said.remove(&item);
            if self.shutdown != Shutdown::No {
                group.reports.freed.insert(item);
            }
        } else {
            group.reports.said.insert(item, now);
        }
    }

    /// Whether a worker that stops has to say of something that it does not run here, though it never said that it did:
    /// the leader would wait for it otherwise.
    fn must_free(&self, item: &Item) -> bool {
        let said = |group: &super::Group| group.reports.freed.contains(item);
        let held = self.assignment.share().contains(item);
        let known = self
            .statuses
            .of(item)
            .is_some_and(|status| status.state == State::Unassigned && status.worker_id == self.worker_id);
        self.shutdown != Shutdown::No && held && !known && !self.group.as_ref().is_some_and(said)
    }

    /// What is to be said of it; none: it is on its way from one state to another.
    fn state_of(&self, item: &Item) -> Option<(State, Option<String>)> {
        let (run, held, generation) = match item {
            Item::Connector(name) => {
                let run = self.connectors.get(name).map(|connector| &connector.run);
                (run, self.assignment.has_connector(name), self.connector_generation(name))
            }
            Item::Task(id) => (self.tasks.get(id), self.assignment.has_task(id), self.task_generation(id)),
        };
        let life = run.and_then(|run| run.life.as_ref());
        let failed = run.zip(generation).and_then(|(run, generation)| run.failed(generation));
        let keeps = held && self.shutdown == Shutdown::No;
        match (life, failed) {
            (_, Some(trace)) if keeps => Some((State::Failed, Some(trace.to_owned()))),
            (_, None) if keeps && run.is_some_and(|run| run.restarting) => Some((State::Restarting, None)),
            (Some(life), _) => match life.seen.filter(|_| !life.stopping)? {
                TaskTarget::Running => Some((State::Running, None)),
                TaskTarget::Paused => Some((State::Paused, None)),
            },
            (None, _) => Some((self.rest_of(item, keeps && generation.is_some()), None)),
        }
    }

    /// The state of what does not run.
    fn rest_of(&self, item: &Item, keeps: bool) -> State {
        match item {
            Item::Connector(name) if keeps && self.may_start() => match self.cluster.target(name) {
                TargetState::Started => State::Unassigned,
                TargetState::Paused => State::Paused,
                TargetState::Stopped => State::Stopped,
            },
            _ => State::Unassigned,
        }
    }

    /// With a new assignment: another worker that had some of this for a while may have spoken last.
    pub(super) fn say_again(&mut self) {
        let (statuses, worker_id) = (&self.statuses, &self.worker_id);
        let Some(group) = &mut self.group else { return };
        let reports = &mut group.reports;
        reports.said.retain(|item, _| {
            let last = statuses.of(item).is_none_or(|status| status.worker_id == *worker_id);
            if !last {
                reports.touched.insert(item.connector().to_owned());
            }
            last
        });
    }

    /// A worker that had it before, or a leader that found it gone, spoke late: what runs here is said again.
    fn contradict(&mut self, record: &StatusRecord) {
        let (item, status) = match record {
            StatusRecord::Connector { name, status } => (Item::Connector(name.clone()), status),
            StatusRecord::Task { id, status } => (Item::Task(id.clone()), status),
            StatusRecord::Topic { .. } => return,
        };
        let Some(group) = &mut self.group else { return };
        let older = |status: &PartStatus| {
            status.worker_id != self.worker_id
                && (status.generation < group.generation || status.state == State::Unassigned)
        };
        if !status.as_ref().is_none_or(older) {
            return;
        }
        let (name, whole) = (item.connector(), status.is_none() && matches!(item, Item::Connector(_)));
        // With the status of a connector those of its tasks are gone.
        let told = group.reports.said.len();
        group.reports.said.retain(|said, _| match said {
            Item::Task(id) if whole => id.connector != name,
            said => *said != item,
        });
        if group.reports.said.len() < told {
            group.reports.touched.insert(name.to_owned());
        }
    }

    /// A task uses a topic that nobody has told of yet.
    pub(in super::super) fn report_topic(&mut self, id: &TaskId, topic: &str) {
        let Some(group) = &self.group else { return };
        let passed = i64::try_from(self.now).unwrap_or_default();
        let found = Some(TopicUse { task: id.task, discovered: group.settings.clock.saturating_add(passed) });
        let record = StatusRecord::Topic { topic: topic.to_owned(), connector: id.connector.clone(), found };
        self.out.push(Action::PutStatus { record, safe: false });
    }

    /// The topics of a connector are forgotten by all.
    pub(in super::super) fn forget_topics_everywhere(&mut self, connector: &str, topics: &BTreeSet<String>) {
        if self.group.is_none() {
            return;
        }
        let gone = |topic: &String| {
            let (topic, connector) = (topic.clone(), connector.to_owned());
            Action::PutStatus { record: StatusRecord::Topic { topic, connector, found: None }, safe: false }
        };
        self.out.extend(topics.iter().map(gone));
    }

    /// The status topic says something.
    pub(in super::super) fn status_read(&mut self, record: &StatusRecord) {
        self.statuses.read(record);
        self.contradict(record);
        if let StatusRecord::Topic { topic, connector, found } = record {
            if found.is_some() {
                self.topics.entry(connector.clone()).or_default().insert(topic.clone());
            } else if self.topics.get_mut(connector).is_some_and(|topics| topics.remove(topic)) {
                // Another worker reset them.
                self.have_topics_told(connector);
            }
        }
    }
}
