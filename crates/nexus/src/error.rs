//! The errors of this crate, with the file and the path inside it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use observation::{Classified, ErrorKind};

use crate::file::LockHolder;
use crate::h5;

/// The result of an operation on a file.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operation that failed, with the file, the path inside it, and the cause. Its text and the texts
/// of its causes fit into one line of a log or of a scan's state.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory of a file does not exist.
    #[error("missing directory, cannot open '{}'", file.display())]
    MissingDirectory {
        /// The file.
        file: PathBuf,
    },
    /// The user of this process has no permission to write or to create the file.
    #[error("permission denied, cannot open '{}'", file.display())]
    PermissionDenied {
        /// The file.
        file: PathBuf,
    },
    /// Another process has the file open.
    #[error("file already locked, cannot open '{}': held by {}", file.display(), LockHolder::list(holders))]
    Locked {
        /// The file.
        file: PathBuf,
        /// The processes on this machine that hold the lock.
        holders: Vec<LockHolder>,
    },
    /// The file system has no locks, but the file must be locked.
    #[error("the file system has no locks, cannot open '{}'", file.display())]
    NoLocks {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: Arc<io::Error>,
    },
    /// The file is an HDF5 file that the library cannot read.
    #[error("damaged file, cannot open '{}'", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The error of the HDF5 library.
        source: h5::Error,
    },
    /// The file was truncated, or another process may be writing it, and sessions of this process have it open.
    #[error("the file is still open from before it was changed, cannot open '{}'", file.display())]
    StillOpen {
        /// The file.
        file: PathBuf,
    },
    /// Another thread of this process is closing the file.
    #[error("the file is being closed, cannot open '{}'", file.display())]
    Closing {
        /// The file.
        file: PathBuf,
    },
    /// The file exists but is not an HDF5 file.
    #[error("not an HDF5 file, cannot open '{}'", file.display())]
    NotHdf5 {
        /// The file.
        file: PathBuf,
    },
    /// The file system is full, or the quota of the user is exhausted.
    #[error("not enough space, cannot {action} '{}'", file.display())]
    NoSpace {
        /// The file.
        file: PathBuf,
        /// The operation that failed.
        action: String,
    },
    /// The file could not be opened, flushed or closed for another reason.
    #[error("cannot {action} '{}'", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The operation that failed.
        action: String,
        /// The error of the HDF5 library or of the operating system.
        source: FileCause,
    },
    /// A group, dataset or link that differs from the new one already has this name.
    #[error("cannot {action} '{path}' in '{}': name already exists", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
        /// The path inside it.
        path: String,
        /// The operation that failed.
        action: &'static str,
    },
    /// A group, dataset, link or attribute could not be read or written.
    #[error("cannot {action} '{path}' in '{}'", file.display())]
    Item {
        /// The file.
        file: PathBuf,
        /// The path inside it, with `@` before the name of an attribute.
        path: String,
        /// The operation that failed.
        action: &'static str,
        /// The error of the HDF5 library.
        source: h5::Error,
    },
}

/// The cause of a failed operation on a whole file.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FileCause {
    /// The HDF5 library returned an error.
    #[error(transparent)]
    Hdf5(h5::Error),
    /// The operating system returned an error.
    #[error(transparent)]
    System(Arc<io::Error>),
}

impl Error {
    /// Returns `true` if the same operation may succeed later, although nobody changes what is to be written:
    /// the file system refuses it at present, or another process has the file.
    pub fn is_temporary(&self) -> bool {
        match self {
            Error::MissingDirectory { .. }
            | Error::PermissionDenied { .. }
            | Error::Locked { .. }
            | Error::NoLocks { .. }
            | Error::StillOpen { .. }
            | Error::Closing { .. }
            | Error::NoSpace { .. } => true,
            Error::NotHdf5 { .. } | Error::Damaged { .. } | Error::Exists { .. } => false,
            Error::File { source, .. } => match source {
                FileCause::System(_) => true,
                FileCause::Hdf5(error) => error.is_temporary(),
            },
            Error::Item { source, .. } => source.is_temporary(),
        }
    }

    /// Returns the error for a failed operation on one item of a file.
    pub fn item(file: &Path, path: &str, action: &'static str, source: h5::Error) -> Error {
        let (file, path) = (file.to_owned(), path.to_owned());
        if source.kind() == ErrorKind::DiskFull {
            let action = format!("{action} '{path}' in");
            return Error::NoSpace { file, action };
        }
        Error::Item {
            file,
            path,
            action,
            source,
        }
    }

    /// Returns the error for a failed operation on a whole file.
    pub fn file(file: &Path, action: &str, source: h5::Error) -> Error {
        let (file, action) = (file.to_owned(), action.to_owned());
        if source.kind() == ErrorKind::DiskFull {
            return Error::NoSpace { file, action };
        }
        let source = FileCause::Hdf5(source);
        Error::File {
            file,
            action,
            source,
        }
    }
}
