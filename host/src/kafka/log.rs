//! A compacted topic that others write to as well: made or checked, read from its beginning, followed for ever, appended to.
//!
//! This is Kafka Connect's `KafkaBasedLog`. What is read comes out of one bounded queue in the order of the topic, and the answer
//! to a reading to the end stands in that queue behind all that was read for it. A topic that was deleted, made anew or cut
//! short underneath is never read again from its beginning: see [`LogError::Lost`].

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::admin::TopicSpec;
use super::native::Owner;
use super::{Conf, KafkaError};

mod prepare;
mod reader;
mod writer;

/// Records read that may wait to be taken.
const READ_AHEAD: usize = 1000;
/// Appends that may wait to be sent.
const JOBS: usize = 1000;
/// Questions for the end that may wait.
const ASKS: usize = 1000;

/// What a topic is for: the texts of errors, and how many partitions it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Configs of connectors: one partition.
    Configs,
    /// Offsets of source connectors.
    Offsets,
    /// Statuses of connectors and tasks.
    Statuses,
}

impl Purpose {
    /// The worker's key that names the topic.
    pub fn key(self) -> &'static str {
        match self {
            Purpose::Configs => "config.storage.topic",
            Purpose::Offsets => "offset.storage.topic",
            Purpose::Statuses => "status.storage.topic",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Purpose::Configs => "connector configurations",
            Purpose::Offsets => "source connector offsets",
            Purpose::Statuses => "connector and task statuses",
        }
    }
}

/// Clients' settings and the topic of a log. Not `Debug`: settings hold secrets.
#[derive(Clone)]
pub struct LogConf {
    /// Topic to make when it is missing; it is made compacted, whatever its configs say.
    pub topic: TopicSpec,
    /// What it is for.
    pub purpose: Purpose,
    /// Of the consumer that reads.
    pub consumer: Conf,
    /// Of the producer that appends.
    pub producer: Conf,
    /// Of the client that makes the topic and asks about it.
    pub admin: Conf,
    /// For errors and log lines of all three.
    pub owner: Owner,
    /// False on the embedded broker, which makes topics by use only and knows no settings of them.
    pub create: bool,
    /// Bound of making and checking.
    pub timeout: Duration,
}

/// Why a log cannot be used, or something was not done with it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// What a broker or client said.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// The topic is not as it has to be.
    #[error("{0}")]
    Unfit(String),
    /// The topic is not the one any more that was read. Nothing is read from it or written to it from now on.
    #[error(
        "topic {topic} {what}. It is refused: nothing more is read or written, and no old record comes back to life. See to the \
         topic named by {key}, then restart the worker, which goes by what the topic holds then"
    )]
    Lost {
        /// The topic.
        topic: String,
        /// What happened to it.
        what: String,
        /// The worker's key that names it.
        key: &'static str,
    },
    /// It took too long.
    #[error("topic {topic} was not {done} within {millis} ms")]
    Late {
        /// The topic.
        topic: String,
        /// What was wanted: `read to its end`, `written`.
        done: &'static str,
        /// The bound.
        millis: u128,
    },
    /// The log is closed.
    #[error("topic {0} is not followed any more")]
    Closed(String),
}

impl LogError {
    /// Whether trying again can help.
    pub fn is_retriable(&self) -> bool {
        match self {
            LogError::Kafka(error) => error.retriable,
            LogError::Late { .. } => true,
            LogError::Unfit(_) | LogError::Lost { .. } | LogError::Closed(_) => false,
        }
    }
}

/// A record as it was read. Not `Debug`: values may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value; none is a tombstone.
    pub value: Option<Vec<u8>>,
}

/// What comes out of a log.
pub enum Read {
    /// The next record; of one partition they come in its order.
    Record(LogRecord),
    /// A reading to the end is over.
    End {
        /// The number that the one who asked gave it.
        token: u64,
        /// All records before the end came. Or why that could not be found out.
        outcome: Result<(), LogError>,
    },
    /// The log is at its end for ever; nothing follows.
    Lost(LogError),
}

/// How long a reading to the end may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// In all.
    Total(Duration),
    /// As long as something is read at least that often.
    Quiet(Duration),
}

