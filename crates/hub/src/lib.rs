//! Primitives shared by threads and greenlets: hubs, locks, events, queues, triggers, launchers.
//!
//! # Hubs and greenlets
//!
//! A **greenlet** is a task that runs until it waits; then another one runs. The greenlets of a
//! **hub** share one thread, so between two waits nobody interferes with them, and what they share
//! among themselves needs no lock. A hub is the event loop of its thread: it knows what each
//! greenlet waits for, be it a socket, a timer, another greenlet or another thread.
//!
//! ```text
//!   main thread                     Thread "files"                 plain threads
//!  +------------ Hub -----------+  +---------- Hub ----------+
//!  |  main    greenlet greenlet |  |  main         greenlet  |    no hub, no greenlets
//!  |   |         |        |     |  |   |              |      |
//!  |   | await   | await  |     |  |   | await        |      |     worker       worker
//!  |   v         v        v     |  |   v              v      |       |            |
//!  |  event    socket   queue   |  |  lock          queue    |   _blocking    _blocking
//!  +---------------------|------+  +---|--------------|------+       |            |
//!                        |             |              |              |            |
//!     Event, Lock, RLock, Queue, AsyncResult, ThreadResource: the same handles everywhere
//!
//!     Launcher, HubTrigger, Thread: make a hub do something, from everywhere
//! ```
//!
//! The primitives of the column *beamline slides* below are a contract: the design slides of the
//! writer promise them to whoever adds a data source or a layout. They stay, with these names and with
//! `stop`, `kill` and `join` of what runs, also where this workspace does not use them itself.
//!
//! Handles are cheap to clone and may go to any thread. In the words of gevent, of the slides that
//! these primitives were first drawn on, and here:
//!
//! | gevent | beamline slides | here | what for |
//! |---|---|---|---|
//! | hub | hub | [`Hub`] | runs the greenlets of a thread |
//! | `gevent.spawn`, `Greenlet` | greenlet | [`spawn`], [`Greenlet`] | does something while others wait |
//! | `gevent.getcurrent` | | [`GreenletId`] | tells who this is |
//! | `gevent.sleep`, `gevent.Timeout` | | [`sleep`], [`timeout`] | waits, but not for ever |
//! | `gevent.lock.BoundedSemaphore(1)` | `Lock` | [`Lock`] | is had by one greenlet at a time |
//! | `gevent.lock.RLock` | `RLock` | [`RLock`] | the same, and again by its owner |
//! | `gevent.event.Event` | `Event` | [`Event`] | tells that something has happened |
//! | `gevent.event.AsyncResult` | `AsyncResult` | [`AsyncResult`], [`Promise`] | will be a value or an error |
//! | `gevent.queue.Queue` (counts items) | `Queue` | [`Queue`] (counts bytes), [`Budget`] | hands over items, but not too many bytes |
//! | `gevent.local.local` (of greenlets) | `ThreadResource` | [`ThreadResource`] | is one for each thread |
//! | `loop.async_()` (coalesces) | `HubTrigger` | [`HubTrigger`] | runs one function in a hub, as often as told |
//! | `loop.run_callback_threadsafe` | `Launcher` | [`Launcher`] | runs any function in a hub, and has its result |
//! | `gevent.threadpool` | `Thread` | [`Thread`] | a hub in a thread of its own |
//!
//! Each has an example on its own page.
//!
//! # Two forms of waiting
//!
//! Every operation that waits has two forms:
//!
//! - one to `await`, for greenlets;
//! - one that ends in `_blocking`, for threads that run no hub. In a greenlet it would stall the
//!   whole hub, so there it fails with [`BlockingInGreenlet`], whose message names the other form.
//!
//! Both are one implementation: a plain thread polls the future that a greenlet awaits. They wait
//! in the same line, first come, first served. Both can give up: greenlets with the forms that end
//! in `_timeout` or with [`timeout`] around anything, threads with the last argument (`None`:
//! never).
//!
//! ```
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let beam = hub::Event::new();
//! assert_eq!(beam.wait_blocking(Some(Duration::from_millis(1)))?, false);
//! hub::Hub::new()?.run(async {
//!     assert!(!beam.wait_timeout(Duration::from_millis(1)).await);
//!     let error = beam.wait_blocking(None).unwrap_err();
//!     assert!(error.to_string().ends_with("await `Event::wait` instead"));
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # What holds everywhere
//!
//! **Giving up is safe.** Every wait may be dropped ([`timeout`], `select!`, [`Greenlet::kill`], the
//! end of a hub): no item is lost, no lock stays taken, no budget leaks, and whoever is next in the
//! line is woken.
//!
//! **Failure travels.** Errors, and panics as [`Panic`], reach whoever waits for the result. Who
//! waits for a thread or hub that ends is woken with an error.
//!
//! **Nothing coalesces.** N sends of a trigger are N runs, N calls are N results, in their order.
//! What a hub can no longer do for others is an error for those who ask.
//!
//! **Owners are greenlets.** A lock that one greenlet has is not had by the next one of the same
//! thread. Plain threads, and the main greenlets of hubs, are told apart by their threads.
//!
//! # What it is built on
//!
//! A hub is a Tokio runtime of one thread with a `LocalSet`; lines of waiters are Tokio's semaphore
//! and `Notify`. What is synchronised by hand around them is small (the parking of plain threads,
//! owners of locks, items of queues, resources of threads), has no `unsafe`, and is checked twice:
//!
//! - `cargo test -p hub --test model` has [shuttle](https://docs.rs/shuttle) run the same sources
//!   in thousands of interleavings. It is a part of every `cargo test`. A failure prints a schedule,
//!   which `shuttle::replay` runs again.
//! - `cargo test -p hub --test behaviour stress` has many threads and greenlets give up at random.
//!
//! `./dev bench hub` compares the primitives with bare Tokio, and with Python's gevent and threading.

mod blocking;
mod budget;
mod error;
mod event;
mod greenlet;
mod hub;
mod identity;
mod launcher;
mod lock;
mod queue;
mod resource;
mod result;
mod sync;
mod thread;
mod trigger;

#[cfg(test)]
mod blocking_tests;

pub use budget::{Budget, Reservation};
pub use error::{BlockingInGreenlet, Panic, WaitError};
pub use event::Event;
pub use greenlet::{Greenlet, GreenletError, spawn};
pub use hub::{Hub, in_greenlet};
pub use identity::GreenletId;
pub use launcher::{CallError, Launcher, NoHub};
pub use lock::{Lock, LockError, LockGuard, RLock, ReleaseError};
pub use queue::{PutError, Queue, QueueClosed, TryGetError};
pub use resource::ThreadResource;
pub use result::{AsyncResult, Promise, ResultError};
pub use thread::{StopError, Thread, ThreadContext, ThreadError};
pub use trigger::HubTrigger;

/// Lets other greenlets run for some time; and gives up a wait after some time.
///
/// Every wait of this crate may be given up: nothing is lost, nobody is left asleep.
pub use tokio::time::{sleep, timeout};
