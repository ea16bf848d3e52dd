//! What a task waits for, and since when: noted by the task as it works, watched by one who does not wait with it.
//!
//! A task that is RUNNING may still not come on: a call of its plugin does not return, the brokers don't answer. Each
//! such wait is a [`Stage`] with a beginning. One that lasts longer than `health.stall.timeout.ms` is a stall: told once in
//! the log, to the herder (health over REST) and in a metric, and told again when it is over. Waiting for something to do
//! is none: a poll may take its time, unless its class has promised to return promptly.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time;

use super::context::Context;
use crate::herder::{Epoch, Event, Stall, TaskId};
use crate::metrics::TaskMetrics;

/// What can be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The plugin's create and start.
    Start,
    /// A poll that succeeds, after one that failed in a way that may pass.
    PollAgain,
    /// The plugin's acks.
    Acks,
    /// The plugin's commit.
    Told,
    /// A topic to be looked for and made.
    Topic,
    /// Records to be acknowledged.
    Records,
    /// Source offsets to be stored.
    Offsets,
    /// Partitions from the group.
    Partitions,
    /// The plugin's open.
    Open,
    /// The plugin's close.
    Close,
    /// The plugin's put.
    Put,
    /// A put that succeeds, after one whose records are to be put again.
    PutAgain,
    /// The plugin's pre_commit.
    PreCommit,
    /// Offsets of the group to be committed.
    Committed,
}

/// How many there are.
const STAGES: usize = Stage::Committed as usize + 1;

/// All of them, as they are numbered.
const ALL: [Stage; STAGES] = [
    Stage::Start,
    Stage::PollAgain,
    Stage::Acks,
    Stage::Told,
    Stage::Topic,
    Stage::Records,
    Stage::Offsets,
    Stage::Partitions,
    Stage::Open,
    Stage::Close,
    Stage::Put,
    Stage::PutAgain,
    Stage::PreCommit,
    Stage::Committed,
];

impl Stage {
    fn text(self) -> &'static str {
        match self {
            Stage::Start => "the plugin's start has not returned",
            Stage::PollAgain => "the plugin's poll has failed again and again",
            Stage::Acks => "the plugin's acks has not returned",
            Stage::Told => "the plugin's commit has not returned",
            Stage::Topic => "a topic could neither be found nor made",
            Stage::Records => "no broker has acknowledged the records that were sent",
            Stage::Offsets => "source offsets could not be stored",
            Stage::Partitions => "the consumer group has given no partitions",
            Stage::Open => "the plugin's open has not returned",
            Stage::Close => "the plugin's close has not returned",
            Stage::Put => "the plugin's put has not returned",
            Stage::PutAgain => "the plugin has asked for the same records again and again",
            Stage::PreCommit => "the plugin's pre_commit has not returned",
            Stage::Committed => "offsets could not be committed",
        }
    }
}

/// What one task waits for now.
#[derive(Debug, Default)]
pub struct Progress(Mutex<[Option<Instant>; STAGES]>);

impl Progress {
    fn lock(&self) -> MutexGuard<'_, [Option<Instant>; STAGES]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is waited for from now on, if it was not before.
    pub fn begin(&self, stage: Stage) {
        self.lock()[stage as usize].get_or_insert_with(Instant::now);
    }

    /// It came on, and is waited for anew.
    pub fn moved(&self, stage: Stage) {
        self.lock()[stage as usize] = Some(Instant::now());
    }

    /// It is no longer waited for.
    pub fn end(&self, stage: Stage) {
        self.lock()[stage as usize] = None;
    }

    /// It is waited for as long as the answer lives.
    pub fn during(self: &Arc<Self>, stage: Stage) -> Waiting {
        self.begin(stage);
        Waiting { progress: self.clone(), stage }
    }

    /// What is waited for longest.
    fn oldest(&self) -> Option<(Stage, Instant)> {
        let open = *self.lock();
        let open = ALL.into_iter().zip(open).filter_map(|(stage, since)| Some((stage, since?)));
        open.min_by_key(|(_, since)| *since)
    }
}

