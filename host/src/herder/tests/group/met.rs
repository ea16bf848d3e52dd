//! What a schedule met of all that can go wrong.

use std::collections::BTreeSet;

/// Something that goes wrong, or comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Late,
    Overtaken,
    QuestionLost,
    ReplyLost,
    RequestLost,
    RequestTwice,
    StatusTwice,
    WriteLost,
    WriteInPart,
    WriteTwice,
    WriteUnknown,
    Killed,
    /// A worker slept or was cut off past its session, and comes back with what others were given, or may have been.
    Orphaned,
    /// The writer died between task configs and their commit.
    HalfWritten,
    Compacted,
    /// Up to between task configs and their commit.
    CompactedHalf,
    Stopped,
    ConfigLost,
    Mismatch,
    ProtocolSwitched,
    KeyFailed,
    /// A connector or task broke.
    Failed,
    /// Task configs were handed to a leader elsewhere.
    HandedOver,
    /// While a rebalance was under way: connectors were restarted, or what of them had failed, were paused, stopped and
    /// resumed, and were given other tasks.
    Restarted,
    FailedRestarted,
    ConnectorPaused,
    ConnectorStopped,
    ConnectorResumed,
    TasksChanged,
}

pub const ALL: [Fault; 29] = [
    Fault::Late,
    Fault::Overtaken,
    Fault::QuestionLost,
    Fault::ReplyLost,
    Fault::RequestLost,
    Fault::RequestTwice,
    Fault::StatusTwice,
    Fault::WriteLost,
    Fault::WriteInPart,
    Fault::WriteTwice,
    Fault::WriteUnknown,
    Fault::Killed,
    Fault::Orphaned,
    Fault::HalfWritten,
    Fault::Compacted,
    Fault::CompactedHalf,
    Fault::Stopped,
    Fault::ConfigLost,
    Fault::Mismatch,
    Fault::ProtocolSwitched,
    Fault::KeyFailed,
    Fault::Failed,
    Fault::HandedOver,
    Fault::Restarted,
    Fault::FailedRestarted,
    Fault::ConnectorPaused,
    Fault::ConnectorStopped,
    Fault::ConnectorResumed,
    Fault::TasksChanged,
];

pub type Met = BTreeSet<Fault>;
