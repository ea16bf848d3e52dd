//! Bounded caches of schemas: their JSON by identity for writing, the schema by its JSON for reading.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::records::schema::Schema;

/// A map that forgets its oldest entry when it is full.
#[derive(Debug)]
struct Bounded<K, V> {
    limit: usize,
    entries: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    fn new(limit: usize) -> Self {
        Bounded { limit, entries: HashMap::new(), order: VecDeque::new() }
    }

    fn insert(&mut self, key: K, value: V) {
        if self.limit == 0 {
            return;
        }
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.entries.len() > self.limit {
            let Some(oldest) = self.order.pop_front() else { break };
            self.entries.remove(&oldest);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // An entry is whole or absent, so that a panic elsewhere leaves nothing to distrust.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A schema and the front of its envelope.
type Front = (Arc<Schema>, Box<[u8]>);

/// The front of an envelope, up to the payload, for each schema that was written; by the schema's address.
#[derive(Debug)]
pub struct WriteCache(Mutex<Bounded<usize, Front>>);

impl WriteCache {
    /// Holds so many schemas; none at all with 0.
    pub fn new(limit: usize) -> Self {
        WriteCache(Mutex::new(Bounded::new(limit)))
    }

    /// Appends the front for `schema` to `out`; false when it is not known.
    pub fn push(&self, schema: &Arc<Schema>, out: &mut Vec<u8>) -> bool {
        match lock(&self.0).entries.get(&(Arc::as_ptr(schema) as usize)) {
            Some((_, front)) => {
                out.extend_from_slice(front);
                true
            }
            None => false,
        }
    }

    /// Remembers the front for `schema`. The schema is kept, so that its address means nothing else
    /// meanwhile.
    pub fn insert(&self, schema: &Arc<Schema>, front: &[u8]) {
        lock(&self.0).insert(Arc::as_ptr(schema) as usize, (schema.clone(), front.into()));
    }
}

/// The schemas that were read, and the front of the last envelope byte for byte.
#[derive(Debug)]
pub struct ReadCache(Mutex<Known>);

#[derive(Debug)]
struct LastFront {
    bytes: Box<[u8]>,
    schema: Option<Arc<Schema>>,
}

#[derive(Debug)]
struct Known {
    schemas: Bounded<String, Arc<Schema>>,
    last: Option<LastFront>,
}

impl ReadCache {
    /// Holds so many schemas; none at all with 0.
    pub fn new(limit: usize) -> Self {
        ReadCache(Mutex::new(Known { schemas: Bounded::new(limit), last: None }))
    }

    /// When `data` begins as the last envelope did: its schema, and what follows the front.
    pub fn front<'a>(&self, data: &'a [u8]) -> Option<(Option<Arc<Schema>>, &'a [u8])> {
        let known = lock(&self.0);
        let last = known.last.as_ref()?;
        data.strip_prefix(&*last.bytes).map(|rest| (last.schema.clone(), rest))
    }

    /// Remembers that envelopes which begin with `front` have this schema.
    pub fn set_front(&self, front: &[u8], schema: Option<&Arc<Schema>>) {
        let mut known = lock(&self.0);
        if known.schemas.limit > 0 {
            known.last = Some(LastFront { bytes: front.into(), schema: schema.cloned() });
        }
    }

    /// The schema that was read from this JSON.
    pub fn get(&self, text: &str) -> Option<Arc<Schema>> {
        lock(&self.0).schemas.entries.get(text).cloned()
    }

    /// Remembers the schema that was read from this JSON.
    pub fn insert(&self, text: String, schema: &Arc<Schema>) {
        lock(&self.0).schemas.insert(text, schema.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::schema::Type;

    #[test]
    fn the_oldest_is_forgotten() {
        let cache = WriteCache::new(2);
        let schemas = [Type::Int8, Type::Int16, Type::Int32].map(|kind| Arc::new(Schema::of(kind)));
        for schema in &schemas {
            cache.insert(schema, schema.kind.name().as_bytes());
        }
        let mut out = Vec::new();
        assert!(!cache.push(&schemas[0], &mut out));
        assert!(cache.push(&schemas[1], &mut out) && cache.push(&schemas[2], &mut out));
        assert_eq!(out, b"INT16INT32");
    }

    #[test]
    fn a_cache_of_size_zero_keeps_nothing() {
        let cache = ReadCache::new(0);
        cache.insert("{}".to_owned(), Schema::shared(Type::Int8, false));
        cache.set_front(b"x", None);
        assert!(cache.get("{}").is_none() && cache.front(b"xy").is_none());
    }
}
