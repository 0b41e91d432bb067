//! Opens a file for writing, and finds the reason if that is not possible.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::lock_holder::LockHolder;
use super::locking::{FileLocking, without_locks};
use crate::error::{Error, FileCause, Result};
use crate::h5::{self, WriteAccess};

/// The first bytes of an HDF5 file, and the size of its superblock, which precedes all objects (HDF5 file
/// format, superblock version 0).
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
const SUPERBLOCK: u64 = 96;

/// Directories without locks that are remembered, so that each is reported once.
const MAX_KNOWN: usize = 1000;

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

/// Opens a file for writing, and creates it if it is missing.
pub(super) fn append(path: &Path, locking: FileLocking) -> Result<h5::File> {
    let access = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => WriteAccess::Create,
        Err(error) => return Err(refused(path, error)),
        Ok(found) if found.is_dir() => return Err(refused(path, ErrorKind::IsADirectory.into())),
        // Left by a writer that ended before its first flush. It holds nothing that could be lost.
        Ok(found) if found.len() <= SUPERBLOCK && is_bare(path)? && !is_locked(path)? => {
            WriteAccess::Replace
        }
        Ok(_) => WriteAccess::Existing,
    };
    let opened = h5::File::open_to_write(path, access, locking != FileLocking::Off);
    let opened = match (&opened, locking) {
        (Err(error), FileLocking::Auto | FileLocking::Required) => match without_locks(error) {
            Some(reason) if locking == FileLocking::Auto => {
                warn_once(path, reason);
                // The failed attempt may have created the file.
                let access = match access {
                    WriteAccess::Create if path.exists() => WriteAccess::Replace,
                    access => access,
                };
                h5::File::open_to_write(path, access, false)
            }
            Some(reason) => {
                let (file, reason) = (path.to_owned(), io::Error::from(reason).to_string());
                return Err(Error::NoLocks { file, reason });
            }
            None => opened,
        },
        _ => opened,
    };
    let opened = match access {
        WriteAccess::Existing => opened,
        WriteAccess::Create | WriteAccess::Replace => opened.and_then(usable),
    };
    opened.map_err(|source| unopened(path, source))
}

/// Warns once per directory that its file system has no locks.
fn warn_once(path: &Path, reason: Errno) {
    static KNOWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let directory = path.parent().unwrap_or(path);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() < MAX_KNOWN && known.insert(directory.to_owned()) {
        let reason = io::Error::from(reason);
        tracing::warn!(
            "files in {} cannot be locked ({reason}), only claims in Redis protect them",
            directory.display()
        );
    }
}

/// Flushes a new file, so that readers can open it, even if this process dies.
fn usable(file: h5::File) -> h5::Result<h5::File> {
    file.flush().map(|()| file)
}

/// Returns `true` if a file that is not longer than the superblock is empty or an HDF5 file without
/// objects.
fn is_bare(path: &Path) -> Result<bool> {
    let bytes = fs::read(path).map_err(|error| refused(path, error))?;
    Ok(bytes.is_empty() || (bytes.len() as u64 <= SUPERBLOCK && bytes.starts_with(SIGNATURE)))
}

fn is_locked(path: &Path) -> Result<bool> {
    let file = fs::File::open(path).map_err(|error| refused(path, error))?;
    let locked = flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK);
    // Closing the file would not release the lock if a program that another thread is starting has a copy
    // of the descriptor. Unlocking fails on file systems without locks.
    flock(&file, FlockOperation::Unlock).ok();
    Ok(locked)
}

fn unopened(path: &Path, source: h5::Error) -> Error {
    let file = path.to_owned();
    if source.has(h5::Minor::CannotLockFile) {
        let holders = LockHolder::of(path);
        return Error::Locked { file, holders };
    }
    if source.has(h5::Minor::NotHdf5) {
        return Error::NotHdf5 { file };
    }
    match source.errno().map(io::Error::from_raw_os_error) {
        Some(error) => match refused(path, error) {
            Error::File { .. } => Error::file(path, "open", source),
            known => known,
        },
        // Another process has just created and locked the file.
        None if fs::metadata(path).is_ok_and(|found| found.len() == 0) => Error::Locked {
            holders: LockHolder::of(path),
            file,
        },
        None => Error::file(path, "open", source),
    }
}

fn refused(path: &Path, error: io::Error) -> Error {
    let file = path.to_owned();
    match error.kind() {
        ErrorKind::NotFound => Error::MissingDirectory { file },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::PermissionDenied { file }
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::NoSpace {
            file,
            action: "open".to_owned(),
        },
        _ => Error::File {
            file,
            action: "open".to_owned(),
            source: FileCause::System(Arc::new(error)),
        },
    }
}
