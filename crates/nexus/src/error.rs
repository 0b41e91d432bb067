//! Failures, with the file and the path inside it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use observation::{Classified, ErrorKind};

use crate::file::LockHolder;
use crate::h5;

/// Result of an operation on a file.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What could not be done, where, and why. With the texts of its causes it fits into one line of a log
/// or of a scan's state.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory of a file does not exist.
    #[error("missing directory, cannot open '{}'", file.display())]
    MissingDirectory {
        /// The file.
        file: PathBuf,
    },
    /// The file may not be written, or not be made.
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
        /// The processes that hold it, if they run on this machine.
        holders: Vec<LockHolder>,
    },
    /// The file exists and is something else.
    #[error("not an HDF5 file, cannot open '{}'", file.display())]
    NotHdf5 {
        /// The file.
        file: PathBuf,
    },
    /// The file system, or what this user may use of it, is full.
    #[error("not enough space, cannot {action} '{}'", file.display())]
    NoSpace {
        /// The file.
        file: PathBuf,
        /// What was tried.
        action: String,
    },
    /// Opening, flushing or closing failed for another reason.
    #[error("cannot {action} '{}'", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was tried.
        action: String,
        /// What the HDF5 library or the operating system says.
        source: FileCause,
    },
    /// A dataset, link or group of another kind has this name already.
    #[error("cannot {action} '{path}' in '{}': name already exists", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
        /// The path inside it.
        path: String,
        /// What was tried.
        action: &'static str,
    },
    /// Something inside a file could not be read or written.
    #[error("cannot {action} '{path}' in '{}'", file.display())]
    Item {
        /// The file.
        file: PathBuf,
        /// The path inside it, with `@` before the name of an attribute.
        path: String,
        /// What was tried.
        action: &'static str,
        /// What the HDF5 library says.
        source: h5::Error,
    },
}

/// Why something could not be done with a whole file.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FileCause {
    /// The HDF5 library failed.
    #[error(transparent)]
    Hdf5(h5::Error),
    /// The operating system refused.
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
            | Error::NoSpace { .. } => true,
            Error::NotHdf5 { .. } | Error::Exists { .. } => false,
            Error::File { source, .. } => match source {
                FileCause::System(_) => true,
                FileCause::Hdf5(error) => error.is_temporary(),
            },
            Error::Item { source, .. } => source.is_temporary(),
        }
    }

    /// The failure of an operation on one item of a file.
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

    /// The failure of an operation on a whole file.
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
