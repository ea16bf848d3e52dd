//! The plugins that this worker has, by class name, alias and version.

use super::texts;
use crate::settings::{Props, versions};

/// What a plugin is; in the order of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginKind {
    /// A connector that writes records of Kafka elsewhere.
    Sink,
    /// A connector that brings records into Kafka.
    Source,
    /// Changes records one at a time.
    Transformation,
    /// Chooses the records that a transformation changes.
    Predicate,
    /// Bytes to data and back, of keys and values.
    Converter,
    /// Bytes to data and back, of headers.
    HeaderConverter,
}

impl PluginKind {
    /// The name that the API uses, such as `header_converter`.
    pub fn name(self) -> &'static str {
        match self {
            PluginKind::Sink => "sink",
            PluginKind::Source => "source",
            PluginKind::Transformation => "transformation",
            PluginKind::Predicate => "predicate",
            PluginKind::Converter => "converter",
            PluginKind::HeaderConverter => "header_converter",
        }
    }

    /// True for sinks and sources.
    pub fn is_connector(self) -> bool {
        matches!(self, PluginKind::Sink | PluginKind::Source)
    }

    /// The ending of a class name that an alias may leave out.
    fn suffix(self) -> &'static str {
        match self {
            PluginKind::Sink | PluginKind::Source => "Connector",
            PluginKind::Transformation => "Transformation",
            PluginKind::Predicate => "Predicate",
            PluginKind::Converter => "Converter",
            PluginKind::HeaderConverter => "HeaderConverter",
        }
    }
}

/// One plugin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PluginInfo {
    /// What it is.
    pub kind: PluginKind,
    /// Full class name, such as `org.apache.kafka.connect.file.FileStreamSourceConnector`.
    pub class: String,
    /// Its version; none: it doesn't tell.
    pub version: Option<String>,
    /// Class name of its tasks, written into task configs as `task.class`; empty for what has no tasks.
    pub task_class: String,
}

impl PluginInfo {
    /// A plugin; the class of a connector's tasks is named as Kafka's are: `...Connector` has `...Task`.
    pub fn new(kind: PluginKind, class: &str, version: Option<&str>) -> PluginInfo {
        let task_class = match kind.is_connector() {
            true => format!("{}Task", class.strip_suffix("Connector").unwrap_or(class)),
            false => String::new(),
        };
        PluginInfo { kind, class: class.to_owned(), version: version.map(str::to_owned), task_class }
    }

    /// True when `name` is the full class name, the simple one, or that without the ending of its kind.
    pub fn answers_to(&self, name: &str) -> bool {
        let simple = self.class.rsplit('.').next().unwrap_or(&self.class);
        let short = simple.strip_suffix(self.kind.suffix()).unwrap_or(simple);
        name == self.class || name == simple || (!short.is_empty() && name == short)
    }
}

/// Whether the name is that of a config provider or an override policy of Kafka's: plugins that are in no list.
pub(super) fn is_undescribed(name: &str) -> bool {
    const PROVIDERS: &str = "org.apache.kafka.common.config.provider";
    const POLICIES: &str = "org.apache.kafka.connect.connector.policy";
    let provider = ["File", "Directory", "EnvVar"].map(|short| (PROVIDERS, short, "ConfigProvider"));
    let policy =
        ["All", "None", "Principal"].map(|short| (POLICIES, short, "ConnectorClientConfigOverridePolicy"));
    provider.into_iter().chain(policy).any(|(package, short, suffix)| {
        let simple = format!("{short}{suffix}");
        name == short
            || name == simple
            || name.strip_suffix(&simple).is_some_and(|rest| rest.strip_suffix('.') == Some(package))
    })
}

/// The key that says which version of its class a connector wants.
pub(super) const CONNECTOR_VERSION: &str = "connector.plugin.version";

/// Why there is no plugin for a name, or not in the version that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// Nothing answers to the name, or two classes do.
    #[error("no plugin answers to the name")]
    Name,
    /// What is wanted is no range of versions; why.
    #[error("{0}")]
    Range(String),
    /// The class is there in other versions only; which, in Kafka Connect's words.
    #[error("{0}")]
    Version(String),
}

/// All plugins of a worker.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    plugins: Vec<PluginInfo>,
}

impl Catalog {
    /// Takes all plugins, in any order; equal ones count once.
    pub fn new(mut plugins: Vec<PluginInfo>) -> Catalog {
        plugins.sort();
        plugins.dedup();
        let version = |plugin: &PluginInfo| plugin.version.clone().unwrap_or_default();
        let plugins = versions::in_order(plugins, |a, b| {
            (a.kind, &a.class)
                .cmp(&(b.kind, &b.class))
                .then_with(|| versions::compare(&version(a), &version(b)))
        });
        Catalog { plugins }
    }

    /// All plugins by kind, class, version; or only connectors.
    pub fn list(&self, connectors_only: bool) -> Vec<PluginInfo> {
        self.plugins.iter().filter(|p| !connectors_only || p.kind.is_connector()).cloned().collect()
    }

    /// The plugin of any kind with that class or alias, in the newest version that fits.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str, version: Option<&str>) -> Result<&PluginInfo, Missing> {
        newest(&self.versions(name, |_| true), version)
    }

    /// The connector with that class or alias, in the newest version.
    pub fn connector(&self, name: &str) -> Option<&PluginInfo> {
        self.versions(name, |p| p.kind.is_connector()).pop()
    }

    /// The connector that a config means: its class, in the newest version that fits.
    ///
    /// # Errors
    /// There is none.
    pub fn connector_of(&self, config: &Props) -> Result<&PluginInfo, Missing> {
        let class = config.get(texts::CONNECTOR_CLASS).map_or("", String::as_str);
        let version = config.get(CONNECTOR_VERSION).map(String::as_str);
        newest(&self.versions(class, |p| p.kind.is_connector()), version)
    }

    /// All versions of the only class that answers to the name, oldest first; a name that two classes claim is nobody's.
    fn versions(&self, name: &str, fits: impl Fn(&PluginInfo) -> bool) -> Vec<&PluginInfo> {
        let mut hits: Vec<&PluginInfo> =
            self.plugins.iter().filter(|p| fits(p) && p.answers_to(name)).collect();
        let Some(first) = hits.first().copied() else { return hits };
        if hits.iter().any(|hit| hit.class != first.class) {
            hits.retain(|hit| hit.class == name);
        }
        let kind = hits.first().map(|first| first.kind);
        hits.retain(|hit| Some(hit.kind) == kind);
        hits
    }
}

fn newest<'a>(versions: &[&'a PluginInfo], wanted: Option<&str>) -> Result<&'a PluginInfo, Missing> {
    let wanted = versions::requirement(wanted).map_err(|error| Missing::Range(error.to_string()))?;
    let newest = versions.last().ok_or(Missing::Name)?;
    let Some(range) = wanted else { return Ok(newest) };
    let version = |plugin: &&'a PluginInfo| plugin.version.as_deref().unwrap_or("undefined");
    let fitting = versions.iter().rev().find(|plugin| range.contains(version(plugin)));
    fitting.copied().ok_or_else(|| {
        let available: Vec<&str> = versions.iter().map(version).collect();
        Missing::Version(versions::unfit(&newest.class, &range, &available))
    })
}
