//! [`RLock`]: a lock that its owner may take again.
//!
//! It is part of the contract of the design slides, like all primitives of this crate, so it stays
//! whether this workspace uses it or not.

use std::sync::Arc;
use std::time::Duration;

use super::ownership::{Ownership, Reentry};
use super::{LockError, LockGuard, ReleaseError};
use crate::blocking;
use crate::identity::GreenletId;

/// A [`Lock`](crate::Lock) that its owner may take again: it is free when it was released as often as taken.
/// Clones are handles of the same lock.
///
/// The greenlet counts, not the thread: another greenlet of the same thread has to wait.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shutter = hub::RLock::new();
/// hub::Hub::new()?.run(async {
///     let outer = shutter.acquire().await?;
///     let inner = shutter.acquire().await?;
///     assert_eq!(shutter.count(), 2);
///     let other = hub::spawn({
///         let shutter = shutter.clone();
///         async move { shutter.try_acquire().err() }
///     });
///     assert_eq!(other.await?, Some(hub::LockError::Busy));
///     drop(outer);
///     assert!(shutter.is_mine());
///     drop(inner);
///     assert!(!shutter.is_taken());
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RLock {
    ownership: Arc<Ownership>,
}

impl RLock {
    /// A lock that nobody has.
    pub fn new() -> Self {
        RLock {
            ownership: Arc::new(Ownership::new(Reentry::Counted)),
        }
    }

    /// Waits until the lock is free or this greenlet's own, and takes it.
    ///
    /// Dropping the future leaves the lock to the next in line.
    ///
    /// # Errors
    /// None in this form; those that give up a wait have the same type.
    pub async fn acquire(&self) -> Result<LockGuard<'_>, LockError> {
        self.ownership.acquire().await?;
        Ok(LockGuard::of(&self.ownership))
    }

    /// [`acquire`](RLock::acquire), but not for longer than `timeout`.
    ///
    /// # Errors
    /// The same, and when the time was up.
    pub async fn acquire_timeout(&self, timeout: Duration) -> Result<LockGuard<'_>, LockError> {
        tokio::time::timeout(timeout, self.acquire())
            .await
            .unwrap_or(Err(LockError::Timeout))
    }

    /// [`acquire`](RLock::acquire) for threads that are no hub.
    ///
    /// # Errors
    /// The same, and in a greenlet, and when the time was up.
    pub fn acquire_blocking(&self, timeout: Option<Duration>) -> Result<LockGuard<'_>, LockError> {
        blocking::wait_or_refuse(
            self.acquire(),
            timeout,
            "RLock::acquire_blocking",
            "RLock::acquire",
        )?
    }

    /// Takes the lock if it can be had at once and nobody waits for it.
    ///
    /// # Errors
    /// The same, and when another greenlet has it.
    pub fn try_acquire(&self) -> Result<LockGuard<'_>, LockError> {
        self.ownership.try_acquire()?;
        Ok(LockGuard::of(&self.ownership))
    }

    /// Ends an acquisition whose guard was told to [`keep`](LockGuard::keep) it.
    ///
    /// # Errors
    /// When this greenlet does not have the lock, or has it by a guard.
    pub fn release(&self) -> Result<(), ReleaseError> {
        self.ownership.release()
    }

    /// How often its owner has taken it and not released it yet.
    pub fn count(&self) -> usize {
        self.ownership.count()
    }

    /// Whether any greenlet has the lock.
    pub fn is_taken(&self) -> bool {
        self.ownership.owner().is_some()
    }

    /// Whether this greenlet has the lock.
    pub fn is_mine(&self) -> bool {
        self.ownership.owner() == Some(GreenletId::current())
    }
}

impl Default for RLock {
    fn default() -> Self {
        RLock::new()
    }
}
