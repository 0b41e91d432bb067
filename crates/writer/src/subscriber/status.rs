//! The state of a subscriber and the transitions that are allowed.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
}

struct Life {
    state: State,
    running: bool,
    fault: Option<Fault>,
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
            started: Some(Instant::now()),
            ended: None,
            span,
        };
        // A stop or kill that came before the start counts: nothing is lost between the two.
        self.done.clear();
        self.settled.clear();
        Ok(())
    }

    pub fn ready(&self) {
        let mut life = self.life();
        if life.state == State::Init && life.running {
            life.come_to(State::On);
            self.settled.send();
        }
    }

    pub fn kill(&self, reason: String) {
        let mut life = self.life();
        if life.ended.is_none() && life.fault.is_none() {
            life.fault = Some(Fault::Killed(reason));
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
        if let Err(fault) = end {
            life.fault.get_or_insert(fault);
        }
        let state = match life.fault {
            Some(_) => State::Fault,
            None => State::Off,
        };
        life.come_to(state);
        life.running = false;
        life.ended = Some(Instant::now());
        drop(life);
        self.stopping.clear();
        self.killed.clear();
        self.settled.send();
        self.done.send();
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
