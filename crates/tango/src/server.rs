//! The device server: one in a process.
//!
//! cppTango serves each client in a thread of its own, and all at once: a command that takes long does not
//! delay clients that ask for the state. cppTango calls `callbacks`; events go to it through `event_sender`.

mod callbacks;
mod description;
mod devices;
mod error;
mod event_sender;
mod exports;
mod log;
mod panics;
mod reply;
mod shared_state;

use std::sync::Arc;
use std::thread;

use hub::AsyncResult;
use observation::Observation;

use crate::class::DeviceClass;
use crate::device::DeviceFactory;
use crate::server::shared_state::SharedState;
use crate::shim::{self, Text};

pub use error::{DeviceFailure, DeviceServerError, InvalidClass, StartError};
pub(crate) use event_sender::{Change, DeviceEvent};
pub use log::{TangoLogLevel, server_log_level, set_server_log_level};
pub(crate) use log::{level_of, set_level_of};

/// Seconds between two attempts to connect to the database.
const RETRY_PERIOD: i32 = 1;

/// The identity of a server, and how it starts.
#[derive(Debug, Clone)]
pub struct DeviceServerOptions {
    /// Name of the server in the Tango database, in front of the instance: `nexuswriter`.
    pub server: String,
    /// Name of the instance. The database lists the devices of each server and instance.
    pub instance: String,
    /// How much Tango logs to standard output, 1 to 5. `None`: nothing.
    pub verbosity: Option<u8>,
    /// Further arguments for cppTango: `-nodb`, `-dlist`, `-file=`, `-ORBendPoint`...
    pub arguments: Vec<String>,
    /// Waits for a database that cannot be reached at the start. Without this, cppTango ends the process.
    pub wait_for_database: bool,
}

/// The device server of this process.
///
/// cppTango blocks most signals in its threads, and waits for them in one of its own. A program that handles
/// signals has to do so before [`start`](DeviceServer::start), and needs a thread that is older than the server:
/// `SIGTERM` and `SIGINT` should call [`request_stop`](DeviceServer::request_stop), or the server stays in the
/// database as if it ran. `SIGHUP` and `SIGQUIT` would end the process as well.
///
/// cppTango itself ends the process, with exit code 255 and a line on standard error, if its arguments are
/// wrong, the database does not know the server, the server runs already, or the database cannot be reached
/// and the server does not wait for it. So nothing that must be cleaned up should be started before the
/// server is ready.
pub struct DeviceServer {
    state: &'static SharedState,
}

impl DeviceServer {
    /// Starts the thread of the server, `tango-orb`. [`wait_ready`](DeviceServer::wait_ready) returns whether
    /// it is ready.
    ///
    /// # Errors
    /// Fails if there is or was a server in this process, a class has types that are not supported together,
    /// an argument contains a zero, or the system has no threads left.
    pub fn start(
        options: DeviceServerOptions,
        factories: Vec<Arc<dyn DeviceFactory>>,
    ) -> Result<DeviceServer, StartError> {
        let classes: Vec<_> = factories.iter().map(|factory| factory.class()).collect();
        classes
            .iter()
            .try_for_each(|class| description::validate(class))?;
        let arguments = arguments(&options)?;
        let state = SharedState::install(factories)?;
        panics::install_hook();
        spawn("tango-events", || {
            state.events.run(|device| state.state_of(device))
        })?;
        spawn("tango-exports", || state.exports.run(|| state.is_serving()))?;
        spawn("tango-orb", move || {
            let wait = i32::from(options.wait_for_database) * RETRY_PERIOD;
            state.set_ended(run(&classes, wait, &arguments));
        })?;
        Ok(DeviceServer { state })
    }

    /// Counts the calls of clients in `observation` from now on, and has the process not be ready (condition `tango`) as
    /// long as the database does not know that the server runs.
    pub fn observe(&self, observation: &Arc<Observation>) {
        self.state.observe(observation);
    }

    /// Waits until clients are served: `Ready to accept request` is on standard output then.
    ///
    /// # Errors
    /// Fails if the server could not start, no device could be created, or the server was stopped before.
    pub async fn wait_ready(&self) -> Result<(), DeviceServerError> {
        wait_for(&self.state.ready).await
    }

    /// Asks the server to stop: its devices are removed, and the database is told so. A server that is creating its
    /// devices does that first. Returns at once; [`wait_ended`](DeviceServer::wait_ended) waits for the end. Until
    /// then, devices must still answer.
    pub fn request_stop(&self) {
        self.state.request_stop();
    }

    /// Waits until the server has ended, by [`request_stop`](DeviceServer::request_stop) or by the request of
    /// a client.
    ///
    /// # Errors
    /// Fails if the server failed, also if it failed to start.
    pub async fn wait_ended(&self) -> Result<(), DeviceServerError> {
        wait_for(&self.state.ended).await
    }

    /// Returns `true` if cppTango has cleaned up, as it does at the end of a server that was started.
    ///
    /// Otherwise its threads still run, also after [`wait_ended`](DeviceServer::wait_ended), because a start cannot
    /// be interrupted. The process has to exit without its exit handlers then: those destroy what the threads use.
    pub fn has_cleaned_up(&self) -> bool {
        self.state.has_cleaned_up()
    }
}

fn spawn(name: &str, function: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread
        .spawn(function)
        .map(drop)
        .map_err(StartError::NoThread)
}

async fn wait_for(result: &AsyncResult<(), DeviceServerError>) -> Result<(), DeviceServerError> {
    let result = result.get().await;
    // The result is never taken, so this is the error that was set.
    result.map_err(|error| error.failed().unwrap_or(DeviceServerError::Stopped))
}

fn arguments(options: &DeviceServerOptions) -> Result<Vec<String>, StartError> {
    let mut arguments = vec![options.server.clone(), options.instance.clone()];
    arguments.extend(options.verbosity.map(|level| format!("-v{level}")));
    arguments.extend(options.arguments.iter().cloned());
    match arguments.iter().find(|argument| argument.contains('\0')) {
        None => Ok(arguments),
        Some(wrong) => Err(StartError::Argument(wrong.clone())),
    }
}

/// Runs the server until it ends.
fn run(
    classes: &[&'static DeviceClass],
    wait: i32,
    arguments: &[String],
) -> Result<(), DeviceServerError> {
    let classes = description::describe(classes);
    let server = shim::server::ServerDescription::new(classes, callbacks::CALLBACKS, wait);
    // The description lives for ever, like the classes: threads of cppTango that outlive the server still use
    // it.
    let server = Box::leak(Box::new(server));
    let arguments = arguments.iter().map(|text| Text::borrow(text.as_bytes()));
    let arguments: Vec<_> = arguments.collect();
    tracing::info!("the Tango server connects");
    shim::server::run(server, &arguments).map_err(DeviceServerError::Tango)
}

/// Has an event sent. Without a server, nothing happens.
pub(crate) fn send(event: DeviceEvent) {
    if let Some(state) = shared_state::get() {
        state.events.send(event);
    }
}
