//! What sources and sinks have in common: how a task is started, ordered about, reported and ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::time;

use super::connector::busy_with;
use super::context::Context;
use super::progress::{Progress, Watched};
use super::topic_use::TopicUse;
use super::{orders, sink_task, source_task};
use crate::herder::{Epoch, Event, PluginInfo, TaskId, TaskTarget};
use crate::metrics::{TaskMetrics, TaskState};
use crate::plugins::call::CallError;
use crate::plugins::catalog::Class;
use crate::plugins::instance::{Identity, Instance};
use crate::plugins::object::TaskObject;
use crate::records::convert::{Converter, HeaderConverter, Role, check, registry};
use crate::records::error_log::ErrorLog;
use crate::settings::connector::{ConnectorConfig, ConverterConfig, Kind};
use crate::settings::{Problem, Props};

/// How often a task that waits for it looks whether its worker is a member of its group again.
pub const MEMBERSHIP: Duration = Duration::from_millis(50);

/// What a task is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Let nothing flow.
    Pause,
    /// Let records flow.
    Resume,
    /// Report the topics that are used from now on anew.
    ForgetTopics,
}

impl orders::Order for Order {
    fn replaces(&self, older: &Order) -> bool {
        (*self == Order::ForgetTopics) == (*older == Order::ForgetTopics)
    }
}

/// The way to reach a running task.
pub type Handle = orders::Handle<Order>;
/// Where a task hears orders.
pub type Inbox = orders::Inbox<Order>;

/// What a task is started with.
pub struct Start {
    /// Which task.
    pub id: TaskId,
    /// Its life.
    pub epoch: Epoch,
    /// The plugin of its connector.
    pub plugin: PluginInfo,
    /// Its connector's config.
    pub connector_config: Props,
    /// Its own config.
    pub task_config: Props,
    /// How it begins.
    pub target: TaskTarget,
}

/// Why a task ends before it is told to: a message and what led to it, for its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed(pub String);

impl From<CallError> for Failed {
    fn from(error: CallError) -> Failed {
        Failed(error.trace())
    }
}

impl From<crate::kafka::KafkaError> for Failed {
    fn from(error: crate::kafka::KafkaError) -> Failed {
        Failed(error.to_string())
    }
}

impl From<super::offset_store::StoreError> for Failed {
    fn from(error: super::offset_store::StoreError) -> Failed {
        Failed(error.to_string())
    }
}

impl From<Vec<Problem>> for Failed {
    fn from(problems: Vec<Problem>) -> Failed {
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        Failed(lines.join("\n"))
    }
}

/// The converters of a task.
pub struct Converters {
    /// Of keys.
    pub key: Arc<dyn Converter>,
    /// Of values.
    pub value: Arc<dyn Converter>,
    /// Of headers.
    pub header: Arc<dyn HeaderConverter>,
}

/// A task's surroundings, made before its plugin is.
pub struct Env {
    /// The worker.
    pub context: Arc<Context>,
    /// Which task.
    pub id: TaskId,
    /// Its life.
    pub epoch: Epoch,
    /// Its class.
    pub class: Class,
    /// Its connector's settings.
    pub config: ConnectorConfig,
    /// Its own settings.
    pub task_config: Props,
    /// Its numbers.
    pub metrics: Arc<TaskMetrics>,
    /// What it waits for.
    pub progress: Arc<Progress>,
    /// Orders.
    pub inbox: Inbox,
    /// Whether records shall flow.
    pub target: TaskTarget,
    /// The topics that it uses.
    pub topics: TopicUse,
}

/// Starts a task; it reports to the loop.
pub fn spawn(context: Arc<Context>, start: Start) -> Handle {
    let (handle, inbox) = Handle::new();
    let (id, epoch) = (start.id.clone(), start.epoch);
    tokio::spawn(async move {
        let life = tokio::spawn(live(context.clone(), start, inbox));
        let outcome = life.await.unwrap_or_else(|error| Err(Failed(format!("a bug of the worker: {error}"))));
        if let Err(Failed(trace)) = outcome {
            let (connector, task) = (id.connector.as_str(), id.task);
            tracing::error!(connector, task, "the task failed: {trace}");
            context.report(Event::TaskFailed { id: id.clone(), epoch, trace }).await;
        }
        context.report(Event::TaskEnded { id, epoch }).await;
    });
    handle
}

async fn live(context: Arc<Context>, start: Start, inbox: Inbox) -> Result<(), Failed> {
    let metrics = context.metrics.clone();
    let missing = || {
        Failed(format!("no library has class {} in version {:?}", start.plugin.class, start.plugin.version))
    };
    let class = context.class(&start.plugin).cloned().ok_or_else(missing)?;
    let config = ConnectorConfig::parse(&start.id.connector, class.kind, &start.connector_config)?;
    let mut env = Env {
        topics: TopicUse::new(context.config.topic_tracking_enable),
        metrics: metrics.task(&start.id.connector, start.id.task, class.kind),
        progress: Arc::default(),
        context,
        id: start.id,
        epoch: start.epoch,
        class,
        config,
        task_config: start.task_config,
        inbox,
        target: start.target,
    };
    if env.target == TaskTarget::Paused {
        env.report_state().await;
        if env.rest().await {
            return Ok(());
        }
    }
    let watched = Watched {
        context: env.context.clone(),
        id: env.id.clone(),
        epoch: env.epoch,
        identity: env.identity().to_string(),
        blocking: env.class.tables.blocking,
        metrics: env.metrics.clone(),
        progress: env.progress.clone(),
    };
    let _watch = watched.watch();
    match env.class.kind {
        Kind::Source => source_task::run(env).await,
        Kind::Sink => sink_task::run(env).await,
    }
}

