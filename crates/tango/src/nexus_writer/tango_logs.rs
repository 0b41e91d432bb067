//! The logs of Tango itself: those of a device, and those of its core.

use super::logs::Level;
use crate::handle::Handle;
use crate::server::{LogLevel, set_core_log_level};

/// The number by which clients know the level of a device; 0 if nothing is logged.
pub fn level(device: &Handle) -> i16 {
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
pub fn set_level(device: &Handle, level: Option<Level>) {
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
