//! Why there is no value.

use crate::error::{BlockingInGreenlet, WaitError};

/// Why an [`AsyncResult`](crate::AsyncResult) gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResultError<E> {
    /// This error was set instead of a value.
    #[error(transparent)]
    Failed(E),
    /// There was a result, but somebody else has taken it.
    #[error("somebody else has taken the result")]
    Taken,
    /// There is no result yet. Only forms that do not wait say so.
    #[error("there is no result yet")]
    Pending,
    /// The time was up before there was a result.
    #[error("the time to wait for the result was up")]
    Timeout,
    /// Greenlets must await.
    #[error(transparent)]
    BlockingInGreenlet(BlockingInGreenlet),
}

impl<E> ResultError<E> {
    /// The error that was set, if that is what it is.
    pub fn failed(self) -> Option<E> {
        match self {
            ResultError::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl<E> From<WaitError> for ResultError<E> {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Timeout => ResultError::Timeout,
            WaitError::BlockingInGreenlet(error) => ResultError::BlockingInGreenlet(error),
        }
    }
}
