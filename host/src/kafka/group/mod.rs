//! Membership in a group of workers, which librdkafka has no words for: it speaks of groups of consumers only.
//!
//! `machine` decides, `driver` carries out; between them and the brokers are `link` (what is asked and answered),
//! `connection`, `tls` and `sasl`; `messages` and `bytes` are the protocol. What members tell each other goes through as
//! bytes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::Conf;
use super::security::Remedies;
use connection::Dialer;
use driver::{Command, Driver};
use machine::{Input, Rules};
use messages::Address;

mod bytes;
mod codes;
mod connection;
mod driver;
mod lease;
mod link;
mod machine;
mod messages;
mod sasl;
mod scram;
mod tls;

pub use lease::Lease;
pub use messages::Offers;

/// Commands that may wait for the member; it takes them at once.
const COMMANDS: usize = 64;
/// How much longer than a request for leaving the end of a member may take.
const END: Duration = Duration::from_secs(6);

/// A group, and how to be a member of it. Not `Debug`: settings hold secrets.
#[derive(Clone)]
pub struct GroupConf {
    /// `group.id`.
    pub group_id: String,
    /// Settings of an admin client: `bootstrap.servers`, `client.id`, and what security needs.
    pub clients: Conf,
    /// What to name when a broker does not accept the client, or the client a broker.
    pub remedies: Remedies,
    /// `session.timeout.ms`: without a heartbeat for so long, a member is out.
    pub session_timeout: Duration,
    /// `rebalance.timeout.ms`: how long members, and the worker's own answers, are waited for in a rebalance.
    pub rebalance_timeout: Duration,
    /// `heartbeat.interval.ms`; also how long the coordinator may be unknown before all is lost.
    pub heartbeat_interval: Duration,
    /// `retry.backoff.ms`: the first pause between tries; it grows up to a second.
    pub retry_backoff: Duration,
    /// `request.timeout.ms`.
    pub request_timeout: Duration,
    /// By which pauses of several workers differ.
    pub seed: u64,
}

/// What happens to a member. Protocols are told by their names, what members tell each other as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEvent {
    /// The member is about to join: to be answered by [`Member::join`] with what it offers now.
    JoinDue,
    /// The member leads, and everybody waits for [`Member::share`].
    Elected {
        /// Of the group.
        generation: i32,
        /// Its own id.
        member_id: String,
        /// The protocol that all have in common.
        protocol: String,
        /// What each member, itself included, offered for it.
        members: BTreeMap<String, Vec<u8>>,
    },
    /// What it shall run.
    Assigned {
        /// Of the group.
        generation: i32,
        /// Its own id.
        member_id: String,
        /// The protocol that all have in common.
        protocol: String,
        /// The leader's word. Empty: it had none for this member.
        assignment: Vec<u8>,
    },
    /// A rebalance began elsewhere; [`GroupEvent::JoinDue`] follows.
    Rebalancing,
    /// The coordinator is unknown for too long, or the session over: nothing may run. The member joins anew by itself.
    Lost,
    /// It cannot be a member, and waiting does not help. Nothing follows.
    Failed(GroupError),
}

/// Why a worker cannot be a member; begins with the key at fault where one is known. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GroupError(pub String);

/// A member of a group. Dropped, it goes without a word, as after a crash: the group misses it after the session.
#[derive(Debug)]
pub struct Member {
    commands: mpsc::Sender<Command>,
    lease: Lease,
    driver: JoinHandle<()>,
}

impl Member {
    /// Becomes a member, and tells `events` what happens. To be called in a tokio runtime; TLS certificates of the system
    /// may be read.
    ///
    /// # Errors
    /// A setting that cannot be honoured, by its name. Everything else is told as an event.
    pub fn spawn(conf: GroupConf, events: mpsc::Sender<GroupEvent>) -> Result<Member, GroupError> {
        let bootstrap = bootstrap(&conf.clients)?;
        let dialer = Dialer::new(&conf.clients, &conf.remedies)?;
        let began = tokio::time::Instant::now();
        let lease = Lease::new(began.into_std());
        let driver = Driver::new(conf, dialer, bootstrap, began, lease.clone(), events);
        let (commands, inlet) = mpsc::channel(COMMANDS);
        Ok(Member { commands, lease, driver: tokio::spawn(driver.run(inlet)) })
    }

