//! Following a topic that workers share: each record is taken in as it is read, and whoever asks waits for the end.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::kafka::log::{Log, LogConf, LogError, LogRecord, Patience, Read};

/// Who takes records in.
pub trait Take: Send + 'static {
    /// Takes the next record in. Until it is done nothing else is read.
    fn take(&mut self, record: LogRecord) -> impl Future<Output = ()> + Send;

    /// The topic cannot be used any more; nothing follows.
    fn lost(&mut self, _error: &LogError) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// A topic that is followed until this is dropped.
pub struct Followed {
    /// To append to it.
    pub log: Log,
    ends: Arc<Ends>,
}

/// Who waits for the end of the topic, by number.
#[derive(Default)]
struct Ends {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<(), LogError>>>>,
}

impl Followed {
    /// Opens the topic, making it if it is missing, and begins to read it.
    ///
    /// # Errors
    /// See [`Log::open`].
    pub async fn open(conf: LogConf, taker: impl Take) -> Result<Followed, LogError> {
        let (log, reads) = Log::open(conf).await?;
        let ends = Arc::<Ends>::default();
        tokio::spawn(follow(ends.clone(), reads, taker));
        Ok(Followed { log, ends })
    }

    /// Waits until all records that the topic has now were taken in.
    ///
    /// # Errors
    /// It took too long, or the topic cannot be used any more.
    pub async fn read_to_end(&self, patience: Patience) -> Result<(), LogError> {
        let token = self.ends.next.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        self.ends.waiting().insert(token, reply);
        if let Err(error) = self.log.read_to_end(token, patience).await {
            self.ends.waiting().remove(&token);
            return Err(error);
        }
        // Without an answer the log has ended, and says why.
        match answer.await {
            Ok(outcome) => outcome,
            Err(_) => self.log.read_to_end(token, patience).await,
        }
    }
}

impl Ends {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Result<(), LogError>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follow(ends: Arc<Ends>, mut reads: mpsc::Receiver<Read>, mut taker: impl Take) {
    while let Some(read) = reads.recv().await {
        match read {
            Read::Record(record) => taker.take(record).await,
            Read::End { token, outcome } => {
                let waiting = ends.waiting().remove(&token);
                if let Some(waiting) = waiting {
                    let _ = waiting.send(outcome);
                }
            }
            Read::Lost(error) => {
                taker.lost(&error).await;
                break;
            }
        }
    }
    ends.waiting().clear();
}
