//! What the main function of a thread returned, or how it failed.

use std::time::Duration;

use super::{Thread, ThreadError};
use crate::blocking;
use crate::result::ResultError;

impl<T> Thread<T> {
    /// Waits for what the main function returned, and moves it out.
    ///
    /// # Errors
    /// When the main function panicked or was killed, or somebody else has taken the value.
    pub async fn take(&self) -> Result<T, ResultError<ThreadError>> {
        self.outcome.take().await
    }

    /// [`take`](Thread::take), but not for longer than `timeout`.
    ///
    /// # Errors
    /// The same, and when the time was up.
    pub async fn take_timeout(&self, timeout: Duration) -> Result<T, ResultError<ThreadError>> {
        self.outcome.take_timeout(timeout).await
    }

    /// [`take`](Thread::take) for threads that are no hub.
    ///
    /// # Errors
    /// The same, and in a greenlet, and when the time was up.
    pub fn take_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<ThreadError>> {
        blocking::refuse_in_greenlet("Thread::take_blocking", "Thread::take")
            .map_err(ResultError::BlockingInGreenlet)?;
        self.outcome.take_blocking(timeout)
    }

    /// Waits for what the main function returned.
    ///
    /// # Errors
    /// When the main function panicked or was killed, or somebody has taken the value.
    pub async fn get(&self) -> Result<T, ResultError<ThreadError>>
    where
        T: Clone,
    {
        self.outcome.get().await
    }

    /// [`get`](Thread::get), but not for longer than `timeout`.
    ///
    /// # Errors
    /// The same, and when the time was up.
    pub async fn get_timeout(&self, timeout: Duration) -> Result<T, ResultError<ThreadError>>
    where
        T: Clone,
    {
        self.outcome.get_timeout(timeout).await
    }

    /// [`get`](Thread::get) for threads that are no hub.
    ///
    /// # Errors
    /// The same, and in a greenlet, and when the time was up.
    pub fn get_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<ThreadError>>
    where
        T: Clone,
    {
        blocking::refuse_in_greenlet("Thread::get_blocking", "Thread::get")
            .map_err(ResultError::BlockingInGreenlet)?;
        self.outcome.get_blocking(timeout)
    }
}
