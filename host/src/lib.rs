//! connect-host: a Kafka Connect worker as one native process.
//!
//! The rooms in reading order; `ARCHITECTURE.md` is the map. Pure rooms (settings, herder, topics, records) hold no
//! async, I/O, clock or randomness.

pub mod herder;
pub mod kafka;
pub mod listing;
pub mod logging;
pub mod metrics;
pub mod plugins;
pub mod records;
pub mod rest;
pub mod settings;
pub mod shutdown;
pub mod topics;
pub mod worker;
