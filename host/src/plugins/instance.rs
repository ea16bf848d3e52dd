//! What the host remembers of one running connector or task: what it was woken for, asked for and told.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::Notify;

use super::lend::Lender;
use super::schemas::Schemas;
use super::{registry, views::Bad};
use crate::records::sink_ledger::TopicPartition;
use crate::records::value::Value;

/// Most metrics an instance may have.
const METRICS: usize = 100;
/// Most source partitions an instance may register.
const PARTITIONS: usize = 1_000_000;
/// Most orders and reports that may wait for the worker.
const WAITING: usize = 100_000;

/// Where stored source offsets are looked up; answers from memory or says that it is not ready.
pub trait OffsetReader: Send + Sync {
    /// The stored offset of a source partition, null if there is none; `None`: not ready yet.
    fn read(&self, partition: &Value<'_>) -> Option<Value<'static>>;
}

/// Something a plugin asked the worker for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// A connector: ask for task configs again.
    Reconfigure,
    /// A connector: it has failed.
    Fail(String),
    /// A sink: no records of these partitions for now.
    Pause(Vec<TopicPartition>),
    /// A sink: records of these partitions again.
    Resume(Vec<TopicPartition>),
    /// A sink: go on at these offsets.
    Seek(Vec<(TopicPartition, i64)>),
    /// A sink: commit soon.
    Commit,
    /// A sink: put again after so many milliseconds.
    Timeout(u64),
    /// A sink: a bad record.
    Report(Report),
}

/// A bad record that a sink reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What `report_done` is asked with.
    pub ticket: u64,
    /// Topic and partition before transformations.
    pub partition: TopicPartition,
    /// Offset before transformations.
    pub offset: i64,
    /// Why it is bad.
    pub message: String,
}

/// How a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportState {
    /// The worker has not finished it.
    Open,
    /// It is done.
    Done,
}

/// A metric of a plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginMetric {
    /// Name in snake case.
    pub name: String,
    /// What it means.
    pub help: String,
    /// It only grows.
    pub counter: bool,
    /// Its value now.
    pub value: f64,
}

/// Whose instance it is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The connector's name.
    pub connector: Arc<str>,
    /// The task's number; none for the connector itself.
    pub task: Option<u32>,
    /// Full class name.
    pub class: Arc<str>,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.task {
            Some(task) => write!(f, "task {task} of connector {}", self.connector),
            None => write!(f, "connector {}", self.connector),
        }
    }
}

/// The source partitions of an instance by number, from 1.
#[derive(Default)]
struct Partitions {
    numbers: HashMap<String, u64>,
    list: Vec<Arc<Value<'static>>>,
}

/// See the module.
pub struct Instance {
    /// Its name for the plugin.
    pub token: u64,
    /// Whose it is.
    pub identity: Identity,
    woken: Notify,
    wakes: AtomicU64,
    wished: Notify,
    wishes: Mutex<Vec<Wish>>,
    schemas: RwLock<Schemas>,
    partitions: Mutex<Partitions>,
    offsets: Option<Arc<dyn OffsetReader>>,
    lent_offsets: Mutex<Lender>,
    assigned: Mutex<BTreeSet<TopicPartition>>,
    reports: Mutex<HashMap<u64, ReportState>>,
    next_ticket: AtomicU64,
    metrics: Mutex<Vec<PluginMetric>>,
    explanations: Mutex<HashMap<usize, String>>,
}

