//! What offset records add up to: the newest offset of each source partition.

use std::collections::{BTreeMap, HashMap};

use super::offsets::{self, OffsetError, OffsetKey};
use crate::records::value::Value;

/// The offsets of all connectors that share a topic or file.
///
/// Kafka compares keys byte for byte, and a Java worker may have written the fields of a partition in another
/// order than a plugin gives them here. So partitions are found by their meaning, and a key that was read is
/// used again as it was.
#[derive(Debug, Clone, Default)]
pub struct OffsetTable {
    /// Key bytes to value bytes; everything that was read, whether understood or not.
    raw: BTreeMap<Option<Vec<u8>>, Vec<u8>>,
    /// By connector, the canonical form of a partition to the key bytes that were read last for it.
    known: HashMap<String, BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl OffsetTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies a record; a value of `None` removes the offset.
    ///
    /// # Errors
    /// When the key is of another form. The record is kept all the same, so that nothing is lost when the
    /// table is written; the error is worth a warning.
    pub fn apply(&mut self, key: Option<Vec<u8>>, value: Option<Vec<u8>>) -> Result<(), OffsetError> {
        let meaning = key.as_deref().map(|bytes| {
            let OffsetKey { connector, partition } = offsets::parse_key(bytes)?;
            Ok((connector, offsets::canonical(&partition)?))
        });
        if let (Some(Ok((connector, partition))), Some(bytes)) = (&meaning, &key) {
            let previous =
                self.known.entry(connector.clone()).or_default().insert(partition.clone(), bytes.clone());
            // The same partition under other bytes: the newer record is the one that counts.
            if let Some(previous) = previous.filter(|previous| previous != bytes) {
                self.raw.remove(&Some(previous));
            }
        }
        match value {
            Some(value) => {
                self.raw.insert(key, value);
            }
            None => {
                self.raw.remove(&key);
            }
        }
        meaning.map_or(Ok(()), |meaning| meaning.map(|_| ()))
    }

    /// The offset of a source partition; null when there is none.
    ///
    /// # Errors
    /// When the partition is none that can be stored, or the stored offset is not JSON.
    pub fn offset(&self, connector: &str, partition: &Value<'_>) -> Result<Value<'static>, OffsetError> {
        let key = self.key(connector, partition)?;
        offsets::parse_value(self.raw.get(&Some(key)).map(Vec::as_slice))
    }

    /// The key to write for a source partition: the bytes that were read for it, or new ones.
    ///
    /// # Errors
    /// When the partition is none that can be stored.
    pub fn key(&self, connector: &str, partition: &Value<'_>) -> Result<Vec<u8>, OffsetError> {
        let known =
            self.known.get(connector).and_then(|known| known.get(&offsets::canonical(partition).ok()?));
        match known {
            Some(bytes) => Ok(bytes.clone()),
            None => offsets::key_bytes(connector, partition),
        }
    }

    /// The source partitions of a connector that have an offset, each with it. Offsets that cannot be read
    /// are left out.
    pub fn of_connector(&self, connector: &str) -> Vec<(Value<'static>, Value<'static>)> {
        let keys = self.known.get(connector).into_iter().flat_map(BTreeMap::values);
        keys.filter_map(|key| {
            let value = offsets::parse_value(Some(self.raw.get(&Some(key.clone()))?)).ok()?;
            (!value.is_null()).then_some(())?;
            Some((offsets::parse_key(key).ok()?.partition, value))
        })
        .collect()
    }

    /// Every offset that is stored, as key and value bytes.
    pub fn entries(&self) -> impl Iterator<Item = (Option<&[u8]>, &[u8])> {
        self.raw.iter().map(|(key, value)| (key.as_deref(), value.as_slice()))
    }

    /// The number of offsets that are stored.
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// Whether no offset is stored.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition<'a>(fields: &[(&'a str, &'a str)]) -> Value<'a> {
        Value::Map(fields.iter().map(|(k, v)| (Value::str(k), Value::str(v))).collect())
    }

    fn apply(table: &mut OffsetTable, key: &str, value: Option<&str>) {
        table.apply(Some(key.as_bytes().to_vec()), value.map(|v| v.as_bytes().to_vec())).unwrap();
    }

    #[test]
    fn a_partition_is_found_whatever_the_order_of_its_fields() {
        let mut table = OffsetTable::new();
        apply(&mut table, r#"["c",{"b":"2","a":"1"}]"#, Some(r#"{"position":5}"#));
        let wanted = partition(&[("a", "1"), ("b", "2")]);
        let offset = table.offset("c", &wanted).unwrap();
        assert_eq!(offset, Value::Map(vec![(Value::str("position"), Value::Int64(5))]));
        assert_eq!(table.key("c", &wanted).unwrap(), br#"["c",{"b":"2","a":"1"}]"#);
        assert!(table.offset("d", &wanted).unwrap().is_null());
        assert_eq!(table.key("d", &wanted).unwrap(), br#"["d",{"a":"1","b":"2"}]"#);
        apply(&mut table, r#"["c",{"a":"1","b":"2"}]"#, Some(r#"{"position":6}"#));
        assert_eq!(table.len(), 1);
        assert_eq!(table.of_connector("c").len(), 1);
    }

    #[test]
    fn a_tombstone_removes_the_offset_and_the_key_is_remembered() {
        let mut table = OffsetTable::new();
        apply(&mut table, r#"["c",{"f":"x"}]"#, Some(r#"{"position":5}"#));
        apply(&mut table, r#"["c",{"f":"y"}]"#, Some("null"));
        assert_eq!(table.of_connector("c").len(), 1);
        apply(&mut table, r#"["c",{"f":"x"}]"#, None);
        assert!(table.of_connector("c").is_empty());
        assert!(table.offset("c", &partition(&[("f", "x")])).unwrap().is_null());
    }

    #[test]
    fn what_is_not_understood_is_kept() {
        let mut table = OffsetTable::new();
        assert!(table.apply(Some(b"odd".to_vec()), Some(b"x".to_vec())).is_err());
        assert!(table.apply(None, Some(b"y".to_vec())).is_ok());
        let entries: Vec<_> = table.entries().collect();
        assert_eq!(entries, [(None, &b"y"[..]), (Some(&b"odd"[..]), b"x")]);
    }
}
