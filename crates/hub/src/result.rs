//! [`AsyncResult`]: one value or error that another thread or greenlet will provide.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

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
/// [`get`](AsyncResult::get) returns a clone to every waiter. A value that is big, or cannot be cloned,
/// is moved out to one waiter by [`take`](AsyncResult::take).
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let encoded = hub::AsyncResult::<Vec<u8>, std::io::Error>::new();
/// // If the worker panics, the waiter receives this error.
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
    /// Returns a result that is not set yet.
    pub fn new() -> Self {
        AsyncResult {
            shared: Arc::new(Shared {
                ready: Flag::default(),
                state: Mutex::new(State::Pending),
            }),
        }
    }

    /// Sets the result and wakes all waiters.
    ///
    /// Returns `false` if it was set already: then it is unchanged, and `result` is dropped.
    pub fn set(&self, result: Result<T, E>) -> bool {
        {
            let mut state = self.state();
            match &mut *state {
                pending @ State::Pending => *pending = State::Set(result),
                // The lock is released first: the destructor may use this result.
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

    /// Returns a promise, which sets the result to the error `otherwise` if it is dropped unkept.
    ///
    /// It is meant for workers, which may panic or be killed before they have the result.
    pub fn promise(&self, otherwise: E) -> Promise<T, E> {
        Promise::new(self.clone(), otherwise)
    }

    /// Returns `true` if there is a result, so that waits return at once.
    pub fn ready(&self) -> bool {
        self.shared.ready.is_set()
    }

    /// Returns `true` if there is a result and it is not an error.
    pub fn successful(&self) -> bool {
        match &*self.state() {
            State::Pending => false,
            State::Set(result) => result.is_ok(),
            State::Taken { successful } => *successful,
        }
    }

    /// Waits until there is a result, and does not take it.
    pub async fn wait(&self) {
        self.shared.ready.wait().await;
    }

    /// Form of [`wait`](AsyncResult::wait) that waits no longer than `timeout`; returns `false` if the
    /// time is up.
    pub async fn wait_timeout(&self, timeout: Duration) -> bool {
        self.wait_within(timeout).await.is_ok()
    }

    /// Blocking form of [`wait`](AsyncResult::wait) for threads that run no hub; returns `false` if the
    /// time is up.
    ///
    /// # Errors
    /// Fails in a greenlet.
    pub fn wait_blocking(&self, timeout: Option<Duration>) -> Result<bool, BlockingInGreenlet> {
        blocking::refuse_in_greenlet("AsyncResult::wait_blocking", "AsyncResult::wait")?;
        Ok(blocking::wait(self.wait(), timeout).is_some())
    }

    /// Waits for the result and moves it out.
    ///
    /// If the future is dropped, other waiters can take the result.
    ///
    /// # Errors
    /// Fails with the error that was set, or when another waiter has taken the result.
    pub async fn take(&self) -> Result<T, ResultError<E>> {
        self.wait().await;
        self.take_now()
    }

    /// Blocking form of [`take`](AsyncResult::take) for threads that run no hub.
    ///
    /// # Errors
    /// Fails as `take` does, and in a greenlet, and when the time is up.
    pub fn take_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<E>> {
        self.wait_blocking_within(timeout, "AsyncResult::take_blocking", "AsyncResult::take")?;
        self.take_now()
    }

    /// Form of [`take`](AsyncResult::take) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails as `take` does, and when the time is up.
    pub async fn take_timeout(&self, timeout: Duration) -> Result<T, ResultError<E>> {
        self.wait_within(timeout).await?;
        self.take_now()
    }

    /// Moves the result out if it is set.
    ///
    /// # Errors
    /// Fails with the error that was set, when there is no result yet, or when another waiter has taken it.
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
    /// Fails with the error that was set, or when a waiter has taken the result.
    pub async fn get(&self) -> Result<T, ResultError<E>> {
        self.wait().await;
        self.try_get()
    }

    /// Form of [`get`](AsyncResult::get) that waits no longer than `timeout`.
    ///
    /// # Errors
    /// Fails as `get` does, and when the time is up.
    pub async fn get_timeout(&self, timeout: Duration) -> Result<T, ResultError<E>> {
        self.wait_within(timeout).await?;
        self.try_get()
    }

    /// Blocking form of [`get`](AsyncResult::get) for threads that run no hub.
    ///
    /// # Errors
    /// Fails as `get` does, and in a greenlet, and when the time is up.
    pub fn get_blocking(&self, timeout: Option<Duration>) -> Result<T, ResultError<E>> {
        self.wait_blocking_within(timeout, "AsyncResult::get_blocking", "AsyncResult::get")?;
        self.try_get()
    }

    /// Clones the result if it is set.
    ///
    /// # Errors
    /// Fails with the error that was set, when there is no result yet, or when a waiter has taken it.
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

/// Why an [`AsyncResult`] returned no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResultError<E> {
    /// This error was set instead of a value.
    #[error(transparent)]
    Failed(E),
    /// There was a result, but another waiter has taken it.
    #[error("somebody else has taken the result")]
    Taken,
    /// There is no result yet. Only forms that do not wait return this error.
    #[error("there is no result yet")]
    Pending,
    /// The time was up before there was a result.
    #[error("the time to wait for the result was up")]
    Timeout,
    /// The call was in a greenlet, which must await.
    #[error(transparent)]
    BlockingInGreenlet(BlockingInGreenlet),
}

impl<E> ResultError<E> {
    /// Returns the error that was set, if this is one.
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
