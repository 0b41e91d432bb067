//! What a device server asks its devices.

use std::sync::Arc;

use crate::class::DeviceClass;
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::value::{DevState, TangoValue};

/// Makes the devices of one class.
///
/// All methods are called by threads of Tango, never by a hub, and many at a time. They must return
/// within seconds.
pub trait DeviceFactory: Send + Sync + 'static {
    /// What the devices offer.
    fn class(&self) -> &'static DeviceClass;

    /// A device appears: the server starts, or the device was restarted.
    ///
    /// # Errors
    /// If it cannot do its work as it is configured. It is in FAULT then, until its `Init` succeeds.
    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed>;
}

/// Answers for one device.
///
/// All methods are called by threads of Tango, never by a hub, and many at a time. Names of commands
/// and attributes are spelled as in the [`DeviceClass`].
pub trait Device: Send + Sync + 'static {
    /// The state, told at once.
    fn state(&self) -> DevState;

    /// The state in words, told at once.
    fn status(&self) -> String;

    /// The command `Init`: reads the properties again and starts anew.
    ///
    /// # Errors
    /// If that is refused, and the device stays as it is, or fails.
    fn init(&self) -> Result<(), DevFailed>;

    /// A command of the class. The argument has the type that the class says.
    ///
    /// # Errors
    /// What the client gets to know.
    fn command(&self, name: &str, argument: TangoValue) -> Result<TangoValue, DevFailed>;

    /// The value of an attribute.
    ///
    /// # Errors
    /// What the client gets to know.
    fn read(&self, attribute: &str) -> Result<TangoValue, DevFailed>;

    /// Writes an attribute. The value has the type that the class says.
    ///
    /// # Errors
    /// What the client gets to know.
    fn write(&self, attribute: &str, value: TangoValue) -> Result<(), DevFailed>;

    /// The device goes: the server ends, or the device is restarted and will be made again.
    fn remove(&self);
}
