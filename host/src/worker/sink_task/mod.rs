//! The life of a sink task: consume, convert, put, commit; flush before partitions are given up, drain at the end.
//!
//! One loop owns the plugin's task, the consumer and the ledger. Each call of the plugin is waited for by
//! `attend`, which keeps the consumer polled and orders heard meanwhile: a slow put costs neither the group
//! membership nor the worker's patience. An offset is committed only when put has answered for its record and all
//! earlier ones, every report is finished, and the plugin agreed.

mod attend;
mod batch;
mod commit;
mod deliver;
mod partitions;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time;

use super::clients;
use super::progress::Stage;
use super::task::{Backoff, Env, Failed};
use crate::herder::TaskTarget;
use crate::kafka::consumer::Consumer;
use crate::kafka::message::Message;
use crate::kafka::stats;
use crate::plugins::instance::Wish;
use crate::plugins::sink::SinkTask;
use crate::records::error_log::ErrorLog;
use crate::records::pipeline::sink::SinkPipeline;
use crate::records::sink_ledger::{Commit, SinkLedger, TopicPartition};
use crate::settings::clients::{Client, ClientIds};
use crate::settings::connector::Tolerance;
use crate::settings::patterns::TopicPattern;
use batch::Retained;
use partitions::Rebalance;

/// Records in one put, unless `max.poll.records` says otherwise.
const BATCH_RECORDS: usize = 4096;
/// Bytes of keys and values in one put, about.
const BATCH_BYTES: usize = 8 << 20;

/// Runs a sink task to its end.
pub async fn run(mut env: Env) -> Result<(), Failed> {
    let converters = env.converters()?;
    let ids = ClientIds::sink_consumer(&env.id.connector, env.id.task);
    let mut client = clients::ready(Client::Consumer, &env.context.config.raw, Some(&env.config.raw), &ids)?;
    stats::wanted(&mut client.conf);
    if env.config.several_tasks {
        client.one_of_several();
    }
    env.warn(&client.warnings);
    let wanted = partitions::Wanted::new(env.config.sink.as_ref())?;
    let context = env.context.clone();
    let class = env.class.clone();
    let create = SinkTask::create(&context.pool, &class, env.identity());
    let starting = env.progress.during(Stage::Start);
    let Some(plugin) = env.hear(create).await else { return Ok(()) };
    let plugin = plugin.inspect_err(|_| env.context.metrics.task_startup(false))?;
    let config = env.plugin_config();
    let started = env.hear(plugin.object().start(config)).await;
    drop(starting);
    let consumer = match started {
        Some(Ok(())) => {
            Consumer::new(&client.conf, clients::owner(env.owner(), &client)).map_err(Failed::from)
        }
        Some(Err(error)) => Err(error.into()),
        None => {
            env.end(plugin.into_object(), time::Instant::now() + env.stop_limit()).await;
            return Ok(());
        }
    };
    let consumer = match consumer {
        Ok(consumer) => consumer,
        Err(failed) => {
            env.context.metrics.task_startup(false);
            env.end(plugin.into_object(), time::Instant::now() + env.stop_limit()).await;
            return Err(failed);
        }
    };
    env.context.metrics.task_startup(true);
    let pipeline = SinkPipeline::new(converters.key, converters.value, converters.header);
    let limits = Limits {
        records: client.max_poll_records.unwrap_or(BATCH_RECORDS).max(1),
        poll: attend::poll_interval(&client.conf),
    };
    Running::new(env, plugin, consumer, pipeline, wanted, limits).live().await
}

/// Bounds that come from the consumer's settings.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Most records of a put.
    records: usize,
    /// How long the consumer may go without being polled, well within `max.poll.interval.ms`.
    poll: Duration,
}

/// What a running sink task holds.
struct Running {
    env: Env,
    plugin: Arc<SinkTask>,
    consumer: Arc<Consumer>,
    pipeline: SinkPipeline,
    tolerance: Tolerance,
    error_log: Option<ErrorLog>,
    limits: Limits,
    ledger: SinkLedger,
    wanted: partitions::Wanted,
    /// Names of the topics whose messages are at hand, by the address that messages share.
    topics: HashMap<usize, Arc<str>>,
    /// Read and not yet put.
    incoming: Vec<Message>,
    incoming_bytes: usize,
    /// Records that are to be put again, before anything new.
    retained: Option<Retained>,
    rebalances: VecDeque<Rebalance>,
    /// The consumer's queue may have something.
    unread: bool,
    /// The plugin may have wished for something.
    wished: bool,
    /// What the plugin wished for during a call.
    wishes: Vec<Wish>,
    /// Paused by the plugin.
    paused_by_plugin: HashSet<TopicPartition>,
    /// Paused at the consumer.
    paused_now: HashSet<TopicPartition>,
    /// All partitions are paused because records wait for the plugin.
    held_back: bool,
    polled_at: Instant,
    next_commit: time::Instant,
    commit_wanted: bool,
    /// The commit whose answer is awaited.
    committing: Option<(Commit, Instant)>,
    /// Answers that belong to commits given up.
    void_answers: usize,
    backoff: Backoff,
    /// The plugin's wish for the pause before the next retry.
    retry_pause: Option<Duration>,
    rest_until: Option<time::Instant>,
    /// End at the latest then; set by a stop.
    stop: Option<time::Instant>,
    reported: Option<TaskTarget>,
}

