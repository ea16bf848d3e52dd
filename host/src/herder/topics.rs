//! The topics that connectors use, as their tasks tell: kept until they are reset or the connector is deleted.

use std::collections::BTreeSet;

use super::messages::{Action, Epoch, TaskId};
use super::{ApiError, Herder, Response, texts};

/// Whether the topics of connectors are tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicTracking {
    /// They are: `topic.tracking.enable`.
    pub enabled: bool,
    /// They may be reset: `topic.tracking.allow.reset`.
    pub allow_reset: bool,
}

impl Herder {
    /// The same with other rules than Kafka's defaults, which are to track and to allow resets.
    pub fn with_topic_tracking(mut self, tracking: TopicTracking) -> Herder {
        self.tracking = tracking;
        self
    }

    /// A task uses a topic. One that was stopped before it was seen to run may have used it all the same, and whoever goes on
    /// in its place may not. A life that its connector has disowned speaks of a connector that is gone.
    pub(super) fn topic_used(&mut self, id: &TaskId, epoch: Epoch, topic: String) {
        let life = self.tasks.get_mut(id).and_then(|run| run.life_of(epoch));
        if life.is_some_and(|life| !life.disowned)
            && self.tracking.enabled
            && self.topics.entry(id.connector.clone()).or_default().insert(topic.clone())
        {
            self.report_topic(id, &topic);
        }
    }

    /// The topics of a connector; one that nobody knows has none.
    pub(super) fn active_topics(&self, name: &str) -> Result<Response, ApiError> {
        if !self.tracking.enabled {
            return Err(texts::tracking_disabled());
        }
        let topics = self.topics.get(name).into_iter().flatten().cloned().collect();
        Ok(Response::Topics(topics))
    }

    /// Forgets the topics of a connector, and has its tasks report those that they use from now on.
    pub(super) fn reset_topics(&mut self, name: &str) -> Result<Response, ApiError> {
        if !self.tracking.enabled {
            return Err(texts::tracking_disabled());
        }
        if !self.tracking.allow_reset {
            return Err(texts::tracking_reset_disabled());
        }
        if let Some(topics) = self.topics.remove(name).filter(|topics: &BTreeSet<String>| !topics.is_empty())
        {
            self.forget_topics_everywhere(name, &topics);
            self.have_topics_told(name);
        }
        Ok(Response::Done)
    }

    /// The connector was deleted, and its topics are forgotten. In a group a worker that had a part of it says so.
    pub(super) fn forget_topics_of(&mut self, name: &str) {
        let had =
            self.assignment.has_connector(name) || self.runs_of(name).any(|(_, run)| run.life.is_some());
        if let Some(topics) = self.topics.remove(name).filter(|_| had) {
            self.forget_topics_everywhere(name, &topics);
        }
    }

    /// Has tasks that run here report their topics anew.
    pub(super) fn have_topics_told(&mut self, name: &str) {
        let lives = self.runs_of(name).filter_map(|(id, run)| Some((id.clone(), run.life.as_ref()?.epoch)));
        let lives: Vec<_> = lives.collect();
        self.out.extend(lives.into_iter().map(|(id, epoch)| Action::ForgetTopics { id, epoch }));
    }
}
