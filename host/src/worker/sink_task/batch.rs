//! Messages on their way to put, with what they were made of kept beside them.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::kafka::consumer::Consumer;
use crate::kafka::message::{self, Message};
use crate::plugins::instance::Instance;
use crate::plugins::put::{Lent, PutRecord};
use crate::plugins::views::Bad;
use crate::records::pipeline::Failure;
use crate::records::pipeline::sink::{
    RawHeader, RawMessage, SinkBatch, SinkOutcome, SinkPipeline, TimestampType,
};
use crate::records::sink_ledger::TopicPartition;

/// Messages that are converted in one go; few enough to stay in the processor's cache.
const PART: usize = 512;

/// The messages of a put. They are freed before the client that they belong to.
pub(super) struct Messages {
    messages: Vec<Message>,
    topics: Vec<Arc<str>>,
    /// For each message its topic's place in `topics`.
    topic_of: Vec<usize>,
    header_keys: Vec<String>,
    header_ranges: Vec<Range<usize>>,
    _consumer: Arc<Consumer>,
}

/// Where a record of a put comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Place of its partition in the list of runs.
    pub run: usize,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp and what that means, if it has one.
    pub timestamp: Option<(i64, TimestampType)>,
}

/// The messages of one partition in a put, by their first and last offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Which partition.
    pub at: TopicPartition,
    /// First offset.
    pub first: i64,
    /// Last offset.
    pub last: i64,
}

/// Records that are to be put, or put again.
pub(super) struct Retained {
    /// What the plugin is lent.
    pub lent: Arc<Lent<Messages>>,
    /// Where each of them comes from.
    pub places: Vec<Place>,
    /// Partitions of them, and of messages that were dropped on the way.
    pub runs: Vec<Run>,
}

impl Messages {
    /// Takes messages over; `names` remembers topics from batch to batch.
    pub(super) fn new(
        messages: Vec<Message>,
        names: &mut HashMap<usize, Arc<str>>,
        consumer: Arc<Consumer>,
    ) -> Messages {
        let mut topics: Vec<Arc<str>> = Vec::new();
        let mut ids: Vec<usize> = Vec::new();
        let mut topic_of = Vec::with_capacity(messages.len());
        let (mut header_keys, mut header_ranges) = (Vec::new(), Vec::with_capacity(messages.len()));
        for message in &messages {
            let id = message.topic_id();
            let place = ids.iter().rposition(|known| *known == id).unwrap_or_else(|| {
                ids.push(id);
                topics.push(names.entry(id).or_insert_with(|| message.topic().into()).clone());
                ids.len() - 1
            });
            topic_of.push(place);
            let first = header_keys.len();
            message.headers(|key, _| header_keys.push(key.into_owned()));
            header_ranges.push(first..header_keys.len());
        }
        Messages { messages, topics, topic_of, header_keys, header_ranges, _consumer: consumer }
    }

    /// The runs of all messages, and for each message the run that it belongs to.
    pub(super) fn runs(&self) -> (Vec<Run>, Vec<usize>) {
        let mut runs: Vec<Run> = Vec::new();
        let mut keys: Vec<(usize, i32)> = Vec::new();
        let mut run_of = Vec::with_capacity(self.messages.len());
        let mut last = 0;
        for (message, topic) in self.messages.iter().zip(&self.topic_of) {
            let key = (*topic, message.partition());
            // Messages of one partition mostly follow each other.
            if keys.get(last) != Some(&key) {
                last = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                    let at = TopicPartition::new(self.topics[*topic].clone(), key.1);
                    runs.push(Run { at, first: message.offset(), last: message.offset() });
                    keys.push(key);
                    keys.len() - 1
                });
            }
            runs[last].last = message.offset();
            run_of.push(last);
        }
        (runs, run_of)
    }

    fn raw<'a>(&'a self, range: Range<usize>) -> (Vec<RawMessage<'a>>, Vec<RawHeader<'a>>) {
        let mut headers = Vec::new();
        let mut raw = Vec::with_capacity(range.len());
        for index in range {
            let message = &self.messages[index];
            let first = headers.len();
            let keys = &self.header_keys[self.header_ranges[index].clone()];
            let mut keys = keys.iter();
            if keys.len() > 0 {
                message.headers(|_, value| {
                    if let Some(key) = keys.next() {
                        headers.push(RawHeader { key, value });
                    }
                });
            }
            let (timestamp, kind) = message.timestamp();
            raw.push(RawMessage {
                topic: &self.topics[self.topic_of[index]],
                partition: message.partition(),
                offset: message.offset(),
                timestamp: (kind != message::TimestampType::None).then_some(timestamp),
                timestamp_type: match kind {
                    message::TimestampType::None => TimestampType::None,
                    message::TimestampType::Create => TimestampType::Create,
                    message::TimestampType::LogAppend => TimestampType::LogAppend,
                },
                key: message.key(),
                value: message.value(),
                headers: first..headers.len(),
            });
        }
        (raw, headers)
    }
}

