//! From the start of a device to its stop: finds Redis, and saves the scans of the session.

use std::sync::Arc;
use std::time::Duration;

use blissdata::store::{DataStore, StoreError};
use hub::{CallError, Event};
use redis_client::{DiscoverError, beacon::BeaconError};
use writer::NexusSessionWriter;
use writer::options::DataWriter;
use writer::session::SessionOptions;
use writer::source::blissdata::scan_store;
use writer::subscriber::{Fault, IllegalTransition, with_causes};

use super::{Engine, Properties};
use crate::value::DevState;

/// How long people wait for Redis without being told that it is away; as Beacon is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time between two attempts to reach Beacon once that has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Scans ask for this writer by its name.
const NAME: &str = "nexus";

/// One time that a device listens. Clones are the same run.
#[derive(Clone, Default)]
pub struct Run {
    /// Sent to have it take no more scans, and end.
    pub stop: Event,
    /// Sent to have it not wait for those that are being saved.
    pub leave: Event,
    /// Sent when it has ended.
    pub ended: Event,
}

/// Why a run ended without being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nobody says where the data store is.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// The data store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session writer cannot be started.
    #[error(transparent)]
    Start(#[from] IllegalTransition),
    /// The session writer failed.
    #[error(transparent)]
    Session(#[from] Fault),
    /// The hub of the listeners has ended.
    #[error(transparent)]
    Hub(#[from] CallError),
    /// There is a defect in the listener.
    #[error("the listener ended by a panic")]
    Panicked,
}

/// Listens until told to stop. Whatever happens, the engine is told of the end.
pub async fn run(engine: Arc<Engine>, run: Run, properties: Properties, only_new: bool) {
    let told = Ending {
        engine: &engine,
        run: &run,
        end: Err(RunError::Panicked),
    };
    let end = listen(&engine, &run, properties, only_new).await;
    told.with(end);
}

async fn listen(
    engine: &Engine,
    run: &Run,
    properties: Properties,
    only_new: bool,
) -> Result<(), RunError> {
    let store = tokio::select! {
        store = find(engine, &properties) => store?,
        () = run.stop.wait() => return Ok(()),
    };
    let options = SessionOptions {
        session: Some(properties.session),
        writer: DataWriter::Named(NAME.to_owned()),
        save: properties.save,
        only_new,
        records: engine.records().clone(),
        ..SessionOptions::default()
    };
    let session =
        NexusSessionWriter::start(&engine.house().writer_thread, &scan_store(&store), options)?;
    let subscriber = session.subscriber();
    tokio::select! {
        subscribed = subscriber.subscribed(None) => if subscribed {
            engine.subscribed();
        },
        () = run.stop.wait() => {}
    }
    tokio::select! {
        _ = subscriber.join(None) => {}
        () = run.stop.wait() => subscriber.stop(),
    }
    tokio::select! {
        _ = subscriber.join(None) => {}
        () = run.leave.wait() => subscriber.kill("told to leave"),
    }
    subscriber.join(None).await;
    match subscriber.fault() {
        None => Ok(()),
        Some(fault) => Err(fault.into()),
    }
}

/// The data store of the session, when it can be used.
///
/// People must know when it cannot be found, so the state is FAULT then. But computers of a beamline
/// start in any order, so it is looked for all the same.
async fn find(engine: &Engine, properties: &Properties) -> Result<DataStore, RunError> {
    let url = loop {
        match engine.house().find_redis(properties).await {
            Ok(url) => break url,
            Err(DiscoverError::Beacon(error @ BeaconError::Unreachable { .. })) => {
                engine.come_to(DevState::Fault, &with_causes(&error));
                hub::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let store = DataStore::new(&url);
    let ready = match hub::timeout(PATIENCE, store.wait_ready()).await {
        Ok(ready) => ready,
        Err(_) => {
            if let Err(error) = store.check().await {
                engine.come_to(DevState::Fault, &with_causes(&error));
            }
            store.wait_ready().await
        }
    };
    ready?;
    if engine.state() == DevState::Fault {
        engine.come_to(DevState::Init, "Starting");
    }
    Ok(store)
}

/// Tells the end of a run when it is dropped, be it by a panic.
struct Ending<'a> {
    engine: &'a Engine,
    run: &'a Run,
    end: Result<(), RunError>,
}

impl Ending<'_> {
    fn with(mut self, end: Result<(), RunError>) {
        self.end = end;
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let end = std::mem::replace(&mut self.end, Ok(()));
        self.engine.ended(end);
        self.run.ended.send();
    }
}
