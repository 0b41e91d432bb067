//! The level of the logs, as clients of the devices see it.

use tango::nexus_writer::{Level, Logs};

use crate::logging::{LogLevel, Severity};

impl Logs for LogLevel {
    fn level(&self) -> Level {
        match self.get() {
            Severity::Fatal => Level::Fatal,
            Severity::Error => Level::Error,
            Severity::Warn => Level::Warn,
            Severity::Info => Level::Info,
            // Python has nothing below.
            Severity::Debug | Severity::Trace => Level::Debug,
        }
    }

    fn set_level(&self, level: Level) {
        self.set(match level {
            Level::Fatal => Severity::Fatal,
            Level::Error => Severity::Error,
            Level::Warn => Severity::Warn,
            Level::Info => Severity::Info,
            Level::Debug => Severity::Debug,
        });
    }
}
