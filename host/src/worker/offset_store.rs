//! Stored source offsets: read from memory, written through to a file or a topic that others may write to as well.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::oneshot;

use super::follow::{Followed, Take};
use crate::kafka::group::Lease;
use crate::kafka::log::{Entry, LogConf, LogError, LogRecord, Patience};
use crate::plugins::instance::OffsetReader;
use crate::records::value::Value;
use crate::topics::offset_table::OffsetTable;
use crate::topics::offsets::OffsetError;
use crate::topics::{offset_file, offsets};

/// A source partition and its new offset; null: forget it.
pub type Change = (Arc<Value<'static>>, Value<'static>);

/// Why offsets could not be read or written. Nothing was lost: what was stored before still is.
#[derive(Debug, Clone, thiserror::Error)]
#[error("offset store {place}: {problem}")]
pub struct StoreError {
    /// File or topic.
    pub place: String,
    /// What went wrong, and the remedy.
    pub problem: String,
    /// It may go well a moment later, without anybody's doing.
    pub retriable: bool,
}

/// Where entries go to.
enum Backend {
    /// One writer at a time; the order of writes is the order of locks.
    File(Mutex<PathBuf>),
    Topic(Topic),
}

/// Offsets in a topic to which other workers write too: the table follows it.
struct Topic {
    followed: Followed,
    limit: Duration,
    /// Held while a write is sent, so that writes have an order. Ends once all that were sent are in the table.
    last: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

/// Takes in what is read.
struct ToTable {
    place: String,
    table: Arc<RwLock<OffsetTable>>,
}

/// The offsets of all source connectors of a worker. Entries keep the bytes that Kafka Connect writes.
pub struct OffsetStore {
    place: String,
    table: Arc<RwLock<OffsetTable>>,
    backend: Backend,
    /// Until when this worker may store anything, once it is a member of a group; never set, it is alone.
    lease: OnceLock<Lease>,
}

impl OffsetStore {
    /// Opens a file; a missing one is empty.
    pub fn open_file(path: &Path) -> Result<OffsetStore, StoreError> {
        let place = path.display().to_string();
        let fail = |problem: String| StoreError { place: place.clone(), problem, retriable: false };
        let entries = match std::fs::read(path) {
            Ok(bytes) => offset_file::read(&bytes).map_err(|error| {
                fail(format!("{error}; restore the file, or remove it to start without offsets"))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(fail(error.to_string())),
        };
        let mut table = OffsetTable::new();
        for entry in entries {
            apply(&mut table, &place, entry.key, entry.value);
        }
        let backend = Backend::File(Mutex::new(path.to_owned()));
        Ok(OffsetStore { place, table: Arc::new(RwLock::new(table)), backend, lease: OnceLock::new() })
    }

    /// Opens a compacted topic, making it if it is missing, and reads it to its end.
    pub async fn open_topic(conf: LogConf) -> Result<OffsetStore, StoreError> {
        let (place, limit) = (format!("topic {}", conf.topic.name), conf.timeout);
        let fail = |error: LogError| of_log(&place, &error);
        let table = Arc::<RwLock<OffsetTable>>::default();
        let taker = ToTable { place: place.clone(), table: table.clone() };
        let followed = Followed::open(conf, taker).await.map_err(fail)?;
        followed.read_to_end(Patience::Quiet(limit)).await.map_err(fail)?;
        let topic = Topic { followed, limit, last: tokio::sync::Mutex::default() };
        Ok(OffsetStore { place, table, backend: Backend::Topic(topic), lease: OnceLock::new() })
    }

    /// From now on nothing is stored but while this lease holds. Said once, when the worker becomes a member of a group.
    pub fn store_only_while(&self, lease: Lease) {
        // A worker has one membership in its life.
        let _ = self.lease.set(lease);
    }

    /// Why the topic cannot be used any more; none while it can.
    pub fn lost(&self) -> Option<LogError> {
        match &self.backend {
            Backend::File(_) => None,
            Backend::Topic(topic) => topic.followed.log.lost(),
        }
    }

    /// Takes in what others have stored until now: a worker may run what another ran before. Bounded.
    ///
    /// # Errors
    /// What others have stored is not known.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::File(_) => Ok(()),
            Backend::Topic(topic) => {
                let read = topic.followed.read_to_end(Patience::Total(topic.limit)).await;
                read.map_err(|error| of_log(&self.place, &error))
            }
        }
    }

    /// The stored offset of a connector's source partition, as far as it is known here; null if there is none.
    pub fn get(&self, connector: &str, partition: &Value<'_>) -> Value<'static> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.offset(connector, partition).unwrap_or_else(|error| {
            tracing::warn!(connector, "a stored offset in {} is passed over: {error}", self.place);
            Value::Null
        })
    }

