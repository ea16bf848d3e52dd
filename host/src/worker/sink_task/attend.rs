//! Waiting without neglecting the consumer: its queue is read, its group membership kept, orders are heard.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::time;

use super::partitions::Rebalance;
use super::{BATCH_BYTES, Running};
use crate::herder::TaskTarget;
use crate::kafka::Conf;
use crate::kafka::consumer::Told;
use crate::plugins::instance::Wish;
use crate::records::sink_ledger::TopicPartition;
use crate::worker::task::{Failed, MEMBERSHIP, Order};

/// A point in time that is never waited for to the end.
const FAR: Duration = Duration::from_secs(3600);

/// How often the consumer is to be polled: a third of what its settings demand.
pub(super) fn poll_interval(conf: &Conf) -> Duration {
    let limit = conf.get("max.poll.interval.ms").and_then(|text| text.parse().ok()).unwrap_or(300_000);
    Duration::from_millis(limit / 3).min(Duration::from_secs(30))
}

impl Running {
    /// Waits for a call of the plugin. None: the time to stop is over, and the call is left alone.
    pub(super) async fn attend<T>(&mut self, call: impl Future<Output = T>) -> Result<Option<T>, Failed> {
        tokio::pin!(call);
        let instance = self.plugin.instance().clone();
        loop {
            self.read_on()?;
            let (stop, room, poll_due) = (self.stop, self.has_room(), self.poll_due());
            tokio::select! {
                biased;
                result = &mut call => return Ok(Some(result)),
                // After a stop no order counts, and the inbox would say so for ever.
                order = self.env.inbox.recv(), if stop.is_none() => self.order(order),
                () = instance.wished() => self.hear_reports()?,
                () = self.consumer.native().ready(), if room => self.unread = true,
                () = time::sleep_until(poll_due) => self.keep_membership()?,
                () = time::sleep_until(stop.unwrap_or_else(|| time::Instant::now() + FAR)) => {
                    if stop.is_some() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Waits until there is something to do.
    pub(super) async fn wait(&mut self) -> Result<(), Failed> {
        let instance = self.plugin.instance().clone();
        self.read_on()?;
        if self.stop.is_some() || !self.rebalances.is_empty() || self.can_put() {
            return Ok(());
        }
        let (rest, outside) = (self.rest_until, self.could_put());
        let refresh = self.wanted.refresh_at();
        let (room, poll_due) = (self.has_room(), self.poll_due());
        tokio::select! {
            biased;
            order = self.env.inbox.recv() => self.order(order),
            () = instance.wished() => self.wished = true,
            () = self.consumer.native().ready(), if room => self.unread = true,
            () = time::sleep_until(poll_due) => self.keep_membership()?,
            () = time::sleep_until(self.next_commit) => {}
            () = time::sleep_until(rest.unwrap_or(self.next_commit)), if rest.is_some() => self.rest_until = None,
            () = time::sleep(MEMBERSHIP), if outside => {}
            () = time::sleep_until(refresh.unwrap_or(self.next_commit)), if refresh.is_some() => self.subscribe().await?,
        }
        Ok(())
    }

    pub(super) fn order(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Pause) => self.env.target = TaskTarget::Paused,
            Some(Order::Resume) => self.env.target = TaskTarget::Running,
            Some(Order::ForgetTopics) => self.env.topics.forget(),
            None => self.stop = Some(time::Instant::now() + self.env.stop_limit()),
        }
    }

    /// Whether more messages may be taken in before the next put.
    fn has_room(&self) -> bool {
        self.incoming.len() < self.limits.records && self.incoming_bytes < BATCH_BYTES
    }

    /// Reads what the consumer's queue has, as far as there is room.
    fn read_on(&mut self) -> Result<(), Failed> {
        while self.unread && self.has_room() {
            self.polled_at = Instant::now();
            match self.consumer.next(Duration::ZERO) {
                Some(told) => self.told(told)?,
                None => self.unread = false,
            }
        }
        Ok(())
    }

    fn poll_due(&self) -> time::Instant {
        time::Instant::from_std(self.polled_at + self.limits.poll)
    }

    /// Polls also when there is no room: partitions are paused first, so that next to nothing comes.
    fn keep_membership(&mut self) -> Result<(), Failed> {
        self.polled_at = Instant::now();
        if self.has_room() {
            self.unread = true;
            return self.read_on();
        }
        if !self.held_back {
            self.held_back = true;
            self.apply_pauses();
        }
        while let Some(told) = self.consumer.next(Duration::ZERO) {
            self.told(told)?;
        }
        Ok(())
    }

    fn told(&mut self, told: Told) -> Result<(), Failed> {
        match told {
            Told::Message(message) => {
                self.incoming_bytes += message.size();
                self.incoming.push(message);
            }
            Told::Assigned(partitions) => self.rebalances.push_back(Rebalance::Assigned(partitions)),
            Told::Revoked { partitions, lost } => {
                self.rebalances.push_back(Rebalance::Revoked { partitions, lost })
            }
            Told::Committed(result) => self.committed(result),
            Told::Trouble(error) if error.retriable => {
                let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
                if self.consumer.native().is_news(&error.to_string()) {
                    tracing::warn!(connector, task, "{error}");
                }
            }
            Told::Trouble(error) => return self.trouble(error),
            Told::Stats(stats) => self.env.metrics.client(stats),
            Told::End(..) => {}
        }
        Ok(())
    }

    /// Handles reports of bad records, which a put may be waiting for; other wishes wait for the end of the call.
    fn hear_reports(&mut self) -> Result<(), Failed> {
        for wish in self.plugin.instance().take_wishes() {
            match wish {
                Wish::Report(report) => self.reported_bad(report)?,
                wish => self.wishes.push(wish),
            }
        }
        Ok(())
    }

    /// Does what the plugin wished for.
    pub(super) async fn take_wishes(&mut self) -> Result<(), Failed> {
        self.wished = false;
        self.hear_reports()?;
        for wish in std::mem::take(&mut self.wishes) {
            match wish {
                Wish::Pause(partitions) => self.paused_by_plugin.extend(partitions),
                Wish::Resume(partitions) => partitions.iter().for_each(|at| {
                    self.paused_by_plugin.remove(at);
                }),
                Wish::Seek(targets) => self.seek(targets).await?,
                Wish::Commit => self.commit_wanted = true,
                Wish::Timeout(milliseconds) => self.retry_pause = Some(Duration::from_millis(milliseconds)),
                // Connectors' wishes; a sink task's reports were heard above.
                Wish::Reconfigure | Wish::Fail(_) | Wish::Report(_) => {}
            }
        }
        self.apply_pauses();
        Ok(())
    }

    /// Brings the consumer's pauses in line with what is wanted by the user, the plugin and the memory.
    pub(super) fn apply_pauses(&mut self) {
        let all = self.held_back || self.env.target == TaskTarget::Paused;
        let wanted = |at: &&TopicPartition| all || self.paused_by_plugin.contains(*at);
        let (to_pause, to_resume): (Vec<_>, Vec<_>) = self.ledger.assigned().partition(wanted);
        let pause: Vec<_> =
            to_pause.into_iter().filter(|at| !self.paused_now.contains(*at)).cloned().collect();
        let resume: Vec<_> =
            to_resume.into_iter().filter(|at| self.paused_now.contains(*at)).cloned().collect();
        let log = |error: crate::kafka::KafkaError| tracing::warn!("{error}");
        if !pause.is_empty() {
            self.consumer.pause(&pause).unwrap_or_else(log);
            self.paused_now.extend(pause);
        }
        if !resume.is_empty() {
            self.consumer.resume(&resume).unwrap_or_else(log);
            resume.iter().for_each(|at| {
                self.paused_now.remove(at);
            });
            self.unread = true;
        }
    }
}
