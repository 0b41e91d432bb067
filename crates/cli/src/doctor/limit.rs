//! The time that a check may take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Threads that have not ended.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The longest time for which a check waits for something.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit(pub Duration);

impl TimeLimit {
    /// Waits for a step of a check. Returns `None` if it takes too long.
    pub async fn within<T>(self, step: impl Future<Output = T>) -> Option<T> {
        timeout(self.0, step).await.ok()
    }

    /// Runs a step of a check that blocks its thread, in a thread of its own. Returns `None` if it takes too long; the thread
    /// is left alone then.
    pub async fn blocking<T: Send + 'static>(
        self,
        step: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        THREADS.fetch_add(1, Ordering::Relaxed);
        let spawned = thread::Builder::new()
            .name("check".to_owned())
            .spawn(move || {
                let result = step();
                THREADS.fetch_sub(1, Ordering::Relaxed);
                if sender.send(result).is_err() {
                    // It came too late.
                }
            });
        if spawned.is_err() {
            THREADS.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.within(receiver).await?.ok()
    }

    /// Returns what to say of something that did not answer in time.
    pub fn no_answer(self, who: impl std::fmt::Display) -> String {
        format!("{who} does not answer within {} s", self.0.as_secs_f64())
    }
}

/// Returns `true` if a thread has not come to an end in time.
pub fn has_threads_left() -> bool {
    THREADS.load(Ordering::Relaxed) > 0
}
