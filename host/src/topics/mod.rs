//! The bytes of Connect's internal topics and offset file, exactly as Apache Kafka Connect writes them.
//!
//! [`offsets`] turns source partitions and offsets into the keys and values of the offsets topic and back;
//! [`offset_table`] is what such records add up to; [`offset_file`] reads and writes the file in which a
//! standalone worker keeps the same keys and values. [`config`] and [`status`] are the records of the topics that workers of a
//! group share, [`json`] what these two have in common. [`membership`] is what workers of a group tell each other, [`shares`]
//! the same in the herder's words. Nothing here does I/O.

pub mod config;
pub mod json;
pub mod membership;
pub mod offset_file;
pub mod offset_table;
pub mod offsets;
pub mod shares;
pub mod status;
