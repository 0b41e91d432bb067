//! The queue for threads that are no hub.

use std::time::Duration;

use super::{Closed, PutError, Queue};
use crate::blocking::{refuse_in_greenlet, wait, wait_or_refuse};
use crate::budget::Reservation;
use crate::error::WaitError;

impl<T> Queue<T> {
    /// [`put`](Queue::put) for threads that are no hub.
    ///
    /// # Errors
    /// Gives the item back when the queue is closed, when the time was up, and in a greenlet.
    pub fn put_blocking(
        &self,
        item: T,
        cost: usize,
        timeout: Option<Duration>,
    ) -> Result<(), PutError<T>> {
        if let Err(error) = refuse_in_greenlet("Queue::put_blocking", "Queue::put") {
            return Err(PutError::BlockingInGreenlet(item, error));
        }
        match wait(self.reserve(cost), timeout) {
            Some(Ok(reservation)) => Ok(self.put_reserved(item, cost, reservation)?),
            Some(Err(Closed(()))) => Err(PutError::Closed(item)),
            None => Err(PutError::Timeout(item)),
        }
    }

    /// [`get`](Queue::get) for threads that are no hub.
    ///
    /// # Errors
    /// In a greenlet, and when the time was up; no item is lost.
    pub fn get_blocking(&self, timeout: Option<Duration>) -> Result<Option<T>, WaitError> {
        wait_or_refuse(self.get(), timeout, "Queue::get_blocking", "Queue::get")
    }

    /// [`get_reserved`](Queue::get_reserved) for threads that are no hub.
    ///
    /// # Errors
    /// In a greenlet, and when the time was up; no item is lost.
    pub fn get_reserved_blocking(
        &self,
        timeout: Option<Duration>,
    ) -> Result<Option<(T, Reservation)>, WaitError> {
        wait_or_refuse(
            self.get_reserved(),
            timeout,
            "Queue::get_reserved_blocking",
            "Queue::get_reserved",
        )
    }
}
