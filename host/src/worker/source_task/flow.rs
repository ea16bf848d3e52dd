//! From a polled batch to acknowledged records.

use std::time::{Duration, Instant};

use super::Running;
use crate::kafka::KafkaError;
use crate::kafka::producer::{Delivery, Outgoing, Run, Sent};
use crate::metrics::ErrorCount;
use crate::plugins::offsets as compact;
use crate::plugins::source::{Ack, Batch, Part};
use crate::records::error_log::{Original, Target};
use crate::records::ledger::Seq;
use crate::records::pipeline::source::{self, SourceBatch, SourceOutcome};
use crate::records::stage::Stage;
use crate::records::value::Value;
use crate::settings::connector::Tolerance;
use crate::worker::progress::Stage as Progressing;
use crate::worker::task::{Failed, MEMBERSHIP};

/// Records that are read, converted and sent in one go; few enough to stay in the processor's cache.
const PART: usize = 512;
/// Deliveries that are taken in one go.
const DELIVERIES: usize = 10_000;

impl Running {
    /// Converts and sends a batch. A stop on the way leaves the rest unsent: it will be polled again.
    pub(super) async fn take(&mut self, batch: Batch) -> Result<(), Failed> {
        self.env.metrics.polled(batch.len() as u64, self.polled_at.elapsed());
        let mut buffers = std::mem::take(&mut self.buffers);
        let mut start = 0;
        while start < batch.len() && !self.stop {
            let part = batch.read(start..start + PART)?;
            let began = Instant::now();
            let records = SourceBatch { records: &part.records, headers: &part.headers };
            let outcome = self.pipeline.clone().convert(records, &mut buffers);
            self.env.metrics.converted(outcome.len() as u64, began.elapsed());
            self.send_part(&part, &outcome).await?;
            start += PART;
            self.take_deliveries()?;
        }
        self.buffers = buffers;
        self.polled.push_back((self.submitted, self.polled_at));
        self.env.metrics.in_flight(self.ledger.in_flight() as u64);
        Ok(())
    }

    /// Sends the records of a part in their order, as many as possible at once.
    async fn send_part(&mut self, part: &Part<'_>, outcome: &SourceOutcome<'_>) -> Result<(), Failed> {
        let mut run: Option<Run<'_>> = None;
        for (at, origin) in part.origins.iter().enumerate() {
            let offset = part.offsets.get(origin.offset.clone()).unwrap_or_default();
            let seq = self.ledger.submit(origin.partition, origin.cookie, offset);
            self.submitted += 1;
            let record = match outcome.get(at) {
                Some(Ok(record)) => record,
                Some(Err(failure)) => {
                    if let Some(mut open) = run.take() {
                        self.send_run(&mut open).await?;
                    }
                    let target = part.records.get(at).map(target);
                    self.refused(seq, target, failure.stage, &failure.to_string())?;
                    continue;
                }
                None => continue,
            };
            let plain = record.timestamp.is_none() && record.headers().len() == 0;
            if let Some(open) = &mut run
                && (!plain || open.topic() != record.topic)
            {
                self.send_run(open).await?;
                run = None;
            }
            if run.is_none() && self.topics.unknown(record.topic) {
                let made = self.make_topic(record.topic).await;
                if made.is_err() {
                    self.ledger.fail(seq);
                    return made;
                }
            }
            if self.stop {
                // It was not sent: whatever was submitted after it must not be stored.
                self.ledger.fail(seq);
                return Ok(());
            }
            if plain {
                if run.is_none() {
                    self.env.topics.sent(record.topic, seq.as_u64());
                }
                let run = run.get_or_insert_with(|| Run::new(record.topic, part.origins.len() - at));
                run.push(record.partition, record.key, record.value, seq.as_u64());
            } else {
                self.env.topics.sent(record.topic, seq.as_u64());
                self.send(seq, &record).await?;
            }
        }
        match &mut run {
            Some(run) => self.send_run(run).await,
            None => Ok(()),
        }
    }