/// See [`Progress::during`].
#[derive(Debug)]
pub struct Waiting {
    progress: Arc<Progress>,
    stage: Stage,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.progress.end(self.stage);
    }
}

/// Who is watched.
pub struct Watched {
    /// The worker.
    pub context: Arc<Context>,
    /// The task.
    pub id: TaskId,
    /// Its life.
    pub epoch: Epoch,
    /// As calls of its plugin are named.
    pub identity: String,
    /// Its polls may take their time on their thread, too.
    pub blocking: bool,
    /// Its numbers.
    pub metrics: Arc<TaskMetrics>,
    /// What it waits for.
    pub progress: Arc<Progress>,
}

/// Somebody who watches; dropped, nobody does.
pub struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watched {
    /// Begins to watch.
    pub fn watch(self) -> Watch {
        let limit = self.context.config.health_stall_timeout;
        let pause = (limit / 4).clamp(Duration::from_millis(20), Duration::from_secs(5));
        Watch(tokio::spawn(async move {
            let mut told: Option<Seen> = None;
            loop {
                time::sleep(pause).await;
                let seen = self.look(limit);
                self.tell(told.as_ref(), seen.as_ref()).await;
                told = seen;
            }
        }))
    }

    /// What it waits for longer than it should.
    fn look(&self, limit: Duration) -> Option<Seen> {
        let waiting = self.progress.oldest().filter(|(_, since)| since.elapsed() >= limit);
        if let Some((stage, since)) = waiting {
            return Some(Seen { reason: stage.text(), since });
        }
        // A poll that waits for its waker is not among these: it is not on a thread.
        let polls = |what: &str| what.strip_prefix("poll of ").is_some_and(|who| who == self.identity);
        let calls = if self.blocking { Vec::new() } else { self.context.pool.in_progress(limit) };
        let poll = calls.into_iter().find(|call| polls(&call.what))?;
        let since = Instant::now().checked_sub(poll.since)?;
        Some(Seen { reason: "the plugin's poll has not returned", since })
    }

    async fn tell(&self, before: Option<&Seen>, now: Option<&Seen>) {
        let (connector, task) = (self.id.connector.as_str(), self.id.task);
        match (before, now) {
            (None, None) => return,
            (Some(before), Some(now)) if before.reason == now.reason => return,
            (Some(before), None) => {
                let lasted = before.since.elapsed().as_millis();
                tracing::info!(
                    connector,
                    task,
                    "the task comes on again, after {lasted} ms in which {}",
                    before.reason
                );
            }
            (_, Some(now)) => {
                let lasts = now.since.elapsed().as_millis();
                tracing::warn!(connector, task, "the task does not come on: for {lasts} ms {}", now.reason);
            }
        }
        self.metrics.stalled(now.is_some());
        let stall = now.map(|seen| {
            let lasts = u64::try_from(seen.since.elapsed().as_millis()).unwrap_or(u64::MAX);
            Stall { reason: seen.reason.to_owned(), since: self.context.now().saturating_sub(lasts) }
        });
        let (id, epoch) = (self.id.clone(), self.epoch);
        self.context.report(Event::TaskStalled { id, epoch, stall }).await;
    }
}

/// A stall.
struct Seen {
    reason: &'static str,
    since: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_longest_is_told() {
        let progress = Arc::new(Progress::default());
        assert_eq!(progress.oldest(), None);
        progress.begin(Stage::Records);
        let first = progress.oldest();
        progress.begin(Stage::Records);
        assert_eq!(progress.oldest(), first, "a wait keeps its beginning");
        {
            let _put = progress.during(Stage::Put);
            assert_eq!(progress.oldest(), first);
            progress.moved(Stage::Records);
            assert_eq!(progress.oldest().map(|(stage, _)| stage), Some(Stage::Put));
        }
        assert_eq!(progress.oldest().map(|(stage, _)| stage), Some(Stage::Records));
        progress.end(Stage::Records);
        assert_eq!(progress.oldest(), None);
    }

    #[test]
    fn every_stage_has_its_number() {
        for (number, stage) in ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, number);
        }
    }
}
