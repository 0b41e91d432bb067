//! The devices of the server, and what they are asked.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::class::DeviceClass;
use crate::device::{Device, DeviceFactory};
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::server::error::{DeviceFailure, DeviceServerError};
use crate::value::DevState;

/// All devices, by the numbers that the shim gives them.
pub struct Devices {
    factories: Vec<Arc<dyn DeviceFactory>>,
    living: RwLock<BTreeMap<u64, Living>>,
}

/// A device that clients can reach.
#[derive(Clone)]
pub struct Living {
    factory: Arc<dyn DeviceFactory>,
    context: DeviceContext,
    /// What it is, or why it could not be made.
    pub device: Result<Arc<dyn Device>, DevFailed>,
}

impl Living {
    /// What it offers.
    pub fn class(&self) -> &'static DeviceClass {
        self.factory.class()
    }

    /// The device, which answers nothing if it could not be made.
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
            living: RwLock::default(),
        }
    }

    /// Has a device made.
    pub fn make(&self, class_index: u32, id: u64, name: String) {
        // When one restarts while a client still waits for it, it goes later than the next one comes.
        let old: Vec<u64> = {
            let living = self.read();
            let same = living.iter().filter(|(_, one)| one.context.name == name);
            same.map(|(id, _)| *id).collect()
        };
        for id in old {
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
        let device = made(factory, &context);
        let living = Living {
            factory: factory.clone(),
            context,
            device,
        };
        self.write().insert(id, living);
    }

    /// Has a device go, unless it went.
    pub fn remove(&self, id: u64) {
        let gone = self.write().remove(&id);
        let Some(gone) = gone else { return };
        if let Ok(device) = &gone.device {
            let result = catch_unwind(AssertUnwindSafe(|| device.remove()));
            if let Err(panic) = result {
                let problem = panic_text(&*panic);
                tracing::error!(
                    device = gone.context.name,
                    "panic while it is removed: {problem}"
                );
            }
        }
    }

    /// Has all devices go.
    pub fn remove_all(&self) {
        let all: Vec<u64> = self.read().keys().copied().collect();
        for id in all {
            self.remove(id);
        }
    }

    /// The command `Init`.
    pub fn init(&self, id: u64) -> Result<(), DevFailed> {
        let mut living = self.get(id)?;
        if let Ok(device) = &living.device {
            return caught(|| device.init());
        }
        living.device = made(&living.factory, &living.context);
        let result = living.device.clone().map(drop);
        let gone = {
            let mut all = self.write();
            match all.get_mut(&id) {
                Some(place) => {
                    *place = living;
                    None
                }
                None => Some(living),
            }
        };
        // Removed while it was made.
        if let Some(Ok(device)) = gone.map(|living| living.device) {
            caught(|| {
                device.remove();
                Ok(())
            })?;
        }
        result
    }

    /// The state: of a device that could not be made, FAULT.
    pub fn state(&self, id: u64) -> Result<DevState, DevFailed> {
        match self.get(id)?.device {
            Ok(device) => caught(|| Ok(device.state())),
            Err(_) => Ok(DevState::Fault),
        }
    }

    /// The state in words: of a device that could not be made, why.
    pub fn status(&self, id: u64) -> Result<String, DevFailed> {
        match self.get(id)?.device {
            Ok(device) => caught(|| Ok(device.status())),
            Err(failure) => Ok(text_of(&failure)),
        }
    }

    /// A device.
    pub fn get(&self, id: u64) -> Result<Living, DevFailed> {
        let living = self.read().get(&id).cloned();
        // Its end is under way: clients find the next one, or none, when they try again.
        living.ok_or_else(DevFailed::unanswered)
    }

    /// Why no device could be made; none if one could.
    pub fn all_failed(&self) -> Option<DeviceServerError> {
        let living = self.read();
        let mut failures = Vec::new();
        for one in living.values() {
            match &one.device {
                Ok(_) => return None,
                Err(failure) => failures.push(DeviceFailure {
                    device: one.context.name.clone(),
                    failure: failure.clone(),
                }),
            }
        }
        if failures.is_empty() {
            return Some(DeviceServerError::NoDevices);
        }
        Some(DeviceServerError::Devices(failures))
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<u64, Living>> {
        self.living.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<u64, Living>> {
        self.living.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn made(
    factory: &Arc<dyn DeviceFactory>,
    context: &DeviceContext,
) -> Result<Arc<dyn Device>, DevFailed> {
    let made = caught(|| factory.create(context.clone()));
    if let Err(failure) = &made {
        let problem = text_of(failure);
        tracing::error!(device = context.name, "it cannot be initialised: {problem}");
    }
    made
}

/// Descriptions in the manner of Python end their line.
fn text_of(failure: &DevFailed) -> String {
    failure.to_string().trim_end().to_owned()
}

/// A panic is a failure of what was asked, and of nothing else: devices share with others what is
/// consistent at any time.
pub fn caught<T>(ask: impl FnOnce() -> Result<T, DevFailed>) -> Result<T, DevFailed> {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|panic| {
        let problem = panic_text(&*panic);
        tracing::error!("panic in a device: {problem}");
        Err(DevFailed::python("SystemError", problem, "tango"))
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("panic").to_owned()
}
