//! Errors of the device server.

use std::io;

use observation::ErrorOrigin;

use crate::failure::{DevFailed, ErrorStack};

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// cppTango knows one server in a process, once.
    #[error("there is or was a Tango server in this process, and there cannot be another")]
    AlreadyStarted,
    /// A class of devices cannot be offered.
    #[error(transparent)]
    Class(#[from] InvalidClass),
    /// An argument contains a zero.
    #[error("{0:?} cannot be an argument of a Tango server")]
    Argument(String),
    /// The system has no threads left.
    #[error("cannot start a thread of the Tango server")]
    NoThread(#[source] io::Error),
}

impl StartError {
    /// Returns the origin of the error.
    pub fn origin(&self) -> ErrorOrigin {
        match self {
            StartError::AlreadyStarted | StartError::Class(_) => ErrorOrigin::Internal,
            StartError::Argument(_) => ErrorOrigin::User,
            StartError::NoThread(_) => ErrorOrigin::Environment,
        }
    }
}

/// Something that a class of devices cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("class {class}: {item} {problem}")]
pub struct InvalidClass {
    /// Name of the class.
    pub class: &'static str,
    /// Name of the command, attribute or property.
    pub item: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Why a server ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceServerError {
    /// Tango failed.
    #[error("the Tango server failed")]
    Tango(#[source] ErrorStack),
    /// The database has no devices of the server.
    #[error("the Tango server has no device: the Tango database has none of this server")]
    NoDevices,
    /// None of the devices could be made.
    #[error("the Tango server has no device that works: {}", in_words(.0))]
    Devices(Vec<DeviceFailure>),
    /// The server was ended before it was ready.
    #[error("the Tango server was ended before it was ready")]
    Stopped,
}

impl DeviceServerError {
    /// Returns the origin of the error.
    pub fn origin(&self) -> ErrorOrigin {
        match self {
            DeviceServerError::Tango(_) => ErrorOrigin::Environment,
            DeviceServerError::NoDevices
            | DeviceServerError::Devices(_)
            | DeviceServerError::Stopped => ErrorOrigin::User,
        }
    }
}

/// A device that could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFailure {
    /// Name of the device.
    pub device: String,
    /// The error that its clients receive.
    pub failure: DevFailed,
}

fn in_words(failures: &[DeviceFailure]) -> String {
    let texts = failures.iter().map(|DeviceFailure { device, failure }| {
        // Descriptions in the manner of Python end their line.
        format!("{device}: {}", failure.to_string().trim_end())
    });
    texts.collect::<Vec<_>>().join("; ")
}
