//! The settings of the bare loops: those that connect-host gives librdkafka, so that a ratio measures the worker and
//! nothing else.

/// Producer: as the worker's source tasks use it.
pub const PRODUCER: [(&str, &str); 8] = [
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("linger.ms", "5"),
    ("batch.size", "262144"),
    ("queue.buffering.max.messages", "100000"),
    ("queue.buffering.max.kbytes", "32768"),
    ("message.timeout.ms", "0"),
    ("partitioner", "murmur2_random"),
];

/// Consumer: as the worker's sink tasks use it. Bytes are checked against their CRC, as Kafka Connect does by default.
pub const CONSUMER: [(&str, &str); 6] = [
    ("auto.offset.reset", "earliest"),
    ("enable.auto.commit", "false"),
    ("isolation.level", "read_uncommitted"),
    ("queued.max.messages.kbytes", "16384"),
    ("fetch.queue.backoff.ms", "10"),
    ("check.crcs", "true"),
];

/// Buffer for reading and writing files, in bytes.
pub const FILE_BUFFER: usize = 256 * 1024;
