//! The connectors of the guide (docs/writing-a-connector-in-rust.md): a source and a sink in one library.

mod sink;
mod source;

pub use sink::Lines;
pub use source::Ticks;

connect_plugin::export! {
    source Ticks as "com.example.TicksConnector";
    sink Lines as "com.example.LinesConnector" ["Lines"];
}
