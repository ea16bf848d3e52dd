//! The life of a source task: poll, convert, produce, acknowledge, store offsets; drain at the end.
//!
//! One loop owns the plugin's task, the producer and the ledger. A poll is under way nearly always; acknowledgements
//! come back through the producer's queue; what they free is stored periodically. An offset is stored only after its
//! record and all earlier ones of its source partition were acknowledged.

mod commit;
mod flow;
mod news;
mod topics;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time;

use super::clients;
use super::offset_store::ConnectorOffsets;
use super::progress::Stage;
use super::task::{Backoff, Env, Failed, Order};
use crate::herder::TaskTarget;
use crate::kafka::producer::{Delivery, Producer};
use crate::kafka::stats;
use crate::plugins::call::CallError;
use crate::plugins::source::{Batch, SourceTask};
use crate::records::error_log::ErrorLog;
use crate::records::ledger::Ledger;
use crate::records::pipeline::source::{SourceBuffers, SourcePipeline};
use crate::settings::clients::{Client, ClientConfig, ClientIds};
use crate::settings::connector::Tolerance;
use commit::Flush;
use news::{News, Next};
use topics::Topics;

/// How long a start waits for a broker that does not answer.
const MEETING: Duration = Duration::from_secs(1);

type Calling<T> = Pin<Box<dyn Future<Output = Result<T, CallError>> + Send>>;

/// Runs a source task to its end.
pub async fn run(mut env: Env) -> Result<(), Failed> {
    let converters = env.converters()?;
    let ids = ClientIds::source_producer(&env.id.connector, env.id.task);
    let mut client = clients::ready(Client::Producer, &env.context.config.raw, Some(&env.config.raw), &ids)?;
    stats::wanted(&mut client.conf);
    let (topics, mut warnings) = Topics::new(&env)?;
    warnings.extend(client.warnings.iter().cloned());
    env.warn(&warnings);
    let making = make_producer(&env, client);
    let context = env.context.clone();
    let offsets = ConnectorOffsets { store: context.offsets.clone(), connector: env.id.connector.clone() };
    let class = env.class.clone();
    let identity = env.identity();
    let create = SourceTask::create(&context.pool, &class, identity, Arc::new(offsets));
    let starting = env.progress.during(Stage::Start);
    // Another worker may have run the task before.
    let Some(refreshed) = env.hear(context.offsets.refresh()).await else { return Ok(()) };
    refreshed.inspect_err(|_| env.context.metrics.task_startup(false))?;
    let Some(plugin) = env.hear(create).await else { return Ok(()) };
    let plugin = plugin.inspect_err(|_| env.context.metrics.task_startup(false))?;
    let config = env.plugin_config();
    let started = env.hear(plugin.object().start(config)).await;
    drop(starting);
    let made = match started {
        None => None,
        Some(Err(error)) => Some(Err(Failed::from(error))),
        Some(Ok(())) => env.hear(making).await,
    };
    let mut producer = match made {
        Some(Ok(producer)) => producer,
        ended => {
            if ended.is_some() {
                env.context.metrics.task_startup(false);
            }
            env.end(plugin.into_object(), time::Instant::now() + env.stop_limit()).await;
            return ended.map_or(Ok(()), |failed| failed.map(drop));
        }
    };
    producer.want_timestamps(plugin.wants_acks());
    env.context.metrics.task_startup(true);
    let pipeline = SourcePipeline::new(converters.key, converters.value, converters.header);
    Running::new(env, plugin, producer, pipeline, topics).live().await
}

/// Makes the producer and lets it meet a broker, while the plugin starts: both take a moment, and the task may have run
/// elsewhere until just now. A producer that nobody waits for any more is dropped.
fn make_producer(env: &Env, client: ClientConfig) -> impl Future<Output = Result<Producer, Failed>> + use<> {
    let owner = clients::owner(env.owner(), &client);
    let making = tokio::task::spawn_blocking(move || Producer::met(&client.conf, owner, MEETING));
    async move {
        let made = making.await.map_err(|error| Failed(format!("the producer was not made: {error}")))?;
        Ok(made?)
    }
}

/// What a running source task holds.
struct Running {
    env: Env,
    plugin: SourceTask,
    producer: Producer,
    pipeline: SourcePipeline,
    topics: Topics,
    buffers: SourceBuffers,
    ledger: Ledger,
    tolerance: Tolerance,
    error_log: Option<ErrorLog>,
    /// The poll under way.
    poll: Option<Calling<Batch>>,
    polled_at: Instant,
    /// Records sent so far, and for each poll how many there were after it and when it began.
    submitted: u64,
    polled: VecDeque<(u64, Instant)>,
    /// Acknowledgements and commits on their way to the plugin, one call at a time.
    telling: Option<Calling<()>>,
    news: News,
    wants_acks: bool,
    flush: Option<Flush>,
    next_flush: time::Instant,
    deliveries: Vec<Delivery>,
    backoff: Backoff,
    /// No poll before, after a retriable error.
    rest_until: Option<time::Instant>,
    stop: bool,
}

/// What the loop woke up for.
enum Woken {
    Order(Option<Order>),
    Polled(Result<Batch, CallError>),
    Told(Result<(), CallError>),
    Deliveries,
    Flush,
    Flushed(commit::Outcome),
    Rested,
}

