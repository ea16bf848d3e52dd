//! What the cluster says of one topic: its id, its partitions, where they end, and its settings.

use std::ffi::{CString, c_char};
use std::sync::Arc;
use std::time::Duration;

use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaRespErr as Code;

use super::admin::ask;
use super::list::{self, List, TopicPartition};
use super::native::{Native, Owner, Role, text};
use super::{Conf, KafkaError};

/// A client that asks, one question at a time. Each call blocks its thread until the answer, or for about its bound.
pub struct Asker(Native);

/// Which end of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The first offset that is there.
    Start,
    /// Behind the last one, transactions that are still open included.
    End,
}

/// A topic as its brokers describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// What tells it from an older topic of the same name; zeros where brokers are too old to know.
    pub id: (i64, i64),
    /// How many partitions it has.
    pub partitions: i32,
}

impl Asker {
    /// Makes the client; it connects in the background.
    ///
    /// # Errors
    /// The settings are not accepted.
    pub fn new(conf: &Conf, owner: Owner) -> Result<Asker, KafkaError> {
        Ok(Asker(Native::new(Role::Producer, conf, 0, owner)?))
    }

    /// The topic's id and partitions.
    ///
    /// # Errors
    /// What the broker or the client said: there is no such topic, among others.
    pub fn describe(&self, topic: &str, timeout: Duration) -> Result<Description, KafkaError> {
        let what = format!("describe topic {topic}");
        let name = name_of(&what, topic)?;
        let answer = ask(
            &self.0,
            &what,
            sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            sys::RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT,
            timeout,
            // SAFETY: live handles; the name is copied into the collection, which is copied into the request and ours to free.
            |options, queue| unsafe {
                let mut names: [*const c_char; 1] = [name.as_ptr()];
                let topics = sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), 1);
                sys::rd_kafka_DescribeTopics(self.0.ptr(), topics, options, queue);
                sys::rd_kafka_TopicCollection_destroy(topics);
            },
        )?;
        // SAFETY: the event is of this kind; what it lends is copied while it lives.
        unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_DescribeTopics_result(answer.ptr());
            let topics = sys::rd_kafka_DescribeTopics_result_topics(result, &mut count);
            if topics.is_null() || count == 0 {
                return Err(KafkaError::new(what, Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
            }
            let error = sys::rd_kafka_TopicDescription_error(*topics);
            if !error.is_null() && sys::rd_kafka_error_code(error) != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                return Err(KafkaError::new(what, sys::rd_kafka_error_code(error)));
            }
            let id = sys::rd_kafka_TopicDescription_topic_id(*topics);
            let id = match id.is_null() {
                true => (0, 0),
                false => (
                    sys::rd_kafka_Uuid_most_significant_bits(id),
                    sys::rd_kafka_Uuid_least_significant_bits(id),
                ),
            };
            let mut partitions = 0;
            sys::rd_kafka_TopicDescription_partitions(*topics, &mut partitions);
            Ok(Description { id, partitions: i32::try_from(partitions).unwrap_or(i32::MAX) })
        }
    }

    /// Where each of the first `partitions` partitions starts, or ends.
    ///
    /// # Errors
    /// What the broker or the client said, of the whole or of the first partition that has no answer.
    pub fn edges(
        &self,
        topic: &str,
        partitions: i32,
        edge: Edge,
        timeout: Duration,
    ) -> Result<Vec<i64>, KafkaError> {
        let (spec, name) = match edge {
            Edge::Start => (sys::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_EARLIEST, "start"),
            Edge::End => (sys::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_LATEST, "end"),
        };
        let what = format!("list the {name} offsets of topic {topic}");
        let topic: Arc<str> = topic.into();
        let all: Vec<TopicPartition> =
            (0..partitions).map(|partition| TopicPartition { topic: topic.clone(), partition }).collect();
        let wanted = List::new(all.iter().map(|at| (at, spec as i64)))?;
        let answer = ask(
            &self.0,
            &what,
            sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTOFFSETS,
            sys::RD_KAFKA_EVENT_LISTOFFSETS_RESULT,
            timeout,
            // SAFETY: live handles; the list is copied.
            |options, queue| unsafe {
                let uncommitted = sys::rd_kafka_IsolationLevel_t::RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED;
                let error = sys::rd_kafka_AdminOptions_set_isolation_level(options, uncommitted);
                if !error.is_null() {
                    sys::rd_kafka_error_destroy(error);
                }
                sys::rd_kafka_ListOffsets(self.0.ptr(), wanted.ptr(), options, queue);
            },
        )
        .map_err(leaderless)?;
        let mut edges = vec![None; all.len()];
        // SAFETY: the event is of this kind; the results live as long as it does, and what they lend is copied.
        unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_ListOffsets_result(answer.ptr());
            let infos = sys::rd_kafka_ListOffsets_result_infos(result, &mut count);
            for index in 0..if infos.is_null() { 0 } else { count } {
                let Some(item) =
                    list::item(sys::rd_kafka_ListOffsetsResultInfo_topic_partition(*infos.add(index)))
                else {
                    continue;
                };
                let (at, offset, code) = item;
                if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                    return Err(KafkaError::new(format!("{what}, partition {}", at.partition), code));
                }
                // A broker that did not answer leaves its partitions without an offset, and without an error.
                let known = (offset >= 0).then_some(offset);
                if let Some(edge) = usize::try_from(at.partition).ok().and_then(|index| edges.get_mut(index))
                {
                    *edge = known;
                }
            }
        }
        let missing = || KafkaError::new(what, Code::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
        edges.into_iter().collect::<Option<Vec<i64>>>().ok_or_else(missing)
    }

    /// The value of a topic's setting, such as `cleanup.policy`; none if the broker tells none.
    ///
    /// # Errors
    /// What the broker or the client said.
    pub fn setting(&self, topic: &str, key: &str, timeout: Duration) -> Result<Option<String>, KafkaError> {
        let what = format!("describe the settings of topic {topic}");
        let name = name_of(&what, topic)?;
        let answer = ask(
            &self.0,
            &what,
            sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
            sys::RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT,
            timeout,
            // SAFETY: live handles; the resource is copied into the request and ours to free.
            |options, queue| unsafe {
                let kind = sys::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
                let mut resource = sys::rd_kafka_ConfigResource_new(kind, name.as_ptr());
                sys::rd_kafka_DescribeConfigs(self.0.ptr(), &mut resource, 1, options, queue);
                sys::rd_kafka_ConfigResource_destroy(resource);
            },
        )?;
        // SAFETY: the event is of this kind; the results live as long as it does, and what they lend is copied.
        unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_DescribeConfigs_result(answer.ptr());
            let resources = sys::rd_kafka_DescribeConfigs_result_resources(result, &mut count);
            if resources.is_null() || count == 0 {
                return Ok(None);
            }
            let code = sys::rd_kafka_ConfigResource_error(*resources);
            if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                return Err(KafkaError::new(what, code));
            }
            let entries = sys::rd_kafka_ConfigResource_configs(*resources, &mut count);
            let entries = (0..if entries.is_null() { 0 } else { count }).map(|index| *entries.add(index));
            let found = entries.into_iter().find(|entry| text(sys::rd_kafka_ConfigEntry_name(*entry)) == key);
            Ok(found.map(|entry| text(sys::rd_kafka_ConfigEntry_value(entry))))
        }
    }
}

/// librdkafka finds no leader of any partition while a topic is new, which passes.
fn leaderless(error: KafkaError) -> KafkaError {
    let retriable = error.retriable || error.is(&[Code::RD_KAFKA_RESP_ERR__NOENT]);
    KafkaError { retriable, ..error }
}

fn name_of(what: &str, topic: &str) -> Result<CString, KafkaError> {
    CString::new(topic).map_err(|_| KafkaError::local(what, "zero byte in the name"))
}
