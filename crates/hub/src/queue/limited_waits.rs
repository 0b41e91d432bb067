//! Waits at a queue that may end early: those of greenlets with a timeout, and those of plain threads.

use std::time::Duration;

use tokio::time::timeout;

use super::{PutError, Queue, QueueClosed};
use crate::blocking::{refuse_in_greenlet, wait, wait_or_refuse};
use crate::budget::Reservation;
use crate::error::WaitError;

impl<T> Queue<T> {
    /// Form of [`put`](Queue::put) that waits no longer than `time`. Its error contains the item, while a
    /// [`timeout`](crate::timeout) around `put` would drop it.
    ///
    /// # Errors
    /// Returns the item when the queue is closed, and when the time is up.
    pub async fn put_timeout(
        &self,
        item: T,
        cost: usize,
        time: Duration,
    ) -> Result<(), PutError<T>> {
        match timeout(time, self.reserve(cost)).await {
            Ok(Ok(reservation)) => Ok(self.put_reserved(item, cost, reservation)?),
            Ok(Err(QueueClosed(()))) => Err(PutError::Closed(item)),
            Err(_) => Err(PutError::Timeout(item)),
        }
    }

    /// Form of [`get`](Queue::get) that waits no longer than `time`.
    ///
    /// # Errors
    /// Fails when the time is up; no item is lost.
    pub async fn get_timeout(&self, time: Duration) -> Result<Option<T>, WaitError> {
        timeout(time, self.get())
            .await
            .map_err(|_| WaitError::Timeout)
    }

    /// Blocking form of [`put`](Queue::put) for threads that run no hub.
    ///
    /// # Errors
    /// Returns the item when the queue is closed, when the time is up, and in a greenlet.
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
            Some(Err(QueueClosed(()))) => Err(PutError::Closed(item)),
            None => Err(PutError::Timeout(item)),
        }
    }

    /// Blocking form of [`get`](Queue::get) for threads that run no hub.
    ///
    /// # Errors
    /// Fails in a greenlet, and when the time is up; no item is lost.
    pub fn get_blocking(&self, timeout: Option<Duration>) -> Result<Option<T>, WaitError> {
        wait_or_refuse(self.get(), timeout, "Queue::get_blocking", "Queue::get")
    }

    /// Blocking form of [`get_reserved`](Queue::get_reserved) for threads that run no hub.
    ///
    /// # Errors
    /// Fails in a greenlet, and when the time is up; no item is lost.
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
