//! FileStreamSource and FileStreamSink, with the names, configs and offsets of Kafka's own.

mod input;
mod java;
mod lines;
mod render;
mod sink;
mod source;
mod task;
mod watch;

pub use sink::{FileSink, FileStreamSink};
pub use source::FileStreamSource;
pub use task::FileSource;

connect_plugin::export! {
    source FileStreamSource as "org.apache.kafka.connect.file.FileStreamSourceConnector"
        ["FileStreamSource", "FileStreamSourceConnector"];
    sink FileStreamSink as "org.apache.kafka.connect.file.FileStreamSinkConnector"
        ["FileStreamSink", "FileStreamSinkConnector"];
}
