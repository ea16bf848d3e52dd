//! Datagen: a source of records with every type of Kafka Connect's data model, made from a seed.
//!
//! A record is a pure function of seed and number ([`Maker`]), so the same seed and range give the same records, however
//! many tasks make them and however often they are stopped. Numbers are dealt out to source partitions in turn: of `n`,
//! partition `p` has the numbers `p`, `p + n`, `p + 2n` and so on. Tasks share the source partitions, and the offset of
//! each is the last number that was made.

mod connector;
mod lane;
mod maker;
mod random;
mod task;

pub use connector::Datagen;
pub use maker::Maker;
pub use task::DatagenTask;

connect_plugin::export! {
    source Datagen as "org.connecthost.samples.DatagenConnector" ["Datagen", "DatagenConnector"];
}
