//! The device server: one in a process.
//!
//! cppTango serves each client in a thread of its own, and all at once: a command that takes its time
//! does not hold up those who ask for the state. What it calls is in `callbacks`; what we send it goes
//! through `outbox`.

mod answer;
mod callbacks;
mod core;
mod description;
mod devices;
mod error;
mod log;
mod outbox;
mod presence;

use std::sync::Arc;
use std::thread;

use hub::AsyncResult;

use crate::class::DeviceClass;
use crate::device::DeviceFactory;
use crate::server::core::Core;
use crate::shim::{self, Text};

pub use error::{DeviceFailure, DeviceServerError, InvalidClass, StartError};
pub use log::{TangoLogLevel, server_log_level, set_server_log_level};
pub(crate) use log::{level_of, set_level_of};
pub(crate) use outbox::{Event, News};

/// How often the database is looked for while it is away, in seconds.
const PATIENCE: i32 = 1;

/// Which server it is, and how it starts.
#[derive(Debug, Clone)]
pub struct DeviceServerOptions {
    /// Name of the server in the Tango database, in front of the instance: `nexuswriter`.
    pub server: String,
    /// Name of the instance: which devices there are is known by both.
    pub instance: String,
    /// How much Tango logs to standard output, 1 to 5; none: nothing.
    pub verbosity: Option<u8>,
    /// More arguments for cppTango: `-nodb`, `-dlist`, `-file=`, `-ORBendPoint`...
    pub arguments: Vec<String>,
    /// Wait for a database that cannot be reached at the start. Without this, cppTango ends the process.
    pub wait_for_database: bool,
}

/// The device server of this process.
///
/// cppTango changes what signals do: it blocks most of them in its threads, and sets `SIGINT` and
/// `SIGQUIT` to end the process. Who wants to handle signals does that after [`wait_ready`](DeviceServer::wait_ready),
/// in a thread that is older than the server: `SIGTERM` and `SIGINT` to end it by
/// [`request_stop`](DeviceServer::request_stop), else it stays in the database as if it ran; and `SIGHUP` and
/// `SIGQUIT`, which end the process as well.
///
/// cppTango itself ends the process, with exit code 255 and a line on standard error, if its arguments
/// are wrong, the database does not know the server, it runs already elsewhere, or the database
/// cannot be reached and shall not be waited for. So nothing that must be cleaned up should be
/// started before the server is ready.
pub struct DeviceServer {
    core: &'static Core,
}

impl DeviceServer {
    /// Starts the thread of the server, `tango-orb`. [`wait_ready`](DeviceServer::wait_ready) tells how that went.
    ///
    /// # Errors
    /// If there is or was a server in this process, a class has types that are not supported together,
    /// an argument has a zero in it, or the system has no threads left.
    pub fn start(
        options: DeviceServerOptions,
        factories: Vec<Arc<dyn DeviceFactory>>,
    ) -> Result<DeviceServer, StartError> {
        let classes: Vec<_> = factories.iter().map(|factory| factory.class()).collect();
        classes
            .iter()
            .try_for_each(|class| description::check(class))?;
        let arguments = arguments(&options)?;
        let core = Core::install(factories)?;
        spawn("tango-out", || core.outbox.run(|device| core.news(device)))?;
        spawn("tango-here", || core.presence.run(|| core.serves()))?;
        spawn("tango-orb", move || {
            let wait = i32::from(options.wait_for_database) * PATIENCE;
            core.left(run(&classes, wait, &arguments));
        })?;
        Ok(DeviceServer { core })
    }

    /// Waits until clients are served: `Ready to accept request` is on standard output then.
    ///
    /// # Errors
    /// If the server could not start, no device could be made, or it was ended before.
    pub async fn wait_ready(&self) -> Result<(), DeviceServerError> {
        wait_for(&self.core.ready).await
    }

    /// Ends the server: its devices are removed, and the database knows that they are gone. Returns at
    /// once; [`wait_ended`](DeviceServer::wait_ended) tells when it is done. What devices are asked must still be
    /// answered until then.
    pub fn request_stop(&self) {
        self.core.end();
    }

    /// Waits until the server has ended, by [`request_stop`](DeviceServer::request_stop) or because a client told it
    /// to.
    ///
    /// # Errors
    /// If it failed, also if it failed to start.
    pub async fn wait_ended(&self) -> Result<(), DeviceServerError> {
        wait_for(&self.core.ended).await
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
    // Nobody takes the result away, so it is the error that was set.
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

/// Serves until the end.
fn run(
    classes: &[&'static DeviceClass],
    wait: i32,
    arguments: &[String],
) -> Result<(), DeviceServerError> {
    let classes = description::describe(classes);
    let server = shim::server::ServerDescription::new(classes, callbacks::CALLBACKS, wait);
    // For ever, like the classes: cppTango's threads look at it, and are not all gone at the end.
    let server = Box::leak(Box::new(server));
    let arguments = arguments.iter().map(|text| Text::borrow(text.as_bytes()));
    let arguments: Vec<_> = arguments.collect();
    tracing::info!("the Tango server connects");
    shim::server::run(server, &arguments).map_err(DeviceServerError::Tango)
}

/// Has an event sent; nothing happens without a server.
pub(crate) fn send(event: Event) {
    if let Some(core) = core::get() {
        core.outbox.put(event);
    }
}
