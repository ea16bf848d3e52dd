//! Stored source offsets: read from memory, written through to a file or a topic.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::kafka::log::{Log, LogConf};
use crate::plugins::instance::OffsetReader;
use crate::records::value::Value;
use crate::topics::offset_table::OffsetTable;
use crate::topics::offsets::OffsetError;
use crate::topics::{offset_file, offsets};

/// A source partition and its new offset; null: forget it.
pub type Change = (Arc<Value<'static>>, Value<'static>);

/// Key bytes to value bytes; none: forgotten.
type Entry = (Vec<u8>, Option<Vec<u8>>);

/// An entry as it was read.
type RawEntry = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Why offsets could not be read or written. Nothing was lost: what was stored before still is.
#[derive(Debug, Clone, thiserror::Error)]
#[error("offset store {place}: {problem}")]
pub struct StoreError {
    /// File or topic.
    pub place: String,
    /// What went wrong, and the remedy.
    pub problem: String,
}

/// Where entries go to.
enum Backend {
    File(PathBuf),
    Topic(Box<Log>),
}

/// The offsets of all source connectors of a worker. Entries keep the bytes that Kafka Connect writes.
pub struct OffsetStore {
    place: String,
    table: RwLock<OffsetTable>,
    /// One writer at a time; the order of writes is the order of locks.
    backend: Mutex<Backend>,
}

impl OffsetStore {
    /// Opens a file; a missing one is empty.
    pub fn open_file(path: &Path) -> Result<OffsetStore, StoreError> {
        let place = path.display().to_string();
        let fail = |problem: String| StoreError { place: place.clone(), problem };
        let entries = match std::fs::read(path) {
            Ok(bytes) => offset_file::read(&bytes).map_err(|error| {
                fail(format!("{error}; restore the file, or remove it to start without offsets"))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(fail(error.to_string())),
        };
        let entries = entries.into_iter().map(|entry| (entry.key, entry.value));
        Ok(Self::new(place.clone(), entries, Backend::File(path.to_owned())))
    }

    /// Opens a compacted topic, making it if it is missing. Blocks its thread until the topic was read.
    pub fn open_topic(conf: &LogConf) -> Result<OffsetStore, StoreError> {
        let place = format!("topic {}", conf.topic.name);
        let opened = Log::open(conf);
        let (log, entries) =
            opened.map_err(|error| StoreError { place: place.clone(), problem: error.to_string() })?;
        let entries = entries.into_iter().map(|(key, value)| (Some(key), value));
        Ok(Self::new(place, entries, Backend::Topic(Box::new(log))))
    }

    fn new(place: String, entries: impl Iterator<Item = RawEntry>, backend: Backend) -> OffsetStore {
        let mut table = OffsetTable::new();
        for (key, value) in entries {
            if let Err(error) = table.apply(key, value) {
                tracing::warn!("an entry of offset store {place} is kept, but not understood: {error}");
            }
        }
        OffsetStore { place, table: RwLock::new(table), backend: Mutex::new(backend) }
    }

    /// The stored offset of a connector's source partition; null if there is none.
    pub fn get(&self, connector: &str, partition: &Value<'_>) -> Value<'static> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.offset(connector, partition).unwrap_or_else(|error| {
            tracing::warn!(connector, "a stored offset in {} is passed over: {error}", self.place);
            Value::Null
        })
    }

    /// The source partitions of a connector that have an offset, each with it.
    pub fn of_connector(&self, connector: &str) -> Vec<(Value<'static>, Value<'static>)> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).of_connector(connector)
    }

    /// Stores changes of a connector's offsets, all or none as far as the place allows, without holding up the
    /// caller's thread.
    pub async fn write(self: &Arc<Self>, connector: &str, changes: Vec<Change>) -> Result<(), StoreError> {
        let (store, connector) = (self.clone(), connector.to_owned());
        let written = tokio::task::spawn_blocking(move || store.write_now(&connector, &changes)).await;
        written.unwrap_or_else(|error| Err(self.fail(format!("the write was broken off: {error}"))))
    }

