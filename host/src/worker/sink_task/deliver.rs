//! Putting records, and what the plugin answers.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time;

use super::Running;
use super::batch::{self, Messages, Place, Retained};
use crate::metrics::ErrorCount;
use crate::plugins::call::CallError;
use crate::plugins::instance::Report;
use crate::plugins::put::PutAnswer;
use crate::records::error_log::Original;
use crate::records::sink_ledger::TopicPartition;
use crate::records::stage::Stage;
use crate::settings::connector::Tolerance;
use crate::worker::progress::Stage as Waited;
use crate::worker::task::Failed;

impl Running {
    /// Puts what is to be put again, or else what has come in.
    pub(super) async fn put_next(&mut self) -> Result<(), Failed> {
        let batch = match self.retained.take() {
            Some(retained) => {
                for run in &retained.runs {
                    self.ledger.deliver(&run.at, run.first, run.last);
                }
                retained
            }
            None => self.convert()?,
        };
        self.env.report_topics().await;
        if batch.places.is_empty() {
            self.done_with(&batch);
            return Ok(());
        }
        let (plugin, lent) = (self.plugin.clone(), batch.lent.clone());
        let began = Instant::now();
        let waiting = self.env.progress.during(Waited::Put);
        let answer = self.attend(async move { plugin.put(lent).await }).await?;
        drop(waiting);
        match answer {
            // The time to stop is over: nothing of this was accepted, so it will be read again.
            None => Ok(()),
            Some(Ok(answers)) => {
                self.backoff.reset();
                self.env.metrics.put(batch.places.len() as u64, began.elapsed());
                self.note_latency(&batch);
                self.answered(batch, &answers)
            }
            Some(Err(error)) if error.is_retriable() => {
                self.again_later(&error);
                self.retained = Some(batch);
                Ok(())
            }
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Converts what has come in. Messages that cannot be converted are dropped, or fail the task.
    fn convert(&mut self) -> Result<Retained, Failed> {
        let rest = self.incoming.split_off(self.incoming.len().min(self.limits.records));
        let messages = std::mem::replace(&mut self.incoming, rest);
        self.incoming_bytes = self.incoming.iter().map(|message| message.size()).sum();
        if self.held_back {
            self.held_back = false;
            self.apply_pauses();
        }
        self.unread = true;
        let count = messages.len() as u64;
        self.env.metrics.read(count);
        let began = Instant::now();
        let messages = Messages::new(messages, &mut self.topics, self.consumer.clone());
        let converted = batch::convert(&self.pipeline, messages, self.plugin.instance());
        let (batch, failures) =
            converted.map_err(|bad| Failed(format!("records cannot be lent to the plugin: {bad}")))?;
        self.env.metrics.converted(count, began.elapsed());
        for run in &batch.runs {
            self.env.topics.read(&run.at.topic);
            if self.ledger.committed(&run.at).is_none() && self.ledger.safe_offset(&run.at).is_none() {
                // Where reading began is where a failed flush goes back to.
                self.ledger.assign(run.at.clone(), Some(run.first));
            }
            self.ledger.deliver(&run.at, run.first, run.last);
        }
        self.env.metrics.in_flight(self.ledger.uncommitted());
        for (place, failure) in failures {
            let at = batch.runs[place.run].at.clone();
            self.bad(&at, &place, failure.stage, &failure.to_string())?;
        }
        Ok(batch)
    }

    /// Everything of the batch is done.
    fn done_with(&mut self, batch: &Retained) {
        self.env.progress.end(Waited::PutAgain);
        for run in &batch.runs {
            self.ledger.accept(&run.at, run.last);
        }
    }

    fn answered(&mut self, batch: Retained, answers: &[PutAnswer]) -> Result<(), Failed> {
        let explanations = self.plugin.instance().take_explanations();
        if answers.iter().all(|answer| *answer == PutAnswer::Ok) {
            self.done_with(&batch);
            return Ok(());
        }
        let why = |index: usize| {
            explanations.get(&index).cloned().unwrap_or_else(|| "the task gave no reason".into())
        };
        let mut retried: HashSet<usize> = HashSet::new();
        let mut again = Vec::new();
        let mut first_retry: Vec<(usize, i64)> = Vec::new();
        let mut reason = None;
        for (index, (answer, place)) in answers.iter().zip(&batch.places).enumerate() {
            if retried.contains(&place.run) {
                again.push(index);
                continue;
            }
            match answer {
                PutAnswer::Ok => {}
                PutAnswer::Bad => {
                    let at = batch.runs[place.run].at.clone();
                    self.bad(&at, place, Stage::TaskPut, &why(index))?;
                }
                PutAnswer::Retry => {
                    retried.insert(place.run);
                    first_retry.push((place.run, place.offset));
                    reason.get_or_insert_with(|| why(index));
                    again.push(index);
                }
            }
        }
        self.note_answers(&batch, &first_retry);
        if reason.is_none() {
            self.env.progress.end(Waited::PutAgain);
        }
        if let Some(reason) = reason {
            self.retained = Some(batch.subset(&again));
            self.rest(&format!("{} records: {reason}", again.len()));
        }
        Ok(())
    }

    fn note_answers(&mut self, batch: &Retained, first_retry: &[(usize, i64)]) {
        for (index, run) in batch.runs.iter().enumerate() {
            match first_retry.iter().find(|(retried, _)| *retried == index) {
                Some((_, offset)) => self.ledger.retry(&run.at, *offset),
                None => self.ledger.accept(&run.at, run.last),
            }
        }
    }

    fn again_later(&mut self, error: &CallError) {
        self.rest(&error.to_string());
    }

    /// No put for a while.
    fn rest(&mut self, why: &str) {
        self.env.progress.begin(Waited::PutAgain);
        let pause = self.retry_pause.take().unwrap_or_else(|| self.backoff.pause());
        let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
        tracing::warn!(connector, task, "put is tried again in {} ms: {why}", pause.as_millis());
        self.env.metrics.errors(ErrorCount { failures: 1, retries: 1, ..ErrorCount::default() });
        self.rest_until = Some(time::Instant::now() + pause);
    }

    /// A record that cannot be handled: dropped if errors are tolerated, else the end of the task.
    fn bad(&mut self, at: &TopicPartition, place: &Place, stage: Stage, why: &str) -> Result<(), Failed> {
        let Place { offset, timestamp, .. } = *place;
        if let Some(log) = &self.error_log {
            let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
            let (topic, partition) = (&*at.topic, at.partition);
            let original = || Original::Consumed { topic, partition, offset, timestamp }.to_string();
            tracing::error!(connector, task, stage = stage.name(), "{}", log.line(stage, original, why));
        }
        let logged = self.error_log.is_some().into();
        let count = ErrorCount { failures: 1, errors: 1, logged, ..ErrorCount::default() };
        if self.tolerance == Tolerance::All {
            self.env.metrics.errors(ErrorCount { skipped: 1, ..count });
            return Ok(());
        }
        self.env.metrics.errors(count);
        Err(Failed(format!(
            "Tolerance exceeded in error handler, stage {stage}, record at {at}@{offset}: {why}"
        )))
    }

    /// A bad record that the plugin reported. Without a dead letter queue the report ends with the decision.
    pub(super) fn reported_bad(&mut self, report: Report) -> Result<(), Failed> {
        let Report { ticket, partition, offset, message } = report;
        // It may be of an earlier put, whose timestamps are not at hand any more.
        let place = Place { run: 0, offset, timestamp: None };
        self.bad(&partition, &place, Stage::TaskPut, &message)?;
        self.plugin.instance().finish_report(ticket);
        Ok(())
    }

    fn note_latency(&self, batch: &Retained) {
        let oldest = batch.places.iter().filter_map(|place: &Place| place.timestamp).map(|(at, _)| at).min();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if let Some(oldest) = oldest.and_then(|oldest| u64::try_from(oldest).ok()) {
            self.env.metrics.latency(now.saturating_sub(Duration::from_millis(oldest)));
        }
    }
}
