//! What a worker of a group has besides: the topics that all share, its membership, and requests to the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use super::config_store::ConfigStore;
use super::context::Context;
use super::loggers::LiveLoggers;
use super::membership::Membership;
use super::session::{self, Session};
use super::status_store::StatusStore;
use crate::herder::{
    Action, ConfigRecord, Epoch, Event, GroupAssignment, MemberState, State, StatusRecord, WriteId,
};
use crate::kafka::group::Lease;
use crate::kafka::log::Patience;
use crate::rest::{LoggerLevels, PeerRequest, Peers, path_of_tasks};
use crate::settings::Props;

/// Words to the group that may wait.
const WORDS: usize = 64;
/// How long states may take to be written before the group is joined anew: not so long that the others wait for it.
const STATES: Duration = Duration::from_millis(500);
/// How long states may take to be written before the group is left.
const LAST_STATES: Duration = Duration::from_secs(2);

/// What is said to the group, in its order.
enum Word {
    Join(MemberState),
    Share { generation: i32, shares: BTreeMap<String, GroupAssignment> },
    Rejoin(String),
    Leave(String),
}

/// Says to the group what it is given, until nothing more can come.
pub struct Speaker {
    words: mpsc::Receiver<Word>,
    statuses: StatusStore,
    /// Another worker leaves, it seems.
    leaving: Arc<Notify>,
}

impl Speaker {
    /// Speaks for the member; leaves the group at the end.
    pub async fn speak(mut self, membership: Membership) {
        loop {
            let word = tokio::select! {
                word = self.words.recv() => word,
                () = self.leaving.notified() => {
                    membership.watch();
                    continue;
                }
            };
            let Some(word) = word else { break };
            match word {
                Word::Join(state) => {
                    // What was given up is told before somebody else can run it: the topic's last word of it would
                    // otherwise be that nobody does.
                    if !self.statuses.flush(STATES).await {
                        tracing::debug!("not all states were written before the group is joined anew");
                    }
                    membership.join(&state);
                }
                Word::Share { generation, shares } => membership.share(generation, &shares),
                Word::Rejoin(reason) => {
                    tracing::info!("the worker joins its group anew: {reason}");
                    membership.rejoin(&reason);
                }
                Word::Leave(reason) => {
                    tracing::info!("the worker leaves its group: {reason}");
                    if !self.statuses.flush(LAST_STATES).await {
                        tracing::warn!("not all states were written before the group is left");
                    }
                    membership.leave(&reason);
                }
            }
        }
        membership.close().await;
    }
}

/// What session keys are made of.
pub struct KeyMaking {
    /// Name of their algorithm.
    pub algorithm: &'static str,
    /// Their bytes.
    pub bytes: usize,
}

/// What the worker has for the sake of its group.
pub struct Links {
    /// The config topic.
    pub configs: ConfigStore,
    /// The status topic.
    pub statuses: StatusStore,
    /// Signs requests.
    pub session: Arc<Session>,
    /// Reaches other workers.
    pub peers: Peers,
    /// The levels of this process.
    pub loggers: Arc<LiveLoggers>,
    /// What session keys are made of.
    pub keys: KeyMaking,
    /// How long the config topic may take to be read to its end.
    pub sync_timeout: Duration,
}

/// Carries out what only a worker of a group does.
pub struct Cluster {
    context: Arc<Context>,
    links: Links,
    words: mpsc::Sender<Word>,
    leaving: Arc<Notify>,
}

impl Cluster {
    /// With the one that speaks for it once the worker is a member.
    pub fn new(context: Arc<Context>, links: Links) -> (Cluster, Speaker) {
        let (sender, words) = mpsc::channel(WORDS);
        let leaving = Arc::<Notify>::default();
        let speaker = Speaker { words, statuses: links.statuses.clone(), leaving: leaving.clone() };
        (Cluster { context, links, words: sender, leaving }, speaker)
    }

    /// A worker that stops says first that it runs nothing any more: the rebalance that follows is heard of sooner by who
    /// looks out for it.
    pub fn note(&self, event: &Event) {
        let Event::Status(
            StatusRecord::Connector { status: Some(status), .. }
            | StatusRecord::Task { status: Some(status), .. },
        ) = event
        else {
            return;
        };
        if status.state == State::Unassigned && status.worker_id != self.context.worker_id {
            self.leaving.notify_one();
        }
    }

    /// Appends records to the config topic; [`Event::Written`] follows, at once where nothing is written. A leader that was
    /// stopped beyond its session may have a successor that it has not heard of: it writes nothing before it has rejoined.
    pub fn write(&self, write: WriteId, records: Vec<ConfigRecord>) -> Option<Event> {
        if is_refused(self.context.lease.get(), &records) {
            let why = "the worker is not sure to be a member of its group any more; try again once it has joined anew";
            return Some(Event::Written { write, outcome: Err(why.to_owned()) });
        }
        self.links.configs.write(write, records);
        None
    }

