//! Which topics and partitions the task reads, and how it takes and leaves them.

use std::time::Duration;

use tokio::time;

use super::{Running, pattern};
use crate::kafka::{KafkaError, admin};
use crate::records::sink_ledger::TopicPartition;
use crate::settings::connector::SinkTopics;
use crate::settings::patterns::TopicPattern;
use crate::worker::progress::Stage;
use crate::worker::task::Failed;

/// How often topics are looked up for `topics.regex`. Java's consumer does so every `metadata.max.age.ms`, 5 minutes.
const REFRESH: Duration = Duration::from_secs(10);
/// How long looking them up, and seeking, may take.
const ASK: Duration = Duration::from_secs(30);
/// Topics that no pattern matches, as with Java's `exclude.internal.topics`.
const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// Partitions offered or taken.
pub(super) enum Rebalance {
    /// Offered.
    Assigned(Vec<TopicPartition>),
    /// To be given up, or lost already.
    Revoked {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// Nothing can be committed any more.
        lost: bool,
    },
}

/// The topics that the connector names.
pub(super) struct Wanted {
    topics: Vec<String>,
    pattern: Option<(TopicPattern, time::Instant)>,
}

impl Wanted {
    /// From the connector's settings.
    pub(super) fn new(topics: Option<&SinkTopics>) -> Result<Wanted, Failed> {
        let topics = topics.ok_or_else(|| Failed("a sink needs topics or topics.regex".into()))?;
        match &topics.topics_regex {
            Some(text) => {
                Ok(Wanted { topics: Vec::new(), pattern: Some((pattern(text)?, time::Instant::now())) })
            }
            None => Ok(Wanted { topics: topics.topics.clone(), pattern: None }),
        }
    }

    /// When the topics are to be looked up again.
    pub(super) fn refresh_at(&self) -> Option<time::Instant> {
        self.pattern.as_ref().map(|(_, at)| *at)
    }
}

impl Running {
    /// Subscribes, or subscribes anew when a pattern matches other topics than before.
    pub(super) async fn subscribe(&mut self) -> Result<(), Failed> {
        if let Some((pattern, at)) = &mut self.wanted.pattern {
            *at = time::Instant::now() + REFRESH;
            let pattern = pattern.clone();
            let consumer = self.consumer.clone();
            let asked = tokio::task::spawn_blocking(move || admin::topics(consumer.native(), None, ASK));
            let Some(Ok(answer)) = self.attend(asked).await? else { return Ok(()) };
            let all = match answer {
                Ok(all) => all,
                Err(error) => {
                    let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
                    tracing::warn!(connector, task, "topics.regex is looked up again later: {error}");
                    return Ok(());
                }
            };
            let names = all.into_iter().map(|topic| topic.name);
            let mut names: Vec<String> =
                names.filter(|name| !INTERNAL.contains(&name.as_str()) && pattern.matches(name)).collect();
            names.sort();
            if names == self.wanted.topics || names.is_empty() {
                return Ok(());
            }
            self.wanted.topics = names;
        }
        self.unread = true;
        Ok(self.consumer.subscribe(&self.wanted.topics)?)
    }

    /// Takes or leaves partitions.
    pub(super) async fn rebalance(&mut self, rebalance: Rebalance) -> Result<(), Failed> {
        match rebalance {
            Rebalance::Assigned(partitions) => {
                self.env.progress.end(Stage::Partitions);
                let plugin = self.plugin.clone();
                let opened = partitions.clone();
                if !partitions.is_empty() {
                    let waiting = self.env.progress.during(Stage::Open);
                    let answer = self.attend(async move { plugin.open(opened).await }).await?;
                    drop(waiting);
                    match answer {
                        Some(result) => result?,
                        None => return Ok(()),
                    }
                }
                for at in &partitions {
                    self.ledger.assign(at.clone(), None);
                }
                self.consumer.take(&partitions)?;
            }
            Rebalance::Revoked { partitions, lost } => {
                self.forget(&partitions);
                if !lost {
                    self.commit_before_leaving(Some(&partitions)).await?;
                }
                self.close(&partitions).await?;
                self.consumer.give_up(&partitions)?;
                if lost {
                    // The group has others now; it will give some anew, or none.
                    self.env.progress.begin(Stage::Partitions);
                }
            }
        }
        // Addresses of topics may be used anew once their partitions are gone.
        self.topics.clear();
        self.apply_pauses();
        self.env.metrics.partitions(self.ledger.assigned().count() as u64);
        self.env.metrics.in_flight(self.ledger.uncommitted());
        self.unread = true;
        Ok(())
    }

