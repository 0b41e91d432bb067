//! [`Thread`]: a thread with a hub of its own.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

mod calls;
mod error;
mod outcome;

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crate::blocking;
use crate::error::Panic;
use crate::event::Event;
use crate::hub::Hub;
use crate::launcher::Launcher;
use crate::resource;
use crate::result::AsyncResult;

pub use error::{StopError, ThreadError};

/// A thread that runs a main function in a hub of its own, and functions that others send.
///
/// The thread ends when its main function returns, which [`stop`](Thread::stop) requests.
/// [`get`](Thread::get) returns the value of the main function, or how it failed. Dropping the handle
/// requests the stop and does not wait for it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let files = hub::Thread::start("files", async |context: hub::ThreadContext| {
///     context.stopping.wait().await;
///     "all files are closed"
/// })?;
/// let name = files.apply_blocking(|| std::thread::current().name().map(str::to_owned), None)?;
/// assert_eq!(name.as_deref(), Some("files"));
/// files.stop_blocking(Some(std::time::Duration::from_secs(5)))?;
/// assert_eq!(files.get_blocking(None)?, "all files are closed");
/// let late = files.apply_blocking(|| (), None).unwrap_err();
/// assert_eq!(late.to_string(), "thread `files` has stopped");
/// # Ok(())
/// # }
/// ```
pub struct Thread<T> {
    launcher: Launcher,
    stopping: Event,
    kill: Event,
    /// The thread sets this as its last action.
    outcome: AsyncResult<T, ThreadError>,
}

/// The thread of a main function, as it sees it: its name, and the request to stop.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ThreadContext {
    /// The name of the thread.
    pub name: Arc<str>,
    /// The event is sent when the main function shall return.
    pub stopping: Event,
}

impl ThreadContext {
    /// Awaits `future` until the thread shall stop: then the future is dropped, and this returns `None`.
    pub async fn until_stopping<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            () = self.stopping.wait() => None,
            output = future => Some(output),
        }
    }
}

impl Thread<()> {
    /// Starts a thread that runs functions which others send, until it is stopped.
    ///
    /// # Errors
    /// Fails when the system has no resources left for a thread or an event loop.
    pub fn serving(name: &str) -> io::Result<Self> {
        Thread::start(name, async |context: ThreadContext| {
            context.stopping.wait().await;
        })
    }
}

impl<T: Send + 'static> Thread<T> {
    /// Starts a thread. `main` makes, in the thread, the future of its main greenlet, which need
    /// not be [`Send`].
    ///
    /// # Errors
    /// Fails when the system has no resources left for a thread or an event loop.
    pub fn start<F, W>(name: &str, main: F) -> io::Result<Self>
    where
        F: FnOnce(ThreadContext) -> W + Send + 'static,
        W: Future<Output = T>,
    {
        let hub = Hub::named(name)?;
        let thread = Thread {
            launcher: hub.launcher(),
            stopping: Event::new(),
            kill: Event::new(),
            outcome: AsyncResult::new(),
        };
        let context = ThreadContext {
            name: Arc::from(name),
            stopping: thread.stopping.clone(),
        };
        let kill = thread.kill.clone();
        let promise = thread.outcome.promise(ThreadError::Killed);
        Builder::new().name(name.to_owned()).spawn(move || {
            let run =
                AssertUnwindSafe(|| hub.run(unless_killed(kill, async { main(context).await })));
            // The resources of the thread must be removed before its end is reported, even after a
            // panic, so this is a call of its own.
            let outcome = panic::catch_unwind(run);
            let outcome = panic::catch_unwind(resource::run_thread_exit_hooks).and(outcome);
            promise.keep(outcome.unwrap_or_else(|payload| {
                Err(ThreadError::Panicked(Panic::from_payload(&*payload)))
            }));
        })?;
        Ok(thread)
    }
}

/// Runs the main function until it returns or is killed.
async fn unless_killed<F: Future>(kill: Event, main: F) -> Result<F::Output, ThreadError> {
    tokio::select! {
        biased;
        () = kill.wait() => Err(ThreadError::Killed),
        value = main => Ok(value),
    }
}

impl<T> Thread<T> {
    /// Returns the name of the thread.
    pub fn name(&self) -> &str {
        self.launcher.name()
    }

