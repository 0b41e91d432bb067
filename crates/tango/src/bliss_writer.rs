//! The device class `BlissWriter`: saves the scans that it is told to save, by their keys.
//!
//! What clients see is what `blisswriter` 3.0.0 shows them. The devices of a process share one
//! [`BlissWriterFactory`], which outlives them: a device that is restarted finds its scans again.

mod class;
mod device;
mod pledges;
mod query;
mod record;
mod service;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hub::{Launcher, NoHub};
use writer::WriterThread;
use writer::options::SaveOptions;

use crate::class::DeviceClass;
use crate::device::{Device, DeviceFactory};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use device::BlissWriter;
use service::{Means, Service};

/// All devices of the class in this process.
pub struct BlissWriterFactory {
    means: Means,
    /// By the names of the devices, in lower case: Tango does not tell cases apart.
    known: Mutex<HashMap<String, Known>>,
}

struct Known {
    service: Arc<Service>,
    device: Weak<BlissWriter>,
}

impl BlissWriterFactory {
    /// Devices that listen on the hub of this thread and write in the writer thread.
    ///
    /// # Errors
    /// When this thread runs no hub.
    pub fn new(
        writer_thread: &Arc<WriterThread>,
        save: SaveOptions,
    ) -> Result<BlissWriterFactory, NoHub> {
        Ok(BlissWriterFactory {
            means: Means {
                launcher: Launcher::current()?,
                writer_thread: writer_thread.clone(),
                save,
            },
            known: Mutex::default(),
        })
    }

    /// Accepts no scan any more, and saves what Redis has of those that were accepted. To be awaited
    /// in the hub that the devices listen on.
    pub async fn finish(&self) {
        let mut services = Vec::new();
        for known in self.known().values() {
            if let Some(device) = known.device.upgrade() {
                device.close();
            }
            services.push(known.service.clone());
        }
        for service in &services {
            service.stop();
        }
        for service in &services {
            service.idle().await;
        }
    }

    /// Gives the scans up: what came of them is brought in order, nothing more is read.
    pub fn leave(&self) {
        for known in self.known().values() {
            known.service.kill("told to leave");
        }
    }

    /// No code runs under the lock that could leave the table half changed.
    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeviceFactory for BlissWriterFactory {
    fn class(&self) -> &'static DeviceClass {
        &class::CLASS
    }

    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed> {
        let name = context.name().to_ascii_lowercase();
        let service = self.known().get(&name).map(|known| known.service.clone());
        let service = service.unwrap_or_else(|| Arc::new(Service::new(&name, self.means.clone())));
        let device = Arc::new(BlissWriter::open(context, service.clone())?);
        let known = Known {
            service,
            device: Arc::downgrade(&device),
        };
        self.known().insert(name, known);
        Ok(device)
    }
}
