//! The code that the crate synchronises by hand, in interleavings that a model checker chooses.
//!
//! The sources are those of the crate, with [`sync`] of the model checker in place of the standard
//! library's: after every step on a mutex, an atomic or a parked thread, `shuttle` decides
//! which thread runs next. Tokio's semaphore and `Notify` are single steps here; Tokio checks their
//! implementation with loom. A thread that is never woken is found as a deadlock.
//!
//! A failure prints a schedule; `shuttle::replay` runs it again.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(
    dead_code,
    unused_imports,
    reason = "not all of each source is modelled"
)]
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the sources are a part of the crate"
)]

#[path = "../../src"]
mod sources {
    pub(crate) mod blocking;
    pub(crate) mod budget;
    pub(crate) mod error;
    pub(crate) mod event;
    pub(crate) mod identity;
    pub(crate) mod lock;
    pub(crate) mod queue;
    pub(crate) mod resource;
    pub(crate) mod result;
}

pub(crate) use sources::{blocking, budget, error, event, identity, lock, queue, resource, result};

mod events;
mod locks;
mod queues;
mod resources;
mod results;

/// Replaces the module of the same name in the crate.
mod sync {
    pub(crate) use shuttle::sync::atomic::AtomicBool;
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    pub(crate) use shuttle::thread;
    pub(crate) use shuttle::thread_local;
}

/// Replaces the module of the crate: a model has no hubs, all threads are plain ones.
mod hub {
    pub(crate) fn in_greenlet() -> bool {
        false
    }
}

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread::{self, JoinHandle};

/// Every model runs so many times with random schedules, and as many times with schedules that change
/// threads at few, well-chosen places (which finds what needs a rare order of few steps).
const RUNS: usize = 1500;
const CHANGES: usize = 3;

fn check(model: impl Fn() + Send + Sync + Copy + 'static) {
    shuttle::check_random(model, RUNS);
    shuttle::check_pct(model, RUNS, CHANGES);
}

fn threads<T: Send + 'static>(
    number: usize,
    body: impl Fn(usize) -> T + Clone + Send + 'static,
) -> Vec<JoinHandle<T>> {
    (0..number)
        .map(|n| {
            let body = body.clone();
            thread::spawn(move || body(n))
        })
        .collect()
}

fn join<T>(threads: Vec<JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|t| t.join().unwrap()).collect()
}

/// Waits like a plain thread, but perhaps not to the end: drops the future after a random number of
/// polls, between which other threads run.
fn poll_a_few_times<F: Future>(future: F) -> Option<F::Output> {
    let mut polls_left = thread_rng().gen_range(0..3);
    let limited = async {
        let mut future = pin!(future);
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls_left == 0 => Poll::Ready(None),
            Poll::Pending => {
                polls_left -= 1;
                // A timer could wake the thread at any time, too.
                thread::yield_now();
                context.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await
    };
    blocking::wait(limited, None).flatten()
}

/// With this limit, a `_blocking` form does not wait.
const NO_WAIT: Option<Duration> = Some(Duration::ZERO);
