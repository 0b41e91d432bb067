//! Primitives shared by threads and greenlets: hubs, events, queues, launchers.

mod blocking;
mod budget;
mod error;
mod event;
mod greenlet;
mod hub;
mod launcher;
mod queue;
mod result;
mod thread;

pub use budget::{Budget, Reservation};
pub use error::{BlockingInGreenlet, Panic, WaitError};
pub use event::Event;
pub use greenlet::{Greenlet, GreenletError, spawn};
pub use hub::{Hub, in_greenlet};
pub use launcher::{CallError, Launcher, NoHub};
pub use queue::{Closed, PutError, Queue, TryGetError};
pub use result::{AsyncResult, Promise, ResultError};
pub use thread::{StopError, Thread, ThreadContext, ThreadError};
/// Lets other greenlets run for some time; and gives up a wait after some time.
///
/// Every wait of this crate may be given up: nothing is lost, nobody is left asleep.
pub use tokio::time::{sleep, timeout};
