//! Why a chunk was not encoded.

/// Why a chunk was not encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The stream is longer than the target.
    #[error("the compressed chunk does not fit into the target")]
    TargetTooSmall,
    /// The memory that the encoder needs for a chunk of this size is not available.
    #[error("there is no memory to compress the chunk")]
    OutOfMemory,
}

impl From<std::collections::TryReserveError> for EncodeError {
    fn from(_: std::collections::TryReserveError) -> EncodeError {
        EncodeError::OutOfMemory
    }
}
