//! The public behaviour of the primitives, in one hub, across hubs and with plain threads.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod event;
mod greenlet;
mod identity;
mod launcher;
mod lock;
mod logs;
mod queue;
mod resource;
mod result;
mod rlock;
mod stress;
mod thread;
mod trigger;
mod waiting;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Runs `main` in a hub of this thread.
fn on_hub<T>(main: impl Future<Output = T>) -> T {
    hub::Hub::new().unwrap().run(main)
}

/// Polls once: a wait that is pending after this has its place in the line.
fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}
