//! Tango's own logging.

use crate::shim;

/// How much Tango logs; the numbers are those of log4tango.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum LogLevel {
    /// Nothing.
    Off = 100,
    /// What ends the server.
    Fatal = 200,
    /// What fails.
    Error = 300,
    /// What may fail.
    Warn = 400,
    /// What happens.
    Info = 500,
    /// All of it.
    Debug = 600,
}

/// How much Tango itself logs in this process. Off as long as no server has started.
pub fn core_log_level() -> LogLevel {
    level_of(0)
}

/// Has Tango itself log more or less, from now on. Nothing happens as long as no server has started.
pub fn set_core_log_level(level: LogLevel) {
    set_level_of(0, level);
}

/// The level of a device.
pub fn level_of(device: u64) -> LogLevel {
    let level = shim::server::log_level(device);
    // A logger that is not there logs nothing.
    level.map_or(LogLevel::Off, LogLevel::from_number)
}

/// Sets the level of a device.
pub fn set_level_of(device: u64, level: LogLevel) {
    if let Err(error) = shim::server::set_log_level(device, level as i32) {
        tracing::debug!("the log level of the Tango device {device} is not set: {error}");
    }
}

impl LogLevel {
    fn from_number(number: u32) -> LogLevel {
        match number {
            ..200 => LogLevel::Off,
            200..300 => LogLevel::Fatal,
            300..400 => LogLevel::Error,
            400..500 => LogLevel::Warn,
            500..600 => LogLevel::Info,
            600.. => LogLevel::Debug,
        }
    }
}

/// Logs what Tango does.
pub fn tell(level: u32, logger: &str, message: &str) {
    let message = message.trim_end();
    match LogLevel::from_number(level) {
        LogLevel::Off | LogLevel::Fatal | LogLevel::Error => {
            tracing::error!(target: "tango", "[{logger}] {message}");
        }
        LogLevel::Warn => tracing::warn!(target: "tango", "[{logger}] {message}"),
        // What Tango is about, only those want to know who look into it.
        LogLevel::Info => tracing::debug!(target: "tango", "[{logger}] {message}"),
        LogLevel::Debug => tracing::trace!(target: "tango", "[{logger}] {message}"),
    }
}
