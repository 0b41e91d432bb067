//! Events on their way to Tango.
//!
//! To send one, locks of Tango are needed, which a thread may have that waits for whoever sends it. So
//! one thread does nothing else.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::server::answer::give;
use crate::shim::server::{self as shim, OwnedReply};
use crate::value::{DevState, TangoType, TangoValue};

/// Far more than are ever waiting, unless Tango hangs.
const MOST: usize = 10_000;

/// By then a restart of devices is through.
const SETTLED: Duration = Duration::from_secs(1);

/// Events in their order.
#[derive(Default)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Devices that were made while clients may listen, and when they are told how these are.
    fresh: VecDeque<(Instant, u64)>,
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
        form: (TangoType, Option<usize>),
        value: TangoValue,
    },
}

enum Next {
    Event(Event),
    Fresh(u64),
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

    /// Has the state of a device sent that was made while clients may listen to the one before. Tango
    /// passes listeners on some time after the new device is there, and tells nobody when: what it sent
    /// until then may be lost.
    pub fn introduce(&self, device: u64) {
        let mut waiting = self.waiting();
        waiting.fresh.push_back((Instant::now() + SETTLED, device));
        self.changed.notify_one();
    }

    /// Sends events until the outbox is closed. `current` tells of introduced devices that are still
    /// there how they are.
    pub fn run(&self, current: impl Fn(u64) -> Option<News>) {
        while let Some(next) = self.next() {
            match next {
                Next::Event(event) => send(&event),
                Next::Fresh(device) => {
                    if let Some(news) = current(device) {
                        send(&Event { device, news });
                    }
                }
            }
        }
    }

    /// No more events.
    pub fn close(&self) {
        let mut waiting = self.waiting();
        waiting.closed = true;
        waiting.events.clear();
        waiting.fresh.clear();
        self.changed.notify_one();
    }

    fn next(&self) -> Option<Next> {
        let mut waiting = self.waiting();
        loop {
            if let Some(event) = waiting.events.pop_front() {
                return Some(Next::Event(event));
            }
            if waiting.closed {
                return None;
            }
            waiting.overflows = false;
            let now = Instant::now();
            waiting = match waiting.fresh.front() {
                Some(&(due, device)) if due <= now => {
                    waiting.fresh.pop_front();
                    return Some(Next::Fresh(device));
                }
                Some(&(due, _)) => {
                    let woken = self.changed.wait_timeout(waiting, due - now);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let woken = self.changed.wait(waiting);
                    woken.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Events of a device that is gone are for nobody.
fn send(event: &Event) {
    let sent = match &event.news {
        News::State(state, status) => shim::push_state(event.device, *state, status),
        News::Attribute { index, form, value } => {
            let Some(mut reply) = OwnedReply::new() else {
                return;
            };
            give(reply.as_mut(), Ok(value.clone()), *form);
            shim::push(event.device, *index, reply.as_ref())
        }
    };
    if let Err(error) = sent {
        tracing::debug!(
            "an event of the Tango device {} was not sent: {error}",
            event.device
        );
    }
}
