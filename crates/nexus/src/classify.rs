//! The kind and the origin of each error.

use observation::{Classified, ErrorKind, ErrorOrigin};
use rustix::io::Errno;

use crate::chunk::EncodeError;
use crate::frames::FrameError;
use crate::h5::LockFailure;
use crate::tree::UnknownCompression;
use crate::{Error, FileCause, dataset, h5};

impl Classified for h5::Error {
    fn kind(&self) -> ErrorKind {
        match self.lock_failure() {
            Some(LockFailure::Held) => return ErrorKind::Locked,
            Some(LockFailure::NoLocks(_)) => return ErrorKind::Permission,
            Some(LockFailure::Other(_)) | None => {}
        }
        match self {
            h5::Error::Journal(_) | h5::Error::Library(_) => {
                match self.errno().map(Errno::from_raw_os_error) {
                    // The last one is a limit on the size of files.
                    Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => ErrorKind::DiskFull,
                    Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => ErrorKind::Permission,
                    _ => ErrorKind::Hdf5,
                }
            }
            h5::Error::Closed | h5::Error::CommitEnded => ErrorKind::Internal,
            _ => ErrorKind::Hdf5,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            // The file is damaged, the disk is full, or the file system fails or has no locks.
            h5::Error::Journal(_) | h5::Error::Library(_) | h5::Error::Lock { .. } => {
                ErrorOrigin::Environment
            }
            h5::Error::NotRegular => ErrorOrigin::User,
            h5::Error::Closed | h5::Error::CommitEnded => ErrorOrigin::Internal,
            // HDF5 cannot represent the data.
            _ => ErrorOrigin::Data,
        }
    }
}

impl Classified for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            // Nobody holds a file that cannot be locked: its file system does not allow what is asked.
            Error::MissingDirectory { .. }
            | Error::PermissionDenied { .. }
            | Error::NoLocks { .. } => ErrorKind::Permission,
            Error::Locked { .. } | Error::StillOpen { .. } | Error::Closing { .. } => {
                ErrorKind::Locked
            }
            Error::NoSpace { .. } => ErrorKind::DiskFull,
            Error::NotHdf5 { .. } | Error::Damaged { .. } | Error::Exists { .. } => ErrorKind::Hdf5,
            Error::File { source, .. } => source.kind(),
            Error::Item { source, .. } => source.kind(),
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            Error::NotHdf5 { .. } | Error::Damaged { .. } | Error::Exists { .. } => {
                ErrorOrigin::User
            }
            Error::File { source, .. } => source.origin(),
            Error::Item { source, .. } => source.origin(),
            Error::MissingDirectory { .. }
            | Error::PermissionDenied { .. }
            | Error::Locked { .. }
            | Error::NoLocks { .. }
            | Error::StillOpen { .. }
            | Error::Closing { .. }
            | Error::NoSpace { .. } => ErrorOrigin::Environment,
        }
    }
}

impl Classified for FileCause {
    fn kind(&self) -> ErrorKind {
        match self {
            FileCause::Hdf5(error) => error.kind(),
            FileCause::System(_) => ErrorKind::Hdf5,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            FileCause::Hdf5(error) => error.origin(),
            FileCause::System(_) => ErrorOrigin::Environment,
        }
    }
}

impl Classified for dataset::Error {
    fn kind(&self) -> ErrorKind {
        match self {
            dataset::Error::Hdf5 { source, .. } => source.kind(),
            dataset::Error::Compression { source, .. } => source.kind(),
            dataset::Error::Mismatch { .. } => ErrorKind::Hdf5,
            _ => ErrorKind::Protocol,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            dataset::Error::Hdf5 { source, .. } => source.origin(),
            dataset::Error::Compression { source, .. } => source.origin(),
            // Another program has replaced the dataset.
            dataset::Error::Mismatch { .. } => ErrorOrigin::User,
            _ => ErrorOrigin::Data,
        }
    }
}

impl Classified for FrameError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::DetectorFile
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            // The detector has not saved them yet, or not where this host sees them.
            error if error.is_temporary() => ErrorOrigin::Environment,
            FrameError::Hdf5(_) => ErrorOrigin::Environment,
            _ => ErrorOrigin::Data,
        }
    }
}

impl Classified for EncodeError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Internal
    }
}

impl Classified for UnknownCompression {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Layout
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Data
    }
}
