//! Tango device servers, and the devices by which BLISS knows its writer.
//!
//! A [`DeviceFactory`] creates the [`Device`]s of one [`DeviceClass`]: the class declares the commands,
//! attributes and properties of a device, and the device answers clients. The supported types of Tango are
//! those of [`TangoValue`] and [`DevFailed`].

#![deny(unsafe_code)]

pub mod bliss_writer;
mod class;
pub mod database;
mod device;
mod device_context;
mod failure;
mod latin1;
pub mod nexus_writer;
mod python;
mod server;
#[allow(unsafe_code, reason = "it calls C++ and is called by it")]
mod shim;
mod value;

/// The version of cppTango that this was built with, for example `9.3.4`.
pub const TANGO_VERSION: &str = env!("TANGO_VERSION");

pub use class::{AttributeAccess, DeviceAttribute, DeviceClass, DeviceCommand, DeviceProperty};
pub use device::{Device, DeviceFactory};
pub use device_context::{DeviceContext, PropertyError};
pub use failure::{DevError, DevFailed, ErrorStack};
pub use server::{
    DeviceFailure, DeviceServer, DeviceServerError, DeviceServerOptions, InvalidClass, StartError,
    TangoLogLevel, server_log_level, set_server_log_level,
};
pub use value::{DevState, TangoType, TangoValue};
