//! Primitives shared by threads and greenlets: hubs, locks, events, queues, triggers, launchers.
//!
//! # Hubs and greenlets
//!
//! A **greenlet** is a task that runs until it waits; then another one runs. The greenlets of a
//! **hub** share one thread, so no other greenlet runs between two waits, and what they share
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
//! The primitives of the column *beamline slides* below are a contract: the design of the
//! writer prescribes them for threads and greenlets, for all code that adds a data source or a layout.
//! They stay, with these names and with `stop`, `kill` and `join` of what runs, even where nothing in
//! this workspace uses them.
//!
//! Handles are cheap to clone and may go to any thread. Their names in gevent, on the design slides
//! of the writer, and here:
//!
//! | gevent | beamline slides | here | purpose |
//! |---|---|---|---|
//! | hub | hub | [`Hub`] | runs the greenlets of a thread |
//! | `gevent.spawn`, `Greenlet` | greenlet | [`spawn`], [`Greenlet`] | runs while other greenlets wait |
//! | `gevent.getcurrent` | | [`GreenletId`] | identifies a greenlet |
//! | `gevent.sleep`, `gevent.Timeout` | | [`sleep`], [`timeout`] | waits for a limited time |
//! | `gevent.lock.BoundedSemaphore(1)` | `Lock` | [`Lock`] | is held by one greenlet at a time |
//! | `gevent.lock.RLock` | `RLock` | [`RLock`] | is a lock that its owner may take again |
//! | `gevent.event.Event` | `Event` | [`Event`] | reports that something has happened |
//! | `gevent.event.AsyncResult` | `AsyncResult` | [`AsyncResult`], [`Promise`] | receives one value or one error |
//! | `gevent.queue.Queue` (counts items) | `Queue` | [`Queue`] (counts bytes), [`Budget`] | hands over items, and limits their bytes |
//! | `gevent.local.local` (of greenlets) | `ThreadResource` | [`ThreadResource`] | holds one resource for each thread |
//! | `loop.async_()` (coalesces) | `HubTrigger` | [`HubTrigger`] | runs one function in a hub, once for each send |
//! | `loop.run_callback_threadsafe` | `Launcher` | [`Launcher`] | runs any function in a hub, and returns its result |
//! | `gevent.threadpool` | `Thread` | [`Thread`] | is a hub in a thread of its own |
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
//! in the same line, first come, first served. Both can limit their wait: greenlets with the forms
//! that end in `_timeout` or with [`timeout`] around any future, threads with the last argument
//! (`None` is no limit).
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
//! **Waits can be cancelled.** Every wait may be dropped ([`timeout`], `select!`, [`Greenlet::kill`], the
//! end of a hub): no item is lost, no lock stays taken, no budget leaks, and the next waiter in the
//! line is woken.
//!
//! **Failures reach the waiters.** Errors, and panics as [`Panic`], are returned to all who wait for the
//! result. All waiters for a thread or hub receive an error when it ends.
//!
//! **Nothing coalesces.** N sends of a trigger are N runs, N calls are N results, in their order.
//! A request that a hub can no longer serve fails with an error.
//!
//! **Owners are greenlets.** A lock that one greenlet holds is not held by other greenlets of the same
//! thread. Plain threads, and the main greenlets of hubs, are identified by their threads.
//!
//! # What it is built on
//!
//! A hub is a Tokio runtime of one thread with a `LocalSet`; lines of waiters are Tokio's semaphore
//! and `Notify`. What is synchronised by hand around them is small (the parking of plain threads,
//! owners of locks, items of queues, resources of threads), has no `unsafe`, and is checked twice:
//!
//! - `cargo test -p nexus-writer-hub --test model` has [shuttle](https://docs.rs/shuttle) run the same sources
//!   in thousands of interleavings. It is a part of every `cargo test`. A failure prints a schedule,
//!   which `shuttle::replay` runs again.
//! - `cargo test -p nexus-writer-hub --test behaviour stress` has many threads and greenlets cancel their waits at random.
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

/// `sleep` lets other greenlets run for some time; `timeout` cancels a wait after some time.
///
/// Every wait of this crate may be cancelled: nothing is lost, and no waiter is left asleep.
pub use tokio::time::{sleep, timeout};

/// The example of the README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
