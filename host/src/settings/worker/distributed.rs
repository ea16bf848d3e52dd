//! The keys of a worker that is one of a group: those of every worker, and what the group, its topics and the requests
//! between workers need.

use std::fmt;
use std::time::Duration;

use super::offsets::{self, StorageTopic};
use super::{Mode, Reader, WorkerConfig};
use crate::settings::definitions::Validation;
use crate::settings::definitions::value::invalid;
use crate::settings::{Problem, Props};

pub(super) mod keys;

/// How workers of a group share their work out: `connect.protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectProtocol {
    /// Everything stops with each rebalance.
    Eager,
    /// What can go on goes on.
    Compatible,
    /// The same, and workers sign what they ask of each other.
    Sessioned,
}

/// A hash with which keys are made and requests signed, by the name that it has in Java.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mac {
    /// `HmacSHA1`
    Sha1,
    /// `HmacSHA256`
    Sha256,
    /// `HmacSHA384`
    Sha384,
    /// `HmacSHA512`
    Sha512,
}

impl Mac {
    /// All of them.
    pub const ALL: [Mac; 4] = [Mac::Sha1, Mac::Sha256, Mac::Sha384, Mac::Sha512];

    /// Its name in Java.
    pub fn name(self) -> &'static str {
        match self {
            Mac::Sha1 => "HmacSHA1",
            Mac::Sha256 => "HmacSHA256",
            Mac::Sha384 => "HmacSHA384",
            Mac::Sha512 => "HmacSHA512",
        }
    }

    /// The one of this name, in any case, as in Java.
    pub fn of_name(name: &str) -> Option<Mac> {
        Self::ALL.into_iter().find(|mac| mac.name().eq_ignore_ascii_case(name))
    }

    /// Bytes of a key where nobody says how many, as in Java.
    fn key_bytes(self) -> usize {
        match self {
            Mac::Sha1 | Mac::Sha512 => 64,
            Mac::Sha256 => 32,
            Mac::Sha384 => 48,
        }
    }
}

/// How workers know each other's requests: the `inter.worker.*` keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterWorker {
    /// What session keys are for.
    pub key_algorithm: Mac,
    /// Bytes of a session key.
    pub key_bytes: usize,
    /// How long a session key is used; zero: for as long as there is one.
    pub key_ttl: Duration,
    /// With which requests are signed.
    pub signature: Mac,
    /// With which requests of others may be signed; holds `signature`.
    pub verification: Vec<Mac>,
}

/// The settings of a distributed worker, checked. [`OffsetStoreConfig::Topic`](super::OffsetStoreConfig) is where it keeps offsets.
#[derive(Clone)]
pub struct DistributedConfig {
    /// What every worker has.
    pub worker: WorkerConfig,
    /// The name of its group.
    pub group_id: String,
    /// Where configs are kept; one partition.
    pub config_topic: StorageTopic,
    /// Where states are told.
    pub status_topic: StorageTopic,
    /// Without a heartbeat for so long, a worker is out.
    pub session_timeout: Duration,
    /// How often a worker says that it is there.
    pub heartbeat_interval: Duration,
    /// How long workers are waited for in a rebalance.
    pub rebalance_timeout: Duration,
    /// How long the work of a worker that is gone waits for its return, at most.
    pub rebalance_max_delay: Duration,
    /// How long the config topic may take to be read to its end.
    pub sync_timeout: Duration,
    /// How long a worker that could not do that stays away.
    pub unsync_backoff: Duration,
    /// How work is shared out.
    pub protocol: ConnectProtocol,
    /// How workers know each other's requests.
    pub inter_worker: InterWorker,
    /// The first pause between tries of the group's client.
    pub retry_backoff: Duration,
    /// How long a request of the group's client may take.
    pub request_timeout: Duration,
}

impl fmt::Debug for DistributedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DistributedConfig")
            .field("worker", &self.worker)
            .field("group_id", &self.group_id)
            .field("config_topic", &self.config_topic.name)
            .field("status_topic", &self.status_topic.name)
            .finish_non_exhaustive()
    }
}

impl DistributedConfig {
    /// Reads the config of a distributed worker. The second of the pair are warnings: keys that are unknown or change
    /// nothing here.
    ///
    /// # Errors Every problem at once, by key, as [`WorkerConfig::parse`] tells them.
    pub fn parse(props: &Props) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let validation = Validation::new(keys::definitions(), props);
        let (worker, mut problems, mut warnings) =
            WorkerConfig::checked(Mode::Distributed, &validation, props);
        let reader = Reader { mode: Mode::Distributed, props, validation: &validation };
        let inter_worker = reader.inter_worker(&mut problems);
        let mut topic = |prefix: &str, partitions| {
            offsets::storage_topic(prefix, partitions, &validation, props, &mut problems, &mut warnings)
        };
        let config_topic = topic("config.storage.", Some(1));
        let status_topic = topic("status.storage.", None);
        reader.times(&mut problems);
        match (worker, config_topic, status_topic, inter_worker) {
            (Some(worker), Some(config_topic), Some(status_topic), Some(inter_worker))
                if problems.is_empty() =>
            {
                let config = reader.of_group(worker, config_topic, status_topic, inter_worker);
                Ok((config, warnings))
            }
            _ => Err(problems),
        }
    }
}

