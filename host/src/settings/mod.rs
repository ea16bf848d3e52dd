//! Configs as they were given, then checked: worker keys, connector keys, definitions, client settings.
//!
//! Everything here is pure: text and maps go in; typed settings, or every problem at once by key, come out.
//!
//! - [`files`]: the text of a worker or connector file to [`Props`]
//! - [`definitions`]: Kafka's ConfigDef, and what `validate` answers
//! - [`worker`]: the keys of the worker
//! - [`connector`]: the keys that all connectors share
//! - [`clients`]: Java client settings to librdkafka settings, and the override policies
//! - [`jaas`]: JAAS files
//! - [`keystores`]: key and trust stores as PEM, PKCS12 and JKS
//! - [`patterns`]: Java regular expressions on topic names
//! - [`restarts`]: when what failed comes back by itself
//! - [`topic_creation`]: how the topics of sources are made
//! - [`versions`]: versions of plugins, and ranges of them

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub mod clients;
pub mod connector;
pub mod definitions;
pub mod files;
pub mod jaas;
pub mod keystores;
pub mod patterns;
pub mod restarts;
mod spelling;
pub mod topic_creation;
pub mod versions;
pub mod worker;

/// A config as given: key to value, both text. Values may be secrets: never log them.
pub type Props = BTreeMap<String, String>;

/// A config as a request brings it: a key may be there and be null, which is not the same as absent.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// The keys with a value.
    pub config: Props,
    /// The keys that are null.
    pub nulls: BTreeSet<String>,
}

impl From<Props> for Given {
    fn from(config: Props) -> Self {
        Given { config, nulls: BTreeSet::new() }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("config", &KeysOf(&self.config)).field("nulls", &self.nulls).finish()
    }
}

/// One thing that is wrong (or merely notable) about a config, tied to the key it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The key as the user wrote it, prefix included.
    pub key: String,
    /// What is wrong and what to do about it. Holds no secret.
    pub message: String,
}

impl Problem {
    /// A problem of `key`.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Problem { key: key.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// What a secret looks like wherever it is shown.
pub const HIDDEN: &str = "[hidden]";

/// A secret. Debug and Display show `[hidden]`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Password(String);

impl Password {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Password(secret.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// The entries of `props` whose key starts with `prefix`, without the prefix. A key equal to the prefix is
/// left out.
pub fn with_prefix(props: &Props, prefix: &str) -> Props {
    props
        .range(prefix.to_owned()..)
        .take_while(|(key, _)| key.starts_with(prefix))
        .filter(|(key, _)| key.len() > prefix.len())
        .map(|(key, value)| (key[prefix.len()..].to_owned(), value.clone()))
        .collect()
}

/// Shows which keys a config has, and none of its values: any of them may be a secret of a plugin.
pub(crate) struct KeysOf<'a>(pub &'a Props);

impl fmt::Debug for KeysOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    mod anything;
    mod reference;

    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let secret = Password::new("s3cret");
        assert_eq!(format!("{secret} {secret:?}"), "[hidden] [hidden]");
        assert_eq!(secret.reveal(), "s3cret");
    }

    #[test]
    fn a_prefix_is_stripped_and_neighbours_stay_out() {
        let props: Props = [("a", "0"), ("a.", "1"), ("a.b", "2"), ("a.c.d", "3"), ("ab", "4"), ("b", "5")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let found: Vec<_> = with_prefix(&props, "a.").into_iter().collect();
        assert_eq!(found, [("b".to_owned(), "2".to_owned()), ("c.d".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn keys_are_shown_without_their_values() {
        let props = Props::from([("k".to_owned(), "s3cret".to_owned())]);
        assert_eq!(format!("{:?}", KeysOf(&props)), r#"{"k"}"#);
        assert_eq!(Problem::new("k", "is wrong").to_string(), "k: is wrong");
    }
}
