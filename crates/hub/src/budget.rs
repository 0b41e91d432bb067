//! [`Budget`]: how many bytes may be on their way at the same time.
//!
//! A [`Queue`](crate::Queue) has a budget, of its own or shared with others. Each item takes a
//! [`Reservation`] from it, which returns the bytes when it is dropped.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::blocking;
use crate::error::WaitError;

/// A number of bytes to share. Clones are handles of the same budget.
///
/// Requests are served in the order in which they came: a request for many bytes is not overtaken for
/// ever by others that need few.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let budget = hub::Budget::new(1000);
/// let raw = hub::Queue::sharing(budget.clone());
/// let encoded = hub::Queue::sharing(budget.clone());
/// hub::Hub::new()?.run(async {
///     raw.put("chunk", 800).await?;
///     let (chunk, reservation) = raw.get_reserved().await.ok_or("closed")?;
///     // Still counted, so nothing else can take the place of the chunk on its way.
///     assert_eq!(budget.available(), Some(200));
///     encoded.put_reserved(chunk, 800, reservation)?;
///     assert_eq!(encoded.get().await, Some("chunk"));
///     assert_eq!(budget.available(), Some(1000));
///     Ok(())
/// })
/// # }
/// ```
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
    /// Returns a budget of so many bytes.
    ///
    /// With zero bytes, every item costs more than the whole budget, so one passes at a time.
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

    /// Returns a budget without limit, which never causes a wait.
    pub fn unlimited() -> Self {
        Budget {
            shared: Arc::new(Shared { limit: None }),
        }
    }

    /// Returns the size of the budget in bytes, or `None` without limit.
    pub fn limit(&self) -> Option<usize> {
        self.shared.limit.as_ref().map(|limit| limit.bytes)
    }

    /// Returns the bytes that are not taken, or `None` without limit.
    ///
    /// A waiting request may hold a part of its bytes already: they count as taken.
    pub fn available(&self) -> Option<usize> {
        self.shared.limit.as_ref().map(|limit| {
            let permits = limit.semaphore.available_permits();
            (permits * limit.bytes_per_permit).min(limit.bytes)
        })
    }

    /// Takes `cost` bytes, and waits while too few are left.
    ///
    /// A request for more than the whole budget succeeds when nothing else is taken. Dropping the future
    /// returns what it had gathered.
    pub async fn reserve(&self, cost: usize) -> Reservation {
        let permits = self.take(cost).await;
        self.reservation(permits)
    }

    /// Blocking form of [`reserve`](Budget::reserve) for threads that run no hub.
    ///
    /// # Errors
    /// Fails in a greenlet, and when the time is up.
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

    /// Takes `cost` bytes if they are left and no other request waits for bytes.
    pub fn try_reserve(&self, cost: usize) -> Option<Reservation> {
        self.try_take(cost).map(|permits| self.reservation(permits))
    }

    /// Takes permits without a [`Reservation`], for callers that have a handle of the budget already:
    /// they must be [given back](Budget::give_back), or become a [`reservation`](Budget::reservation).
    async fn take(&self, cost: usize) -> u32 {
        let Some(limit) = &self.shared.limit else {
            // Without limit nothing ever waits; the other greenlets of the hub must run all the same.
            tokio::task::coop::consume_budget().await;
            return 0;
        };
        let permits = limit.permits(cost);
        // The semaphore is never closed, so this never fails; if it did, nothing would be held.
        match limit.semaphore.acquire_many(permits).await {
            Ok(acquired) => {
                acquired.forget();
                permits
            }
            Err(_) => 0,
        }
    }

    pub(crate) fn try_take(&self, cost: usize) -> Option<u32> {
        let Some(limit) = &self.shared.limit else {
            return Some(0);
        };
        let permits = limit.permits(cost);
        let acquired = limit.semaphore.try_acquire_many(permits).ok()?;
        acquired.forget();
        Some(permits)
    }

    pub(crate) fn give_back(&self, permits: u32) {
        self.shared.give_back(permits);
    }

    pub(crate) fn reservation(&self, permits: u32) -> Reservation {
        Reservation {
            shared: Arc::clone(&self.shared),
            permits,
        }
    }

    /// Returns the permits of a reservation from this budget.
    ///
    /// # Errors
    /// Returns the reservation if it is from another budget.
    pub(crate) fn dissolve(&self, mut reservation: Reservation) -> Result<u32, Reservation> {
        if Arc::ptr_eq(&self.shared, &reservation.shared) {
            Ok(std::mem::take(&mut reservation.permits))
        } else {
            Err(reservation)
        }
    }
}

impl Shared {
    fn give_back(&self, permits: u32) {
        if let Some(limit) = &self.limit
            && permits > 0
        {
            limit.semaphore.add_permits(permits as usize);
        }
    }
}

impl Limit {
    fn permits(&self, cost: usize) -> u32 {
        let wanted = cost.div_ceil(self.bytes_per_permit);
        u32::try_from(wanted).map_or(self.permits, |wanted| wanted.min(self.permits))
    }
}

/// Bytes taken from a [`Budget`]. Dropping the reservation returns them.
#[derive(Debug)]
#[must_use = "dropping a reservation returns its bytes"]
pub struct Reservation {
    shared: Arc<Shared>,
    permits: u32,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shared.give_back(self.permits);
    }
}
