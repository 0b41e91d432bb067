//! What the threads of Tango share: the state of the one server of this process.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use hub::AsyncResult;

use crate::device::DeviceFactory;
use crate::server::devices::Devices;
use crate::server::error::{DeviceServerError, StartError};
use crate::server::outbox::{News, Outbox};
use crate::server::presence::Presence;
use crate::shim;

/// cppTango knows one server in a process, once.
static CORE: OnceLock<Core> = OnceLock::new();

pub struct Core {
    pub devices: Devices,
    pub outbox: Outbox,
    pub presence: Presence,
    pub ready: AsyncResult<(), DeviceServerError>,
    pub ended: AsyncResult<(), DeviceServerError>,
    progress: Mutex<Progress>,
}

struct Progress {
    phase: Phase,
    ending: bool,
    /// Why it cannot serve. Told when all is cleaned up: who hears of it may end the process.
    failure: Option<DeviceServerError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is there yet that has to be cleaned up.
    Connecting,
    Making,
    Serving,
    Ended,
}

/// The server of this process, if there is or was one.
pub fn get() -> Option<&'static Core> {
    CORE.get()
}

impl Core {
    /// The only one.
    pub fn install(factories: Vec<Arc<dyn DeviceFactory>>) -> Result<&'static Core, StartError> {
        let core = Core {
            devices: Devices::new(factories),
            outbox: Outbox::default(),
            presence: Presence::default(),
            ready: AsyncResult::new(),
            ended: AsyncResult::new(),
            progress: Mutex::new(Progress {
                phase: Phase::Connecting,
                ending: false,
                failure: None,
            }),
        };
        let mut is_first = false;
        let core = CORE.get_or_init(|| {
            is_first = true;
            core
        });
        match is_first {
            true => Ok(core),
            false => Err(StartError::AlreadyStarted),
        }
    }

    /// A device appears.
    pub fn make(&self, class_index: u32, id: u64, name: String) {
        self.devices.make(class_index, id, name);
        if self.progress().phase == Phase::Serving {
            self.outbox.introduce(id);
        }
    }

    /// How a device is that was introduced.
    pub fn news(&self, id: u64) -> Option<News> {
        let (state, status) = (self.devices.state(id).ok()?, self.devices.status(id).ok()?);
        Some(News::State(state, status))
    }

    /// The database was found, or is not needed; false if the server shall end.
    pub fn connected(&self) -> bool {
        let mut progress = self.progress();
        progress.phase = Phase::Making;
        !progress.ending
    }

    /// Devices are exported; false if the server shall end.
    pub fn serving(&self) -> bool {
        let failure = self.devices.all_failed();
        {
            let mut progress = self.progress();
            progress.phase = Phase::Serving;
            progress.failure = failure;
            if progress.ending || progress.failure.is_some() {
                // Whoever asks for the end from now on asks for what happens anyway.
                progress.ending = true;
                return false;
            }
        }
        // What looks after servers waits for this line.
        let mut output = io::stdout().lock();
        let told = writeln!(output, "Ready to accept request").and_then(|()| output.flush());
        if let Err(error) = told {
            tracing::warn!("cannot tell on standard output that the server is ready: {error}");
        }
        self.ready.set(Ok(()));
        true
    }

    /// Whether clients are served.
    pub fn serves(&self) -> bool {
        let progress = self.progress();
        progress.phase == Phase::Serving && !progress.ending
    }

    /// Ends the server, without waiting for it.
    pub fn end(&'static self) {
        let phase = {
            let mut progress = self.progress();
            if progress.ending {
                return;
            }
            progress.ending = true;
            progress.phase
        };
        match phase {
            // cppTango cannot be told, and has nothing that is to be cleaned up.
            Phase::Connecting => self.over(Ok(())),
            Phase::Making | Phase::Ended => {}
            Phase::Serving => {
                // It waits for others who have the administration of the server in hand.
                let thread = thread::Builder::new().name("tango-end".to_owned());
                if let Err(error) = thread.spawn(|| self.end_now()) {
                    tracing::warn!("no thread to end the Tango server: {error}");
                    self.end_now();
                }
            }
        }
    }

    fn end_now(&self) {
        while !self.ended.ready() && !shim::server::end().unwrap_or(false) {
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The thread of the server has ended.
    pub fn left(&self, outcome: Result<(), DeviceServerError>) {
        let failure = {
            let mut progress = self.progress();
            progress.phase = Phase::Ended;
            progress.failure.take()
        };
        // Those that Tango itself did not come to.
        self.devices.remove_all();
        self.over(failure.map_or(outcome, Err));
    }

    fn over(&self, outcome: Result<(), DeviceServerError>) {
        self.outbox.close();
        self.presence.close();
        self.ready
            .set(outcome.clone().and(Err(DeviceServerError::Stopped)));
        self.ended.set(outcome);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
