//! Errors that several primitives share.
//!
//! Every `_blocking` form returns [`BlockingInGreenlet`] in a greenlet. [`WaitError`] lists the ways in
//! which a `_blocking` wait can fail. [`Panic`] reports a panic to the waiter for its result.

use std::any::Any;
use std::sync::Arc;

/// A `_blocking` form was called in a greenlet.
///
/// It would have stalled all greenlets of the hub, perhaps including the one that it waits for. The
/// call had no effect; the message names the form to await instead.
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

    /// Returns the name of the form that was called.
    pub fn blocking(&self) -> &'static str {
        self.blocking
    }

    /// Returns the name of the form to await instead.
    pub fn awaitable(&self) -> &'static str {
        self.awaitable
    }
}

/// Why a `_blocking` wait failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time was up. Nothing was taken: a later wait can still succeed.
    #[error("the time to wait was up")]
    Timeout,
    /// The wait was in a greenlet, which must await.
    #[error(transparent)]
    BlockingInGreenlet(#[from] BlockingInGreenlet),
}

/// A panic, as it is returned to the waiter for the result.
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

    /// Returns the text of the panic.
    pub fn message(&self) -> &str {
        &self.message
    }
}
