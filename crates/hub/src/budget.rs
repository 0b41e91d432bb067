//! [`Budget`]: how many bytes may be on their way at the same time.
//!
//! A [`Queue`](crate::Queue) has a budget, of its own or shared with others. Each item takes a
//! [`Reservation`] from it, which gives the bytes back when it is dropped.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::blocking;
use crate::error::WaitError;

/// A number of bytes to share. Clones are handles of the same budget.
///
/// Who asks first is served first: somebody who waits for many bytes is not overtaken for ever by
/// others who need few.
#[derive(Debug, Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None` for a budget without limit.
    limit: Option<Limit>,
}

#[derive(Debug)]
struct Limit {
    bytes: usize,
    /// A semaphore hands out at most `u32::MAX` permits at once: beyond 4 GiB a permit is more
    /// than a byte.
    bytes_per_permit: usize,
    permits: u32,
    semaphore: Semaphore,
}

impl Budget {
    /// A budget of so many bytes.
    ///
    /// With zero bytes, every item is dearer than the whole budget, so one passes at a time.
    pub fn new(bytes: usize) -> Self {
        let mut bytes_per_permit = 1;
        while bytes / bytes_per_permit > u32::MAX as usize {
            bytes_per_permit *= 2;
        }
        let permits = u32::try_from(bytes / bytes_per_permit)
            .unwrap_or(u32::MAX)
            .max(1);
        Budget {
            shared: Arc::new(Shared {
                limit: Some(Limit {
                    bytes,
                    bytes_per_permit,
                    permits,
                    semaphore: Semaphore::new(permits as usize),
                }),
            }),
        }
    }

    /// A budget that never makes anybody wait.
    pub fn unlimited() -> Self {
        Budget {
            shared: Arc::new(Shared { limit: None }),
        }
    }

    /// The size of the budget in bytes, `None` without limit.
    pub fn limit(&self) -> Option<usize> {
        self.shared.limit.as_ref().map(|limit| limit.bytes)
    }

    /// The bytes that are not taken, `None` without limit.
    ///
    /// Somebody who waits for many bytes may hold a part of them already: it counts as taken.
    pub fn available(&self) -> Option<usize> {
        self.shared.limit.as_ref().map(|limit| {
            let permits = limit.semaphore.available_permits();
            (permits * limit.bytes_per_permit).min(limit.bytes)
        })
    }

    /// Takes `cost` bytes, and waits while too few are left.
    ///
    /// More than the whole budget is had when nobody else holds anything. Dropping the future
    /// gives back what it had gathered.
    pub async fn reserve(&self, cost: usize) -> Reservation {
        let Some(limit) = &self.shared.limit else {
            // Without limit nothing ever waits; the hub must get its turn all the same.
            tokio::task::coop::consume_budget().await;
            return self.reservation(0);
        };
        let permits = limit.permits(cost);
        // The semaphore is never closed, so this never fails; if it did, nothing would be held.
        match limit.semaphore.acquire_many(permits).await {
            Ok(acquired) => {
                acquired.forget();
                self.reservation(permits)
            }
            Err(_) => self.reservation(0),
        }
    }

    /// [`reserve`](Budget::reserve) for threads that are no hub.
    ///
    /// # Errors
    /// In a greenlet, and when the time was up.
    pub fn reserve_blocking(
        &self,
        cost: usize,
        timeout: Option<Duration>,
    ) -> Result<Reservation, WaitError> {
        blocking::wait_or_refuse(
            self.reserve(cost),
            timeout,
            "Budget::reserve_blocking",
            "Budget::reserve",
        )
    }

    /// Takes `cost` bytes if they are left, and nobody waits for them.
    pub fn try_reserve(&self, cost: usize) -> Option<Reservation> {
        let Some(limit) = &self.shared.limit else {
            return Some(self.reservation(0));
        };
        let permits = limit.permits(cost);
        let acquired = limit.semaphore.try_acquire_many(permits).ok()?;
        acquired.forget();
        Some(self.reservation(permits))
    }

    fn reservation(&self, permits: u32) -> Reservation {
        Reservation {
            shared: Arc::clone(&self.shared),
            permits,
        }
    }
}

impl Limit {
    fn permits(&self, cost: usize) -> u32 {
        let wanted = cost.div_ceil(self.bytes_per_permit);
        u32::try_from(wanted).map_or(self.permits, |wanted| wanted.min(self.permits))
    }
}

/// Bytes taken from a [`Budget`]. Dropping it gives them back.
#[derive(Debug)]
#[must_use = "dropping a reservation gives its bytes back"]
pub struct Reservation {
    shared: Arc<Shared>,
    permits: u32,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(limit) = &self.shared.limit {
            limit.semaphore.add_permits(self.permits as usize);
        }
    }
}
