//! What a device server asks its devices.

use std::sync::Arc;

use crate::class::DeviceClass;
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::value::{DevState, TangoValue};

/// Creates the devices of one class.
///
/// All methods are called by threads of Tango, never by a hub, and many at a time. They must return within
/// seconds.
pub trait DeviceFactory: Send + Sync + 'static {
    /// Returns what the devices offer.
    fn class(&self) -> &'static DeviceClass;

    /// Creates a device: the server starts, or the device is restarted.
    ///
    /// # Errors
    /// Fails if the device cannot work as it is configured. It is in FAULT then, until its `Init` succeeds.
    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed>;
}

/// A device that answers clients.
///
/// All methods are called by threads of Tango, never by a hub, and many at a time. Names of commands
/// and attributes are spelled as in the [`DeviceClass`].
pub trait Device: Send + Sync + 'static {
    /// Returns the state, without waiting.
    fn state(&self) -> DevState;

    /// Returns the state in words, without waiting.
    fn status(&self) -> String;

    /// Executes the command `Init`: reads the properties again and starts anew.
    ///
    /// # Errors
    /// Fails if the device refuses, and stays as it is, or cannot start.
    fn init(&self) -> Result<(), DevFailed>;

    /// Executes a command of the class. The argument has the type that the class declares.
    ///
    /// # Errors
    /// Returns the error that the client receives.
    fn command(&self, name: &str, argument: TangoValue) -> Result<TangoValue, DevFailed>;

    /// Returns the value of an attribute.
    ///
    /// # Errors
    /// Returns the error that the client receives.
    fn read(&self, attribute: &str) -> Result<TangoValue, DevFailed>;

    /// Writes an attribute. The value has the type that the class declares.
    ///
    /// # Errors
    /// Returns the error that the client receives.
    fn write(&self, attribute: &str, value: TangoValue) -> Result<(), DevFailed>;

    /// Called when the device is removed: the server ends, or the device is restarted and will be created
    /// again.
    fn remove(&self);
}
