//! The values that are sent over the wire, as far as our devices have them.

use std::fmt;

/// State of a device, or of something that a device reports. The numbers are those of Tango.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum DevState {
    /// Working, or ready to work.
    On = 0,
    /// Ended, or stopped.
    Off = 1,
    /// Something failed.
    Fault = 8,
    /// Not ready yet.
    Init = 9,
    /// Scans are being saved.
    Running = 10,
    /// Not known.
    Unknown = 13,
}

impl DevState {
    /// Returns the state with this number, or `None` if our devices do not have it.
    pub(crate) fn from_number(number: i64) -> Option<DevState> {
        let all = [
            DevState::On,
            DevState::Off,
            DevState::Fault,
            DevState::Init,
            DevState::Running,
            DevState::Unknown,
        ];
        all.into_iter().find(|state| *state as i64 == number)
    }
}

/// `RUNNING`
impl fmt::Display for DevState {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            DevState::On => "ON",
            DevState::Off => "OFF",
            DevState::Fault => "FAULT",
            DevState::Init => "INIT",
            DevState::Running => "RUNNING",
            DevState::Unknown => "UNKNOWN",
        })
    }
}

/// Type of an argument, a result or an element of an attribute. The numbers are those of Tango.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum TangoType {
    /// Nothing.
    Void = 0,
    /// `DevBoolean`
    Boolean = 1,
    /// `DevString`
    Text = 8,
    /// `DevVarStringArray`; of commands only.
    Texts = 16,
    /// `DevState`
    State = 19,
    /// `DevLong64`
    Long64 = 23,
    /// `DevEnum`; of attributes only.
    Enum = 29,
}

/// A value of a command or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TangoValue {
    /// Nothing.
    Void,
    /// Of [`TangoType::Boolean`].
    Boolean(bool),
    /// Of [`TangoType::Long64`].
    Long64(i64),
    /// Of [`TangoType::Text`].
    Text(String),
    /// Of [`TangoType::Texts`], or a spectrum of [`TangoType::Text`].
    Texts(Vec<String>),
    /// Of [`TangoType::State`].
    State(DevState),
    /// A spectrum of [`TangoType::State`].
    States(Vec<DevState>),
    /// Of [`TangoType::Enum`]: the index of the label.
    Enum(i16),
}
