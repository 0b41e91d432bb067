//! [`Lock`]: held by one greenlet across all threads.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

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
/// threads; [`GreenletId`] describes their identities. Unlike a lock of the standard library it may
/// be held while its owner waits for other things: the hub continues to run.
///
/// Waiters take the lock in the order in which they came; no later one overtakes them. A panic of the
/// owner releases the lock.
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
    /// Returns a lock that no greenlet has.
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
    /// Fails when this greenlet has the lock already.
    pub async fn acquire(&self) -> Result<LockGuard<'_>, LockError> {
        self.ownership.acquire().await?;
        Ok(LockGuard::of(&self.ownership))
    }

    /// Form of [`acquire`](Lock::acquire) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails as `acquire` does, and when the time is up.
    pub async fn acquire_timeout(&self, timeout: Duration) -> Result<LockGuard<'_>, LockError> {
        tokio::time::timeout(timeout, self.acquire())
            .await
            .unwrap_or(Err(LockError::Timeout))
    }

    /// Blocking form of [`acquire`](Lock::acquire) for threads that run no hub.
    ///
    /// # Errors
    /// Fails as `acquire` does, and in a greenlet, and when the time is up.
    pub fn acquire_blocking(&self, timeout: Option<Duration>) -> Result<LockGuard<'_>, LockError> {
        blocking::wait_or_refuse(
            self.acquire(),
            timeout,
            "Lock::acquire_blocking",
            "Lock::acquire",
        )?
    }

    /// Takes the lock if it is free and no other greenlet waits for it.
    ///
    /// # Errors
    /// Fails when this greenlet or another one has the lock.
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

    /// Returns `true` if any greenlet has the lock.
    pub fn is_taken(&self) -> bool {
        self.ownership.owner().is_some()
    }

    /// Returns `true` if this greenlet has the lock.
    pub fn is_mine(&self) -> bool {
        self.ownership.owner() == Some(GreenletId::current())
    }
}

impl Default for Lock {
    fn default() -> Self {
        Lock::new()
    }
}

/// Holds a [`Lock`](crate::Lock) or [`RLock`](crate::RLock) until it is dropped: at the end of a
/// scope, by a panic, or with a greenlet that is killed.
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
    /// Returns the guard of an acquisition that nothing else ends.
    fn of(ownership: &'lock Ownership) -> Self {
        LockGuard {
            ownership,
            of_this_thread: PhantomData,
        }
    }

    /// Leaves the lock taken, until the same greenlet calls `release`.
    ///
    /// If it never does, because it was killed for example, the lock stays taken for ever: a guard is
    /// the safer choice.
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
    /// This greenlet has the lock and would wait for itself. An [`RLock`](crate::RLock) may be
    /// taken again.
    #[error("this greenlet has the lock already and would wait for itself")]
    Owned,
    /// Another greenlet has the lock. Only forms that do not wait return this error.
    #[error("another greenlet has the lock")]
    Busy,
    /// The time was up before the lock was free.
    #[error("the time to wait for the lock was up")]
    Timeout,
    /// The call was in a greenlet, which must await.
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

/// Why a lock was not released. The lock is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// Another greenlet has the lock.
    #[error("the lock belongs to another greenlet")]
    NotOwner,
    /// No greenlet has the lock.
    #[error("the lock is not taken")]
    Free,
    /// This greenlet has the lock, but through guards that still exist: drop them instead.
    #[error("the lock is held by a guard, which releases it when it is dropped")]
    Guarded,
}
