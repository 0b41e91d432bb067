//! [`Launcher`]: runs functions in the thread that made it.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

use std::fmt;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::blocking;
use crate::budget::Budget;
use crate::error::{BlockingInGreenlet, Panic, WaitError};
use crate::greenlet::Greenlet;
use crate::hub;
use crate::queue::Queue;
use crate::result::AsyncResult;

/// A request to a hub, which serves requests in the order in which they were sent.
pub(crate) enum Call {
    /// Runs a function. If it is dropped unrun, its sender receives an error.
    Function(Box<dyn FnOnce() + Send>),
    /// Runs the function of a trigger.
    Trigger(u64),
    /// Drops the function of a trigger that has no handle any more.
    Forget(u64),
}

/// Runs functions in the hub of the thread that made it, and returns their results.
///
/// They run one after the other, in the order in which they were sent, while the greenlets of
/// that hub wait; so they must not take long. Code that waits needs [`spawn`](Launcher::spawn).
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// hub::Hub::new()?.run(async {
///     let home = std::thread::current().id();
///     let launcher = hub::Launcher::current()?;
///     let other = std::thread::spawn(move || {
///         launcher.apply_blocking(|| std::thread::current().id(), None)
///     });
///     // The hub serves the call while its greenlets wait.
///     while !other.is_finished() {
///         hub::sleep(std::time::Duration::from_millis(1)).await;
///     }
///     assert_eq!(other.join().unwrap()?, home);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct Launcher {
    name: Arc<str>,
    calls: Queue<Call>,
}

/// There is no hub in this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this thread runs no hub")]
pub struct NoHub;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The thread has stopped, or stopped before the function could run.
    #[error("thread `{thread}` has stopped")]
    Stopped {
        /// The name of the hub.
        thread: Arc<str>,
    },
    /// The function panicked; its thread continues to run.
    #[error("the function {0}")]
    Panicked(Panic),
    /// The time was up. The function may still run, or have run.
    #[error("the time to wait for the function was up")]
    Timeout,
    /// The call was in a greenlet, which must await.
    #[error(transparent)]
    BlockingInGreenlet(#[from] BlockingInGreenlet),
}

impl From<WaitError> for CallError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Timeout => CallError::Timeout,
            WaitError::BlockingInGreenlet(error) => CallError::BlockingInGreenlet(error),
        }
    }
}

impl Launcher {
    pub(crate) fn new(name: &str) -> Self {
        Launcher {
            name: Arc::from(name),
            calls: Queue::sharing(Budget::unlimited()),
        }
    }

    /// Returns a launcher for the hub of this thread.
    ///
    /// # Errors
    /// Fails when this thread runs no hub.
    pub fn current() -> Result<Self, NoHub> {
        hub::with_current(Launcher::clone).ok_or(NoHub)
    }

    /// Returns the name of the hub.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `true` if this code runs in the hub that functions are sent to.
    pub fn is_here(&self) -> bool {
        hub::with_current(|current| current.calls.is_same(&self.calls)).unwrap_or(false)
    }

    /// Runs `function` in the hub and waits for what it returns. In that thread itself, it runs at once.
    ///
    /// If the future is dropped, the function still runs, unless the future was never polled.
    ///
    /// # Errors
    /// Fails when the thread has stopped, or the function panicked.
    pub async fn apply<R, F>(&self, function: F) -> Result<R, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        if self.is_here() {
            return run(function);
        }
        let outcome = self.send(function)?;
        outcome.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Blocking form of [`apply`](Launcher::apply) for threads that run no hub. In the target thread
    /// itself, it runs at once.
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
        if self.is_here() {
            return run(function);
        }
        blocking::refuse_in_greenlet("apply_blocking", "apply")?;
        let outcome = self.send(function)?;
        blocking::wait(outcome, timeout)
            .ok_or(CallError::Timeout)?
            .unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Form of [`apply`](Launcher::apply) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails as `apply` does, and when the time is up.
    pub async fn apply_timeout<R, F>(&self, function: F, timeout: Duration) -> Result<R, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        tokio::time::timeout(timeout, self.apply(function))
            .await
            .unwrap_or(Err(CallError::Timeout))
    }

    /// Sends `function` to the hub, which runs it later, even if sent from within its thread. Never waits.
    ///
    /// The result is an error if the thread has stopped or the function panicked.
    pub fn apply_async<R, F>(&self, function: F) -> AsyncResult<R, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let result = AsyncResult::new();
        // Dropping a call drops its promise, which reports the end of the hub to the caller.
        let promise = result.promise(self.stopped());
        self.put_function(Box::new(move || {
            promise.keep(run(function));
        }))
        .ok();
        result
    }

    /// Starts a greenlet in the hub: `function` makes its future, which need not be [`Send`].
    ///
    /// # Errors
    /// Fails when the thread has stopped.
    pub fn spawn<F, W>(&self, function: F) -> Result<Greenlet<W::Output>, CallError>
    where
        F: FnOnce() -> W + Send + 'static,
        W: Future + 'static,
        W::Output: Send + 'static,
    {
        let (greenlet, remote) = Greenlet::remote();
        self.put_function(Box::new(move || {
            remote.run(async move { function().await });
        }))?;
        Ok(greenlet)
    }

    /// Returns the queue of the calls, for the hub that runs them.
    pub(crate) fn calls(&self) -> &Queue<Call> {
        &self.calls
    }

    fn send<R, F>(&self, function: F) -> Result<oneshot::Receiver<Result<R, CallError>>, CallError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        self.put_function(Box::new(move || {
            // The send fails if the caller does not wait any more.
            answer.send(run(function)).ok();
        }))?;
        Ok(outcome)
    }

    fn put_function(&self, function: Box<dyn FnOnce() + Send>) -> Result<(), CallError> {
        self.put(Call::Function(function))
    }

    pub(crate) fn put(&self, call: Call) -> Result<(), CallError> {
        self.calls.try_put(call, 0).map_err(|_| self.stopped())
    }

    fn stopped(&self) -> CallError {
        CallError::Stopped {
            thread: Arc::clone(&self.name),
        }
    }
}

fn run<R>(function: impl FnOnce() -> R) -> Result<R, CallError> {
    // What the function owns is dropped with it. What it shares may be left inconsistent, as by any
    // panic of a greenlet.
    panic::catch_unwind(AssertUnwindSafe(function))
        .map_err(|payload| CallError::Panicked(Panic::from_payload(&*payload)))
}

impl fmt::Debug for Launcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Launcher").field(&self.name).finish()
    }
}
