//! Which class is in which library.

use std::path::PathBuf;
use std::sync::Arc;

use super::load::{self, ClassTables, TaskTables};
use super::pool::Manners;
use super::scan::{Found, LeftOut, Scan};
use crate::settings::connector::Kind;

/// A class that can be used.
#[derive(Clone)]
pub struct Class {
    /// Full name.
    pub name: Arc<str>,
    /// Version.
    pub version: String,
    /// Source or sink.
    pub kind: Kind,
    /// Its library.
    pub library: PathBuf,
    /// Its functions.
    pub tables: ClassTables,
    /// How its tasks behave in time.
    pub manners: Arc<Manners>,
}

/// All classes of a worker, and what was left out.
#[derive(Default)]
pub struct Catalog {
    classes: Vec<Class>,
    left_out: Vec<LeftOut>,
    archives: Vec<PathBuf>,
}

impl Catalog {
    /// Loads everything that was found. A library that cannot be used is left out with its reason; so is a class that
    /// an earlier library has in the same version.
    pub fn load(scan: Scan) -> Catalog {
        let mut catalog = Catalog { classes: Vec::new(), left_out: scan.left_out, archives: scan.archives };
        for found in scan.found {
            match load::load(&found.path, &found.manifest) {
                Ok(classes) => {
                    catalog.tell_reserved(&found);
                    classes.into_iter().for_each(|class| catalog.add(&found.path, class));
                }
                Err(error) => catalog.left_out.push(LeftOut { path: found.path, reason: error.to_string() }),
            }
        }
        catalog
    }

    /// Classes of kinds that later versions use are left out by name; the others of the library stay.
    fn tell_reserved(&mut self, found: &Found) {
        let reserved =
            found.manifest.classes.iter().filter(|class| !["source", "sink"].contains(&&*class.kind));
        self.left_out.extend(reserved.map(|class| LeftOut {
            path: found.path.clone(),
            reason: format!(
                "class {} is a {}, a kind that this version does not use",
                class.class, class.kind
            ),
        }));
    }

    fn add(&mut self, path: &std::path::Path, class: load::LoadedClass) {
        let same = |known: &&Class| *known.name == *class.name && known.version == class.version;
        if let Some(first) = self.classes.iter().find(same) {
            let reason = format!(
                "class {} in version {} is already in {}, which comes first; remove one of them",
                class.name,
                class.version,
                first.library.display()
            );
            self.left_out.push(LeftOut { path: path.to_owned(), reason });
            return;
        }
        let kind = match class.tables.task {
            TaskTables::Source(_) => Kind::Source,
            TaskTables::Sink(_) => Kind::Sink,
        };
        self.classes.push(Class {
            name: class.name.into(),
            version: class.version,
            kind,
            library: path.to_owned(),
            tables: class.tables,
            manners: Arc::new(Manners::new(class.tables.blocking)),
        });
    }

    /// Everything usable, in the order of loading.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// What was left out and why.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Plugins for a JVM that were passed over.
    pub fn archives(&self) -> &[PathBuf] {
        &self.archives
    }

    /// The class with this full name and version.
    pub fn get(&self, name: &str, version: Option<&str>) -> Option<&Class> {
        self.classes
            .iter()
            .find(|class| *class.name == *name && version.is_none_or(|version| version == class.version))
    }
}
