//! [`Queue`]: first in, first out, with a limit on bytes instead of items.
//!
//! Producers wait while the [`Budget`] is used up, consumers while the queue is empty. Both are
//! served in the order in which they came, in whatever thread or greenlet they are.
//!
//! It is split of the contract of the design slides, like all primitives of this crate, so it stays
//! whether this workspace uses it or not.

mod entries;
mod error;
mod limited_waits;

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::coop::consume_budget;

use crate::budget::{Budget, Reservation};
use crate::event::Flag;
use entries::{ByteSource, Entries, Entry};

pub use error::{PutError, QueueClosed, TryGetError};

/// A queue between any number of producers and consumers. Clones are handles of the same queue.
///
/// Every item has a cost in bytes, which is taken from the budget when it is put and returned
/// when it is got (or, with [`get_reserved`](Queue::get_reserved), when the consumer drops the
/// reservation). An item that costs more than the whole budget passes when nothing else is taken from it.
///
/// A closed queue accepts no more items; those that it contains can still be got.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let queue = hub::Queue::new(1 << 20);
/// let consumer = std::thread::spawn({
///     let queue = queue.clone();
///     move || {
///         let mut bytes = 0;
///         while let Ok(Some(frame)) = queue.get_blocking(None) {
///             let frame: Vec<u8> = frame;
///             bytes += frame.len();
///         }
///         bytes
///     }
/// });
/// hub::Hub::new()?.run(async {
///     for _ in 0..100 {
///         // Waits while a mebibyte of frames is in the queue.
///         queue.put(vec![0; 100_000], 100_000).await?;
///     }
///     queue.close();
///     Ok::<_, hub::QueueClosed<_>>(())
/// })?;
/// assert_eq!(consumer.join().unwrap(), 10_000_000);
/// assert!(queue.high_water() <= 1 << 20);
/// # Ok(())
/// # }
/// ```
pub struct Queue<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    /// One permit for each item that is not assigned to a consumer yet.
    items: Semaphore,
    closing: Flag,
    entries: Entries<T>,
}

impl<T> Queue<T> {
    /// Returns a queue with a budget of its own.
    pub fn new(budget_bytes: usize) -> Self {
        Queue::sharing(Budget::new(budget_bytes))
    }

    /// Returns a queue that shares its budget with all other handles of it.
    pub fn sharing(budget: Budget) -> Self {
        Queue {
            shared: Arc::new(Shared {
                items: Semaphore::new(0),
                closing: Flag::default(),
                entries: Entries::new(budget),
            }),
        }
    }

    /// Appends an item of `cost` bytes, and waits while the budget is used up.
    ///
    /// Dropping the future drops an item that is not in the queue yet. If it must not be lost,
    /// await [`reserve`](Queue::reserve) and then [`put_reserved`](Queue::put_reserved).
    ///
    /// # Errors
    /// Gives the item back when the queue is closed, also while this waits.
    pub async fn put(&self, item: T, cost: usize) -> Result<(), QueueClosed<T>> {
        // A producer that never has to wait must let others of its hub run all the same.
        consume_budget().await;
        if let Some(permits) = self.budget().try_take(cost) {
            return self.push(item, cost, ByteSource::Own(permits));
        }
        match self.reserve(cost).await {
            Ok(reservation) => self.put_reserved(item, cost, reservation),
            Err(QueueClosed(())) => Err(QueueClosed(item)),
        }
    }

    /// Appends an item of `cost` bytes if that many are left in the budget.
    ///
    /// # Errors
    /// Returns the item when fewer bytes are left, or the queue is closed.
    pub fn try_put(&self, item: T, cost: usize) -> Result<(), PutError<T>> {
        match self.budget().try_take(cost) {
            Some(permits) => Ok(self.push(item, cost, ByteSource::Own(permits))?),
            None if self.is_closed() => Err(PutError::Closed(item)),
            None => Err(PutError::Full(item)),
        }
    }

