//! [`RLock`]: a lock that its owner may take again.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

use std::sync::Arc;
use std::time::Duration;

use super::ownership::{Ownership, Reentry};
use super::{LockError, LockGuard, ReleaseError};
use crate::blocking;
use crate::identity::GreenletId;

/// A [`Lock`](crate::Lock) that its owner may take again. It is free once it has been released as often
/// as it was taken. Clones are handles of the same lock.
///
/// The owner is the greenlet, not the thread: another greenlet of the same thread has to wait.
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
    /// Returns a lock that no greenlet has.
    pub fn new() -> Self {
        RLock {
            ownership: Arc::new(Ownership::new(Reentry::Counted)),
        }
    }

    /// Waits until the lock is free or held by this greenlet, and takes it.
    ///
    /// Dropping the future leaves the lock to the next in line.
    ///
    /// # Errors
    /// Never fails; the type is that of the forms that limit their wait.
    pub async fn acquire(&self) -> Result<LockGuard<'_>, LockError> {
        self.ownership.acquire().await?;
        Ok(LockGuard::of(&self.ownership))
    }

    /// Form of [`acquire`](RLock::acquire) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails when the time is up.
    pub async fn acquire_timeout(&self, timeout: Duration) -> Result<LockGuard<'_>, LockError> {
        tokio::time::timeout(timeout, self.acquire())
            .await
            .unwrap_or(Err(LockError::Timeout))
    }

    /// Blocking form of [`acquire`](RLock::acquire) for threads that run no hub.
    ///
    /// # Errors
    /// Fails in a greenlet, and when the time is up.
    pub fn acquire_blocking(&self, timeout: Option<Duration>) -> Result<LockGuard<'_>, LockError> {
        blocking::wait_or_refuse(
            self.acquire(),
            timeout,
            "RLock::acquire_blocking",
            "RLock::acquire",
        )?
    }

    /// Takes the lock if it is free and no other greenlet waits for it.
    ///
    /// # Errors
    /// Fails when another greenlet has the lock.
    pub fn try_acquire(&self) -> Result<LockGuard<'_>, LockError> {
        self.ownership.try_acquire()?;
        Ok(LockGuard::of(&self.ownership))
    }

    /// Ends an acquisition whose guard was [kept](LockGuard::keep).
    ///
    /// # Errors
    /// Fails when this greenlet does not have the lock, or has it through a guard.
    pub fn release(&self) -> Result<(), ReleaseError> {
        self.ownership.release()
    }

    /// Returns how often its owner has taken the lock and not released it yet.
    pub fn count(&self) -> usize {
        self.ownership.count()
    }

    /// Returns `true` if any greenlet has the lock.
    pub fn is_taken(&self) -> bool {
        self.ownership.owner().is_some()
    }

    /// Returns `true` if this greenlet has the lock.
    pub fn is_mine(&self) -> bool {
        self.ownership.owner() == Some(GreenletId::current())
    }
}

impl Default for RLock {
    fn default() -> Self {
        RLock::new()
    }
}
