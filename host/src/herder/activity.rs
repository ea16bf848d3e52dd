//! What the worker is busy with, in words: for those who wait for too long and want to know what for.

use super::group::Group;
use super::requests::Checking;
use super::{ConfigRecord, Herder, Millis};

/// Something that the worker does, or did last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// What, such as `writing a config for connector x to the config topic`.
    pub what: String,
    /// Since when, on the clock of `now`.
    pub since: Millis,
    /// Until when; none: still at it.
    pub until: Option<Millis>,
}

/// What the writing of a batch is.
pub(super) fn of_records(records: &[ConfigRecord]) -> String {
    let topic = "the config topic";
    match records.last() {
        Some(ConfigRecord::Connector { name, config: Some(_) }) => {
            format!("writing a config for connector {name} to {topic}")
        }
        Some(ConfigRecord::Connector { name, config: None } | ConfigRecord::Target { name, state: None }) => {
            format!("removing the config for connector {name} from {topic}")
        }
        Some(ConfigRecord::Target { name, state: Some(_) }) => {
            format!("writing a target state for connector {name} to {topic}")
        }
        Some(ConfigRecord::TaskConfig { name, .. } | ConfigRecord::TaskCommit { name, .. }) => {
            format!("writing task configs for connector {name} to {topic}")
        }
        Some(ConfigRecord::Restart { name, .. }) => {
            format!("writing a restart request for connector {name} to {topic}")
        }
        Some(ConfigRecord::TaskCount { name, .. }) => {
            format!("writing a task count for connector {name} to {topic}")
        }
        Some(ConfigRecord::LoggerLevel { namespace, .. }) => {
            format!("writing a level for loggers {namespace} to {topic}")
        }
        Some(ConfigRecord::SessionKey(_)) => format!("writing a session key to {topic}"),
        None => format!("writing to {topic}"),
    }
}

impl Herder {
    /// What this worker is busy with, or was last; none: it was not busy yet. It changes with steps only.
    pub fn activity(&self) -> Option<&Activity> {
        self.activity.as_ref()
    }

    /// Looks at what it is busy with after a step.
    pub(super) fn note_activity(&mut self) {
        let (now, doing) = (self.now, self.doing());
        match (&mut self.activity, doing) {
            (Some(Activity { what, until: None, .. }), Some(doing)) if *what == doing => {}
            (activity, Some(what)) => *activity = Some(Activity { what, since: now, until: None }),
            (Some(Activity { until: until @ None, .. }), None) => *until = Some(now),
            (_, None) => {}
        }
    }

    /// What others wait for first comes first.
    fn doing(&self) -> Option<String> {
        if let Some(writing) = &self.writing {
            return Some(writing.what.clone());
        }
        if let Some(group) = self.group.as_ref().and_then(Group::activity) {
            return Some(group.to_owned());
        }
        if let Some(modifying) = self.modifying.values().next() {
            return Some(format!("changing the offsets of connector {}", modifying.name));
        }
        let mut connectors = self.connectors.iter().filter(|(_, run)| !run.run.waiting.is_empty());
        if let Some((name, _)) = connectors.next() {
            return Some(format!("restarting connector {name}"));
        }
        let mut tasks = self.tasks.iter().filter(|(_, run)| !run.waiting.is_empty());
        if let Some((id, _)) = tasks.next() {
            return Some(format!("restarting task {id}"));
        }
        let job = |checking: &Checking| match checking {
            Checking::Job(job) => job.name().map(|name| format!("validating the config of connector {name}")),
            Checking::Report => Some("validating a connector's config".to_owned()),
            Checking::Definitions => Some("reading a plugin's config definitions".to_owned()),
            Checking::Offsets => Some("reading a connector's offsets".to_owned()),
        };
        self.checking.values().find_map(job)
    }
}
