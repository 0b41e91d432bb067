//! A run of a service, from start to stop: finds Redis, and saves the scans of the session.

use std::sync::Arc;
use std::time::Duration;

use hub::{CallError, Event};
use redis_client::{DiscoverError, beacon::BeaconError};
use tracing::warn;
use writer::NexusSessionWriter;
use writer::options::DataWriterFilter;
use writer::session::{SessionChecks, SessionOptions};
use writer::source::{ScanServer, ScanServerError, ScanStore};
use writer::subscriber::{Fault, IllegalTransition, with_causes};

use super::{SessionService, WriterProperties};
use crate::value::DevState;

/// How long Redis may be away before the state says so. It is the time for which Beacon is tried, too.
const SILENT_WAIT: Duration = Duration::from_secs(20);

/// Time between two attempts to reach Beacon after the first one has failed.
const BEACON_RETRY_PERIOD: Duration = Duration::from_secs(1);

/// Time between two attempts to use a data store that has refused this writer.
const REFUSED_RETRY_PERIOD: Duration = Duration::from_secs(5);

/// The name by which scans ask for this writer.
const DATA_WRITER: &str = "nexus";

/// A run of a service. Clones refer to the same run.
#[derive(Clone, Default)]
pub struct SessionRun {
    /// Sent to ask the run to take no more scans, and to end.
    pub stop: Event,
    /// Sent to have the run not wait for the scans that are being saved.
    pub abort: Event,
    /// Sent when the run has ended.
    pub ended: Event,
}

/// Why a run ended without a request.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address of the data store is not known.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// The data store cannot be used.
    #[error(transparent)]
    Store(#[from] ScanServerError),
    /// The session writer cannot be started.
    #[error(transparent)]
    Start(#[from] IllegalTransition),
    /// The session writer failed.
    #[error(transparent)]
    Session(#[from] Fault),
    /// The hub of the listeners has ended.
    #[error(transparent)]
    Hub(#[from] CallError),
    /// The listener has a defect.
    #[error("the listener ended by a panic")]
    Panicked,
}

/// Runs until it is asked to stop. The end is always reported to the service.
pub async fn run(
    service: Arc<SessionService>,
    run: SessionRun,
    properties: WriterProperties,
    only_new: bool,
) {
    let guard = RunEndGuard {
        service: &service,
        run: &run,
        end: Err(RunError::Panicked),
    };
    let end = listen(&service, &run, properties, only_new).await;
    guard.set_end(end);
}

/// Saves scans until the run is asked to stop. A data store that refuses this writer (by a password or its
/// version) is tried again, because people repair the one or the other while the device is in FAULT.
async fn listen(
    service: &SessionService,
    run: &SessionRun,
    properties: WriterProperties,
    mut only_new: bool,
) -> Result<(), RunError> {
    let mut reported = String::new();
    let observation = service.server_context().writer_thread.observation();
    // They say why no scans are taken also while a server that has refused is tried again.
    let session = Some(properties.session.as_str());
    let checks = Arc::new(SessionChecks::new(observation, session));
    loop {
        let saved = save_scans(service, run, &properties, &mut only_new, &checks);
        let refused = match saved.await {
            Err(refused @ (RunError::Store(_) | RunError::Session(_))) if !run.stop.is_set() => {
                with_causes(&refused)
            }
            end => return end,
        };
        if refused != reported {
            warn!(device = service.name(), "no scans are taken: {refused}");
        }
        service.set_state(DevState::Fault, &refused);
        checks.wait_for_redis(&refused);
        reported = refused;
        if run.stop.wait_timeout(REFUSED_RETRY_PERIOD).await {
            return Ok(());
        }
    }
}

/// Saves scans until the run is asked to stop, or the data store refuses this writer.
async fn save_scans(
    service: &SessionService,
    run: &SessionRun,
    properties: &WriterProperties,
    only_new: &mut bool,
    checks: &Arc<SessionChecks>,
) -> Result<(), RunError> {
    let scans = tokio::select! {
        scans = find_scans(service, properties, checks) => scans?,
        () = run.stop.wait() => return Ok(()),
    };
    let options = SessionOptions {
        session: Some(properties.session.clone()),
        writer: DataWriterFilter::Named(DATA_WRITER.to_owned()),
        save: properties.save.clone(),
        only_new: *only_new,
        records: service.records().clone(),
        checks: Some(checks.clone()),
        ..SessionOptions::default()
    };
    let context = service.server_context();
    let session = NexusSessionWriter::start(&context.writer_thread, &scans, options)?;
    let subscriber = session.subscriber();
    tokio::select! {
        subscribed = subscriber.subscribed(None) => if subscribed {
            *only_new = false;
            service.set_subscribed();
        },
        () = run.stop.wait() => {}
    }
    tokio::select! {
        _ = subscriber.join(None) => {}
        () = run.stop.wait() => subscriber.stop(),
    }
    tokio::select! {
        _ = subscriber.join(None) => {}
        () = run.abort.wait() => subscriber.kill("told to leave"),
    }
    subscriber.join(None).await;
    match subscriber.fault() {
        None => Ok(()),
        Some(fault) => Err(fault.into()),
    }
}

/// Returns the scans of the data store of the session as soon as it can be used.
///
/// If the data store cannot be found, the state is FAULT, so that people see it. But computers of a beamline
/// start in any order, so this keeps trying.
async fn find_scans(
    service: &SessionService,
    properties: &WriterProperties,
    checks: &SessionChecks,
) -> Result<Arc<dyn ScanStore>, RunError> {
    let context = service.server_context();
    let url = loop {
        match context.find_redis(properties).await {
            Ok(url) => break url,
            Err(DiscoverError::Beacon(error @ BeaconError::Unreachable { .. })) => {
                let reason = with_causes(&error);
                service.set_state(DevState::Fault, &reason);
                checks.wait_for_redis(&reason);
                hub::sleep(BEACON_RETRY_PERIOD).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let server = ScanServer::new(&url, properties.model, context.writer_thread.observation());
    let waiting = |reason: &str| checks.wait_for_redis(reason);
    let ready = match hub::timeout(SILENT_WAIT, server.wait_ready_with(waiting)).await {
        Ok(ready) => ready,
        Err(_) => {
            if let Err(error) = server.check().await {
                service.set_state(DevState::Fault, &with_causes(&error));
            }
            server.wait_ready_with(waiting).await
        }
    };
    let model = ready?;
    if service.state() == DevState::Fault {
        service.set_state(DevState::Init, "Starting");
    }
    Ok(server.spooling_scans(model, &context.spool))
}

/// Reports the end of a run when it is dropped, also by a panic.
struct RunEndGuard<'a> {
    service: &'a SessionService,
    run: &'a SessionRun,
    end: Result<(), RunError>,
}

impl RunEndGuard<'_> {
    fn set_end(mut self, end: Result<(), RunError>) {
        self.end = end;
    }
}

impl Drop for RunEndGuard<'_> {
    fn drop(&mut self) {
        let end = std::mem::replace(&mut self.end, Ok(()));
        self.service.set_ended(end);
        self.run.ended.send();
    }
}