impl Env {
    /// Waits while paused. True: the task is to end.
    async fn rest(&mut self) -> bool {
        loop {
            match self.inbox.recv().await {
                Some(Order::Resume) => {
                    self.target = TaskTarget::Running;
                    return false;
                }
                Some(Order::Pause | Order::ForgetTopics) => {}
                None => return true,
            }
        }
    }

    /// Who the task is, for plugin and logs.
    pub fn identity(&self) -> Identity {
        Identity {
            connector: self.id.connector.as_str().into(),
            task: Some(self.id.task),
            class: self.class.name.clone(),
        }
    }

    /// Whose clients it makes.
    pub fn owner(&self) -> crate::kafka::native::Owner {
        let task = Some(self.id.task);
        crate::kafka::native::Owner { connector: self.id.connector.clone(), task, ..Default::default() }
    }

    /// Tells the loop that the task runs or is paused.
    pub async fn report_state(&self) {
        let (id, epoch) = (self.id.clone(), self.epoch);
        let event = match self.target {
            TaskTarget::Running => {
                self.metrics.state(TaskState::Running);
                Event::TaskRunning { id, epoch }
            }
            TaskTarget::Paused => {
                self.metrics.state(TaskState::Paused);
                Event::TaskPaused { id, epoch }
            }
        };
        self.context.report(event).await;
    }

    /// Tells the loop of topics that it doesn't know yet.
    pub async fn report_topics(&mut self) {
        self.topics.tell(&self.context, &self.id, self.epoch).await;
    }

    /// The config for the plugin's task.
    pub fn plugin_config(&self) -> Props {
        self.task_config.clone()
    }

    /// What is said of a converter: by the connector, or by the worker where that says nothing.
    fn converter(&self, role: Role) -> &ConverterConfig {
        role.of_connector(&self.config).unwrap_or_else(|| role.of_worker(&self.context.config))
    }

    /// The converters.
    pub fn converters(&self) -> Result<Converters, Vec<Problem>> {
        for role in Role::ALL {
            check::fits(role, self.converter(role)).map_err(|problem| vec![problem])?;
        }
        let [key, value, header] = Role::ALL.map(|role| self.converter(role));
        Ok(Converters {
            key: registry::converter(&key.class, &key.props, true)?,
            value: registry::converter(&value.class, &value.props, false)?,
            header: registry::header_converter(&header.class, &header.props)?,
        })
    }

    /// Logs what of the connector's config has no effect; the first task does so for all.
    pub fn warn(&self, client: &[Problem]) {
        if self.id.task > 0 {
            return;
        }
        let connector = self.id.connector.as_str();
        for warning in self.config.warnings.iter().chain(client) {
            tracing::warn!(connector, "connector config {warning}");
        }
    }

    /// How records that cannot be processed are logged, if they are.
    pub fn error_log(&self) -> Option<ErrorLog> {
        let errors = &self.config.errors;
        let class = |role| self.converter(role).class.clone();
        errors.log_enable.then(|| ErrorLog::new(self.id.to_string(), class, errors.log_include_messages))
    }

    /// How long an end may take.
    pub fn stop_limit(&self) -> Duration {
        self.context.config.task_shutdown_graceful_timeout
    }

    /// Waits for a call while the task is starting; a stop ends the wait: none.
    pub async fn hear<T>(&mut self, call: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(call);
        loop {
            tokio::select! {
                result = &mut call => return Some(result),
                order = self.inbox.recv() => match order {
                    Some(Order::Pause) => self.target = TaskTarget::Paused,
                    Some(Order::Resume) => self.target = TaskTarget::Running,
                    // It has not used any yet.
                    Some(Order::ForgetTopics) => {}
                    None => return None,
                },
            }
        }
    }

    /// Stops and destroys the plugin's task until `deadline`; one that hangs is left to its thread.
    pub async fn end(&self, object: TaskObject, deadline: time::Instant) {
        let instance = object.instance().clone();
        let ended = time::timeout_at(deadline, async move {
            object.cancel().await;
            self.log_end(object.stop().await);
            self.log_end(object.destroy().await);
        });
        if ended.await.is_err() {
            self.left_alone(&instance);
        }
    }

    /// Logs what went wrong while the plugin was ended; the task's outcome is not changed by it.
    pub fn log_end(&self, result: Result<(), CallError>) {
        if let Err(error) = result {
            let (connector, task) = (self.id.connector.as_str(), self.id.task);
            tracing::warn!(connector, task, "while the task was ended: {}", error.trace());
        }
    }

    /// Says that the plugin did not end in time; its object and what was lent to it are left to its thread.
    pub fn left_alone(&self, instance: &Instance) {
        instance.leave();
        let (connector, task) = (self.id.connector.as_str(), self.id.task);
        let busy = busy_with(&self.context, &instance.identity.to_string());
        let limit = self.stop_limit().as_millis();
        tracing::error!(
            connector,
            task,
            "the task did not end within {limit} ms{busy}; its plugin is left alone"
        );
    }
}

/// A growing pause between two tries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next pause: 100 ms doubling to 10 s.
    pub fn pause(&mut self) -> Duration {
        let pause = Duration::from_millis(100) * 2u32.pow(self.tries.min(7));
        self.tries += 1;
        pause.min(Duration::from_secs(10))
    }

    /// It went well.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_seconds_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u128> = (0..9).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.pause().as_millis(), 100);
    }
}
