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

/// How often a new device is asked whether it has its listeners.
const LISTENERS_POLL: Duration = Duration::from_millis(20);

/// How long it is asked. A listener may have unsubscribed meanwhile.
const LISTENERS_TIME: Duration = Duration::from_secs(10);

/// Sends events in their order.
#[derive(Default)]
pub struct EventSender {
    backlog: Mutex<Backlog>,
    changed: Condvar,
}

#[derive(Default)]
struct Backlog {
    events: VecDeque<DeviceEvent>,
    /// Devices that do not have the listeners of their predecessors yet.
    new_devices: Vec<NewDevice>,
    closed: bool,
    /// The loss of events was logged, and the backlog was not empty since.
    overflows: bool,
}

/// A device whose events wait for listeners.
struct NewDevice {
    device: u64,
    /// When it is asked again.
    due: Instant,
    /// When its events are sent in any case.
    deadline: Instant,
    events: VecDeque<DeviceEvent>,
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

enum Next {
    Send(DeviceEvent),
    /// Look whether this device has listeners.
    Ask(u64),
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

    /// Keeps the events of a device, which is about to be created, until it has the listeners of its predecessor;
    /// then its state is sent, too. cppTango moves the listeners some time after it has created the device, without
    /// a sign of it, and events that are sent before that are lost.
    pub fn wait_for_listeners(&self, device: u64) {
        let now = Instant::now();
        let mut backlog = self.backlog();
        if !backlog.closed {
            backlog.new_devices.push(NewDevice {
                device,
                due: now,
                deadline: now + LISTENERS_TIME,
                events: VecDeque::new(),
            });
            self.changed.notify_one();
        }
    }

    /// Sends events until [`close`](EventSender::close). `current_state` returns the state of a new device that
    /// still exists.
    pub fn run(&self, current_state: impl Fn(u64) -> Option<Change>) {
        while let Some(next) = self.next() {
            match next {
                Next::Send(event) => push(&event),
                Next::Ask(device) => {
                    // A device that no longer exists has no listeners, and no state.
                    let has_listeners = shim::has_listeners(device).unwrap_or(true);
                    let Some(events) = self.take_new(device, has_listeners) else {
                        continue;
                    };
                    events.iter().for_each(push);
                    let is_state = |event: &DeviceEvent| matches!(event.change, Change::State(..));
                    if !events.iter().any(is_state)
                        && let Some(change) = current_state(device)
                    {
                        push(&DeviceEvent { device, change });
                    }
                }
            }
        }
    }

    /// Returns all events so far of a new device that has its listeners, or has waited for them for too long.
    fn take_new(&self, device: u64, has_listeners: bool) -> Option<VecDeque<DeviceEvent>> {
        let mut backlog = self.backlog();
        let mut devices = backlog.new_devices.iter();
        let index = devices.position(|new| new.device == device)?;
        if !has_listeners && Instant::now() < backlog.new_devices[index].deadline {
            return None;
        }
        let mut events = backlog.new_devices.swap_remove(index).events;
        let waiting = backlog.events.drain(..);
        let (its, others): (VecDeque<_>, _) = waiting.partition(|event| event.device == device);
        backlog.events = others;
        events.extend(its);
        Some(events)
    }

    /// Ends [`run`](EventSender::run), and drops all events from now on.
    pub fn close(&self) {
        let mut backlog = self.backlog();
        backlog.closed = true;
        backlog.events.clear();
        backlog.new_devices.clear();
        self.changed.notify_one();
    }

    fn next(&self) -> Option<Next> {
        let mut backlog = self.backlog();
        loop {
            let now = Instant::now();
            if let Some(new) = backlog.new_devices.iter_mut().find(|new| new.due <= now) {
                new.due = now + LISTENERS_POLL;
                return Some(Next::Ask(new.device));
            }
            if let Some(event) = backlog.events.pop_front() {
                let mut devices = backlog.new_devices.iter_mut();
                match devices.find(|new| new.device == event.device) {
                    None => return Some(Next::Send(event)),
                    Some(new) => new.keep(event),
                }
                continue;
            }
            if backlog.closed {
                return None;
            }
            backlog.overflows = false;
            backlog = match backlog.new_devices.iter().map(|new| new.due).min() {
                Some(due) => {
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

impl NewDevice {
    fn keep(&mut self, event: DeviceEvent) {
        if self.events.len() >= CAPACITY {
            self.events.pop_front();
        }
        self.events.push_back(event);
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
