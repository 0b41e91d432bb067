//! The items of a queue, and the bytes that they take from its budget.

use std::collections::VecDeque;
use std::sync::PoisonError;

use super::error::QueueClosed;
use crate::budget::{Budget, Reservation};
use crate::sync::{Mutex, MutexGuard};

pub(super) struct Entries<T> {
    budget: Budget,
    state: Mutex<State<T>>,
}

struct State<T> {
    entries: VecDeque<Entry<T>>,
    bytes: usize,
    high_water: usize,
    closed: bool,
}

pub(super) struct Entry<T> {
    pub(super) item: T,
    pub(super) cost: usize,
    pub(super) bytes: ByteSource,
}

/// Where the bytes of an item are taken from.
pub(super) enum ByteSource {
    /// The queue's own budget, so many permits: a reservation without a handle of the budget,
    /// whose count all threads would write for every item.
    Own(u32),
    /// A reservation of any budget, perhaps that of a queue which the item has passed before.
    Reserved(Reservation),
}

impl<T> Entries<T> {
    pub(super) fn new(budget: Budget) -> Self {
        Entries {
            budget,
            state: Mutex::new(State {
                entries: VecDeque::new(),
                bytes: 0,
                high_water: 0,
                closed: false,
            }),
        }
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(super) fn byte_source(&self, reservation: Reservation) -> ByteSource {
        self.budget
            .dissolve(reservation)
            .map_or_else(ByteSource::Reserved, ByteSource::Own)
    }

    pub(super) fn push(&self, entry: Entry<T>) -> Result<(), QueueClosed<T>> {
        let mut state = self.state();
        if state.closed {
            drop(state);
            return Err(QueueClosed(self.release(entry)));
        }
        state.bytes += entry.cost;
        state.high_water = state.high_water.max(state.bytes);
        state.entries.push_back(entry);
        Ok(())
    }

    pub(super) fn pop(&self) -> Option<Entry<T>> {
        let mut state = self.state();
        let entry = state.entries.pop_front()?;
        state.bytes -= entry.cost;
        Some(entry)
    }

    /// The item; its bytes are given back.
    pub(super) fn release(&self, entry: Entry<T>) -> T {
        if let ByteSource::Own(permits) = entry.bytes {
            self.budget.give_back(permits);
        }
        entry.item
    }

    /// The item and its bytes.
    pub(super) fn split(&self, entry: Entry<T>) -> (T, Reservation) {
        let reservation = match entry.bytes {
            ByteSource::Own(permits) => self.budget.reservation(permits),
            ByteSource::Reserved(reservation) => reservation,
        };
        (entry.item, reservation)
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
    }

    /// Drops all items; returns their number.
    pub(super) fn clear(&self) -> usize {
        let left = {
            let mut state = self.state();
            state.bytes = 0;
            std::mem::take(&mut state.entries)
        };
        let number = left.len();
        // Out of the lock: destructors may do anything.
        left.into_iter().for_each(|entry| drop(self.release(entry)));
        number
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    pub(super) fn len(&self) -> usize {
        self.state().entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.state().bytes
    }

    pub(super) fn high_water(&self) -> usize {
        self.state().high_water
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Entries<T> {
    fn drop(&mut self) {
        // The bytes must return to the budget, which others may share.
        self.clear();
    }
}
