//! [`Queue`]: first in, first out, with a limit on bytes instead of items.
//!
//! Producers wait while the [`Budget`] is used up, consumers while the queue is empty. Both are
//! served in the order in which they came, in whatever thread or greenlet they are.

mod blocking;
mod error;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::budget::{Budget, Reservation};
use crate::event::Signal;

pub use error::{Closed, PutError, TryGetError};

/// A queue between any number of producers and consumers. Clones are handles of the same queue.
///
/// Every item has a cost in bytes, which is taken from the budget when it is put and given back
/// when it is got (or, with [`get_reserved`](Queue::get_reserved), when the consumer is done with
/// it). An item dearer than the whole budget passes when nothing else is on its way.
///
/// A closed queue takes no more items; those that it has are still to be got.
pub struct Queue<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    budget: Budget,
    /// One permit for each item that no consumer has a right to yet.
    items: Semaphore,
    closing: Signal,
    state: Mutex<State<T>>,
}

struct State<T> {
    entries: VecDeque<Entry<T>>,
    bytes: usize,
    high_water: usize,
    closed: bool,
}

struct Entry<T> {
    item: T,
    cost: usize,
    reservation: Reservation,
}

impl<T> Queue<T> {
    /// A queue with a budget of its own.
    pub fn new(budget_bytes: usize) -> Self {
        Queue::sharing(Budget::new(budget_bytes))
    }

    /// A queue that shares its budget with whoever else has it.
    pub fn sharing(budget: Budget) -> Self {
        Queue {
            shared: Arc::new(Shared {
                budget,
                items: Semaphore::new(0),
                closing: Signal::default(),
                state: Mutex::new(State {
                    entries: VecDeque::new(),
                    bytes: 0,
                    high_water: 0,
                    closed: false,
                }),
            }),
        }
    }

    /// Appends an item of `cost` bytes, and waits while the budget is used up.
    ///
    /// Dropping the future drops an item that is not in the queue yet. Where it must not be lost,
    /// await [`reserve`](Queue::reserve) and then [`put_reserved`](Queue::put_reserved).
    ///
    /// # Errors
    /// Gives the item back when the queue is closed, also while this waits.
    pub async fn put(&self, item: T, cost: usize) -> Result<(), Closed<T>> {
        match self.reserve(cost).await {
            Ok(reservation) => self.put_reserved(item, cost, reservation),
            Err(Closed(())) => Err(Closed(item)),
        }
    }

    /// Appends an item of `cost` bytes if the budget has them left.
    ///
    /// # Errors
    /// Gives the item back when it has not, or the queue is closed.
    pub fn try_put(&self, item: T, cost: usize) -> Result<(), PutError<T>> {
        match self.shared.budget.try_reserve(cost) {
            Some(reservation) => Ok(self.put_reserved(item, cost, reservation)?),
            None if self.is_closed() => Err(PutError::Closed(item)),
            None => Err(PutError::Full(item)),
        }
    }

    /// Waits for the bytes of an item that is to be put later, with
    /// [`put_reserved`](Queue::put_reserved).
    ///
    /// # Errors
    /// When the queue is closed, also while this waits.
    pub async fn reserve(&self, cost: usize) -> Result<Reservation, Closed<()>> {
        tokio::select! {
            biased;
            reservation = self.shared.budget.reserve(cost) => Ok(reservation),
            () = self.shared.closing.wait() => Err(Closed(())),
        }
    }

    /// Appends an item whose bytes are reserved. Never waits.
    ///
    /// The reservation may come from any budget, or from another queue's item that is passed on.
    ///
    /// # Errors
    /// Gives the item back when the queue is closed; the reservation ends.
    pub fn put_reserved(
        &self,
        item: T,
        cost: usize,
        reservation: Reservation,
    ) -> Result<(), Closed<T>> {
        {
            let mut state = self.state();
            if state.closed {
                return Err(Closed(item));
            }
            state.bytes += cost;
            state.high_water = state.high_water.max(state.bytes);
            state.entries.push_back(Entry {
                item,
                cost,
                reservation,
            });
        }
        self.shared.items.add_permits(1);
        Ok(())
    }

    /// Takes the first item, and waits while there is none. `None`: closed, and nothing is left.
    ///
    /// Dropping the future loses no item.
    pub async fn get(&self) -> Option<T> {
        self.entry().await.map(|entry| entry.item)
    }

    /// Like [`get`](Queue::get), but the bytes stay taken until the reservation is dropped: what
    /// the consumer works on counts too.
    pub async fn get_reserved(&self) -> Option<(T, Reservation)> {
        self.entry()
            .await
            .map(|entry| (entry.item, entry.reservation))
    }

    /// Takes the first item if there is one that nobody waits for.
    ///
    /// # Errors
    /// Tells an empty queue from a closed one.
    pub fn try_get(&self) -> Result<T, TryGetError> {
        match self.shared.items.try_acquire() {
            Ok(right) => {
                right.forget();
                self.pop()
                    .map(|entry| entry.item)
                    .ok_or(TryGetError::Closed)
            }
            Err(_) if self.is_closed() => self
                .pop()
                .map(|entry| entry.item)
                .ok_or(TryGetError::Closed),
            Err(_) => Err(TryGetError::Empty),
        }
    }

    /// Takes no more items: producers fail, consumers have what is left and then `None`.
    pub fn close(&self) {
        self.state().closed = true;
        self.shared.items.close();
        self.shared.closing.send();
    }

    /// Closes the queue and throws away what is left; tells how many items that were.
    pub fn discard(&self) -> usize {
        self.close();
        let left = {
            let mut state = self.state();
            state.bytes = 0;
            std::mem::take(&mut state.entries)
        };
        left.len()
    }

    /// Whether the queue takes no more items.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.state().entries.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cost of all items together, in bytes.
    pub fn bytes(&self) -> usize {
        self.state().bytes
    }

    /// The most that [`bytes`](Queue::bytes) has ever been.
    pub fn high_water(&self) -> usize {
        self.state().high_water
    }

    /// The budget, to share it.
    pub fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Whether both are handles of the same queue.
    pub fn is_same(&self, other: &Queue<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    async fn entry(&self) -> Option<Entry<T>> {
        // The right to an item becomes the item with no wait in between: a future that is dropped
        // has either nothing, or a right that goes to the next in line. A closed semaphore gives
        // no rights, but then nobody waits any more and the items go to whoever asks.
        if let Ok(right) = self.shared.items.acquire().await {
            right.forget();
        }
        self.pop()
    }

    fn pop(&self) -> Option<Entry<T>> {
        let mut state = self.state();
        let entry = state.entries.pop_front()?;
        state.bytes -= entry.cost;
        Some(entry)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics under this lock.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        let state = self.state();
        out.debug_struct("Queue")
            .field("len", &state.entries.len())
            .field("bytes", &state.bytes)
            .field("closed", &state.closed)
            .finish_non_exhaustive()
    }
}
