//! `/` and `/metrics`: what the worker tells without asking its herder.

use super::answer::Answer;
use super::{Api, shapes};

/// `GET /`
pub(super) fn about(api: &Api) -> Answer {
    Answer::json(200, shapes::about(&(api.about)()))
}

/// `GET /metrics`
pub(super) fn metrics(api: &Api) -> Answer {
    Answer::metrics((api.metrics)())
}
