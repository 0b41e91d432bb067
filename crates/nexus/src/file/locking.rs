//! Whether files are protected by locks of the operating system, and which file systems have none.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;

/// Whether a file that is open for writing has a lock of the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileLocking {
    /// A file is locked where the file system has locks.
    #[default]
    Auto,
    /// A file that cannot be locked is not written.
    Required,
    /// Files are not locked.
    Off,
}

impl FileLocking {
    /// All values.
    pub const ALL: [FileLocking; 3] = [FileLocking::Auto, FileLocking::Required, FileLocking::Off];

    /// Returns the name of the value in options.
    pub fn name(self) -> &'static str {
        match self {
            FileLocking::Auto => "auto",
            FileLocking::Required => "required",
            FileLocking::Off => "off",
        }
    }
}

impl fmt::Display for FileLocking {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no [`FileLocking`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of auto, required, off")]
pub struct UnknownFileLocking(String);

impl FromStr for FileLocking {
    type Err = UnknownFileLocking;

    fn from_str(text: &str) -> Result<FileLocking, UnknownFileLocking> {
        let mut all = FileLocking::ALL.into_iter();
        let found = all.find(|locking| locking.name() == text);
        found.ok_or_else(|| UnknownFileLocking(text.to_owned()))
    }
}

/// The file systems without locks that the log has named.
#[derive(Debug, Default)]
pub(super) struct LocklessFileSystems(RefCell<BTreeSet<u64>>);

impl LocklessFileSystems {
    /// Warns that a file is open without a lock, if it is the first of its file system.
    pub fn warn(&self, path: &Path, reason: &io::Error) {
        // A file that has been deleted meanwhile counts as one of an unknown file system.
        let device = fs::metadata(path).map_or(0, |file| file.dev());
        if self.0.borrow_mut().insert(device) {
            let directory = path.parent().unwrap_or(path).display();
            tracing::warn!(
                "files in {directory} cannot be locked ({reason}), only claims in Redis protect the files \
                 of this file system"
            );
        }
    }
}
