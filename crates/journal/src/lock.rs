//! The locks of a file that is open for writing.
//!
//! The exclusive lock of the journal makes sure that there is one writer. The lock of the data file is shared with
//! readers who lock what they read, as the HDF5 library does by default, and keeps out the writers of other programs,
//! who want it for themselves. A file that has several names has several journals: its lock is exclusive.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::{Error, Result};

/// What was attempted if a lock fails.
pub(crate) const LOCK_ATTEMPT: &str = "lock";

/// Returns the open and locked journal of a file. It is created if it is missing.
pub(crate) fn open_journal(path: &Path, data: &Path, with_lock: bool) -> Result<File> {
    let failed = |source| Error::io(path.to_owned(), "open", source);
    loop {
        let journal = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        if with_lock {
            lock(&journal, FlockOperation::NonBlockingLockExclusive, data)?;
        }
        // The last holder removes the journal before it releases the lock.
        if is_at(&journal, path).map_err(failed)? {
            return Ok(journal);
        }
    }
}

/// Locks a data file.
pub(crate) fn lock_data(file: &File, path: &Path) -> Result<()> {
    let metadata = file.metadata();
    let names = metadata.map_err(|source| Error::io(path.to_owned(), LOCK_ATTEMPT, source))?;
    let operation = match names.nlink() {
        0 | 1 => FlockOperation::NonBlockingLockShared,
        _ => FlockOperation::NonBlockingLockExclusive,
    };
    lock(file, operation, path)
}

/// Releases a lock. Closing the file would not do while another thread starts a program, which has a copy of the
/// descriptor until it is executed.
pub(crate) fn unlock(file: &File) {
    if let Err(error) = flock(file, FlockOperation::Unlock) {
        tracing::debug!(%error, "a lock is released when the file is closed");
    }
}

/// Returns `true` if an open file is the one with this path.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match fs::metadata(path) {
        Ok(there) => Ok(identity(there) == identity(file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn lock(file: &File, operation: FlockOperation, data: &Path) -> Result<()> {
    let data = data.to_owned();
    flock(file, operation).map_err(|error| match error {
        Errno::WOULDBLOCK => Error::Held { file: data },
        // 524 is ENOTSUPP, which some file systems let out of the kernel.
        Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS => no_locks(data, error),
        error if error.raw_os_error() == 524 => no_locks(data, error),
        error => Error::io(data, LOCK_ATTEMPT, error.into()),
    })
}

fn no_locks(file: std::path::PathBuf, error: Errno) -> Error {
    Error::NoLocks {
        file,
        source: error.into(),
    }
}
