//! The files that this process has open for writing.
//!
//! Locks do not keep a process from opening a file twice where the file system has none.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

static OPEN: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

/// A file that this process has open for writing, by device and inode, until this value is dropped.
#[derive(Debug)]
pub(crate) struct OwnFile((u64, u64));

impl OwnFile {
    /// Returns `None` if this process has the file open for writing already.
    pub fn new(identity: (u64, u64)) -> Option<OwnFile> {
        files().insert(identity).then(|| OwnFile(identity))
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        files().remove(&self.0);
    }
}

fn files() -> MutexGuard<'static, BTreeSet<(u64, u64)>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
