//! The state of a subscriber and the transitions that are allowed.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Local};
use hub::Event;
use tracing::Span;
use tracing::field::display;

use super::Fault;

/// Where a subscriber stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not started, or started and not yet subscribed.
    Init,
    /// Listening.
    On,
    /// Ended as it should.
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

/// A subscriber was asked for what its state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subscriber that is {0} cannot be started")]
pub struct IllegalTransition(pub State);

/// What all handles of a subscriber share.
pub struct Status {
    life: Mutex<Life>,
    pub stopping: Event,
    pub killed: Event,
    /// Sent when the subscription stands, and at the end.
    pub settled: Event,
    pub done: Event,
    observer: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// When a subscriber came how far, by the clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// The subscription stood.
    pub began: Option<DateTime<Local>>,
    /// Everything was over.
    pub ended: Option<DateTime<Local>>,
}

struct Life {
    state: State,
    running: bool,
    fault: Option<Fault>,
    times: Times,
    started: Option<Instant>,
    ended: Option<Instant>,
    span: Span,
}

impl Life {
    fn come_to(&mut self, state: State) {
        self.state = state;
        self.span.record("state", display(state));
    }
}

impl Status {
    pub fn new() -> Status {
        let life = Life {
            state: State::Init,
            running: false,
            fault: None,
            times: Times::default(),
            started: None,
            ended: None,
            span: Span::none(),
        };
        Status {
            life: Mutex::new(life),
            stopping: Event::new(),
            killed: Event::new(),
            settled: Event::new(),
            done: Event::new(),
            observer: OnceLock::new(),
        }
    }

    /// Has a function called after every change of state. False if there is one already.
    pub fn observe(&self, observer: impl Fn() + Send + Sync + 'static) -> bool {
        self.observer.set(Box::new(observer)).is_ok()
    }

    /// Whoever is told looks at us: never under the lock.
    fn tell(&self) {
        if let Some(observer) = self.observer.get() {
            observer();
        }
    }

    pub fn start(&self, span: Span) -> Result<(), IllegalTransition> {
        let mut life = self.life();
        match life.state {
            State::Init | State::Off if !life.running => {}
            state => return Err(IllegalTransition(state)),
        }
        *life = Life {
            state: State::Init,
            running: true,
            fault: None,
            times: Times::default(),
            started: Some(Instant::now()),
            ended: None,
            span,
        };
        // A stop or kill that came before the start counts: nothing is lost between the two.
        self.done.clear();
        self.settled.clear();
        drop(life);
        self.tell();
        Ok(())
    }

    pub fn ready(&self) {
        let mut life = self.life();
        if life.state == State::Init && life.running {
            life.times.began = Some(Local::now());
            life.come_to(State::On);
            drop(life);
            self.settled.send();
            self.tell();
        }
    }

    pub fn kill(&self, fault: Fault) {
        let mut life = self.life();
        if life.ended.is_none() && life.fault.is_none() {
            life.fault = Some(fault);
        }
        drop(life);
        self.killed.send();
    }

    /// The fault of a subscriber that was killed.
    pub fn alive(&self) -> Result<(), Fault> {
        match self.killed.is_set() {
            false => Ok(()),
            true => Err(self
                .fault()
                .unwrap_or(Fault::Killed("no reason was given".to_owned()))),
        }
    }

    pub fn end(&self, end: Result<(), Fault>) {
        let mut life = self.life();
        let state = match end {
            Ok(()) => {
                // Whoever gave it up came too late: it had all been done.
                life.fault = None;
                State::Off
            }
            Err(fault) => {
                life.fault.get_or_insert(fault);
                State::Fault
            }
        };
        life.running = false;
        life.ended = Some(Instant::now());
        life.times.ended = Some(Local::now());
        life.come_to(state);
        drop(life);
        self.stopping.clear();
        self.killed.clear();
        self.settled.send();
        self.done.send();
        self.tell();
    }

    pub fn times(&self) -> Times {
        self.life().times
    }

    /// What clients are told beside the state, in the words of `blisswriter` 2.0.0.
    pub fn reason(&self) -> String {
        let life = self.life();
        match (life.state, &life.fault) {
            (State::Init, _) if life.started.is_none() => "instantiation".to_owned(),
            (State::Init, _) => "Starting".to_owned(),
            (State::On, _) => "Subscribed to Redis".to_owned(),
            (State::Off, _) => "Finished succesfully".to_owned(),
            (State::Fault, Some(fault)) => fault.to_string(),
            (State::Fault, None) => "the reason is not known".to_owned(),
        }
    }

    pub fn span(&self) -> Span {
        self.life().span.clone()
    }

    pub fn state(&self) -> State {
        self.life().state
    }

    pub fn fault(&self) -> Option<Fault> {
        self.life().fault.clone()
    }

    pub fn duration(&self) -> Option<Duration> {
        let life = self.life();
        let started = life.started?;
        Some(
            life.ended
                .unwrap_or_else(Instant::now)
                .duration_since(started),
        )
    }

    /// No code runs under the lock that could leave a life half changed, so a poisoned one is whole.
    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
