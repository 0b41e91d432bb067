//! [`ThreadContext`]: what a main function is told.

use std::future::Future;
use std::sync::Arc;

use crate::event::Event;

/// What the main function of a [`Thread`](crate::Thread) knows of its thread.
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
