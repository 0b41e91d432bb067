//! The owner of a lock, how often it has taken the lock, and the line of waiters.

use std::sync::PoisonError;

use tokio::sync::{Semaphore, TryAcquireError};

use super::{LockError, ReleaseError};
use crate::identity::GreenletId;
use crate::sync::{Mutex, MutexGuard};

/// What happens when the owner of a lock takes it again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reentry {
    Forbidden,
    Counted,
}

/// The state of a lock, whose ownership passes to the waiters in the order in which they came.
#[derive(Debug)]
pub(super) struct Ownership {
    reentry: Reentry,
    /// One permit, which belongs to the owner: it is taken and returned together with `held`.
    turn: Semaphore,
    held: Mutex<OwnerState>,
}

#[derive(Debug, Default)]
struct OwnerState {
    owner: Option<GreenletId>,
    /// Acquisitions whose guard still exists.
    guards: usize,
    /// Acquisitions whose guard was kept.
    kept: usize,
}

impl Ownership {
    pub(super) fn new(reentry: Reentry) -> Self {
        Ownership {
            reentry,
            turn: Semaphore::new(1),
            held: Mutex::default(),
        }
    }

    pub(super) async fn acquire(&self) -> Result<(), LockError> {
        if self.acquire_again()? {
            return Ok(());
        }
        match self.turn.acquire().await {
            Ok(turn) => {
                // There is no wait from here on: a future that is dropped before owns nothing, and a
                // permit that it received at that moment passes to the next in line.
                turn.forget();
                self.begin();
                Ok(())
            }
            // The semaphore is never closed; if it were, no caller may believe that it has the lock.
            Err(_) => std::future::pending().await,
        }
    }

    pub(super) fn try_acquire(&self) -> Result<(), LockError> {
        if self.acquire_again()? {
            return Ok(());
        }
        match self.turn.try_acquire() {
            Ok(turn) => {
                turn.forget();
                self.begin();
                Ok(())
            }
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => Err(LockError::Busy),
        }
    }

    /// Ends an acquisition by the drop of its guard.
    pub(super) fn end_guard(&self) {
        let mut held = self.held();
        held.guards -= 1;
        self.release_if_unused(held);
    }

    /// Makes an acquisition end by [`release`](Ownership::release) instead of the drop of its guard.
    pub(super) fn keep(&self) {
        let mut held = self.held();
        held.guards -= 1;
        held.kept += 1;
    }

    pub(super) fn release(&self) -> Result<(), ReleaseError> {
        let mut held = self.held();
        match held.owner {
            None => Err(ReleaseError::Free),
            Some(owner) if owner != GreenletId::current() => Err(ReleaseError::NotOwner),
            Some(_) if held.kept == 0 => Err(ReleaseError::Guarded),
            Some(_) => {
                held.kept -= 1;
                self.release_if_unused(held);
                Ok(())
            }
        }
    }

    pub(super) fn owner(&self) -> Option<GreenletId> {
        self.held().owner
    }

    /// Returns how often the owner has taken the lock.
    pub(super) fn count(&self) -> usize {
        let held = self.held();
        held.guards + held.kept
    }

    /// Returns `true` if this greenlet is the owner and has taken the lock once more.
    fn acquire_again(&self) -> Result<bool, LockError> {
        let mut held = self.held();
        // Only this greenlet can make itself the owner, so the answer stays true.
        if held.owner != Some(GreenletId::current()) {
            return Ok(false);
        }
        match self.reentry {
            Reentry::Forbidden => Err(LockError::Owned),
            Reentry::Counted => {
                held.guards += 1;
                Ok(true)
            }
        }
    }

    fn begin(&self) {
        let mut held = self.held();
        held.owner = Some(GreenletId::current());
        held.guards = 1;
    }

    fn release_if_unused(&self, mut held: MutexGuard<'_, OwnerState>) {
        if held.guards + held.kept == 0 {
            held.owner = None;
            drop(held);
            self.turn.add_permits(1);
        }
    }

    fn held(&self) -> MutexGuard<'_, OwnerState> {
        // Nothing panics under this lock.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
