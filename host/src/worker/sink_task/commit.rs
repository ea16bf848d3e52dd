//! Committing what put has answered for, if the plugin agrees.

use std::time::Instant;

use tokio::time;

use super::Running;
use crate::kafka::KafkaError;
use crate::plugins::call::CallError;
use crate::records::sink_ledger::{Commit, TopicPartition};
use crate::worker::progress::Stage;
use crate::worker::task::{Failed, MEMBERSHIP};

impl Running {
    /// Whether it is time to commit, and no commit is under way.
    pub(super) fn commit_due(&mut self) -> bool {
        let due = self.commit_wanted || time::Instant::now() >= self.next_commit;
        if let Some((_, began)) = &self.committing {
            if !due || began.elapsed() < self.env.context.config.offset_flush_timeout {
                // Looked at again with the next wake-up.
                if due {
                    self.next_commit =
                        time::Instant::from_std(*began + self.env.context.config.offset_flush_timeout);
                    self.commit_wanted = false;
                }
                return false;
            }
            let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
            tracing::error!(
                connector,
                task,
                "a commit of offsets was not answered in time; it is made again"
            );
            self.env.metrics.offset_commit(false, began.elapsed());
            self.abandon_commit();
        }
        due
    }

    fn abandon_commit(&mut self) {
        if self.committing.take().is_some() {
            self.ledger.abandon_commit();
            self.void_answers += 1;
        }
    }

    /// Begins a commit; its answer comes through the consumer's queue.
    pub(super) async fn commit(&mut self) -> Result<(), Failed> {
        self.next_commit = time::Instant::now() + self.env.context.config.offset_flush_interval;
        self.commit_wanted = false;
        if !self.env.context.is_member() {
            self.next_commit = time::Instant::now() + MEMBERSHIP;
            return Ok(());
        }
        let began = Instant::now();
        let safe = self.ledger.safe_offsets();
        if safe.is_empty() {
            self.env.progress.end(Stage::Committed);
        }
        let Some(commit) = self.agree(safe).await? else { return Ok(()) };
        if commit.offsets.is_empty() {
            self.env.progress.end(Stage::Committed);
            self.env.metrics.offset_commit(true, began.elapsed());
            return Ok(());
        }
        if !self.env.context.is_member() {
            self.ledger.abandon_commit();
            return Ok(());
        }
        self.env.progress.begin(Stage::Committed);
        match self.consumer.commit(&commit.offsets) {
            Ok(()) => self.committing = Some((commit, began)),
            Err(error) => self.commit_failed(&commit, began, &error),
        }
        Ok(())
    }

    /// Asks the plugin which of these offsets may be committed. None: nothing now.
    async fn agree(&mut self, safe: Vec<(TopicPartition, i64)>) -> Result<Option<Commit>, Failed> {
        if safe.is_empty() {
            return Ok(None);
        }
        let plugin = self.plugin.clone();
        let waiting = self.env.progress.during(Stage::PreCommit);
        let answer = self.attend(async move { plugin.pre_commit(safe).await }).await?;
        drop(waiting);
        let agreed = match answer {
            None => return Ok(None),
            Some(Ok(agreed)) => agreed,
            Some(Err(error)) if error.is_retriable() => {
                self.not_agreed(&error).await?;
                return Ok(None);
            }
            Some(Err(error)) => return Err(error.into()),
        };
        let commit = self.ledger.begin_commit(agreed);
        for (at, offset, why) in &commit.ignored {
            let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
            tracing::warn!(
                connector,
                task,
                "offset {offset} of {at}, which the task wants to commit, is ignored: {why:?}"
            );
        }
        Ok(Some(commit))
    }

    /// The plugin could not make its records durable: they are read again from the last commit on, as in Kafka.
    async fn not_agreed(&mut self, error: &CallError) -> Result<(), Failed> {
        let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
        tracing::error!(
            connector,
            task,
            "no offsets are committed; records since the last commit are put again: {error}"
        );
        self.env.metrics.offset_commit(false, std::time::Duration::ZERO);
        if self.stop.is_some() {
            return Ok(());
        }
        let targets = self.ledger.rewind();
        self.read_again_from(targets).await
    }

    fn commit_failed(&mut self, commit: &Commit, began: Instant, error: &KafkaError) {
        let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
        tracing::error!(connector, task, "offsets were not committed, which is tried again: {error}");
        self.ledger.commit_finished(commit, false);
        self.env.metrics.offset_commit(false, began.elapsed());
    }

    /// Takes the answer to a commit.
    pub(super) fn committed(&mut self, result: Result<Vec<(TopicPartition, i64)>, KafkaError>) {
        if self.void_answers > 0 {
            self.void_answers -= 1;
            self.env.metrics.offset_commit_skipped();
            return;
        }
        let Some((commit, began)) = self.committing.take() else { return };
        match result {
            Ok(_) => {
                self.env.progress.end(Stage::Committed);
                self.ledger.commit_finished(&commit, true);
                self.env.metrics.offset_commit(true, began.elapsed());
                self.env.metrics.in_flight(self.ledger.uncommitted());
            }
            Err(error) => self.commit_failed(&commit, began, &error),
        }
    }

    /// Commits the offsets of these partitions, or of all, and waits for the answer: before they are given up.
    pub(super) async fn commit_before_leaving(
        &mut self,
        only: Option<&[TopicPartition]>,
    ) -> Result<(), Failed> {
        self.abandon_commit();
        if !self.env.context.is_member() {
            // Another worker may run this task by now: whoever has the partitions next goes on from the last commit.
            return Ok(());
        }
        let mut safe = self.ledger.safe_offsets();
        if let Some(only) = only {
            safe.retain(|(at, _)| only.contains(at));
        }
        let began = Instant::now();
        let Some(commit) = self.agree(safe).await? else { return Ok(()) };
        if commit.offsets.is_empty() {
            return Ok(());
        }
        if !self.env.context.is_member() {
            self.ledger.abandon_commit();
            return Ok(());
        }
        let (consumer, offsets) = (self.consumer.clone(), commit.offsets.clone());
        let call = tokio::task::spawn_blocking(move || consumer.commit_now(&offsets));
        match self.attend(call).await? {
            Some(Ok(Ok(()))) => {
                self.ledger.commit_finished(&commit, true);
                self.env.metrics.offset_commit(true, began.elapsed());
                self.env.metrics.in_flight(self.ledger.uncommitted());
            }
            Some(Ok(Err(error))) => self.commit_failed(&commit, began, &error),
            Some(Err(_)) | None => self.ledger.abandon_commit(),
        }
        Ok(())
    }
}
