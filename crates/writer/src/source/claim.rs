//! Claims of files: which writer of a server may write a file.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::SourceError;

/// The right to write a file, which one process has at a time. It is renewed until it is released.
#[async_trait(?Send)]
pub trait FileClaim {
    /// Returns what tells whether the claim still holds.
    fn lease(&self) -> Arc<dyn FileLease>;

    /// Releases the claim, if no other scan of this process needs it.
    async fn release(self: Box<Self>);
}

/// Whether a claim still holds. Can be asked in any thread, and waits for nothing.
pub trait FileLease: fmt::Debug + Send + Sync {
    /// Returns `true` if no other process can have the claim now, by what the server last answered.
    fn is_confirmed(&self) -> bool;
}

/// Why a file was not claimed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClaimError {
    /// Another process has the claim.
    #[error("{0}")]
    Held(String),
    /// The server cannot be asked, or refuses.
    #[error(transparent)]
    Unavailable(SourceError),
}
