//! The levels of logs that clients can set.

use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::server::{TangoLogLevel, set_server_log_level};

/// The level of the logs of the process, which clients can set. The program that starts the logs implements
/// it.
pub trait WriterLogControl: Send + Sync + 'static {
    /// Returns the least severe level that is logged.
    fn level(&self) -> WriterLogLevel;

    /// Logs messages that are as severe as `level`, or more severe, from now on.
    fn set_level(&self, level: WriterLogLevel);
}

/// The severity of a message. The numbers are those that clients write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum WriterLogLevel {
    /// For developers.
    Debug = 1,
    /// For people who watch the process.
    Info = 2,
    /// Something may be wrong.
    Warn = 3,
    /// Something failed.
    Error = 4,
    /// The process cannot continue.
    Fatal = 5,
}

impl WriterLogLevel {
    /// Returns the level that a client has written, or `None` for NOTSET.
    ///
    /// # Errors
    /// Fails if the number is not a level. Tango refuses such numbers before.
    pub fn from_number(number: i16) -> Result<Option<WriterLogLevel>, DevFailed> {
        Ok(Some(match number {
            0 => return Ok(None),
            1 => WriterLogLevel::Debug,
            2 => WriterLogLevel::Info,
            3 => WriterLogLevel::Warn,
            4 => WriterLogLevel::Error,
            5 => WriterLogLevel::Fatal,
            _ => {
                let text = format_args!("{number} is not a valid log level");
                return Err(DevFailed::python("ValueError", text, "NexusWriter"));
            }
        }))
    }
}

/// Returns the number of the level of a device, or 0 if nothing is logged.
pub fn tango_level(device: &DeviceContext) -> i16 {
    match device.log_level() {
        TangoLogLevel::Off => 0,
        TangoLogLevel::Debug => WriterLogLevel::Debug as i16,
        TangoLogLevel::Info => WriterLogLevel::Info as i16,
        TangoLogLevel::Warn => WriterLogLevel::Warn as i16,
        TangoLogLevel::Error => WriterLogLevel::Error as i16,
        TangoLogLevel::Fatal => WriterLogLevel::Fatal as i16,
    }
}

/// Sets the level of a device and of Tango itself. `None`: nothing is logged.
pub fn set_tango_level(device: &DeviceContext, level: Option<WriterLogLevel>) {
    let level = match level {
        None => TangoLogLevel::Off,
        Some(WriterLogLevel::Debug) => TangoLogLevel::Debug,
        Some(WriterLogLevel::Info) => TangoLogLevel::Info,
        Some(WriterLogLevel::Warn) => TangoLogLevel::Warn,
        Some(WriterLogLevel::Error) => TangoLogLevel::Error,
        Some(WriterLogLevel::Fatal) => TangoLogLevel::Fatal,
    };
    device.set_log_level(level);
    set_server_log_level(level);
}