    /// The source partitions of a connector that have an offset, each with it, as far as they are known here.
    pub fn of_connector(&self, connector: &str) -> Vec<(Value<'static>, Value<'static>)> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).of_connector(connector)
    }

    /// Stores changes of a connector's offsets, all or none as far as the place allows, without holding up the
    /// caller's thread. A write that nobody waits for any more goes on.
    pub async fn write(self: &Arc<Self>, connector: &str, changes: Vec<Change>) -> Result<(), StoreError> {
        let (store, connector) = (self.clone(), connector.to_owned());
        let written = match &self.backend {
            Backend::File(_) => {
                tokio::task::spawn_blocking(move || store.write_file(&connector, &changes)).await
            }
            Backend::Topic(_) => {
                tokio::spawn(async move { store.write_topic(&connector, &changes).await }).await
            }
        };
        written.unwrap_or_else(|error| Err(self.fail(format!("the write was broken off: {error}"))))
    }

    /// Asked when a write has its turn: it may have waited behind others for longer than the membership has held.
    fn may_store(&self) -> Result<(), StoreError> {
        match self.lease.get().is_none_or(Lease::holds) {
            true => Ok(()),
            false => {
                Err(self
                    .fail("the worker is not sure to be a member of its group any more, and stores nothing"))
            }
        }
    }

    fn fail(&self, problem: impl ToString) -> StoreError {
        StoreError { place: self.place.clone(), problem: problem.to_string(), retriable: false }
    }

    fn entries(
        &self,
        table: &OffsetTable,
        connector: &str,
        changes: &[Change],
    ) -> Result<Vec<Entry>, StoreError> {
        let entry = |(partition, offset): &Change| -> Result<Entry, OffsetError> {
            Ok((table.key(connector, partition)?, offsets::value_bytes(offset)?))
        };
        changes.iter().map(entry).collect::<Result<_, _>>().map_err(|error| self.fail(error))
    }

    fn write_file(&self, connector: &str, changes: &[Change]) -> Result<(), StoreError> {
        let Backend::File(path) = &self.backend else { return Ok(()) };
        let path = path.lock().unwrap_or_else(PoisonError::into_inner);
        self.may_store()?;
        // Only the holder of the path changes the table, so this copy is what it is.
        let mut next = self.table.read().unwrap_or_else(PoisonError::into_inner).clone();
        for (key, value) in self.entries(&next, connector, changes)? {
            next.apply(Some(key), value).map_err(|error| self.fail(error))?;
        }
        let all: Vec<_> = next.entries().map(|(key, value)| (key, Some(value))).collect();
        replace(&path, &offset_file::write(all.into_iter())).map_err(|error| self.fail(error))?;
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// Written is what the brokers have. Others find it when they refresh, and this worker at once. Writes of several tasks are on
    /// their way at a time, and get into the table in the order in which they were sent.
    async fn write_topic(&self, connector: &str, changes: &[Change]) -> Result<(), StoreError> {
        let Backend::Topic(topic) = &self.backend else { return Ok(()) };
        let entries = {
            let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
            self.entries(&table, connector, changes)?
        };
        let (in_table, after) = oneshot::channel();
        let mut last = topic.last.lock().await;
        self.may_store()?;
        let sent = topic.followed.log.begin(entries.clone(), topic.limit).await;
        let sent = sent.map_err(|error| of_log(&self.place, &error))?;
        let before = last.replace(after);
        drop(last);
        let outcome = sent.await;
        if let Some(before) = before {
            // Nothing is ever sent: it ends when the write before has come to its end.
            let _ = before.await;
        }
        outcome.map_err(|error| of_log(&self.place, &error))?;
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in entries {
            apply(&mut table, &self.place, Some(key), value);
        }
        drop(in_table);
        Ok(())
    }
}

fn of_log(place: &str, error: &LogError) -> StoreError {
    StoreError { place: place.to_owned(), problem: error.to_string(), retriable: error.is_retriable() }
}

impl Take for ToTable {
    async fn take(&mut self, record: LogRecord) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        apply(&mut table, &self.place, record.key, record.value);
    }
}

fn apply(table: &mut OffsetTable, place: &str, key: Option<Vec<u8>>, value: Option<Vec<u8>>) {
    if let Err(error) = table.apply(key, value) {
        tracing::warn!("an entry of offset store {place} is kept, but not understood: {error}");
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

    /// Two writes come while the membership holds; the second waits for its turn until it does no more.
    #[tokio::test]
    async fn what_has_its_turn_after_the_membership_is_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(OffsetStore::open_file(&folder.path().join("offsets")).unwrap());
        let lease = Lease::new(std::time::Instant::now());
        lease.set(Some(60_000));
        store.store_only_while(lease.clone());
        let a = partition(&[("filename", "a")]);
        store.write("c", vec![(a.clone(), at(1))]).await.unwrap();
        let Backend::File(path) = &store.backend else { panic!("a file") };
        let turn = path.lock().unwrap();
        let (late, changes) = (store.clone(), vec![(a.clone(), at(2))]);
        let late = std::thread::spawn(move || late.write_file("c", &changes));
        lease.set(None);
        drop(turn);
        let error = late.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("not sure to be a member"), "{error}");
        assert_eq!(store.get("c", &a), at(1));
        lease.set(Some(60_000));
        store.write("c", vec![(a.clone(), at(3))]).await.unwrap();
        assert_eq!(store.get("c", &a), at(3));
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
