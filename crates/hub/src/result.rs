//! [`AsyncResult`]: one value or error that somebody else will provide.
//!
//! It is part of the contract of the design slides, like all primitives of this crate, so it stays
//! whether this workspace uses it or not.

mod promise;

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::blocking;
use crate::error::{BlockingInGreenlet, WaitError};
use crate::event::Flag;
use crate::sync::{Mutex, MutexGuard};

pub use promise::Promise;

/// A value or error that is set once and waited for by any number of threads and greenlets.
/// Clones are handles of the same result.
///
/// [`get`](AsyncResult::get) gives every waiter a clone. A value that is big, or cannot be cloned,
/// is moved out by [`take`](AsyncResult::take), to one waiter.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let encoded = hub::AsyncResult::<Vec<u8>, std::io::Error>::new();
/// // Should the worker panic, the waiter has this error instead of no answer.
/// let promise = encoded.promise(std::io::Error::other("the worker is gone"));
/// std::thread::spawn(move || promise.keep(Ok(vec![1, 2, 3])));
/// // `get` clones, for any number of waiters; `take` moves the value out, for one.
/// let chunk = hub::Hub::new()?.run(encoded.take())?;
/// assert_eq!(chunk, [1, 2, 3]);
/// # Ok(())
/// # }
/// ```
pub struct AsyncResult<T, E> {
    shared: Arc<Shared<T, E>>,
}

struct Shared<T, E> {
    ready: Flag,
    state: Mutex<State<T, E>>,
}

enum State<T, E> {
    Pending,
    Set(Result<T, E>),
    Taken { successful: bool },
}

impl<T, E> AsyncResult<T, E> {
    /// A result that is not there yet.
    pub fn new() -> Self {
        AsyncResult {
            shared: Arc::new(Shared {
                ready: Flag::default(),
                state: Mutex::new(State::Pending),
            }),
        }
    }

    /// Provides the result and wakes all who wait for it.
    ///
    /// False when there was one already: that one stays, and `result` is dropped.
    pub fn set(&self, result: Result<T, E>) -> bool {
        {
            let mut state = self.state();
            match &mut *state {
                pending @ State::Pending => *pending = State::Set(result),
                // Out of the lock first: its destructor may do anything.
                State::Set(_) | State::Taken { .. } => {
                    drop(state);
                    drop(result);
                    return false;
                }
            }
        }
        self.shared.ready.send();
        true
    }

    /// A promise that the result will be set: dropped without it, it sets `otherwise`.
    ///
    /// For workers, which may panic or be ended before they have the result.
    pub fn promise(&self, otherwise: E) -> Promise<T, E> {
        Promise::new(self.clone(), otherwise)
    }

    /// Whether there is a result: waits return at once.
    pub fn ready(&self) -> bool {
        self.shared.ready.is_set()
    }

    /// Whether there is a result, and it is no error.
    pub fn successful(&self) -> bool {
        match &*self.state() {
            State::Pending => false,
            State::Set(result) => result.is_ok(),
            State::Taken { successful } => *successful,
        }
    }

    /// Waits until there is a result, and leaves it where it is.
    pub async fn wait(&self) {
        self.shared.ready.wait().await;
    }

    /// [`wait`](AsyncResult::wait), but not for longer than `timeout`: false when the time was up.
    pub async fn wait_timeout(&self, timeout: Duration) -> bool {
        self.wait_within(timeout).await.is_ok()
    }

    /// [`wait`](AsyncResult::wait) for threads that are no hub: false when the time was up.
    ///
    /// # Errors
    /// In a greenlet.
    pub fn wait_blocking(&self, timeout: Option<Duration>) -> Result<bool, BlockingInGreenlet> {
        blocking::refuse_in_greenlet("AsyncResult::wait_blocking", "AsyncResult::wait")?;
        Ok(blocking::wait(self.wait(), timeout).is_some())
    }

    /// Waits for the result and moves it out.
    ///
    /// Dropping the future leaves the result to others.
    ///
    /// # Errors
    /// The error that was set, or that somebody else has taken the result.
    pub async fn take(&self) -> Result<T, ResultError<E>> {
        self.wait().await;
        self.take_now()
    }

    /// [`take`](AsyncResult::take) for threads that are no hub.
    ///
    /// # Errors
    /// The same, and in a greenlet, and when the time was up.
    pub fn take_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<E>> {
        self.wait_blocking_within(timeout, "AsyncResult::take_blocking", "AsyncResult::take")?;
        self.take_now()
    }

