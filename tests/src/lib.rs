//! The harness: real brokers, real workers, true counts. A test or benchmark reads like a story; the waiting, the
//! processes and their end are told here.
//!
//! Everything started through this crate ends with the process that started it, even when that one is killed
//! ([`guard`]). Environment variables: `CONNECT_HOST_DIST` (built tree, default `dist/` of the repository),
//! `CONNECT_TEST_SEED` ([`Rng`]), `CONNECT_TEST_SIZE=long` ([`size`]), `CONNECT_TEST_KEEP=1` (leave run folders).

pub mod configs;
pub mod faulty;
pub mod guard;
pub mod kafka;
pub mod moves;
pub mod paths;
pub mod process;
pub mod raw;
pub mod rest;
pub mod rng;
pub mod sequence;
pub mod table;
pub mod tail;
pub mod topics;
pub mod wait;
pub mod worker;

pub use configs::With;
pub use kafka::Kafka;
pub use paths::RunDir;
pub use process::Process;
pub use rest::{Answer, Rest};
pub use rng::{Rng, size};
pub use topics::{Record, Topics};
pub use wait::{free_port, let_run, wait_for, wait_until};
pub use worker::{Worker, WorkerSpec};

/// A config as given: a worker's or a connector's settings by name.
pub type Props = std::collections::BTreeMap<String, String>;

/// Builds [`Props`] from pairs.
pub fn props<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Props {
    pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect()
}
