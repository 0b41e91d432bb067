//! Opening a file for writing, and putting into words why that is not possible.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::lock_holder::LockHolder;
use crate::error::{Error, FileCause, Result};
use crate::h5;

/// How an HDF5 file begins, and the size of what is there before any object (HDF5 file format,
/// superblock version 0).
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
const SUPERBLOCK: u64 = 96;

/// The absolute path without links and dots. The file itself need not exist, its directory must.
pub(super) fn resolve(path: &Path) -> Result<PathBuf> {
    let failed = |error: io::Error| refused(path, error);
    let mut target = path.to_owned();
    // As many links to a file that does not exist yet as the kernel would follow.
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
        let here = fs::canonicalize(directory).map_err(failed)?.join(name);
        match fs::read_link(&here) {
            Ok(link) => target = here.with_file_name("").join(link),
            Err(_) => return Ok(here),
        }
    }
    Err(failed(io::Error::from(Errno::LOOP)))
}

/// Opens a file for writing, made if it is missing.
pub(super) fn append(path: &Path) -> Result<h5::File> {
    let file = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            h5::File::create(path).and_then(usable)
        }
        Err(error) => return Err(refused(path, error)),
        Ok(found) if found.is_dir() => return Err(refused(path, ErrorKind::IsADirectory.into())),
        // Left by a writer that ended before its first flush. Nothing is in it to be lost.
        Ok(found) if found.len() <= SUPERBLOCK && is_bare(path)? && !is_locked(path)? => {
            h5::File::replace(path).and_then(usable)
        }
        Ok(_) => h5::File::open(path),
    };
    file.map_err(|source| unopened(path, source))
}

/// From now on others can open the file, also if this process dies.
fn usable(file: h5::File) -> h5::Result<h5::File> {
    file.flush().map(|()| file)
}

/// Whether a file that is no longer than the superblock has nothing else in it.
fn is_bare(path: &Path) -> Result<bool> {
    let bytes = fs::read(path).map_err(|error| refused(path, error))?;
    Ok(bytes.is_empty() || (bytes.len() as u64 <= SUPERBLOCK && bytes.starts_with(SIGNATURE)))
}

fn is_locked(path: &Path) -> Result<bool> {
    let file = fs::File::open(path).map_err(|error| refused(path, error))?;
    let locked = flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK);
    // Said, because a program that another thread is starting may have a copy of the descriptor.
    // It fails where there are no locks.
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
        // An empty file that somebody has just made and locked.
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
