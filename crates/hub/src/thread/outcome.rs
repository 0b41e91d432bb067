//! The value that the main function of a thread returned, or how it failed.

use std::time::Duration;

use super::{Thread, ThreadError};
use crate::blocking;
use crate::result::ResultError;

impl<T> Thread<T> {
    /// Waits for the value that the main function returns, and moves it out.
    ///
    /// # Errors
    /// Fails when the main function panicked or was killed, or another waiter has taken the value.
    pub async fn take(&self) -> Result<T, ResultError<ThreadError>> {
        self.outcome.take().await
    }

    /// Form of [`take`](Thread::take) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails as `take` does, and when the time is up.
    pub async fn take_timeout(&self, timeout: Duration) -> Result<T, ResultError<ThreadError>> {
        self.outcome.take_timeout(timeout).await
    }

    /// Blocking form of [`take`](Thread::take) for threads that run no hub.
    ///
    /// # Errors
    /// Fails as `take` does, and in a greenlet, and when the time is up.
    pub fn take_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<ThreadError>> {
        blocking::refuse_in_greenlet("Thread::take_blocking", "Thread::take")
            .map_err(ResultError::BlockingInGreenlet)?;
        self.outcome.take_blocking(timeout)
    }

    /// Waits for the value that the main function returns, and clones it.
    ///
    /// # Errors
    /// Fails when the main function panicked or was killed, or a waiter has taken the value.
    pub async fn get(&self) -> Result<T, ResultError<ThreadError>>
    where
        T: Clone,
    {
        self.outcome.get().await
    }

    /// Form of [`get`](Thread::get) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails as `get` does, and when the time is up.
    pub async fn get_timeout(&self, timeout: Duration) -> Result<T, ResultError<ThreadError>>
    where
        T: Clone,
    {
        self.outcome.get_timeout(timeout).await
    }

    /// Blocking form of [`get`](Thread::get) for threads that run no hub.
    ///
    /// # Errors
    /// Fails as `get` does, and in a greenlet, and when the time is up.
    pub fn get_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<ThreadError>>
    where
        T: Clone,
    {
        blocking::refuse_in_greenlet("Thread::get_blocking", "Thread::get")
            .map_err(ResultError::BlockingInGreenlet)?;
        self.outcome.get_blocking(timeout)
    }
}
