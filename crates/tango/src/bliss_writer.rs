//! The device class `BlissWriter`: saves the scans that clients ask it to save, by their keys.
//!
//! Clients see what `blisswriter` 3.0.0 shows them. The devices of a process share one
//! [`BlissWriterFactory`], which outlives them: a device that is restarted finds its scans again.

mod class;
mod device;
mod pending_requests;
mod request_service;
mod requested_scans;
mod warning_query;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hub::{Launcher, NoHub};
use writer::WriterThread;
use writer::options::{SaveOptions, SpoolOptions};

use crate::class::DeviceClass;
use crate::device::{Device, DeviceFactory};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use device::BlissWriter;
use request_service::{RequestService, ServiceContext};

/// Creates the devices of class `BlissWriter`, and owns what works for them.
pub struct BlissWriterFactory {
    context: ServiceContext,
    /// By the names of the devices in lower case: Tango ignores case.
    services: Mutex<HashMap<String, ServiceEntry>>,
}

struct ServiceEntry {
    service: Arc<RequestService>,
    device: Weak<BlissWriter>,
}

impl BlissWriterFactory {
    /// Creates a factory whose devices listen on the hub of this thread and write in the writer thread. Unread
    /// points are spooled as `spool` says.
    ///
    /// # Errors
    /// Fails when this thread runs no hub.
    pub fn new(
        writer_thread: &Arc<WriterThread>,
        save: SaveOptions,
        spool: SpoolOptions,
    ) -> Result<BlissWriterFactory, NoHub> {
        Ok(BlissWriterFactory {
            context: ServiceContext {
                launcher: Launcher::current()?,
                writer_thread: writer_thread.clone(),
                save,
                spool,
            },
            services: Mutex::default(),
        })
    }

    /// Accepts no more scans, and waits until what Redis holds of the accepted scans is saved. Must be
    /// awaited in the hub that the devices listen on.
    pub async fn stop(&self) {
        let mut services = Vec::new();
        for entry in self.services().values() {
            if let Some(device) = entry.device.upgrade() {
                device.refuse_scans();
            }
            services.push(entry.service.clone());
        }
        for service in &services {
            service.request_stop();
        }
        for service in &services {
            service.wait_idle().await;
        }
    }

    /// Aborts the scans: their files are brought in order, and nothing more is read.
    pub fn abort(&self) {
        for entry in self.services().values() {
            entry.service.abort("told to leave");
        }
    }

    /// No code that holds this lock can leave the table half changed.
    fn services(&self) -> MutexGuard<'_, HashMap<String, ServiceEntry>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeviceFactory for BlissWriterFactory {
    fn class(&self) -> &'static DeviceClass {
        &class::CLASS
    }

    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed> {
        let name = context.name().to_ascii_lowercase();
        let service = self
            .services()
            .get(&name)
            .map(|entry| entry.service.clone());
        let service =
            service.unwrap_or_else(|| Arc::new(RequestService::new(&name, self.context.clone())));
        let device = Arc::new(BlissWriter::open(context, service.clone())?);
        let entry = ServiceEntry {
            service,
            device: Arc::downgrade(&device),
        };
        self.services().insert(name, entry);
        Ok(device)
    }
}
