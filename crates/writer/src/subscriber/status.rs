//! The state of a subscriber and the transitions that are allowed.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Local};
use hub::Event;
use tracing::Span;
use tracing::field::display;

use super::Fault;

/// State of a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not started, or started and not yet subscribed.
    Init,
    /// Listening.
    On,
    /// Ended without a fault.
    Off,
    /// Ended with a [`Fault`].
    Fault,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            State::Init => "INIT",
            State::On => "ON",
            State::Off => "OFF",
            State::Fault => "FAULT",
        })
    }
}

/// A subscriber cannot be started in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subscriber that is {0} cannot be started")]
pub struct IllegalTransition(pub State);

/// The state that all handles of a subscriber share.
pub struct Status {
    lifecycle: Mutex<Lifecycle>,
    pub stopping: Event,
    pub killed: Event,
    /// Sent when the subscriber is ON, and at the end.
    pub settled: Event,
    pub done: Event,
    observer: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Times of a subscriber, by the clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// When the subscriber was ON.
    pub began: Option<DateTime<Local>>,
    /// When it ended.
    pub ended: Option<DateTime<Local>>,
}

struct Lifecycle {
    state: State,
    running: bool,
    fault: Option<Fault>,
    /// What the subscriber waits for while it is ON, if it cannot work at present.
    waiting: Option<String>,
    times: Times,
    started: Option<Instant>,
    ended: Option<Instant>,
    span: Span,
}

impl Lifecycle {
    fn set_state(&mut self, state: State) {
        self.state = state;
        self.span.record("state", display(state));
    }
}

impl Status {
    pub fn new() -> Status {
        let lifecycle = Lifecycle {
            state: State::Init,
            running: false,
            fault: None,
            waiting: None,
            times: Times::default(),
            started: None,
            ended: None,
            span: Span::none(),
        };
        Status {
            lifecycle: Mutex::new(lifecycle),
            stopping: Event::new(),
            killed: Event::new(),
            settled: Event::new(),
            done: Event::new(),
            observer: OnceLock::new(),
        }
    }

    /// Sets a function that is called after every change of state. Returns `false` if one is set already.
    pub fn observe(&self, observer: impl Fn() + Send + Sync + 'static) -> bool {
        self.observer.set(Box::new(observer)).is_ok()
    }

    /// Calls the observer. Must not be called under the lock, because the observer reads the status.
    fn notify(&self) {
        if let Some(observer) = self.observer.get() {
            observer();
        }
    }

    pub fn start(&self, span: Span) -> Result<(), IllegalTransition> {
        let mut lifecycle = self.lifecycle();
        match lifecycle.state {
            State::Init | State::Off if !lifecycle.running => {}
            state => return Err(IllegalTransition(state)),
        }
        *lifecycle = Lifecycle {
            state: State::Init,
            running: true,
            fault: None,
            waiting: None,
            times: Times::default(),
            started: Some(Instant::now()),
            ended: None,
            span,
        };
        // A stop or kill before the start stays in force, so `stopping` and `killed` are not cleared.
        self.done.clear();
        self.settled.clear();
        drop(lifecycle);
        self.notify();
        Ok(())
    }

    pub fn ready(&self) {
        let mut lifecycle = self.lifecycle();
        if lifecycle.state == State::Init && lifecycle.running {
            lifecycle.times.began = Some(Local::now());
            lifecycle.set_state(State::On);
            drop(lifecycle);
            self.settled.send();
            self.notify();
        }
    }

    /// Sets what the subscriber waits for, or that it works again.
    pub fn set_waiting(&self, waiting: Option<String>) {
        let mut lifecycle = self.lifecycle();
        if lifecycle.waiting != waiting {
            lifecycle.waiting = waiting;
            drop(lifecycle);
            self.notify();
        }
    }

    /// Returns what the subscriber waits for, if it cannot work at present.
    pub fn waiting(&self) -> Option<String> {
        self.lifecycle().waiting.clone()
    }

    pub fn kill(&self, fault: Fault) {
        let mut lifecycle = self.lifecycle();
        if lifecycle.ended.is_none() && lifecycle.fault.is_none() {
            lifecycle.fault = Some(fault);
        }
        drop(lifecycle);
        self.killed.send();
    }

    /// Returns the fault of a subscriber that was killed as an error.
    pub fn check_killed(&self) -> Result<(), Fault> {
        match self.killed.is_set() {
            false => Ok(()),
            true => Err(self
                .fault()
                .unwrap_or(Fault::Killed("no reason was given".to_owned()))),
        }
    }

    pub fn end(&self, end: Result<(), Fault>) {
        let mut lifecycle = self.lifecycle();
        let state = match end {
            Ok(()) => {
                // A kill that came too late does not count: all work was done.
                lifecycle.fault = None;
                State::Off
            }
            Err(fault) => {
                lifecycle.fault.get_or_insert(fault);
                State::Fault
            }
        };
        lifecycle.running = false;
        lifecycle.waiting = None;
        lifecycle.ended = Some(Instant::now());
        lifecycle.times.ended = Some(Local::now());
        lifecycle.set_state(state);
        drop(lifecycle);
        self.stopping.clear();
        self.killed.clear();
        self.settled.send();
        self.done.send();
        self.notify();
    }

    pub fn times(&self) -> Times {
        self.lifecycle().times
    }

    /// Returns the text that clients see beside the state, in the words of `blisswriter` 2.0.0.
    pub fn reason(&self) -> String {
        let lifecycle = self.lifecycle();
        if let (State::On, Some(waiting)) = (lifecycle.state, &lifecycle.waiting) {
            return waiting.clone();
        }
        match (lifecycle.state, &lifecycle.fault) {
            (State::Init, _) if lifecycle.started.is_none() => "instantiation".to_owned(),
            (State::Init, _) => "Starting".to_owned(),
            (State::On, _) => "Subscribed to Redis".to_owned(),
            (State::Off, _) => "Finished succesfully".to_owned(),
            (State::Fault, Some(fault)) => fault.to_string(),
            (State::Fault, None) => "the reason is not known".to_owned(),
        }
    }

    pub fn span(&self) -> Span {
        self.lifecycle().span.clone()
    }

    pub fn state(&self) -> State {
        self.lifecycle().state
    }

    pub fn fault(&self) -> Option<Fault> {
        self.lifecycle().fault.clone()
    }

    pub fn duration(&self) -> Option<Duration> {
        let lifecycle = self.lifecycle();
        let started = lifecycle.started?;
        Some(
            lifecycle
                .ended
                .unwrap_or_else(Instant::now)
                .duration_since(started),
        )
    }

    /// No code runs under the lock that could leave a lifecycle half changed, so a poisoned one is whole.
    fn lifecycle(&self) -> MutexGuard<'_, Lifecycle> {
        self.lifecycle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