/// Nothing that is done under these locks panics half-way, so a poisoned one is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Instance {
    /// A new instance, known under a new token until [`Instance::leave`].
    pub fn enter(identity: Identity, offsets: Option<Arc<dyn OffsetReader>>) -> Arc<Instance> {
        let instance = Arc::new(Instance {
            token: registry::token(),
            identity,
            woken: Notify::new(),
            wakes: AtomicU64::new(0),
            wished: Notify::new(),
            wishes: Mutex::default(),
            schemas: RwLock::default(),
            partitions: Mutex::default(),
            offsets,
            lent_offsets: Mutex::default(),
            assigned: Mutex::default(),
            reports: Mutex::default(),
            next_ticket: AtomicU64::new(1),
            metrics: Mutex::default(),
            explanations: Mutex::default(),
        });
        registry::enter(&instance);
        instance
    }

    /// Refuses a wish that is the connector's alone.
    pub fn connectors_only(&self) -> Result<(), Bad> {
        self.only("connectors", self.identity.task.is_none())
    }

    /// Refuses a call that only sources have.
    pub fn sources_only(&self) -> Result<(), Bad> {
        // A connector that is only asked to validate has no offsets to read.
        self.only("sources", self.identity.task.is_none() || self.offsets.is_some())
    }

    /// Refuses a call that only the tasks of sinks have.
    pub fn sink_tasks_only(&self) -> Result<(), Bad> {
        self.only("tasks of sinks", self.identity.task.is_some() && self.offsets.is_none())
    }

    fn only(&self, whose: &str, right: bool) -> Result<(), Bad> {
        if right { Ok(()) } else { Err(Bad::Other(format!("no right to: it is for {whose}"))) }
    }

    /// The token means nothing any more.
    pub fn leave(&self) {
        registry::leave(self.token);
    }

    /// Lets all pending calls be repeated.
    pub fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Release);
        self.woken.notify_waiters();
    }

    /// How many wakes there were; to be read before a call that may answer pending.
    pub fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Acquire)
    }

    /// Waits for a wake after `seen`, so that one that came during the call counts.
    pub async fn woken(&self, seen: u64) {
        loop {
            let notified = self.woken.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.wakes() != seen {
                return;
            }
            notified.await;
        }
    }

    /// Waits until there may be wishes.
    pub async fn wished(&self) {
        self.wished.notified().await;
    }

    /// Takes what the plugin wished, in its order.
    pub fn take_wishes(&self) -> Vec<Wish> {
        std::mem::take(&mut lock(&self.wishes))
    }

    /// Notes a wish, unless too many wait already.
    pub fn wish(&self, wish: Wish) -> Result<(), Bad> {
        let mut wishes = lock(&self.wishes);
        if matches!(wish, Wish::Reconfigure | Wish::Commit) && wishes.contains(&wish) {
            return Ok(());
        }
        if wishes.len() >= WAITING {
            return Err(Bad::Other(format!("more than {WAITING} orders that wait")));
        }
        wishes.push(wish);
        drop(wishes);
        self.wished.notify_one();
        Ok(())
    }

    /// The schemas, to read with.
    pub fn with_schemas<R>(&self, work: impl FnOnce(&Schemas) -> R) -> R {
        work(&self.schemas.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The schemas, to add to.
    pub fn with_schemas_mut<R>(&self, work: impl FnOnce(&mut Schemas) -> R) -> R {
        work(&mut self.schemas.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The number of a source partition, which is a map from strings to primitives.
    pub fn register_partition(&self, partition: Value<'static>) -> Result<u64, Bad> {
        let Value::Map(entries) = &partition else {
            return Err(Bad::Other("a source partition that is not a map".into()));
        };
        let primitive =
            |value: &Value<'_>| !matches!(value, Value::Array(_) | Value::Map(_) | Value::Struct(_));
        if !entries.iter().all(|(key, value)| key.as_str().is_some() && primitive(value)) {
            return Err(Bad::Other("a source partition that is not a map from strings to primitives".into()));
        }
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_by(|a, b| a.0.as_str().cmp(&b.0.as_str()));
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let key = pair[0].0.as_str().unwrap_or_default();
            return Err(Bad::Other(format!("a source partition that has {key} twice")));
        }
        let name = format!("{sorted:?}");
        let mut partitions = lock(&self.partitions);
        if let Some(number) = partitions.numbers.get(&name) {
            return Ok(*number);
        }
        if partitions.list.len() >= PARTITIONS {
            return Err(Bad::Other(format!("more than {PARTITIONS} source partitions")));
        }
        partitions.list.push(Arc::new(partition));
        let number = partitions.list.len() as u64;
        partitions.numbers.insert(name, number);
        Ok(number)
    }

    /// The source partition behind a number.
    pub fn partition(&self, number: u64) -> Option<Arc<Value<'static>>> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        lock(&self.partitions).list.get(index).cloned()
    }

    /// How many source partitions are registered: numbers up to this one are good.
    pub fn partition_count(&self) -> u64 {
        lock(&self.partitions).list.len() as u64
    }

    /// Stored offsets of these partitions as views that live until the next call; none: not ready, a wake follows.
    pub fn read_offsets(&self, numbers: &[u64]) -> Result<Option<Vec<connect_plugin_abi::CpValue>>, Bad> {
        let Some(reader) = &self.offsets else {
            return Err(Bad::Other("read_offsets by something that is not a source".into()));
        };
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            let unknown = || Bad::Other(format!("source partition {number}, which was never registered"));
            let partition = self.partition(*number).ok_or_else(unknown)?;
            match reader.read(&partition) {
                None => return Ok(None),
                Some(offset) => found.push(offset),
            }
        }
        let mut lender = lock(&self.lent_offsets);
        lender.clear();
        Ok(Some(found.into_iter().map(|offset| lender.value(offset)).collect()))
    }

    /// A sink's partitions as of now.
    pub fn assign(&self, partitions: impl IntoIterator<Item = TopicPartition>) {
        lock(&self.assigned).extend(partitions);
    }

    /// These are not the sink's any more.
    pub fn unassign<'a>(&self, partitions: impl IntoIterator<Item = &'a TopicPartition>) {
        let mut assigned = lock(&self.assigned);
        for at in partitions {
            assigned.remove(at);
        }
    }

    /// Whether a partition is the sink's.
    pub fn is_assigned(&self, at: &TopicPartition) -> bool {
        lock(&self.assigned).contains(at)
    }

    /// A ticket for a new report.
    pub fn open_report(&self) -> u64 {
        let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        lock(&self.reports).insert(ticket, ReportState::Open);
        ticket
    }

    /// The worker has finished a report; the plugin may be waiting for it.
    pub fn finish_report(&self, ticket: u64) {
        if let Some(state) = lock(&self.reports).get_mut(&ticket) {
            *state = ReportState::Done;
        }
        self.wake();
    }

    /// How a report stands; one that is done is forgotten with this answer.
    pub fn report_state(&self, ticket: u64) -> Option<ReportState> {
        let mut reports = lock(&self.reports);
        let state = reports.get(&ticket).copied()?;
        if state == ReportState::Done {
            reports.remove(&ticket);
        }
        Some(state)
    }

    /// The id of a metric; the same name has the same.
    pub fn register_metric(&self, name: &str, help: &str, counter: bool) -> Result<u64, Bad> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty()
            || name.len() > 100
            || !name.chars().all(good)
            || !name.starts_with(|c: char| c.is_ascii_lowercase())
        {
            return Err(Bad::Other(format!("metric name {name:?}, which is not in snake case")));
        }
        let mut metrics = lock(&self.metrics);
        if let Some(index) = metrics.iter().position(|metric| metric.name == name) {
            return match metrics[index].counter == counter {
                true => Ok(index as u64),
                false => Err(Bad::Other(format!("metric {name}, which is one of another kind already"))),
            };
        }
        if metrics.len() >= METRICS {
            return Err(Bad::Other(format!("more than {METRICS} metrics")));
        }
        metrics.push(PluginMetric { name: name.to_owned(), help: help.to_owned(), counter, value: 0.0 });
        Ok(metrics.len() as u64 - 1)
    }

    /// Changes a metric's value.
    pub fn change_metric(
        &self,
        id: u64,
        change: impl FnOnce(&PluginMetric) -> Option<f64>,
    ) -> Result<(), Bad> {
        let mut metrics = lock(&self.metrics);
        let metric = usize::try_from(id).ok().and_then(|id| metrics.get_mut(id));
        let metric = metric.ok_or_else(|| Bad::Other(format!("metric id {id}, which was never given")))?;
        match change(metric) {
            Some(value) if value.is_finite() => metric.value = value,
            _ => return Err(Bad::Other(format!("a change of metric {} that makes no sense", metric.name))),
        }
        Ok(())
    }

    /// The plugin's metrics as they are.
    pub fn metrics(&self) -> Vec<PluginMetric> {
        lock(&self.metrics).clone()
    }

    /// Notes why a record of the current put is answered as it is.
    pub fn explain(&self, index: usize, message: String) {
        let mut explanations = lock(&self.explanations);
        if explanations.len() < WAITING {
            explanations.insert(index, message);
        }
    }

    /// Takes the explanations of a put.
    pub fn take_explanations(&self) -> HashMap<usize, String> {
        std::mem::take(&mut lock(&self.explanations))
    }
}
