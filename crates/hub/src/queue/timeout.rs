//! The queue for greenlets that do not want to wait for ever.

use std::time::Duration;

use tokio::time::timeout;

use super::{Closed, PutError, Queue};
use crate::error::WaitError;

impl<T> Queue<T> {
    /// [`put`](Queue::put), but not for longer than `time`. The item comes back, while a
    /// [`timeout`](crate::timeout) around `put` would drop it.
    ///
    /// # Errors
    /// Gives the item back when the queue is closed, and when the time was up.
    pub async fn put_timeout(
        &self,
        item: T,
        cost: usize,
        time: Duration,
    ) -> Result<(), PutError<T>> {
        match timeout(time, self.reserve(cost)).await {
            Ok(Ok(reservation)) => Ok(self.put_reserved(item, cost, reservation)?),
            Ok(Err(Closed(()))) => Err(PutError::Closed(item)),
            Err(_) => Err(PutError::Timeout(item)),
        }
    }

    /// [`get`](Queue::get), but not for longer than `time`.
    ///
    /// # Errors
    /// When the time was up; no item is lost.
    pub async fn get_timeout(&self, time: Duration) -> Result<Option<T>, WaitError> {
        timeout(time, self.get())
            .await
            .map_err(|_| WaitError::Timeout)
    }
}
