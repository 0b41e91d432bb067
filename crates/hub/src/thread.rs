//! [`Thread`]: a thread with a hub of its own.
//!
//! It is part of the contract of the design slides, like all primitives of this crate, so it stays
//! whether this workspace uses it or not.

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
/// It ends when its main function does. [`stop`](Thread::stop) asks for that; what the main
/// function returned, or how it failed, can be had with [`get`](Thread::get). When the handle is
/// dropped, the thread is asked to stop and not waited for.
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
    /// Set by the thread as the last thing that it does.
    outcome: AsyncResult<T, ThreadError>,
}

/// What the main function of a [`Thread`] knows of its thread.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ThreadContext {
    /// The name of the thread.
    pub name: Arc<str>,
    /// Sent when the main function shall return.
    pub stopping: Event,
}

impl ThreadContext {
    /// Awaits `future`, but not longer than until the thread shall stop: then it is dropped, and
    /// the answer is `None`.
    pub async fn until_stopping<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            () = self.stopping.wait() => None,
            output = future => Some(output),
        }
    }
}

impl Thread<()> {
    /// Starts a thread that runs what others send, until it is stopped.
    ///
    /// # Errors
    /// When the system has no resources left for a thread or an event loop.
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
    /// When the system has no resources left for a thread or an event loop.
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
            // Who hears of the end shall not find the resources of the thread any more. Also after a
            // panic, so it is a call of its own.
            let outcome = panic::catch_unwind(run);
            let outcome = panic::catch_unwind(resource::run_thread_exit_hooks).and(outcome);
            promise.keep(outcome.unwrap_or_else(|payload| {
                Err(ThreadError::Panicked(Panic::from_payload(&*payload)))
            }));
        })?;
        Ok(thread)
    }
}

/// Runs the main function until its end or its kill.
async fn unless_killed<F: Future>(kill: Event, main: F) -> Result<F::Output, ThreadError> {
    tokio::select! {
        biased;
        () = kill.wait() => Err(ThreadError::Killed),
        value = main => Ok(value),
    }
}

impl<T> Thread<T> {
    /// The name of the thread.
    pub fn name(&self) -> &str {
        self.launcher.name()
    }

    /// Whether the thread has not ended yet.
    pub fn is_running(&self) -> bool {
        !self.outcome.ready()
    }

    /// Runs functions in this thread, also after this handle is gone.
    pub fn launcher(&self) -> Launcher {
        self.launcher.clone()
    }

    /// Asks the main function to return, by its [`stopping`](ThreadContext::stopping) event, and
    /// waits until the thread has ended.
    ///
    /// When the time is up first, the main function is [killed](Thread::kill) and that is reported.
    /// `None` waits for ever.
    ///
    /// # Errors
    /// When the thread did not stop in time, and in the thread itself (which is asked all the same).
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

    /// [`stop`](Thread::stop) for threads that are no hub.
    ///
    /// # Errors
    /// The same, and in a greenlet (then nothing was done).
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
    /// It cannot end a function that does not wait.
    pub fn kill(&self) {
        self.stopping.send();
        self.kill.send();
    }

    /// Waits until the thread has ended.
    ///
    /// # Errors
    /// In the thread itself.
    pub async fn join(&self) -> Result<(), StopError> {
        self.refuse_own_thread()?;
        self.outcome.wait().await;
        Ok(())
    }

    /// [`join`](Thread::join), but not for longer than `timeout`.
    ///
    /// # Errors
    /// The same, and when the time was up (the thread is left alone).
    pub async fn join_timeout(&self, timeout: Duration) -> Result<(), StopError> {
        self.refuse_own_thread()?;
        if self.outcome.wait_timeout(timeout).await {
            Ok(())
        } else {
            Err(self.timed_out(timeout))
        }
    }

    /// [`join`](Thread::join) for threads that are no hub.
    ///
    /// # Errors
    /// In a greenlet, and when the time was up (the thread is left alone).
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
            // Whether it was asked to stop before or not: from here on nobody sees that it does.
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
