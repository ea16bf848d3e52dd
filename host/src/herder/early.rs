//! Requests that come before a worker has read what its group knows: they wait for that, as with Kafka Connect. Half of the
//! connectors is no answer, and that one is unknown may be wrong.

use super::messages::RequestId;
use super::{Herder, Request, Shutdown, texts};

/// As many wait; who asks gives up after a while, and nobody takes it out.
const WAITING: usize = 256;

impl Herder {
    /// Keeps a request until all is known that it needs; gives back one that need not wait.
    pub(super) fn too_early(&mut self, id: RequestId, request: Request) -> Option<Request> {
        let needs_nothing = matches!(
            request,
            Request::Health
                | Request::Plugins { .. }
                | Request::PluginConfig { .. }
                | Request::Validate { .. }
        );
        let over = self.group.is_none() || self.lost_config.is_some() || self.shutdown != Shutdown::No;
        if self.ready || over || needs_nothing {
            return Some(request);
        }
        if self.early.len() < WAITING {
            self.early.push((id, request));
        } else {
            self.answer(id, Err(texts::starting()));
        }
        None
    }

    /// All is known: what has waited has its turn.
    pub(super) fn become_ready(&mut self) {
        self.ready = true;
        for (id, request) in std::mem::take(&mut self.early) {
            self.request(id, request);
        }
    }
}
