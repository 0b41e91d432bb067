//! [`Promise`]: the end of an [`AsyncResult`] that sets it.

use std::fmt;

use super::AsyncResult;

/// Sets an [`AsyncResult`] once, at the latest when it is dropped; see [`AsyncResult::promise`].
#[must_use = "dropping a promise breaks it"]
pub struct Promise<T, E> {
    result: AsyncResult<T, E>,
    /// `None` once the promise is kept.
    otherwise: Option<E>,
}

impl<T, E> Promise<T, E> {
    pub(super) fn new(result: AsyncResult<T, E>, otherwise: E) -> Self {
        Promise {
            result,
            otherwise: Some(otherwise),
        }
    }

    /// Sets the result; returns `false` if it was set already.
    pub fn keep(mut self, result: Result<T, E>) -> bool {
        self.otherwise = None;
        self.result.set(result)
    }
}

impl<T, E> Drop for Promise<T, E> {
    fn drop(&mut self) {
        if let Some(error) = self.otherwise.take() {
            self.result.set(Err(error));
        }
    }
}

impl<T, E> fmt::Debug for Promise<T, E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Promise").field(&self.result).finish()
    }
}
