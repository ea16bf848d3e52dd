//! connect-host: a Kafka Connect worker as one native process.
//!
//! The rooms in reading order; `ARCHITECTURE.md` is the map. Pure rooms (settings, herder, topics, records) hold no
//! async, I/O, clock or randomness.

pub mod settings;
pub mod rest;
pub mod herder;
pub mod worker;
pub mod topics;
pub mod records;
pub mod plugins;
pub mod kafka;
pub mod metrics;
pub mod logging;
pub mod listing;
pub mod trust;
pub mod shutdown;
