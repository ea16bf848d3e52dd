//! Who runs what: the part of the connectors and tasks that is this worker's, and how a leader shares them out.
//!
//! [`eager`] gives everything anew, [`Cooperative`] leaves what runs where it runs (KIP-415). Both are plain functions of
//! what the members report and what is configured.

mod balance;
#[cfg(test)]
mod tests;
pub mod cooperative;
pub mod eager;

use std::collections::{BTreeMap, BTreeSet};

use super::messages::TaskId;

pub use cooperative::Cooperative;

/// A protocol of worker groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// `default`: all stop, then each is told all that it shall run.
    Eager,
    /// `compatible`: members keep what they run; assignments are increments.
    Compatible,
    /// `sessioned`: as before, and requests between workers are signed.
    Sessioned,
}

impl Protocol {
    /// The name under which members offer it.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Eager => "default",
            Protocol::Compatible => "compatible",
            Protocol::Sessioned => "sessioned",
        }
    }

    /// The protocol of this name.
    pub fn of_name(name: &str) -> Option<Protocol> {
        [Protocol::Eager, Protocol::Compatible, Protocol::Sessioned].into_iter().find(|p| p.name() == name)
    }

    /// The version in its bytes.
    pub fn version(self) -> i16 {
        match self {
            Protocol::Eager => 0,
            Protocol::Compatible => 1,
            Protocol::Sessioned => 2,
        }
    }
}

/// What is assigned to this worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// The only worker runs all there is.
    Everything,
    /// One worker of a group runs its share.
    Share(Share),
}

impl Assignment {
    /// The share; none of a worker that runs everything.
    pub(super) fn share(&self) -> &Share {
        static NONE: Share = Share::new();
        match self {
            Assignment::Everything => &NONE,
            Assignment::Share(share) => share,
        }
    }

    /// True when this worker runs the connector.
    pub fn has_connector(&self, name: &str) -> bool {
        match self {
            Assignment::Everything => true,
            Assignment::Share(share) => share.contains(&Item::Connector(name.to_owned())),
        }
    }

    /// True when this worker runs the task.
    pub fn has_task(&self, id: &TaskId) -> bool {
        match self {
            Assignment::Everything => true,
            Assignment::Share(share) => share.contains(&Item::Task(id.clone())),
        }
    }
}

/// What a worker can be told to run. In order: connectors by name, then tasks by connector and number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A connector, by its name.
    Connector(String),
    /// A task.
    Task(TaskId),
}

impl Item {
    /// The connector, or that of the task.
    pub fn connector(&self) -> &str {
        match self {
            Item::Connector(name) => name,
            Item::Task(id) => &id.connector,
        }
    }
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Item::Connector(name) => f.write_str(name),
            Item::Task(id) => id.fmt(f),
        }
    }
}

/// Connectors and tasks that belong together in some way, such as by their worker.
pub type Share = BTreeSet<Item>;

/// A share for each member of the group, by member id.
pub type Shares = BTreeMap<String, Share>;
