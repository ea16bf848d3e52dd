//! Records on their way through the worker, as pure functions over batches.
//!
//! Nothing here does I/O, reads a clock or draws a random number: time and randomness are arguments. A source
//! record runs through [`pipeline::source`] and is remembered by [`ledger::Ledger`] until its offset may be
//! stored; a sink record runs through [`pipeline::sink`] and [`sink_ledger::SinkLedger`] says which offsets
//! may be committed. Where a record failed is a [`stage`]; what the log tells of it is in [`error_log`].

pub mod convert;
pub mod date;
pub mod decimal;
pub mod error_log;
pub mod java_text;
pub mod ledger;
pub mod pipeline;
pub mod schema;
pub mod sink_ledger;
pub mod stage;
pub mod value;

#[cfg(test)]
mod arbitrary;

pub use convert::{ConvertError, Converter, HeaderConverter, Payload};
pub use schema::{Field, Schema, Type};
pub use value::{SchemaAndValue, Value};
