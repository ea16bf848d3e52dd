//! The boundary as a worker sees it: calls that wait, panics, stops, answers.

mod calls;
mod panics;
mod plugin;
