//! The worker at work: what the herder decides is carried out here, on a runtime that no plugin code ever enters.
//!
//! [`start`] and [`distributed`] put a worker together, [`listen`] has it heard, [`run`] is its one loop (events in, herder's
//! step, actions out), [`act`] carries actions out, [`cluster`] those of a worker that is one of a group. A connector lives in
//! [`connector`], a task in [`source_task`] or [`sink_task`]; both are reached by orders and answer with events only, so that
//! they could as well live in another process. [`validate`] checks configs with the help of the plugins, [`clients`] readies
//! the settings of Kafka clients, [`offset_store`] keeps source offsets, [`config_store`] and [`status_store`] are the other
//! topics that workers of a group share, [`follow`] reads all three, [`membership`] is the worker's place in its group,
//! [`session`] signs what workers ask of each other, [`progress`] sees tasks that do not come on, [`scrape`] gathers what
//! /metrics shows, [`credentials`] reads who may call.

pub mod act;
mod assemble;
pub mod clients;
pub mod cluster;
pub mod config_store;
pub mod connector;
pub mod context;
pub mod credentials;
pub mod distributed;
mod exactly_once;
pub mod follow;
pub mod listen;
pub mod loggers;
pub mod membership;
pub mod offset_requests;
pub mod offset_store;
pub mod orders;
pub mod progress;
pub mod run;
pub mod scrape;
pub mod session;
pub mod sink_offsets;
pub mod sink_task;
pub mod source_task;
pub mod start;
pub mod status_store;
pub mod task;
pub mod topic_use;
pub mod validate;

pub use assemble::StartError;
