//! What the status topic says, and which of it counts.

use std::collections::BTreeMap;

use super::State;
use super::assign::Item;
use super::messages::TaskId;
use super::status_records::{PartStatus, StatusRecord};

/// The newest status of each connector and task.
#[derive(Default)]
pub(super) struct Statuses(BTreeMap<Item, PartStatus>);

impl Statuses {
    /// The status of a connector or task.
    pub(super) fn of(&self, item: &Item) -> Option<&PartStatus> {
        self.0.get(item)
    }

    /// All that have one.
    pub(super) fn items(&self) -> impl Iterator<Item = Item> {
        self.0.keys().cloned()
    }

    /// Takes a record in. With a connector its tasks go.
    pub(super) fn read(&mut self, record: &StatusRecord) {
        match record {
            StatusRecord::Connector { name, status: None } => self.0.retain(|item, _| match item {
                Item::Connector(other) => other != name,
                Item::Task(id) => id.connector != *name,
            }),
            StatusRecord::Connector { name, status: Some(status) } => {
                self.0.insert(Item::Connector(name.clone()), status.clone());
            }
            StatusRecord::Task { id, status: None } => drop(self.0.remove(&Item::Task(id.clone()))),
            StatusRecord::Task { id, status: Some(status) } => self.read_task(id, status),
            StatusRecord::Topic { .. } => {}
        }
    }

    /// A worker that gave a task up may say so late, when another one runs it already.
    fn read_task(&mut self, id: &TaskId, status: &PartStatus) {
        let item = Item::Task(id.clone());
        let late = self.of(&item).is_some_and(|known| {
            status.state == State::Unassigned
                && known.state == State::Running
                && known.generation >= status.generation
                && known.worker_id != status.worker_id
        });
        if !late {
            self.0.insert(item, status.clone());
        }
    }

    /// Whether a worker may still say of a connector or task that it does not run: nobody has said anything newer.
    pub(super) fn may_put(&self, item: &Item, worker_id: &str, generation: i32) -> bool {
        self.of(item).is_none_or(|known| known.worker_id == worker_id || known.generation <= generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: State, worker_id: &str, generation: i32) -> PartStatus {
        PartStatus { state, trace: None, worker_id: worker_id.into(), generation, version: None }
    }

    #[test]
    fn the_newest_counts_and_late_farewells_do_not() {
        let id = TaskId { connector: "c".into(), task: 0 };
        let item = Item::Task(id.clone());
        let (running, gone) = (State::Running, State::Unassigned);
        let table = [
            (status(running, "a", 1), status(gone, "a", 1), gone),
            (status(running, "a", 2), status(gone, "b", 1), running),
            (status(running, "a", 2), status(gone, "b", 2), running),
            (status(running, "a", 1), status(gone, "b", 2), gone),
            (status(State::Failed, "a", 2), status(gone, "b", 1), gone),
            (status(gone, "a", 3), status(running, "b", 1), running),
        ];
        for (first, second, left) in table {
            let mut statuses = Statuses::default();
            for status in [&first, &second] {
                statuses.read(&StatusRecord::Task { id: id.clone(), status: Some(status.clone()) });
            }
            assert_eq!(statuses.of(&item).unwrap().state, left, "{first:?}, {second:?}");
        }
    }

    #[test]
    fn a_connector_takes_its_tasks_along() {
        let mut statuses = Statuses::default();
        for (connector, task) in [("c", 0), ("c", 1), ("c2", 0)] {
            let id = TaskId { connector: connector.into(), task };
            statuses.read(&StatusRecord::Task { id, status: Some(status(State::Running, "a", 1)) });
        }
        let name = || "c".to_owned();
        statuses
            .read(&StatusRecord::Connector { name: name(), status: Some(status(State::Running, "a", 1)) });
        assert_eq!(statuses.items().count(), 4);
        statuses.read(&StatusRecord::Connector { name: name(), status: None });
        assert_eq!(statuses.items().map(|item| item.to_string()).collect::<Vec<_>>(), ["c2-0"]);
    }

    #[test]
    fn who_no_longer_runs_it_must_not_speak_over_who_does() {
        let mut statuses = Statuses::default();
        let item = Item::Connector("c".into());
        assert!(statuses.may_put(&item, "a", 1));
        let running = Some(status(State::Running, "b", 3));
        statuses.read(&StatusRecord::Connector { name: "c".into(), status: running });
        assert!(!statuses.may_put(&item, "a", 2));
        assert!(statuses.may_put(&item, "a", 3) && statuses.may_put(&item, "b", 1));
    }
}
