//! What clients have an engine do. All of it is called by threads of Tango.

use std::sync::Arc;
use std::time::Duration;

use hub::CallError;
use tracing::{info, warn};
use writer::subscriber::with_causes;

use super::run::{self, Run};
use super::{Engine, Properties};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::nexus_writer::properties::Unread;
use crate::value::DevState;

/// How long a client is kept waiting: longer than any client waits, because an error would cost the
/// scan, and silence does not.
const PATIENCE: Duration = Duration::from_secs(10);

const ORIGIN: &str = "NexusWriter";

impl Engine {
    /// Starts to listen, and returns before that is done. Whoever listens goes on; one in FAULT that
    /// waits for Redis begins anew.
    ///
    /// # Errors
    /// If the properties are wrong, or the server ends.
    pub fn start(
        self: &Arc<Engine>,
        read: impl FnOnce() -> Result<Properties, Unread>,
    ) -> Result<(), DevFailed> {
        if let Some(run) = self.run() {
            let fails = self.state() == DevState::Fault;
            if !run.stop.is_set() && !fails {
                return Ok(());
            }
            run.stop.send();
            wait_for(&run)?;
        }
        let properties = self.settle(read())?;
        self.begin(properties)
    }

    /// Takes no more scans, also not later those that are created meanwhile: BLISS refuses to run them.
    ///
    /// # Errors
    /// While scans are being saved; and if it takes too long.
    pub fn stop(&self) -> Result<(), DevFailed> {
        let listened = self.run().is_some();
        self.halt()?;
        self.life().only_new |= listened;
        Ok(())
    }

    fn halt(&self) -> Result<(), DevFailed> {
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

    /// Stops, and starts anew. Scans that are remembered stay so, and none is missed in between.
    ///
    /// # Errors
    /// As of [`stop`](Engine::stop) and [`start`](Engine::start).
    pub fn restart(
        self: &Arc<Engine>,
        read: impl FnOnce() -> Result<Properties, Unread>,
    ) -> Result<(), DevFailed> {
        self.halt()?;
        self.start(read)
    }

    /// A device of this name is there: for the first time, or again.
    ///
    /// Scans that are being saved are not disturbed, whatever its properties say now. Neither is
    /// the listening, if they say the same as before.
    ///
    /// # Errors
    /// If the properties are wrong, and nothing is being saved.
    pub fn adopt(
        self: &Arc<Engine>,
        context: &DeviceContext,
        read: Result<Properties, Unread>,
    ) -> Result<(), DevFailed> {
        *self.context() = Some(context.clone());
        self.changed.send();
        if self.is_saving() {
            info!(device = self.name, "scans are being saved: they go on");
            return Ok(());
        }
        let before = self.properties();
        let properties = self.settle(read)?;
        if before.is_some_and(|before| before != properties) {
            match self.halt() {
                // One has appeared meanwhile.
                Err(_) if self.is_saving() => return Ok(()),
                stopped => stopped?,
            }
        }
        self.start(|| Ok(properties))
    }

    /// The device goes. It may be made again.
    pub fn disown(&self, context: &DeviceContext) {
        let mut current = self.context();
        // Another one may have taken its place already.
        if current
            .as_ref()
            .is_some_and(|device| device.id == context.id)
        {
            *current = None;
        }
        drop(current);
        self.changed.send();
    }

    /// Nobody has the device made again: takes no more scans, unless some are being saved.
    pub(super) fn abandon(&self) {
        if let Some(run) = self.run().filter(|_| !self.is_saving()) {
            info!(device = self.name, "the device is gone");
            run.stop.send();
        }
    }

    /// Takes no more scans for as long as the process lives; the run that is to be waited for.
    pub fn close(&self) -> Option<Run> {
        let mut life = self.life();
        life.closing = true;
        life.run.clone().inspect(|run| run.stop.send())
    }

    fn begin(self: &Arc<Engine>, properties: Properties) -> Result<(), DevFailed> {
        let (begun, only_new) = {
            let mut life = self.life();
            if life.closing {
                let text = "The server is being stopped";
                return Err(DevFailed::python("RuntimeError", text, ORIGIN));
            }
            if life.run.is_some() {
                // Somebody else was quicker.
                return Ok(());
            }
            life.come_to(DevState::Init, "Starting");
            let run = life.run.insert(Run::default()).clone();
            (run, std::mem::take(&mut life.only_new))
        };
        self.changed.send();
        let engine = self.clone();
        self.launch(move || run::run(engine, begun, properties, only_new))
            .map_err(|error| {
                self.ended(Err(error.clone().into()));
                failed(error)
            })
    }

    /// Takes over properties. Those that are wrong cost the device its work.
    fn settle(&self, read: Result<Properties, Unread>) -> Result<Properties, DevFailed> {
        let accepted = match read {
            Ok(properties) => self.house.accept(&properties).map(|()| properties),
            Err(Unread::Wrong(error)) => Err(error),
            Err(Unread::Database(error)) => self.known(&with_causes(&error)),
        };
        match &accepted {
            Ok(properties) => self.life().properties = Some(properties.clone()),
            Err(error) => match self.run() {
                // What it listens to is not what it should.
                Some(run) => run.stop.send(),
                None => self.come_to(DevState::Fault, error.to_string().trim_end()),
            },
        }
        accepted
    }

    /// The properties of the last time, for one when the database is away.
    fn known(&self, reason: &str) -> Result<Properties, DevFailed> {
        let known = self.properties();
        if known.is_some() {
            warn!(
                device = self.name,
                "the properties stay as they were: {reason}"
            );
        }
        known.ok_or_else(|| DevFailed::python("RuntimeError", reason, ORIGIN))
    }

    pub(super) fn launch<F, W>(&self, work: F) -> Result<(), CallError>
    where
        F: FnOnce() -> W + Send + 'static,
        W: Future<Output = ()> + 'static,
    {
        self.house.launcher.spawn(work).map(hub::Greenlet::detach)
    }
}

fn wait_for(run: &Run) -> Result<(), DevFailed> {
    match run.ended.wait_blocking(Some(PATIENCE)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(DevFailed::unanswered()),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn failed(error: impl std::fmt::Display) -> DevFailed {
    DevFailed::python("RuntimeError", error, ORIGIN)
}
