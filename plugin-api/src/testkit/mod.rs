//! A worker in miniature for a connector's own tests: it drives a class through its C tables as the real worker does,
//! and an acceptance suite checks what the contract asks for.
//!
//! ```text
//! let plugin = Plugin::load(my_connector::connect_plugin_entry, my_connector::CONNECT_PLUGIN_MANIFEST);
//! accept_source(&plugin, SourceCase { class: "com.example.MySource", config, feed: Box::new(|_| {}), count: 100 });
//! ```
//!
//! A violation panics with what was violated.

mod check;
mod connector;
mod host;
mod lent;
mod plugin;
mod sink;
mod source;
mod task;

pub use check::{SinkCase, SourceCase, accept_sink, accept_source};
pub use connector::ConnectorHandle;
pub use host::{Failure, Seat};
pub use lent::{Seen, SinkInput, with_value};
pub use plugin::{Class, Plugin};
pub use sink::SinkHandle;
pub use source::SourceHandle;
