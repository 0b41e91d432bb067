//! Two sides that take turns at a lock, each as soon as the other waits for it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

/// The turns of both sides. Without them, a thread that shares a processor takes the lock many times before the other waits for it.
#[derive(Default)]
pub(crate) struct Alternation {
    in_line: [AtomicBool; 2],
    taken: AtomicUsize,
}

impl Alternation {
    /// Waits for the lock, and shows the other side when it is in the line.
    pub(crate) async fn wait<F: Future>(&self, me: usize, lock: F) -> F::Output {
        let mut lock = pin!(lock);
        std::future::poll_fn(|context| {
            let poll = lock.as_mut().poll(context);
            self.in_line[me].store(poll.is_pending(), SeqCst);
            poll
        })
        .await
    }

    /// Waits until the other side waits for the lock; returns `true` if it is to be handed over once more.
    pub(crate) fn next(&self, me: usize, wanted: usize) -> bool {
        if self.taken.fetch_add(1, SeqCst) >= wanted {
            return false;
        }
        while !self.in_line[1 - me].load(SeqCst) && self.taken.load(SeqCst) < wanted {
            thread::yield_now();
        }
        true
    }
}
