//! Serves Tango devices until a signal, or a client, ends that.

use std::sync::Arc;
use std::time::Duration;

use tango::bliss_writer::BlissWriterFactory;
use tango::nexus_writer::{NexusWriterFactory, WriterLogControl, WriterLogLevel};
use tango::{DeviceFactory, DeviceServer, DeviceServerError, DeviceServerOptions};
use tracing::{info, warn};
use writer::WriterThread;
use writer::options::SaveOptions;

use crate::commands::Outcome;
use crate::exit;
use crate::logging::{LogLevel, Severity};
use crate::signals::Interrupts;

/// How long Tango may take to start its server before people are told what it may wait for.
const SOON: Duration = Duration::from_secs(3);

/// How long Tango may take to end its server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves the devices that the database knows for the instance, of both classes.
///
/// At the end no scan is taken any more, what Redis has of those that run is saved, and files are
/// closed, while the devices still answer; then the server ends.
pub async fn serve(options: DeviceServerOptions, level: LogLevel) -> Outcome {
    let writer_thread = Arc::new(WriterThread::start(Arc::default())?);
    let nexus = Arc::new(NexusWriterFactory::new(
        writer_thread.clone(),
        Arc::new(level),
    )?);
    let bliss = Arc::new(BlissWriterFactory::new(
        &writer_thread,
        SaveOptions::default(),
    )?);
    let factories: Vec<Arc<dyn DeviceFactory>> = vec![nexus.clone(), bliss.clone()];
    let server = DeviceServer::start(options, factories)?;
    ready(&server).await?;
    // Not before: Tango changes what signals do. Until now they kill, and nothing is lost by that.
    let interrupts = Interrupts::listen_in_server()?;
    let ended = tokio::select! {
        ended = server.wait_ended() => ended,
        () = interrupts.stop_requested.wait() => Ok(()),
    };
    let finish = async { tokio::join!(nexus.finish(), bliss.stop()) };
    let impatience = async {
        interrupts.abort_requested.wait().await;
        nexus.leave();
        bliss.abort();
        std::future::pending().await
    };
    tokio::select! {
        _ = finish => {}
        () = impatience => {}
    }
    server.request_stop();
    let ended = match hub::timeout(PATIENCE, server.wait_ended()).await {
        Ok(last) => ended.and(last),
        Err(_) => {
            warn!("the Tango server does not end; the process does");
            ended
        }
    };
    writer_thread.stop().await?;
    ended?;
    Ok(exit::SUCCESS)
}

/// Waits until the devices are served. Tango says nothing while it waits for its database.
async fn ready(server: &DeviceServer) -> Result<(), DeviceServerError> {
    if let Ok(ready) = hub::timeout(SOON, server.wait_ready()).await {
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
            // Python has nothing below.
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
