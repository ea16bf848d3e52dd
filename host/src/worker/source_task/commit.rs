//! Storing what the ledger frees, and the last time at the end.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time;

use super::Running;
use crate::plugins::offsets as compact;
use crate::records::ledger::Committable;
use crate::worker::offset_store::{Change, StoreError};
use crate::worker::progress::Stage;
use crate::worker::task::Failed;

/// The pause before offsets are tried again at the end of a task.
const AGAIN: Duration = Duration::from_millis(100);

/// A write of offsets under way.
pub(super) struct Flush {
    write: Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>,
    taken: Vec<Committable>,
    began: Instant,
}

/// How a write ended.
pub(super) struct Outcome {
    result: Result<(), StoreError>,
    taken: Vec<Committable>,
    began: Instant,
}

/// What becomes of offsets at the end of a task that could not be stored.
pub(super) enum AtTheEnd {
    /// They are tried again, as long as the end may take.
    TryAgain,
    /// They are left; their records come again.
    GiveUp,
}

/// The end of the write under way; never, when there is none.
pub(super) async fn done(flush: &mut Option<Flush>) -> Outcome {
    let Some(open) = flush else { return std::future::pending().await };
    let result = (&mut open.write).await;
    let (taken, began) = (std::mem::take(&mut open.taken), open.began);
    *flush = None;
    Outcome { result, taken, began }
}

impl Running {
    /// Begins to store what can be stored by now.
    pub(super) fn begin_flush(&mut self) -> Result<(), Failed> {
        self.next_flush = time::Instant::now() + self.env.context.config.offset_flush_interval;
        self.take_deliveries()?;
        if !self.env.context.is_member() {
            // Another worker may run this task by now, and store newer ones.
            return Ok(());
        }
        let taken = self.ledger.take_committable();
        let changes = self.changes(&taken);
        if changes.is_empty() {
            return Ok(());
        }
        self.env.progress.begin(Stage::Offsets);
        let store = self.env.context.offsets.clone();
        let connector = self.env.id.connector.clone();
        let limit = self.env.context.config.offset_flush_timeout;
        let write = Box::pin(async move {
            // A write that takes longer goes on, and so do later ones behind it: offsets only grow.
            match time::timeout(limit, store.write(&connector, changes)).await {
                Ok(result) => result,
                Err(_) => Err(StoreError {
                    place: "of the worker".into(),
                    problem: format!("no answer within offset.flush.timeout.ms ({} ms)", limit.as_millis()),
                    retriable: true,
                }),
            }
        });
        self.flush = Some(Flush { write, taken, began: Instant::now() });
        Ok(())
    }

    /// What was freed, by source partition. Records without offset leave nothing to store.
    fn changes(&self, taken: &[Committable]) -> Vec<Change> {
        let with_offset = taken.iter().filter(|freed| !freed.offset.is_empty());
        with_offset
            .filter_map(|freed| {
                Some((self.plugin.instance().partition(freed.partition)?, compact::decode(&freed.offset)?))
            })
            .collect()
    }

    /// Notes how a write ended. What could not be stored is tried again with the next flush, and at the end at once where
    /// that can help, as the answer tells.
    pub(super) fn end_flush(&mut self, outcome: Outcome) -> Result<(), AtTheEnd> {
        self.env.metrics.offset_commit(outcome.result.is_ok(), outcome.began.elapsed());
        match outcome.result {
            Ok(()) => {
                self.env.progress.end(Stage::Offsets);
                self.news.stored();
                Ok(())
            }
            Err(error) => {
                let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
                tracing::error!(connector, task, "offsets were not stored, which is tried again: {error}");
                self.ledger.restore(outcome.taken);
                Err(if error.retriable { AtTheEnd::TryAgain } else { AtTheEnd::GiveUp })
            }
        }
    }

    /// Waits until all that was sent is answered, stores the last offsets and tells the plugin. The caller bounds it.
    pub(super) async fn drain(&mut self) {
        let mut whole = true;
        while whole && !self.ledger.is_drained() {
            whole = self.take_deliveries().is_ok();
            if whole && !self.ledger.is_drained() {
                self.producer.native().ready().await;
            }
        }
        loop {
            if self.flush.is_some() {
                let outcome = done(&mut self.flush).await;
                match self.end_flush(outcome) {
                    Ok(()) => {}
                    // A broker may come back in time, and what is stored does not come again.
                    Err(AtTheEnd::TryAgain) => time::sleep(AGAIN).await,
                    Err(AtTheEnd::GiveUp) => break,
                }
            }
            if !self.ledger.has_committable() {
                break;
            }
            if self.begin_flush().is_err() || self.flush.is_none() {
                break;
            }
        }
        loop {
            self.begin_telling();
            let Some(telling) = &mut self.telling else { break };
            let result = telling.await;
            self.telling = None;
            self.env.log_end(result);
        }
    }
}