    /// Until when the membership holds.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The answer to [`GroupEvent::JoinDue`]: the protocols by preference.
    pub fn join(&self, offers: Offers) {
        self.command(Input::Join(offers));
    }

    /// The answer to [`GroupEvent::Elected`]: what each member shall run.
    pub fn share(&self, generation: i32, shares: BTreeMap<String, Vec<u8>>) {
        self.command(Input::Share { generation, shares });
    }

    /// Joins anew, after a rebalance that is under way if there is one. Brokers begin no round for a follower that offers the
    /// same as before: it is given the same again.
    pub fn rejoin(&self, reason: &str) {
        self.command(Input::Rejoin(reason.to_owned()));
    }

    /// Leaves the group and stays out until [`Member::rejoin`].
    pub fn leave(&self, reason: &str) {
        self.command(Input::Leave(reason.to_owned()));
    }

    /// Heartbeats often for a second, so that a rebalance that is about to begin is heard of at once.
    pub fn watch(&self) {
        self.command(Input::Watch);
    }

    /// Leaves the group and ends, within seconds.
    pub async fn close(self) {
        let (closed, ended) = oneshot::channel();
        if self.commands.try_send(Command::Close(closed)).is_ok() {
            // It ends anyway where it does not answer.
            let _ = tokio::time::timeout(END, ended).await;
        }
    }

    fn command(&self, input: Input) {
        // Full, or at its end: a member that does not come on is out by itself soon.
        if self.commands.try_send(Command::Do(input)).is_err() {
            tracing::warn!("the client of the group does not take commands");
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.driver.abort();
        self.lease.set(None);
    }
}

impl GroupConf {
    fn rules(&self) -> Rules {
        Rules {
            session: millis(self.session_timeout),
            rebalance: millis(self.rebalance_timeout),
            heartbeat: millis(self.heartbeat_interval),
            backoff: millis(self.retry_backoff),
            request: millis(self.request_timeout),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Words of an error after what the user should look at, if that is known.
fn with_remedy(remedy: &str, why: &str) -> String {
    if remedy.is_empty() { why.to_owned() } else { format!("{remedy}: {why}") }
}

/// The brokers of the settings, at least one.
fn bootstrap(conf: &Conf) -> Result<Vec<Address>, GroupError> {
    let text = conf.get("bootstrap.servers").map(String::as_str).unwrap_or_default();
    let mut brokers = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let rest = part.split_once("://").map_or(part, |(_, rest)| rest);
        let address = rest.rsplit_once(':').and_then(|(host, port)| {
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            Some(Address { host: host.to_owned(), port: port.parse().ok()? })
        });
        let wrong = || GroupError(format!("bootstrap.servers: {part} is not HOST:PORT"));
        brokers.push(address.filter(|address| !address.host.is_empty()).ok_or_else(wrong)?);
    }
    let none = || GroupError("bootstrap.servers: names no broker".to_owned());
    if brokers.is_empty() { Err(none()) } else { Ok(brokers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_read_off_the_settings() {
        let read = |text: &str| bootstrap(&Conf::from([("bootstrap.servers".to_owned(), text.to_owned())]));
        let brokers = read("a:1, SSL://b:2,[::1]:3").unwrap();
        let shown: Vec<String> = brokers.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["a:1", "b:2", "[::1]:3"]);
        for (text, error) in [("a", "a is not HOST:PORT"), (":1", ":1 is not"), (",", "names no broker")] {
            assert!(read(text).unwrap_err().to_string().contains(error), "{text}");
        }
    }
}
