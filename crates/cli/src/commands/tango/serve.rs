//! Serves Tango devices until a signal, or a client, ends that.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use observation::Observation;
use tango::bliss_writer::BlissWriterFactory;
use tango::nexus_writer::{NexusWriterFactory, WriterLogControl, WriterLogLevel};
use tango::{DeviceFactory, DeviceServer, DeviceServerError, DeviceServerOptions};
use tracing::{info, warn};
use web::Listen;
use writer::options::SpoolOptions;

use crate::args::Http;
use crate::commands::{Monitoring, Outcome, Writing};
use crate::configuration::DeviceLayers;
use crate::exit;
use crate::logging::{self, LogLevel, Severity};
use crate::signals::Interrupts;

/// How long Tango may take to start its server before a log line says what it may wait for.
const START_NOTICE: Duration = Duration::from_secs(3);

/// How long Tango may take to end its server.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the devices that the database knows for the instance, of both classes.
///
/// At the end, the devices take no more scans, save what Redis holds of those that run, and close the files,
/// while they still answer. Then the server ends. A server that starts ends first: as soon as it has started, or at
/// once if it waits for the database.
pub async fn serve(
    options: DeviceServerOptions,
    writing: Writing,
    spool: SpoolOptions,
    devices: DeviceLayers,
    http: Http,
    level: LogLevel,
    interrupts: Interrupts,
) -> Outcome {
    let observation = Arc::new(Observation::default());
    let _monitoring = Monitoring::start(&http, Listen::Off, &observation, &interrupts)?;
    let writer_thread = Arc::new(writing.start(observation.clone()).await?);
    let save = devices.save_options().clone();
    let nexus = Arc::new(NexusWriterFactory::new(
        writer_thread.clone(),
        Arc::new(level),
        spool.clone(),
        Arc::new(devices),
    )?);
    let bliss = Arc::new(BlissWriterFactory::new(&writer_thread, save, spool)?);
    let factories: Vec<Arc<dyn DeviceFactory>> = vec![nexus.clone(), bliss.clone()];
    let server = DeviceServer::start(options, factories)?;
    server.observe(&observation);
    let is_ready = Cell::new(false);
    let serving = async {
        ready(&server).await?;
        is_ready.set(true);
        observation.readiness.set_started();
        server.wait_ended().await
    };
    let mut ended = tokio::select! {
        ended = serving => ended,
        () = interrupts.stop_requested.wait() => Ok(()),
    };
    let is_told_to_stop = interrupts.stop_requested.is_set();
    if !is_ready.get() {
        // Devices may still be created. Their sessions have to be stopped, too.
        ended = ended.and(end(&server).await);
    }
    let stop = async { tokio::join!(nexus.stop(), bliss.stop()) };
    let abort = async {
        interrupts.abort_requested.wait().await;
        nexus.abort();
        bliss.abort();
        std::future::pending().await
    };
    tokio::select! {
        _ = stop => {}
        () = abort => {}
    }
    if is_ready.get() {
        ended = ended.and(end(&server).await);
    }
    writer_thread.stop().await?;
    match ended {
        // Devices that were being initialised cannot be, when the server stops.
        Err(error) if is_told_to_stop => info!("{error}"),
        ended => ended?,
    }
    if !server.has_cleaned_up() {
        // The process crashes if its exit handlers destroy what threads of cppTango use.
        logging::flush();
        signal_hook::low_level::exit(0);
    }
    Ok(exit::SUCCESS)
}

/// Stops the server, and waits for its end.
async fn end(server: &DeviceServer) -> Result<(), DeviceServerError> {
    server.request_stop();
    match hub::timeout(STOP_TIMEOUT, server.wait_ended()).await {
        Ok(ended) => ended,
        Err(_) => {
            warn!("the Tango server does not end; the process does");
            Ok(())
        }
    }
}

/// Waits until the devices are served. Tango logs nothing while it waits for its database.
async fn ready(server: &DeviceServer) -> Result<(), DeviceServerError> {
    if let Ok(ready) = hub::timeout(START_NOTICE, server.wait_ready()).await {
        return ready;
    }
    let host = std::env::var("TANGO_HOST").unwrap_or_else(|_| "that of tangorc".to_owned());
    info!("the devices are not served yet; is the Tango database there ({host})?");
    server.wait_ready().await
}

/// The level of the logs, as clients of the devices see it.
impl WriterLogControl for LogLevel {
    fn level(&self) -> WriterLogLevel {
        match self.get() {
            Severity::Fatal => WriterLogLevel::Fatal,
            Severity::Error => WriterLogLevel::Error,
            Severity::Warn => WriterLogLevel::Warn,
            Severity::Info => WriterLogLevel::Info,
            // Python has no level below.
            Severity::Debug | Severity::Trace => WriterLogLevel::Debug,
        }
    }

    fn set_level(&self, level: WriterLogLevel) {
        self.set(match level {
            WriterLogLevel::Fatal => Severity::Fatal,
            WriterLogLevel::Error => Severity::Error,
            WriterLogLevel::Warn => Severity::Warn,
            WriterLogLevel::Info => Severity::Info,
            WriterLogLevel::Debug => Severity::Debug,
        });
    }
}
