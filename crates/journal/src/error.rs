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
    /// Returns a copy. The cause of it is the error number of the system only.
    pub(crate) fn duplicate(&self) -> Error {
        let copy = |source: &io::Error| match source.raw_os_error() {
            Some(number) => io::Error::from_raw_os_error(number),
            None => io::Error::new(source.kind(), source.to_string()),
        };
        match self {
            Error::Held { file } => Error::Held { file: file.clone() },
            Error::NoLocks { file, source } => Error::NoLocks {
                file: file.clone(),
                source: copy(source),
            },
            Error::NoRoom {
                file,
                attempted,
                source,
            } => Error::NoRoom {
                file: file.clone(),
                attempted,
                source: copy(source),
            },
            Error::Io {
                file,
                attempted,
                source,
            } => Error::Io {
                file: file.clone(),
                attempted,
                source: copy(source),
            },
            Error::Library { function } => Error::Library { function },
            Error::NotOpen => Error::NotOpen,
            Error::StillOpen => Error::StillOpen,
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