/// A key and its value; no value is a tombstone.
pub type Entry = (Vec<u8>, Option<Vec<u8>>);

/// Records to append, and who waits for them.
struct Job {
    records: Vec<Entry>,
    within: Duration,
    until: Instant,
    reply: oneshot::Sender<Result<(), LogError>>,
}

/// A question for the end.
struct Ask {
    token: u64,
    patience: Patience,
}

/// What reader, writer and handle share.
struct Shared {
    topic: String,
    key: &'static str,
    /// Why the log cannot be used any more.
    lost: OnceLock<LogError>,
}

impl Shared {
    fn lost(&self, what: impl Into<String>) -> LogError {
        LogError::Lost { topic: self.topic.clone(), what: what.into(), key: self.key }
    }

    fn late(&self, done: &'static str, bound: Duration) -> LogError {
        LogError::Late { topic: self.topic.clone(), done, millis: bound.as_millis() }
    }
}

/// A log that is open. Dropped, it ends; what waits is told so.
pub struct Log {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    asks: mpsc::Sender<Ask>,
}

impl Log {
    /// Makes the topic if it is missing, checks it otherwise, and begins to read it from its beginning.
    ///
    /// # Errors
    /// The topic cannot be made or found, or is not as it has to be; nothing was written.
    pub async fn open(conf: LogConf) -> Result<(Log, mpsc::Receiver<Read>), LogError> {
        let (topic, key) = (conf.topic.name.clone(), conf.purpose.key());
        let prepared = tokio::task::spawn_blocking(move || prepare::prepare(&conf)).await;
        let prepared = prepared.map_err(|_| LogError::Closed(topic.clone()))??;
        let shared = Arc::new(Shared { topic, key, lost: OnceLock::new() });
        let (read, out) = mpsc::channel(READ_AHEAD);
        let (jobs, wanted) = mpsc::channel(JOBS);
        let (asks, asked) = mpsc::channel(ASKS);
        tokio::spawn(reader::run(shared.clone(), prepared.reading, asked, read));
        tokio::spawn(writer::run(shared.clone(), prepared.producer, wanted));
        Ok((Log { shared, jobs, asks }, out))
    }

    /// Appends records in their order, and waits until the broker has answered for all of them, for at most `within`.
    /// What was not written in time is not written later, unless it was on its way already.
    ///
    /// # Errors
    /// The first failure; others of the batch may or may not be written.
    pub async fn append(&self, records: Vec<Entry>, within: Duration) -> Result<(), LogError> {
        self.begin(records, within).await?.await
    }

    /// The same in two steps: has the records sent, behind those of earlier calls and before those of later ones; then what is
    /// given back waits for the answers. Several batches may be on their way at a time.
    ///
    /// # Errors
    /// Nothing is sent.
    pub async fn begin(
        &self,
        records: Vec<Entry>,
        within: Duration,
    ) -> Result<impl Future<Output = Result<(), LogError>> + Send + use<>, LogError> {
        if let Some(lost) = self.shared.lost.get() {
            return Err(lost.clone());
        }
        let (reply, answer) = oneshot::channel();
        let until = Instant::now() + within;
        let closed = LogError::Closed(self.shared.topic.clone());
        if records.is_empty() {
            let _ = reply.send(Ok(()));
        } else {
            let job = Job { records, within, until, reply };
            match tokio::time::timeout(within, self.jobs.send(job)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(closed),
                Err(_) => return Err(self.shared.late("written", within)),
            }
        }
        Ok(async move { answer.await.unwrap_or(Err(closed)) })
    }

    /// Has the log read to the end that the topic has now or later; [`Read::End`] with this number follows.
    ///
    /// # Errors
    /// The log cannot be used any more: no such answer follows.
    pub async fn read_to_end(&self, token: u64, patience: Patience) -> Result<(), LogError> {
        if let Some(lost) = self.shared.lost.get() {
            return Err(lost.clone());
        }
        let closed = |_| LogError::Closed(self.shared.topic.clone());
        self.asks.send(Ask { token, patience }).await.map_err(closed)
    }

    /// Why the log cannot be used any more; none while it can.
    pub fn lost(&self) -> Option<LogError> {
        self.shared.lost.get().cloned()
    }
}
