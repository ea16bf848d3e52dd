//! Which client settings a connector may override: `connector.client.config.override.policy`.

use super::Client;
use crate::settings::connector::Kind;
use crate::settings::definitions::value::{list, trim};
use crate::settings::topic_creation;
use crate::settings::{Problem, Props};

/// The worker's key that names the policy.
const KEY: &str = "connector.client.config.override.policy";
/// The worker's key with what the policy Allowlist allows.
const ALLOWLIST_KEY: &str = "connector.client.config.override.allowlist";

/// Which client settings a connector may override.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OverridePolicy {
    /// Any.
    #[default]
    All,
    /// None.
    None,
    /// `sasl.jaas.config`, `sasl.mechanism` and `security.protocol`.
    Principal,
    /// These, without prefix. Kafka has it since 4.2.
    Allowlist(Vec<String>),
}

impl OverridePolicy {
    /// Reads the policy of a worker, by alias or class name.
    ///
    /// # Errors
    /// What to write instead.
    pub fn read(worker: &Props) -> Result<Self, String> {
        let Some(text) = worker.get(KEY) else { return Ok(OverridePolicy::default()) };
        let name = trim(text);
        let simple = name.strip_prefix("org.apache.kafka.connect.connector.policy.").unwrap_or(name);
        match simple.strip_suffix("ConnectorClientConfigOverridePolicy").unwrap_or(simple) {
            "All" => Ok(OverridePolicy::All),
            "None" => Ok(OverridePolicy::None),
            "Principal" => Ok(OverridePolicy::Principal),
            "Allowlist" => {
                let allowed = worker.get(ALLOWLIST_KEY).map(|text| list(text)).unwrap_or_default();
                Ok(OverridePolicy::Allowlist(allowed))
            }
            _ => Err(format!("'{name}' is no policy of this worker; use All, None, Principal or Allowlist")),
        }
    }

    /// Its alias.
    pub fn name(&self) -> &'static str {
        match self {
            OverridePolicy::All => "All",
            OverridePolicy::None => "None",
            OverridePolicy::Principal => "Principal",
            OverridePolicy::Allowlist(_) => "Allowlist",
        }
    }

    /// Whether a connector may override this setting, given without prefix.
    pub fn allows(&self, name: &str) -> bool {
        match self {
            OverridePolicy::All => true,
            OverridePolicy::None => false,
            OverridePolicy::Principal => {
                matches!(name, "sasl.jaas.config" | "sasl.mechanism" | "security.protocol")
            }
            OverridePolicy::Allowlist(allowed) => allowed.iter().any(|one| one == name),
        }
    }
}

/// The overrides of a connector that the policy does not allow, for the clients that it has.
pub fn check_overrides(policy: &OverridePolicy, kind: Kind, connector: &Props) -> Vec<Problem> {
    let clients: &[Client] = match kind {
        Kind::Source if connector.keys().any(|key| key.starts_with(topic_creation::PREFIX)) => {
            &[Client::Producer, Client::Admin]
        }
        Kind::Source => &[Client::Producer],
        Kind::Sink => &[Client::Consumer],
    };
    clients.iter().flat_map(|client| refused(policy, *client, connector)).collect()
}

/// The same for one client.
pub(super) fn refused(policy: &OverridePolicy, client: Client, connector: &Props) -> Vec<Problem> {
    let overrides =
        connector.keys().filter_map(|key| Some((key, key.strip_prefix(client.override_prefix())?)));
    overrides
        .filter(|(_, name)| !name.is_empty() && !policy.allows(name))
        .map(|(key, name)| {
            let policy = policy.name();
            let message = format!(
                "The '{policy}' policy does not allow '{name}' to be overridden in the connector configuration."
            );
            Problem::new(key.as_str(), message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(policy: &str, allowed: &str) -> Props {
        [(KEY, policy), (ALLOWLIST_KEY, allowed)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn policies_are_known_by_alias_and_by_class() {
        let class = |alias: &str| {
            format!("org.apache.kafka.connect.connector.policy.{alias}ConnectorClientConfigOverridePolicy")
        };
        let listed = OverridePolicy::Allowlist(vec!["linger.ms".to_owned(), "acks".to_owned()]);
        for policy in [OverridePolicy::All, OverridePolicy::None, OverridePolicy::Principal, listed] {
            let simple = format!(" {}ConnectorClientConfigOverridePolicy ", policy.name());
            for name in [policy.name().to_owned(), class(policy.name()), simple] {
                assert_eq!(OverridePolicy::read(&worker(&name, " linger.ms , acks")).as_ref(), Ok(&policy));
            }
        }
        assert_eq!(OverridePolicy::read(&Props::new()), Ok(OverridePolicy::All));
        assert!(OverridePolicy::read(&worker("Some", "")).unwrap_err().contains("Allowlist"));
    }

    #[test]
    fn what_the_policy_does_not_allow_is_named_in_kafkas_words() {
        let connector: Props =
            ["producer.override.linger.ms", "producer.override.security.protocol", "topic"]
                .map(|key| (key.to_owned(), "1".to_owned()))
                .into();
        let keys = |policy| -> Vec<_> {
            check_overrides(&policy, Kind::Source, &connector).into_iter().map(|p| p.key).collect()
        };
        assert!(keys(OverridePolicy::All).is_empty());
        assert_eq!(keys(OverridePolicy::Principal), ["producer.override.linger.ms"]);
        assert_eq!(keys(OverridePolicy::None).len(), 2);
        let listed = OverridePolicy::Allowlist(vec!["linger.ms".to_owned()]);
        assert_eq!(keys(listed), ["producer.override.security.protocol"]);
        assert_eq!(keys(OverridePolicy::Allowlist(Vec::new())).len(), 2, "an empty list allows nothing");
        let admin: Props = ["admin.override.security.protocol", "topic.creation.groups"]
            .map(|key| (key.to_owned(), "1".to_owned()))
            .into();
        assert_eq!(check_overrides(&OverridePolicy::None, Kind::Source, &admin).len(), 1);
        assert!(check_overrides(&OverridePolicy::None, Kind::Sink, &connector).is_empty());
        assert_eq!(
            check_overrides(&OverridePolicy::Principal, Kind::Source, &connector)[0].message,
            "The 'Principal' policy does not allow 'linger.ms' to be overridden in the connector configuration."
        );
    }
}
