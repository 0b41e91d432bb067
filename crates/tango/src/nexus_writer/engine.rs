//! What works for a device, and goes on when the device is made again.

mod control;
mod run;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::atomic::{AtomicI16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub::Event;
use tracing::warn;
use writer::records::Records;
use writer::subscriber::with_causes;

use super::house::House;
use super::properties::Properties;
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::value::DevState;
pub use run::Run;
use run::RunError;

/// Listens for one device, on the hub of the [`House`]. What it is asked from other threads is answered
/// there, without that hub.
pub struct Engine {
    name: String,
    house: Arc<House>,
    records: Records,
    life: Mutex<Life>,
    context: Mutex<Option<DeviceContext>>,
    /// Something is new to clients.
    changed: Event,
    profile: AtomicI16,
}

struct Life {
    state: DevState,
    status: String,
    /// The last ones that could be read.
    properties: Option<Properties>,
    run: Option<Run>,
    /// It was stopped: what was created meanwhile is not for the next run.
    only_new: bool,
    /// The process ends: nothing is started any more.
    closing: bool,
}

impl Engine {
    /// An engine that does not listen yet.
    ///
    /// # Errors
    /// If the hub has ended.
    pub fn new(name: &str, house: Arc<House>) -> Result<Arc<Engine>, DevFailed> {
        let engine = Arc::new(Engine {
            name: name.to_owned(),
            house,
            records: Records::default(),
            life: Mutex::new(Life {
                state: DevState::Init,
                status: "instantiation".to_owned(),
                properties: None,
                run: None,
                only_new: false,
                closing: false,
            }),
            context: Mutex::new(None),
            changed: Event::new(),
            profile: AtomicI16::new(0),
        });
        let watched = engine.clone();
        engine
            .launch(move || watch::watch(watched))
            .map_err(control::failed)?;
        Ok(engine)
    }

    /// Name of the device.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The state of the device; RUNNING as long as scans are being saved.
    pub fn state(&self) -> DevState {
        let state = self.life().state;
        match state {
            DevState::On if self.is_saving() => DevState::Running,
            state => state,
        }
    }

    /// Its state in words.
    pub fn status(&self) -> String {
        self.life().status.clone()
    }

    /// Whether any scan is being saved.
    pub fn is_saving(&self) -> bool {
        self.records.running() > 0
    }

    /// The scans that are remembered.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// What is shared with other devices.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// The properties with which it works, or did last.
    pub fn properties(&self) -> Option<Properties> {
        self.life().properties.clone()
    }

    /// The device that Tango knows, if there is one at the moment.
    pub fn device(&self) -> Option<DeviceContext> {
        self.context().clone()
    }

    /// Which profile was asked for.
    pub fn profile(&self) -> i16 {
        self.profile.load(Ordering::Relaxed)
    }

    /// Asks for a profile.
    pub fn set_profile(&self, profile: i16) {
        self.profile.store(profile, Ordering::Relaxed);
        self.changed.send();
    }

    /// How it listens, if it does.
    pub fn run(&self) -> Option<Run> {
        self.life().run.clone()
    }

    /// Scans are taken from now on.
    fn subscribed(&self) {
        self.come_to(DevState::On, "Subscribed to Redis");
    }

    /// The run has ended.
    fn ended(&self, end: Result<(), RunError>) {
        let (state, status) = match end {
            Ok(()) => (DevState::Off, "Finished succesfully".to_owned()),
            Err(error) => {
                let reason = with_causes(&error);
                warn!(device = self.name, "no scans are taken any more: {reason}");
                (DevState::Fault, reason)
            }
        };
        let mut life = self.life();
        life.run = None;
        life.come_to(state, &status);
        drop(life);
        self.changed.send();
    }

    fn come_to(&self, state: DevState, status: &str) {
        self.life().come_to(state, status);
        self.changed.send();
    }

    fn context(&self) -> MutexGuard<'_, Option<DeviceContext>> {
        self.context.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No code runs under the lock that could leave a life half changed, or that waits.
    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Life {
    fn come_to(&mut self, state: DevState, status: &str) {
        self.state = state;
        self.status = status.to_owned();
    }
}
