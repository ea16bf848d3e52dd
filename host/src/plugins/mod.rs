//! The host's side of the plugin boundary: the only room that touches a plugin.
//!
//! In reading order: [`manifest`] and [`scan`] find libraries without running them, [`load`] opens one and checks its
//! table, [`layout`] compares what a library in Rust tells beyond that, [`catalog`] knows which class is where.
//! [`instance`] is what the host remembers of a running connector or task, [`registry`] finds it by its token,
//! [`host_table`] is what the plugin may call. [`pool`] owns the threads that plugin code runs on, [`call`] makes one call
//! at a time, and [`connector`], [`source`] and [`sink`] (both around [`object`]) are the safe handles that the worker
//! uses. [`views`], [`schemas`] and [`offsets`] translate data both ways and check it.

pub mod call;
pub mod catalog;
pub mod connector;
pub mod definitions;
pub mod host_table;
pub mod instance;
pub mod layout;
pub mod lend;
pub mod load;
pub mod manifest;
pub mod object;
pub mod offsets;
pub mod pool;
pub mod put;
pub mod registry;
pub mod scan;
pub mod schemas;
pub mod sink;
pub mod source;
pub mod views;
