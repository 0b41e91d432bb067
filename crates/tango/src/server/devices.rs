//! The devices of the server.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::class::DeviceClass;
use crate::device::{Device, DeviceFactory};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::server::error::{DeviceFailure, DeviceServerError};
use crate::server::panics::{self, catch_panic};
use crate::value::DevState;

/// All devices, by the numbers that the shim gives them.
pub struct Devices {
    factories: Vec<Arc<dyn DeviceFactory>>,
    entries: RwLock<BTreeMap<u64, DeviceEntry>>,
}

/// A device that clients can reach.
#[derive(Clone)]
pub struct DeviceEntry {
    factory: Arc<dyn DeviceFactory>,
    context: DeviceContext,
    /// The device, or why it could not be created.
    device: Result<Arc<dyn Device>, DevFailed>,
}

impl DeviceEntry {
    /// Returns what the device offers.
    pub fn class(&self) -> &'static DeviceClass {
        self.factory.class()
    }

    /// Returns the device, or the error that clients receive if it could not be created.
    pub fn device(&self) -> Result<&Arc<dyn Device>, DevFailed> {
        self.device.as_ref().map_err(|failure| {
            let text = format_args!("{}. Call Init when that is repaired", text_of(failure));
            DevFailed::python("RuntimeError", text, "tango")
        })
    }
}

impl Devices {
    pub fn new(factories: Vec<Arc<dyn DeviceFactory>>) -> Devices {
        Devices {
            factories,
            entries: RwLock::default(),
        }
    }

    /// Creates a device.
    pub fn create(&self, class_index: u32, id: u64, name: String) {
        // While a client waits for a device that restarts, its successor is created before it is removed.
        let predecessors: Vec<u64> = {
            let entries = self.read();
            let same = entries
                .iter()
                .filter(|(_, entry)| entry.context.name == name);
            same.map(|(id, _)| *id).collect()
        };
        for id in predecessors {
            self.remove(id);
        }
        let Some(factory) = usize::try_from(class_index)
            .ok()
            .and_then(|index| self.factories.get(index))
        else {
            tracing::error!(device = name, "Tango makes a device of an unknown class");
            return;
        };
        let class = factory.class();
        let context = DeviceContext { id, name, class };
        let device = create(factory, &context);
        let entry = DeviceEntry {
            factory: factory.clone(),
            context,
            device,
        };
        self.write().insert(id, entry);
    }

    /// Removes a device, if it still exists.
    pub fn remove(&self, id: u64) {
        let removed = self.write().remove(&id);
        let Some(removed) = removed else { return };
        if let Ok(device) = &removed.device
            && let Err(problem) = panics::catch(|| device.remove())
        {
            tracing::error!(
                device = removed.context.name,
                "panic while it is removed: {problem}"
            );
        }
    }

    /// Removes all devices.
    pub fn remove_all(&self) {
        let all: Vec<u64> = self.read().keys().copied().collect();
        for id in all {
            self.remove(id);
        }
    }

    /// Executes the command `Init`.
    pub fn init(&self, id: u64) -> Result<(), DevFailed> {
        let mut entry = self.get(id)?;
        if let Ok(device) = &entry.device {
            return catch_panic(|| device.init());
        }
        entry.device = create(&entry.factory, &entry.context);
        let result = entry.device.clone().map(drop);
        let orphan = {
            let mut entries = self.write();
            match entries.get_mut(&id) {
                Some(current) => {
                    *current = entry;
                    None
                }
                None => Some(entry),
            }
        };
        // The device was removed while it was created.
        if let Some(Ok(device)) = orphan.map(|entry| entry.device) {
            catch_panic(|| {
                device.remove();
                Ok(())
            })?;
        }
        result
    }

    /// Returns the state of a device: FAULT if the device could not be created.
    pub fn state(&self, id: u64) -> Result<DevState, DevFailed> {
        match self.get(id)?.device {
            Ok(device) => catch_panic(|| Ok(device.state())),
            Err(_) => Ok(DevState::Fault),
        }
    }

    /// Returns the state of a device in words, or why the device could not be created.
    pub fn status(&self, id: u64) -> Result<String, DevFailed> {
        match self.get(id)?.device {
            Ok(device) => catch_panic(|| Ok(device.status())),
            Err(failure) => Ok(text_of(&failure)),
        }
    }

    /// Returns a device.
    pub fn get(&self, id: u64) -> Result<DeviceEntry, DevFailed> {
        let entry = self.read().get(&id).cloned();
        // It is being removed. Clients that try again find its successor, or none.
        entry.ok_or_else(DevFailed::unanswered)
    }

    /// Returns why no device could be created, or `None` if at least one could.
    pub fn failure_of_all(&self) -> Option<DeviceServerError> {
        let entries = self.read();
        let mut failures = Vec::new();
        for entry in entries.values() {
            match &entry.device {
                Ok(_) => return None,
                Err(failure) => failures.push(DeviceFailure {
                    device: entry.context.name.clone(),
                    failure: failure.clone(),
                }),
            }
        }
        if failures.is_empty() {
            return Some(DeviceServerError::NoDevices);
        }
        Some(DeviceServerError::Devices(failures))
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<u64, DeviceEntry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<u64, DeviceEntry>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn create(
    factory: &Arc<dyn DeviceFactory>,
    context: &DeviceContext,
) -> Result<Arc<dyn Device>, DevFailed> {
    let created = catch_panic(|| factory.create(context.clone()));
    if let Err(failure) = &created {
        let problem = text_of(failure);
        tracing::error!(device = context.name, "it cannot be initialised: {problem}");
    }
    created
}

/// Returns the text of a failure without the line end that descriptions in the manner of Python have.
fn text_of(failure: &DevFailed) -> String {
    failure.to_string().trim_end().to_owned()
}
