//! [`LockGuard`]: a lock that is held until the end of a scope.

use std::fmt;
use std::marker::PhantomData;
use std::sync::MutexGuard;

use super::ownership::Ownership;

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
    of_this_thread: PhantomData<MutexGuard<'lock, ()>>,
}

impl<'lock> LockGuard<'lock> {
    /// For an acquisition that nobody else ends.
    pub(super) fn of(ownership: &'lock Ownership) -> Self {
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
