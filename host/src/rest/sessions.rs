//! How requests between workers say that they come from a worker of the group.

use crate::herder::ApiError;

/// The header with the signature of the body, in Base64.
pub const SIGNATURE_HEADER: &str = "X-Connect-Authorization";
/// The header with the name of the algorithm, such as `HmacSHA256`.
pub const ALGORITHM_HEADER: &str = "X-Connect-Request-Signature-Algorithm";

/// What the two headers say, as they say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Of the body; Base64.
    pub value: String,
    /// Name of the algorithm.
    pub algorithm: String,
}

/// Knows the session key of the group. Must not block.
pub trait Sessions: Send + Sync {
    /// Whether a request from another worker may be believed; always so where the group does not sign.
    ///
    /// # Errors
    /// What is wrong with the signature, as it is answered.
    fn admit(&self, signature: Option<&Signature>, body: &[u8]) -> Result<(), ApiError>;
}
