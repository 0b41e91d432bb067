//! How plain threads wait: by polling, parked, the same future that a greenlet would await.
//!
//! There is one implementation of each wait, so both forms of a primitive mean the same. A wait
//! whose time is up is a future that is dropped, which is cancellation like any other.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::error::{BlockingInGreenlet, WaitError};
use crate::hub::in_greenlet;
use crate::sync::thread::{self, Thread};
use crate::sync::{AtomicBool, thread_local};

/// Returns an error in a greenlet; its message has both names.
pub(crate) fn refuse_in_greenlet(
    blocking: &'static str,
    awaitable: &'static str,
) -> Result<(), BlockingInGreenlet> {
    if in_greenlet() {
        Err(BlockingInGreenlet::new(blocking, awaitable))
    } else {
        Ok(())
    }
}

/// Blocks this thread until `future` is ready; returns `None` if the time is up first.
///
/// A future that is ready at once is completed even if `timeout` is zero.
pub(crate) fn wait<F: Future>(future: F, timeout: Option<Duration>) -> Option<F::Output> {
    // A time beyond the range of the clock is no limit.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    with_parker(|parker| {
        let mut context = Context::from_waker(&parker.waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Some(output);
            }
            if !parker.signal.park(deadline) {
                return None;
            }
        }
    })
}

/// Form of [`wait`] for callers that have nothing to return on failure.
pub(crate) fn wait_or_refuse<F: Future>(
    future: F,
    timeout: Option<Duration>,
    blocking: &'static str,
    awaitable: &'static str,
) -> Result<F::Output, WaitError> {
    refuse_in_greenlet(blocking, awaitable)?;
    wait(future, timeout).ok_or(WaitError::Timeout)
}

/// Wakes one parked thread. The flag makes foreign unparks harmless.
struct ParkSignal {
    thread: Thread,
    woken: AtomicBool,
}

impl ParkSignal {
    /// Parks until woken (true) or until the deadline (false).
    fn park(&self, deadline: Option<Instant>) -> bool {
        while !self.woken.swap(false, Ordering::Acquire) {
            match deadline {
                None => thread::park(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    thread::park_timeout(left);
                }
            }
        }
        true
    }
}

impl Wake for ParkSignal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

struct Parker {
    signal: Arc<ParkSignal>,
    waker: Waker,
}

impl Parker {
    fn new() -> Self {
        let signal = Arc::new(ParkSignal {
            thread: thread::current(),
            woken: AtomicBool::new(false),
        });
        let waker = Waker::from(Arc::clone(&signal));
        Parker { signal, waker }
    }
}

thread_local! {
    /// The parker of this thread while no wait uses it: a queue is read far too often to make one
    /// for every item.
    static PARKER: Cell<Option<Parker>> = const { Cell::new(None) };
}

/// Calls `wait` with this thread's parker. A wait inside a wait (in a destructor) uses a parker of
/// its own, so that neither consumes the other's wake-up.
fn with_parker<R>(wait: impl FnOnce(&Parker) -> R) -> R {
    let parker = PARKER.try_with(Cell::take).ok().flatten();
    let parker = parker.unwrap_or_else(Parker::new);
    let output = wait(&parker);
    // The thread-local variable is gone when the thread is ending: then the parker is dropped.
    PARKER.try_with(|place| place.set(Some(parker))).ok();
    output
}
