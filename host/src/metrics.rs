//! What `GET /metrics` answers: counts that tasks keep as they work, made into text at each scrape.
//!
//! Names are those that Strimzi's rules for the JMX exporter give the metrics of Kafka Connect, so that its
//! dashboards keep working; what those rules drop, or Connect lacks, has names in the same manner. A task
//! counts once a batch ([`TaskMetrics`]); what the herder knows is handed over at the scrape
//! ([`Snapshot`]). Nothing outlives what it tells about: the page is made anew for each scrape, from the
//! tasks that are still held.
//!
//! - [`task`]: what a task calls, and the lock around its counts
//! - `client`: the counts of a task's Kafka client
//! - `tally`: the counts of one task; pure, time is an argument
//! - `window`: Kafka's rates, averages and maxima over the last 30 to 60 seconds
//! - `histogram`: durations in fixed buckets
//! - `families`: which series there are, and what each means
//! - `names`: what series are called by other rules than Strimzi's
//! - `page`: the text

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Instant, SystemTime};

use crate::settings::connector::Kind;
use crate::settings::worker::MetricNames;

mod client;
mod families;
mod histogram;
mod names;
mod page;
mod tally;
pub mod task;
mod window;

pub use client::{ClientCounts, TopicCounts};
pub use tally::{ErrorCount, TaskState};
pub use task::TaskMetrics;

use page::Page;
use window::Window;

/// What the worker is, for the series that tell its version.
#[derive(Debug, Clone, Default)]
pub struct WorkerInfo {
    /// Version of the worker.
    pub version: String,
    /// The commit that it was built from, as far as the build was told.
    pub commit: String,
    /// The worker's `client.id`; empty is none.
    pub client_id: String,
    /// What series are called.
    pub names: MetricNames,
}

/// What the herder knows at the moment of a scrape.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The connectors of this worker.
    pub connectors: Vec<ConnectorSnapshot>,
    /// What plugins measure themselves.
    pub plugin_metrics: Vec<PluginSeries>,
}

/// A connector of this worker.
#[derive(Debug, Clone)]
pub struct ConnectorSnapshot {
    /// Its name.
    pub name: String,
    /// Its class, as configured.
    pub class: String,
    /// Source or sink.
    pub kind: Kind,
    /// The version that its plugin tells.
    pub version: String,
    /// Its state as in REST, such as `RUNNING`.
    pub state: &'static str,
    /// Its restarts by itself.
    pub restarts: RestartSnapshot,
    /// Its tasks on this worker.
    pub tasks: Vec<TaskSnapshot>,
}

/// A task of a connector.
#[derive(Debug, Clone)]
pub struct TaskSnapshot {
    /// Its number.
    pub task: u32,
    /// Its state as in REST, such as `RUNNING`.
    pub state: &'static str,
    /// Its restarts by itself.
    pub restarts: RestartSnapshot,
}

/// Restarts that followed failures by themselves (`errors.restart.*`).
#[derive(Debug, Clone, Copy, Default)]
pub struct RestartSnapshot {
    /// How many there were.
    pub attempts: u64,
    /// Another one follows.
    pub pending: bool,
}

/// One value that a plugin measures.
#[derive(Debug, Clone)]
pub struct PluginSeries {
    /// The connector that the plugin works for.
    pub connector: String,
    /// The task, unless it is the connector itself that measures.
    pub task: Option<u32>,
    /// The plugin's name for it, in snake case.
    pub name: String,
    /// What it means.
    pub help: String,
    /// It only grows.
    pub counter: bool,
    /// Its value now.
    pub value: f64,
}

/// A connector's name and the number of its task.
type TaskId = (Arc<str>, u32);

/// The counts of a worker; one for each process.
pub struct Metrics {
    worker: WorkerInfo,
    /// Seconds since the Unix epoch.
    started_at: f64,
    /// Times of all counts are milliseconds since then.
    started: Instant,
    own: Mutex<Own>,
    /// Tasks by connector and number, listed for as long as someone holds them.
    tasks: Mutex<BTreeMap<TaskId, Weak<TaskMetrics>>>,
}

/// Attempts to start something.
#[derive(Debug, Clone, Copy, Default)]
struct Startups {
    succeeded: u64,
    failed: u64,
    /// 1 for each success, 0 for each failure.
    share: Window,
}

impl Startups {
    fn add(&mut self, now: u64, ok: bool) {
        if ok {
            self.succeeded += 1;
        } else {
            self.failed += 1;
        }
        self.share.record(now, f64::from(u8::from(ok)));
    }
}

/// What the worker counts besides its tasks.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    connectors: Startups,
    tasks: Startups,
    plugins_left_out: usize,
}

impl Metrics {
    /// The counts of a worker that starts now.
    pub fn new(worker: WorkerInfo) -> Arc<Metrics> {
        let started_at = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64();
        let own = Mutex::default();
        Arc::new(Metrics { worker, started_at, started: Instant::now(), own, tasks: Mutex::default() })
    }

    /// New counts, all zero, for a task that starts. They are on the page until the last clone of the
    /// answer is dropped, or until the same task is started again.
    pub fn task(&self, connector: &str, task: u32, kind: Kind) -> Arc<TaskMetrics> {
        let metrics = Arc::new(TaskMetrics::new(kind, self.started));
        let mut tasks = lock(&self.tasks);
        tasks.retain(|_, held| held.strong_count() > 0);
        tasks.insert((connector.into(), task), Arc::downgrade(&metrics));
        metrics
    }

    /// A connector has come to its first RUNNING since it was started, or has failed before.
    pub fn connector_startup(&self, ok: bool) {
        let now = self.now();
        lock(&self.own).connectors.add(now, ok);
    }

    /// A task has come to its first RUNNING since it was started, or has failed before.
    pub fn task_startup(&self, ok: bool) {
        let now = self.now();
        lock(&self.own).tasks.add(now, ok);
    }

    /// So many libraries on the plugin path cannot be used.
    pub fn plugins_left_out(&self, count: usize) {
        lock(&self.own).plugins_left_out = count;
    }

    /// The page in Prometheus's text format 0.0.4, ordered by name and labels.
    pub fn render(&self, snapshot: &Snapshot) -> String {
        let now = self.now();
        let mut page = Page::new(self.worker.names);
        let own = *lock(&self.own);
        families::worker(&mut page, &self.worker, self.started_at, &own, snapshot, now);
        for connector in &snapshot.connectors {
            families::connector(&mut page, connector);
        }
        for (connector, task, metrics) in self.held() {
            families::task(&mut page, &connector, task, &metrics.tally(), now);
            if let Some(counts) = metrics.client_counts() {
                client::series(&mut page, metrics.tally().kind, &counts);
            }
        }
        families::plugins(&mut page, &snapshot.plugin_metrics);
        page.text()
    }

    /// The tasks that someone holds.
    fn held(&self) -> Vec<(Arc<str>, u32, Arc<TaskMetrics>)> {
        let tasks = lock(&self.tasks);
        let held = |((connector, task), metrics): (&TaskId, &Weak<TaskMetrics>)| {
            metrics.upgrade().map(|metrics| (connector.clone(), *task, metrics))
        };
        tasks.iter().filter_map(held).collect()
    }

    fn now(&self) -> u64 {
        millis(self.started)
    }
}

/// Milliseconds since then.
fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Counts stay right when a thread panicked while it held them: each change is complete by itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
