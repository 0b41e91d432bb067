//! [`GreenletId`]: the greenlet that code runs in.

use std::fmt;

use tokio::task;

use crate::sync::thread::{self, ThreadId};

/// The identity of a greenlet. Every greenlet has an identity of its own, and so has every thread: it
/// is that of code outside of any hub, and of the main greenlet of the hub that the thread runs.
///
/// A task of Tokio that is not of a [`Hub`](crate::Hub) has an identity of its own as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GreenletId(TaskOrThread);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum TaskOrThread {
    Task(task::Id),
    Thread(ThreadId),
}

impl GreenletId {
    /// Returns the identity of the greenlet that this code runs in.
    pub fn current() -> Self {
        let identity = task::try_id().map_or_else(
            || TaskOrThread::Thread(thread::current().id()),
            TaskOrThread::Task,
        );
        GreenletId(identity)
    }
}

impl fmt::Debug for GreenletId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            TaskOrThread::Task(id) => write!(out, "GreenletId({id})"),
            TaskOrThread::Thread(id) => write!(out, "GreenletId({id:?})"),
        }
    }
}
