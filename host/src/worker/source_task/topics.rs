//! Topics that are not there yet: made before their first record where `topic.creation.*` says how.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time;

use super::Running;
use crate::kafka::admin::{self, TopicSpec};
use crate::kafka::dev_broker::DevBroker;
use crate::kafka::native::Owner;
use crate::kafka::{Conf, KafkaError};
use crate::settings::Problem;
use crate::settings::clients::{Client, ClientIds};
use crate::settings::topic_creation::TopicCreation;
use crate::worker::clients;
use crate::worker::progress::Stage;
use crate::worker::task::{Backoff, Env, Failed};

/// How long a look at the topics, and the making of one, may take.
const ASK: Duration = Duration::from_secs(30);

/// What the task knows of topics.
pub(super) struct Topics {
    rules: Option<(TopicCreation, Conf, Owner)>,
    known: HashSet<String>,
}

impl Topics {
    /// By the settings of the connector, as far as the worker lets them. What has no effect comes with it.
    pub(super) fn new(env: &Env) -> Result<(Topics, Vec<Problem>), Vec<Problem>> {
        let mut warnings = Vec::new();
        let rules = match &env.config.topic_creation {
            Some(_) if !env.context.config.topic_creation_enable => {
                let why = "has no effect: the worker's topic.creation.enable is false";
                warnings.push(Problem::new("topic.creation", why));
                None
            }
            Some(rules) => {
                let ids = ClientIds::task_admin(&env.id.connector, env.id.task);
                let client =
                    clients::ready(Client::Admin, &env.context.config.raw, Some(&env.config.raw), &ids)?;
                let task = Some(env.id.task);
                let owner = Owner { connector: env.id.connector.clone(), task, ..Owner::default() };
                let owner = clients::owner(owner, &client);
                warnings.extend(client.warnings);
                Some((rules.clone(), client.conf, owner))
            }
            None => None,
        };
        Ok((Topics { rules, known: HashSet::new() }, warnings))
    }

    /// Whether a topic is to be looked for before it is written to.
    pub(super) fn unknown(&self, topic: &str) -> bool {
        self.rules.is_some() && !self.known.contains(topic)
    }
}

impl Running {
    /// Sees to it that the topic is there. While the brokers cannot be asked it is tried again; a stop ends that.
    ///
    /// # Errors
    /// The brokers do not make it.
    pub(super) async fn make_topic(&mut self, topic: &str) -> Result<(), Failed> {
        let progress = self.env.progress.clone();
        let _waiting = progress.during(Stage::Topic);
        let mut backoff = Backoff::default();
        while !self.stop {
            let Some((rules, conf, owner)) = &self.topics.rules else { return Ok(()) };
            let settings = rules.of(topic);
            let spec = TopicSpec {
                name: topic.to_owned(),
                partitions: settings.partitions,
                replication_factor: settings.replication_factor,
                configs: settings.configs.clone(),
            };
            let group = settings.group.clone();
            let made = find_or_make(conf.clone(), owner.clone(), self.env.context.dev_broker.clone(), spec);
            let Some(made) = self.meanwhile(made).await else { return Ok(()) };
            let (connector, task) = (self.env.id.connector.as_str(), self.env.id.task);
            match made {
                Ok((known, new)) => {
                    if new {
                        tracing::info!(connector, task, "topic {topic} was made, as group {group} says");
                    }
                    self.topics.known.extend(known);
                    self.topics.known.insert(topic.to_owned());
                    return Ok(());
                }
                Err(error) if error.retriable => {
                    let pause = backoff.pause();
                    tracing::warn!(
                        connector,
                        task,
                        "topic {topic} is looked for again in {} ms: {error}",
                        pause.as_millis()
                    );
                    if self.meanwhile(time::sleep(pause)).await.is_none() {
                        return Ok(());
                    }
                }
                Err(error) => {
                    return Err(Failed(format!(
                        "Task failed to create new topic {topic} (group {group} of topic.creation). Ensure that the \
                         task is authorized to create topics or that the topic exists and restart the task\n\
                         Caused by: {error}"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Waits while orders are heard. None: the task is to stop.
    async fn meanwhile<T>(&mut self, wait: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(wait);
        loop {
            tokio::select! {
                done = &mut wait => return Some(done),
                order = self.env.inbox.recv() => match order {
                    None => {
                        self.stop = true;
                        return None;
                    }
                    order => self.order(order).await,
                },
            }
        }
    }
}

/// Looks for the topic, and makes it if it is not there. With it come the names of all topics that there are, when it had
/// to look, and whether it was made.
async fn find_or_make(
    conf: Conf,
    owner: Owner,
    dev_broker: Option<Arc<DevBroker>>,
    spec: TopicSpec,
) -> Result<(Vec<String>, bool), KafkaError> {
    let ask = move || {
        let names = admin::topic_names(&conf, &owner, ASK)?;
        if names.contains(&spec.name) {
            return Ok((names, false));
        }
        let made = match dev_broker {
            Some(broker) => broker.create_topic(&spec)?,
            None => admin::create_topic(&conf, &owner, &spec, ASK)?,
        };
        Ok((names, made))
    };
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.map_err(|error| KafkaError::local("list topics", error.to_string()))?
}
