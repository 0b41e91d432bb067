//! Tango's own logging.

use crate::shim;

/// How much Tango logs. The numbers are those of log4tango.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum TangoLogLevel {
    /// Nothing.
    Off = 100,
    /// Errors that end the server.
    Fatal = 200,
    /// Errors.
    Error = 300,
    /// Warnings.
    Warn = 400,
    /// Events.
    Info = 500,
    /// Everything.
    Debug = 600,
}

/// Returns how much Tango itself logs in this process: nothing as long as no server has started.
pub fn server_log_level() -> TangoLogLevel {
    level_of(0)
}

/// Sets how much Tango itself logs from now on. Has no effect as long as no server has started.
pub fn set_server_log_level(level: TangoLogLevel) {
    set_level_of(0, level);
}

/// Returns the level of a device.
pub fn level_of(device: u64) -> TangoLogLevel {
    let level = shim::server::log_level(device);
    // A logger that is not there logs nothing.
    level.map_or(TangoLogLevel::Off, TangoLogLevel::from_number)
}

/// Sets the level of a device.
pub fn set_level_of(device: u64, level: TangoLogLevel) {
    if let Err(error) = shim::server::set_log_level(device, level as i32) {
        tracing::debug!("the log level of the Tango device {device} is not set: {error}");
    }
}

impl TangoLogLevel {
    fn from_number(number: u32) -> TangoLogLevel {
        match number {
            ..200 => TangoLogLevel::Off,
            200..300 => TangoLogLevel::Fatal,
            300..400 => TangoLogLevel::Error,
            400..500 => TangoLogLevel::Warn,
            500..600 => TangoLogLevel::Info,
            600.. => TangoLogLevel::Debug,
        }
    }
}

/// Logs a message of Tango.
pub fn log_event(level: u32, logger: &str, message: &str) {
    let message = message.trim_end();
    match TangoLogLevel::from_number(level) {
        TangoLogLevel::Off | TangoLogLevel::Fatal | TangoLogLevel::Error => {
            tracing::error!(target: "tango", "[{logger}] {message}");
        }
        TangoLogLevel::Warn => tracing::warn!(target: "tango", "[{logger}] {message}"),
        // Messages about Tango's own work are only of interest while somebody debugs it.
        TangoLogLevel::Info => tracing::debug!(target: "tango", "[{logger}] {message}"),
        TangoLogLevel::Debug => tracing::trace!(target: "tango", "[{logger}] {message}"),
    }
}
