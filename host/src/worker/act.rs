//! Carrying out what the herder decided.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::cluster::Cluster;
use super::context::Context;
use super::offset_requests::{self, Subject};
use super::{connector, task, validate};
use crate::herder::{
    Action, ApiError, ConfigRecord, Epoch, Event, Notice, RequestId, Response, TaskId, WriteId,
};

/// Who waits for the answer to a request: a caller of the REST API.
pub type Asker = oneshot::Sender<Result<Response, ApiError>>;

/// What runs, and who waits.
pub struct Hands {
    context: Arc<Context>,
    /// What a worker of a group has besides.
    cluster: Option<Cluster>,
    connectors: HashMap<(String, Epoch), connector::Handle>,
    tasks: HashMap<(TaskId, Epoch), task::Handle>,
    /// Callers by the numbers of their requests.
    pub askers: HashMap<RequestId, Asker>,
    /// The herder has nothing left to run.
    pub finished: bool,
    /// How many records the config store of a standalone worker was given.
    config_offset: i64,
}

impl Hands {
    /// With nothing running.
    pub fn new(context: Arc<Context>, cluster: Option<Cluster>) -> Hands {
        let (connectors, tasks, askers) = Default::default();
        Hands { context, cluster, connectors, tasks, askers, finished: false, config_offset: 0 }
    }

    /// Notes what has happened, before the herder hears of it.
    pub fn note(&mut self, event: &Event) {
        if let Some(cluster) = &self.cluster {
            cluster.note(event);
        }
        match event {
            Event::ConnectorEnded { name, epoch } => {
                self.connectors.remove(&(name.clone(), *epoch));
            }
            Event::TaskEnded { id, epoch } => {
                self.tasks.remove(&(id.clone(), *epoch));
            }
            _ => {}
        }
    }

    /// Carries an action out. What follows from it at once comes back, to be fed to the herder in its order.
    pub fn act(&mut self, action: Action) -> Vec<Event> {
        match action {
            Action::Write { write, records } => {
                return match &self.cluster {
                    Some(cluster) => cluster.write(write, records).into_iter().collect(),
                    None => self.echo(write, records),
                };
            }
            Action::Answer { request, outcome } => self.answer(request, outcome),
            Action::Validate { request, plugin, config } => {
                validate::spawn_validate(self.context.clone(), request, plugin, config);
            }
            Action::Describe { request, plugin } => {
                validate::spawn_describe(self.context.clone(), request, plugin)
            }
            Action::ReadOffsets { request, name, plugin, config } => {
                offset_requests::spawn_read(self.context.clone(), request, Subject { name, plugin, config });
            }
            Action::ModifyOffsets { request, name, plugin, config, change } => {
                let subject = Subject { name, plugin, config };
                offset_requests::spawn_modify(self.context.clone(), request, subject, change);
            }
            Action::StartConnector { name, epoch, plugin, config } => {
                let start = connector::Start { name: name.clone(), epoch, plugin, config };
                self.connectors.insert((name, epoch), connector::spawn(self.context.clone(), start));
            }
            Action::StopConnector { name, epoch } => {
                if let Some(handle) = self.connectors.get(&(name, epoch)) {
                    handle.stop();
                }
            }
            Action::AskTaskConfigs { name, epoch, max_tasks } => {
                self.order_connector(name, epoch, connector::Order::TaskConfigs { max_tasks });
            }
            Action::StartTask { id, epoch, plugin, connector_config, task_config, target } => {
                let start =
                    task::Start { id: id.clone(), epoch, plugin, connector_config, task_config, target };
                self.tasks.insert((id, epoch), task::spawn(self.context.clone(), start));
            }
            Action::StopTask { id, epoch } => {
                if let Some(handle) = self.tasks.get(&(id, epoch)) {
                    handle.stop();
                }
            }
            Action::PauseTask { id, epoch } => self.order_task(id, epoch, task::Order::Pause),
            Action::ResumeTask { id, epoch } => self.order_task(id, epoch, task::Order::Resume),
            Action::ForgetTopics { id, epoch } => self.order_task(id, epoch, task::Order::ForgetTopics),
            Action::Tell { connector, task, notice } => tell(&connector, task, notice),
            Action::Finished => self.finished = true,
            // Only a member of a group is told these.
            action @ (Action::ReadConfig { .. }
            | Action::PutStatus { .. }
            | Action::Join(_)
            | Action::Share { .. }
            | Action::Rejoin { .. }
            | Action::Leave { .. }
            | Action::MakeSessionKey
            | Action::UseSessionKey { .. }
            | Action::PublishTasks { .. }
            | Action::SetLogLevel { .. }) => {
                return self.cluster.as_ref().and_then(|cluster| cluster.act(action)).into_iter().collect();
            }
        }
        Vec::new()
    }

    /// A standalone worker's config store is its memory: what is written can be read back at once.
    fn echo(&mut self, write: WriteId, records: Vec<ConfigRecord>) -> Vec<Event> {
        let records = records.into_iter().map(|record| {
            self.config_offset += 1;
            Event::Config { offset: self.config_offset, record: Some(record) }
        });
        let mut echo: Vec<Event> = records.collect();
        echo.push(Event::Written { write, outcome: Ok(()) });
        echo
    }

    fn answer(&mut self, request: RequestId, outcome: Result<Response, ApiError>) {
        if let Some(asker) = self.askers.remove(&request) {
            // A caller who has gone away needs no answer.
            drop(asker.send(outcome));
        }
    }

    fn order_connector(&self, name: String, epoch: Epoch, order: connector::Order) {
        if let Some(handle) = self.connectors.get(&(name, epoch)) {
            handle.order(order);
        }
    }

    fn order_task(&self, id: TaskId, epoch: Epoch, order: task::Order) {
        if let Some(handle) = self.tasks.get(&(id, epoch)) {
            handle.order(order);
        }
    }
}

/// Puts a notice of the herder into the log.
fn tell(connector: &str, task: Option<u32>, notice: Notice) {
    let what = if task.is_some() { "task" } else { "connector" };
    let of = |limit: Option<u32>| limit.map_or_else(String::new, |limit| format!(" of {limit}"));
    match notice {
        Notice::RestartPlanned { attempt, limit, wait } => {
            let of = of(limit);
            tracing::warn!(
                connector,
                task,
                "the {what} failed; restart attempt {attempt}{of} follows in {wait} ms"
            );
        }
        Notice::Restarting { attempt, limit } => {
            tracing::info!(connector, task, "the {what} is restarted, attempt {attempt}{}", of(limit));
        }
        Notice::TooManyTasks { count, max } => {
            tracing::warn!(
                connector,
                "The connector {connector} has generated {count} tasks, which is greater than {max}, the maximum number of \
                 tasks it is configured to create. This behavior should be considered a bug and will be disallowed in \
                 future releases of Kafka Connect. Please report this to the maintainers of the connector and request \
                 that they adjust their connector's taskConfigs() method to respect the maxTasks parameter."
            );
        }
        Notice::NoRestartLeft { attempts } => {
            tracing::error!(
                connector,
                task,
                "the {what} failed after {attempts} restarts, and stays failed (errors.restart.max.attempts)"
            );
        }
    }
}
