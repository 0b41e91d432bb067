//! Tango device servers, and the devices by which BLISS knows its writer.
//!
//! A [`Family`] makes [`Device`]s of one [`Class`]: the class says which commands, attributes and
//! properties a device has, the device answers. All that is known here of Tango's types is in
//! [`Value`] and [`DevFailed`].

mod class;
mod device;
mod failure;
mod handle;
mod value;

pub use class::{Access, Attribute, Class, Command, Property};
pub use device::{Device, Family};
pub use failure::{DevError, DevFailed};
pub use handle::Handle;
pub use value::{DataType, DevState, Value};
