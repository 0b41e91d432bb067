//! What works for a device, and continues when the device is created again.

mod change_events;
mod control;
mod run;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicI16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub::Event;
use tracing::warn;
use writer::records::ScanRecords;
use writer::subscriber::with_causes;

use super::properties::WriterProperties;
use super::server_context::ServerContext;
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::value::DevState;
use run::RunError;
pub use run::SessionRun;

/// Saves the scans of the session of one device, on the hub of the [`ServerContext`]. Other threads get
/// answers without that hub.
pub struct SessionService {
    name: String,
    server_context: Arc<ServerContext>,
    records: ScanRecords,
    status: Mutex<ServiceStatus>,
    context: Mutex<Option<DeviceContext>>,
    /// Sent when something changes for clients.
    changed: Event,
    profile: AtomicI16,
}

struct ServiceStatus {
    state: DevState,
    status: String,
    /// The last properties that could be read.
    properties: Option<WriterProperties>,
    run: Option<SessionRun>,
    /// The service was stopped: the next run ignores scans that were created meanwhile.
    only_new: bool,
    /// The process ends: no run is started any more.
    closing: bool,
}

impl SessionService {
    /// Creates a service that does not listen yet.
    ///
    /// # Errors
    /// Fails if the hub has ended.
    pub fn new(
        name: &str,
        server_context: Arc<ServerContext>,
    ) -> Result<Arc<SessionService>, DevFailed> {
        let service = Arc::new(SessionService {
            name: name.to_owned(),
            server_context,
            records: ScanRecords::default(),
            status: Mutex::new(ServiceStatus {
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
        let observed = service.clone();
        service
            .spawn_on_hub(move || change_events::send_changes(observed))
            .map_err(control::failed)?;
        Ok(service)
    }

    /// Returns the name of the device.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the state of the device: RUNNING as long as scans are being saved.
    pub fn state(&self) -> DevState {
        let state = self.lock_status().state;
        match state {
            DevState::On if self.is_saving() => DevState::Running,
            state => state,
        }
    }

    /// Returns the state in words.
    pub fn status(&self) -> String {
        self.lock_status().status.clone()
    }

    /// Returns `true` if any scan is being saved.
    pub fn is_saving(&self) -> bool {
        self.records.running() > 0
    }

    /// Returns the scans that are remembered.
    pub fn records(&self) -> &ScanRecords {
        &self.records
    }

    /// Returns what the service shares with those of other devices.
    pub fn server_context(&self) -> &ServerContext {
        &self.server_context
    }

    /// Returns the properties with which the service works, or has worked last.
    pub fn properties(&self) -> Option<WriterProperties> {
        self.lock_status().properties.clone()
    }

    /// Returns the device as Tango knows it, if it exists at the moment.
    pub fn device(&self) -> Option<DeviceContext> {
        self.context().clone()
    }

    /// Returns the number of the profile that was asked for.
    pub fn profile(&self) -> i16 {
        self.profile.load(Ordering::Relaxed)
    }

    /// Asks for a profile.
    pub fn set_profile(&self, profile: i16) {
        self.profile.store(profile, Ordering::Relaxed);
        self.changed.send();
    }

    /// Returns the current run, if there is one.
    pub fn run(&self) -> Option<SessionRun> {
        self.lock_status().run.clone()
    }

    /// Notes that scans are taken from now on.
    fn set_subscribed(&self) {
        self.set_state(DevState::On, "Subscribed to Redis");
    }

    /// Notes that the run has ended.
    fn set_ended(&self, end: Result<(), RunError>) {
        let (state, status) = match end {
            Ok(()) => (DevState::Off, "Finished succesfully".to_owned()),
            Err(error) => {
                let reason = with_causes(&error);
                warn!(device = self.name, "no scans are taken any more: {reason}");
                (DevState::Fault, reason)
            }
        };
        let mut current = self.lock_status();
        current.run = None;
        current.set_state(state, &status);
        drop(current);
        self.changed.send();
    }

    fn set_state(&self, state: DevState, status: &str) {
        self.lock_status().set_state(state, status);
        self.changed.send();
    }

    fn context(&self) -> MutexGuard<'_, Option<DeviceContext>> {
        self.context.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No code that holds this lock can leave the status half changed, or waits.
    fn lock_status(&self) -> MutexGuard<'_, ServiceStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServiceStatus {
    fn set_state(&mut self, state: DevState, status: &str) {
        self.state = state;
        self.status = status.to_owned();
    }
}
