//! The levels of logs that clients can set.

use crate::failure::DevFailed;

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
