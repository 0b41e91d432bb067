//! Whether files are protected by locks of the operating system.

use std::fmt;
use std::str::FromStr;

use rustix::io::Errno;

use crate::h5;

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
pub struct UnknownLocking(String);

impl FromStr for FileLocking {
    type Err = UnknownLocking;

    fn from_str(text: &str) -> Result<FileLocking, UnknownLocking> {
        let mut all = FileLocking::ALL.into_iter();
        let found = all.find(|locking| locking.name() == text);
        found.ok_or_else(|| UnknownLocking(text.to_owned()))
    }
}

/// The number with which Linux reports that a network file system has no locks. It is meant for the kernel
/// alone, so no library has a name for it.
const KERNEL_NOT_SUPPORTED: i32 = 524;

/// Returns why the file system has no locks, if that is the reason for which a file could not be opened.
pub(super) fn without_locks(error: &h5::Error) -> Option<Errno> {
    let errno = error
        .errno()
        .filter(|_| error.has(h5::Minor::CannotLockFile))?;
    let without = [
        Errno::NOLCK.raw_os_error(),
        Errno::OPNOTSUPP.raw_os_error(),
        Errno::NOSYS.raw_os_error(),
        KERNEL_NOT_SUPPORTED,
    ];
    without
        .contains(&errno)
        .then(|| Errno::from_raw_os_error(errno))
}
