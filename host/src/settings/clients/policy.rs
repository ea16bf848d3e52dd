//! Which client settings a connector may override: `connector.client.config.override.policy`.

use super::Client;
use crate::settings::connector::Kind;
use crate::settings::definitions::value::trim;
use crate::settings::{Problem, Props};

/// The worker's key that names the policy.
pub(super) const KEY: &str = "connector.client.config.override.policy";

/// Which client settings a connector may override.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverridePolicy {
    /// Any.
    #[default]
    All,
    /// None.
    None,
    /// `sasl.jaas.config`, `sasl.mechanism` and `security.protocol`.
    Principal,
}

impl OverridePolicy {
    /// Reads the alias or the class name of a policy.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = trim(text);
        let simple = name.strip_prefix("org.apache.kafka.connect.connector.policy.").unwrap_or(name);
        match simple.strip_suffix("ConnectorClientConfigOverridePolicy").unwrap_or(simple) {
            "All" => Ok(OverridePolicy::All),
            "None" => Ok(OverridePolicy::None),
            "Principal" => Ok(OverridePolicy::Principal),
            _ => Err(format!("'{name}' is no policy of this worker; use All, None or Principal")),
        }
    }

    /// Its alias.
    pub fn name(self) -> &'static str {
        match self {
            OverridePolicy::All => "All",
            OverridePolicy::None => "None",
            OverridePolicy::Principal => "Principal",
        }
    }

    /// Whether a connector may override this setting, given without prefix.
    pub fn allows(self, name: &str) -> bool {
        match self {
            OverridePolicy::All => true,
            OverridePolicy::None => false,
            OverridePolicy::Principal => {
                matches!(name, "sasl.jaas.config" | "sasl.mechanism" | "security.protocol")
            }
        }
    }
}

/// The overrides of a connector that the policy does not allow, for the client that its kind has.
pub fn check_overrides(policy: OverridePolicy, kind: Kind, connector: &Props) -> Vec<Problem> {
    let client = match kind {
        Kind::Source => Client::Producer,
        Kind::Sink => Client::Consumer,
    };
    refused(policy, client, connector)
}

/// The same for one client.
pub(super) fn refused(policy: OverridePolicy, client: Client, connector: &Props) -> Vec<Problem> {
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

    #[test]
    fn policies_are_known_by_alias_and_by_class() {
        let class = |alias: &str| {
            format!("org.apache.kafka.connect.connector.policy.{alias}ConnectorClientConfigOverridePolicy")
        };
        for policy in [OverridePolicy::All, OverridePolicy::None, OverridePolicy::Principal] {
            let simple = format!(" {}ConnectorClientConfigOverridePolicy ", policy.name());
            for name in [policy.name().to_owned(), class(policy.name()), simple] {
                assert_eq!(OverridePolicy::parse(&name), Ok(policy));
            }
        }
        assert!(OverridePolicy::parse("Allowlist").unwrap_err().contains("Allowlist"));
    }

    #[test]
    fn what_the_policy_does_not_allow_is_named_in_kafkas_words() {
        let connector: Props =
            ["producer.override.linger.ms", "producer.override.security.protocol", "topic"]
                .map(|key| (key.to_owned(), "1".to_owned()))
                .into();
        let keys = |policy| -> Vec<_> {
            check_overrides(policy, Kind::Source, &connector).into_iter().map(|p| p.key).collect()
        };
        assert!(keys(OverridePolicy::All).is_empty());
        assert_eq!(keys(OverridePolicy::Principal), ["producer.override.linger.ms"]);
        assert_eq!(keys(OverridePolicy::None).len(), 2);
        assert!(check_overrides(OverridePolicy::None, Kind::Sink, &connector).is_empty());
        assert_eq!(
            check_overrides(OverridePolicy::Principal, Kind::Source, &connector)[0].message,
            "The 'Principal' policy does not allow 'linger.ms' to be overridden in the connector configuration."
        );
    }
}
