//! `topic.creation.*`: how the topics of a source are made before their first record, group by group.

use super::definitions::value::{invalid, list, trim};
use super::definitions::{ConfigDef, Definition, Importance, Parsed, Type, Validation, Width};
use super::patterns::TopicPattern;
use super::{Problem, Props, with_prefix};

/// Prefix of the keys.
pub const PREFIX: &str = "topic.creation.";

const GROUPS: &str = "topic.creation.groups";
const DEFAULT: &str = "default";
/// Keys of a group that are not topic configs.
const OWN: [&str; 4] = ["include", "exclude", "partitions", "replication.factor"];

/// How the topics of a group are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// The group's name.
    pub group: String,
    /// Partitions; -1 leaves it to the broker.
    pub partitions: i32,
    /// Replicas of each; -1 leaves it to the broker.
    pub replication_factor: i16,
    /// Topic configs, as given.
    pub configs: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Group {
    include: Vec<TopicPattern>,
    exclude: Vec<TopicPattern>,
    settings: TopicSettings,
}

/// The groups of a connector.
#[derive(Clone, Debug)]
pub struct TopicCreation {
    groups: Vec<Group>,
    default: TopicSettings,
}

impl PartialEq for TopicCreation {
    fn eq(&self, other: &Self) -> bool {
        let settings = |all: &Self| all.groups.iter().map(|group| group.settings.clone()).collect::<Vec<_>>();
        self.default == other.default && settings(self) == settings(other)
    }
}

impl Eq for TopicCreation {}

impl TopicCreation {
    /// The groups of a config that was checked; none where it says nothing about them.
    pub fn read(props: &Props) -> Option<TopicCreation> {
        if !given(props) {
            return None;
        }
        let broker = TopicSettings {
            group: DEFAULT.to_owned(),
            partitions: -1,
            replication_factor: -1,
            configs: Vec::new(),
        };
        let default = settings(props, DEFAULT, &broker);
        let patterns = |group: &str, key: &str| {
            let texts = props.get(&format!("{PREFIX}{group}.{key}")).map(|text| list(text));
            texts.unwrap_or_default().iter().filter_map(|text| TopicPattern::new(text).ok()).collect()
        };
        let group = |name: &String| Group {
            include: patterns(name, "include"),
            exclude: patterns(name, "exclude"),
            settings: settings(props, name, &default),
        };
        Some(TopicCreation { groups: groups(props).iter().map(group).collect(), default })
    }

    /// How a topic is made: as the first group says that includes and does not exclude it, or else as the default group.
    pub fn of(&self, topic: &str) -> &TopicSettings {
        let matches = |patterns: &[TopicPattern]| patterns.iter().any(|pattern| pattern.matches(topic));
        let group = self.groups.iter().find(|group| matches(&group.include) && !matches(&group.exclude));
        group.map_or(&self.default, |group| &group.settings)
    }
}

fn settings(props: &Props, group: &str, default: &TopicSettings) -> TopicSettings {
    let mut configs = with_prefix(props, &format!("{PREFIX}{group}."));
    let mut own = |key: &str| configs.remove(key).map(|text| trim(&text).to_owned());
    let [_, _, partitions, replication_factor] = OWN.map(&mut own);
    TopicSettings {
        group: group.to_owned(),
        partitions: partitions.and_then(|text| text.parse().ok()).unwrap_or(default.partitions),
        replication_factor: replication_factor
            .and_then(|text| text.parse().ok())
            .unwrap_or(default.replication_factor),
        configs: configs.into_iter().collect(),
    }
}

