//! Why a lock was not taken, or not released.

use crate::error::{BlockingInGreenlet, WaitError};

/// Why a lock was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// This greenlet has the lock: it would wait for itself. An [`RLock`](crate::RLock) may be
    /// taken again.
    #[error("this greenlet has the lock already and would wait for itself")]
    Owned,
    /// Another greenlet has the lock. Only forms that do not wait say so.
    #[error("another greenlet has the lock")]
    Busy,
    /// The time was up before the lock was free.
    #[error("the time to wait for the lock was up")]
    Timeout,
    /// Greenlets must await.
    #[error(transparent)]
    BlockingInGreenlet(#[from] BlockingInGreenlet),
}

impl From<WaitError> for LockError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Timeout => LockError::Timeout,
            WaitError::BlockingInGreenlet(error) => LockError::BlockingInGreenlet(error),
        }
    }
}

/// Why a lock was not released. It stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// Another greenlet has the lock.
    #[error("the lock belongs to another greenlet")]
    NotOwner,
    /// Nobody has the lock.
    #[error("the lock is not taken")]
    Free,
    /// This greenlet has the lock, but by guards that are still there: drop them instead.
    #[error("the lock is held by a guard, which releases it when it is dropped")]
    Guarded,
}
