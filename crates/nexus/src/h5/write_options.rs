//! What protects a file that is written.

use std::fmt;
use std::str::FromStr;

/// What writes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileDriver {
    /// A journal: the file on disk is always as it was at a flush. See the crate [`journal`].
    #[default]
    Safe,
    /// The HDF5 library itself. A file whose writer is killed may be unreadable.
    Plain,
}

impl FileDriver {
    /// All values.
    pub const ALL: [FileDriver; 2] = [FileDriver::Safe, FileDriver::Plain];

    /// Returns the name of the value in options.
    pub fn name(self) -> &'static str {
        match self {
            FileDriver::Safe => "safe",
            FileDriver::Plain => "plain",
        }
    }
}

impl fmt::Display for FileDriver {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no [`FileDriver`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither safe nor plain")]
pub struct UnknownFileDriver(String);

impl FromStr for FileDriver {
    type Err = UnknownFileDriver;

    fn from_str(text: &str) -> std::result::Result<FileDriver, UnknownFileDriver> {
        let mut all = FileDriver::ALL.into_iter();
        let found = all.find(|driver| driver.name() == text);
        found.ok_or_else(|| UnknownFileDriver(text.to_owned()))
    }
}

/// How a file is protected from other programs and from the end of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether the operating system locks the file. Without a lock other processes may write it at the same time.
    pub lock: bool,
    /// What writes the file.
    pub driver: FileDriver,
    /// Whether what a journal makes durable survives a power failure as well. Each commit waits for the disk then.
    pub is_ordered: bool,
}

impl Default for WriteOptions {
    fn default() -> WriteOptions {
        WriteOptions {
            lock: true,
            driver: FileDriver::default(),
            is_ordered: false,
        }
    }
}
