//! The topics that a task uses, each reported to the loop once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use crate::herder::{Epoch, Event, TaskId};

/// How far a topic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The record of this number is on its way there; the topic counts when it has arrived.
    Sent(u64),
    /// It is used, and the loop is still to hear of it.
    Used,
    /// The loop was told.
    Told,
}

/// See the module.
#[derive(Debug, Default)]
pub struct TopicUse {
    enabled: bool,
    topics: BTreeMap<String, Stage>,
    /// How many topics are not told yet: with none of them, deliveries and waits cost a comparison.
    open: usize,
}

impl TopicUse {
    /// Nothing is used yet; without `enabled` nothing ever is.
    pub fn new(enabled: bool) -> TopicUse {
        TopicUse { enabled, ..TopicUse::default() }
    }

    /// A record is sent to the topic; its number grows from record to record.
    pub fn sent(&mut self, topic: &str, record: u64) {
        if self.enabled && !self.topics.contains_key(topic) {
            self.topics.insert(topic.to_owned(), Stage::Sent(record));
            self.open += 1;
        }
    }

    /// The record has arrived.
    pub fn arrived(&mut self, record: u64) {
        if self.open > 0 {
            for stage in self.topics.values_mut().filter(|stage| **stage == Stage::Sent(record)) {
                *stage = Stage::Used;
            }
        }
    }

    /// The record will not arrive: the next one to its topic may.
    pub fn lost(&mut self, record: u64) {
        if self.open > 0 {
            self.topics.retain(|_, stage| *stage != Stage::Sent(record));
            self.count();
        }
    }

    /// A record of the topic was read.
    pub fn read(&mut self, topic: &str) {
        if self.enabled && !self.topics.contains_key(topic) {
            self.topics.insert(topic.to_owned(), Stage::Used);
            self.open += 1;
        }
    }

    /// What was told is to be told again when it is used again.
    pub fn forget(&mut self) {
        self.topics.retain(|_, stage| *stage != Stage::Told);
    }

    /// Tells the loop what it doesn't know.
    pub async fn tell(&mut self, context: &Arc<Context>, id: &TaskId, epoch: Epoch) {
        if self.open == 0 {
            return;
        }
        for topic in self.take_used() {
            context.report(Event::TopicUsed { id: id.clone(), epoch, topic }).await;
        }
    }

    /// What the loop is to be told now.
    fn take_used(&mut self) -> Vec<String> {
        let mut used = Vec::new();
        for (topic, stage) in self.topics.iter_mut().filter(|(_, stage)| **stage == Stage::Used) {
            *stage = Stage::Told;
            used.push(topic.clone());
        }
        self.count();
        used
    }

    fn count(&mut self) {
        self.open = self.topics.values().filter(|stage| **stage != Stage::Told).count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_counts_when_its_first_record_has_arrived_and_is_told_once() {
        let mut topics = TopicUse::new(true);
        topics.sent("a", 1);
        topics.sent("a", 2);
        topics.sent("b", 3);
        topics.arrived(2);
        assert!(topics.take_used().is_empty());
        topics.arrived(1);
        assert_eq!(topics.take_used(), ["a"]);
        topics.lost(3);
        topics.sent("b", 4);
        topics.arrived(4);
        topics.sent("a", 5);
        topics.arrived(5);
        assert_eq!(topics.take_used(), ["b"]);
        topics.forget();
        topics.sent("b", 6);
        topics.arrived(6);
        topics.read("c");
        assert_eq!(topics.take_used(), ["b", "c"]);
        assert_eq!(topics.open, 0);
    }

    #[test]
    fn nothing_is_told_where_nothing_is_tracked() {
        let mut topics = TopicUse::new(false);
        topics.sent("a", 1);
        topics.arrived(1);
        topics.read("b");
        assert!(topics.take_used().is_empty());
    }
}