    /// Sends a run, waiting for room in the producer's queue; a stop ends the wait.
    async fn send_run(&mut self, run: &mut Run<'_>) -> Result<(), Failed> {
        self.env.progress.begin(Progressing::Records);
        let outcome = self.try_run(run).await;
        // What was not sent will not be answered either.
        for id in run.ids() {
            self.ledger.fail(Seq::from_u64(id));
        }
        outcome
    }

    async fn try_run(&mut self, run: &mut Run<'_>) -> Result<(), Failed> {
        let mut refused = Vec::new();
        loop {
            if !self.await_membership().await {
                return Ok(());
            }
            self.producer.send_run(run, &mut refused)?;
            for (id, error) in refused.drain(..) {
                self.not_sent(Seq::from_u64(id), error)?;
            }
            if run.is_empty() || self.stop {
                return Ok(());
            }
            self.wait_for_room().await?;
        }
    }

    /// Sends one record, waiting for room in the producer's queue; a stop ends the wait.
    async fn send(&mut self, seq: Seq, record: &source::Outgoing<'_>) -> Result<(), Failed> {
        let headers: Vec<_> = record.headers().collect();
        let outgoing = Outgoing {
            topic: record.topic,
            partition: record.partition,
            key: record.key,
            value: record.value,
            timestamp: record.timestamp,
            headers: &headers,
            id: seq.as_u64(),
        };
        self.env.progress.begin(Progressing::Records);
        loop {
            if !self.await_membership().await {
                self.ledger.fail(seq);
                return Ok(());
            }
            match self.producer.send(&outgoing) {
                Ok(Sent::Queued) => return Ok(()),
                Ok(Sent::Full) => self.wait_for_room().await?,
                Err(error) => return self.not_sent(seq, error),
            }
            if self.stop {
                self.ledger.fail(seq);
                return Ok(());
            }
        }
    }

    /// Waits until this worker surely is the only one that was given this task; false: a stop came first. What was sent
    /// meanwhile is answered later.
    async fn await_membership(&mut self) -> bool {
        while !self.stop && !self.env.context.is_member() {
            tokio::select! {
                () = tokio::time::sleep(MEMBERSHIP) => {}
                order = self.env.inbox.recv() => match order {
                    None => self.stop = true,
                    order => self.order(order).await,
                },
            }
        }
        !self.stop
    }

    /// Waits until something was delivered, or an order has come.
    async fn wait_for_room(&mut self) -> Result<(), Failed> {
        if self.take_deliveries()? > 0 {
            return Ok(());
        }
        tokio::select! {
            () = self.producer.native().ready() => {
                self.take_deliveries()?;
            }
            order = self.env.inbox.recv() => match order {
                None => self.stop = true,
                order => self.order(order).await,
            },
        }
        Ok(())
    }

    fn not_sent(&mut self, seq: Seq, error: KafkaError) -> Result<(), Failed> {
        if let Some(fatal) = self.producer.native().fatal_error() {
            self.ledger.fail(seq);
            return Err(Failed(fatal_trace(&error, &fatal)));
        }
        self.refused(seq, None, Stage::KafkaProduce, &error.to_string())
    }

    /// Logs a record that cannot be converted or sent, where that is wanted.
    fn log_refused(&self, seq: Seq, target: Option<Target<'_>>, stage: Stage, why: &str) -> bool {
        let Some(log) = &self.error_log else { return false };
        let original = || {
            let from = self.ledger.origin(seq);
            let partition = from.and_then(|(number, _)| self.plugin.instance().partition(number));
            let partition = partition.as_deref().unwrap_or(&Value::Null);
            let offset = from.and_then(|(_, offset)| compact::decode(offset)).unwrap_or(Value::Null);
            Original::Polled { partition, offset: &offset, target }.to_string()
        };
        let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
        tracing::error!(connector, task, stage = stage.name(), "{}", log.line(stage, original, why));
        true
    }