    /// Reserves the bytes of an item that is to be put later, with
    /// [`put_reserved`](Queue::put_reserved).
    ///
    /// # Errors
    /// When the queue is closed, also while this waits.
    pub async fn reserve(&self, cost: usize) -> Result<Reservation, QueueClosed<()>> {
        tokio::select! {
            biased;
            reservation = self.budget().reserve(cost) => Ok(reservation),
            () = self.shared.closing.wait() => Err(QueueClosed(())),
        }
    }

    /// Appends an item whose bytes are reserved. Never waits.
    ///
    /// The reservation may come from any budget, or from another queue's item that is passed on.
    ///
    /// # Errors
    /// Returns the item when the queue is closed; the reservation ends.
    pub fn put_reserved(
        &self,
        item: T,
        cost: usize,
        reservation: Reservation,
    ) -> Result<(), QueueClosed<T>> {
        self.push(item, cost, self.shared.entries.byte_source(reservation))
    }

    /// Takes the first item, and waits while there is none. Returns `None` if the queue is closed and empty.
    ///
    /// Dropping the future loses no item.
    pub async fn get(&self) -> Option<T> {
        let entry = self.entry().await?;
        Some(self.shared.entries.release(entry))
    }

    /// Takes the first item as [`get`](Queue::get) does, with the reservation of its bytes. They stay
    /// taken until it is dropped, so that the item which the consumer works on counts too.
    pub async fn get_reserved(&self) -> Option<(T, Reservation)> {
        let entry = self.entry().await?;
        Some(self.shared.entries.split(entry))
    }

    /// Takes the first item if there is one that no consumer waits for.
    ///
    /// # Errors
    /// Fails when there is none; the error says whether the queue is closed.
    pub fn try_get(&self) -> Result<T, TryGetError> {
        match self.shared.items.try_acquire() {
            Ok(right) => right.forget(),
            Err(_) if self.is_closed() => {}
            Err(_) => return Err(TryGetError::Empty),
        }
        let entry = self.shared.entries.pop().ok_or(TryGetError::Closed)?;
        Ok(self.shared.entries.release(entry))
    }

    /// Closes the queue: producers fail, consumers receive the items that are left and then `None`.
    pub fn close(&self) {
        self.shared.entries.close();
        self.shared.items.close();
        self.shared.closing.send();
    }

    /// Closes the queue and drops the items that are left; returns their number.
    pub fn discard(&self) -> usize {
        self.close();
        self.shared.entries.clear()
    }

    /// Returns `true` if the queue is closed.
    pub fn is_closed(&self) -> bool {
        self.shared.entries.is_closed()
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.shared.entries.len()
    }

    /// Returns `true` if there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the cost of all items together, in bytes.
    pub fn bytes(&self) -> usize {
        self.shared.entries.bytes()
    }

    /// Returns the highest value that [`bytes`](Queue::bytes) has ever had.
    pub fn high_water(&self) -> usize {
        self.shared.entries.high_water()
    }

    /// Returns the budget, which others may share.
    pub fn budget(&self) -> &Budget {
        self.shared.entries.budget()
    }

    /// Returns `true` if both are handles of the same queue.
    pub fn is_same(&self, other: &Queue<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    fn push(&self, item: T, cost: usize, bytes: ByteSource) -> Result<(), QueueClosed<T>> {
        self.shared.entries.push(Entry { item, cost, bytes })?;
        self.shared.items.add_permits(1);
        Ok(())
    }

    async fn entry(&self) -> Option<Entry<T>> {
        // As in `put`. Then `try_acquire`, which is quicker if no other consumer waits.
        consume_budget().await;
        // There is no wait between the permit and the item: a future that is dropped has either
        // nothing, or a permit that passes to the next in line. A closed semaphore has no permits,
        // but then no consumer waits any more and each may take an item.
        if let Ok(right) = self.shared.items.try_acquire() {
            right.forget();
        } else if let Ok(right) = self.shared.items.acquire().await {
            right.forget();
        }
        self.shared.entries.pop()
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Queue")
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
