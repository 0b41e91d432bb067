//! The device class `NexusWriter`: one device for each BLISS session, asked about scans by name.
//!
//! What clients see is what `blisswriter` 2.0.0 shows them, down to the spelling of its texts, because
//! BLISS and people's scripts read them.

mod class;
mod device;
mod engine;
mod house;
mod log_levels;
mod makedirs;
mod properties;
mod resources;
mod rows;
mod scans;
mod spectra;
mod table;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hub::{Launcher, NoHub};
use writer::WriterThread;

use crate::class::DeviceClass;
use crate::device::{Device, DeviceFactory};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use class::CLASS;
use device::NexusWriter;
use engine::Engine;
use house::House;

pub use log_levels::{WriterLogControl, WriterLogLevel};

/// Makes the devices of class `NexusWriter`.
///
/// The scans of all of them are listened to on one hub and written in one writer thread. What works for a
/// device stays when the device is restarted, so that its scans go on.
pub struct NexusWriterFactory {
    house: Arc<House>,
    /// By the names of devices in lower case: Tango does not tell case apart.
    engines: Mutex<HashMap<String, Arc<Engine>>>,
}

impl NexusWriterFactory {
    /// Devices whose scans are listened to on the hub of this thread. Redis is that of the environment
    /// (`REDIS_DATA_URL`), or Beacon is asked (`BEACON_HOST`, or the property `beacon_host`).
    ///
    /// # Errors
    /// If this thread runs no hub.
    pub fn new(
        writer_thread: Arc<WriterThread>,
        log_control: Arc<dyn WriterLogControl>,
    ) -> Result<NexusWriterFactory, NoHub> {
        let environment = |name: &str| std::env::var(name).ok();
        let house = House::new(
            writer_thread,
            Launcher::current()?,
            log_control,
            environment,
        );
        Ok(NexusWriterFactory {
            house: Arc::new(house),
            engines: Mutex::default(),
        })
    }

    /// Ends the work of all devices: they take no more scans, save what Redis has of those that run,
    /// and close the files. They answer meanwhile, and afterwards.
    pub async fn finish(&self) {
        let runs: Vec<_> = self
            .all()
            .iter()
            .filter_map(|engine| engine.close())
            .collect();
        for run in runs {
            run.ended.wait().await;
        }
    }

    /// Has [`finish`](NexusWriterFactory::finish) not wait for what Redis still has.
    pub fn leave(&self) {
        for run in self.all().iter().filter_map(|engine| engine.close()) {
            run.leave.send();
        }
    }

    fn all(&self) -> Vec<Arc<Engine>> {
        let engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        engines.values().cloned().collect()
    }

    fn engine(&self, device: &str) -> Result<Arc<Engine>, DevFailed> {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        let name = device.to_lowercase();
        if let Some(engine) = engines.get(&name) {
            return Ok(engine.clone());
        }
        let engine = Engine::new(device, self.house.clone())?;
        engines.insert(name, engine.clone());
        Ok(engine)
    }
}

impl DeviceFactory for NexusWriterFactory {
    fn class(&self) -> &'static DeviceClass {
        &CLASS
    }

    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed> {
        let engine = self.engine(context.name())?;
        Ok(Arc::new(NexusWriter::new(engine, context)?))
    }
}
