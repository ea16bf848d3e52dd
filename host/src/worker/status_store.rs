//! The status topic for the loop: what is read comes as events, what is put is sent until it is written or overtaken.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::follow::{Followed, Take};
use crate::herder::{Event, PartStatus, StatusRecord};
use crate::kafka::log::{Entry, LogConf, LogError, LogRecord, Patience};
use crate::topics::status;

/// Bound of one try to send.
const TRY: Duration = Duration::from_secs(10);
/// Before the next try.
const PAUSE: Duration = Duration::from_millis(100);
/// Records of one key that may wait; of more the oldest are overtaken.
const DEEP: usize = 16;

/// The status topic. Calls return at once, or wait within a bound where they say so.
#[derive(Clone)]
pub struct StatusStore {
    topic: Arc<Followed>,
    puts: Arc<Puts>,
}

/// What waits to be written, by key.
struct Puts {
    slots: Mutex<HashMap<Vec<u8>, Slot>>,
    /// How many keys have something that waits.
    open: watch::Sender<usize>,
}

/// What is put of one key, oldest first.
#[derive(Default)]
struct Slot {
    queue: VecDeque<Put>,
    /// Counts what was taken off the front.
    taken: u64,
    /// Worker and generation of the newest status read since something waits.
    heard: Option<(String, i32)>,
}

struct Put {
    record: StatusRecord,
    safe: bool,
}

/// Hands records to the loop.
struct ToLoop {
    topic: String,
    puts: Arc<Puts>,
    events: mpsc::Sender<Event>,
}

impl StatusStore {
    /// Makes or checks the topic and begins to read it: its records come as [`Event::Status`] from now on.
    ///
    /// # Errors
    /// The topic cannot be made or is not fit.
    pub async fn open(mut conf: LogConf, events: mpsc::Sender<Event>) -> Result<StatusStore, LogError> {
        // It is tried again here, where it is known what was overtaken.
        conf.producer.insert("message.send.max.retries".into(), "0".into());
        let puts = Arc::new(Puts { slots: Mutex::default(), open: watch::Sender::new(0) });
        let taker = ToLoop { topic: conf.topic.name.clone(), puts: puts.clone(), events };
        let topic = Arc::new(Followed::open(conf, taker).await?);
        Ok(StatusStore { topic, puts })
    }

    /// Waits until all that the topic has now came as events. The loop must take them meanwhile.
    ///
    /// # Errors
    /// It took too long, or the topic cannot be used any more.
    pub async fn read_to_end(&self, patience: Patience) -> Result<(), LogError> {
        self.topic.read_to_end(patience).await
    }

    /// Why the topic cannot be used any more; none while it can.
    pub fn lost(&self) -> Option<LogError> {
        self.topic.log.lost()
    }

    /// Writes a record, in the order of its key. What passes is tried again, until something newer of that key is put, or, where
    /// `safe` asks for it, another worker has said something newer. Any other failure is logged.
    pub fn put(&self, record: StatusRecord, safe: bool) {
        let key = status::key(&record);
        let mut slots = self.puts.slots();
        let idle = !slots.contains_key(&key);
        let slot = slots.entry(key.clone()).or_default();
        slot.queue.push_back(Put { record, safe });
        if slot.queue.len() > DEEP {
            slot.queue.pop_front();
            slot.taken += 1;
        }
        self.puts.open.send_replace(slots.len());
        drop(slots);
        if idle {
            let store = self.clone();
            tokio::spawn(async move { store.send(key).await });
        }
    }

    /// Waits until all that was put is written or given up, for at most `within`; false: something is left.
    pub async fn flush(&self, within: Duration) -> bool {
        let mut open = self.puts.open.subscribe();
        let flushed = tokio::time::timeout(within, open.wait_for(|open| *open == 0)).await;
        matches!(flushed, Ok(Ok(_)))
    }

    /// Sends what waits of one key, until nothing does.
    async fn send(&self, key: Vec<u8>) {
        while let Some((number, entry)) = self.puts.next(&key) {
            let outcome = self.topic.log.append(vec![entry], TRY).await;
            let again = match &outcome {
                Ok(()) => false,
                Err(error) if error.is_retriable() => self.puts.may_try_again(&key),
                Err(error) => {
                    tracing::error!("status {:?} was not written: {error}", String::from_utf8_lossy(&key));
                    false
                }
            };
            if again {
                tokio::time::sleep(PAUSE).await;
            } else {
                self.puts.done(&key, number);
            }
        }
    }
}

impl Puts {
    fn slots(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest record of a key with its number; none: the key is done, and forgotten.
    fn next(&self, key: &[u8]) -> Option<(u64, Entry)> {
        let mut slots = self.slots();
        let slot = slots.get(key)?;
        if let Some(put) = slot.queue.front() {
            return Some((slot.taken, status::write(&put.record)));
        }
        slots.remove(key);
        self.open.send_replace(slots.len());
        None
    }

    /// Takes a record off its queue, unless that has happened.
    fn done(&self, key: &[u8], number: u64) {
        if let Some(slot) = self.slots().get_mut(key).filter(|slot| slot.taken == number) {
            slot.queue.pop_front();
            slot.taken += 1;
        }
    }

    /// Whether the oldest record of a key is still worth sending.
    fn may_try_again(&self, key: &[u8]) -> bool {
        let slots = self.slots();
        let Some(slot) = slots.get(key) else { return false };
        let Some(put) = slot.queue.front().filter(|_| slot.queue.len() == 1) else { return false };
        let (StatusRecord::Connector { status, .. } | StatusRecord::Task { status, .. }) = &put.record else {
            return true;
        };
        let overtaken = |status: &PartStatus| {
            slot.heard.as_ref().is_some_and(|(worker, generation)| {
                *worker != status.worker_id && *generation > status.generation
            })
        };
        !(put.safe && status.as_ref().is_some_and(overtaken))
    }

    /// Notes what another worker may have said of a key that waits.
    fn heard(&self, record: &StatusRecord) {
        let (StatusRecord::Connector { status: Some(status), .. }
        | StatusRecord::Task { status: Some(status), .. }) = record
        else {
            return;
        };
        if let Some(slot) = self.slots().get_mut(&status::key(record)) {
            slot.heard = Some((status.worker_id.clone(), status.generation));
        }
    }
}

impl Take for ToLoop {
    async fn take(&mut self, record: LogRecord) {
        match status::read(record.key.as_deref(), record.value.as_deref()) {
            Ok(record) => {
                self.puts.heard(&record);
                let _ = self.events.send(Event::Status(record)).await;
            }
            Err(skipped) => {
                let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
                let (topic, offset) = (&self.topic, record.offset);
                tracing::error!("record {key:?} at offset {offset} of topic {topic} is skipped: {skipped}");
            }
        }
    }
}
