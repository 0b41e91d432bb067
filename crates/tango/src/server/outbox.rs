//! Events on their way to Tango.
//!
//! To send one, locks of Tango are needed, which a thread may have that waits for whoever sends it. So
//! one thread does nothing else.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::ffi::{self, Text};
use crate::latin1;
use crate::server::answer::OwnedAnswer;
use crate::value::{DataType, DevState, Value};

/// Far more than are ever waiting, unless Tango hangs.
const MOST: usize = 10_000;

/// Events in their order.
#[derive(Default)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    closed: bool,
    /// The loss of events was told, and there was no calm since.
    overflows: bool,
}

/// What clients shall hear of a device.
pub struct Event {
    pub device: u64,
    pub news: News,
}

pub enum News {
    State(DevState, String),
    Attribute {
        index: u32,
        form: (DataType, Option<usize>),
        value: Value,
    },
}

impl Outbox {
    /// Has an event sent. What is too much pushes the oldest out: clients want to know how it is now.
    pub fn put(&self, event: Event) {
        let mut waiting = self.waiting();
        if waiting.closed {
            return;
        }
        if waiting.events.len() >= MOST {
            waiting.events.pop_front();
            if !waiting.overflows {
                waiting.overflows = true;
                tracing::warn!("Tango takes no events, the oldest of more than {MOST} are lost");
            }
        }
        waiting.events.push_back(event);
        self.changed.notify_one();
    }

    /// Sends events until the outbox is closed.
    pub fn run(&self) {
        while let Some(event) = self.next() {
            send(&event);
        }
    }

    /// No more events.
    pub fn close(&self) {
        let mut waiting = self.waiting();
        waiting.closed = true;
        waiting.events.clear();
        self.changed.notify_one();
    }

    fn next(&self) -> Option<Event> {
        let mut waiting = self.waiting();
        loop {
            if let Some(event) = waiting.events.pop_front() {
                return Some(event);
            }
            if waiting.closed {
                return None;
            }
            waiting.overflows = false;
            let woken = self.changed.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Events of a device that is gone are for nobody.
fn send(event: &Event) {
    let sent = match &event.news {
        News::State(state, status) => {
            let status = latin1::encode(status);
            // SAFETY: the text is copied.
            unsafe { ffi::nxt_push_state(event.device, *state as i32, Text::borrow(&status)) }
        }
        News::Attribute { index, form, value } => {
            let Some(mut answer) = OwnedAnswer::new() else {
                return;
            };
            answer.answer().give(Ok(value.clone()), form.0, form.1);
            // SAFETY: the shim only looks at the value.
            unsafe { ffi::nxt_push(event.device, *index, answer.as_ptr()) }
        }
    };
    if sent != 0 {
        tracing::debug!("an event of the Tango device {} was not sent", event.device);
    }
}