    /// Returns `true` if the thread has not ended yet.
    pub fn is_running(&self) -> bool {
        !self.outcome.ready()
    }

    /// Returns a launcher for this thread, which may be used even after this handle is dropped.
    pub fn launcher(&self) -> Launcher {
        self.launcher.clone()
    }

    /// Asks the main function to return, by its [`stopping`](ThreadContext::stopping) event, and
    /// waits until the thread has ended.
    ///
    /// If the time is up first, the main function is [killed](Thread::kill) and an error is returned.
    /// `None` is no limit.
    ///
    /// # Errors
    /// Fails when the thread did not stop in time, and in the thread itself (which is asked to stop
    /// all the same).
    pub async fn stop(&self, timeout: Option<Duration>) -> Result<(), StopError> {
        self.stopping.send();
        self.refuse_own_thread()?;
        match timeout {
            None => self.outcome.wait().await,
            Some(timeout) => {
                let in_time = tokio::time::timeout(timeout, self.outcome.wait()).await;
                in_time.map_err(|_| self.not_stopped(timeout))?;
            }
        }
        Ok(())
    }

    /// Blocking form of [`stop`](Thread::stop) for threads that run no hub.
    ///
    /// # Errors
    /// Fails as `stop` does, and in a greenlet (then it has no effect).
    pub fn stop_blocking(&self, timeout: Option<Duration>) -> Result<(), StopError> {
        blocking::refuse_in_greenlet("Thread::stop_blocking", "Thread::stop")?;
        self.stopping.send();
        match (blocking::wait(self.outcome.wait(), timeout), timeout) {
            (None, Some(timeout)) => Err(self.not_stopped(timeout)),
            _ => Ok(()),
        }
    }

    /// Ends the main function where it waits: its future is dropped, in its thread. Does not wait.
    ///
    /// A function that does not wait cannot be killed.
    pub fn kill(&self) {
        self.stopping.send();
        self.kill.send();
    }

    /// Waits until the thread has ended.
    ///
    /// # Errors
    /// Fails in the thread itself.
    pub async fn join(&self) -> Result<(), StopError> {
        self.refuse_own_thread()?;
        self.outcome.wait().await;
        Ok(())
    }

    /// Form of [`join`](Thread::join) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails as `join` does, and when the time is up (the thread continues to run).
    pub async fn join_timeout(&self, timeout: Duration) -> Result<(), StopError> {
        self.refuse_own_thread()?;
        if self.outcome.wait_timeout(timeout).await {
            Ok(())
        } else {
            Err(self.timed_out(timeout))
        }
    }

    /// Blocking form of [`join`](Thread::join) for threads that run no hub.
    ///
    /// # Errors
    /// Fails in a greenlet, and when the time is up (the thread continues to run).
    pub fn join_blocking(&self, timeout: Option<Duration>) -> Result<(), StopError> {
        blocking::refuse_in_greenlet("Thread::join_blocking", "Thread::join")?;
        match (blocking::wait(self.outcome.wait(), timeout), timeout) {
            (None, Some(waited)) => Err(self.timed_out(waited)),
            _ => Ok(()),
        }
    }

    fn refuse_own_thread(&self) -> Result<(), StopError> {
        if self.launcher.is_here() {
            Err(StopError::OwnThread {
                thread: Arc::from(self.name()),
            })
        } else {
            Ok(())
        }
    }

    fn timed_out(&self, waited: Duration) -> StopError {
        StopError::Timeout {
            thread: Arc::from(self.name()),
            waited,
        }
    }

    fn not_stopped(&self, waited: Duration) -> StopError {
        let error = self.timed_out(waited);
        tracing::error!(thread = self.name(), "{error}; it is killed where it waits");
        self.kill();
        error
    }
}

impl<T> Drop for Thread<T> {
    fn drop(&mut self) {
        if self.is_running() {
            // Even if it was asked to stop before: without the handle, its end cannot be observed.
            tracing::warn!(
                thread = self.name(),
                "the handle of a running thread is dropped: it is asked to stop, not waited for"
            );
        }
        self.stopping.send();
    }
}

impl<T> fmt::Debug for Thread<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Thread")
            .field("name", &self.name())
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
