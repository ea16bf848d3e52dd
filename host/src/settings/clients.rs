//! Java client settings to librdkafka settings: layers, then one table, then the keys that need more than a
//! new name.
//!
//! Layers, later ones win: what Connect sets where the user set nothing; the worker's plain keys (for the
//! worker's own clients and for admin clients only, as in Kafka: a connector's producer or consumer takes
//! `bootstrap.servers` and nothing else from them); `producer.`, `consumer.` or `admin.` on the worker;
//! `producer.override.` and so on, on the connector, as far as the policy lets them.

use std::collections::BTreeMap;
use std::fmt;

use super::definitions::value::trim;
use super::{HIDDEN, Problem, Props};
use stores::StoreFile;

mod adjust;
mod blame;
mod defaults;
mod definitions;
mod ids;
mod policy;
mod sasl;
mod ssl;
mod stores;
mod table;

pub use blame::SecurityKeys;
pub use definitions::overrides;
pub use ids::{ClientIds, consumer_group};
pub use policy::{OverridePolicy, check_overrides};
pub(crate) use table::{client_keys, is_client_key, without_effect};

/// Which client a config is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Writes records.
    Producer,
    /// Reads records.
    Consumer,
    /// Asks about and changes topics and groups.
    Admin,
}

impl Client {
    /// All three.
    pub const ALL: [Client; 3] = [Client::Producer, Client::Consumer, Client::Admin];

    /// The prefix of its settings on the worker, dot included.
    pub fn prefix(self) -> &'static str {
        match self {
            Client::Producer => "producer.",
            Client::Consumer => "consumer.",
            Client::Admin => "admin.",
        }
    }

    /// The prefix of its settings on a connector, dot included.
    pub fn override_prefix(self) -> &'static str {
        match self {
            Client::Producer => "producer.override.",
            Client::Consumer => "consumer.override.",
            Client::Admin => "admin.override.",
        }
    }
}

/// Settings for one librdkafka client.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// librdkafka's names and values. Holds secrets.
    pub conf: BTreeMap<String, String>,
    /// `max.poll.records`, which is the worker's to honour: the most records in one batch for a sink.
    pub max_poll_records: Option<usize>,
    /// Settings of the connector that have no counterpart or had to be changed, by key. Those of the worker
    /// are among the warnings of [`super::worker::WorkerConfig::parse`], once.
    pub warnings: Vec<Problem>,
    /// The keys to name when security is what goes wrong.
    pub security: SecurityKeys,
    /// Files to read before the client is made.
    stores: Vec<StoreFile>,
}

impl ClientConfig {
    /// For the consumer of one of several tasks of a sink: the others learn with a heartbeat that one has come or gone, and until
    /// all have, none reads. Where the user set no `heartbeat.interval.ms`, that is soon.
    pub fn one_of_several(&mut self) {
        let by_broker = self.conf.get("group.protocol").is_some_and(|protocol| protocol == "consumer");
        if !by_broker {
            self.conf
                .entry("heartbeat.interval.ms".to_owned())
                .or_insert_with(|| defaults::QUICK_HEARTBEAT.to_owned());
        }
    }

    /// Reads the key and trust stores that the settings name, each by `read` (path to bytes, or why not), and
    /// puts what they hold into [`ClientConfig::conf`]. To be done before the client is made.
    ///
    /// # Errors
    /// Every store that cannot be used, by the key that the user wrote: that of the file or of a password.
    pub fn read_stores(
        &mut self,
        read: impl Fn(&str) -> Result<Vec<u8>, String>,
    ) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        for store in std::mem::take(&mut self.stores) {
            let bytes = read(&store.path).map_err(|why| store.unreadable(&why));
            match bytes.and_then(|bytes| store.settings(&bytes)) {
                Ok(settings) => self.conf.extend(settings),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| {
            !["password", "pem", "secret", "oauthbearer.config"].iter().any(|part| name.contains(part))
        };
        let conf: BTreeMap<_, _> = self
            .conf
            .iter()
            .map(|(name, value)| (name, if shown(name) { value.as_str() } else { HIDDEN }))
            .collect();
        f.debug_struct("ClientConfig")
            .field("conf", &conf)
            .field("max_poll_records", &self.max_poll_records)
            .field("warnings", &self.warnings)
            .field("stores", &self.stores)
            .finish()
    }
}

/// Where a setting was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Plain,
    Worker,
    Connector,
}

/// A setting as the user gave it.
#[derive(Clone)]
struct Given<'a> {
    /// The key with its prefix.
    key: String,
    /// Trimmed.
    value: &'a str,
    layer: Layer,
}

/// Where a setting stands: under a key, or among the options of the login module that the key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    key: String,
    option: Option<String>,
}

impl Place {
    fn problem(&self, why: impl Into<String>) -> Problem {
        match &self.option {
            Some(option) => Problem::new(&self.key, format!("option {option}: {}", why.into())),
            None => Problem::new(&self.key, why),
        }
    }
}

/// A config in the making: what was given by Java's names, what came out of it.
struct Translation<'a> {
    client: Client,
    given: BTreeMap<&'a str, Given<'a>>,
    /// The settings are options of the login module under this key, which are for the endpoint of tokens.
    login: Option<String>,
    /// The names of such options, where the endpoint has TLS.
    login_options: Vec<String>,
    conf: BTreeMap<String, String>,
    max_poll_records: Option<usize>,
    stores: Vec<StoreFile>,
    warnings: Vec<(Layer, Problem)>,
    errors: Vec<Problem>,
}

