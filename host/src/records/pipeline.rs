//! Batches of records between Connect values and Kafka's bytes, in both directions.
//!
//! A batch goes in and a batch comes out, record by record in the same order; a record that cannot be
//! converted has its failure in its place. Strings and bytes are not copied where the converter passes them
//! through, everything else lies in one buffer for the whole batch.

use super::convert::ConvertError;
use super::stage::Stage;

pub mod sink;
pub mod source;

/// Why one record of a batch could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stage}: {error}")]
pub struct Failure {
    /// Which converter failed.
    pub stage: Stage,
    /// What it found wrong.
    pub error: ConvertError,
}

impl Failure {
    fn at(stage: Stage) -> impl FnOnce(ConvertError) -> Box<Failure> {
        // Boxed because failures are rare and results are kept for every record.
        move |error| Box::new(Failure { stage, error })
    }
}

#[cfg(test)]
mod tests;
