//! The levels of logs that clients can set.

use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::server::{LogLevel, set_core_log_level};

/// The logs of the process, as far as clients have a say in them. Whoever starts the logs provides it.
pub trait Logs: Send + Sync + 'static {
    /// The least severe messages that are logged.
    fn level(&self) -> Level;

    /// Logs messages that are as severe as `level`, or more, from now on.
    fn set_level(&self, level: Level);
}

/// How severe a message is. The numbers are those that clients write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Level {
    /// For developers.
    Debug = 1,
    /// For people who watch.
    Info = 2,
    /// Something is not as it should be.
    Warn = 3,
    /// Something failed.
    Error = 4,
    /// The process cannot go on.
    Fatal = 5,
}

impl Level {
    /// The level that a client has written; none for NOTSET.
    ///
    /// # Errors
    /// If it is none. Tango refuses these before we are asked.
    pub fn written(number: i16) -> Result<Option<Level>, DevFailed> {
        Ok(Some(match number {
            0 => return Ok(None),
            1 => Level::Debug,
            2 => Level::Info,
            3 => Level::Warn,
            4 => Level::Error,
            5 => Level::Fatal,
            _ => {
                let text = format_args!("{number} is not a valid log level");
                return Err(DevFailed::python("ValueError", text, "NexusWriter"));
            }
        }))
    }
}

/// The number by which clients know the level of a device; 0 if nothing is logged.
pub fn tango_level(device: &DeviceContext) -> i16 {
    match device.log_level() {
        LogLevel::Off => 0,
        LogLevel::Debug => Level::Debug as i16,
        LogLevel::Info => Level::Info as i16,
        LogLevel::Warn => Level::Warn as i16,
        LogLevel::Error => Level::Error as i16,
        LogLevel::Fatal => Level::Fatal as i16,
    }
}

/// Has device and core log what is as severe as this, or nothing.
pub fn set_tango_level(device: &DeviceContext, level: Option<Level>) {
    let level = match level {
        None => LogLevel::Off,
        Some(Level::Debug) => LogLevel::Debug,
        Some(Level::Info) => LogLevel::Info,
        Some(Level::Warn) => LogLevel::Warn,
        Some(Level::Error) => LogLevel::Error,
        Some(Level::Fatal) => LogLevel::Fatal,
    };
    device.set_log_level(level);
    set_core_log_level(level);
}
