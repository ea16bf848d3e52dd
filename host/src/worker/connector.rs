//! The life of one connector: create, start, answer for task configs, stop.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::offset_store::ConnectorOffsets;
use super::orders;
use crate::herder::{Epoch, Event, PluginInfo, PluginKind};
use crate::plugins::call::CallError;
use crate::plugins::catalog::Class;
use crate::plugins::connector::{self, Connector};
use crate::plugins::instance::{Identity, OffsetReader, Wish};
use crate::settings::Props;
use crate::settings::connector as common;

/// How long a connector may take for its task configs before the question is given up.
const TASK_CONFIGS_LIMIT: Duration = Duration::from_secs(90);
/// How long a start waits for the definitions of its class, against which keys are held.
const DEFINITIONS_LIMIT: Duration = Duration::from_secs(2);

/// What a connector is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Answer with task configs.
    TaskConfigs {
        /// At most so many.
        max_tasks: u32,
    },
}

impl orders::Order for Order {
    fn replaces(&self, _: &Order) -> bool {
        true
    }
}

/// The way to reach a running connector.
pub type Handle = orders::Handle<Order>;

/// What a connector is started with.
pub struct Start {
    /// Its name.
    pub name: String,
    /// Its life.
    pub epoch: Epoch,
    /// Its plugin.
    pub plugin: PluginInfo,
    /// Its config.
    pub config: Props,
}

/// Starts a connector; it reports to the loop.
pub fn spawn(context: Arc<Context>, start: Start) -> Handle {
    let (handle, inbox) = Handle::new();
    tokio::spawn(async move {
        let (name, epoch) = (start.name.clone(), start.epoch);
        Life { context: context.clone(), name: name.clone(), epoch, inbox }.run(start).await;
        context.report(Event::ConnectorEnded { name, epoch }).await;
    });
    handle
}

struct Life {
    context: Arc<Context>,
    name: String,
    epoch: Epoch,
    inbox: orders::Inbox<Order>,
}

/// How a call went while orders were heard.
enum Heard<T> {
    Done(T),
    Stopped,
}

impl Life {
    async fn run(mut self, start: Start) {
        let connector = match self.begin(start).await {
            Ok(Heard::Done(connector)) => connector,
            Ok(Heard::Stopped) => return,
            Err(trace) => return self.fail(trace).await,
        };
        let failure = self.serve(&connector).await;
        if let Some(trace) = failure {
            self.fail(trace).await;
        }
        self.end(connector).await;
    }

    async fn fail(&self, trace: String) {
        let connector = self.name.as_str();
        tracing::error!(connector, "the connector failed: {trace}");
        self.context.metrics.connector_startup(false);
        let (name, epoch) = (self.name.clone(), self.epoch);
        self.context.report(Event::ConnectorFailed { name, epoch, trace }).await;
    }

    /// Makes and starts the connector, unless it is stopped meanwhile.
    async fn begin(&mut self, start: Start) -> Result<Heard<Connector>, String> {
        let context = self.context.clone();
        let class = context
            .class(&start.plugin)
            .ok_or_else(|| format!("no library has class {}", start.plugin.class))?;
        let identity =
            Identity { connector: start.name.as_str().into(), task: None, class: class.name.clone() };
        let offsets = (start.plugin.kind == PluginKind::Source).then(|| {
            let offsets = ConnectorOffsets { store: context.offsets.clone(), connector: start.name.clone() };
            Arc::new(offsets) as Arc<dyn OffsetReader>
        });
        if offsets.is_some() {
            match self.hear(context.offsets.refresh()).await {
                Heard::Done(refreshed) => refreshed.map_err(|error| error.to_string())?,
                Heard::Stopped => return Ok(Heard::Stopped),
            }
        }
        let tables = class.tables;
        let create = Connector::create(&context.pool, tables, identity, offsets);
        let connector = match self.hear(create).await {
            Heard::Done(created) => created.map_err(|error| error.trace())?,
            Heard::Stopped => return Ok(Heard::Stopped),
        };
        self.name_misspelt(class, &start.config).await;
        match self.hear(connector.start(start.config)).await {
            Heard::Done(Ok(())) => {}
            Heard::Done(Err(error)) => {
                self.end(connector).await;
                return Err(error.trace());
            }
            Heard::Stopped => {
                self.end(connector).await;
                return Ok(Heard::Stopped);
            }
        }
        self.context.metrics.connector_startup(true);
        let (name, epoch) = (self.name.clone(), self.epoch);
        self.context.report(Event::ConnectorStarted { name, epoch }).await;
        Ok(Heard::Done(connector))
    }