impl Running {
    fn new(
        env: Env,
        plugin: SinkTask,
        consumer: Consumer,
        pipeline: SinkPipeline,
        wanted: partitions::Wanted,
        limits: Limits,
    ) -> Running {
        let interval = env.context.config.offset_flush_interval;
        Running {
            tolerance: env.config.errors.tolerance,
            error_log: env.error_log(),
            env,
            plugin: Arc::new(plugin),
            consumer: Arc::new(consumer),
            pipeline,
            limits,
            ledger: SinkLedger::new(),
            wanted,
            topics: HashMap::new(),
            incoming: Vec::new(),
            incoming_bytes: 0,
            retained: None,
            rebalances: VecDeque::new(),
            unread: true,
            wished: false,
            wishes: Vec::new(),
            paused_now: HashSet::new(),
            void_answers: 0,
            paused_by_plugin: HashSet::new(),
            held_back: false,
            polled_at: Instant::now(),
            next_commit: time::Instant::now() + interval,
            commit_wanted: false,
            committing: None,
            backoff: Backoff::default(),
            retry_pause: None,
            rest_until: None,
            stop: None,
            reported: None,
        }
    }

    /// Works until a stop or a failure, then drains and ends the plugin.
    async fn live(mut self) -> Result<(), Failed> {
        let mut outcome = self.work().await;
        let deadline = *self.stop.get_or_insert(time::Instant::now() + self.env.stop_limit());
        if outcome.is_ok() {
            outcome = time::timeout_at(deadline, self.leave()).await.unwrap_or(Ok(()));
        }
        self.env.metrics.partitions(0);
        let Running { env, plugin, consumer, incoming, retained, .. } = self;
        // Messages are freed before their client.
        drop((incoming, retained));
        let closing = tokio::task::spawn_blocking(move || {
            if let Err(error) = consumer.close() {
                tracing::warn!("while a consumer was closed: {error}");
            }
            drop(consumer);
        });
        let closed =
            time::timeout_at(deadline.max(time::Instant::now() + Duration::from_secs(2)), closing).await;
        if closed.is_err() {
            let (connector, task) = (env.id.connector.as_str(), env.id.task);
            tracing::warn!(connector, task, "the consumer did not leave its group in time");
        }
        match Arc::try_unwrap(plugin) {
            Ok(plugin) => {
                env.end(
                    plugin.into_object(),
                    deadline.max(time::Instant::now() + Duration::from_millis(200)),
                )
                .await;
            }
            Err(plugin) => env.left_alone(plugin.instance()),
        }
        outcome
    }

    async fn work(&mut self) -> Result<(), Failed> {
        self.env.progress.begin(Stage::Partitions);
        self.subscribe().await?;
        while self.stop.is_none() {
            self.report_state().await;
            self.take_wishes().await?;
            if let Some(rebalance) = self.rebalances.pop_front() {
                self.rebalance(rebalance).await?;
            } else if self.commit_due() {
                self.commit().await?;
            } else if self.can_put() {
                self.put_next().await?;
            } else {
                self.wait().await?;
            }
        }
        Ok(())
    }

    async fn report_state(&mut self) {
        if self.reported != Some(self.env.target) {
            self.reported = Some(self.env.target);
            self.apply_pauses();
            self.env.report_state().await;
        }
    }

    /// Whether there is something to put and nothing against it.
    fn can_put(&self) -> bool {
        self.could_put() && self.env.context.is_member()
    }

    /// The same, but for the worker's being a member of its group.
    fn could_put(&self) -> bool {
        let something = self.retained.is_some() || !self.incoming.is_empty();
        something && self.env.target == TaskTarget::Running && self.rest_until.is_none()
    }
}

/// A pattern of topics, from the settings that were checked before.
fn pattern(text: &str) -> Result<TopicPattern, Failed> {
    TopicPattern::new(text).map_err(|error| Failed(format!("topics.regex: {error}")))
}
