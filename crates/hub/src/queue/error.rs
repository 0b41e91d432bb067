//! Why an item was not put or got. Errors of `put` contain the item.

use std::fmt;

use crate::error::BlockingInGreenlet;

/// The queue is closed; this contains the item that was not put.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue is closed")]
pub struct QueueClosed<T>(pub T);

/// Why an item was not put.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PutError<T> {
    /// The queue is closed.
    #[error("the queue is closed")]
    Closed(T),
    /// The budget is used up.
    #[error("the budget of the queue is used up")]
    Full(T),
    /// The time was up while the budget was used up.
    #[error("the budget of the queue was used up for all the time to wait")]
    Timeout(T),
    /// The call was in a greenlet, which must await.
    #[error("{1}")]
    BlockingInGreenlet(T, BlockingInGreenlet),
}

/// Why there was no item to be got without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryGetError {
    /// The queue is empty, or other consumers wait for its items.
    #[error("the queue is empty")]
    Empty,
    /// The queue is empty, and closed.
    #[error("the queue is closed and empty")]
    Closed,
}

impl<T> PutError<T> {
    /// Returns the item.
    pub fn into_item(self) -> T {
        match self {
            PutError::Closed(item)
            | PutError::Full(item)
            | PutError::Timeout(item)
            | PutError::BlockingInGreenlet(item, _) => item,
        }
    }
}

impl<T> From<QueueClosed<T>> for PutError<T> {
    fn from(QueueClosed(item): QueueClosed<T>) -> Self {
        PutError::Closed(item)
    }
}

// By hand, so that items need no `Debug` for an error to be shown.
impl<T> fmt::Debug for QueueClosed<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("QueueClosed(..)")
    }
}

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            PutError::Closed(_) => "Closed(..)",
            PutError::Full(_) => "Full(..)",
            PutError::Timeout(_) => "Timeout(..)",
            PutError::BlockingInGreenlet(..) => "BlockingInGreenlet(..)",
        })
    }
}
