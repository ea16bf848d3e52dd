//! The end of a log that appends: batches go out in their order, each answered once the broker has answered for all of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka_sys::RDKafkaRespErr as Code;
use tokio::sync::mpsc;

use super::{Entry, Job, LogError, Shared};
use crate::kafka::KafkaError;
use crate::kafka::producer::{Delivery, Outgoing, Producer, Sent};

/// Batches on their way; more wait in the queue.
const OPEN: usize = 1000;

struct Writer {
    shared: Arc<Shared>,
    producer: Producer,
    /// The next batch's number, which is the id of all its records.
    next: u64,
    open: BTreeMap<u64, Open>,
    /// What found librdkafka's queue full.
    unsent: VecDeque<(u64, Entry)>,
}

/// A batch on its way.
struct Open {
    job: Job,
    left: usize,
    failed: Option<LogError>,
}

/// Appends until the log is dropped.
pub(super) async fn run(shared: Arc<Shared>, producer: Producer, mut jobs: mpsc::Receiver<Job>) {
    let mut writer = Writer { shared, producer, next: 0, open: BTreeMap::new(), unsent: VecDeque::new() };
    loop {
        writer.serve();
        let room = writer.unsent.is_empty() && writer.open.len() < OPEN;
        let due = writer.open.values().map(|open| open.job.until).min();
        let due = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        tokio::select! {
            () = writer.producer.native().ready() => {}
            job = jobs.recv(), if room => match job {
                Some(job) => writer.begin(job),
                None => break,
            },
            () = tokio::time::sleep_until(due.into()) => writer.expire(),
        }
    }
    // Its end waits for librdkafka's threads. Whoever still waits finds the channel closed.
    let _ = tokio::task::spawn_blocking(move || drop(writer)).await;
}

impl Writer {
    fn begin(&mut self, mut job: Job) {
        if let Some(lost) = self.shared.lost.get() {
            let _ = job.reply.send(Err(lost.clone()));
            return;
        }
        let (id, records) = (self.next, std::mem::take(&mut job.records));
        self.next += 1;
        self.open.insert(id, Open { job, left: records.len(), failed: None });
        self.unsent.extend(records.into_iter().map(|record| (id, record)));
        self.send();
    }

    /// Hands to librdkafka what it has room for.
    fn send(&mut self) {
        let topic = self.shared.topic.clone();
        while let Some((id, (key, value))) = self.unsent.front() {
            let id = *id;
            let outgoing = Outgoing {
                topic: &topic,
                partition: None,
                key: Some(key),
                value: value.as_deref(),
                timestamp: None,
                headers: &[],
                id,
            };
            match self.producer.send(&outgoing) {
                Ok(Sent::Full) => return,
                Ok(Sent::Queued) => {}
                Err(error) => self.answered(id, Some(error.into())),
            }
            self.unsent.pop_front();
        }
    }

    /// Takes the reports that are there.
    fn serve(&mut self) {
        let mut told = Vec::new();
        while self.producer.deliveries(1000, Duration::ZERO, &mut told) > 0 {
            for Delivery { id, error, .. } in told.drain(..) {
                self.answered(id, error.map(|error| of_report(*error)));
            }
        }
        if let Some(refusal) = self.producer.native().refusal() {
            let what = format!("write to topic {}", self.shared.topic);
            let error = LogError::from(KafkaError { what, ..refusal });
            self.unsent.clear();
            for (_, open) in std::mem::take(&mut self.open) {
                let _ = open.job.reply.send(Err(error.clone()));
            }
        }
        self.send();
    }

    /// One record of a batch was answered for.
    fn answered(&mut self, id: u64, error: Option<LogError>) {
        let Some(open) = self.open.get_mut(&id) else { return };
        open.left -= 1;
        if open.failed.is_none() {
            open.failed = error;
        }
        if open.left == 0
            && let Some(open) = self.open.remove(&id)
        {
            let _ = open.job.reply.send(open.failed.map_or(Ok(()), Err));
        }
    }

    /// Gives up what took too long. What is still queued must not be written later, over something newer; neither can one batch be
    /// taken out alone, so that others on their way are to be tried again.
    fn expire(&mut self) {
        let now = Instant::now();
        let late: Vec<u64> =
            self.open.iter().filter(|(_, open)| open.job.until <= now).map(|(id, _)| *id).collect();
        if late.is_empty() {
            return;
        }
        self.producer.purge();
        self.unsent.retain(|(id, _)| !late.contains(id));
        for id in late {
            if let Some(open) = self.open.remove(&id) {
                let _ = open.job.reply.send(Err(self.shared.late("written", open.job.within)));
            }
        }
    }
}

/// What was dropped for the sake of another batch is worth another try.
fn of_report(error: KafkaError) -> LogError {
    const DROPPED: [Code; 2] =
        [Code::RD_KAFKA_RESP_ERR__PURGE_QUEUE, Code::RD_KAFKA_RESP_ERR__PURGE_INFLIGHT];
    let retriable = error.retriable || error.is(&DROPPED);
    LogError::Kafka(KafkaError { retriable, ..error })
}
