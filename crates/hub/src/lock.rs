//! [`Lock`]: held by one greenlet across all threads.

mod error;
mod guard;
mod ownership;
mod reentrant;

use std::sync::Arc;
use std::time::Duration;

use crate::blocking;
use crate::identity::GreenletId;
use ownership::{Again, Ownership};

pub use error::{LockError, ReleaseError};
pub use guard::LockGuard;
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
            ownership: Arc::new(Ownership::new(Again::IsAnError)),
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
