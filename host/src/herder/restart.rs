//! Restarts on request: what they touch, and what they promise.

use super::assign::Item;
use super::messages::{RequestId, TaskId};
use super::{ApiError, ConnectorStatus, Destination, Herder, State, TargetState, texts};

impl Herder {
    /// The states that a restart request shows: all that it touches is restarting.
    pub(super) fn restart_preview(
        &self,
        name: &str,
        include_tasks: bool,
        only_failed: bool,
    ) -> Option<ConnectorStatus> {
        let mut status = self.status(name)?;
        let touched = |state: State| !only_failed || state == State::Failed;
        let tasks = status.tasks.iter_mut().map(|task| &mut task.status).filter(|_| include_tasks);
        for status in std::iter::once(&mut status.connector).chain(tasks) {
            if touched(status.state) {
                // As in Kafka Connect, with the trace of what it failed of.
                status.state = State::Restarting;
            }
        }
        Some(status)
    }

    /// A restart request was read back: everything that it touches and that shall run gets a new life.
    pub(super) fn restart_read(&mut self, name: &str, include_tasks: bool, only_failed: bool) {
        let Some(plan) = self.restart_preview(name, include_tasks, only_failed) else { return };
        let target = self.cluster.target(name);
        if plan.connector.state == State::Restarting && self.assignment.has_connector(name) {
            let run = &mut self.connectors.entry(name.to_owned()).or_default().run;
            run.restarts += 1;
            run.comeback.forget();
            run.restarting = target == TargetState::Started;
        }
        for task in plan.tasks.iter().filter(|task| task.status.state == State::Restarting) {
            let id = TaskId { connector: name.to_owned(), task: task.task };
            if !self.assignment.has_task(&id) {
                continue;
            }
            let run = self.tasks.entry(id).or_default();
            run.restarts += 1;
            run.comeback.forget();
            run.restarting = target != TargetState::Stopped;
        }
        self.settle(name);
    }

    /// Modes of the worker have words of their own for what there is not.
    fn unknown(&self, alone: ApiError, grouped: ApiError) -> ApiError {
        if self.group.is_none() { alone } else { grouped }
    }

    /// Another worker runs it: the leader knows which one.
    fn owner_of(&self, item: &Item) -> ApiError {
        match &self.group {
            Some(group) if group.rebalance_due() => ApiError::RebalanceNeeded,
            Some(group) if !group.leads() => self.only_the_leader(),
            _ => ApiError::Forward { url: self.owner_url(item), to: Destination::Owner },
        }
    }

    /// Restarts the connector alone; answered when it is back, or has failed again.
    pub(super) fn restart_connector(&mut self, id: RequestId, name: &str) -> Result<(), ApiError> {
        if self.cluster.connector(name).is_none() {
            return Err(
                self.unknown(texts::connector_not_found(name), texts::unknown_connector_to_restart(name))
            );
        }
        if !self.assignment.has_connector(name) {
            return Err(self.owner_of(&Item::Connector(name.to_owned())));
        }
        let run = &mut self.connectors.entry(name.to_owned()).or_default().run;
        run.restarts += 1;
        run.comeback.forget();
        run.waiting.push(id);
        self.settle_connector(name);
        Ok(())
    }

    /// Restarts a task; answered when its new life begins.
    pub(super) fn restart_task(&mut self, request: RequestId, name: &str, task: i32) -> Result<(), ApiError> {
        if self.cluster.connector(name).is_none() {
            return Err(
                self.unknown(texts::connector_not_found(name), texts::unknown_connector_to_restart(name))
            );
        }
        let id = u32::try_from(task).ok().map(|task| TaskId { connector: name.to_owned(), task });
        let id = id.filter(|id| self.task_generation(id).is_some());
        let id =
            id.ok_or_else(|| self.unknown(texts::no_task(name, task), texts::unknown_task(name, task)))?;
        if !self.assignment.has_task(&id) {
            return Err(self.owner_of(&Item::Task(id)));
        }
        let run = self.tasks.entry(id).or_default();
        run.restarts += 1;
        run.comeback.forget();
        run.waiting.push(request);
        self.settle_tasks(name);
        Ok(())
    }
}
