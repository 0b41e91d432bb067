//! A file to try the file system with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, flock};

/// Bytes that are written into it.
const CONTENT: [u8; 4096] = [0; 4096];

/// A file in a directory, which is removed when this is dropped.
pub struct TemporaryFile {
    file: File,
    path: PathBuf,
}

/// What locks of a file system are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locks {
    /// A file that is locked cannot be locked again.
    Exclusive,
    /// A file can be locked twice at the same time.
    WithoutEffect,
}

impl TemporaryFile {
    /// Makes a file, whose name no other program uses, and writes some bytes into it.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn make(directory: &Path) -> io::Result<TemporaryFile> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!(".nexus-writer-doctor-{}-{number}", process::id());
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        let mut made = TemporaryFile { file, path };
        made.file.write_all(&CONTENT)?;
        Ok(made)
    }

    /// Locks the file, as HDF5 does.
    ///
    /// # Errors
    /// If the file system has no locks.
    pub fn lock(&self) -> io::Result<Locks> {
        flock(&self.file, FlockOperation::NonBlockingLockExclusive)?;
        // Some file systems lock only files that are open for writing.
        let second = OpenOptions::new().read(true).write(true).open(&self.path)?;
        match flock(&second, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Locks::WithoutEffect),
            Err(_) => Ok(Locks::Exclusive),
        }
    }

    /// Writes the bytes again, and waits until they are on the disk.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn synchronise(&self) -> io::Result<()> {
        self.file.write_all_at(&CONTENT, 0)?;
        self.file.sync_data()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}
