//! Changes that other programs make to the name, or to the size, of an open file.

use std::cell::Cell;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::open::SIGNATURE;
use crate::h5;

/// What happened to a file while it was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileInterference {
    /// No file has its name any more: it was deleted or renamed, or its directory was.
    #[error("was deleted or renamed while it was written")]
    Missing,
    /// Another file has its name.
    #[error("was replaced by another file while it was written")]
    Replaced,
    /// It is shorter than it was.
    #[error("was truncated while it was written")]
    Truncated,
}

/// Compares an open file with the file that has its name.
#[derive(Debug)]
pub(super) struct FileWatch {
    /// Device and inode; none where the file system does not number its files.
    identity: Option<(u64, u64)>,
    /// The size after the last flush. A file does not shrink while it is open.
    size: Cell<u64>,
    /// Whether the file begins with bytes of a user, which may be any.
    has_user_block: bool,
}

impl FileWatch {
    /// Starts to watch a file that was just opened at this path.
    pub fn new(path: &Path, file: &h5::File) -> FileWatch {
        let open = status(file);
        let size = open.map_or(0, |(_, size)| size);
        // Some network file systems number a file anew whenever they are asked.
        let named = fs::metadata(path).ok().map(|named| identity(&named));
        FileWatch {
            identity: open
                .map(|(identity, _)| identity)
                .filter(|identity| named == Some(*identity)),
            size: Cell::new(size),
            has_user_block: size > 0 && !begins_as_hdf5(file),
        }
    }

    /// Returns `true` if the file was empty when it was last flushed: it is new.
    pub fn is_empty(&self) -> bool {
        self.size.get() == 0
    }

    /// Notes that the file was flushed.
    pub fn flushed(&self, file: &h5::File) {
        if let Some((_, size)) = status(file) {
            self.size.set(size);
        }
    }

    /// Returns what happened to the file, if anything did. A file system that does not answer is no change.
    pub fn interference(&self, path: &Path, file: &h5::File) -> Option<FileInterference> {
        let watched = self.identity?;
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Some(FileInterference::Missing);
            }
            Err(_) => return None,
            Ok(named) if identity(&named) != watched => return Some(FileInterference::Replaced),
            Ok(_) => {}
        }
        let (_, size) = status(file)?;
        // What is written after the truncation makes the file as long as before, without its beginning. A new file gets
        // that with its first flush.
        let has_begin = || self.is_empty() || self.has_user_block || begins_as_hdf5(file);
        let is_truncated = size < self.size.get() || !has_begin();
        is_truncated.then_some(FileInterference::Truncated)
    }
}

fn identity(named: &fs::Metadata) -> (u64, u64) {
    (named.dev(), named.ino())
}

/// Returns `true` unless the first bytes of the file are others than those of every HDF5 file.
fn begins_as_hdf5(file: &h5::File) -> bool {
    !matches!(file.signature(), Ok(Ok(bytes)) if bytes != SIGNATURE)
}

/// Returns identity and size of an open file.
fn status(file: &h5::File) -> Option<((u64, u64), u64)> {
    let status = file.status().ok()?.ok()?;
    Some((
        (status.st_dev, status.st_ino),
        u64::try_from(status.st_size).unwrap_or_default(),
    ))
}
