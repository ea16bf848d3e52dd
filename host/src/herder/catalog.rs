//! The plugins that this worker has, by class name and alias.

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
        Catalog { plugins }
    }

    /// All plugins by kind, class, version; or only connectors.
    pub fn list(&self, connectors_only: bool) -> Vec<PluginInfo> {
        self.plugins.iter().filter(|p| !connectors_only || p.kind.is_connector()).cloned().collect()
    }

    /// The plugin of any kind with that class or alias.
    pub fn find(&self, name: &str) -> Option<&PluginInfo> {
        self.pick(name, |_| true)
    }

    /// The connector with that class or alias.
    pub fn connector(&self, name: &str) -> Option<&PluginInfo> {
        self.pick(name, |p| p.kind.is_connector())
    }

    /// The newest version of the only class that answers to the name; a name that two classes claim is nobody's.
    fn pick(&self, name: &str, fits: impl Fn(&PluginInfo) -> bool) -> Option<&PluginInfo> {
        let mut hits = self.plugins.iter().filter(|p| fits(p) && p.answers_to(name));
        let first = hits.next()?;
        let mut best = first;
        for other in hits {
            if other.class != first.class {
                return self.plugins.iter().filter(|p| fits(p)).find(|p| p.class == name);
            }
            if other.kind == first.kind {
                best = other;
            }
        }
        Some(best)
    }
}
