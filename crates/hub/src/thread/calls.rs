//! Functions and greenlets that others send to a thread, through its launcher.

use std::future::Future;
use std::time::Duration;

use super::Thread;
use crate::greenlet::Greenlet;
use crate::launcher::CallError;
use crate::result::AsyncResult;

impl<T> Thread<T> {
    /// Runs `function` in the thread; see [`Launcher::apply`](crate::Launcher::apply).
    ///
    /// # Errors
    /// Fails when the thread has stopped, or the function panicked.
    pub async fn apply<R, F>(&self, function: F) -> Result<R, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.launcher.apply(function).await
    }

    /// Runs `function` in the thread; see [`Launcher::apply_blocking`](crate::Launcher::apply_blocking).
    ///
    /// # Errors
    /// Fails as `apply` does, and in a greenlet of another hub, and when the time is up.
    pub fn apply_blocking<R, F>(
        &self,
        function: F,
        timeout: Option<Duration>,
    ) -> Result<R, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.launcher.apply_blocking(function, timeout)
    }

    /// Runs `function` in the thread; see [`Launcher::apply_timeout`](crate::Launcher::apply_timeout).
    ///
    /// # Errors
    /// Fails as `apply` does, and when the time is up.
    pub async fn apply_timeout<R, F>(&self, function: F, timeout: Duration) -> Result<R, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.launcher.apply_timeout(function, timeout).await
    }

    /// Sends `function` to the thread; see [`Launcher::apply_async`](crate::Launcher::apply_async).
    pub fn apply_async<R, F>(&self, function: F) -> AsyncResult<R, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.launcher.apply_async(function)
    }

    /// Starts a greenlet in the thread; see [`Launcher::spawn`](crate::Launcher::spawn).
    ///
    /// # Errors
    /// Fails when the thread has stopped.
    pub fn spawn<F, W>(&self, function: F) -> Result<Greenlet<W::Output>, CallError>
    where
        F: FnOnce() -> W + Send + 'static,
        W: Future + 'static,
        W::Output: Send + 'static,
    {
        self.launcher.spawn(function)
    }
}