impl Reader<'_> {
    fn of_group(
        &self,
        worker: WorkerConfig,
        config_topic: StorageTopic,
        status_topic: StorageTopic,
        inter_worker: InterWorker,
    ) -> DistributedConfig {
        let protocol = match self.text(keys::PROTOCOL).to_ascii_lowercase().as_str() {
            "eager" => ConnectProtocol::Eager,
            "compatible" => ConnectProtocol::Compatible,
            _ => ConnectProtocol::Sessioned,
        };
        DistributedConfig {
            worker,
            group_id: self.text("group.id"),
            config_topic,
            status_topic,
            session_timeout: self.millis(keys::SESSION),
            heartbeat_interval: self.millis(keys::HEARTBEAT),
            rebalance_timeout: self.millis("rebalance.timeout.ms"),
            rebalance_max_delay: self.millis("scheduled.rebalance.max.delay.ms"),
            sync_timeout: self.millis("worker.sync.timeout.ms"),
            unsync_backoff: self.millis("worker.unsync.backoff.ms"),
            protocol,
            inter_worker,
            retry_backoff: self.millis("retry.backoff.ms"),
            request_timeout: self.millis("request.timeout.ms"),
        }
    }

    /// A worker whose heartbeats come no more often than its session lasts falls out of its group again and again.
    fn times(&self, problems: &mut Vec<Problem>) {
        let (session, heartbeat) = (self.number(keys::SESSION), self.number(keys::HEARTBEAT));
        if session > 0 && heartbeat >= session {
            let why = format!("must be less than {}, which is {session} ms", keys::SESSION);
            problems.push(Problem::new(keys::HEARTBEAT, why));
        }
    }

    fn inter_worker(&self, problems: &mut Vec<Problem>) -> Option<InterWorker> {
        let mut mac = |key: &str, name: &str| {
            let found = Mac::of_name(name);
            if found.is_none() {
                let known = Mac::ALL.map(Mac::name).join(", ");
                let why = format!("it is not available; there are {known}");
                problems.push(Problem::new(key, invalid(key, name, &why)));
            }
            found
        };
        let key_algorithm = mac(keys::KEY_ALGORITHM, &self.text(keys::KEY_ALGORITHM));
        let signature = mac(keys::SIGNATURE, &self.text(keys::SIGNATURE));
        let names = self.list(keys::VERIFICATION);
        let verification: Vec<Option<Mac>> = names.iter().map(|name| mac(keys::VERIFICATION, name)).collect();
        if names.is_empty() {
            let why = "At least one signature verification algorithm must be provided";
            problems.push(Problem::new(keys::VERIFICATION, invalid(keys::VERIFICATION, "[]", why)));
        }
        let verification: Option<Vec<Mac>> = verification.into_iter().collect();
        let key_bytes = self.key_bytes(key_algorithm?, problems)?;
        let (signature, verification) = (signature?, verification?);
        if !verification.is_empty() && !verification.contains(&signature) {
            let why = format!("Signature algorithm must be present in {} list", keys::VERIFICATION);
            let given = self.text(keys::SIGNATURE);
            problems.push(Problem::new(keys::SIGNATURE, invalid(keys::SIGNATURE, &given, &why)));
        }
        let key_ttl = self.millis(keys::KEY_TTL);
        Some(InterWorker { key_algorithm: key_algorithm?, key_bytes, key_ttl, signature, verification })
    }

    /// The size is given in bits, of which Java takes 40 and more.
    fn key_bytes(&self, algorithm: Mac, problems: &mut Vec<Problem>) -> Option<usize> {
        let Some(bits) =
            self.validation.value(keys::KEY_SIZE).and_then(crate::settings::definitions::Parsed::as_i64)
        else {
            return Some(algorithm.key_bytes());
        };
        match usize::try_from(bits) {
            Ok(bits @ 40..=8192) => Some(bits.div_ceil(8)),
            _ => {
                let why = "Key length must be at least 40 bits and no more than 8192 bits";
                problems.push(Problem::new(keys::KEY_SIZE, invalid(keys::KEY_SIZE, &bits.to_string(), why)));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
