//! How the main function of a thread can fail, and why waiting for its end can fail.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{BlockingInGreenlet, Panic};

/// Why the main function of a thread did not return.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadError {
    /// The main function panicked.
    #[error("the main function of the thread {0}")]
    Panicked(Panic),
    /// The main function was killed where it waited.
    #[error("the main function of the thread was killed")]
    Killed,
}

/// Why waiting for the end of a thread failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// The thread still ran when the time is up.
    #[error("thread `{thread}` did not end within {waited:?}")]
    Timeout {
        /// The name of the thread.
        thread: Arc<str>,
        /// How long the wait was.
        waited: Duration,
    },
    /// A thread cannot wait for its own end.
    #[error("thread `{thread}` cannot wait for its own end")]
    OwnThread {
        /// The name of the thread.
        thread: Arc<str>,
    },
    /// The call was in a greenlet, which must await.
    #[error(transparent)]
    BlockingInGreenlet(#[from] BlockingInGreenlet),
}
