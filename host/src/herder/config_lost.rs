//! The config topic was deleted, made anew or cut short underneath.
//!
//! What it holds now was never what all workers agreed on, and what is known here may be in no topic any more. So nothing
//! of it is taken in, nothing is changed, and nothing runs: others may go by another topic already. Reads are answered
//! from what was known.

use super::assign::Share;
use super::messages::RequestId;
use super::{ApiError, Herder, Request, Shutdown, texts};

impl Herder {
    /// Nothing that is read from now on counts.
    pub(super) fn config_lost(&mut self, why: String) {
        if self.lost_config.is_some() {
            return;
        }
        let refusal = texts::config_lost(&why);
        self.lost_config = Some(why);
        for request in self.give_up_changes() {
            self.answer(request, Err(refusal.clone()));
        }
        if let Some(group) = &mut self.group {
            group.forget();
        }
        self.hold(Share::new());
    }

    /// Takes away what waits for its turn, and returns the requests that wait for that or for a restart.
    pub(super) fn give_up_changes(&mut self) -> Vec<RequestId> {
        let mut waiting: Vec<RequestId> = self.jobs.drain(..).filter_map(|job| job.request()).collect();
        waiting.extend(std::mem::take(&mut self.early).into_iter().map(|(id, _)| id));
        waiting.extend(self.writing.as_mut().and_then(|writing| writing.give_up()));
        for run in self.connectors.values_mut().map(|connector| &mut connector.run) {
            waiting.append(&mut run.waiting);
        }
        for run in self.tasks.values_mut() {
            waiting.append(&mut run.waiting);
        }
        waiting
    }

    /// Why nothing can be changed any more; none while it can.
    pub(super) fn refusal(&self) -> Option<ApiError> {
        match &self.lost_config {
            Some(why) => Some(texts::config_lost(why)),
            None => (self.shutdown != Shutdown::No).then(texts::shutting_down),
        }
    }

    /// Why this request is not even looked at.
    pub(super) fn refusal_of(&self, request: &Request) -> Option<ApiError> {
        let reads =
            matches!(request, Request::Validate { .. } | Request::PluginConfig { .. } | Request::Offsets(_));
        self.refusal().filter(|_| self.shutdown != Shutdown::No || !reads)
    }
}
