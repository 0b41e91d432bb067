//! Events on their way to Tango.
//!
//! To send an event, cppTango takes locks that a thread may hold while it waits for the sender of the event. So
//! one thread sends all events and does nothing else.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::server::reply::fill;
use crate::shim::server::{self as shim, OwnedReply};
use crate::value::{DevState, TangoType, TangoValue};

/// Far more events than ever wait, unless Tango hangs.
const CAPACITY: usize = 10_000;

/// Longer than the restart of a device takes.
const RESTART_TIME: Duration = Duration::from_secs(1);

/// Sends events in their order.
#[derive(Default)]
pub struct EventSender {
    backlog: Mutex<Backlog>,
    changed: Condvar,
}

#[derive(Default)]
struct Backlog {
    events: VecDeque<DeviceEvent>,
    /// Devices that were created while clients may listen, and the times at which their states are sent.
    new_devices: VecDeque<(Instant, u64)>,
    closed: bool,
    /// The loss of events was logged, and the backlog was not empty since.
    overflows: bool,
}

/// A change of a device that clients listen to.
pub struct DeviceEvent {
    pub device: u64,
    pub change: Change,
}

pub enum Change {
    State(DevState, String),
    Attribute {
        index: u32,
        form: (TangoType, Option<usize>),
        value: TangoValue,
    },
}

enum NextEvent {
    Change(DeviceEvent),
    NewDevice(u64),
}

impl EventSender {
    /// Has an event sent. If too many wait, the oldest one is dropped: clients want to know the latest state.
    pub fn send(&self, event: DeviceEvent) {
        let mut backlog = self.backlog();
        if backlog.closed {
            return;
        }
        if backlog.events.len() >= CAPACITY {
            backlog.events.pop_front();
            if !backlog.overflows {
                backlog.overflows = true;
                tracing::warn!(
                    "Tango takes no events, the oldest of more than {CAPACITY} are lost"
                );
            }
        }
        backlog.events.push_back(event);
        self.changed.notify_one();
    }

    /// Has the state of a device sent that was created while clients may listen to its predecessor. cppTango
    /// moves the listeners some time after it has created the device, without a sign of it, and events that are
    /// sent before that are lost.
    pub fn send_state_later(&self, device: u64) {
        let mut backlog = self.backlog();
        let due = Instant::now() + RESTART_TIME;
        backlog.new_devices.push_back((due, device));
        self.changed.notify_one();
    }

    /// Sends events until [`close`](EventSender::close). `current_state` returns the state of a new device that
    /// still exists.
    pub fn run(&self, current_state: impl Fn(u64) -> Option<Change>) {
        while let Some(next) = self.next() {
            match next {
                NextEvent::Change(event) => push(&event),
                NextEvent::NewDevice(device) => {
                    if let Some(change) = current_state(device) {
                        push(&DeviceEvent { device, change });
                    }
                }
            }
        }
    }

    /// Ends [`run`](EventSender::run), and drops all events from now on.
    pub fn close(&self) {
        let mut backlog = self.backlog();
        backlog.closed = true;
        backlog.events.clear();
        backlog.new_devices.clear();
        self.changed.notify_one();
    }

    fn next(&self) -> Option<NextEvent> {
        let mut backlog = self.backlog();
        loop {
            if let Some(event) = backlog.events.pop_front() {
                return Some(NextEvent::Change(event));
            }
            if backlog.closed {
                return None;
            }
            backlog.overflows = false;
            let now = Instant::now();
            backlog = match backlog.new_devices.front() {
                Some(&(due, device)) if due <= now => {
                    backlog.new_devices.pop_front();
                    return Some(NextEvent::NewDevice(device));
                }
                Some(&(due, _)) => {
                    let woken = self.changed.wait_timeout(backlog, due - now);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let woken = self.changed.wait(backlog);
                    woken.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends an event. Events of a device that no longer exists have no receivers.
fn push(event: &DeviceEvent) {
    let sent = match &event.change {
        Change::State(state, status) => shim::push_state(event.device, *state, status),
        Change::Attribute { index, form, value } => {
            let Some(mut reply) = OwnedReply::new() else {
                return;
            };
            fill(reply.as_mut(), Ok(value.clone()), *form);
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
