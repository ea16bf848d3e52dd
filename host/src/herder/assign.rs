//! Who runs what: the part of the connectors and tasks that is this worker's.

use super::messages::TaskId;

/// What is assigned to this worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// The only worker runs all there is.
    Everything,
}

impl Assignment {
    /// True when this worker runs the connector.
    pub fn has_connector(&self, _name: &str) -> bool {
        match self {
            Assignment::Everything => true,
        }
    }

    /// True when this worker runs the task.
    pub fn has_task(&self, _id: &TaskId) -> bool {
        match self {
            Assignment::Everything => true,
        }
    }
}
