//! [`Lock`]: held by one greenlet across all threads.
//!
//! It is part of the contract of the design slides, like all primitives of this crate, so it stays
//! whether this workspace uses it or not.

mod ownership;
mod reentrant;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::blocking;
use crate::error::{BlockingInGreenlet, WaitError};
use crate::identity::GreenletId;
use ownership::{Ownership, Reentry};

pub use reentrant::RLock;

/// A lock that one greenlet has at a time, in whatever thread. Clones are handles of the same lock.
///
/// Two greenlets of one thread exclude each other like those of different threads and like plain
/// threads; see [`GreenletId`] for who counts as one. Unlike a lock of the standard library it may
/// be held while its owner waits for other things: the hub goes on.
///
/// Who asks first is served first: nobody overtakes those who wait. A panic of the owner releases
/// the lock.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let motor = hub::Lock::new();
/// hub::Hub::new()?.run(async {
///     let moving = motor.acquire().await?;
///     // A plain thread that wants to move the motor too has to wait.
///     let other = std::thread::spawn({
///         let motor = motor.clone();
///         move || motor.acquire_blocking(Some(Duration::ZERO)).err()
///     });
///     assert_eq!(other.join().unwrap(), Some(hub::LockError::Timeout));
///     hub::sleep(Duration::from_millis(1)).await;
///     drop(moving);
///     assert!(!motor.is_taken());
///     // Without guard, for code that is not one scope.
///     motor.acquire().await?.keep();
///     motor.release()?;
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Lock {
    ownership: Arc<Ownership>,
}

impl Lock {
    /// A lock that nobody has.
    pub fn new() -> Self {
        Lock {
            ownership: Arc::new(Ownership::new(Reentry::Forbidden)),
        }
    }

    /// Waits until the lock is free, and takes it.
    ///
    /// Dropping the future leaves the lock to the next in line.
    ///
    /// # Errors
    /// When this greenlet has it already.
    pub async fn acquire(&self) -> Result<LockGuard<'_>, LockError> {
        self.ownership.acquire().await?;
        Ok(LockGuard::of(&self.ownership))
    }

    /// [`acquire`](Lock::acquire), but not for longer than `timeout`.
    ///
    /// # Errors
    /// The same, and when the time was up.
    pub async fn acquire_timeout(&self, timeout: Duration) -> Result<LockGuard<'_>, LockError> {
        tokio::time::timeout(timeout, self.acquire())
            .await
            .unwrap_or(Err(LockError::Timeout))
    }

    /// [`acquire`](Lock::acquire) for threads that are no hub.
    ///
    /// # Errors
    /// The same, and in a greenlet, and when the time was up.
    pub fn acquire_blocking(&self, timeout: Option<Duration>) -> Result<LockGuard<'_>, LockError> {
        blocking::wait_or_refuse(
            self.acquire(),
            timeout,
            "Lock::acquire_blocking",
            "Lock::acquire",
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

    /// Whether any greenlet has the lock.
    pub fn is_taken(&self) -> bool {
        self.ownership.owner().is_some()
    }

    /// Whether this greenlet has the lock.
    pub fn is_mine(&self) -> bool {
        self.ownership.owner() == Some(GreenletId::current())
    }
}

impl Default for Lock {
    fn default() -> Self {
        Lock::new()
    }
}

/// Has a [`Lock`](crate::Lock) or [`RLock`](crate::RLock) until it is dropped, however that comes:
/// at the end of a scope, by a panic, or with a greenlet that is killed.
///
/// It belongs to the greenlet that took the lock and cannot go to another thread:
///
/// ```compile_fail
/// let lock = hub::Lock::new();
/// let guard = lock.try_acquire().unwrap();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
#[must_use = "dropping a guard releases the lock"]
pub struct LockGuard<'lock> {
    ownership: &'lock Ownership,
    /// Not `Send`, like the guards of the standard library.
    of_this_thread: PhantomData<std::sync::MutexGuard<'lock, ()>>,
}

impl<'lock> LockGuard<'lock> {
    /// For an acquisition that nobody else ends.
    fn of(ownership: &'lock Ownership) -> Self {
        LockGuard {
            ownership,
            of_this_thread: PhantomData,
        }
    }

    /// Leaves the lock taken, until the same greenlet calls `release`.
    ///
    /// If it never does, because it was killed for example, nobody gets the lock any more: a guard
    /// is the safer choice.
    pub fn keep(self) {
        self.ownership.keep();
        std::mem::forget(self);
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        self.ownership.end_guard();
    }
}

impl fmt::Debug for LockGuard<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LockGuard").finish_non_exhaustive()
    }
}

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
