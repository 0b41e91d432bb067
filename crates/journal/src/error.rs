//! Why a file cannot be opened or committed.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

/// A specialised result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a file cannot be opened or committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another program, or another part of this one, has the file open for writing.
    #[error("{} is open for writing elsewhere", file.display())]
    Held {
        /// The file.
        file: PathBuf,
    },
    /// The file system has no locks.
    #[error("{} cannot be locked", file.display())]
    NoLocks {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk is full, or a limit on the size of files is reached. Nothing has changed: the file is at the commit
    /// before, and the commit can be tried again when there is room.
    #[error("there is no room to {attempted} {}", file.display())]
    NoRoom {
        /// The file or its journal.
        file: PathBuf,
        /// What was attempted.
        attempted: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The system refuses.
    #[error("cannot {attempted} {}", file.display())]
    Io {
        /// The file or its journal.
        file: PathBuf,
        /// What was attempted.
        attempted: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The C library refuses.
    #[error("the HDF5 library refuses to use the driver ({function})")]
    Library {
        /// The function that has failed.
        function: &'static str,
    },
    /// The library has no file open with this journal.
    #[error("no file is open for writing")]
    NotOpen,
    /// The library has a file open with this journal already.
    #[error("a file is still open")]
    StillOpen,
}

impl Error {
    /// Returns what the system says, if that is why.
    #[must_use]
    pub fn system(&self) -> Option<&io::Error> {
        match self {
            Error::NoLocks { source, .. }
            | Error::NoRoom { source, .. }
            | Error::Io { source, .. } => Some(source),
            Error::Held { .. } | Error::Library { .. } | Error::NotOpen | Error::StillOpen => None,
        }
    }

    pub(crate) fn io(file: PathBuf, attempted: &'static str, source: io::Error) -> Error {
        let full = [Errno::NOSPC, Errno::DQUOT, Errno::FBIG].map(Errno::raw_os_error);
        match source.raw_os_error() {
            Some(number) if full.contains(&number) => Error::NoRoom {
                file,
                attempted,
                source,
            },
            _ => Error::Io {
                file,
                attempted,
                source,
            },
        }
    }
}