    /// [`take`](AsyncResult::take), but not for longer than `timeout`.
    ///
    /// # Errors
    /// The same, and when the time was up.
    pub async fn take_timeout(&self, timeout: Duration) -> Result<T, ResultError<E>> {
        self.wait_within(timeout).await?;
        self.take_now()
    }

    /// Moves the result out if it is there.
    ///
    /// # Errors
    /// The error that was set, that there is no result yet, or that somebody else has taken it.
    pub fn try_take(&self) -> Result<T, ResultError<E>> {
        self.take_now()
    }

    fn take_now(&self) -> Result<T, ResultError<E>> {
        let mut state = self.state();
        let successful = match &*state {
            State::Pending => return Err(ResultError::Pending),
            State::Taken { .. } => return Err(ResultError::Taken),
            State::Set(result) => result.is_ok(),
        };
        match std::mem::replace(&mut *state, State::Taken { successful }) {
            State::Set(result) => result.map_err(ResultError::Failed),
            State::Pending | State::Taken { .. } => Err(ResultError::Taken),
        }
    }

    async fn wait_within(&self, timeout: Duration) -> Result<(), WaitError> {
        tokio::time::timeout(timeout, self.wait())
            .await
            .map_err(|_| WaitError::Timeout)
    }

    fn wait_blocking_within(
        &self,
        timeout: Option<Duration>,
        form: &'static str,
        awaitable: &'static str,
    ) -> Result<(), WaitError> {
        blocking::wait_or_refuse(self.wait(), timeout, form, awaitable)
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone, E: Clone> AsyncResult<T, E> {
    /// Waits for the result and clones it.
    ///
    /// # Errors
    /// The error that was set, or that somebody has taken the result.
    pub async fn get(&self) -> Result<T, ResultError<E>> {
        self.wait().await;
        self.try_get()
    }

    /// [`get`](AsyncResult::get), but not for longer than `timeout`.
    ///
    /// # Errors
    /// The same, and when the time was up.
    pub async fn get_timeout(&self, timeout: Duration) -> Result<T, ResultError<E>> {
        self.wait_within(timeout).await?;
        self.try_get()
    }

    /// [`get`](AsyncResult::get) for threads that are no hub.
    ///
    /// # Errors
    /// The same, and in a greenlet, and when the time was up.
    pub fn get_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<E>> {
        self.wait_blocking_within(timeout, "AsyncResult::get_blocking", "AsyncResult::get")?;
        self.try_get()
    }

    /// Clones the result if it is there.
    ///
    /// # Errors
    /// The error that was set, that there is no result yet, or that somebody has taken it.
    pub fn try_get(&self) -> Result<T, ResultError<E>> {
        match &*self.state() {
            State::Pending => Err(ResultError::Pending),
            State::Set(result) => result.clone().map_err(ResultError::Failed),
            State::Taken { .. } => Err(ResultError::Taken),
        }
    }
}

impl<T, E> Clone for AsyncResult<T, E> {
    fn clone(&self) -> Self {
        AsyncResult {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T, E> Default for AsyncResult<T, E> {
    fn default() -> Self {
        AsyncResult::new()
    }
}

impl<T, E> fmt::Debug for AsyncResult<T, E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AsyncResult")
            .field("ready", &self.ready())
            .field("successful", &self.successful())
            .finish()
    }
}

/// Why an [`AsyncResult`] gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResultError<E> {
    /// This error was set instead of a value.
    #[error(transparent)]
    Failed(E),
    /// There was a result, but somebody else has taken it.
    #[error("somebody else has taken the result")]
    Taken,
    /// There is no result yet. Only forms that do not wait say so.
    #[error("there is no result yet")]
    Pending,
    /// The time was up before there was a result.
    #[error("the time to wait for the result was up")]
    Timeout,
    /// Greenlets must await.
    #[error(transparent)]
    BlockingInGreenlet(BlockingInGreenlet),
}

impl<E> ResultError<E> {
    /// The error that was set, if that is what it is.
    pub fn failed(self) -> Option<E> {
        match self {
            ResultError::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl<E> From<WaitError> for ResultError<E> {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Timeout => ResultError::Timeout,
            WaitError::BlockingInGreenlet(error) => ResultError::BlockingInGreenlet(error),
        }
    }
}
