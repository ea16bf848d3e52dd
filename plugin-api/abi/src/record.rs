//! Records, acknowledgements and offsets as they cross.

use crate::{CpHeader, CpStr, CpValue};

/// The record has no timestamp.
pub const TIMESTAMP_NONE: u32 = 0;
/// Set by the producer.
pub const TIMESTAMP_CREATE: u32 = 1;
/// Set by the broker.
pub const TIMESTAMP_LOG_APPEND: u32 = 2;
/// The worker's partitioner decides.
pub const NO_PARTITION: i32 = -1;

/// A record on its way from a source or to a sink.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpRecord {
    /// Topic.
    pub topic: CpStr,
    /// Kafka partition or [`NO_PARTITION`].
    pub kafka_partition: i32,
    /// [`TIMESTAMP_NONE`], [`TIMESTAMP_CREATE`] or [`TIMESTAMP_LOG_APPEND`].
    pub timestamp_type: u32,
    /// Milliseconds since 1970-01-01 UTC.
    pub timestamp: i64,
    /// Key.
    pub key: CpValue,
    /// Value.
    pub value: CpValue,
    /// Headers.
    pub headers: *const CpHeader,
    /// How many.
    pub header_count: usize,
    /// Source: comes back in [`CpAck`].
    pub cookie: u64,
    /// Source: number from `register_partition`.
    pub source_partition: u64,
    /// Source: a map from strings to primitives, or null.
    pub source_offset: CpValue,
    /// Sink: offset in the Kafka partition.
    pub kafka_offset: i64,
    /// Sink: topic before transformations.
    pub original_topic: CpStr,
    /// Sink: partition before transformations.
    pub original_partition: i32,
    /// Zero.
    pub reserved0: u32,
    /// Sink: offset before transformations.
    pub original_offset: i64,
    /// Zero.
    pub reserved: [u64; 4],
}

/// What `poll` hands out.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpBatch {
    /// First record.
    pub records: *const CpRecord,
    /// How many.
    pub count: usize,
    /// Zero.
    pub reserved: [u64; 2],
}

/// Ack status: written to Kafka.
pub const ACK_WRITTEN: u32 = 0;
/// Ack status: dropped by the worker's error tolerance.
pub const ACK_DROPPED: u32 = 1;

/// What became of one source record.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpAck {
    /// The record's cookie.
    pub cookie: u64,
    /// Its offset in Kafka.
    pub offset: i64,
    /// Its timestamp, milliseconds, -1 when unknown.
    pub timestamp: i64,
    /// Its partition in Kafka.
    pub partition: i32,
    /// [`ACK_WRITTEN`] or [`ACK_DROPPED`].
    pub status: u32,
}

/// Put answer: done.
pub const PUT_OK: u32 = 0;
/// Put answer: put it and later ones of its partition again.
pub const PUT_RETRY: u32 = 1;
/// Put answer: cannot be handled.
pub const PUT_BAD: u32 = 2;

/// A partition of a topic.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpTopicPartition {
    /// Topic.
    pub topic: CpStr,
    /// Partition.
    pub partition: i32,
    /// Zero.
    pub reserved: u32,
}

/// The next offset to read of a partition.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpPartitionOffset {
    /// Which partition.
    pub partition: CpTopicPartition,
    /// Next offset to read.
    pub offset: i64,
}

/// A list of [`CpPartitionOffset`].
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpPartitionOffsets {
    /// First.
    pub items: *const CpPartitionOffset,
    /// How many.
    pub count: usize,
}

/// A change of one stored source offset.
#[repr(C)]
#[cfg_attr(feature = "stable-layout", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy, Debug)]
pub struct CpOffsetChange {
    /// A map.
    pub partition: CpValue,
    /// A map, or null to forget it.
    pub offset: CpValue,
}