    /// Logs keys of the config that are nearly a known one; what the class defines itself is asked for.
    async fn name_misspelt(&self, class: &Class, config: &Props) {
        let asked = connector::config_defs(&self.context.pool, &class.name, class.tables);
        let Ok(Ok(own)) = tokio::time::timeout(DEFINITIONS_LIMIT, asked).await else { return };
        let connector = self.name.as_str();
        for problem in common::misspelt(class.kind, &own, config) {
            tracing::warn!(connector, "connector config {problem}");
        }
    }

    /// Waits for a call; a stop ends the wait. Questions that come meanwhile are not due yet.
    async fn hear<T>(&mut self, call: impl Future<Output = T>) -> Heard<T> {
        tokio::pin!(call);
        loop {
            tokio::select! {
                result = &mut call => return Heard::Done(result),
                order = self.inbox.recv() => if order.is_none() {
                    return Heard::Stopped;
                },
            }
        }
    }

    /// Serves orders and wishes until a stop, or a failure whose trace is returned.
    async fn serve(&mut self, connector: &Connector) -> Option<String> {
        let instance = connector.instance().clone();
        loop {
            tokio::select! {
                order = self.inbox.recv() => match order {
                    Some(Order::TaskConfigs { max_tasks }) => {
                        if let Heard::Stopped = self.task_configs(connector, max_tasks).await {
                            return None;
                        }
                    }
                    None => return None,
                },
                () = instance.wished() => for wish in instance.take_wishes() {
                    match wish {
                        Wish::Reconfigure => {
                            let (name, epoch) = (self.name.clone(), self.epoch);
                            self.context.report(Event::ReconfigurationRequested { name, epoch }).await;
                        }
                        Wish::Fail(message) => return Some(message),
                        // The others are for sink tasks, and refused before they get here.
                        _ => {}
                    }
                },
            }
        }
    }

    async fn task_configs(&mut self, connector: &Connector, max_tasks: u32) -> Heard<()> {
        let limited = tokio::time::timeout(TASK_CONFIGS_LIMIT, connector.task_configs(max_tasks));
        let outcome = match self.hear(limited).await {
            Heard::Stopped => return Heard::Stopped,
            Heard::Done(Ok(outcome)) => outcome.map_err(|error| error.trace()),
            Heard::Done(Err(_)) => Err(format!(
                "task_configs of connector {} has not returned for {} s",
                self.name,
                TASK_CONFIGS_LIMIT.as_secs()
            )),
        };
        if let Err(reason) = &outcome {
            let connector = self.name.as_str();
            tracing::error!(connector, "no task configs: {reason}");
        }
        let (name, epoch) = (self.name.clone(), self.epoch);
        self.context.report(Event::TaskConfigs { name, epoch, outcome }).await;
        Heard::Done(())
    }

    /// Stops and destroys it within the bound; one that hangs is left to its thread.
    async fn end(&self, connector: Connector) {
        let limit = self.context.config.task_shutdown_graceful_timeout;
        let name = self.name.as_str();
        let instance = connector.instance().clone();
        let ended = tokio::time::timeout(limit, async move {
            log_end(name, connector.stop().await);
            log_end(name, connector.destroy().await);
        });
        if ended.await.is_err() {
            instance.leave();
            let busy = busy_with(&self.context, &instance.identity.to_string());
            let connector = name;
            tracing::error!(
                connector,
                "the connector did not stop within {} ms{busy}; it is left alone",
                limit.as_millis()
            );
        }
    }
}

fn log_end(connector: &str, result: Result<(), CallError>) {
    if let Err(error) = result {
        tracing::warn!(connector, "while the connector was ended: {}", error.trace());
    }
}

/// Which call of an instance is in progress, for an error: ": waiting for the poll of ... since 3 s", or nothing.
pub fn busy_with(context: &Context, identity: &str) -> String {
    let calls = context.pool.in_progress(Duration::from_millis(50));
    let call = calls.into_iter().find(|call| call.what.ends_with(identity));
    call.map_or_else(String::new, |call| {
        format!(": waiting for the {} since {} ms", call.what, call.since.as_millis())
    })
}
