//! Tango device servers, and the devices by which BLISS knows its writer.
//!
//! A [`Family`] makes [`Device`]s of one [`Class`]: the class says which commands, attributes and
//! properties a device has, the device answers. All that is known here of Tango's types is in
//! [`Value`] and [`DevFailed`].

#![deny(unsafe_code)]

pub mod bliss_writer;
mod class;
pub mod database;
mod device;
mod failure;
mod handle;
mod latin1;
pub mod nexus_writer;
mod python;
mod server;
#[allow(unsafe_code, reason = "it calls C++, and is called by it")]
mod shim;
mod value;

pub use class::{Access, Attribute, Class, Command, Property};
pub use device::{Device, Family};
pub use failure::{DevError, DevFailed, ErrorStack};
pub use handle::{Handle, PropertyError};
pub use server::{
    DeviceFailure, InvalidClass, LogLevel, Server, ServerError, ServerOptions, StartError,
    core_log_level, set_core_log_level,
};
pub use value::{DataType, DevState, Value};
