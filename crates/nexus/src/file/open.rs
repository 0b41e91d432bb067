//! Opens a file for writing, and finds the reason if that is not possible.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::lock_holder::LockHolder;
use super::locking::FileLocking;
use super::pool::FileSettings;
use crate::error::{Error, FileCause, Result};
use crate::h5::{self, FileDriver, LockFailure, WriteAccess, WriteOptions};

/// The first bytes of an HDF5 file, and the size of its superblock, which precedes all objects (HDF5 file
/// format, superblock version 0).
pub(super) const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
const SUPERBLOCK: u64 = 96;

/// The absolute path without links and dots. The file itself need not exist, its directory must.
pub(super) fn resolve(path: &Path) -> Result<PathBuf> {
    let failed = |error: io::Error| refused(path, error);
    let mut target = path.to_owned();
    // The kernel follows at most 40 links too.
    for _ in 0..40 {
        match fs::canonicalize(&target) {
            Ok(resolved) => return Ok(resolved),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let name = target
            .file_name()
            .ok_or_else(|| failed(ErrorKind::IsADirectory.into()))?;
        let directory = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let absolute = fs::canonicalize(directory).map_err(failed)?.join(name);
        match fs::read_link(&absolute) {
            Ok(link) => target = absolute.with_file_name("").join(link),
            Err(_) => return Ok(absolute),
        }
    }
    Err(failed(io::Error::from(Errno::LOOP)))
}

/// A file that was opened for writing.
pub(super) struct OpenedFile {
    pub file: h5::File,
    /// The reason for which the file system has not locked the file, if it should have.
    pub no_locks: Option<Arc<io::Error>>,
}

/// Opens a file for writing, and creates it if it is missing.
pub(super) fn append(path: &Path, settings: FileSettings) -> Result<OpenedFile> {
    let open = |lock| {
        let options = WriteOptions {
            lock,
            driver: settings.driver,
            is_ordered: settings.durability.period().is_some(),
        };
        open_or_create(path, options)
    };
    let locking = settings.locking;
    let (file, no_locks) = match (open(locking != FileLocking::Off), locking) {
        (Err(Error::NoLocks { source, .. }), FileLocking::Auto) => (open(false)?, Some(source)),
        (opened, _) => (opened?, None),
    };
    Ok(OpenedFile { file, no_locks })
}

fn open_or_create(path: &Path, options: WriteOptions) -> Result<h5::File> {
    let access = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => WriteAccess::Create,
        Err(error) => return Err(refused(path, error)),
        Ok(found) if found.is_dir() => return Err(refused(path, ErrorKind::IsADirectory.into())),
        // Left by a writer that ended before its first flush. It holds nothing that could be lost.
        Ok(found)
            if found.len() <= SUPERBLOCK
                && is_bare(path)?
                && (!options.lock || !is_locked(path)?) =>
        {
            WriteAccess::Replace
        }
        Ok(_) => WriteAccess::Existing,
    };
    let opened = match h5::File::open_to_write(path, access, options) {
        Err(error) if access == WriteAccess::Existing && needs_plain(&error, options) => {
            let driver = FileDriver::Plain;
            let opened = h5::File::open_to_write(path, access, WriteOptions { driver, ..options });
            if opened.is_ok() {
                tracing::warn!(
                    "no journal can be made beside {}: a kill may damage the file",
                    path.display()
                );
            }
            opened
        }
        opened => opened,
    };
    let opened = match access {
        WriteAccess::Existing => opened.and_then(sound),
        WriteAccess::Create | WriteAccess::Replace => opened.and_then(usable),
    };
    opened.map_err(|source| {
        let error = unopened(path, source);
        if access == WriteAccess::Create && matches!(error, Error::NoLocks { .. }) {
            remove_empty(path);
        }
        error
    })
}

/// Returns `true` if a file could not be opened because its journal could not. The file itself may be writable, in a
/// directory that is not.
fn needs_plain(error: &h5::Error, options: WriteOptions) -> bool {
    let denied = [Errno::ACCESS, Errno::PERM].map(Errno::raw_os_error);
    options.driver == FileDriver::Safe
        && error.errno().is_some_and(|number| denied.contains(&number))
}

/// Removes the empty file that remains when a new file cannot be locked.
fn remove_empty(path: &Path) {
    if fs::metadata(path).is_ok_and(|found| found.len() == 0)
        && let Err(error) = fs::remove_file(path)
    {
        tracing::debug!(%error, "an empty file remains: {}", path.display());
    }
}

/// Flushes a new file, so that readers can open it, even if this process dies. If that waits for the disk, it is left
/// to another thread: see [`OpenFile::new`](super::open_file::OpenFile::new).
fn usable(file: h5::File) -> h5::Result<h5::File> {
    match file.is_ordered() {
        true => Ok(file),
        false => file.flush().map(|()| file),
    }
}

/// Looks at the root group, which the library does not do when it opens a file with superblock 2.
fn sound(file: h5::File) -> h5::Result<h5::File> {
    file.root().map(drop)?;
    Ok(file)
}

/// Returns `true` if a file that is not longer than the superblock is empty or an HDF5 file without
/// objects.
fn is_bare(path: &Path) -> Result<bool> {
    let bytes = fs::read(path).map_err(|error| refused(path, error))?;
    Ok(bytes.is_empty() || (bytes.len() as u64 <= SUPERBLOCK && bytes.starts_with(&SIGNATURE)))
}

fn is_locked(path: &Path) -> Result<bool> {
    let file = fs::File::open(path).map_err(|error| refused(path, error))?;
    let locked = flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK);
    // Closing the file would not release the lock if a program that another thread is starting has a copy
    // of the descriptor. Unlocking fails on file systems without locks.
    flock(&file, FlockOperation::Unlock).ok();
    Ok(locked)
}

pub(super) fn unopened(path: &Path, source: h5::Error) -> Error {
    let file = path.to_owned();
    let is_empty = || fs::metadata(path).is_ok_and(|found| found.len() == 0);
    match source.lock_failure() {
        Some(LockFailure::Held) => Error::Locked {
            holders: LockHolder::of(path),
            file,
        },
        Some(LockFailure::NoLocks(error)) => Error::NoLocks {
            file,
            source: Arc::new(error),
        },
        Some(LockFailure::Other(error)) => failed(path, "lock", error),
        None => match source.errno().map(io::Error::from_raw_os_error) {
            // This is checked first, because the library also reports that a file is no HDF5 file if its
            // first bytes cannot be read.
            Some(error) => refused(path, error),
            None if source.has(h5::Minor::NotHdf5) => Error::NotHdf5 { file },
            // Another process has just created and locked the file.
            None if is_empty() => Error::Locked {
                holders: LockHolder::of(path),
                file,
            },
            None if source.is_damage() => Error::Damaged { file, source },
            None => Error::file(path, "open", source),
        },
    }
}

fn refused(path: &Path, error: io::Error) -> Error {
    let file = path.to_owned();
    match error.kind() {
        ErrorKind::NotFound => Error::MissingDirectory { file },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::PermissionDenied { file }
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Error::NoSpace {
                file,
                action: "open".to_owned(),
            }
        }
        _ => failed(path, "open", error),
    }
}

pub(super) fn failed(path: &Path, action: &str, error: io::Error) -> Error {
    Error::File {
        file: path.to_owned(),
        action: action.to_owned(),
        source: FileCause::System(Arc::new(error)),
    }
}