    /// Drops what was read of partitions and not put: whoever gets them reads it again.
    fn forget(&mut self, gone: &[TopicPartition]) {
        let topics = &self.topics;
        self.incoming.retain(|message| {
            let name = topics.get(&message.topic_id()).cloned().unwrap_or_else(|| message.topic().into());
            !gone.contains(&TopicPartition::new(name, message.partition()))
        });
        self.incoming_bytes = self.incoming.iter().map(|message| message.size()).sum();
        self.retained = self.retained.take().and_then(|retained| retained.without(gone));
        for at in gone {
            self.paused_by_plugin.remove(at);
            self.paused_now.remove(at);
        }
    }

    /// Tells the plugin that partitions are gone.
    async fn close(&mut self, partitions: &[TopicPartition]) -> Result<(), Failed> {
        if partitions.is_empty() {
            return Ok(());
        }
        let (plugin, closed) = (self.plugin.clone(), partitions.to_vec());
        let waiting = self.env.progress.during(Stage::Close);
        let answer = self.attend(async move { plugin.close(closed).await }).await?;
        drop(waiting);
        for at in partitions {
            self.ledger.revoke(at);
        }
        answer.unwrap_or(Ok(()))?;
        Ok(())
    }

    /// The orderly end: commits, closes.
    pub(super) async fn leave(&mut self) -> Result<(), Failed> {
        self.incoming.clear();
        self.retained = None;
        self.commit_before_leaving(None).await?;
        let all: Vec<TopicPartition> = self.ledger.assigned().cloned().collect();
        self.close(&all).await
    }

    /// Goes on where the plugin wants to.
    pub(super) async fn seek(&mut self, targets: Vec<(TopicPartition, i64)>) -> Result<(), Failed> {
        for (at, offset) in &targets {
            self.ledger.seek(at, *offset);
        }
        self.env.metrics.in_flight(self.ledger.uncommitted());
        self.read_again_from(targets).await
    }

    /// Moves the consumer; the ledger knows already.
    pub(super) async fn read_again_from(
        &mut self,
        targets: Vec<(TopicPartition, i64)>,
    ) -> Result<(), Failed> {
        if targets.is_empty() {
            return Ok(());
        }
        let moved: Vec<TopicPartition> = targets.iter().map(|(at, _)| at.clone()).collect();
        let paused = self.paused_by_plugin.clone();
        let consumer = self.consumer.clone();
        let call = tokio::task::spawn_blocking(move || consumer.seek(&targets, ASK));
        match self.attend(call).await? {
            Some(Ok(result)) => result?,
            Some(Err(error)) => return Err(Failed(format!("seek was broken off: {error}"))),
            None => return Ok(()),
        }
        // What was read before the seek took hold is void.
        let paused_now = self.paused_now.clone();
        self.forget(&moved);
        self.paused_by_plugin = paused;
        self.paused_now = paused_now;
        self.unread = true;
        Ok(())
    }

    /// An error of the consumer that does not pass by itself.
    pub(super) fn trouble(&mut self, error: KafkaError) -> Result<(), Failed> {
        let refused = error.is_refusal() || error.name.contains("AUTHORIZATION");
        if refused || self.consumer.native().fatal_error().is_some() {
            return Err(error.into());
        }
        let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
        tracing::warn!(connector, task, "{error}");
        Ok(())
    }
}
