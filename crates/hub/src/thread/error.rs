//! How a thread ends badly, and why waiting for its end can fail.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{BlockingInGreenlet, Panic};

/// Why the main function of a thread returned nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadError {
    /// It panicked.
    #[error("the main function of the thread {0}")]
    Panicked(Panic),
    /// It was killed where it waited.
    #[error("the main function of the thread was killed")]
    Killed,
}

/// Why the end of a thread was not seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// It still ran when the time was up.
    #[error("thread `{thread}` did not end within {waited:?}")]
    Timeout {
        /// The name of the thread.
        thread: Arc<str>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A thread cannot wait for its own end.
    #[error("thread `{thread}` cannot wait for its own end")]
    OwnThread {
        /// The name of the thread.
        thread: Arc<str>,
    },
    /// Greenlets must await.
    #[error(transparent)]
    BlockingInGreenlet(#[from] BlockingInGreenlet),
}
