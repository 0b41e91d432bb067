//! The side of a device that Tango knows.

use observation::ErrorOrigin;

use crate::class::DeviceClass;
use crate::failure::ErrorStack;
use crate::server::{self, Event, News, TangoLogLevel};
use crate::shim;
use crate::value::{DevState, TangoValue};

/// A device in the server: its name, its properties, and the events that it sends. Clones are the
/// same device.
#[derive(Debug, Clone)]
pub struct DeviceContext {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) class: &'static DeviceClass,
}

/// The database cannot be asked for a property.
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
    /// Returns who is at fault: the database, or the way to it.
    pub fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Environment
    }
}

impl DeviceContext {
    /// Name of the device: `domain/family/member`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A property of the device in the Tango database: one text, or several. None if it is not set,
    /// also if there is no database.
    ///
    /// To be called by [`DeviceFactory::make`](crate::DeviceFactory::make) and [`Device::init`](crate::Device::init)
    /// only: it asks the database each time.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub fn property(&self, name: &str) -> Result<Option<Vec<String>>, PropertyError> {
        shim::server::property(self.id, name).map_err(|errors| PropertyError {
            device: self.name.clone(),
            property: name.to_owned(),
            errors,
        })
    }

    /// Tells clients who listen to `State` and `Status`.
    ///
    /// May be called anywhere, and returns at once: events go out one after the other, by the thread
    /// `tango-out`, as long as the device is there.
    pub fn push_state(&self, state: DevState, status: &str) {
        self.send(News::State(state, status.to_owned()));
    }

    /// Tells clients who listen to an attribute, as [`push_state`](DeviceContext::push_state) does.
    pub fn push(&self, attribute: &'static str, value: TangoValue) {
        let attributes = self.class.attributes.iter();
        let found = (0..).zip(attributes).find(|(_, one)| one.name == attribute);
        let Some((index, found)) = found else {
            tracing::error!("class {} has no attribute `{attribute}`", self.class.name);
            return;
        };
        let form = (found.data, found.spectrum);
        self.send(News::Attribute { index, form, value });
    }

    /// How much is logged for this device.
    pub fn log_level(&self) -> TangoLogLevel {
        server::level_of(self.id)
    }

    /// Has more or less logged for this device, from now on.
    pub fn set_log_level(&self, level: TangoLogLevel) {
        server::set_level_of(self.id, level);
    }

    fn send(&self, news: News) {
        server::send(Event {
            device: self.id,
            news,
        });
    }
}
