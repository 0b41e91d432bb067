//! The device class `NexusWriter`: one device for each BLISS session, which clients ask about scans by name.
//!
//! Clients see what `blisswriter` 2.0.0 shows them, including the spelling of its texts, because BLISS and
//! scripts read them.

mod class;
mod configuration;
mod device;
mod log_levels;
mod makedirs;
mod properties;
mod resources;
mod scan_attributes;
mod scan_rows;
mod scans;
mod server_context;
mod session_service;
mod text_columns;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hub::{Launcher, NoHub};
use writer::WriterThread;
use writer::options::SpoolOptions;

use crate::class::DeviceClass;
use crate::device::{Device, DeviceFactory};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use class::CLASS;
use device::NexusWriter;
use server_context::ServerContext;
use session_service::SessionService;

pub use configuration::{
    ConfiguredDevice, ConfiguredRedis, ConfiguredSetting, DeviceConfiguration, RedisLocation,
};
pub use log_levels::{WriterLogControl, WriterLogLevel};

/// Creates the devices of class `NexusWriter`.
///
/// One hub listens to the scans of all devices, and one thread writes them. The service of a device stays
/// when the device is restarted, so that its scans continue.
pub struct NexusWriterFactory {
    server_context: Arc<ServerContext>,
    /// By the names of devices in lower case: Tango ignores case.
    services: Mutex<HashMap<String, Arc<SessionService>>>,
}

impl NexusWriterFactory {
    /// Creates a factory whose devices listen on the hub of this thread. The configuration says where Redis is, or
    /// Beacon is asked that the property `beacon_host` names. Unread points are spooled as `spool` says.
    ///
    /// # Errors
    /// Fails if this thread runs no hub.
    pub fn new(
        writer_thread: Arc<WriterThread>,
        log_control: Arc<dyn WriterLogControl>,
        spool: SpoolOptions,
        configuration: Arc<dyn DeviceConfiguration>,
    ) -> Result<NexusWriterFactory, NoHub> {
        let server_context = ServerContext::new(
            writer_thread,
            Launcher::current()?,
            log_control,
            spool,
            configuration,
            std::env::var("BEACON_HOST").ok(),
        );
        Ok(NexusWriterFactory {
            server_context: Arc::new(server_context),
            services: Mutex::default(),
        })
    }

    /// Stops all services: they take no more scans, save what Redis holds of those that run, and close the
    /// files. The devices still answer, also afterwards.
    pub async fn stop(&self) {
        let runs: Vec<_> = self
            .all()
            .iter()
            .filter_map(|service| service.shut_down())
            .collect();
        for run in runs {
            run.ended.wait().await;
        }
    }

    /// Has [`stop`](NexusWriterFactory::stop) not wait for the data that Redis still holds.
    pub fn abort(&self) {
        for run in self.all().iter().filter_map(|service| service.shut_down()) {
            run.abort.send();
        }
    }

    fn all(&self) -> Vec<Arc<SessionService>> {
        let services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        services.values().cloned().collect()
    }

    fn service(&self, device: &str) -> Result<Arc<SessionService>, DevFailed> {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let name = device.to_lowercase();
        if let Some(service) = services.get(&name) {
            return Ok(service.clone());
        }
        let service = SessionService::new(device, self.server_context.clone())?;
        services.insert(name, service.clone());
        Ok(service)
    }
}

impl DeviceFactory for NexusWriterFactory {
    fn class(&self) -> &'static DeviceClass {
        &CLASS
    }

    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed> {
        let service = self.service(context.name())?;
        Ok(Arc::new(NexusWriter::new(service, context)?))
    }
}