    /// Carries an action out, if it is one of a group. What follows from it at once comes back.
    pub fn act(&self, action: Action) -> Option<Event> {
        let links = &self.links;
        match action {
            Action::ReadConfig { read } => links.configs.read(read, Patience::Total(links.sync_timeout)),
            Action::PutStatus { record, safe } => links.statuses.put(record, safe),
            Action::Join(state) => self.say(Word::Join(state)),
            Action::Share { generation, shares } => self.say(Word::Share { generation, shares }),
            Action::Rejoin { reason } => self.say(Word::Rejoin(reason)),
            Action::Leave { reason } => self.say(Word::Leave(reason)),
            Action::UseSessionKey { key, verify } => links.session.use_key(key, verify),
            Action::MakeSessionKey => match session::make_key(links.keys.algorithm, links.keys.bytes) {
                Ok(key) => return Some(Event::SessionKeyMade(Ok(key))),
                Err(error) => {
                    tracing::error!("no session key could be made, which is tried again: {error}");
                    return Some(Event::SessionKeyMade(Err(error)));
                }
            },
            Action::PublishTasks { name, epoch, leader_url, configs } => {
                self.publish(name, epoch, leader_url, &configs);
            }
            Action::SetLogLevel { namespace, level } => match links.loggers.set(&namespace, &level) {
                Ok(Some(_)) => tracing::info!("the level of loggers {namespace} is {level} on all workers"),
                Ok(None) => tracing::warn!("the level {level} for loggers {namespace} is not known"),
                Err(error) => tracing::error!("the level of loggers {namespace} was not set: {error}"),
            },
            _ => {}
        }
        None
    }

    fn say(&self, word: Word) {
        // Closed: the worker ends before it was a member.
        if let Err(TrySendError::Full(_)) = self.words.try_send(word) {
            tracing::error!("a word to the group was lost: too many of them wait");
        }
    }

    /// Hands task configs to the leader, signed.
    fn publish(&self, name: String, epoch: Epoch, leader_url: String, configs: &[Props]) {
        let body = serde_json::to_vec(configs).unwrap_or_default();
        let signed = self.links.session.sign(&body);
        let (context, peers) = (self.context.clone(), self.links.peers.clone());
        tokio::spawn(async move {
            let outcome = match signed {
                Err(why) => Err(why),
                Ok(signature) => {
                    let request = PeerRequest {
                        method: "POST",
                        base: leader_url,
                        target: path_of_tasks(&name),
                        body,
                        authorization: None,
                        signature,
                    };
                    match peers.ask(request).await {
                        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
                        Ok(answer) => Err(format!("the leader answered {}", answer.summary())),
                        Err(error) => Err(error.to_string()),
                    }
                }
            };
            if let Err(why) = &outcome {
                let connector = name.as_str();
                tracing::warn!(
                    connector,
                    "the leader did not take the configs of the tasks, which is tried again: {why}"
                );
            }
            context.report(Event::TasksPublished { name, epoch, outcome }).await;
        });
    }
}

/// Whether nothing of this is written: it is a leader's, and nobody knows whether this worker still is the leader.
fn is_refused(lease: Option<&Lease>, records: &[ConfigRecord]) -> bool {
    lease.is_none_or(|lease| !lease.holds()) && records.iter().any(is_the_leaders)
}

/// Whether the leader alone may write it.
fn is_the_leaders(record: &ConfigRecord) -> bool {
    !matches!(record, ConfigRecord::Target { .. } | ConfigRecord::LoggerLevel { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::herder::{SessionKey, TargetState};

    #[test]
    fn a_leader_that_may_be_none_any_more_writes_what_any_worker_may() {
        let name = || "c".to_owned();
        let target = || ConfigRecord::Target { name: name(), state: Some(TargetState::Stopped) };
        let key = SessionKey { key: vec![1], algorithm: "HmacSHA256".into(), created: 0 };
        let leaders = [
            vec![ConfigRecord::Connector { name: name(), config: Some(Props::new()) }],
            vec![target(), ConfigRecord::Connector { name: name(), config: None }],
            vec![ConfigRecord::TaskConfig { name: name(), task: 0, config: Props::new() }],
            vec![ConfigRecord::TaskCommit { name: name(), tasks: 0 }, target()],
            vec![ConfigRecord::Restart { name: name(), include_tasks: true, only_failed: false }],
            vec![ConfigRecord::SessionKey(key)],
        ];
        let anybodys =
            [target(), ConfigRecord::LoggerLevel { namespace: "root".into(), level: "INFO".into() }];
        let lease = Lease::new(std::time::Instant::now());
        // Never a member, a member, stopped beyond its session, and back.
        for (until, refused) in [(None, true), (Some(60_000), false), (Some(0), true), (Some(60_000), false)]
        {
            lease.set(until);
            for records in &leaders {
                assert_eq!(is_refused(Some(&lease), records), refused, "{until:?}");
            }
            assert!(!is_refused(Some(&lease), &anybodys), "{until:?}");
        }
        assert!(is_refused(None, &leaders[0]) && !is_refused(None, &anybodys));
    }
}
