//! The reasons for which a file could not be locked.

use std::io;

use rustix::io::Errno;

use super::error::{Error, Minor};

/// The number with which Linux reports that a network file system (NFS, Lustre, GPFS) has no locks. It is
/// meant for the kernel alone, so that no library has a name for it, and differs from `ENOTSUP`.
const KERNEL_NOT_SUPPORTED: i32 = 524;

/// The reason for which a file could not be locked.
#[derive(Debug)]
pub enum LockFailure {
    /// Another process has locked it.
    Held,
    /// Its file system has no locks, or has none left.
    NoLocks(io::Error),
    /// Any other error of the operating system.
    Other(io::Error),
}

impl LockFailure {
    /// Returns the meaning of an error number of `flock`.
    pub fn of(errno: i32) -> LockFailure {
        let error = io::Error::from_raw_os_error(errno);
        match Errno::from_raw_os_error(errno) {
            // EAGAIN has the same number on Linux.
            Errno::WOULDBLOCK => LockFailure::Held,
            Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS => LockFailure::NoLocks(error),
            _ if errno == KERNEL_NOT_SUPPORTED => LockFailure::NoLocks(error),
            _ => LockFailure::Other(error),
        }
    }
}

impl Error {
    /// Returns the reason for which a file could not be locked, if that caused this error.
    pub fn lock_failure(&self) -> Option<LockFailure> {
        match self {
            Error::Lock { errno } => Some(LockFailure::of(*errno)),
            Error::Journal(error) => match &**error {
                journal::Error::Held { .. } => Some(LockFailure::Held),
                journal::Error::NoLocks { source, .. } => {
                    source.raw_os_error().map(LockFailure::of)
                }
                _ => None,
            },
            // The library reports the number of each system call that fails.
            _ if self.has(Minor::CannotLockFile) => {
                Some(self.errno().map_or(LockFailure::Held, LockFailure::of))
            }
            _ => None,
        }
    }
}
