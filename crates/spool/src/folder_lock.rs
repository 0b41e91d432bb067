//! The lock of a folder that one process holds.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// A locked file, which is unlocked when this value is dropped.
///
/// Closing the file would not do: if another thread starts a program at that time, the new process has a copy
/// of the descriptor, and with it the lock, until it executes the program.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
}

impl FolderLock {
    /// Locks a file, which is created if it is missing. Returns `None` if another holder has it.
    ///
    /// # Errors
    /// If the file cannot be created, or if its file system has no locks.
    pub fn take(path: &Path) -> io::Result<Option<FolderLock>> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Ok(None),
            locked => locked?,
        }
        let lock = FolderLock { file };
        // The last holder may have removed the file just now.
        Ok(lock.is_at(path).then_some(lock))
    }

    /// Returns `true` if the locked file is the one that has this path, and not one that was removed.
    pub fn is_at(&self, path: &Path) -> bool {
        let there = fs::metadata(path);
        let is_there = there.and_then(|there| Ok(there.ino() == self.file.metadata()?.ino()));
        is_there.unwrap_or(false)
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if let Err(error) = flock(&self.file, FlockOperation::Unlock) {
            tracing::debug!(%error, "cannot release the lock of a spool");
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;
    use testing::{SystemCall, failing};

    use super::FolderLock;

    #[test]
    fn a_copy_of_the_descriptor_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = FolderLock::take(&path).unwrap().unwrap();
        assert!(FolderLock::take(&path).unwrap().is_none());
        // A process that is being started has such a copy.
        let copy = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(FolderLock::take(&path).unwrap().is_some());
        drop(copy);
    }

    #[test]
    fn a_file_system_without_locks_is_no_other_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let errno = Errno::NOLCK.raw_os_error();
        let locked = failing(SystemCall::Flock, errno, || FolderLock::take(&path));
        assert_eq!(locked.unwrap_err().raw_os_error(), Some(errno));
    }
}
