//! What a device is given to work with.

use observation::ErrorOrigin;

use crate::class::DeviceClass;
use crate::failure::ErrorStack;
use crate::server::{self, Change, DeviceEvent, TangoLogLevel};
use crate::shim;
use crate::value::{DevState, TangoValue};

/// A device as Tango knows it: its name, its properties, and the events that it sends. Clones refer to the
/// same device.
#[derive(Debug, Clone)]
pub struct DeviceContext {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) class: &'static DeviceClass,
}

/// A property of a device could not be read from the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("property `{property}` of the Tango device {device} cannot be read")]
pub struct PropertyError {
    /// Name of the device.
    pub device: String,
    /// Name of the property.
    pub property: String,
    /// What Tango says.
    #[source]
    pub errors: ErrorStack,
}

impl PropertyError {
    /// Returns the origin of the error: the database, or the connection to it.
    pub fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Environment
    }
}

impl DeviceContext {
    /// Returns the name of the device: `domain/family/member`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the values of a property of the device in the Tango database. Returns `None` if it is not set,
    /// also if there is no database.
    ///
    /// Only [`DeviceFactory::create`](crate::DeviceFactory::create) and [`Device::init`](crate::Device::init)
    /// should call this: it asks the database each time.
    ///
    /// # Errors
    /// Fails if the database cannot be asked.
    pub fn property(&self, name: &str) -> Result<Option<Vec<String>>, PropertyError> {
        shim::server::property(self.id, name).map_err(|errors| PropertyError {
            device: self.name.clone(),
            property: name.to_owned(),
            errors,
        })
    }

    /// Sends events of `State` and `Status` to the clients that listen.
    ///
    /// May be called anywhere, and returns at once: the thread `tango-events` sends events one after the
    /// other, as long as the device exists.
    pub fn push_state(&self, state: DevState, status: &str) {
        self.send(Change::State(state, status.to_owned()));
    }

    /// Sends an event of an attribute to the clients that listen, as
    /// [`push_state`](DeviceContext::push_state) does.
    pub fn push(&self, attribute: &'static str, value: TangoValue) {
        let attributes = self.class.attributes.iter();
        let found = (0..).zip(attributes).find(|(_, one)| one.name == attribute);
        let Some((index, found)) = found else {
            tracing::error!("class {} has no attribute `{attribute}`", self.class.name);
            return;
        };
        let form = (found.data, found.spectrum);
        self.send(Change::Attribute { index, form, value });
    }

    /// Returns how much is logged for this device.
    pub fn log_level(&self) -> TangoLogLevel {
        server::level_of(self.id)
    }

    /// Sets how much is logged for this device from now on.
    pub fn set_log_level(&self, level: TangoLogLevel) {
        server::set_level_of(self.id, level);
    }

    fn send(&self, change: Change) {
        server::send(DeviceEvent {
            device: self.id,
            change,
        });
    }
}
