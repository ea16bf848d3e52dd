//! Every living instance by its token, since a plugin calls the host with nothing else in hand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use super::instance::Instance;

static INSTANCES: LazyLock<RwLock<HashMap<u64, Arc<Instance>>>> = LazyLock::new(RwLock::default);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A token that was never given before.
pub fn token() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Makes an instance known under its token.
pub fn enter(instance: &Arc<Instance>) {
    INSTANCES.write().unwrap_or_else(PoisonError::into_inner).insert(instance.token, instance.clone());
}

/// Forgets a token: from now on host functions do nothing for it.
pub fn leave(token: u64) {
    INSTANCES.write().unwrap_or_else(PoisonError::into_inner).remove(&token);
}

/// The instance behind a token.
pub fn find(token: u64) -> Option<Arc<Instance>> {
    INSTANCES.read().unwrap_or_else(PoisonError::into_inner).get(&token).cloned()
}

/// All living instances, in no special order.
pub fn all() -> Vec<Arc<Instance>> {
    INSTANCES.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
}