impl<'a> Translation<'a> {
    fn new(client: Client, worker: &'a Props, connector: Option<&'a Props>) -> Self {
        let mut given = BTreeMap::new();
        for (key, value) in worker {
            if key == "bootstrap.servers" || (table::is_inherited(key) && takes_plain_keys(client, connector))
            {
                let value = trim(value);
                given.insert(key.as_str(), Given { key: key.clone(), value, layer: Layer::Plain });
            }
        }
        if let Some(connector) = connector {
            Self::layer(&mut given, worker, client.prefix(), Layer::Worker);
            Self::layer(&mut given, connector, client.override_prefix(), Layer::Connector);
        }
        Translation { given, ..Translation::empty(client) }
    }

    fn empty(client: Client) -> Self {
        Translation {
            client,
            given: BTreeMap::new(),
            login: None,
            login_options: Vec::new(),
            conf: BTreeMap::new(),
            max_poll_records: None,
            stores: Vec::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn layer(given: &mut BTreeMap<&'a str, Given<'a>>, props: &'a Props, prefix: &str, layer: Layer) {
        // Not a setting of the admin client, though it looks like one.
        let listens =
            |name: &str| layer == Layer::Worker && (name == "listeners" || name.starts_with("listeners."));
        for (key, value) in props {
            if let Some(name) = key.strip_prefix(prefix).filter(|name| !name.is_empty() && !listens(name)) {
                given.insert(name, Given { key: key.clone(), value: trim(value), layer });
            }
        }
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.given.get(name).map(|given| given.value)
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.conf.insert(name.to_owned(), value.into());
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.conf.get(name).and_then(|value| value.parse().ok())
    }

    /// An error about a setting by Java's name, shown under the key that the user wrote.
    fn refuse(&mut self, name: &str, why: impl Into<String>) {
        self.errors.push(self.place(name, name).problem(why));
    }

    /// An error about a setting that goes with another one and may be missing: then it is shown with the
    /// prefix of that one.
    fn refuse_beside(&mut self, name: &str, beside: &str, why: impl Into<String>) {
        self.errors.push(self.place(name, beside).problem(why));
    }

    /// Where a setting stands, or would stand next to another one.
    fn place(&self, name: &str, beside: &str) -> Place {
        match &self.login {
            Some(key) => Place { key: key.clone(), option: Some(name.to_owned()) },
            None => Place { key: self.key_of(name, beside), option: None },
        }
    }

    /// A setting by the key that the user wrote, or would write next to another one.
    fn key_of(&self, name: &str, beside: &str) -> String {
        if let Some(given) = self.given.get(name) {
            return given.key.clone();
        }
        let prefix =
            self.given.get(beside).and_then(|given| given.key.strip_suffix(beside)).unwrap_or_default();
        format!("{prefix}{name}")
    }

    /// A warning about a setting by Java's name, shown under the key that the user wrote.
    fn warn(&mut self, name: &str, why: impl Into<String>) {
        if let Some(given) = self.given.get(name) {
            self.warnings.push((given.layer, self.place(name, name).problem(why)));
        }
    }
}

/// The worker's own clients and all admin clients take the worker's plain keys.
fn takes_plain_keys(client: Client, connector: Option<&Props>) -> bool {
    client == Client::Admin || connector.is_none()
}

/// The settings of one client.
///
/// `connector` is the config of the connector for whose task the client is, or none for a client of the
/// worker's own (the offset topic). `ids` gives the names that hold unless the user set others.
///
/// # Errors Every setting that cannot be honoured, by the key that the user wrote: values of the wrong form,
/// settings whose loss would change what the client does, overrides that the policy does not allow.
pub fn client_config(
    client: Client,
    worker: &Props,
    connector: Option<&Props>,
    ids: &ClientIds,
) -> Result<ClientConfig, Vec<Problem>> {
    let (mut config, warnings) = translate(client, worker, connector, ids)?;
    let of_connector = warnings.into_iter().filter(|(layer, _)| *layer == Layer::Connector);
    config.warnings = of_connector.map(|(_, problem)| problem).collect();
    Ok(config)
}

/// What is wrong or notable with the client settings on the worker, for all clients: errors, then warnings.
pub(crate) fn check_worker(worker: &Props) -> (Vec<Problem>, Vec<Problem>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let nothing = Props::new();
    let ids = ClientIds { client_id: "check".to_owned(), group_id: Some("check".to_owned()) };
    for client in Client::ALL {
        for connector in [None, Some(&nothing)] {
            match translate(client, worker, connector, &ids) {
                Ok((_, found)) => warnings.extend(found.into_iter().map(|(_, problem)| problem)),
                Err(found) => errors.extend(found),
            }
        }
    }
    for found in [&mut errors, &mut warnings] {
        found.sort();
        found.dedup();
    }
    (errors, warnings)
}

type Translated = (ClientConfig, Vec<(Layer, Problem)>);

fn translate(
    client: Client,
    worker: &Props,
    connector: Option<&Props>,
    ids: &ClientIds,
) -> Result<Translated, Vec<Problem>> {
    let mut translation = Translation::new(client, worker, connector);
    defaults::apply(&mut translation, connector.is_none(), ids);
    if let Some(connector) = connector {
        // A policy that cannot be read is an error of the worker, which did not start with it: nothing is
        // allowed.
        let refused =
            policy::refused(&OverridePolicy::read(worker).unwrap_or(OverridePolicy::None), client, connector);
        translation.errors.extend(refused);
    }
    table::apply(&mut translation);
    adjust::apply(&mut translation);
    ssl::apply(&mut translation);
    sasl::apply(&mut translation);
    let security = SecurityKeys::of(&translation);
    let Translation { conf, max_poll_records, stores, warnings, errors, .. } = translation;
    if errors.is_empty() {
        Ok((ClientConfig { conf, max_poll_records, warnings: Vec::new(), security, stores }, warnings))
    } else {
        Err(errors)
    }
}

#[cfg(test)]
mod tests;