/// A message that cannot be converted, and why.
pub(super) type Refused = (Place, Box<Failure>);

/// Converts messages for a put. Those that cannot be converted are listed with their run, offset and failure.
pub(super) fn convert(
    pipeline: &SinkPipeline,
    messages: Messages,
    instance: &Instance,
) -> Result<(Retained, Vec<Refused>), Bad> {
    let (runs, run_of) = messages.runs();
    let (lent, built) = Lent::build(messages, instance, |messages, builder| {
        let (mut places, mut failures) = (Vec::with_capacity(messages.messages.len()), Vec::new());
        let mut room = SinkOutcome::default();
        for start in (0..messages.messages.len()).step_by(PART) {
            let (raw, headers) = messages.raw(start..(start + PART).min(messages.messages.len()));
            let SinkOutcome { mut records, headers: mut converted } =
                pipeline.convert(SinkBatch { messages: &raw, headers: &headers }, room.recycle());
            let mut values = converted.drain(..);
            for (index, (record, raw)) in records.drain(..).zip(&raw).enumerate() {
                let timestamp = raw.timestamp.map(|timestamp| (timestamp, raw.timestamp_type));
                let place = Place { run: run_of[start + index], offset: raw.offset, timestamp };
                match record {
                    Ok(record) => {
                        let headers = values
                            .by_ref()
                            .take(record.headers.len())
                            .map(|header| (header.key, header.value));
                        let view = PutRecord {
                            topic: raw.topic,
                            partition: raw.partition,
                            offset: raw.offset,
                            timestamp: raw.timestamp,
                            timestamp_type: raw.timestamp_type,
                            key: record.key,
                            value: record.value,
                        };
                        builder.push(view, headers)?;
                        places.push(place);
                    }
                    Err(failure) => failures.push((place, failure)),
                }
            }
            drop(values);
            room = SinkOutcome { records, headers: converted };
        }
        Ok((places, failures))
    });
    let (places, failures) = built?;
    Ok((Retained { lent: Arc::new(lent), places, runs }, failures))
}

impl Retained {
    /// The records at these places only, with runs that begin at the first of each partition.
    pub(super) fn subset(&self, places: &[usize]) -> Retained {
        let kept: Vec<Place> = places.iter().filter_map(|place| self.places.get(*place).cloned()).collect();
        let mut runs = Vec::new();
        let mut new_place = vec![None; self.runs.len()];
        let mut moved = Vec::with_capacity(kept.len());
        for place in kept {
            let run = *new_place[place.run].get_or_insert_with(|| {
                runs.push(Run { first: place.offset, ..self.runs[place.run].clone() });
                runs.len() - 1
            });
            moved.push(Place { run, ..place });
        }
        Retained { lent: Arc::new(self.lent.subset(places)), places: moved, runs }
    }

    /// Everything but the records of these partitions; none if nothing is left.
    pub(super) fn without(self, gone: &[TopicPartition]) -> Option<Retained> {
        let stays = |place: &Place| !gone.contains(&self.runs[place.run].at);
        let places: Vec<usize> = self
            .places
            .iter()
            .enumerate()
            .filter(|(_, place)| stays(place))
            .map(|(index, _)| index)
            .collect();
        if places.is_empty() {
            return None;
        }
        if places.len() == self.places.len() {
            return Some(self);
        }
        Some(self.subset(&places))
    }
}
