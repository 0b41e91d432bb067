//! Errors that several primitives share.
//!
//! [`BlockingInGreenlet`] is the answer of every `_blocking` form to a greenlet, [`WaitError`] the
//! ways in which a `_blocking` wait can fail, and [`Panic`] what is left of a panic that travelled
//! to the one who waits for its result.

use std::any::Any;
use std::sync::Arc;

/// A `_blocking` form was called in a greenlet.
///
/// It would have stalled every other greenlet of the hub, and perhaps the very one that it waits
/// for. Nothing was done; the message names the form to await instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{blocking}` would stall the hub of this greenlet: await `{awaitable}` instead")]
pub struct BlockingInGreenlet {
    blocking: &'static str,
    awaitable: &'static str,
}

impl BlockingInGreenlet {
    pub(crate) const fn new(blocking: &'static str, awaitable: &'static str) -> Self {
        BlockingInGreenlet {
            blocking,
            awaitable,
        }
    }

    /// The form that was called.
    pub fn blocking(&self) -> &'static str {
        self.blocking
    }

    /// The form to await instead.
    pub fn awaitable(&self) -> &'static str {
        self.awaitable
    }
}

/// Why a `_blocking` wait came back without what it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time was up. Nothing was taken: what was waited for is still to be had.
    #[error("the time to wait was up")]
    Timeout,
    /// Greenlets must await.
    #[error(transparent)]
    BlockingInGreenlet(#[from] BlockingInGreenlet),
}

/// A panic, as the one who waits for the result sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {message}")]
pub struct Panic {
    message: Arc<str>,
}

impl Panic {
    pub(crate) fn from_payload(payload: &(dyn Any + Send)) -> Self {
        let message = if let Some(text) = payload.downcast_ref::<&str>() {
            Arc::from(*text)
        } else if let Some(text) = payload.downcast_ref::<String>() {
            Arc::from(text.as_str())
        } else {
            Arc::from("a value that is no text")
        };
        Panic { message }
    }

    /// The text of the panic.
    pub fn message(&self) -> &str {
        &self.message
    }
}
