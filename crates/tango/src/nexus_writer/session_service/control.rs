//! The requests of clients to a service. Threads of Tango call all of them.

use std::sync::Arc;
use std::time::Duration;

use hub::CallError;
use tracing::{info, warn};
use writer::subscriber::with_causes;

use super::run::{self, SessionRun};
use super::{SessionService, WriterProperties};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::nexus_writer::properties::PropertiesError;
use crate::value::DevState;

/// How long a client waits: longer than the timeout of any client, because an error would abort the scan, and
/// a timeout does not.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

const ORIGIN: &str = "NexusWriter";

impl SessionService {
    /// Starts a run, and returns before it listens. A run that listens continues; a run in FAULT that waits
    /// for Redis is replaced.
    ///
    /// # Errors
    /// Fails if the properties are wrong, or the server ends.
    pub fn start(
        self: &Arc<SessionService>,
        read: impl FnOnce() -> Result<WriterProperties, PropertiesError>,
    ) -> Result<(), DevFailed> {
        if let Some(run) = self.run() {
            let fails = self.state() == DevState::Fault;
            if !run.stop.is_set() && !fails {
                return Ok(());
            }
            run.stop.send();
            wait_for(&run)?;
        }
        let properties = self.apply_properties(read())?;
        self.begin(properties)
    }

    /// Takes no more scans, and later not those that are created meanwhile, which BLISS refuses to run.
    ///
    /// # Errors
    /// Fails while scans are being saved, and if it takes too long.
    pub fn stop(&self) -> Result<(), DevFailed> {
        let listened = self.run().is_some();
        self.stop_listening()?;
        self.lock_status().only_new |= listened;
        Ok(())
    }

    fn stop_listening(&self) -> Result<(), DevFailed> {
        if self.is_saving() {
            let text = "Cannot stop session subscriber when scans are running";
            return Err(DevFailed::python("RuntimeError", text, ORIGIN));
        }
        match self.run() {
            None => Ok(()),
            Some(run) => {
                run.stop.send();
                wait_for(&run)
            }
        }
    }

    /// Stops, and starts anew. Scans stay remembered, and no scan in between is missed.
    ///
    /// # Errors
    /// Fails as [`stop`](SessionService::stop) and [`start`](SessionService::start).
    pub fn restart(
        self: &Arc<SessionService>,
        read: impl FnOnce() -> Result<WriterProperties, PropertiesError>,
    ) -> Result<(), DevFailed> {
        self.stop_listening()?;
        self.start(read)
    }

    /// Connects the service to its device, which was created for the first time, or again.
    ///
    /// Scans that are being saved are not disturbed, whatever the properties of the device are now. The run
    /// is not disturbed if the properties are the same as before.
    ///
    /// # Errors
    /// Fails if the properties are wrong, and nothing is being saved.
    pub fn attach_device(
        self: &Arc<SessionService>,
        context: &DeviceContext,
        read: Result<WriterProperties, PropertiesError>,
    ) -> Result<(), DevFailed> {
        *self.context() = Some(context.clone());
        self.changed.send();
        if self.is_saving() {
            info!(device = self.name, "scans are being saved: they go on");
            return Ok(());
        }
        let before = self.properties();
        let properties = self.apply_properties(read)?;
        if before.is_some_and(|before| before != properties) {
            match self.stop_listening() {
                // A scan has appeared meanwhile.
                Err(_) if self.is_saving() => return Ok(()),
                stopped => stopped?,
            }
        }
        self.start(|| Ok(properties))
    }

    /// Disconnects the service from a device that is removed. The device may be created again.
    pub fn detach_device(&self, context: &DeviceContext) {
        let mut current = self.context();
        // Its successor may be connected already.
        if current
            .as_ref()
            .is_some_and(|device| device.id == context.id)
        {
            *current = None;
        }
        drop(current);
        self.changed.send();
    }

    /// Takes no more scans because the device was not created again, unless some are being saved.
    pub(super) fn stop_without_device(&self) {
        if let Some(run) = self.run().filter(|_| !self.is_saving()) {
            info!(device = self.name, "the device is gone");
            run.stop.send();
        }
    }

    /// Takes no more scans until the process ends. Returns the run whose end has to be waited for.
    pub fn shut_down(&self) -> Option<SessionRun> {
        let mut status = self.lock_status();
        status.closing = true;
        status.run.clone().inspect(|run| run.stop.send())
    }

    fn begin(self: &Arc<SessionService>, properties: WriterProperties) -> Result<(), DevFailed> {
        let (begun, only_new) = {
            let mut status = self.lock_status();
            if status.closing {
                let text = "The server is being stopped";
                return Err(DevFailed::python("RuntimeError", text, ORIGIN));
            }
            if status.run.is_some() {
                // Another thread has started one.
                return Ok(());
            }
            status.set_state(DevState::Init, "Starting");
            let run = status.run.insert(SessionRun::default()).clone();
            (run, std::mem::take(&mut status.only_new))
        };
        self.changed.send();
        let service = self.clone();
        self.spawn_on_hub(move || run::run(service, begun, properties, only_new))
            .map_err(|error| {
                self.set_ended(Err(error.clone().into()));
                failed(error)
            })
    }

    /// Stores properties. With wrong ones, the service stops working.
    fn apply_properties(
        &self,
        read: Result<WriterProperties, PropertiesError>,
    ) -> Result<WriterProperties, DevFailed> {
        let accepted = match read {
            Ok(properties) => self.server_context.accept(&properties).map(|()| properties),
            Err(PropertiesError::Invalid(error)) => Err(error),
            Err(PropertiesError::Database(error)) => self.last_properties(&with_causes(&error)),
        };
        match &accepted {
            Ok(properties) => self.lock_status().properties = Some(properties.clone()),
            Err(error) => match self.run() {
                // The run listens to another session than it should.
                Some(run) => run.stop.send(),
                None => self.set_state(DevState::Fault, error.to_string().trim_end()),
            },
        }
        accepted
    }

    /// Returns the last known properties, for use while the database cannot be asked.
    fn last_properties(&self, reason: &str) -> Result<WriterProperties, DevFailed> {
        let known = self.properties();
        if known.is_some() {
            warn!(
                device = self.name,
                "the properties stay as they were: {reason}"
            );
        }
        known.ok_or_else(|| DevFailed::python("RuntimeError", reason, ORIGIN))
    }

    pub(super) fn spawn_on_hub<F, W>(&self, work: F) -> Result<(), CallError>
    where
        F: FnOnce() -> W + Send + 'static,
        W: Future<Output = ()> + 'static,
    {
        self.server_context
            .launcher
            .spawn(work)
            .map(hub::Greenlet::detach)
    }
}

fn wait_for(run: &SessionRun) -> Result<(), DevFailed> {
    match run.ended.wait_blocking(Some(CLIENT_TIMEOUT)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(DevFailed::unanswered()),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn failed(error: impl std::fmt::Display) -> DevFailed {
    DevFailed::python("RuntimeError", error, ORIGIN)
}
