//! Errors by what they are about and by who can mend them.

use std::error::Error;

use crate::number::Counter;

/// Whether the data, the environment, the user or this program is at fault when something fails, and so
/// whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorOrigin {
    /// What was published cannot be saved as it is. It stays so, however often it is tried.
    Data,
    /// A disk, a file system, Redis, another process. It may be mended while we wait.
    Environment,
    /// A wrong option, password, path or URL. Somebody has to correct it.
    User,
    /// A defect of this program.
    Internal,
}

/// What an error is about: the names by which failures are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// Redis cannot be reached, or refuses.
    Redis,
    /// Redis holds something that does not follow the protocol of the data model.
    Protocol,
    /// A scan's metadata cannot be turned into a file.
    Layout,
    /// There is no room on the disk.
    DiskFull,
    /// The file system does not allow it.
    Permission,
    /// Another process has locked the file.
    Locked,
    /// HDF5 failed.
    Hdf5,
    /// The files of a detector cannot be used.
    DetectorFile,
    /// A defect of this program.
    Internal,
}

impl ErrorKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [ErrorKind; 9] = [
        ErrorKind::Redis,
        ErrorKind::Protocol,
        ErrorKind::Layout,
        ErrorKind::DiskFull,
        ErrorKind::Permission,
        ErrorKind::Locked,
        ErrorKind::Hdf5,
        ErrorKind::DetectorFile,
        ErrorKind::Internal,
    ];

    /// Returns the name of the kind in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Redis => "redis",
            ErrorKind::Protocol => "protocol",
            ErrorKind::Layout => "layout",
            ErrorKind::DiskFull => "disk_full",
            ErrorKind::Permission => "permission",
            ErrorKind::Locked => "locked",
            ErrorKind::Hdf5 => "hdf5",
            ErrorKind::DetectorFile => "detector_file",
            ErrorKind::Internal => "internal",
        }
    }
}

/// An error that says what it is about and where its origin is, so that it can be counted and acted on.
pub trait Classified: Error {
    /// What the error is about.
    fn kind(&self) -> ErrorKind;

    /// Whether the data, the environment or the user is at fault.
    fn origin(&self) -> ErrorOrigin;
}

/// Returns an error and its causes in one line. A cause that the error itself reads as is not repeated.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// How often each kind of error happened.
#[derive(Debug, Default)]
pub struct FailureCounts([Counter; ErrorKind::ALL.len()]);

impl FailureCounts {
    /// Counts a failure.
    pub fn count(&self, kind: ErrorKind) {
        self.0[kind as usize].increment();
    }

    /// Returns how many failures of a kind were counted.
    pub fn get(&self, kind: ErrorKind) -> u64 {
        self.0[kind as usize].get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_count_and_a_name_of_its_own() {
        let counts = FailureCounts::default();
        for (times, kind) in ErrorKind::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| counts.count(kind));
        }
        let found = ErrorKind::ALL.map(|kind| counts.get(kind));
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        let mut names = ErrorKind::ALL.map(ErrorKind::name);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