impl Running {
    fn new(
        env: Env,
        plugin: SourceTask,
        producer: Producer,
        pipeline: SourcePipeline,
        topics: Topics,
    ) -> Running {
        let interval = env.context.config.offset_flush_interval;
        Running {
            tolerance: env.config.errors.tolerance,
            error_log: env.error_log(),
            wants_acks: plugin.wants_acks(),
            env,
            plugin,
            producer,
            pipeline,
            topics,
            buffers: SourceBuffers::new(),
            ledger: Ledger::new(),
            poll: None,
            polled_at: Instant::now(),
            submitted: 0,
            polled: VecDeque::new(),
            telling: None,
            news: News::default(),
            flush: None,
            next_flush: time::Instant::now() + interval,
            deliveries: Vec::new(),
            backoff: Backoff::default(),
            rest_until: None,
            stop: false,
        }
    }

    /// Works until a stop or a failure, then drains and ends the plugin.
    async fn live(mut self) -> Result<(), Failed> {
        self.env.report_state().await;
        let outcome = self.work().await;
        let deadline = time::Instant::now() + self.env.stop_limit();
        // An abandoned poll's records were never taken, so they come again.
        self.poll = None;
        // What was acknowledged is stored also after a failure, so that less is repeated.
        let drained = time::timeout_at(deadline, async {
            self.plugin.object().cancel().await;
            self.drain().await;
        });
        let drained = drained.await;
        self.env.report_topics().await;
        if drained.is_err() {
            let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
            let open = self.ledger.in_flight();
            tracing::warn!(
                connector,
                task,
                "{open} records were not acknowledged in time; they will be sent again"
            );
        }
        let Running { env, plugin, producer, telling, .. } = self;
        drop(telling);
        env.end(plugin.into_object(), deadline.max(time::Instant::now() + Duration::from_millis(200))).await;
        // Destroying a client can take a moment; no other task shall wait for it.
        let _ = tokio::task::spawn_blocking(move || drop(producer)).await;
        outcome
    }

    async fn work(&mut self) -> Result<(), Failed> {
        while !self.stop {
            self.env.report_topics().await;
            self.begin_poll();
            self.begin_telling();
            match self.wait().await {
                Woken::Order(order) => self.order(order).await,
                Woken::Polled(Ok(batch)) => {
                    self.backoff.reset();
                    self.env.progress.end(Stage::PollAgain);
                    self.take(batch).await?;
                }
                Woken::Polled(Err(error)) => self.poll_failed(error)?,
                Woken::Told(result) => {
                    self.telling = None;
                    self.env.progress.end(Stage::Acks);
                    self.env.progress.end(Stage::Told);
                    result?;
                }
                Woken::Deliveries => {
                    self.take_deliveries()?;
                }
                Woken::Flush => self.begin_flush()?,
                Woken::Flushed(outcome) => {
                    // What was not stored is tried again with the next flush.
                    let _ = self.end_flush(outcome);
                }
                Woken::Rested => self.rest_until = None,
            }
        }
        Ok(())
    }

    fn begin_poll(&mut self) {
        let free = self.poll.is_none() && self.rest_until.is_none() && self.news.has_room();
        if free && self.env.target == TaskTarget::Running {
            self.polled_at = Instant::now();
            self.poll = Some(Box::pin(self.plugin.poll()));
        }
    }

    fn begin_telling(&mut self) {
        if self.telling.is_some() {
            return;
        }
        match self.news.next() {
            None => {}
            Some(Next::Acks(acks)) => {
                self.env.progress.begin(Stage::Acks);
                self.telling = Some(Box::pin(self.plugin.acks(acks)));
            }
            Some(Next::Commit) => {
                self.env.progress.begin(Stage::Told);
                self.telling = Some(Box::pin(self.plugin.commit()));
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        let rest = self.rest_until;
        // What a poll brings while the task is paused stays with it until the resume.
        let flows = self.env.target == TaskTarget::Running;
        tokio::select! {
            biased;
            order = self.env.inbox.recv() => Woken::Order(order),
            result = maybe(&mut self.poll), if flows => {
                self.poll = None;
                Woken::Polled(result)
            }
            () = self.producer.native().ready() => Woken::Deliveries,
            result = maybe(&mut self.telling) => Woken::Told(result),
            outcome = commit::done(&mut self.flush) => Woken::Flushed(outcome),
            () = time::sleep_until(self.next_flush), if self.flush.is_none() => Woken::Flush,
            () = time::sleep_until(rest.unwrap_or(self.next_flush)), if rest.is_some() => Woken::Rested,
        }
    }

    async fn order(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Pause) => self.env.target = TaskTarget::Paused,
            Some(Order::Resume) => {
                self.env.target = TaskTarget::Running;
                self.polled_at = Instant::now();
            }
            Some(Order::ForgetTopics) => return self.env.topics.forget(),
            None => {
                self.stop = true;
                return;
            }
        }
        self.env.report_state().await;
    }

    /// A retriable error is tried again after a pause; any other ends the task.
    fn poll_failed(&mut self, error: CallError) -> Result<(), Failed> {
        if !error.is_retriable() {
            return Err(error.into());
        }
        self.env.progress.begin(Stage::PollAgain);
        let pause = self.backoff.pause();
        let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
        tracing::warn!(connector, task, "poll is tried again in {} ms: {error}", pause.as_millis());
        self.rest_until = Some(time::Instant::now() + pause);
        Ok(())
    }
}

/// The result of a call under way; never, when there is none.
async fn maybe<T>(call: &mut Option<Calling<T>>) -> Result<T, CallError> {
    match call {
        Some(call) => call.await,
        None => std::future::pending().await,
    }
}
