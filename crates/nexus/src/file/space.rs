//! Room on the disk.

use std::io;
use std::path::Path;

/// Bytes that this user may still write to the file system of a directory or file.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
