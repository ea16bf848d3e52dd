//! The config topic for the loop: what is read comes as events in its order, what is written counts once it was read back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::follow::{Followed, Take};
use crate::herder::{ConfigRecord, Event, ReadId, WriteId};
use crate::kafka::log::{LogConf, LogError, LogRecord, Patience};
use crate::topics::config;
use crate::topics::json::Skipped;

/// What a write may take in all: to be acknowledged, and to be read back.
const WRITE: Duration = Duration::from_secs(30);

/// The config topic. Calls return at once; what comes of them are events.
#[derive(Clone)]
pub struct ConfigStore {
    topic: Arc<Followed>,
    /// How far was read: the offset of the last record and 1, or -1.
    offset: Arc<AtomicI64>,
    events: mpsc::Sender<Event>,
}

/// Hands records to the loop.
struct ToLoop {
    topic: String,
    offset: Arc<AtomicI64>,
    events: mpsc::Sender<Event>,
}

impl ConfigStore {
    /// Makes or checks the topic and begins to read it: its records come as [`Event::Config`] from now on. Whoever waits for the
    /// first of them all asks with [`ConfigStore::read`].
    ///
    /// # Errors
    /// The topic cannot be made or is not fit.
    pub async fn open(conf: LogConf, events: mpsc::Sender<Event>) -> Result<ConfigStore, LogError> {
        let offset = Arc::new(AtomicI64::new(-1));
        let (topic, events_too) = (conf.topic.name.clone(), events.clone());
        let taker = ToLoop { topic, offset: offset.clone(), events: events_too };
        let topic = Arc::new(Followed::open(conf, taker).await?);
        Ok(ConfigStore { topic, offset, events })
    }

    /// Appends records as one batch, in their order, reads them back, and reports [`Event::Written`].
    pub fn write(&self, write: WriteId, records: Vec<ConfigRecord>) {
        let store = self.clone();
        tokio::spawn(async move {
            let entries = records.iter().map(config::write).collect();
            let written = async {
                store.topic.log.append(entries, WRITE).await?;
                store.topic.read_to_end(Patience::Total(WRITE)).await
            };
            let outcome = match tokio::time::timeout(WRITE, written).await {
                Ok(outcome) => outcome.map_err(|error| error.to_string()),
                Err(_) => Err(format!("not written and read back within {} ms", WRITE.as_millis())),
            };
            let _ = store.events.send(Event::Written { write, outcome }).await;
        });
    }

    /// Reads to the end that the topic has now, and reports [`Event::ConfigRead`].
    pub fn read(&self, read: ReadId, patience: Patience) {
        let store = self.clone();
        tokio::spawn(async move {
            let outcome = store.topic.read_to_end(patience).await;
            let outcome = outcome.map(|()| store.offset.load(Ordering::Acquire));
            let outcome = outcome.map_err(|error| error.to_string());
            let _ = store.events.send(Event::ConfigRead { read, outcome }).await;
        });
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
}

impl Take for ToLoop {
    async fn take(&mut self, record: LogRecord) {
        let (topic, offset) = (&self.topic, record.offset + 1);
        let record = match config::read(record.key.as_deref(), record.value.as_deref()) {
            Ok(record) => Some(record),
            Err(skipped) => {
                let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
                tracing::error!(
                    "record {key:?} at offset {} of topic {topic} is skipped: {skipped}",
                    offset - 1
                );
                if skipped == Skipped::NotJson {
                    return;
                }
                None
            }
        };
        let _ = self.events.send(Event::Config { offset, record }).await;
        // Later than the event: whoever is told this offset has had all before it.
        self.offset.store(offset, Ordering::Release);
    }

    async fn lost(&mut self, error: &LogError) {
        if matches!(error, LogError::Lost { .. }) {
            let _ = self.events.send(Event::ConfigLost { why: error.to_string() }).await;
        }
    }
}
