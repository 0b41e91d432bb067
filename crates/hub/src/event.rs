//! [`Event`]: a flag that can be waited for.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;

use crate::blocking;
use crate::error::BlockingInGreenlet;
use crate::sync::AtomicBool;

/// A flag that can be waited for. Clones are handles of the same event.
///
/// [`send`](Event::send) raises the flag and wakes every waiter, in every thread. It stays raised,
/// so later waits return at once, until [`clear`](Event::clear). A waiter that
/// waits when the event is sent is woken, even if the event is cleared right after.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let prepared = hub::Event::new();
/// let waiter = std::thread::spawn({
///     let prepared = prepared.clone();
///     move || prepared.wait_blocking(None)
/// });
/// prepared.send();
/// hub::Hub::new()?.run(prepared.wait());
/// assert_eq!(waiter.join().unwrap(), Ok(true));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Event {
    flag: Arc<Flag>,
}

impl Event {
    /// Returns an event that has not been sent.
    pub fn new() -> Self {
        Event::default()
    }

    /// Raises the flag and wakes all waiters.
    pub fn send(&self) {
        self.flag.send();
    }

    /// Lowers the flag: later waits block again.
    pub fn clear(&self) {
        self.flag.clear();
    }

    /// Returns `true` if the event was sent, and not cleared since.
    pub fn is_set(&self) -> bool {
        self.flag.is_set()
    }

    /// Waits until the event is sent.
    pub async fn wait(&self) {
        self.flag.wait().await;
    }

    /// Waits until the event is sent or the time is up; returns `true` if it was sent.
    pub async fn wait_timeout(&self, timeout: Duration) -> bool {
        tokio::time::timeout(timeout, self.flag.wait())
            .await
            .is_ok()
    }

    /// Blocking form of [`wait`](Event::wait) for threads that run no hub; returns `true` if the event
    /// was sent, `false` if the time is up.
    ///
    /// # Errors
    /// Fails in a greenlet.
    pub fn wait_blocking(&self, timeout: Option<Duration>) -> Result<bool, BlockingInGreenlet> {
        blocking::refuse_in_greenlet("Event::wait_blocking", "Event::wait")?;
        Ok(blocking::wait(self.flag.wait(), timeout).is_some())
    }
}

/// The state of an event, for primitives that contain one.
#[derive(Debug, Default)]
pub(crate) struct Flag {
    set: AtomicBool,
    waiters: Notify,
}

impl Flag {
    pub(crate) fn send(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.waiters.notify_waiters();
    }

    pub(crate) fn clear(&self) {
        self.set.store(false, Ordering::SeqCst);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    pub(crate) async fn wait(&self) {
        // The order matters: `notified` counts from here on, so a send between the look at the
        // flag and the await is not missed, and one that is cleared at once neither.
        let notified = self.waiters.notified();
        if !self.is_set() {
            notified.await;
        }
    }
}
