//! Primitives shared by threads and greenlets: hubs, events, queues, launchers.
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
//!  |  event    socket   queue   |  |  stopping      queue    |   _blocking    _blocking
//!  +---------------------|------+  +------------------|------+       |            |
//!                        |                            |              |            |
//!      Event, Queue, AsyncResult, Budget, Launcher: the same handles everywhere
//! ```
//!
//! Handles are cheap to clone and may go to any thread. Every operation that waits has two forms:
//!
//! - one to `await`, for greenlets;
//! - one that ends in `_blocking`, for threads that run no hub. In a greenlet it would stall the
//!   whole hub, so there it fails with [`BlockingInGreenlet`], whose message names the other form.
//!
//! Both are one implementation: a plain thread polls the future that a greenlet awaits. They wait
//! in the same line, first come, first served.
//!
//! **Giving up is safe.** Every wait may be dropped ([`timeout`], `select!`, [`Greenlet::kill`], the
//! end of a hub): no item is lost, no budget leaks, and whoever is next in the line is woken.
//!
//! **Failure travels.** Errors, and panics as [`Panic`], reach whoever waits for the result. Who
//! waits for a thread or hub that ends is woken with an error.
//!
//! | gevent | beamline slides | here |
//! |---|---|---|
//! | hub | hub | [`Hub`] |
//! | `gevent.spawn`, `Greenlet` | greenlet | [`spawn`], [`Greenlet`] |
//! | `gevent.sleep`, `gevent.Timeout` | | [`sleep`], [`timeout`] |
//! | `gevent.event.Event` | `Event` | [`Event`] |
//! | `gevent.event.AsyncResult` | `AsyncResult` | [`AsyncResult`], [`Promise`] |
//! | `gevent.queue.Queue` (counts items) | `Queue` | [`Queue`] (counts bytes), [`Budget`] |
//! | `gevent.threadpool` | `Thread` | [`Thread`] |
//! | `hub.loop.run_callback_threadsafe` | `Launcher` | [`Launcher`] |
//!
//! # Hub: run greenlets
//!
//! ```
//! use std::cell::Cell;
//! use std::rc::Rc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = hub::Hub::new()?;
//! let sum = hub.run(async {
//!     let sum = Rc::new(Cell::new(0));
//!     let add = |number| {
//!         let sum = sum.clone();
//!         hub::spawn(async move { sum.set(sum.get() + number) })
//!     };
//!     let (one, two) = (add(1), add(2));
//!     one.await?;
//!     two.await?;
//!     Ok::<_, hub::GreenletError>(sum.get())
//! })?;
//! assert_eq!(sum, 3);
//! # Ok(())
//! # }
//! ```
//!
//! When the main greenlet is done, the others end where they wait.
//!
//! # Event: tell that something has happened
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let prepared = hub::Event::new();
//! let waiter = std::thread::spawn({
//!     let prepared = prepared.clone();
//!     move || prepared.wait_blocking(None)
//! });
//! prepared.send();
//! hub::Hub::new()?.run(prepared.wait());
//! assert_eq!(waiter.join().unwrap(), Ok(true));
//! # Ok(())
//! # }
//! ```
//!
//! # Queue: hand over items, but not too many bytes
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let queue = hub::Queue::new(1 << 20);
//! let consumer = std::thread::spawn({
//!     let queue = queue.clone();
//!     move || {
//!         let mut bytes = 0;
//!         while let Ok(Some(frame)) = queue.get_blocking(None) {
//!             let frame: Vec<u8> = frame;
//!             bytes += frame.len();
//!         }
//!         bytes
//!     }
//! });
//! hub::Hub::new()?.run(async {
//!     for _ in 0..100 {
//!         // Waits while a mebibyte of frames is in the queue.
//!         queue.put(vec![0; 100_000], 100_000).await?;
//!     }
//!     queue.close();
//!     Ok::<_, hub::Closed<_>>(())
//! })?;
//! assert_eq!(consumer.join().unwrap(), 10_000_000);
//! assert!(queue.high_water() <= 1 << 20);
//! # Ok(())
//! # }
//! ```
//!
//! # Budget: share the bytes between queues, and with what is being worked on
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let budget = hub::Budget::new(1000);
//! let raw = hub::Queue::sharing(budget.clone());
//! let encoded = hub::Queue::sharing(budget.clone());
//! hub::Hub::new()?.run(async {
//!     raw.put("chunk", 800).await?;
//!     let (chunk, reservation) = raw.get_reserved().await.ok_or("closed")?;
//!     // Still counted, so nothing else can take the place of the chunk on its way.
//!     assert_eq!(budget.available(), Some(200));
//!     encoded.put_reserved(chunk, 800, reservation)?;
//!     assert_eq!(encoded.get().await, Some("chunk"));
//!     assert_eq!(budget.available(), Some(1000));
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # AsyncResult: wait for a value or an error
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let encoded = hub::AsyncResult::<Vec<u8>, std::io::Error>::new();
//! // Should the worker panic, the waiter has this error instead of no answer.
//! let promise = encoded.promise(std::io::Error::other("the worker is gone"));
//! std::thread::spawn(move || promise.keep(Ok(vec![1, 2, 3])));
//! // `get` clones, for any number of waiters; `take` moves the value out, for one.
//! let chunk = hub::Hub::new()?.run(encoded.take())?;
//! assert_eq!(chunk, [1, 2, 3]);
//! # Ok(())
//! # }
//! ```
//!
//! # Thread: a hub of its own
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let files = hub::Thread::start("files", async |context: hub::ThreadContext| {
//!     context.stopping.wait().await;
//!     "all files are closed"
//! })?;
//! let name = files.apply_blocking(|| std::thread::current().name().map(str::to_owned), None)?;
//! assert_eq!(name.as_deref(), Some("files"));
//! files.stop_blocking(Some(std::time::Duration::from_secs(5)))?;
//! assert_eq!(files.get_blocking(None)?, "all files are closed");
//! let late = files.apply_blocking(|| (), None).unwrap_err();
//! assert_eq!(late.to_string(), "thread `files` has stopped");
//! # Ok(())
//! # }
//! ```
//!
//! # Launcher: run a function in the thread that made it
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! hub::Hub::new()?.run(async {
//!     let home = std::thread::current().id();
//!     let launcher = hub::Launcher::current()?;
//!     let other = std::thread::spawn(move || {
//!         launcher.apply_blocking(|| std::thread::current().id(), None)
//!     });
//!     // The hub serves the call while its greenlets wait.
//!     while !other.is_finished() {
//!         hub::sleep(std::time::Duration::from_millis(1)).await;
//!     }
//!     assert_eq!(other.join().unwrap()?, home);
//!     Ok(())
//! })
//! # }
//! ```

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
pub use queue::{Closed, PutError, Queue, TryGetError};
pub use resource::ThreadResource;
pub use result::{AsyncResult, Promise, ResultError};
pub use thread::{StopError, Thread, ThreadContext, ThreadError};
/// Lets other greenlets run for some time; and gives up a wait after some time.
///
/// Every wait of this crate may be given up: nothing is lost, nobody is left asleep.
pub use tokio::time::{sleep, timeout};
pub use trigger::HubTrigger;
