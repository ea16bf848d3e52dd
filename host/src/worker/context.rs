//! What every part of a running worker shares.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::sync::mpsc;

use super::offset_store::OffsetStore;
use crate::herder::PluginInfo;
use crate::herder::{Event, Millis};
use crate::kafka::dev_broker::DevBroker;
use crate::kafka::group::Lease;
use crate::metrics::Metrics;
use crate::plugins::catalog::{Catalog, Class};
use crate::plugins::pool::Pool;
use crate::settings::worker::WorkerConfig;

/// How many events may wait for the loop; who reports more waits.
pub const EVENTS: usize = 1024;

/// See the module.
pub struct Context {
    /// The worker's settings. Its `raw` keys are what clients are made from.
    pub config: WorkerConfig,
    /// Threads for plugin code.
    pub pool: Pool,
    /// Classes.
    pub catalog: Catalog,
    /// The advertised `host:port`, by which states name this worker.
    pub worker_id: String,
    /// The group of workers; none: this one is alone.
    pub group: Option<String>,
    /// Source offsets.
    pub offsets: Arc<OffsetStore>,
    /// Numbers for people.
    pub metrics: Arc<Metrics>,
    /// Into the loop.
    pub events: mpsc::Sender<Event>,
    /// The broker inside this process, if that is used.
    pub dev_broker: Option<Arc<DevBroker>>,
    /// Until when this worker may count on being one of its group, once it is a member; never set, it is alone.
    pub lease: OnceLock<Lease>,
    /// The clock's zero.
    pub began: Instant,
}

impl Context {
    /// Milliseconds on the worker's clock.
    pub fn now(&self) -> Millis {
        self.began.elapsed().as_millis().try_into().unwrap_or(Millis::MAX)
    }

    /// Whether the work given to this worker is surely given to no other.
    pub fn is_member(&self) -> bool {
        self.lease.get().is_none_or(Lease::holds)
    }

    /// Reports to the loop. Once the loop is gone nobody listens, and nothing is lost by that.
    pub async fn report(&self, event: Event) {
        let _ = self.events.send(event).await;
    }

    /// The class behind a plugin of the herder's catalog.
    pub fn class(&self, plugin: &PluginInfo) -> Option<&Class> {
        self.catalog.get(&plugin.class, plugin.version.as_deref())
    }
}
