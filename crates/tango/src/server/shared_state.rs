//! The state of the one server of this process, which all threads of Tango share.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use hub::AsyncResult;
use observation::{Observation, TangoClass};

use crate::device::DeviceFactory;
use crate::failure::DevFailed;
use crate::server::devices::Devices;
use crate::server::error::{DeviceServerError, StartError};
use crate::server::event_sender::{Change, EventSender};
use crate::server::exports::ExportKeeper;
use crate::shim;

/// A process can run one server of cppTango, once.
static STATE: OnceLock<SharedState> = OnceLock::new();

pub struct SharedState {
    pub devices: Devices,
    pub events: EventSender,
    pub exports: ExportKeeper,
    pub ready: AsyncResult<(), DeviceServerError>,
    pub ended: AsyncResult<(), DeviceServerError>,
    lifecycle: Mutex<Lifecycle>,
    /// Where the calls of clients are counted, once there is somebody to count them.
    observation: OnceLock<Arc<Observation>>,
}

struct Lifecycle {
    phase: Phase,
    ending: bool,
    /// Why the server cannot serve. It is reported after everything is cleaned up: the process may end then.
    failure: Option<DeviceServerError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is nothing yet that has to be cleaned up.
    Connecting,
    CreatingDevices,
    Serving,
    /// The server has ended, and cppTango has cleaned up.
    Ended,
    /// The server did not start, and threads of cppTango still run.
    NotStarted,
}

/// Returns the state of the server of this process, if there is or was one.
pub fn get() -> Option<&'static SharedState> {
    STATE.get()
}

impl SharedState {
    /// Creates the state, of which there is one in a process.
    pub fn install(
        factories: Vec<Arc<dyn DeviceFactory>>,
    ) -> Result<&'static SharedState, StartError> {
        let state = SharedState {
            devices: Devices::new(factories),
            events: EventSender::default(),
            exports: ExportKeeper::default(),
            ready: AsyncResult::new(),
            ended: AsyncResult::new(),
            lifecycle: Mutex::new(Lifecycle {
                phase: Phase::Connecting,
                ending: false,
                failure: None,
            }),
            observation: OnceLock::new(),
        };
        let mut is_first = false;
        let state = STATE.get_or_init(|| {
            is_first = true;
            state
        });
        match is_first {
            true => Ok(state),
            false => Err(StartError::AlreadyStarted),
        }
    }

    /// Counts the calls of clients from now on, and reports whether the devices are exported.
    pub fn observe(&self, observation: &Arc<Observation>) {
        self.exports.report_to(observation);
        self.observation.get_or_init(|| observation.clone());
        if self.is_serving() {
            self.exports.note(Ok(()));
        }
    }

    /// Calls a device, and counts that.
    pub fn call<T>(
        &self,
        id: u64,
        call: impl FnOnce(&SharedState) -> Result<T, DevFailed>,
    ) -> Result<T, DevFailed> {
        let Some(observation) = self.observation.get() else {
            return call(self);
        };
        let class = match self.devices.get(id) {
            Ok(entry) => TangoClass::named(entry.class().name),
            Err(_) => TangoClass::Other,
        };
        let stopwatch = observation.stopwatch();
        let result = call(self);
        let figures = observation.tango.class(class);
        figures.ended(result.is_ok(), stopwatch);
        result
    }

    /// Creates a device.
    pub fn create_device(&self, class_index: u32, id: u64, name: String) {
        if self.lifecycle().phase == Phase::Serving {
            self.events.wait_for_listeners(id);
        }
        self.devices.create(class_index, id, name);
    }

    /// Returns the state of a device as an event, if the device still exists.
    pub fn state_of(&self, id: u64) -> Option<Change> {
        let (state, status) = (self.devices.state(id).ok()?, self.devices.status(id).ok()?);
        Some(Change::State(state, status))
    }

    /// Notes that the database was found, or is not needed. Returns `false` if the server has to end.
    pub fn set_connected(&self) -> bool {
        let mut lifecycle = self.lifecycle();
        lifecycle.phase = Phase::CreatingDevices;
        !lifecycle.ending
    }

    /// Notes that the devices are exported. Returns `false` if the server has to end.
    pub fn set_serving(&self) -> bool {
        let failure = self.devices.failure_of_all();
        {
            let mut lifecycle = self.lifecycle();
            lifecycle.phase = Phase::Serving;
            lifecycle.failure = failure;
            if lifecycle.ending || lifecycle.failure.is_some() {
                // The server ends in any case, so that later requests to stop have nothing to do.
                lifecycle.ending = true;
                return false;
            }
        }
        self.exports.note(Ok(()));
        // Programs that supervise device servers wait for this line.
        let mut output = io::stdout().lock();
        let written = writeln!(output, "Ready to accept request").and_then(|()| output.flush());
        if let Err(error) = written {
            tracing::warn!("cannot write to standard output that the server is ready: {error}");
        }
        self.ready.set(Ok(()));
        true
    }

    /// Returns `true` if clients are served.
    pub fn is_serving(&self) -> bool {
        let lifecycle = self.lifecycle();
        lifecycle.phase == Phase::Serving && !lifecycle.ending
    }

    /// Returns `true` if the server has ended, and cppTango has cleaned up.
    pub fn has_cleaned_up(&self) -> bool {
        self.lifecycle().phase == Phase::Ended
    }

    /// Ends the server, without waiting for its end.
    pub fn request_stop(&'static self) {
        let phase = {
            let mut lifecycle = self.lifecycle();
            if lifecycle.ending {
                return;
            }
            lifecycle.ending = true;
            lifecycle.phase
        };
        match phase {
            // cppTango cannot be interrupted, and has nothing that has to be cleaned up.
            Phase::Connecting => self.finish(Ok(())),
            Phase::CreatingDevices | Phase::Ended | Phase::NotStarted => {}
            Phase::Serving => {
                // To end the server waits for threads that use its device of administration.
                let thread = thread::Builder::new().name("tango-stop".to_owned());
                if let Err(error) = thread.spawn(|| self.stop()) {
                    tracing::warn!("no thread to end the Tango server: {error}");
                    self.stop();
                }
            }
        }
    }

    fn stop(&self) {
        while !self.ended.ready() && !shim::server::end().unwrap_or(false) {
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Notes that the thread of the server has ended.
    pub fn set_ended(&self, outcome: Result<(), DeviceServerError>) {
        let failure = {
            let mut lifecycle = self.lifecycle();
            lifecycle.phase = match lifecycle.phase {
                Phase::Serving => Phase::Ended,
                _ => Phase::NotStarted,
            };
            lifecycle.failure.take()
        };
        // cppTango may have left some.
        self.devices.remove_all();
        self.finish(failure.map_or(outcome, Err));
    }

    fn finish(&self, outcome: Result<(), DeviceServerError>) {
        self.events.close();
        self.exports.close();
        self.ready
            .set(outcome.clone().and(Err(DeviceServerError::Stopped)));
        self.ended.set(outcome);
    }

    fn lifecycle(&self) -> MutexGuard<'_, Lifecycle> {
        self.lifecycle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
