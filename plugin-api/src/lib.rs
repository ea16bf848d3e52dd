//! Write connectors for connect-host in Rust.
//!
//! A connector in one page: a source that makes a record a second, and goes on counting after a restart. The crate is
//! a `cdylib`; its library goes into a folder of the worker's `plugin.path`.
//!
//! ```
//! # #[cfg(feature = "tokio")] mod ticks {
//! use connect_plugin::*;
//!
//! struct Ticks;
//!
//! impl Connector for Ticks {
//!     fn config_def() -> ConfigDef {
//!         ConfigDef::new().key(ConfigKey::string("topic").non_empty().doc("Where the ticks go"))
//!     }
//!
//!     fn create(_: ConnectorContext) -> Self {
//!         Ticks
//!     }
//! }
//!
//! impl SourceConnector for Ticks {
//!     type Task = TicksTask;
//! }
//!
//! struct TicksTask {
//!     topic: Text,
//!     clock: SourcePartition,
//!     next: i64,
//! }
//!
//! impl SourceTask for TicksTask {
//!     async fn start(context: SourceContext, config: Config) -> Result<Self> {
//!         let clock = context.register_partition([("clock", "main")])?;
//!         let stored = context.read_offset(clock).await?;
//!         let next = stored.and_then(|offset| offset.get("tick")?.as_i64()).map_or(0, |last| last + 1);
//!         Ok(TicksTask { topic: Text::copy_from(config.string("topic")?), clock, next })
//!     }
//!
//!     async fn poll(&mut self, batch: &mut SourceBatch) -> Result<()> {
//!         tokio::time::sleep(std::time::Duration::from_secs(1)).await;
//!         let offset = Offset::at("tick", self.next);
//!         batch.push(SourceRecord::new(self.clock, offset, self.topic.clone(), format!("tick {}", self.next)));
//!         self.next += 1;
//!         Ok(())
//!     }
//! }
//!
//! connect_plugin::export! { source Ticks as "com.example.TicksConnector" }
//! # }
//! ```
//!
//! Code that blocks is written in plain functions instead: implement [`BlockingSourceTask`] or [`BlockingSinkTask`] and
//! say `type Task = Blocking<MyTask>`. Sinks implement [`SinkTask`]. Tests drive a class as the worker does, with
//! `testkit` (a feature). Async tasks use tokio by the feature `tokio`: the runtime is private to the library.

#[doc(hidden)]
#[path = "export/mod.rs"]
pub mod __export;
mod batch;
mod blocking;
mod cancel;
mod config;
mod config_def;
mod connector;
mod context;
mod error;
mod host;
mod offsets;
mod pace;
mod raw;
mod record;
mod schema;
mod sink;
mod sink_record;
mod source;
#[cfg(feature = "testkit")]
pub mod testkit;
mod text;
mod value;

pub use batch::{Parts, SourceBatch};
pub use blocking::{Blocking, BlockingSinkTask, BlockingSourceTask};
pub use bytes::Bytes;
pub use cancel::CancelToken;
pub use config::Config;
pub use config_def::{ConfigDef, ConfigKey, ConfigType, ConfigValue, Default, Importance, Validator, Width};
pub use connector::{Connector, ConnectorContext, ExactlyOnce, SinkConnector, SourceConnector};
pub use context::{Context, Level, Metric};
pub use error::{ErrorKind, PluginError, Result, ResultExt};
pub use pace::Pace;
pub use record::{Ack, Offset, OffsetChange, SourcePartition, SourceRecord};
pub use schema::{Field, Schema, SchemaParts, Type};
pub use sink::{Batch, PartitionOffset, Report, SinkContext, SinkTask, TopicPartition};
pub use sink_record::{SinkRecord, ValueRef, Values};
pub use source::{SourceContext, SourceTask};
pub use text::Text;
pub use value::{Fields, SchemaAndValue, Value};