    fn fail(&self, problem: impl ToString) -> StoreError {
        StoreError { place: self.place.clone(), problem: problem.to_string() }
    }

    fn write_now(&self, connector: &str, changes: &[Change]) -> Result<(), StoreError> {
        let mut backend = self.backend.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the holder of the backend changes the table, so this copy is what it is.
        let mut next = self.table.read().unwrap_or_else(PoisonError::into_inner).clone();
        let entry = |(partition, offset): &Change| -> Result<Entry, OffsetError> {
            Ok((next.key(connector, partition)?, offsets::value_bytes(offset)?))
        };
        let entries =
            changes.iter().map(entry).collect::<Result<Vec<Entry>, _>>().map_err(|error| self.fail(error))?;
        for (key, value) in &entries {
            next.apply(Some(key.clone()), value.clone()).map_err(|error| self.fail(error))?;
        }
        match &mut *backend {
            Backend::File(path) => {
                let all: Vec<_> = next.entries().map(|(key, value)| (key, Some(value))).collect();
                replace(path, &offset_file::write(all.into_iter())).map_err(|error| self.fail(error))?;
            }
            Backend::Topic(log) => log.append(&entries).map_err(|error| self.fail(error))?,
        }
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }
}

/// Replaces a file by a whole new one: whoever looks, also after a power cut, sees the old or the new.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new().prefix(".offsets-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}

/// The offsets of one connector, for its plugin.
pub struct ConnectorOffsets {
    /// All offsets.
    pub store: Arc<OffsetStore>,
    /// Whose are read.
    pub connector: String,
}

impl OffsetReader for ConnectorOffsets {
    fn read(&self, partition: &Value<'_>) -> Option<Value<'static>> {
        Some(self.store.get(&self.connector, partition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(fields: &[(&'static str, &'static str)]) -> Arc<Value<'static>> {
        Arc::new(Value::Map(fields.iter().map(|(key, value)| (Value::str(key), Value::str(value))).collect()))
    }

    fn at(position: i64) -> Value<'static> {
        Value::Map(vec![(Value::str("position"), Value::Int64(position))])
    }

    #[tokio::test]
    async fn a_file_keeps_what_was_written_over_a_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("offsets");
        let (a, b) = (partition(&[("filename", "a"), ("host", "h")]), partition(&[("filename", "b")]));
        let store = Arc::new(OffsetStore::open_file(&path).unwrap());
        store.write("c", vec![(a.clone(), at(1)), (b.clone(), at(2))]).await.unwrap();
        store.write("c", vec![(a, at(3)), (b.clone(), Value::Null)]).await.unwrap();
        let store = Arc::new(OffsetStore::open_file(&path).unwrap());
        let turned = partition(&[("host", "h"), ("filename", "a")]);
        assert_eq!(store.get("c", &turned), at(3));
        assert_eq!(store.get("c", &b), Value::Null);
        assert_eq!(store.get("other", &turned), Value::Null);
        let all: Vec<_> = store.of_connector("c").into_iter().map(|(_, offset)| offset).collect();
        assert_eq!(all, [at(3)]);
        store.write("c", vec![(turned, at(4))]).await.unwrap();
        assert_eq!(offset_file::read(&std::fs::read(&path).unwrap()).unwrap().len(), 1);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[tokio::test]
    async fn a_failed_write_leaves_the_old_offsets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/offsets");
        let store = Arc::new(OffsetStore::open_file(&path).unwrap());
        let a = partition(&[("filename", "a")]);
        let error = store.write("c", vec![(a.clone(), at(1))]).await.unwrap_err();
        assert!(error.to_string().contains("gone/offsets"), "{error}");
        assert_eq!(store.get("c", &a), Value::Null);
    }

    #[test]
    fn garbage_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("offsets");
        std::fs::write(&path, b"not java").unwrap();
        let error = OffsetStore::open_file(&path).err().unwrap().to_string();
        assert!(error.contains("offsets") && error.contains("remove it"), "{error}");
    }
}