    /// A record that cannot be converted or sent: dropped if errors are tolerated, else the end of the task.
    fn refused(
        &mut self,
        seq: Seq,
        target: Option<Target<'_>>,
        stage: Stage,
        why: &str,
    ) -> Result<(), Failed> {
        self.env.topics.lost(seq.as_u64());
        let skipped = self.tolerance == Tolerance::All;
        // As in Kafka Connect a record that cannot be sent, and fails the task, is told by that alone.
        let logged = (skipped || stage != Stage::KafkaProduce) && self.log_refused(seq, target, stage, why);
        let count = ErrorCount { failures: 1, errors: 1, logged: logged.into(), ..ErrorCount::default() };
        if skipped {
            self.env.metrics.errors(ErrorCount { skipped: 1, ..count });
            if let Some(cookie) = self.ledger.skip(seq) {
                self.ack(Ack { cookie, written: None });
            }
            return Ok(());
        }
        self.ledger.fail(seq);
        self.env.metrics.errors(count);
        Err(Failed(format!("Tolerance exceeded in error handler, stage {stage}: {why}")))
    }

    fn ack(&mut self, ack: Ack) {
        if self.wants_acks {
            self.news.ack(ack);
        }
    }

    /// Takes what the producer's queue has and notes it in the ledger. Returns how many records were written.
    pub(super) fn take_deliveries(&mut self) -> Result<u64, Failed> {
        let mut deliveries = std::mem::take(&mut self.deliveries);
        let (mut written, mut answered) = (0, false);
        let mut outcome = Ok(());
        while outcome.is_ok() && self.producer.deliveries(DELIVERIES, Duration::ZERO, &mut deliveries) > 0 {
            answered = true;
            for delivery in deliveries.drain(..) {
                outcome = outcome.and(self.delivered(delivery, &mut written));
            }
        }
        if let Some(stats) = self.producer.take_stats() {
            self.env.metrics.client(stats);
        }
        if written > 0 {
            self.env.metrics.written(written);
            let answered = self.submitted.saturating_sub(self.ledger.in_flight() as u64);
            while let Some((last, polled_at)) = self.polled.front()
                && *last <= answered
            {
                self.env.metrics.latency(polled_at.elapsed());
                self.polled.pop_front();
            }
            self.env.metrics.in_flight(self.ledger.in_flight() as u64);
        }
        if self.ledger.in_flight() == 0 {
            self.env.progress.end(Progressing::Records);
        } else if answered {
            self.env.progress.moved(Progressing::Records);
        }
        self.deliveries = deliveries;
        if let Some(error) = self.producer.native().refusal() {
            return Err(error.into());
        }
        outcome.map(|()| written)
    }

    fn delivered(&mut self, delivery: Delivery, written: &mut u64) -> Result<(), Failed> {
        let seq = Seq::from_u64(delivery.id);
        match delivery.error {
            None => {
                *written += 1;
                self.env.topics.arrived(delivery.id);
                if let Some(cookie) = self.ledger.ack(seq) {
                    self.ack(Ack {
                        cookie,
                        written: Some((delivery.partition, delivery.offset, delivery.timestamp)),
                    });
                }
                Ok(())
            }
            Some(error) => self.not_sent(seq, *error),
        }
    }
}

fn target<'a>(record: &source::SourceRecord<'a>) -> Target<'a> {
    Target { topic: record.topic, partition: record.partition, timestamp: record.timestamp }
}

/// Why a task ends whose producer has a fatal error: the record's error, which names the topic, the client's, and what helps.
fn fatal_trace(record: &KafkaError, client: &KafkaError) -> String {
    format!(
        "{record}; the producer cannot go on: {} ({}); restart the task, which makes a new producer \
         (errors.restart.max.attempts does so by itself)",
        client.text, client.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_producer_names_the_topic_and_what_helps() {
        let record = KafkaError::local("produce to topic orders", "Local: Fatal error");
        let client = KafkaError::local("client", "the epoch is not known");
        let trace = fatal_trace(&record, &client);
        for part in ["orders", "epoch is not known", "restart the task", "errors.restart.max.attempts"] {
            assert!(trace.contains(part), "{trace}");
        }
    }
}
