//! Why a queue did not take or give an item. Errors of `put` give the item back.

use std::fmt;

use crate::error::BlockingInGreenlet;

/// The queue is closed: here is the item that it did not take.
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
    /// Greenlets must await.
    #[error("{1}")]
    BlockingInGreenlet(T, BlockingInGreenlet),
}

/// Why no item was had without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryGetError {
    /// There is none now, or others wait for it.
    #[error("the queue is empty")]
    Empty,
    /// There is none, and none will come.
    #[error("the queue is closed and empty")]
    Closed,
}

impl<T> PutError<T> {
    /// The item.
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