/// Names of the groups beside the default one, in their order and without repeats.
fn groups(props: &Props) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in props.get(GROUPS).map(|text| list(text)).unwrap_or_default() {
        if !name.is_empty() && name != DEFAULT && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a config has anything to say about it.
pub(super) fn given(props: &Props) -> bool {
    props.iter().any(|(key, value)| key.starts_with(PREFIX) && !trim(value).is_empty())
}

/// The keys of the groups that a config names, the default group first.
pub(super) fn definitions(props: &Props) -> ConfigDef {
    let mut definitions = ConfigDef::new();
    let default = |key: &str| props.get(&format!("{PREFIX}{DEFAULT}.{key}")).cloned();
    let (partitions, replication_factor) = (default("partitions"), default("replication.factor"));
    group_keys(&mut definitions, DEFAULT, ".*", None, None);
    for group in groups(props) {
        let (partitions, replicas) = (partitions.as_deref(), replication_factor.as_deref());
        group_keys(&mut definitions, &group, "", partitions.or(Some("-1")), replicas.or(Some("-1")));
    }
    definitions
}

/// Keys of a group; without defaults for partitions and replicas they are required.
fn group_keys(
    to: &mut ConfigDef,
    group: &str,
    include: &str,
    partitions: Option<&str>,
    replicas: Option<&str>,
) {
    let keys = [
        (
            "include",
            Type::List,
            Some(include),
            "Regular expressions: topics of this group.",
            "Inclusion Topic Pattern for",
        ),
        (
            "exclude",
            Type::List,
            Some(""),
            "Regular expressions: topics that are not of this group.",
            "Exclusion Topic Pattern for",
        ),
        (
            "replication.factor",
            Type::Short,
            replicas,
            "Replication factor of new topics; -1 for the broker's default.",
            "Replication Factor for Topics in",
        ),
        (
            "partitions",
            Type::Int,
            partitions,
            "Partitions of new topics; -1 for the broker's default.",
            "Partition Count for Topics in",
        ),
    ];
    let shown = format!("Topic Creation: {group}");
    for (order, (key, kind, default, doc, label)) in (1..).zip(keys) {
        let definition = Definition::new(format!("{PREFIX}{group}.{key}"), kind, Importance::Low, doc);
        let definition = match default {
            Some(text) => definition.default(text),
            None => definition.required(),
        };
        to.push(definition.shown(&shown, order, Width::Long, &format!("{label} {group}")));
    }
}

/// What is wrong with values that could be read, in Kafka's words.
pub(super) fn check(props: &Props, validation: &mut Validation) {
    for group in [DEFAULT.to_owned()].into_iter().chain(groups(props)) {
        let key = |name: &str| format!("{PREFIX}{group}.{name}");
        for (name, rule) in [
            ("partitions", "Number of partitions must be positive, or -1 to use the broker's default"),
            (
                "replication.factor",
                "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, \
                 or -1 to use the broker's default",
            ),
        ] {
            let key = key(name);
            let value = validation.value(&key).and_then(Parsed::as_i64);
            if let Some(value) = value.filter(|value| *value < 1 && *value != -1) {
                validation.add_error(&key, invalid(&key, &value.to_string(), rule));
            }
        }
        for key in ["include", "exclude"].map(key) {
            let items = validation.value(&key).and_then(Parsed::as_list).unwrap_or_default().to_vec();
            if let Some(error) = items.iter().find_map(|item| TopicPattern::new(item).err()) {
                let detail = format!("Syntax error in regular expression: {error}");
                validation.add_error(&key, invalid(&key, &format!("[{}]", items.join(", ")), &detail));
            }
        }
    }
}

/// Keys that have no effect: of groups that are not named, and the patterns of the default group.
pub(super) fn warnings(props: &Props) -> Vec<Problem> {
    let groups = groups(props);
    let named = props.get(GROUPS).map(|text| list(text)).unwrap_or_default();
    let mut warnings = Vec::new();
    if named.iter().any(|name| name == DEFAULT) {
        warnings.push(Problem::new(GROUPS, "the group default is always there, and need not be named"));
    }
    for key in props.keys().filter(|key| *key != GROUPS) {
        let Some(rest) = key.strip_prefix(PREFIX) else { continue };
        let of = |group: &str| rest.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
        if of(DEFAULT) {
            if matches!(rest, "default.include" | "default.exclude") {
                warnings.push(Problem::new(
                    key.as_str(),
                    "has no effect: all other topics are of the default group",
                ));
            }
        } else if !groups.iter().any(|group| of(group)) {
            warnings
                .push(Problem::new(key.as_str(), "has no effect: topic.creation.groups names no such group"));
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
