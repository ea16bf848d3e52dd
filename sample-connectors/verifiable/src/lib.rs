//! VerifiableSource and VerifiableSink, for tests of faults: numbered records, and what became of them.

mod numbers;
mod report;
mod sink;
mod source;

pub use sink::{VerifiableSink, VerifiableSinkTask};
pub use source::{VerifiableSource, VerifiableSourceTask};

connect_plugin::export! {
    source VerifiableSource as "org.apache.kafka.connect.tools.VerifiableSourceConnector"
        ["VerifiableSource", "VerifiableSourceConnector"];
    sink VerifiableSink as "org.apache.kafka.connect.tools.VerifiableSinkConnector"
        ["VerifiableSink", "VerifiableSinkConnector"];
}
